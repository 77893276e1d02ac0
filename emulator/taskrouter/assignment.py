"""The assignment callback and its instructions, whether answered or sent over REST (contract 4.1 to 4.4)."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from emulator.clock.scheduler import Scheduler
from emulator.ports import Form, TwilioError, VoicePort, Webhooks, WebResponse, WebResult, WorkerLegOrder
from emulator.taskrouter.lifecycle import LifeCycle
from emulator.taskrouter.model import Reservation, Workspace

DEADLINE = 5.0
RING_SECONDS = 60
LONGEST_RING_SECONDS = 999
LEG_EVENTS = frozenset({"initiated", "ringing", "answered", "completed"})

Fields = Mapping[str, object]  # an instruction's fields under their JSON names


@dataclass(frozen=True)
class _LegErrors:
    """Contract 7.6: the codes of an instruction that places a worker leg."""

    to: int
    from_: int
    api: int
    not_pending: int
    callback: int
    no_call: int
    activity: int
    events: int


_CALL = _LegErrors(40110, 40111, 40113, 40114, 40158, 40113, 40113, 40113)
_DEQUEUE = _LegErrors(40131, 40132, 40133, 40135, 40157, 40140, 40130, 40134)
# Only 40136 is certain for a conference: which of 40138 to 40145 means what is not. 40144: the caller hung up.
_CONFERENCE = _LegErrors(40138, 40139, 40141, 40136, 40142, 40144, 40143, 40145)
_NOT_PENDING = {"call": 40114, "redirect": 40123, "dequeue": 40135, "conference": 40136}


class Assignment:
    """`tell_worker_call` is told TaskSid and CallSid of each leg placed; `voice` is set when it is there."""

    voice: VoicePort

    def __init__(
        self,
        scheduler: Scheduler,
        workspace: Workspace,
        lifecycle: LifeCycle,
        webhooks: Webhooks,
        tell_worker_call: Callable[[str, str], None],
    ) -> None:
        self._scheduler = scheduler
        self._workspace = workspace
        self._lifecycle = lifecycle
        self._webhooks = webhooks
        self._tell_worker_call = tell_worker_call

    # The callback

    def call_back(self, reservation: Reservation) -> None:
        """Ask the application what to do; once more at the fallback URL when it does not say 200 within 5 s."""
        workflow = reservation.task.workflow
        if workflow.assignment_callback_url:
            self._ask(reservation, workflow.assignment_callback_url, workflow.fallback_assignment_callback_url)

    def _ask(self, reservation: Reservation, url: str, fallback_url: str) -> None:
        def came(result: WebResult) -> None:
            if isinstance(result, WebResponse) and result.status == 200:
                self._answered(reservation, result)
            elif fallback_url:
                self._ask(reservation, fallback_url, "")

        self._webhooks.send(url, self._form(reservation), came, deadline=DEADLINE)

    def _form(self, reservation: Reservation) -> Form:
        task, worker, now = reservation.task, reservation.worker, self._scheduler.now()
        return {
            "Timestamp": str(int(now)),
            "AccountSid": self._workspace.account_sid,
            "WorkspaceSid": self._workspace.sid,
            "WorkflowSid": task.workflow.sid,
            "TaskQueueSid": task.queue.sid,
            "WorkerSid": worker.sid,
            "WorkerName": worker.friendly_name,
            "WorkerAttributes": json.dumps(worker.attributes),
            "TaskSid": task.sid,
            "TaskAttributes": task.attributes_json,
            "TaskAge": str(int(now - task.created)),
            "TaskPriority": str(task.priority),
            "ReservationSid": reservation.sid,
        }

    def _answered(self, reservation: Reservation, response: WebResponse) -> None:
        """Contract 4.2. Whatever is wrong with the answer is told as a warning; the reservation stays as it is."""
        try:
            fields = _read_answer(response)
            if fields:
                self.perform(reservation, fields)
        except TwilioError as error:
            self._scheduler.emit("warning", code=str(error.code), message=error.message, sid=reservation.sid)

    # Instructions

    def perform(self, reservation: Reservation, fields: Fields) -> None:
        """Execute one instruction. TwilioError with the code of contract 7.6 when that cannot be."""
        instructions = {
            "accept": self._accept,
            "reject": self._reject,
            "dequeue": self._dequeue,
            "call": self._call,
            "redirect": self._redirect,
            "conference": self._conference,
        }
        name = str(fields.get("instruction", ""))
        if name not in instructions:
            raise TwilioError(55555, f"Unknown instruction {name}")
        if reservation.status != "pending" or reservation.held or reservation.leg_sid:
            # accept and reject have no code of their own for this: 20001 is uncertain, contract 12
            raise TwilioError(
                _NOT_PENDING.get(name, 20001),
                f"Unable to execute {name.capitalize()} instruction. "
                f"Reservation {reservation.sid} is not currently in a Pending state.",
            )
        instructions[name](reservation, fields)

    def _accept(self, reservation: Reservation, _fields: Fields) -> None:
        self._lifecycle.accept(reservation)

    def _reject(self, reservation: Reservation, fields: Fields) -> None:
        """Without activity_sid the worker keeps its activity; Twilio's pages disagree on it (contract 13)."""
        sid = _text(fields, "activity_sid")
        if sid and sid not in self._workspace.activities:
            raise TwilioError(40100, f"Reject: activity_sid {sid} does not exist")
        self._lifecycle.reject(reservation, self._workspace.activities.get(sid))

    def _dequeue(self, reservation: Reservation, fields: Fields) -> None:
        """Ring the worker; joined at the answer by begin_accept and finish_accept, as a Dial of the queue is."""
        self._join(reservation, fields, _DEQUEUE, "status_callback_url")

    def _conference(self, reservation: Reservation, fields: Fields) -> None:
        """Joined like a dequeue: a conference's own fields and events are not imitated."""
        self._join(reservation, fields, _CONFERENCE, "status_callback")

    def _join(self, reservation: Reservation, fields: Fields, errors: _LegErrors, callback: str) -> None:
        if not reservation.task.call_sid:
            raise TwilioError(errors.no_call, f"Task {reservation.task.sid} has no call_sid attribute")
        activity_sid = _text(fields, "post_work_activity_sid")
        if activity_sid and activity_sid not in self._workspace.activities:
            raise TwilioError(errors.activity, f"post_work_activity_sid {activity_sid} does not exist")
        order = self._order(reservation, fields, errors, callback)
        reservation.leg_sid = self._place(order, errors)

    def _call(self, reservation: Reservation, fields: Fields) -> None:
        """Ring the worker and run the document at `url` there, which may itself dial the queue."""
        if not _is_url(_text(fields, "url")):
            raise TwilioError(40112, "Call: url is missing or invalid")
        if not _text(fields, "from"):
            raise TwilioError(40111, "Call: from is missing")
        self._place(self._order(reservation, fields, _CALL, "status_callback_url"), _CALL)
        if _flag(fields, "accept"):
            self._lifecycle.accept(reservation)

    def _order(self, reservation: Reservation, fields: Fields, errors: _LegErrors, callback: str) -> WorkerLegOrder:
        task = reservation.task
        to = _text(fields, "to") or _text(reservation.worker.attributes, "contact_uri")
        from_ = _text(fields, "from") or _text(task.attributes, "to")
        status_callback_url = _text(fields, callback)
        if not to:
            raise TwilioError(errors.to, "to is missing and the worker has no contact_uri")
        if not from_:
            raise TwilioError(errors.from_, "from is missing and the task has no attribute to")
        if status_callback_url and not _is_url(status_callback_url):
            raise TwilioError(errors.callback, f"{callback} is invalid: {status_callback_url}")
        return WorkerLegOrder(
            reservation_sid=reservation.sid,
            task_sid=task.sid,
            caller_call_sid=task.call_sid,
            to=to,
            from_=from_,
            timeout=_ring_seconds(fields, errors),
            status_callback_url=status_callback_url,
            status_callback_events=_events(fields, errors),
            url=_text(fields, "url"),
            post_work_activity_sid=_text(fields, "post_work_activity_sid"),
        )

    def _place(self, order: WorkerLegOrder, errors: _LegErrors) -> str:
        try:
            call_sid = self.voice.place_worker_leg(order)
        except TwilioError as error:
            raise TwilioError(errors.api, error.message) from error
        self._tell_worker_call(order.task_sid, call_sid)
        return call_sid

    def _redirect(self, reservation: Reservation, fields: Fields) -> None:
        """Send the caller's call to `url`. The task outlives that the caller leaves the queue only with `accept`."""
        url, call_sid = _text(fields, "url"), _text(fields, "call_sid")
        if not _is_url(url):
            raise TwilioError(40120, "Redirect: url is missing or invalid")
        if not call_sid:
            raise TwilioError(40121, "Redirect: call_sid is missing")
        task = reservation.task
        task.redirected = _flag(fields, "accept")
        try:
            self.voice.redirect(call_sid, url)
        except TwilioError:
            task.redirected = False
            raise
        if task.redirected and reservation.status == "pending":
            self._lifecycle.accept(reservation)


def _read_answer(response: WebResponse) -> Fields:
    """The instruction in an answer, empty when there is none. TwilioError 40000, 40001 or 40005."""
    if not response.body.strip():
        return {}
    content_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        raise TwilioError(40000, f"The assignment callback's answer has the content type {content_type or 'none'}")
    try:
        fields = json.loads(response.body)
    except ValueError as error:
        raise TwilioError(40001, f"The assignment callback's answer is not JSON: {error}") from error
    if not isinstance(fields, dict) or (fields and "instruction" not in fields):
        raise TwilioError(40005, "The assignment callback's answer has no instruction")
    return fields


def _text(fields: Fields, name: str) -> str:
    value = fields.get(name)
    return "" if value is None else str(value)


def _flag(fields: Fields, name: str) -> bool:
    return _text(fields, name).lower() == "true"


def _is_url(text: str) -> bool:
    return text.startswith(("http://", "https://"))


def _ring_seconds(fields: Fields, errors: _LegErrors) -> int:
    text = _text(fields, "timeout") or str(RING_SECONDS)
    if not text.isdigit() or not 0 < int(text) <= LONGEST_RING_SECONDS:
        raise TwilioError(errors.api, f"timeout is no number of seconds up to {LONGEST_RING_SECONDS}: {text}")
    return int(text)


def _events(fields: Fields, errors: _LegErrors) -> tuple[str, ...]:
    events = tuple(event.strip() for event in _text(fields, "status_callback_events").split(",") if event.strip())
    if not LEG_EVENTS.issuperset(events):
        raise TwilioError(errors.events, f"status_callback_events are unknown: {','.join(events)}")
    return events

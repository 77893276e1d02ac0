"""The assignment callback and its instructions, whether answered or sent over REST (contract 4.1 to 4.4)."""

import json

from emulator.clock.scheduler import Scheduler
from emulator.ports import Form, TwilioError, VoicePort, Webhooks, WebResponse, WebResult
from emulator.taskrouter.instructions import (
    CALL,
    CONFERENCE,
    CONFERENCE_CALLBACK,
    DEQUEUE,
    IMITATED,
    LEG_CALLBACK,
    SUPERVISE,
    Callback,
    Fields,
    LegErrors,
    flag,
    is_url,
    leg_order,
    not_imitated,
    read_answer,
    supervisor_order,
    text,
)
from emulator.taskrouter.lifecycle import LifeCycle
from emulator.taskrouter.model import Reservation, Workspace

DEADLINE = 5.0

# Of these only 40136 is certain for a conference.
_NOT_PENDING = {"call": 40114, "redirect": 40123, "dequeue": 40135, "conference": 40136}


class Assignment:
    """Asks the application what to do with a reservation, and does it."""

    def __init__(
        self,
        scheduler: Scheduler,
        workspace: Workspace,
        lifecycle: LifeCycle,
        webhooks: Webhooks,
        voice: VoicePort,
    ) -> None:
        self._scheduler = scheduler
        self._workspace = workspace
        self._lifecycle = lifecycle
        self._webhooks = webhooks
        self._voice = voice

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
                return
            self._failed(reservation, result)
            if fallback_url:
                self._ask(reservation, fallback_url, "")

        self._webhooks.send(url, self._form(reservation), came, deadline=DEADLINE)

    def _failed(self, reservation: Reservation, result: WebResult) -> None:
        """No event says so, only the debugger; that it uses the codes of voice is inferred (contract 4.2)."""
        if isinstance(result, WebResponse):
            self._scheduler.warn(
                11200, f"HTTP retrieval failure: the answer's status is {result.status}", reservation.sid
            )
        else:
            self._scheduler.warn(11205, f"HTTP connection failure: {result.kind}", reservation.sid)

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
        """Contract 4.2: whatever is wrong with the answer is a warning, and the reservation stays as it is."""
        try:
            fields = read_answer(response)
            if fields:
                self.perform(reservation, fields)
        except TwilioError as error:
            self._scheduler.warn(error.code, error.message, reservation.sid)

    # Instructions

    def perform(self, reservation: Reservation, fields: Fields) -> None:
        """Execute one instruction. TwilioError with the code of contract 7.6 when that cannot be."""
        name = text(fields, "instruction")
        if name not in IMITATED:
            raise TwilioError(55555, f"Unknown instruction {name}")
        self._check_pending(reservation, name)
        for field in not_imitated(name, fields):
            self._scheduler.not_imitated(f"{field} of the instruction {name}", reservation.sid)
        self._perform(name, reservation, fields)

    def _perform(self, name: str, reservation: Reservation, fields: Fields) -> None:
        match name:
            case "accept":
                self._lifecycle.accept(reservation)
            case "reject":
                self._reject(reservation, fields)
            case "dequeue":
                self._dequeue(reservation, fields)
            case "call":
                self._call(reservation, fields)
            case "redirect":
                self._redirect(reservation, fields)
            case "conference":
                self._conference(reservation, fields)

    @staticmethod
    def _check_pending(reservation: Reservation, name: str) -> None:
        if reservation.status != "pending" or reservation.held or reservation.leg_sid:
            # accept and reject have no code of their own for this: 20001 is uncertain, contract 12
            raise TwilioError(
                _NOT_PENDING.get(name, 20001),
                f"Unable to execute {name.capitalize()} instruction. "
                f"Reservation {reservation.sid} is not currently in a Pending state.",
            )

    def _reject(self, reservation: Reservation, fields: Fields) -> None:
        """Without activity_sid the worker keeps its activity; Twilio's pages disagree on it (contract 13)."""
        sid = text(fields, "activity_sid")
        if sid and sid not in self._workspace.activities:
            raise TwilioError(40100, f"Reject: activity_sid {sid} does not exist")
        self._lifecycle.reject(reservation, self._workspace.activities.get(sid))

    def _dequeue(self, reservation: Reservation, fields: Fields) -> None:
        """Ring the worker; joined at the answer by begin_accept and finish_accept, as a Dial of the queue is."""
        self._join(reservation, fields, DEQUEUE, LEG_CALLBACK)

    def _conference(self, reservation: Reservation, fields: Fields) -> None:
        """Ring the worker into a room; at the answer the caller is moved there out of the queue."""
        self._join(reservation, fields, CONFERENCE, CONFERENCE_CALLBACK)

    def _join(self, reservation: Reservation, fields: Fields, errors: LegErrors, callback: Callback) -> None:
        task = reservation.task
        dials_out = errors is CONFERENCE and task.outbound_to
        if not task.call_sid and not dials_out:
            missing = "call_sid or outbound_to" if errors is CONFERENCE else "call_sid"
            raise TwilioError(errors.no_call, f"Task {task.sid} has no attribute {missing}")
        activity_sid = text(fields, "post_work_activity_sid")
        if activity_sid and activity_sid not in self._workspace.activities:
            raise TwilioError(errors.activity, f"post_work_activity_sid {activity_sid} does not exist")
        reservation.leg_sid = self._place(reservation, fields, errors, callback)

    def _call(self, reservation: Reservation, fields: Fields) -> None:
        """Ring the worker and run the document at `url` there, which may itself dial the queue."""
        if not is_url(text(fields, "url")):
            raise TwilioError(40112, "Call: url is missing or invalid")
        if not text(fields, "from"):
            raise TwilioError(40111, "Call: from is missing")
        self._place(reservation, fields, CALL, LEG_CALLBACK)
        if flag(fields, "accept"):
            self._lifecycle.accept(reservation)

    def _place(self, reservation: Reservation, fields: Fields, errors: LegErrors, callback: Callback) -> str:
        """Ring the worker; the leg's CallSid joins the task's attributes (contract 3.1)."""
        order, task = leg_order(reservation, fields, errors, callback), reservation.task
        try:
            call_sid = self._voice.place_worker_leg(order)
        except TwilioError as error:
            raise TwilioError(errors.api, error.message) from error
        self._lifecycle.set_attributes(task, {**task.attributes, "worker_call_sid": call_sid})
        return call_sid

    def supervise(self, reservation: Reservation, fields: Fields) -> None:
        """Ring a supervisor into the conference of an accepted reservation; no answer to an assignment can ask for it.

        `supervisor` is a worker's sid or an address. TwilioError 40146 to 40148 (contract 7.6).
        """
        given = text(fields, "supervisor")
        worker = self._workspace.workers.get(given)
        contact_uri = text(worker.attributes, "contact_uri") if worker else given
        if not contact_uri or (worker is None and given.startswith("WK")):
            raise TwilioError(SUPERVISE.to, f"The supervisor has no contact_uri: {given or 'nobody'}")
        self._voice.supervise(supervisor_order(reservation, fields, contact_uri))

    def _redirect(self, reservation: Reservation, fields: Fields) -> None:
        """Send the caller's call to `url`. Only with `accept` does the task go on when the caller leaves the queue."""
        url, call_sid = text(fields, "url"), text(fields, "call_sid")
        if not is_url(url):
            raise TwilioError(40120, "Redirect: url is missing or invalid")
        if not call_sid:
            raise TwilioError(40121, "Redirect: call_sid is missing")
        task = reservation.task
        task.redirected = flag(fields, "accept")
        try:
            self._voice.redirect(call_sid, url)
        except TwilioError:
            task.redirected = False
            raise
        if task.redirected and reservation.status == "pending":
            self._lifecycle.accept(reservation)

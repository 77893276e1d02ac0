"""TaskRouter's event callbacks keep links up to date (contract 6). They come twice, late, in any order, or never."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from chalicelib import budget, jobs
from chalicelib.callbacks import asking, outcome
from chalicelib.config import callcenter, environment
from chalicelib.config.menus import CHOSEN
from chalicelib.config.schema import CALLBACK, CONSULT, Queue
from chalicelib.lifecycle import closing, lead_out, wrap_up
from chalicelib.links import caller_leg, modes, orders, reading, steps, table
from chalicelib.links.model import TOLD, Key, Link, Outcome, is_over, round_of, wrapping_of
from chalicelib.observability import log
from chalicelib.routing.reservation import consult_of
from chalicelib.staff import told
from chalicelib.twilio import rest
from chalicelib.twilio.request import Webhook
from chalicelib.twilio.respond import NO_CONTENT, Answer
from chalicelib.twilio.values import attributes, kind_of, sid, subject_of, text

_ENDINGS: Mapping[str, Outcome] = {f"reservation.{outcome}": outcome for outcome in TOLD}

# The sweep ends a wrap-up WRAP_UP_GRACE_SECONDS (30) after its time: what begins it has to be over by then.
BEGIN_SECONDS = wrap_up.BEGUN_WITHIN_SECONDS - wrap_up.BEGIN_WITHIN_SECONDS

WAITING = ("pending", "reserved")
WORKER_MOVED = "worker.activity.update"

# Beyond the year 2286 a time is no time; what is larger still fits no date, and no float.
_MAX_MILLISECONDS = 10**13


class Event(msgspec.Struct, frozen=True):
    """One event of a task that we serve. `at` is when it happened, by TaskRouter's clock, in epoch seconds.

    `subject` is the caller's CallSid, or the TaskSid of a task without a call.
    """

    type: str
    at: float
    subject: str
    came_at: float  # to us
    form: Mapping[str, str]
    attributes: Mapping[str, Any]
    base_url: str  # of this application, as Twilio reaches it

    @property
    def has_caller(self) -> bool:
        """Whether somebody waits in the queue."""
        return kind_of(self.attributes) == "call"

    @property
    def key(self) -> Key:
        return Key(self.subject, self.form.get("ReservationSid", ""))

    @property
    def round(self) -> int:
        """Which wait of the caller's the task is, counted from 1."""
        return round_of(self.attributes)

    @property
    def row(self) -> str:
        """The partition of what is known of the task itself: the caller's, and of work that is no call its own."""
        return self.subject if self.has_caller else self.form["TaskSid"]

    @property
    def queue(self) -> str:
        return environment.current().task_queue_name(self.form.get("TaskQueueSid", ""))


def record(webhook: Webhook) -> Answer:
    """Record one event. One that is not known, or of a task that we do not serve, changes nothing."""
    if webhook.form.get("EventType") == WORKER_MOVED:
        return _worker_moved(webhook)
    event = _read(webhook)
    if event is None:
        log.info("event of no task that we serve", type=webhook.form.get("EventType"))
        return NO_CONTENT
    log.bind(call_sid=event.subject)
    log.info("event", type=event.type)
    _HANDLERS.get(event.type, _ignore)(event)
    return NO_CONTENT


def _worker_moved(webhook: Webhook) -> Answer:
    """A worker is in another activity, which the wallboard shows; a stage without a console asks for no such event."""
    form = webhook.form
    worker_sid = sid(form.get("WorkerSid"))
    if worker_sid.startswith("WK") and environment.current().user_pool_arn:
        from chalicelib.links import board

        activity = text(form.get("WorkerActivityName"))
        at = int(_time(form, webhook.at))
        name, takes_calls = text(form.get("WorkerName")), callcenter.current().takes_calls(activity)
        moved = board.Worker(sid=worker_sid, name=name, activity=activity, available=takes_calls, since=at)
        log.info("worker moved", worker_sid=worker_sid, news=board.note_worker(moved, webhook.at))
    return NO_CONTENT


def _ignore(event: Event) -> None:
    """An event that we have no use for."""


def _created(event: Event) -> None:
    if not event.has_caller:
        line = kind_of(event.attributes)
        of_work = {"task_sid": event.row, "line": line, "callback": sid(event.attributes.get("callback_id"))}
        caller_leg.record(event.row, of_work, event.at)
        if work_key := text(event.attributes.get("work_key")):
            orders.note_made(work_key, event.row)
        return
    called = text(event.attributes.get("to"))
    line, rules = callcenter.current().line_of(called)
    known: dict[str, object] = {
        "task_sid": event.form.get("TaskSid"),
        "line": line,
        "queue": event.queue,
        "chosen": text(event.attributes.get(CHOSEN)),
        "caller": text(event.attributes.get("from")),
        "called": called,
        "base_url": event.base_url,
        **(_of_callbacks(event, line) if rules.callback else {}),
    }
    caller_leg.record_waiting(event.subject, known, event.at, event.round)


def _of_callbacks(event: Event, line: str) -> dict[str, object]:
    """On a line with callbacks: what routes the caller, and the callback that their call holds up."""
    try:
        about = asking.is_back(text(event.attributes.get("from")), line, event.subject, event.came_at)
    except Exception as error:  # they may be called back while they wait here, and are busy then
        log.error("open callbacks cannot be read", why=type(error).__name__)
        about = ""
    return {"attributes": asking.attributes_of(event.attributes), "callback": about}


def _accepted(event: Event) -> Link | None:
    """The two talk, or talked: `bridged_at` is the time of the first event that says so. Returns the link."""
    try:
        return steps.upsert_state(event.key, "bridged", event.at, _known_fields(event))
    except table.ConditionFailed as failed:
        if failed.current and not failed.current.bridged_at:  # it was closed before this event came
            steps.note_time(event.key, "bridged_at", event.at)
        return failed.current


def _talk(event: Event) -> None:
    _accepted(event)


def _wrapping_up(event: Event) -> None:
    link = _accepted(event)  # whose own event may be lost
    if link and link.consult_number:
        from chalicelib.lifecycle import consulting

        consulting.worker_left(link, event.came_at)
    _wrapping(event)


def _wrapping(event: Event) -> None:
    """Complete the task when the wrap-up time is over. Two events start it; the first one counts."""
    task_sid = event.form.get("TaskSid", "")
    once = wrapping_of(event.round)
    if caller_leg.record(event.row, {once: event.at}, event.at, once=once):
        rules = callcenter.current().queue(event.queue)
        _begin_wrap_up(event, task_sid, rules)
        jobs.send(jobs.CompleteTask(event.subject, task_sid), delay_seconds=rules.wrap_up.seconds)


def _begin_wrap_up(event: Event, task_sid: str, rules: Queue) -> None:
    """Before its end is ordered, or the sweep orders it: nobody would move a worker back who is moved after that."""
    if event.came_at < event.at + wrap_up.BEGIN_WITHIN_SECONDS:
        with budget.Until(event.came_at + BEGIN_SECONDS):
            wrap_up.begin(task_sid, sid(event.form.get("WorkerSid")), rules)


def _completed(event: Event) -> None:
    caller_leg.record(event.row, {"completed_at": event.at}, event.at, of_round=event.round)
    found, leg = reading.of_call(event.subject).links, sid(event.attributes.get("worker_call_sid"))
    links = [link for link in found if link.task_sid in ("", event.form["TaskSid"])]  # none of another wait
    last = links[-1] if links else None
    if leg and last and not last.worker_call_sid and not last.policy.owns_leg:
        steps.record_leg(last.key, leg)  # TaskRouter's last one, when its callbacks are lost
    for link in links:
        if link.state == "bridged":
            closing.close(link.key, "completed", "", event.at)
        elif not is_over(link):
            closing.close_ended(link, event.at)  # an event of its own is late, or lost


def _canceled(event: Event) -> None:
    reason = text(event.form.get("TaskCanceledReason") or event.form.get("Reason"))
    gone = reason == "hangup"
    ended = {"canceled_at": event.at, "reason": reason}
    caller_leg.record(event.row, ended, event.at, left_queue=gone, of_round=event.round)
    closing.caller_left(event.subject, event.at, "" if event.has_caller else event.row)
    if event.has_caller and not gone:
        _lead_out_soon(event)
    about = sid(event.attributes.get("callback_id"))
    if kind_of(event.attributes) == CONSULT:
        _nobody_is_asked(event)
    if about and kind_of(event.attributes) == CALLBACK:
        outcome.task_canceled(about, event.form.get("TaskSid", ""), reason, event.came_at)


def _nobody_is_asked(event: Event) -> None:
    from chalicelib.lifecycle import consulting

    asked = consult_of(event.attributes)
    if asked["consult_of"]:
        consulting.nobody_takes_it(event.subject, asked["consult_of"], asked["consult_number_of"])


def _timed_out(event: Event) -> None:
    """The last target's time is over (contract 7.5): task.canceled says the same, but may be lost."""
    if event.has_caller:
        _lead_out_soon(event)


def _lead_out_soon(event: Event) -> None:
    called = text(event.attributes.get("to"))
    lead_out.lead_out_soon(event.subject, lead_out.base_url_for(event.base_url, called, event.attributes))


def _ended(event: Event) -> None:
    outcome = _ENDINGS[event.type]
    link = closing.close(event.key, outcome, "", event.at, _known_fields(event))
    if outcome == "timeout":
        worker_sid = sid(event.form.get("WorkerSid"))
        told.not_put_through(event.key, worker_sid, outcome, event.at, is_moved=True)
    if link and outcome == "canceled" and not link.bridged_at:
        _not_joined(link, event.at)


def _not_joined(link: Link, now: float) -> None:
    """The reservation was taken back before the two were joined: whose doing that is, the task says (contract 4.3).

    It is over when the caller left. If it goes on waiting, TaskRouter rang a worker who did not answer, or there is no
    caller to join.
    """
    if not link.policy.has_caller or (link.policy.owns_leg and not link.answered_at):
        return
    try:
        task = rest.tasks.fetch(link.task_sid)
        waits = task is not None and task.status in WAITING and not closing.ended_with_its_caller(link, now)
    except rest.NotDone as error:  # offered again, the worker is called again, and this is tried again
        log.warning("nobody knows who ended the reservation", **link.key.sids, why=str(error))
        return
    if waits and not link.policy.owns_leg:
        activities = callcenter.current().queue(link.queue).activities
        closing.mark_unavailable(link, "no-answer", environment.current().activity_sid(activities.no_answer))


_HANDLERS: Mapping[str, Callable[[Event], None]] = {
    "task.created": _created,
    "reservation.accepted": _talk,
    "reservation.wrapup": _wrapping_up,
    "task.wrapup": _wrapping,
    "task.completed": _completed,
    "task.canceled": _canceled,
    "workflow.timeout": _timed_out,
    **dict.fromkeys(_ENDINGS, _ended),
}


def _known_fields(event: Event) -> dict[str, object]:
    """What the event says about the link, for a row that does not know it (direct mode: the worker leg's sid)."""
    known: dict[str, object] = {
        "task_sid": event.form.get("TaskSid", ""),
        "worker_sid": sid(event.form.get("WorkerSid")),
        "worker_name": text(event.form.get("WorkerName")),
        "queue": event.queue,
        "caller": text(event.attributes.get("from")),
        "caller_id": text(event.attributes.get("to")),
    }
    # After an earlier worker's direct leg the attribute may still hold that leg: only an acceptance is about this one.
    if event.type == "reservation.accepted":
        known["worker_call_sid"] = sid(event.attributes.get("worker_call_sid"))
    return known | _of_colleague(event)


def _of_colleague(event: Event) -> dict[str, object]:
    """A colleague who is asked first has a link beside the caller's own, and is not joined to them."""
    asked = consult_of(event.attributes)
    return {"mode": modes.WORK.name, "work": CONSULT, **asked} if asked else {}


def _read(webhook: Webhook) -> Event | None:
    """The event in this form; None when it is malformed, or of a task that we do not serve."""
    form = webhook.form
    event_type = form.get("EventType", "")
    try:
        known = attributes(form.get("TaskAttributes") or "{}")
    except ValueError:
        return None
    named = ("TaskSid", "ReservationSid") if event_type.startswith("reservation.") else ("TaskSid",)
    if not all(sid(form.get(name)) for name in named) or not _is_ours(form):
        return None
    subject = subject_of(known, form["TaskSid"])
    event = Event(event_type, _time(form, webhook.at), subject, webhook.at, form, known, webhook.base_url)
    served = modes.of_task(kind_of(known), callcenter.current().queue(event.queue).mode, callcenter.current().kinds)
    return event if served else None


def _is_ours(form: Mapping[str, str]) -> bool:
    """Whether the task is of our workflow: others may share the workspace. An event that names none counts as ours."""
    return form.get("WorkflowSid", "") in ("", environment.current().workflow_sid)


def _time(form: Mapping[str, str], now: float) -> float:
    try:
        milliseconds = int(form["TimestampMs"])
    except (KeyError, ValueError):
        return now
    return milliseconds / 1000 if 0 <= milliseconds < _MAX_MILLISECONDS else now

"""The assignment callback: decide on a reservation within five seconds (contract 4)."""

from collections.abc import Callable
from typing import Any

import msgspec

from chalicelib import jobs
from chalicelib.config import answering, callcenter, environment
from chalicelib.config.recording import NOTICE_ATTRIBUTE
from chalicelib.config.schema import CALLBACK, CONSULT, MARGIN_SECONDS, Queue
from chalicelib.links import modes, steps, table
from chalicelib.links.model import Link
from chalicelib.links.modes import Mode
from chalicelib.observability import log, metrics
from chalicelib.routing.instructions import Dequeue, Instruction, encode
from chalicelib.routing.instructions import Reject as RejectInstruction
from chalicelib.routing.reservation import Reservation, consult_of
from chalicelib.twilio import urls
from chalicelib.twilio.request import Webhook
from chalicelib.twilio.respond import Answer
from chalicelib.twilio.values import attributes, count, kind_of, sid, text

EMPTY_OK = Answer(200, "", "application/json")  # the reservation stays pending: a job is at work on it (contract 4.2)

NO_CONTACT = "no contact_uri"

TeamHook = Callable[[Reservation], Instruction | None]  # None leaves the reservation to callcenter.toml


class MalformedError(Exception):
    """The callback lacks what a task needs; the text says what."""


def decide(webhook: Webhook, team_hook: TeamHook) -> Answer:
    """The answer to an assignment callback; to the same callback again it is the same, and the work is done once."""
    workflow_sid = text(webhook.form.get("WorkflowSid"))
    if workflow_sid != environment.current().workflow_sid:
        return _refuse(404, "another workflow", f"{workflow_sid} is not the one this application serves")
    try:
        reservation = _read(webhook)
    except MalformedError as error:
        return _refuse(400, "malformed", str(error))
    log.bind(call_sid=reservation.subject)
    own = _own_answer(reservation, team_hook)
    if own:
        return own
    rules = callcenter.current().queue(reservation.queue)
    mode = _mode(reservation, rules)
    if mode is None:
        said = f"kind {reservation.kind!r}" if reservation.kind else "no call_sid and no kind"
        return _refuse(400, "no flow for this task", f"TaskAttributes has {said}, and neither [work] nor a hook has it")
    link = _link(reservation, mode, rules, webhook)
    if mode.needs_phone and not reservation.contact_uri:
        return _reject(link, rules, webhook.at)
    return _prepare(link, rules, webhook.at) if mode.by_job else _connect(link, rules, webhook.at)


def _mode(reservation: Reservation, rules: Queue) -> Mode | None:
    center = callcenter.current()
    at_desk = _is_at_desk(reservation)
    work_at_desk = center.kinds_at_desk if at_desk else ()
    return modes.of_task(reservation.kind, rules.mode, center.kinds, work_at_desk, at_desk=at_desk)


def _is_at_desk(reservation: Reservation) -> bool:
    """Whether the worker takes what comes in the browser; where nobody can sign in they are rung as ever."""
    return reservation.worker_attributes.get("desk") is True and bool(environment.current().user_pool_arn)


def _own_answer(reservation: Reservation, team_hook: TeamHook) -> Answer | None:
    """What the team's hook says. A hook that fails must not cost the caller a worker: callcenter.toml decides then."""
    try:
        own = team_hook(reservation)
        return _json(encode(own)) if own else None
    except Exception as error:
        log.error("own hook failed", why=type(error).__name__)
        return None


def _prepare(link: Link, rules: Queue, now: float) -> Answer:
    """By a job: one write, one message, an empty answer.

    Nothing is written again when the write fails: it may hang, and the answer has five seconds.
    """
    try:
        existing = steps.reserve(link, now)
    except Exception as error:
        _report_outage(error, "no record", rules)
        return _dequeue(link, rules) if link.may_be_dequeued else _hold(link, now)
    if existing.state == "reserved":
        try:
            jobs.send(jobs.RingWorker(link.subject, link.reservation_sid))
        except Exception as error:
            _report_outage(error, "no job", rules)
            return _fall_back_to_direct(link, rules, now) if link.may_be_dequeued else EMPTY_OK  # the sweep sends it
    return EMPTY_OK if existing.policy.by_job else _dequeue(link, rules)


def _hold(link: Link, now: float) -> Answer:
    """Nothing is recorded, and TaskRouter may not ring: the task is offered again in a moment, and no worker is moved.

    A rejection by the instruction would have it offered to the same worker again at once (contract 4.6).
    """
    from chalicelib.lifecycle import closing  # only an outage needs it

    try:
        closing.reject_later(msgspec.structs.replace(link, reserved_at=now), "not recorded", now)
    except Exception as error:
        log.error("assignment: no job", why=type(error).__name__)
        return _json(encode(RejectInstruction()))
    return EMPTY_OK


def _report_outage(error: Exception, what: str, rules: Queue) -> None:
    """AWS is down. Raises the error where the queue would rather wait than be connected without the CRM."""
    log.error(f"assignment: {what}", why=type(error).__name__)
    if rules.on_outage == "fallback":
        raise error


def _fall_back_to_direct(link: Link, rules: Queue, now: float) -> Answer:
    """The message may have arrived all the same: the link has to say that TaskRouter rings, before its job finds it.

    Where that cannot be written either, nobody is rung now: the job does it, or the sweep sends it again.
    """
    try:
        steps.fall_back_to_direct(link.key, now)
    except table.ConditionFailed as failed:
        if failed.current and failed.current.policy.by_job:
            return EMPTY_OK  # its job is at work
    except Exception as error:
        log.error("assignment: nobody is rung yet", why=type(error).__name__)
        return EMPTY_OK
    return _dequeue(link, rules)


def _connect(link: Link, rules: Queue, now: float) -> Answer:
    """By TaskRouter: it rings the worker and joins the two. The caller does not depend on our record of it."""
    _record(msgspec.structs.replace(link, state="dialing", dialing_at=now), now)
    return _dequeue(link, rules)


def _reject(link: Link, rules: Queue, now: float) -> Answer:
    """By a job, which moves only a worker who has not left by hand meanwhile; without a queue by the instruction.

    The link stays open until Twilio says that the rejection counted: the caller may hang up before it.
    """
    _record(msgspec.structs.replace(link, reason=NO_CONTACT, deadline=now), now)
    failed = metrics.of(metrics.WORKER_LEGS_FAILED)
    log.error("worker cannot be reached", failed, worker_sid=link.worker_sid, why=NO_CONTACT)
    activity_sid = environment.current().activity_sid(rules.activities.unreachable)
    try:
        jobs.send(jobs.Reject.of(link, NO_CONTACT, activity_sid))
    except Exception as error:
        log.error("assignment: no job", why=type(error).__name__)
        return _json(encode(RejectInstruction(activity_sid=activity_sid or None)))
    return EMPTY_OK


def _record(link: Link, now: float) -> None:
    try:
        steps.reserve(link, now)
    except Exception as error:
        log.error("assignment: no record", why=type(error).__name__)


def _dequeue(link: Link, rules: Queue) -> Answer:
    instruction = Dequeue(
        to=link.contact_uri,
        from_=link.caller_id,
        timeout=rules.ring_timeout,
        status_callback_url=urls.WORKER_STATUS.url(
            link.base_url, subject=link.subject, reservation_sid=link.reservation_sid
        ),
        status_callback_events=",".join(urls.worker_status_events(shown=environment.current().has_console)),
    )
    return _json(encode(instruction))


def _link(reservation: Reservation, mode: Mode, rules: Queue, webhook: Webhook) -> Link:
    task = reservation.task_attributes
    center = callcenter.current()
    answer = _answer_mode(reservation, mode, rules)
    needed = rules.ring_timeout + rules.answering.seconds(answer) + MARGIN_SECONDS
    return Link(
        subject=reservation.subject,
        reservation_sid=reservation.reservation_sid,
        mode=mode.name,
        work="" if mode.has_caller else reservation.kind,
        callback=_callback(reservation),
        recorded=_is_recorded(reservation, mode, rules),
        transferred_from=text(task.get("transferred_from")),
        **consult_of(reservation.task_attributes),
        answer="" if answer == "at-once" else answer,
        task_sid=reservation.task_sid,
        worker_sid=reservation.worker_sid,
        worker_name=reservation.worker_name,
        queue=reservation.queue,
        contact_uri=reservation.contact_uri,
        caller=text(task.get("from")),
        caller_id=center.caller_id(task.get("to")),
        base_url=webhook.base_url,
        deadline=webhook.at + center.reservation_timeout - needed,
    )


def _is_recorded(reservation: Reservation, mode: Mode, rules: Queue) -> bool:
    """Whether the queue's talks are recorded, and this caller was told so before they waited, by us or elsewhere."""
    if not (rules.recording and mode.owns_leg and mode.has_caller):
        return False
    heard = reservation.task_attributes.get(NOTICE_ATTRIBUTE)
    return not rules.recording.is_told_by_us or (isinstance(heard, list) and reservation.queue in heard)


def _callback(reservation: Reservation) -> str:
    """The call that asked for the callback that this is; empty for all else. Of a task without one nothing is known."""
    if reservation.kind != CALLBACK or CALLBACK in callcenter.current().work:
        return ""
    return sid(reservation.task_attributes.get("callback_id")) or reservation.task_sid


def _answer_mode(reservation: Reservation, mode: Mode, rules: Queue) -> answering.ModeName:
    """How this worker is answered: the worker's own attribute goes before the queue's.

    Work that is no call is for whoever presses a key: its customer's phone must not ring for a machine. Who is at the
    desk says so by taking it, or the caller; but a phone that TaskRouter would ring in an outage is as any worker's.
    The phone in a browser has no keys: who answers there is a person.
    """
    if reservation.kind == CONSULT and reservation.contact_uri.startswith("client:"):
        return "at-once"
    if not (mode.owns_leg or mode.by_worker):
        return "at-once"
    if not mode.has_caller:
        return "key" if mode.needs_phone else "at-once"
    wanted = reservation.worker_attributes.get("answer")
    known = answering.known_mode(wanted)
    if wanted is not None and known is None:
        log.warning("worker's attribute answer is no mode", worker_sid=reservation.worker_sid, answer=text(wanted))
    return answering.mode_of(rules.answering, known, reservation.contact_uri)


def _read(webhook: Webhook) -> Reservation:
    form = webhook.form
    for name in ("ReservationSid", "TaskSid", "WorkerSid"):
        if not sid(form.get(name)):
            raise MalformedError(f"{name} is missing, or no sid")
    task = _attributes(form, "TaskAttributes")
    return Reservation(
        reservation_sid=form["ReservationSid"],
        task_sid=form["TaskSid"],
        call_sid=sid(task.get("call_sid")),
        kind=kind_of(task),
        worker_sid=form["WorkerSid"],
        worker_name=text(form.get("WorkerName")),
        queue=environment.current().task_queue_name(form.get("TaskQueueSid", "")),
        task_attributes=task,
        task_age=count(form.get("TaskAge")),
        task_priority=count(form.get("TaskPriority")),
        worker_attributes=_attributes(form, "WorkerAttributes"),
    )


def _attributes(form: Any, name: str) -> dict[str, Any]:
    try:
        return attributes(form.get(name) or "{}")
    except ValueError:
        raise MalformedError(f"{name} is not a JSON object") from None


def _refuse(status: int, reason: str, why: str) -> Answer:
    """Twilio's debugger shows the sentence; the reservation waits for its timeout."""
    log.warning("assignment refused", reason=reason, why=why)
    return Answer(status, msgspec.json.encode({"error": f"{reason}: {why}"}).decode(), "application/json")


def _json(body: str) -> Answer:
    return Answer(200, body, "application/json")

"""The assignment callback: decide on a reservation within five seconds (contract 4)."""

from typing import Any

import msgspec

from chalicelib import jobs
from chalicelib.config import callcenter, environment
from chalicelib.config.callcenter import AGAIN, MARGIN_SECONDS, Queue
from chalicelib.links import table
from chalicelib.links.model import Link
from chalicelib.observability import log, metrics
from chalicelib.routing.instructions import Dequeue, Reject, encode
from chalicelib.routing.reservation import Reservation
from chalicelib.team import hooks
from chalicelib.twilio.request import Answer, Webhook, attributes, sid, text

WORKING_ON_IT = Answer(200, "", "application/json")
RING_EVENTS = "initiated,ringing,answered,completed"


class MalformedError(Exception):
    """The callback lacks what a call needs; the text says what."""


def decide(webhook: Webhook, now: float) -> Answer:
    """The answer to an assignment callback; to the same callback again it is the same, and the work is done once."""
    workflow_sid = text(webhook.form.get("WorkflowSid"))
    if workflow_sid != environment.current().workflow_sid:
        return _refuse(404, f"workflow {workflow_sid} is not the one this application serves")
    try:
        reservation = _read(webhook)
    except MalformedError as error:
        return _refuse(400, str(error))
    log.also(call_sid=reservation.call_sid)
    own = _own_answer(reservation)
    if own:
        return own
    rules = callcenter.current().queue(reservation.queue)
    if not reservation.contact_uri:
        return _reject(reservation, rules, webhook, now)
    if rules.mode == "direct":
        return _connect(reservation, rules, webhook, now)
    return _prepare(reservation, rules, webhook, now)


def _own_answer(reservation: Reservation) -> Answer | None:
    """What the team's hook says. A hook that fails must not cost the caller a worker: callcenter.toml decides then."""
    try:
        own = hooks.assignment(reservation)
        return _json(encode(own)) if own else None
    except Exception as error:
        log.error("own hook failed", why=type(error).__name__)
        return None


def _prepare(reservation: Reservation, rules: Queue, webhook: Webhook, now: float) -> Answer:
    """crm-first: one write, one message, an empty answer."""
    link = _link(reservation, rules, webhook, now)
    try:
        standing = table.reserve(link, now)
        if standing.state == "reserved":
            jobs.send(jobs.RingWorker(link.call_sid, link.reservation_sid))
    except Exception as error:
        log.error("assignment: no CRM first", why=type(error).__name__)
        if rules.on_outage == "fallback":
            raise
        return _divert(link, rules, now)
    return _dequeue(link, rules) if standing.mode == "direct" else WORKING_ON_IT


def _divert(link: Link, rules: Queue, now: float) -> Answer:
    """SQS or DynamoDB is down: connect without CRM. If the link was written it has to say so before a job finds it."""
    try:
        table.divert(link.key, now)
    except table.Lost as lost:
        if lost.current and lost.current.mode != "direct":
            return WORKING_ON_IT  # the message had arrived after all, and its job is at work
    except Exception as error:
        log.error("assignment: no record", why=type(error).__name__)
    return _dequeue(link, rules)


def _connect(reservation: Reservation, rules: Queue, webhook: Webhook, now: float) -> Answer:
    """direct: Twilio rings the worker and joins the two. The caller does not depend on our record of it."""
    link = msgspec.structs.replace(_link(reservation, rules, webhook, now), state="dialing", dialing_at=now)
    _record(link, now)
    return _dequeue(link, rules)


def _reject(reservation: Reservation, rules: Queue, webhook: Webhook, now: float) -> Answer:
    """The link stays open until Twilio says that the rejection counted: the caller may hang up before it."""
    link = msgspec.structs.replace(_link(reservation, rules, webhook, now), reason="no contact_uri", deadline=now)
    _record(link, now)
    failed = metrics.of(metrics.WORKER_LEGS_FAILED)
    log.error("worker cannot be reached", failed, worker_sid=link.worker_sid, why="no contact_uri")
    sid = environment.current().activity_sid(rules.activities.unreachable)
    return _json(encode(Reject(activity_sid=sid or None)))


def _record(link: Link, now: float) -> None:
    try:
        table.reserve(link, now)
    except Exception as error:
        log.error("assignment: no record", why=type(error).__name__)


def _dequeue(link: Link, rules: Queue) -> Answer:
    instruction = Dequeue(
        to=link.contact_uri,
        from_=link.caller_id,
        post_work_activity_sid=environment.current().activity_sid(rules.activities.after_call) or None,
        timeout=rules.ring_timeout,
        status_callback_url=f"{link.base_url}/worker/{link.call_sid}/{link.reservation_sid}/status{AGAIN}",
        status_callback_events=RING_EVENTS,
    )
    return _json(encode(instruction))


def _link(reservation: Reservation, rules: Queue, webhook: Webhook, now: float) -> Link:
    task = reservation.task_attributes
    center = callcenter.current()
    return Link(
        call_sid=reservation.call_sid,
        reservation_sid=reservation.reservation_sid,
        mode=rules.mode,
        task_sid=reservation.task_sid,
        worker_sid=reservation.worker_sid,
        worker_name=reservation.worker_name,
        queue=reservation.queue,
        contact_uri=reservation.contact_uri,
        caller=text(task.get("from")),
        caller_id=center.caller_id(task.get("to")),
        base_url=webhook.base_url,
        deadline=now + center.reservation_timeout - rules.ring_timeout - MARGIN_SECONDS,
    )


def _read(webhook: Webhook) -> Reservation:
    form = webhook.form
    task = _attributes(form, "TaskAttributes")
    call_sid = sid(task.get("call_sid"))
    if not call_sid:
        raise MalformedError("TaskAttributes has no call_sid: this task was not made by <Enqueue>")
    for name in ("ReservationSid", "TaskSid", "WorkerSid"):
        if not sid(form.get(name)):
            raise MalformedError(f"{name} is missing, or no sid")
    return Reservation(
        form["ReservationSid"],
        form["TaskSid"],
        call_sid,
        form["WorkerSid"],
        text(form.get("WorkerName")),
        environment.current().task_queue_name(form.get("TaskQueueSid", "")),
        task,
        _attributes(form, "WorkerAttributes"),
    )


def _attributes(form: Any, name: str) -> dict[str, Any]:
    try:
        return attributes(form.get(name) or "{}")
    except ValueError:
        raise MalformedError(f"{name} is not a JSON object") from None


def _refuse(status: int, why: str) -> Answer:
    log.warning("assignment refused", why=why)
    return Answer(status, msgspec.json.encode({"error": why}).decode(), "application/json")


def _json(body: str) -> Answer:
    return Answer(200, body, "application/json")

"""How it ends: the phone stops, the reservation is rejected, the link is closed, the task completed."""

import msgspec

from chalicelib import jobs
from chalicelib.config import callcenter, environment
from chalicelib.config.callcenter import Queue
from chalicelib.jobs import GiveUp, HangUp
from chalicelib.links import table
from chalicelib.links.model import Key, Link, Outcome, is_over, outcome_of
from chalicelib.observability import log, metrics
from chalicelib.twilio import rest
from chalicelib.twilio.request import attributes, sid


def give_up(link: Link, reason: str, activity_sid: str, now: float) -> None:
    """Reject the reservation: now, or by a job when Twilio cannot be reached."""
    try:
        reject(link.key, link.task_sid, reason, activity_sid, now)
    except (rest.Unavailable, rest.Unknown):
        jobs.send(GiveUp(link.call_sid, link.reservation_sid, link.task_sid, reason, activity_sid))


def end_leg(worker_call_sid: str, call_sid: str) -> None:
    """End a worker leg: now, or by a job when Twilio cannot be reached."""
    try:
        rest.hang_up(worker_call_sid)
    except (rest.Unavailable, rest.Unknown):
        jobs.send(HangUp(worker_call_sid, call_sid))


def caller_gone(call_sid: str, now: float) -> None:
    """The caller has hung up, or left the queue: stop phones that ring, and close what is open for this call."""
    for link in table.story(call_sid).links:
        if not is_over(link) and link.state != "bridged":
            settle(link, "caller gone", now)


def settle(link: Link, reason: str, now: float) -> None:
    """Nobody waits for this link any more: stop its phone, and close it as Twilio says that it ended.

    Its own event says the same, but may be late, or lost.
    """
    if link.worker_call_sid and link.mode != "direct":
        end_leg(link.worker_call_sid, link.call_sid)
    try:
        outcome = _outcome(rest.reservation_status(link.task_sid, link.reservation_sid))
    except (rest.Unavailable, rest.Unknown):
        jobs.send(GiveUp(link.call_sid, link.reservation_sid, link.task_sid, reason))
        return
    if outcome is not None:
        close(link.key, outcome, reason, now, ended_leg=link.worker_call_sid)


def close(
    key: Key, outcome: Outcome, reason: str, now: float, seen: dict[str, str] | None = None, *, ended_leg: str = ""
) -> None:
    """Close a link, and end its worker leg if it may still ring for nobody; `ended_leg` has been ended already."""
    try:
        link = table.close(key, outcome, reason, now, seen)
    except table.Lost:
        return
    if outcome != "completed" and link.worker_call_sid not in ("", ended_leg) and link.mode != "direct":
        end_leg(link.worker_call_sid, link.call_sid)


def reject(key: Key, task_sid: str, reason: str, activity_sid: str, now: float) -> None:
    """Reject first and close then: a job that dies in between comes again and finds it rejected."""
    rejected = rest.reject(task_sid, key.reservation_sid, activity_sid)
    status = "rejected" if rejected else rest.reservation_status(task_sid, key.reservation_sid)
    close_as(key, status, reason, now)


def close_as(key: Key, status: str, reason: str, now: float) -> None:
    """Close the link as the reservation ended; one that is accepted is left to its own events."""
    outcome = _outcome(status)
    counted = metrics.of(metrics.RESERVATIONS_REJECTED, reason=reason) if status == "rejected" else {}
    log.info("reservation is over", counted, **msgspec.structs.asdict(key), status=status, reason=reason)
    if outcome is None:
        return
    try:
        table.close(key, outcome, reason, now)
    except table.Lost as lost:
        if lost.current and lost.current.outcome != "completed":
            table.explain(key, reason)  # the event was faster than we, and does not know why


def finish_task(task_sid: str, reason: str, now: float) -> str:
    """The wrap-up time is over: put the worker back to work, close the link, complete the task. Says what it did.

    Twilio is asked who served the caller, as an event may be late or lost. The task comes last: while anything is left
    to do it stays in wrapping, where the sweep finds it. After the task's end nothing is done: the worker may be
    wrapping up another call by then.
    """
    task = rest.task(task_sid)
    call_sid = _caller_of(task) if task else ""
    if task is None or task.status in ("completed", "canceled") or not call_sid:
        return "left as it is"
    log.also(call_sid=call_sid)
    rules = callcenter.current().queue(environment.current().task_queue_name(task.task_queue_sid))
    for reservation in rest.reservations(task_sid):
        if reservation.status in ("accepted", "wrapping"):
            _back_to_work(reservation.worker_sid, rules)
            _served(task, call_sid, reservation, reason, now)
    rest.complete_task(task_sid, "wrapped up")
    return "task completed"


def _caller_of(task: rest.Task) -> str:
    """The caller's leg; empty for a task that <Enqueue> did not make, and that is not ours to end."""
    try:
        return sid(attributes(task.attributes or "{}").get("call_sid"))
    except ValueError:
        return ""


def _back_to_work(worker_sid: str, rules: Queue) -> None:
    wrapping = environment.current().activity_sid(rules.activities.after_call)
    back = environment.current().activity_sid(rules.activities.after_wrap_up)
    if not (wrapping and back):
        return
    try:
        rest.move_worker(worker_sid, back, only_from=wrapping)
    except rest.Refused as error:  # deleted, say: the task has to end all the same
        log.error("worker not put back to work", worker_sid=worker_sid, why=str(error))


def _served(task: rest.Task, call_sid: str, reservation: rest.Reservation, reason: str, now: float) -> None:
    seen = {
        "task_sid": task.sid,
        "worker_sid": reservation.worker_sid,
        "worker_name": reservation.worker_name,
        "queue": environment.current().task_queue_name(task.task_queue_sid),
    }
    close(Key(call_sid, reservation.sid), "completed", reason, now, seen)


def _outcome(status: str) -> Outcome | None:
    """A reservation that Twilio has forgotten was never accepted, or an event would have told."""
    return "canceled" if status == "gone" else outcome_of(status)

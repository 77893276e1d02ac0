"""After the talk: the worker goes back to work, the link is closed, the task completed."""

from chalicelib.config import callcenter, environment
from chalicelib.config.callcenter import Queue
from chalicelib.lifecycle import closing
from chalicelib.links.model import Key
from chalicelib.observability import log
from chalicelib.twilio import rest
from chalicelib.twilio.values import attributes, sid


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
    log.bind(call_sid=call_sid)
    rules = queue_of(task)
    for reservation in rest.reservations(task_sid):
        if reservation.status in ("accepted", "wrapping"):
            _resume(reservation.worker_sid, rules)
            _close_served(task, call_sid, reservation, reason, now)
    rest.complete_task(task_sid, "wrapped up")
    return "task completed"


def queue_of(task: rest.Task) -> Queue:
    """The rules of the task's queue."""
    return callcenter.current().queue(environment.current().task_queue_name(task.task_queue_sid))


def _caller_of(task: rest.Task) -> str:
    """The caller's leg; empty for a task that <Enqueue> did not make, and that is not ours to end."""
    try:
        return sid(attributes(task.attributes or "{}").get("call_sid"))
    except ValueError:
        return ""


def _resume(worker_sid: str, rules: Queue) -> None:
    wrapping = environment.current().activity_sid(rules.activities.after_call)
    back = environment.current().activity_sid(rules.activities.after_wrap_up)
    if not (wrapping and back):
        return
    try:
        rest.move_worker(worker_sid, back, only_from=wrapping)
    except rest.TwilioRejected as error:  # deleted, say: the task has to end all the same
        log.error("worker not put back to work", worker_sid=worker_sid, why=str(error))


def _close_served(task: rest.Task, call_sid: str, reservation: rest.Reservation, reason: str, now: float) -> None:
    known_fields = {
        "task_sid": task.sid,
        "worker_sid": reservation.worker_sid,
        "worker_name": reservation.worker_name,
        "queue": environment.current().task_queue_name(task.task_queue_sid),
    }
    closing.close(Key(call_sid, reservation.sid), "completed", reason, now, known_fields)

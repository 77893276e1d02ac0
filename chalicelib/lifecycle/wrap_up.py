"""After the talk: the worker goes back to work, the link is closed, the task completed."""

from chalicelib import jobs
from chalicelib.config import callcenter, environment
from chalicelib.config.schema import Queue
from chalicelib.lifecycle import activity, closing
from chalicelib.links import caller_leg, reading
from chalicelib.links.model import Key, Link, round_of, wrapping_of
from chalicelib.observability import log
from chalicelib.twilio import rest
from chalicelib.twilio.values import kind_of, subject_of

ON_THE_PHONE = "left on the phone"
TELL_CRM_AFTER_SECONDS = 5
# Of the end of a talk: an event that comes later begins no wrap-up, and by then what has begun is done.
BEGIN_WITHIN_SECONDS, BEGUN_WITHIN_SECONDS = 10.0, 18.0


def begin(task_sid: str, worker_sid: str, rules: Queue) -> None:
    """The talk is over: the worker goes to `after_call`, unless they have left their work by hand meanwhile.

    `worker_sid` is empty where it is not known. Nothing depends on it: TaskRouter gives a worker no task while one of
    theirs is wrapping. TaskRouter's own postWorkActivitySid is not used: it moves a worker who has gone Offline too.
    """
    wrapping = environment.current().activity_sid(rules.activities.after_call)
    if not wrapping:
        return
    try:
        for one in [worker_sid] if worker_sid else _wrapping_workers(task_sid):
            activity.leave_out(one, wrapping)
    except (rest.NotDone, rest.TwilioRejected) as error:
        log.warning("worker not moved for the wrap-up", task_sid=task_sid, why=str(error))


def _wrapping_workers(task_sid: str) -> list[str]:
    return [one.worker_sid for one in rest.reservations.of_task(task_sid) if one.status == "wrapping"]


def finish_early(link: Link, now: float) -> str:
    """The worker says that the wrap-up is done. Says what it did. Raises NotDone.

    The event that begins it may come later, and begins nothing then; where it is being begun at this very moment the
    worker is put back once that is done.
    """
    task = rest.tasks.fetch(link.task_sid)
    once = wrapping_of(round_of(task.attributes if task else {}))
    if task and not caller_leg.record(link.row_of_task, {once: now}, now, once=once):
        _put_back_if_begun(link, queue_of(task), now)
    return finish_task(link.task_sid, "wrapped up at the desk", now)


def _put_back_if_begun(link: Link, rules: Queue, now: float) -> None:
    wrapping = environment.current().activity_sid(rules.activities.after_call)
    back = environment.current().activity_sid(rules.activities.after_wrap_up)
    if not (wrapping and back) or rest.workers.fetch(link.worker_sid).activity_sid == wrapping:
        return  # begun already, and ended with the task
    until = now + BEGUN_WITHIN_SECONDS
    order = jobs.PutBack(link.worker_sid, wrapping, back, now - activity.CLOCKS_SECONDS, until, link.subject)
    jobs.send(order, delay_seconds=int(BEGUN_WITHIN_SECONDS))


def finish_task(task_sid: str, reason: str, now: float) -> str:
    """The wrap-up time is over: put the worker back to work, close the link, complete the task. Says what it did.

    Twilio is asked who served the caller, as an event may be late or lost. The task comes last: while anything is left
    to do it stays in wrapping, where the sweep finds it. One that is still assigned, as its call's end got lost, the
    sweep finds by its link, which therefore is closed after it. After the task's end nothing is done: the worker may
    be wrapping up another call by then.
    """
    task = rest.tasks.fetch(task_sid)
    if task is None or task.status in ("completed", "canceled") or not is_ours(task):
        return "left as it is"
    call_sid = subject_of(task.attributes, task_sid)
    log.bind(call_sid=call_sid)
    rules = queue_of(task)
    if (rules.after_talk or rules.star) and _is_on_the_phone(call_sid, task_sid):
        return ON_THE_PHONE
    activities = rules.activities
    wrapping = environment.current().activity_sid(activities.after_call)
    back = environment.current().activity_sid(activities.after_wrap_up)
    served = rest.reservations.of_task(task_sid)
    _tell_crm(call_sid, served)
    for reservation in served:
        if reservation.status == "wrapping":
            activity.resume(reservation.worker_sid, wrapping, reservation.updated_at, back, now)
            _close_served(task, call_sid, reservation, reason, now)
    rest.tasks.complete(task_sid, "wrapped up")
    for reservation in served:
        if reservation.status == "accepted":
            _close_served(task, call_sid, reservation, reason, now)
    return "task completed"


def _tell_crm(call_sid: str, served: list[rest.reservations.Reservation]) -> None:
    """By a job, in a moment, when the link is closed: a slow CRM keeps no worker. Ordered before the task's end."""
    if callcenter.current().crm.after:
        for reservation in served:
            if reservation.status in ("wrapping", "accepted"):
                jobs.send(jobs.TellCrm(call_sid, reservation.sid), delay_seconds=TELL_CRM_AFTER_SECONDS)


def _is_on_the_phone(call_sid: str, task_sid: str) -> bool:
    """Whether a worker who talked is still on our leg: says what became of the call, or what becomes of the caller.

    Raises NotDone.
    """
    links = [link for link in reading.of_call(call_sid).links if link.task_sid in ("", task_sid)]
    return any(rest.calls.is_live(link.own_leg) for link in links if link.bridged_at and link.own_leg)


def is_ours(task: rest.tasks.Task) -> bool:
    """Whether a caller waits for it, or it is of a kind of work that we do: others may share the workflow."""
    kind = kind_of(task.attributes)
    return kind == "call" or kind in callcenter.current().kinds


def queue_of(task: rest.tasks.Task) -> Queue:
    """The rules of the task's queue."""
    return callcenter.current().queue(environment.current().task_queue_name(task.task_queue_sid))


def _close_served(
    task: rest.tasks.Task, call_sid: str, reservation: rest.reservations.Reservation, reason: str, now: float
) -> None:
    known_fields = {
        "task_sid": task.sid,
        "worker_sid": reservation.worker_sid,
        "worker_name": reservation.worker_name,
        "queue": environment.current().task_queue_name(task.task_queue_sid),
    }
    link = closing.close(Key(call_sid, reservation.sid), "completed", reason, now, known_fields)
    if link and link.consult_number:
        from chalicelib.lifecycle import consulting

        consulting.worker_left(link, now)  # its event may be lost

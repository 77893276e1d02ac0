"""How a link ends: its reservation is rejected, the link closed, and the leg that we placed stopped."""

from collections.abc import Mapping

from chalicelib import jobs
from chalicelib.callers import memory
from chalicelib.config import callcenter
from chalicelib.config.schema import MARGIN_SECONDS
from chalicelib.jobs import HangUp, Reject
from chalicelib.lifecycle import activity
from chalicelib.links import reading, steps, table
from chalicelib.links.model import Key, Link, Outcome, is_over, outcome_of
from chalicelib.observability import log
from chalicelib.staff import told
from chalicelib.twilio import rest

PAUSE_SECONDS = 30
SERVED = ("accepted", "wrapping", "completed")  # a reservation whose worker has got the caller


def close(
    key: Key,
    outcome: Outcome,
    reason: str,
    at: float,
    known_fields: Mapping[str, object] | None = None,
    *,
    leg_ended: bool = False,
) -> Link | None:
    """Close the link, then end the leg that we placed, which may still ring for nobody.

    `at` is when it ended, in epoch seconds; `known_fields` fill what the row does not know. `leg_ended`: that has been
    done, or the leg ended by itself. When somebody else closed it first, the reason is added if none stands there; the
    leg is theirs to end. Returns the link; None when it was closed before.
    """
    try:
        link = steps.close(key, outcome, reason, at, known_fields)
    except table.ConditionFailed as failed:
        if failed.current and failed.current.outcome != "completed":
            steps.set_reason_once(key, reason)
        return None
    if outcome == "completed":
        memory.remember(link)
    elif link.own_leg and not leg_ended:
        end_leg(link.own_leg, link.subject)
    return link


def close_as(key: Key, status: str, reason: str, now: float, *, leg_ended: bool = False) -> None:
    """Close the link as its reservation ended; one that is accepted, or open, is left to its own events."""
    log.info("reservation is over", **key.sids, status=status, reason=reason)
    outcome = outcome_of(status)
    if outcome is not None:
        close(key, outcome, reason, now, leg_ended=leg_ended)


def close_abandoned(link: Link, reason: str, now: float) -> None:
    """The caller no longer waits: stop the worker's phone, and close the link as Twilio says its reservation ended.

    The reservation's own event says the same, but may be late, or lost.
    """
    reason = link.reason or reason  # why the caller was led out, say
    if link.own_leg:
        end_leg(link.own_leg, link.subject)
    try:
        outcome = outcome_of(rest.reservations.status(link.task_sid, link.reservation_sid))
    except rest.NotDone:
        jobs.send(Reject.of(link, reason))
        return
    if outcome is not None:
        close(link.key, outcome, reason, now, leg_ended=True)


def close_ended(link: Link, now: float) -> None:
    """The link's task has ended: close the link as its reservation ended. A talk that still goes on is left alone."""
    try:
        status = rest.reservations.status(link.task_sid, link.reservation_sid)
    except rest.NotDone:
        jobs.send(Reject.of(link, ""))
        return
    if status in ("accepted", "wrapping"):
        status = "completed"
    outcome = outcome_of(status)
    if outcome is not None:
        close(link.key, outcome, "", now)


def caller_left(subject: str, now: float, task_sid: str = "") -> None:
    """The caller hung up, or left the queue, or work was withdrawn: stop the phones that ring, close what is open.

    With a `task_sid` that is done for this task alone.
    """
    for link in reading.of_call(subject).links:
        if task_sid and link.task_sid != task_sid:
            continue
        if not is_over(link) and link.state != "bridged":
            close_abandoned(link, "caller gone" if link.policy.has_caller else "withdrawn", now)


def ended_with_its_caller(link: Link, now: float) -> bool:
    """Whether the caller's call is over, and Twilio had kept the task (contract 12): then it is ended here.

    Whoever is rung for it is joined to nobody, and is not to blame for that. Raises NotDone.
    """
    if not link.policy.has_caller or rest.calls.is_live(link.subject):
        return False
    end_task_of_gone(link.subject, link.task_sid, now)
    return True


def end_task_of_gone(call_sid: str, task_sid: str, now: float) -> None:
    """The caller has gone, and Twilio kept the task: cancel it, stop the phones, close the links. Raises NotDone."""
    rest.tasks.cancel(task_sid, "hangup")
    caller_left(call_sid, now)


def withdraw(link: Link, reason: str) -> None:
    """This work is to be done by nobody: its task is canceled, whose event closes the link. Raises NotDone."""
    steps.set_reason_once(link.key, reason)
    rest.tasks.cancel(link.task_sid, reason.partition(":")[0])


def mark_unavailable(link: Link, reason: str, activity_sid: str) -> None:
    """In direct mode TaskRouter takes the reservation back, and would offer it to the same worker again at once.

    The leg's status callback and the reservation's event both say so, each perhaps twice, or never: the first counts.
    """
    if not steps.set_reason_once(link.key, reason):
        return
    told.not_put_through(link.key, link.worker_sid, reason, link.reserved_at, is_moved=bool(activity_sid))
    try:
        activity.leave_out(link.worker_sid, activity_sid)
    except rest.NotDone as error:
        # Offered again, the worker is called again, and this is tried again.
        log.error("worker not marked unavailable", **link.key.sids, worker_sid=link.worker_sid, why=str(error))


def reject(link: Link, reason: str, activity_sid: str, now: float, *, leg_ended: bool = False) -> None:
    """Move the worker, reject the reservation, then close the link. Raises NotDone.

    A job that dies in between comes again and finds it done. The worker is moved first: TaskRouter offers the caller
    again at once, to the same worker if they take calls (contract 4.6).
    """
    reject_as_ordered(Reject.of(link, reason, activity_sid), now, leg_ended=leg_ended)


def reject_as_ordered(order: Reject, now: float, *, leg_ended: bool = False) -> None:
    """The same, from the message of a job, which may come hours later. Raises NotDone, activity.NotOrdered."""
    moves = bool(order.worker_sid and order.activity_sid)
    status = rest.reservations.status(order.task_sid, order.reservation_sid) if moves else "pending"
    moved_at = order.refused_at
    if status == "pending":
        moved_at = now
        if moves:
            _move(order, now)
        if not order.back_after:
            told.not_put_through(order.key, order.worker_sid, order.reason, now, is_moved=moves)
        status = _reject(order)
    if moves and moved_at and status in SERVED:
        # A key decides while the table is down: the worker took the caller all the same.
        activity.come_back(order.worker_sid, order.activity_sid, moved_at, now)
    close_as(order.key, status, order.reason, now, leg_ended=leg_ended)


def _move(order: Reject, now: float) -> None:
    if order.back_after:
        activity.leave_out_for_a_while(order, now)
    else:
        activity.leave_out(order.worker_sid, order.activity_sid)


def _reject(order: Reject) -> str:
    """The reservation's status after the try."""
    if rest.reservations.reject(order.task_sid, order.reservation_sid):
        return "rejected"
    return rest.reservations.status(order.task_sid, order.reservation_sid)


def reject_later(link: Link, reason: str, now: float) -> None:
    """The fault is not the worker's: nobody is moved, and the reservation is rejected in a moment.

    TaskRouter offers a caller who is rejected without a change of activity to the same worker again at once (contract
    4.6). While the fault lasts, the pause keeps that to twice a minute.
    """
    ends_at = link.reserved_at + callcenter.current().reservation_timeout
    pause = max(0, min(PAUSE_SECONDS, int(ends_at - MARGIN_SECONDS - now)))
    jobs.send(Reject.of(link, reason), delay_seconds=pause)


def reject_after_leg(link: Link, reason: str, activity_sid: str, now: float) -> None:
    """The worker leg has ended: reject the reservation now, or by a job when Twilio cannot be reached."""
    try:
        reject(link, reason, activity_sid, now, leg_ended=True)
    except rest.NotDone:
        jobs.send(Reject.of(link, reason, activity_sid))


def end_leg(worker_call_sid: str, subject: str) -> None:
    """End a worker leg: now, or by a job when Twilio cannot be reached."""
    try:
        rest.calls.hang_up(worker_call_sid)
    except rest.NotDone:
        jobs.send(HangUp(worker_call_sid, subject))

"""The activity that a worker is in. What a person set by hand stays: only a worker who takes calls is moved."""

from collections.abc import Callable
from math import inf

from chalicelib import jobs
from chalicelib.observability import log
from chalicelib.staff import people, shifts
from chalicelib.twilio import rest

CLOCKS_SECONDS = 2  # Twilio's clock may be behind ours, and tells whole seconds
MOVED_WITHIN_SECONDS = 20  # of the order to put them back, who is moved at all: a webhook and a job live no longer


class NotOrdered(Exception):
    """That a worker is put back could not be ordered, so they are not moved."""


def leave_out(worker_sid: str, activity_sid: str) -> None:
    """Move a worker who takes calls to this activity; where either is not known nothing is done. Raises NotDone."""
    if worker_sid and activity_sid:
        _move(worker_sid, activity_sid)


def leave_out_for_a_while(order: jobs.Reject, now: float) -> None:
    """The same until a job moves the worker back to where they are now. Raises NotDone, NotOrdered.

    The job is sent before the worker is moved: nobody is stranded.
    """

    def order_back(worker: rest.workers.Worker) -> None:
        since, until = now - CLOCKS_SECONDS, now + MOVED_WITHIN_SECONDS
        back = jobs.PutBack(worker.sid, order.activity_sid, worker.activity_sid, since, until, order.subject)
        try:
            jobs.send(back, order.back_after)
        except Exception as error:
            raise NotOrdered(type(error).__name__) from error

    if order.worker_sid and order.activity_sid:
        _move(order.worker_sid, order.activity_sid, before=order_back)


def resume(worker_sid: str, from_sid: str, since: float, to_sid: str, now: float, *, until: float = inf) -> None:
    """Move a worker back who has been in the activity `from_sid` since this moment or later, in epoch seconds.

    Who was in it before, or got there after `until`, chose it by hand; whoever is off by now goes off. Raises NotDone.
    """

    stays_off: list[bool] = []

    def is_there(worker: rest.workers.Worker) -> bool:
        return worker.activity_sid == from_sid and since <= worker.since <= until

    def is_wanted(worker: rest.workers.Worker) -> bool:
        if is_there(worker) and not shifts.may_come_back(worker, now):
            stays_off.append(True)
            return False
        return is_there(worker)

    if from_sid and to_sid:
        _move(worker_sid, to_sid, is_wanted)
    if stays_off:
        _move(worker_sid, people.activity_sid("off"), is_there)


def come_back(worker_sid: str, from_sid: str, moved_at: float, now: float) -> None:
    """Undo that `leave_out` moved a worker to this activity at that time. Raises NotDone."""
    since, until = moved_at - CLOCKS_SECONDS, moved_at + MOVED_WITHIN_SECONDS
    resume(worker_sid, from_sid, since, people.activity_sid("on"), now, until=until)


def _is_available(worker: rest.workers.Worker) -> bool:
    return worker.available


def _nothing(_worker: rest.workers.Worker) -> None:
    """Nothing is done before."""


def _move(
    worker_sid: str,
    to_sid: str,
    is_wanted: Callable[[rest.workers.Worker], bool] = _is_available,
    before: Callable[[rest.workers.Worker], None] = _nothing,
) -> None:
    try:
        rest.workers.move(worker_sid, to_sid, is_wanted, before)
    except rest.TwilioRejected as error:
        # The activity or the worker is deleted: nobody else may pay for that.
        log.error("activity refused", worker_sid=worker_sid, activity_sid=to_sid, why=str(error))

"""The activity that a worker is in. What a person set by hand stays: only a worker who takes calls is moved."""

from chalicelib.observability import log, metrics
from chalicelib.twilio import rest

TRIES = 3  # when somebody else changes the worker at the same moment


def leave_out(worker_sid: str, activity_sid: str) -> None:
    """Move a worker who takes calls to this activity; where either is not known nothing is done. Raises NotDone."""
    if worker_sid and activity_sid:
        _move(worker_sid, activity_sid)


def resume(worker_sid: str, from_sid: str, since: float, to_sid: str) -> None:
    """Move a worker back who has been in the activity `from_sid` since this moment or later, in epoch seconds.

    Who was in it before chose it by hand. Raises NotDone.
    """
    if from_sid and to_sid:
        _move(worker_sid, to_sid, from_sid, since)


def _move(worker_sid: str, to_sid: str, from_sid: str = "", since: float = 0.0) -> None:
    try:
        for _ in range(TRIES):
            worker = rest.worker(worker_sid)
            wanted = worker.activity_sid == from_sid and worker.since >= since if from_sid else worker.available
            if not wanted or rest.set_activity(worker, to_sid):
                return
    except rest.TwilioRejected as error:
        # The activity or the worker is deleted: nobody else may pay for that.
        refused = metrics.of(metrics.ACTIVITIES_REFUSED)
        log.error("activity refused", refused, worker_sid=worker_sid, activity_sid=to_sid, why=str(error))

"""The consumer of the jobs queue: does one job, and lets it come again when it cannot be done now."""

from collections.abc import Callable

import msgspec

from chalicelib.jobs import CompleteTask, HangUp, Job, KeepMessage, LeadOut, Reject, RingWorker, Tell
from chalicelib.lifecycle import closing, lead_out, wrap_up
from chalicelib.observability import log, metrics
from chalicelib.storage import keep
from chalicelib.tell import outbox
from chalicelib.twilio import rest
from chalicelib.twilio.values import sid
from chalicelib.worker import ring

# What a job names, and the log's field for it.
LOGGED = {
    "subject": "call_sid",
    "worker_call_sid": "worker_call_sid",
    "task_sid": "task_sid",
    "reservation_sid": "reservation_sid",
    "recording_sid": "recording_sid",
}


def work(job: Job, clock: Callable[[], float]) -> None:
    """Do one job of the queue; the same job twice does nothing more. `clock` gives epoch seconds.

    Raises when the job has to come again: SQS delivers it after its visibility timeout.
    """
    with log.Context(job=type(job).__name__, **_sids(job)):
        try:
            _do(job, clock)
        except rest.TwilioDenied as error:
            log.error("job comes again", metrics.of(metrics.JOBS_TRIED_AGAIN), why=str(error))
            raise
        except (ring.Retry, rest.NotDone) as error:
            log.warning("job comes again", metrics.of(metrics.JOBS_TRIED_AGAIN), why=str(error))
            raise
        except Exception as error:
            log.error("job failed", metrics.of(metrics.JOBS_TRIED_AGAIN), why=type(error).__name__)
            raise


def _sids(job: Job) -> dict[str, str]:
    """The sids of calls, task and reservation that this job has."""
    return {LOGGED[name]: sid(value) for name, value in msgspec.structs.asdict(job).items() if name in LOGGED}


def _do(job: Job, clock: Callable[[], float]) -> None:
    match job:
        case RingWorker():
            ring.ring_worker(job.key, clock)
        case Reject():
            closing.reject_as_ordered(job, clock())
        case HangUp():
            rest.hang_up(job.worker_call_sid)
        case LeadOut():
            lead_out.lead_out(job.subject, job.base_url, clock())
        case CompleteTask():
            did = wrap_up.finish_task(job.task_sid, "", clock())
            log.info("wrap-up is over", did=did)
        case Tell():
            outbox.keep(job.notice)
        case KeepMessage():
            keep.keep(job, clock())

"""The consumer of the jobs queue: does one job, and lets it come again when it cannot be done now."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from chalicelib import jobs
from chalicelib.callbacks import queueing
from chalicelib.jobs import (
    CompleteTask,
    GoOn,
    HangUp,
    Job,
    KeepMessage,
    KeepTalk,
    LeadOut,
    LookAt,
    PutBack,
    Reject,
    RingWorker,
    Tell,
    TellCrm,
)
from chalicelib.lifecycle import activity, closing, lead_out, looking, wrap_up
from chalicelib.observability import log
from chalicelib.storage import keep, talks
from chalicelib.tell import outbox
from chalicelib.twilio import rest
from chalicelib.twilio.values import sid
from chalicelib.worker import ended, ring

LOOK_AGAIN_SECONDS = 10  # after a worker who is still on the phone when the wrap-up is over

# What a job names, and the log's field for it.
LOGGED = {
    "subject": "call_sid",
    "worker_call_sid": "worker_call_sid",
    "task_sid": "task_sid",
    "reservation_sid": "reservation_sid",
    "worker_sid": "worker_sid",
    "recording_sid": "recording_sid",
}


def work(job: Job, clock: Callable[[], float]) -> None:
    """Do one job of the queue; the same job twice does nothing more. `clock` gives epoch seconds.

    Raises when the job has to come again: SQS delivers it after its visibility timeout.
    """
    with log.Context(job=type(job).__name__, **_sids(job)):
        try:
            _DOES[type(job)](job, clock)
        except rest.TwilioDenied as error:
            log.error("job comes again", why=str(error))
            raise
        except (ring.Retry, rest.NotDone) as error:
            log.warning("job comes again", why=str(error))
            raise
        except Exception as error:
            log.error("job failed", why=type(error).__name__)
            raise


def _sids(job: Job) -> dict[str, str]:
    """The sids of calls, task and reservation that this job has."""
    return {LOGGED[name]: sid(value) for name, value in msgspec.structs.asdict(job).items() if name in LOGGED}


def _complete(job: CompleteTask, now: float) -> None:
    did = wrap_up.finish_task(job.task_sid, "", now)
    log.info("wrap-up is over", did=did)
    if did == wrap_up.ON_THE_PHONE:
        jobs.send(job, delay_seconds=LOOK_AGAIN_SECONDS)


def _go_on(job: GoOn, now: float) -> None:
    log.info("callback", did=queueing.go_on(job.subject, now))


# What each kind of job does; `clock` gives epoch seconds.
_DOES: Mapping[type[Job], Callable[[Any, Callable[[], float]], object]] = {
    RingWorker: lambda job, clock: ring.ring_worker(job.key, clock),
    Reject: lambda job, clock: closing.reject_as_ordered(job, clock()),
    HangUp: lambda job, clock: rest.calls.hang_up(job.worker_call_sid),
    PutBack: lambda job, clock: activity.resume(
        job.worker_sid, job.from_sid, job.since, job.to_sid, clock(), until=job.until
    ),
    LeadOut: lambda job, clock: lead_out.lead_out(job.subject, job.base_url, clock()),
    CompleteTask: lambda job, clock: _complete(job, clock()),
    TellCrm: lambda job, clock: ended.tell(job),
    Tell: lambda job, clock: outbox.keep(job.notice),
    KeepMessage: lambda job, clock: keep.keep(job, clock()),
    KeepTalk: lambda job, clock: talks.keep(job, clock()),
    GoOn: lambda job, clock: _go_on(job, clock()),
    LookAt: looking.look_at_page,
}

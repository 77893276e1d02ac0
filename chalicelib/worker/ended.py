"""The CRM hears how a talk ended: by a job of its own, tried again for a while, and nobody waits for it."""

from chalicelib import crm, jobs
from chalicelib.config import callcenter
from chalicelib.links import reading
from chalicelib.links.model import Link
from chalicelib.observability import log, metrics

AGAIN_AFTER_SECONDS = (60, 300, 900)  # then it is given up


def tell(job: jobs.TellCrm) -> None:
    """Tell the adapter of the link's queue; a CRM that fails is told later, and in the end not at all."""
    link = reading.of_call(job.subject).link(job.key)
    if link is None or (link.consult_of and not link.took_over_at):  # asked about the caller, and no more
        log.info("nothing to tell the CRM", **job.key.sids)
        return
    try:
        crm.after(callcenter.current().crm_of(link.queue, link.work), _ended(link))
    except crm.Unavailable as error:
        _again(job, str(error))


def _again(job: jobs.TellCrm, why: str) -> None:
    counted = metrics.of(metrics.CRM_FAILURES)
    if job.tries < len(AGAIN_AFTER_SECONDS):
        log.warning("the CRM is told later", counted, **job.key.sids, why=why)
        later = jobs.TellCrm(job.subject, job.reservation_sid, job.tries + 1)
        jobs.send(later, delay_seconds=AGAIN_AFTER_SECONDS[job.tries])
    else:
        log.error("the CRM is not told", counted, **job.key.sids, why=why)


def _ended(link: Link) -> crm.Ended:
    return crm.Ended(
        idempotency_key=link.reservation_sid,
        call_sid=link.subject,
        caller=link.caller,
        called=link.caller_id,
        queue=link.queue,
        worker_sid=link.worker_sid,
        worker_name=link.worker_name,
        bridged_at=link.took_over_at or link.bridged_at,
        ended_at=link.closed_at,
        disposition=link.disposition,
        note_sid=link.note_sid,
        note_seconds=link.note_seconds,
        note=link.note,
    )

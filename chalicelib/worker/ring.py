"""CRM first, then the worker's phone: what a job does between the reservation and the ring."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chalicelib import crm, jobs
from chalicelib.config import callcenter, environment
from chalicelib.config.callcenter import Queue
from chalicelib.jobs import RingWorker
from chalicelib.lifecycle import closing, lead_out
from chalicelib.links import table
from chalicelib.links.model import Key, Link, is_over
from chalicelib.observability import log, metrics
from chalicelib.twilio import rest, urls

# What POST /Calls says of the number that is called, and of the number that is shown (contract 7.6). Everything else is
# the account's affair: permissions, funds, suspension.
WORKER_NUMBER_REFUSED = frozenset({21211, 21214, 21217, 13223, 13224})
CALLER_ID_REFUSED = frozenset({21210, 21212, 21213})
MOST_CALLER_IDS = 3


class Retry(Exception):
    """Not now: the job has to come again."""


def ring_worker(job: RingWorker, clock: Callable[[], float]) -> None:
    """Do the CRM work for this link, then ring its worker; or reject the reservation, with the reason.

    `clock` gives epoch seconds. Raises Retry and NotDone when the job has to come again.
    """
    try:
        link = table.claim(job.key, clock(), jobs.LEASE_SECONDS)
    except table.ConditionFailed as failed:
        _resume(job.key, failed.current, clock())
        return
    if clock() > link.deadline:  # the message was late: the CRM is not asked for nothing
        closing.reject(link.key, link.task_sid, "too late to dial", "", clock())
        return
    approval = _ask_crm(link, job.task_attributes, clock)
    if approval:
        _dial(link, approval, clock)


def _resume(key: Key, link: Link | None, now: float) -> None:
    """The job was delivered before: find out how far it came, and do what is harmless."""
    if link is None or is_over(link) or not link.policy.by_job or link.worker_call_sid:
        log.info("job has nothing to do", **key.sids, state=link.state if link else "missing")
    elif link.state == "preparing" or now < link.dialing_at + jobs.LEASE_SECONDS:
        raise Retry("another delivery of this job is at work")
    elif link.state == "dialing":
        # Nobody knows whether the phone rang, and a second dial could ring it twice: the next worker gets the caller.
        closing.reject(key, link.task_sid, "dial lost", "", now)


def _ask_crm(link: Link, task_attributes: Mapping[str, Any], clock: Callable[[], float]) -> crm.Approval | None:
    """The CRM's approval; None when it said no or could not be asked, and the reservation has been rejected."""
    rules = _rules(link)
    attempt = crm.Attempt(
        idempotency_key=link.reservation_sid,
        call_sid=link.subject,
        caller=link.caller,
        called=link.caller_id,
        queue=link.queue,
        worker_sid=link.worker_sid,
        worker_name=link.worker_name,
        at=clock(),
        task_attributes=task_attributes,
    )
    try:
        return crm.prepare(rules.crm, attempt)
    except crm.DeclinedCaller as no:
        _decline_caller(link, no, clock())
        return None
    except (crm.Declined, crm.Unavailable) as error:
        why = "declined" if isinstance(error, crm.Declined) else "CRM failed"
        if isinstance(error, crm.Unavailable):
            log.warning(why, metrics.of(metrics.CRM_FAILURES), why=str(error))
        activity = environment.current().activity_sid(rules.activities.declined)
        closing.reject(link.key, link.task_sid, f"{why}: {error}", activity, clock())
        return None


def _decline_caller(link: Link, no: crm.DeclinedCaller, now: float) -> None:
    """Lead the caller out of the queue. No worker is moved, and none is tried after this one.

    The reservation is not rejected: that would hand the caller to the next worker first. Twilio cancels it when the
    caller has left, and its event closes the link.
    """
    reason = f"declined: {no}"
    table.set_reason_once(link.key, reason)
    did = lead_out.decline(link.subject, link.base_url, no.say, no.then, now)
    log.info("caller declined", metrics.of(metrics.RESERVATIONS_REJECTED, reason=reason), reason=reason, did=did)


def _dial(link: Link, approval: crm.Approval, clock: Callable[[], float]) -> None:
    """Ring the worker if the reservation is still wanted and there is time."""
    if clock() > link.deadline:
        closing.reject(link.key, link.task_sid, "too late to dial", "", clock())
        return
    status = rest.reservation_status(link.task_sid, link.reservation_sid)
    if status != "pending":
        closing.close_as(link.key, status, "", clock())
        return
    kept = {"crm_name": approval.name, "crm_whisper": approval.whisper, "crm_data": dict(approval.data) or None}
    try:
        link = table.advance(link.key, "dialing", clock(), kept)
    except table.ConditionFailed:
        log.info("nobody to dial for any more", **link.key.sids)
        return
    _ring(link, clock)


def _ring(link: Link, clock: Callable[[], float]) -> None:
    """Place the worker leg; with another number of ours when Twilio refuses the caller id."""
    for caller_id in _caller_ids(link):
        try:
            ringing = rest.ring_worker(_order(link, caller_id))
        except rest.TwilioRejected as error:
            if error.code in CALLER_ID_REFUSED:
                _log_refusal(link, error)
                continue
            _refused(link, error, clock())
        except rest.TwilioUnavailable as error:
            closing.reject_later(link, f"not dialled: {error}", clock())
        except rest.OutcomeUnknown as error:
            raise Retry(str(error)) from error
        else:
            _follow(link, ringing, clock())
        return
    closing.reject_later(link, "no caller id is accepted", clock())


def _caller_ids(link: Link) -> Sequence[str]:
    """The numbers to show, the dialled one first."""
    ours = callcenter.current().own_numbers()
    return (link.caller_id, *(number for number in ours if number != link.caller_id))[:MOST_CALLER_IDS]


def _order(link: Link, caller_id: str) -> rest.Ring:
    leg = {"subject": link.subject, "reservation_sid": link.reservation_sid}
    return rest.Ring(
        to=link.contact_uri,
        caller_id=caller_id,
        answer_url=urls.WORKER_ANSWER.url(link.base_url, **leg),
        status_url=urls.WORKER_STATUS.url(link.base_url, **leg),
        timeout=_rules(link).ring_timeout,
    )


def _refused(link: Link, error: rest.TwilioRejected, now: float) -> None:
    """Twilio refuses the call: the worker is moved only when the worker's own number is what is wrong."""
    _log_refusal(link, error)
    if error.code in WORKER_NUMBER_REFUSED:
        activity = environment.current().activity_sid(_rules(link).activities.unreachable)
        closing.reject(link.key, link.task_sid, f"unreachable: {error.code}", activity, now)
    else:
        closing.reject_later(link, f"refused: {error.code}", now)


def _log_refusal(link: Link, error: rest.TwilioRejected) -> None:
    failed = metrics.of(metrics.WORKER_LEGS_FAILED)
    log.error("worker cannot be reached", failed, worker_sid=link.worker_sid, code=error.code)


def _follow(link: Link, ringing: rest.Ringing, now: float) -> None:
    """Keep the leg's sid, and end the leg at once if the link was closed meanwhile, or its time is over."""
    try:
        link = table.record_leg(link.key, ringing.call_sid)
    except table.ConditionFailed:
        closing.end_leg(ringing.call_sid, link.subject)  # another leg has this link
        return
    if is_over(link):
        closing.end_leg(ringing.call_sid, link.subject)
    elif now + ringing.queue_seconds > link.deadline:
        closing.end_leg(ringing.call_sid, link.subject)
        closing.reject(link.key, link.task_sid, "too late to ring", "", now, leg_ended=True)


def _rules(link: Link) -> Queue:
    return callcenter.current().queue(link.queue)

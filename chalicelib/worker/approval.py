"""The CRM's word, before the worker's phone: what a job asks, and what it does when there is no yes."""

from collections.abc import Callable, Mapping
from typing import Any

from chalicelib import crm
from chalicelib.config import callcenter, environment
from chalicelib.lifecycle import closing, lead_out
from chalicelib.links import reading, steps
from chalicelib.links.model import Link
from chalicelib.observability import log, metrics
from chalicelib.twilio import rest, urls
from chalicelib.worker import breaker

FAILED = "CRM failed"  # of a link's reason


def ask(link: Link, task_attributes: Mapping[str, Any], clock: Callable[[], float]) -> crm.Approval | None:
    """What lets the worker be rung; None when nobody is to be, and caller and reservation have been seen to.

    Raises NotDone.
    """
    adapter = callcenter.current().crm_of(link.queue, link.work)
    if not breaker.may_ask(adapter, clock()):
        return _crm_failed(link, "not asked", task_attributes, clock(), is_out=True)
    try:
        approval = crm.prepare(adapter, _attempt(link, task_attributes, clock()))
    except crm.Unavailable as error:
        log.warning(FAILED, metrics.of(metrics.CRM_FAILURES), why=str(error))
        is_out = breaker.failed(adapter, clock())
        return _crm_failed(link, str(error), task_attributes, clock(), is_out=is_out)
    except (crm.Declined, crm.DeclinedCaller) as no:
        breaker.answered(adapter, clock())
        _declined(link, no, task_attributes, clock())
        return None
    breaker.answered(adapter, clock())
    return approval


def _attempt(link: Link, task_attributes: Mapping[str, Any], now: float) -> crm.Attempt:
    return crm.Attempt(
        idempotency_key=link.reservation_sid,
        call_sid=link.subject,
        caller=link.caller,
        called=link.caller_id,
        queue=link.queue,
        worker_sid=link.worker_sid,
        worker_name=link.worker_name,
        at=now,
        task_attributes=task_attributes,
    )


def _declined(
    link: Link, no: crm.Declined | crm.DeclinedCaller, task_attributes: Mapping[str, Any], now: float
) -> None:
    """The CRM's no to the worker gives the caller to the next one; its no to the caller moves no worker."""
    if isinstance(no, crm.DeclinedCaller) and not link.policy.has_caller:
        closing.withdraw(link, f"declined: {no}")
        return
    if isinstance(no, crm.DeclinedCaller):
        language = callcenter.current().language_of(link.caller_id, task_attributes)
        _lead_out(link, f"declined: {no}", language, (no.say, no.then), now)
        return
    activities = callcenter.current().queue(link.queue).activities
    activity = environment.current().activity_sid(activities.declined)
    closing.reject(link, f"declined: {no}", activity, now)


def _crm_failed(
    link: Link, why: str, task_attributes: Mapping[str, Any], now: float, *, is_out: bool
) -> crm.Approval | None:
    """What the CRM's failure costs never costs a worker: no activity changes.

    The reservation is held for a moment, and the caller offered again; when the CRM `is_out`, or fails for this very
    caller again and again, the caller is led out.
    """
    center = callcenter.current()
    if not link.policy.has_caller:
        closing.reject_later(link, f"{FAILED}: {why}", now)  # nobody waits on the line: it is offered until it is done
        return None
    if center.queue(link.queue).on_crm_outage == "ring":
        log.warning("rung without the CRM", why=why)
        return crm.Approval()
    if is_out or _failed_often(link):
        language = center.language_of(link.caller_id, task_attributes)
        treatment = center.treatment_of(link.caller_id).in_language(language)
        ending = treatment.nobody_can_help
        _lead_out(link, f"{FAILED}: {why}", language, (treatment.said(ending.say).text, ending.then), now)
    else:
        closing.reject_later(link, f"{FAILED}: {why}", now)
    return None


def _failed_often(link: Link) -> bool:
    """Whether this caller has been offered as often as the breaker allows: it may be the caller's record that fails."""
    others = [one for one in reading.of_call(link.subject).links if one.key != link.key]
    return sum(one.reason.startswith(FAILED) for one in others) + 1 >= callcenter.current().crm.breaker_failures


def _lead_out(link: Link, reason: str, language: str, ending: tuple[str, str], now: float) -> None:
    """Lead the caller out of the queue. No worker is moved, and none is tried after this one.

    The `ending` is what is said, in the caller's language, and what follows.

    The reservation is not rejected: that would hand the caller to the next worker first. Its task is canceled once the
    caller has left, whether or not Twilio does that by itself (contract 12), and the event of it closes the link.
    """
    steps.set_reason_once(link.key, reason)
    did = lead_out.decline(link.subject, urls.in_language(link.base_url, language), *ending, now)
    if did == "led out" or not closing.ended_with_its_caller(link, now):
        rest.tasks.cancel(link.task_sid, reason.partition(":")[0])
    log.info("caller led out", reason=reason, did=did)

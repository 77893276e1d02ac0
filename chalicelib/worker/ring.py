"""CRM first, then the worker's phone: what a job does between the reservation and the ring."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chalicelib import crm, jobs
from chalicelib.callbacks import numbers
from chalicelib.config import callcenter, environment
from chalicelib.config.schema import MESSAGE_KIND, Queue
from chalicelib.lifecycle import closing, consulting
from chalicelib.links import steps, table
from chalicelib.links.model import Key, Link, is_over
from chalicelib.observability import log, metrics
from chalicelib.storage import offering
from chalicelib.twilio import rest, urls
from chalicelib.twilio.values import sid, text
from chalicelib.worker import approval, calling_back, consulted, words

# What POST /Calls says of the number that is called, and of the number that is shown (contract 7.6). Everything else is
# the account's affair: permissions, funds, suspension.
WORKER_NUMBER_REFUSED = frozenset({21211, 21214, 21217, 13223, 13224})
CALLER_ID_REFUSED = frozenset({21210, 21212, 21213})
MOST_CALLER_IDS = 3
ANYWHERE = ("+",)  # but for what is dear


class Retry(Exception):
    """Not now: the job has to come again."""


def ring_worker(key: Key, clock: Callable[[], float]) -> None:
    """Do the CRM work for this link, then ring its worker; or reject the reservation, with the reason.

    `clock` gives epoch seconds. Raises Retry and NotDone when the job has to come again.
    """
    try:
        link = steps.claim(key, clock(), jobs.LEASE_SECONDS)
    except table.ConditionFailed as failed:
        _resume(key, failed.current, clock())
        return
    if clock() > link.deadline:  # the message was late: the CRM is not asked for nothing
        closing.reject(link, "too late to dial", "", clock())
        return
    task = rest.tasks.fetch(link.task_sid)
    task_attributes = task.attributes if task else {}
    if _is_rung_by_taskrouter(link, sid(task_attributes.get("worker_call_sid"))):
        log.info("TaskRouter rings already", **key.sids)
        return
    if not _is_wanted(link, task_attributes, clock()):
        return
    approved = approval.ask(link, task_attributes, clock)
    if approved and link.policy.by_worker:
        _approve(link, approved, task_attributes, clock())
    elif approved:
        _dial(link, approved, task_attributes, clock)


def _is_wanted(link: Link, task_attributes: Mapping[str, Any], now: float) -> bool:
    """Whether this work is still to be done; what nobody has to do is withdrawn. Raises NotDone."""
    if link.work == MESSAGE_KIND and not offering.is_wanted(task_attributes):
        closing.withdraw(link, "somebody has seen to it")
        return False
    if link.callback and not calling_back.is_wanted(link, text(task_attributes.get("work_key")), now):
        log.info("nobody is to be called back by this task", **link.key.sids)
        return False
    if link.consult_of and not consulted.is_wanted(link):
        closing.withdraw(link, consulting.NOT_NEEDED)
        return False
    return True


def _approve(link: Link, approved: crm.Approval, task_attributes: Mapping[str, Any], now: float) -> None:
    """The worker may take the caller, or the work, in the browser, which asks for this; nobody is rung."""
    kept = _said_by_crm(approved)
    if link.work:
        kept |= words.at_desk(callcenter.current().work_of(link.work), {"name": approved.name, **task_attributes})
    try:
        steps.approve(link.key, now, kept)
    except table.ConditionFailed:
        log.info("nothing is to be taken any more", **link.key.sids)
        return
    log.info("the desk may take it", **link.key.sids)


def _said_by_crm(approved: crm.Approval) -> dict[str, object]:
    """What is kept of the CRM's yes."""
    return {"crm_name": approved.name, "crm_whisper": approved.whisper, "crm_data": dict(approved.data) or None}


def _is_rung_by_taskrouter(link: Link, leg: str) -> bool:
    """Whether this dial would be the second one.

    An assignment that could not be recorded was answered with a dequeue, and came again; TaskRouter keeps the sid of
    the leg that it places with the task (contract 6), where it stays when the leg has ended.
    """
    if not leg or not rest.calls.is_live(leg):
        return False
    try:
        steps.record_leg(link.key, leg, by_taskrouter=True)
    except table.ConditionFailed:
        log.info("the leg is known", **link.key.sids)
    return True


def _resume(key: Key, link: Link | None, now: float) -> None:
    """The job was delivered before: find out how far it came, and do what is harmless."""
    if link is None or is_over(link) or not link.policy.by_job or link.worker_call_sid or link.approved_at:
        log.info("job has nothing to do", **key.sids, state=link.state if link else "missing")
    elif link.state == "preparing" or now < link.dialing_at + jobs.LEASE_SECONDS:
        raise Retry("another delivery of this job is at work")
    elif link.state == "dialing":
        # Nobody knows whether the phone rang, and a second dial could ring it twice: the next worker gets the caller.
        closing.reject(link, "dial lost", "", now)


def _dial(link: Link, approved: crm.Approval, task_attributes: Mapping[str, Any], clock: Callable[[], float]) -> None:
    """Ring the worker if the reservation is still wanted and there is time."""
    if clock() > link.deadline:
        closing.reject(link, "too late to dial", "", clock())
        return
    status = rest.reservations.status(link.task_sid, link.reservation_sid)
    if status != "pending":
        closing.close_as(link.key, status, "", clock())
        return
    kept = _said_by_crm(approved)
    if link.work:
        kept |= words.of_work(callcenter.current().work_of(link.work), {"name": approved.name, **task_attributes})
    if link.work == MESSAGE_KIND:
        kept |= _of_message(link, str(kept["work_dial"]), task_attributes)
    try:
        link = steps.begin_dial(link.key, clock(), kept)
    except table.ConditionFailed:
        log.info("nobody to dial for any more", **link.key.sids)
        return
    _ring(link, clock)


def _of_message(link: Link, dial: str, task_attributes: Mapping[str, Any]) -> dict[str, str]:
    """Which message it is. Anybody can show any number when they call: callbacks' rules say which is called back."""
    center = callcenter.current()
    _, line = center.line_of(link.caller_id)
    countries = line.callback.countries if line.callback else ANYWHERE
    allowed = dial if numbers.is_allowed(dial, countries, center.own_numbers()) else ""
    return {"work_dial": allowed} | {name: sid(task_attributes.get(name)) for name in ("message_of", "recording_sid")}


def _ring(link: Link, clock: Callable[[], float]) -> None:
    """Place the worker leg; with another number of ours when Twilio refuses the caller id."""
    for caller_id in _caller_ids(link):
        try:
            ringing = rest.calls.ring(_order(link, caller_id))
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


def _order(link: Link, caller_id: str) -> rest.calls.Ring:
    leg = {"subject": link.subject, "reservation_sid": link.reservation_sid}
    beside = link.answer == "key+detect"
    return rest.calls.Ring(
        to=link.contact_uri,
        caller_id=caller_id,
        answer_url=_answer_url(link, leg),
        status_url=urls.WORKER_STATUS.url(link.base_url, **leg),
        timeout=_rules(link).ring_timeout,
        detects=beside or link.answer == "detect",
        detected_url=urls.WORKER_DETECTED.url(link.base_url, **leg) if beside else "",
    )


def _answer_url(link: Link, leg: Mapping[str, str]) -> str:
    """It decides what a leg asks for, so that it does so also while the table is down."""
    match link.answer:
        case "":
            return urls.WORKER_ANSWER.url(link.base_url, **leg)
        case "detect":
            return urls.WORKER_VERDICT.url(link.base_url, **leg)
        case _:
            return urls.WORKER_ASK.url(link.base_url, **leg, attempt="1")


def _refused(link: Link, error: rest.TwilioRejected, now: float) -> None:
    """Twilio refuses the call: the worker is moved only when the worker's own number is what is wrong."""
    _log_refusal(link, error)
    if error.code in WORKER_NUMBER_REFUSED:
        activity = environment.current().activity_sid(_rules(link).activities.unreachable)
        closing.reject(link, f"unreachable: {error.code}", activity, now)
    else:
        closing.reject_later(link, f"refused: {error.code}", now)


def _log_refusal(link: Link, error: rest.TwilioRejected) -> None:
    failed = metrics.of(metrics.WORKER_LEGS_FAILED)
    log.error("worker cannot be reached", failed, worker_sid=link.worker_sid, code=error.code)


def _follow(link: Link, ringing: rest.calls.Ringing, now: float) -> None:
    """Keep the leg's sid, and end the leg at once if the link was closed meanwhile, or its time is over."""
    try:
        link = steps.record_leg(link.key, ringing.call_sid)
    except table.ConditionFailed:
        closing.end_leg(ringing.call_sid, link.subject)  # another leg has this link
        return
    if is_over(link):
        closing.end_leg(ringing.call_sid, link.subject)
    elif now + ringing.queue_seconds > link.deadline:
        closing.end_leg(ringing.call_sid, link.subject)
        closing.reject(link, "too late to ring", "", now, leg_ended=True)


def _rules(link: Link) -> Queue:
    return callcenter.current().queue(link.queue)

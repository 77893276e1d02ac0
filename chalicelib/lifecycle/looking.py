"""What the sweep does about one thing that is open past its time: a link, a caller who waits, a task at Twilio.

It is done by the sweep itself, or by a job that it has handed a page of them to.
"""

from collections.abc import Callable, Mapping
from functools import partial

import msgspec

from chalicelib import jobs
from chalicelib.config import callcenter
from chalicelib.lifecycle import closing, consulting, lead_out, orders, refusal, wrap_up
from chalicelib.lifecycle.recorded import SOON_SECONDS
from chalicelib.links import caller_leg, reading, steps, table
from chalicelib.links.model import Call, Key, Link, Outcome, outcome_of
from chalicelib.observability import log
from chalicelib.twilio import rest
from chalicelib.twilio.values import sid

# Of the 20 s of a job: nothing is begun later. A page takes some five.
PAGE_SECONDS = 10.0
# A page that waited longer in the queue: the next sweep has come, and has handed over again what is still open.
STALE_SECONDS = 60


def look(what: jobs.Looked, due: table.Due, now: float) -> str:
    """What was done about it. Raises rest.NotDone: Twilio cannot be reached."""
    return guarded(partial(_LOOKS[what], due, now), _about(what, due))


def look_at_page(job: jobs.LookAt, clock: Callable[[], float]) -> None:
    """A page of the sweep's. What cannot be done now stays due, and is found by the next sweep."""
    began = clock()
    if began > job.at + STALE_SECONDS:
        log.info("page is stale", rows=len(job.rows))
        return
    for number, row in enumerate(job.rows):
        if clock() > began + PAGE_SECONDS:
            log.warning("page: out of time", left=len(job.rows) - number)
            return
        try:
            look(job.what, table.Due(Key(row.subject, row.item), row.check_at), clock())
        except rest.NotDone as error:
            log.warning("page: Twilio cannot be reached", why=str(error), left=len(job.rows) - number)
            return


def _about(what: jobs.Looked, due: table.Due) -> Mapping[str, str]:
    match what:
        case "link":
            return due.key.sids
        case "call":
            return {"call_sid": due.key.subject}
        case _:
            return {"task_sid": due.key.subject}


def guarded(act: Callable[[], str], about: Mapping[str, str]) -> str:
    """What `act` did. Its error is logged and the next one is not held up, unless Twilio cannot be reached at all."""
    with log.Context(**about):
        try:
            did = act()
        except rest.NotDone:
            raise
        except Exception as error:
            log.error("sweep failed", why=type(error).__name__)
            return "failed"
        log.info("swept", did=did)
        return did


def _look_at_link(due: table.Due, now: float) -> str:
    try:
        link = _with_task(steps.reschedule_check(due.key, due.check_at, now + SOON_SECONDS))
        status = rest.reservations.status(link.task_sid, link.reservation_sid)
        if outcome := outcome_of(status):
            return _close(link, "completed" if outcome == "unknown" and link.bridged_at else outcome, now)
        if status == "pending" and link.task_sid:
            return _pending(link, now)
        return _joined(link, status, now) if status in ("accepted", "wrapping") and link.task_sid else f"left {status}"
    except table.ConditionFailed:
        return "taken"  # closed by its event, or by another sweep


def _with_task(link: Link) -> Link:
    """A link that a leg's callback made does not know its task; the call's own record may."""
    if link.task_sid:
        return link
    call = reading.of_call(link.subject).call
    return msgspec.structs.replace(link, task_sid=call.task_sid if call else "")


def _pending(link: Link, now: float) -> str:
    """Nobody is joined. Where a phone may be ringing, the reservation has time until its end."""
    if link.is_refused:
        refusal.give_back(link, now)
        return "given back"
    too_late = link.deadline + steps.CHECK_AFTER_SECONDS
    if link.policy.by_job and now < too_late and not link.worker_call_sid:
        steps.reschedule_check(link.key, link.check_at, too_late)
        return _have_rung(link)
    end = link.reserved_at + callcenter.current().reservation_timeout + steps.CHECK_AFTER_SECONDS
    if now < end and (link.worker_call_sid or not link.policy.owns_leg):
        steps.reschedule_check(link.key, link.check_at, end)
        return "left pending"
    # Reject first: if the two are being joined at this moment, Twilio refuses, and the leg is left alone.
    if not rest.reservations.reject(link.task_sid, link.reservation_sid):
        return "left pending"
    return _close(link, "rejected", now, "nobody was joined" if link.worker_call_sid else "nobody rang")


def _have_rung(link: Link) -> str:
    """There is time to ring. A link that no job has taken by now has lost its message, or was never sent one."""
    if link.state != "reserved":
        return f"left {link.state}"
    jobs.send(jobs.RingWorker(link.subject, link.reservation_sid))
    return "job sent again"


def _joined(link: Link, status: str, now: float) -> str:
    """The two talk, or talked, or work is taken; without an event `bridged_at` is the time of this check.

    Twilio may keep a task assigned for a day after its call has ended (contract 12): then we complete it.
    """
    goes_on = status == "accepted"
    if link.consult_number:
        consulting.look(link, now)
    if goes_on and not link.policy.needs_phone:
        if orders.is_over(link, now):
            return orders.end(link, now)
    elif goes_on and _is_over(link):
        if link.consult_of:
            consulting.colleague_left(link, now)
        return wrap_up.finish_task(link.task_sid, "swept: the call is over", now)
    if link.state != "bridged":
        link = steps.upsert_state(link.key, "bridged", now, {})
    is_alone = not (link.consult_number or link.consult_of)
    later = steps.CHECK_TALK_SECONDS if goes_on and is_alone else SOON_SECONDS
    steps.reschedule_check(link.key, link.check_at, now + later)
    return f"left {status}"


def _is_over(link: Link) -> bool:
    """Whether the talk is: the call may go on with somebody else, to whom the worker gave the caller."""
    if link.is_given_away:
        return True
    return not rest.calls.is_live(link.subject if link.policy.has_caller else link.worker_call_sid)


def _close(link: Link, outcome: Outcome, now: float, reason: str = "") -> str:
    closing.close(link.key, outcome, f"swept: {reason}" if reason else link.reason or "swept", now)
    return outcome


def _look_at_caller(due: table.Due, now: float) -> str:
    try:
        call = caller_leg.reschedule(due, now + caller_leg.CHECK_CALLER_SECONDS)
    except table.ConditionFailed:
        return "taken"  # the caller left the queue, or another sweep is here
    if not call.task_sid:  # its event is lost; whoever was reserved knows the task
        links = reading.of_call(call.call_sid).links
        mine = [link for link in links if link.policy.has_caller and not link.is_requeued]
        known = [link.task_sid for link in mine if link.task_sid]
        call = msgspec.structs.replace(call, task_sid=next(iter(known), ""))
    task = rest.tasks.fetch(call.task_sid) if call.task_sid else None
    status = task.status if task else "gone"
    if status in ("pending", "reserved"):
        return _waiting(call, now)
    if status in ("assigned", "wrapping", "completed") or call.left_queue_at or _was_joined(call):
        _look_no_more(call, now)  # the links are looked after by themselves
        return f"left {status}"
    base_url = lead_out.base_url_for(call.base_url, call.called, call.attributes or {})
    did = lead_out.lead_out(call.call_sid, base_url, now)
    if did == "has gone":
        _look_no_more(call, now)
    return did


def _waiting(call: Call, now: float) -> str:
    """Twilio may keep a task that was never assigned after its caller has gone (contract 12): then we cancel it."""
    if not call.left_queue_at and rest.calls.is_live(call.call_sid):
        return "left waiting"
    closing.end_task_of_gone(call.call_sid, call.task_sid, now)
    _look_no_more(call, now)
    return "canceled"


def _look_no_more(call: Call, now: float) -> None:
    caller_leg.record(call.call_sid, {}, now, left_queue=True)


def _was_joined(call: Call) -> bool:
    links = [link for link in reading.of_call(call.call_sid).links if link.is_of_the_caller]
    return any(link.bridged_at and not link.is_requeued for link in links)


def _end_wrap_up(due: table.Due, now: float) -> str:
    return wrap_up.finish_task(due.key.subject, "swept", now)


def _finish_if_over(due: table.Due, now: float) -> str:
    """Twilio may keep a task assigned for a day after its call has ended (contract 12): then we complete it."""
    task_sid = due.key.subject
    task = rest.tasks.fetch(task_sid)
    call_sid = sid(task.attributes.get("call_sid")) if task else ""
    if not call_sid or rest.calls.is_live(call_sid):
        return "left assigned"
    return wrap_up.finish_task(task_sid, "swept: the call is over", now)


_LOOKS: Mapping[jobs.Looked, Callable[[table.Due, float], str]] = {
    "link": _look_at_link,
    "call": _look_at_caller,
    "wrapping": _end_wrap_up,
    "assigned": _finish_if_over,
}

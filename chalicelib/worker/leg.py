"""The use cases of the worker leg: CRM first, then ring; answer, busy, no answer, too late."""

from collections.abc import Callable

import msgspec

from chalicelib import crm
from chalicelib.config import callcenter, environment
from chalicelib.config.callcenter import AGAIN, Queue
from chalicelib.jobs import CompleteTask, GiveUp, HangUp, Job, RingWorker
from chalicelib.lifecycle import closing
from chalicelib.links import table
from chalicelib.links.model import Key, Link, is_over
from chalicelib.observability import log, metrics
from chalicelib.twilio import rest
from chalicelib.twilio.request import NOTED, Answer, Webhook, sid
from chalicelib.worker import twiml

Clock = Callable[[], float]

# The time that jobs_consumer has in Lambda: after that, whoever claimed a link is no longer at work on it.
LEASE_SECONDS = 20

LOGGED = ("call_sid", "worker_call_sid", "task_sid", "reservation_sid")


class TryAgain(Exception):
    """Not now: SQS delivers the message again after its visibility timeout."""


def work(job: Job, clock: Clock) -> None:
    """Do one job of the queue; the same job twice does nothing more. Raises when it has to come again."""
    with log.About(job=type(job).__name__, **_named(job)):
        try:
            _do(job, clock)
        except (TryAgain, rest.Unavailable, rest.Unknown) as error:
            log.warning("job comes again", metrics.of(metrics.JOBS_TRIED_AGAIN), why=str(error))
            raise
        except Exception as error:
            log.error("job failed", metrics.of(metrics.JOBS_TRIED_AGAIN), why=type(error).__name__)
            raise


def _named(job: Job) -> dict[str, str]:
    """The sids of calls, task and reservation that this job has."""
    return {name: sid(value) for name, value in msgspec.structs.asdict(job).items() if name in LOGGED}


def _do(job: Job, clock: Clock) -> None:
    match job:
        case RingWorker():
            _ring_worker(job.key, clock)
        case GiveUp():
            closing.reject(job.key, job.task_sid, job.reason, job.activity_sid, clock())
        case HangUp():
            rest.hang_up(job.worker_call_sid)
        case CompleteTask():
            did = closing.finish_task(job.task_sid, "", clock())
            log.info("wrap-up is over", did=did)


def _ring_worker(key: Key, clock: Clock) -> None:
    try:
        link = table.claim(key, clock(), LEASE_SECONDS)
    except table.Lost as lost:
        _resume(key, lost.current, clock())
        return
    if clock() > link.deadline:  # a message that was long on its way: nothing to trouble the CRM with
        closing.reject(link.key, link.task_sid, "too late to dial", "", clock())
        return
    approval = _ask_crm(link, clock)
    if approval:
        _dial(link, approval, clock)


def _resume(key: Key, link: Link | None, now: float) -> None:
    """The job was delivered before: find out how far it came, and do what is harmless."""
    if link is None or is_over(link) or link.mode == "direct" or link.worker_call_sid:
        log.info("job has nothing to do", **_sids(key), state=link.state if link else "missing")
    elif link.state == "preparing" or now < link.dialing_at + LEASE_SECONDS:
        raise TryAgain("another delivery of this job is at work")
    elif link.state == "dialing":
        # Nobody knows whether the phone rang, and a second dial could ring it twice: the next worker gets the caller.
        closing.reject(key, link.task_sid, "dial lost", "", now)


def _ask_crm(link: Link, clock: Clock) -> crm.Approval | None:
    """The CRM's approval; None when it said no or could not be asked, and the reservation has been rejected."""
    rules = _rules(link)
    attempt = crm.Attempt(
        idempotency_key=link.reservation_sid,
        call_sid=link.call_sid,
        caller=link.caller,
        called=link.caller_id,
        queue=link.queue,
        worker_sid=link.worker_sid,
        worker_name=link.worker_name,
        at=clock(),
    )
    try:
        return crm.prepare(rules.crm, attempt)
    except (crm.Declined, crm.Unavailable) as error:
        why = "declined" if isinstance(error, crm.Declined) else "CRM failed"
        if isinstance(error, crm.Unavailable):
            log.warning(why, metrics.of(metrics.CRM_FAILURES), why=str(error))
        closing.reject(link.key, link.task_sid, f"{why}: {error}", _activity(rules.activities.declined), clock())
        return None


def _dial(link: Link, approval: crm.Approval, clock: Clock) -> None:
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
    except table.Lost:
        log.info("nobody to dial for any more", **_sids(link.key))
        return
    _ring(link, clock)


def _ring(link: Link, clock: Clock) -> None:
    rules = _rules(link)
    leg_url = f"{link.base_url}/worker/{link.call_sid}/{link.reservation_sid}"
    ring = rest.Ring(
        link.contact_uri, link.caller_id, f"{leg_url}/answer{AGAIN}", f"{leg_url}/status{AGAIN}", rules.ring_timeout
    )
    try:
        ringing = rest.ring_worker(ring)
    except rest.Refused as error:
        failed = metrics.of(metrics.WORKER_LEGS_FAILED)
        log.error("worker cannot be reached", failed, worker_sid=link.worker_sid, code=error.code)
        activity = _activity(rules.activities.unreachable)
        closing.reject(link.key, link.task_sid, f"unreachable: {error.code}", activity, clock())
        return
    except rest.Unavailable as error:
        closing.reject(link.key, link.task_sid, f"not dialled: {error}", "", clock())
        return
    except rest.Unknown as error:
        raise TryAgain(str(error)) from error
    _follow(link, ringing, clock())


def _follow(link: Link, ringing: rest.Ringing, now: float) -> None:
    """Keep the leg's sid, and end the leg at once if in the meantime nobody wants it any more."""
    try:
        link = table.record_leg(link.key, ringing.call_sid)
    except table.Lost:
        closing.end_leg(ringing.call_sid, link.call_sid)  # another leg has this link
        return
    if is_over(link):
        closing.end_leg(ringing.call_sid, link.call_sid)
    elif now + ringing.queue_seconds > link.deadline:
        closing.end_leg(ringing.call_sid, link.call_sid)
        closing.reject(link.key, link.task_sid, "too late to ring", "", now)


def answer(webhook: Webhook, now: float) -> str:
    """The worker has answered: TwiML that joins the caller, or one sentence. The same leg hears the same again."""
    key, leg = _key(webhook), sid(webhook.form.get("CallSid"))
    if not (key and leg):
        return twiml.say_goodbye(twiml.CALLER_GONE)
    try:
        link = table.follow_leg(key, "answered", leg, now)
    except table.Lost as lost:
        if lost.current is None or is_over(lost.current):
            return twiml.say_goodbye(twiml.CALLER_GONE)
        if lost.current.worker_call_sid != leg:
            return twiml.say_goodbye(twiml.TAKEN)
        link = lost.current
    after_call = _activity(_rules(link).activities.after_call)
    return twiml.connect(link.reservation_sid, after_call, link.crm_whisper)


def answer_without_record(webhook: Webhook) -> str:
    """The table is down: join the two all the same. Twilio itself refuses a reservation that is not pending."""
    key = _key(webhook)
    return twiml.connect(key.reservation_sid, "") if key else twiml.say_goodbye(twiml.CALLER_GONE)


def follow_status(webhook: Webhook, now: float) -> Answer:
    """A status callback of the worker leg (contract 7.2): twice, late and out of order does no harm."""
    key, leg, status = _key(webhook), sid(webhook.form.get("CallSid")), webhook.form.get("CallStatus", "")
    if not (key and leg):
        log.warning("status of no leg", status=status)
        return NOTED
    try:
        if status == "ringing":
            table.follow_leg(key, "ringing", leg, now)
            return NOTED
        link = table.record_leg(key, leg)
    except table.Lost as lost:
        if lost.current is None:
            log.info("status of a leg without a link", **_sids(key), status=status)
            return NOTED
        link = lost.current
    _leg_is(link, leg, status, now)
    return NOTED


def _leg_is(link: Link, leg: str, status: str, now: float) -> None:
    stray = bool(link.worker_call_sid) and link.worker_call_sid != leg
    match status:
        case "initiated" | "queued" | "ringing" | "in-progress" if (stray or is_over(link)) and link.mode != "direct":
            closing.end_leg(leg, link.call_sid)
        case "in-progress" if link.mode == "direct":
            _answered_directly(link, leg, now)
        case "busy" | "no-answer" | "failed" if link.mode == "direct":
            _leave_worker_out(link, status)
        case "busy" | "no-answer" | "failed" | "canceled" | "completed" if not stray and not is_over(link):
            _leg_ended(link, status, now)


def _answered_directly(link: Link, leg: str, now: float) -> None:
    try:
        table.follow_leg(link.key, "answered", leg, now)
    except table.Lost:
        log.info("the link is further already", **_sids(link.key))


def _leg_ended(link: Link, status: str, now: float) -> None:
    """crm-first: unless the two have talked, the next worker gets the caller. direct: the events say how it ended."""
    if link.mode == "direct" or (status == "completed" and link.state == "bridged"):
        return
    closing.give_up(link, "worker hung up" if status == "completed" else status, _activity_after(link, status), now)


def _leave_worker_out(link: Link, status: str) -> None:
    """direct: TaskRouter takes the reservation back by itself, and would offer it to the same worker again at once.

    Its event may come before this callback; whether the reason is news tells the first callback from its repeats.
    """
    activity = _activity_after(link, status)
    if not table.explain(link.key, status) or not activity:
        return
    try:
        rest.move_worker(link.worker_sid, activity)
    except (rest.Unavailable, rest.Unknown) as error:
        # Offered again, the worker is called again, and this is tried again.
        log.error("worker not left out", **_sids(link.key), worker_sid=link.worker_sid, why=str(error))


def _activity_after(link: Link, status: str) -> str:
    """Where a worker goes whose leg ended like this before the two were joined; empty: nowhere."""
    activities = _rules(link).activities
    if status == "failed":
        failed = metrics.of(metrics.WORKER_LEGS_FAILED)
        log.error("worker cannot be reached", failed, **_sids(link.key), worker_sid=link.worker_sid)
        return _activity(activities.unreachable)
    return _activity(activities.no_answer) if status in ("busy", "no-answer") else ""


def _rules(link: Link) -> Queue:
    return callcenter.current().queue(link.queue)


def _activity(name: str) -> str:
    return environment.current().activity_sid(name)


def _key(webhook: Webhook) -> Key | None:
    """The link that the path names; None when these are no sids."""
    key = Key(sid(webhook.path["call_sid"]), sid(webhook.path["reservation_sid"]))
    return key if key.call_sid and key.reservation_sid else None


def _sids(key: Key) -> dict[str, str]:
    return msgspec.structs.asdict(key)

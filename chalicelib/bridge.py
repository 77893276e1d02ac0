"""The use cases of the worker leg: CRM first, then ring; answer, busy, no answer, too late; hang up."""

from collections.abc import Callable

import msgspec

from chalicelib import callcenter, crm, jobs, links, log, metrics, settings, telephony, worker
from chalicelib.callcenter import AGAIN, Queue
from chalicelib.jobs import CompleteTask, GiveUp, HangUp, Job, RingWorker
from chalicelib.link import Key, Link, Outcome, is_over, outcome_of
from chalicelib.webhook import Answer, Webhook, attributes, sid

Clock = Callable[[], float]

# The time that bridge_job has in Lambda: after that, whoever claimed a link is no longer at work on it.
LEASE_SECONDS = 20

LOGGED = ("call_sid", "worker_call_sid", "task_sid", "reservation_sid")

NOTED = Answer(204, "", "application/json")


class TryAgain(Exception):
    """Not now: SQS delivers the message again after its visibility timeout."""


def work(job: Job, clock: Clock) -> None:
    """Do one job of the queue; the same job twice does nothing more. Raises when it has to come again."""
    with log.About(job=type(job).__name__, **_named(job)):
        try:
            _do(job, clock)
        except (TryAgain, telephony.Unavailable, telephony.Unknown) as error:
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
            _give_up(job.key, job.task_sid, job.reason, job.activity_sid, clock())
        case HangUp():
            telephony.hang_up(job.worker_call_sid)
        case CompleteTask():
            did = finish_task(job.task_sid, "", clock())
            log.info("wrap-up is over", did=did)


def _ring_worker(key: Key, clock: Clock) -> None:
    try:
        link = links.claim(key, clock(), LEASE_SECONDS)
    except links.Lost as lost:
        _resume(key, lost.current, clock())
        return
    if clock() > link.deadline:  # a message that was long on its way: nothing to trouble the CRM with
        _give_up(link.key, link.task_sid, "too late to dial", "", clock())
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
        _give_up(key, link.task_sid, "dial lost", "", now)


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
        _give_up(link.key, link.task_sid, f"{why}: {error}", _activity(rules.activities.declined), clock())
        return None


def _dial(link: Link, approval: crm.Approval, clock: Clock) -> None:
    """Ring the worker if the reservation is still wanted and there is time."""
    if clock() > link.deadline:
        _give_up(link.key, link.task_sid, "too late to dial", "", clock())
        return
    status = telephony.reservation_status(link.task_sid, link.reservation_sid)
    if status != "pending":
        _close_as(link.key, status, "", clock())
        return
    kept = {"crm_name": approval.name, "crm_line": approval.line, "crm_data": dict(approval.data) or None}
    try:
        link = links.advance(link.key, "dialing", clock(), kept)
    except links.Lost:
        log.info("nobody to dial for any more", **_sids(link.key))
        return
    _ring(link, clock)


def _ring(link: Link, clock: Clock) -> None:
    rules = _rules(link)
    leg_url = f"{link.base_url}/worker/{link.call_sid}/{link.reservation_sid}"
    ring = telephony.Ring(
        link.contact_uri, link.caller_id, f"{leg_url}/answer{AGAIN}", f"{leg_url}/status{AGAIN}", rules.ring_timeout
    )
    try:
        ringing = telephony.ring_worker(ring)
    except telephony.Refused as error:
        failed = metrics.of(metrics.WORKER_LEGS_FAILED)
        log.error("worker cannot be reached", failed, worker_sid=link.worker_sid, code=error.code)
        activity = _activity(rules.activities.unreachable)
        _give_up(link.key, link.task_sid, f"unreachable: {error.code}", activity, clock())
        return
    except telephony.Unavailable as error:
        _give_up(link.key, link.task_sid, f"not dialled: {error}", "", clock())
        return
    except telephony.Unknown as error:
        raise TryAgain(str(error)) from error
    _follow(link, ringing, clock())


def _follow(link: Link, ringing: telephony.Ringing, now: float) -> None:
    """Keep the leg's sid, and end the leg at once if in the meantime nobody wants it any more."""
    try:
        link = links.record_leg(link.key, ringing.call_sid)
    except links.Lost:
        end_leg(ringing.call_sid, link.call_sid)  # another leg has this link
        return
    if is_over(link):
        end_leg(ringing.call_sid, link.call_sid)
    elif now + ringing.queue_seconds > link.deadline:
        end_leg(ringing.call_sid, link.call_sid)
        _give_up(link.key, link.task_sid, "too late to ring", "", now)


def answer(webhook: Webhook, now: float) -> str:
    """The worker has answered: TwiML that joins the caller, or one sentence. The same leg hears the same again."""
    key, leg = _key(webhook), sid(webhook.form.get("CallSid"))
    if not (key and leg):
        return worker.say_goodbye(worker.CALLER_GONE)
    try:
        link = links.follow_leg(key, "answered", leg, now)
    except links.Lost as lost:
        if lost.current is None or is_over(lost.current):
            return worker.say_goodbye(worker.CALLER_GONE)
        if lost.current.worker_call_sid != leg:
            return worker.say_goodbye(worker.TAKEN)
        link = lost.current
    after_call = _activity(_rules(link).activities.after_call)
    return worker.connect(link.reservation_sid, after_call, link.crm_line)


def answer_without_record(webhook: Webhook) -> str:
    """The table is down: join the two all the same. Twilio itself refuses a reservation that is not pending."""
    key = _key(webhook)
    return worker.connect(key.reservation_sid, "") if key else worker.say_goodbye(worker.CALLER_GONE)


def follow_status(webhook: Webhook, now: float) -> Answer:
    """A status callback of the worker leg (contract 7.2): twice, late and out of order does no harm."""
    key, leg, status = _key(webhook), sid(webhook.form.get("CallSid")), webhook.form.get("CallStatus", "")
    if not (key and leg):
        log.warning("status of no leg", status=status)
        return NOTED
    try:
        if status == "ringing":
            links.follow_leg(key, "ringing", leg, now)
            return NOTED
        link = links.record_leg(key, leg)
    except links.Lost as lost:
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
            end_leg(leg, link.call_sid)
        case "in-progress" if link.mode == "direct":
            _answered_directly(link, leg, now)
        case "busy" | "no-answer" | "failed" if link.mode == "direct":
            _leave_worker_out(link, status)
        case "busy" | "no-answer" | "failed" | "canceled" | "completed" if not stray and not is_over(link):
            _leg_ended(link, status, now)


def _answered_directly(link: Link, leg: str, now: float) -> None:
    try:
        links.follow_leg(link.key, "answered", leg, now)
    except links.Lost:
        log.info("the link is further already", **_sids(link.key))


def _leg_ended(link: Link, status: str, now: float) -> None:
    """crm-first: unless the two have talked, the next worker gets the caller. direct: the events say how it ended."""
    if link.mode == "direct" or (status == "completed" and link.state == "bridged"):
        return
    give_up(link, "worker hung up" if status == "completed" else status, _activity_after(link, status), now)


def _leave_worker_out(link: Link, status: str) -> None:
    """direct: TaskRouter takes the reservation back by itself, and would offer it to the same worker again at once.

    Its event may come before this callback; whether the reason is news tells the first callback from its repeats.
    """
    activity = _activity_after(link, status)
    if not links.explain(link.key, status) or not activity:
        return
    try:
        telephony.move_worker(link.worker_sid, activity)
    except (telephony.Unavailable, telephony.Unknown) as error:
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


def give_up(link: Link, reason: str, activity_sid: str, now: float) -> None:
    """Reject the reservation: now, or by a job when Twilio cannot be reached."""
    try:
        _give_up(link.key, link.task_sid, reason, activity_sid, now)
    except (telephony.Unavailable, telephony.Unknown):
        jobs.send(GiveUp(link.call_sid, link.reservation_sid, link.task_sid, reason, activity_sid))


def end_leg(worker_call_sid: str, call_sid: str) -> None:
    """End a worker leg: now, or by a job when Twilio cannot be reached."""
    try:
        telephony.hang_up(worker_call_sid)
    except (telephony.Unavailable, telephony.Unknown):
        jobs.send(HangUp(worker_call_sid, call_sid))


def caller_gone(call_sid: str, now: float) -> None:
    """The caller has hung up, or left the queue: stop phones that ring, and close what is open for this call."""
    for link in links.story(call_sid).links:
        if not is_over(link) and link.state != "bridged":
            settle(link, "caller gone", now)


def settle(link: Link, reason: str, now: float) -> None:
    """Nobody waits for this link any more: stop its phone, and close it as Twilio says that it ended.

    Its own event says the same, but may be late, or lost.
    """
    if link.worker_call_sid and link.mode != "direct":
        end_leg(link.worker_call_sid, link.call_sid)
    try:
        outcome = _outcome(telephony.reservation_status(link.task_sid, link.reservation_sid))
    except (telephony.Unavailable, telephony.Unknown):
        jobs.send(GiveUp(link.call_sid, link.reservation_sid, link.task_sid, reason))
        return
    if outcome is not None:
        close(link.key, outcome, reason, now, ended_leg=link.worker_call_sid)


def close(
    key: Key, outcome: Outcome, reason: str, now: float, seen: dict[str, str] | None = None, *, ended_leg: str = ""
) -> None:
    """Close a link, and end its worker leg if it may still ring for nobody; `ended_leg` has been ended already."""
    try:
        link = links.close(key, outcome, reason, now, seen)
    except links.Lost:
        return
    if outcome != "completed" and link.worker_call_sid not in ("", ended_leg) and link.mode != "direct":
        end_leg(link.worker_call_sid, link.call_sid)


def _give_up(key: Key, task_sid: str, reason: str, activity_sid: str, now: float) -> None:
    """Reject first and close then: a job that dies in between comes again and finds it rejected."""
    rejected = telephony.reject(task_sid, key.reservation_sid, activity_sid)
    status = "rejected" if rejected else telephony.reservation_status(task_sid, key.reservation_sid)
    _close_as(key, status, reason, now)


def _close_as(key: Key, status: str, reason: str, now: float) -> None:
    """Close the link as the reservation ended; one that is accepted is left to its own events."""
    outcome = _outcome(status)
    counted = metrics.of(metrics.RESERVATIONS_REJECTED, reason=reason) if status == "rejected" else {}
    log.info("reservation is over", counted, **_sids(key), status=status, reason=reason)
    if outcome is None:
        return
    try:
        links.close(key, outcome, reason, now)
    except links.Lost as lost:
        if lost.current and lost.current.outcome != "completed":
            links.explain(key, reason)  # the event was faster than we, and does not know why


def finish_task(task_sid: str, reason: str, now: float) -> str:
    """The wrap-up time is over: put the worker back to work, close the link, complete the task. Says what it did.

    Twilio is asked who served the caller, as an event may be late or lost. The task comes last: while anything is left
    to do it stays in wrapping, where the sweep finds it. After the task's end nothing is done: the worker may be
    wrapping up another call by then.
    """
    task = telephony.task(task_sid)
    call_sid = _caller_of(task) if task else ""
    if task is None or task.status in ("completed", "canceled") or not call_sid:
        return "left as it is"
    log.also(call_sid=call_sid)
    rules = callcenter.current().queue(settings.current().task_queue_name(task.task_queue_sid))
    for reservation in telephony.reservations(task_sid):
        if reservation.status in ("accepted", "wrapping"):
            _back_to_work(reservation.worker_sid, rules)
            _served(task, call_sid, reservation, reason, now)
    telephony.complete_task(task_sid, "wrapped up")
    return "task completed"


def _caller_of(task: telephony.Task) -> str:
    """The caller's leg; empty for a task that <Enqueue> did not make, and that is not ours to end."""
    try:
        return sid(attributes(task.attributes or "{}").get("call_sid"))
    except ValueError:
        return ""


def _back_to_work(worker_sid: str, rules: Queue) -> None:
    wrapping, back = _activity(rules.activities.after_call), _activity(rules.activities.after_wrap_up)
    if not (wrapping and back):
        return
    try:
        telephony.move_worker(worker_sid, back, only_from=wrapping)
    except telephony.Refused as error:  # deleted, say: the task has to end all the same
        log.error("worker not put back to work", worker_sid=worker_sid, why=str(error))


def _served(task: telephony.Task, call_sid: str, reservation: telephony.Reservation, reason: str, now: float) -> None:
    seen = {
        "task_sid": task.sid,
        "worker_sid": reservation.worker_sid,
        "worker_name": reservation.worker_name,
        "queue": settings.current().task_queue_name(task.task_queue_sid),
    }
    close(Key(call_sid, reservation.sid), "completed", reason, now, seen)


def _outcome(status: str) -> Outcome | None:
    """A reservation that Twilio has forgotten was never accepted, or an event would have told."""
    return "canceled" if status == "gone" else outcome_of(status)


def _rules(link: Link) -> Queue:
    return callcenter.current().queue(link.queue)


def _activity(name: str) -> str:
    return settings.current().activity_sid(name)


def _key(webhook: Webhook) -> Key | None:
    """The link that the path names; None when these are no sids."""
    key = Key(sid(webhook.path["call_sid"]), sid(webhook.path["reservation_sid"]))
    return key if key.call_sid and key.reservation_sid else None


def _sids(key: Key) -> dict[str, str]:
    return msgspec.structs.asdict(key)

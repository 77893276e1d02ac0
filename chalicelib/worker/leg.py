"""The worker leg, as Twilio's callbacks report it: answered, busy, no answer, over."""

from chalicelib.config import callcenter, environment
from chalicelib.config.schema import Queue
from chalicelib.lifecycle import closing, refusal
from chalicelib.links import reading, steps, table
from chalicelib.links.model import Key, Link, is_over
from chalicelib.observability import log, metrics
from chalicelib.staff import told
from chalicelib.twilio import rest
from chalicelib.twilio.request import Webhook
from chalicelib.twilio.respond import NO_CONTENT, Answer
from chalicelib.twilio.values import sid
from chalicelib.worker import doing, star, twiml, words
from chalicelib.worker.request import key_of

LIVE = frozenset({"initiated", "queued", "ringing", "in-progress"})
UNANSWERED = frozenset({"busy", "no-answer", "failed"})


def answer(webhook: Webhook) -> str:
    """The worker has answered: TwiML that joins the caller, or one sentence. The same leg hears the same again."""
    key, leg = key_of(webhook), sid(webhook.form.get("CallSid"))
    if not (key and leg):
        return twiml.say_goodbye(twiml.CALLER_GONE)
    try:
        link = steps.follow_leg(key, "answered", leg, webhook.at)
    except table.ConditionFailed as failed:
        if failed.current is None or is_over(failed.current):
            return twiml.say_goodbye(twiml.CALLER_GONE)
        if failed.current.worker_call_sid != leg:
            return twiml.say_goodbye(twiml.TAKEN)
        link = failed.current
    return doing.begin(link, webhook.at) if link.work else star.connect(link, words.of_caller(link))


def answer_without_record(webhook: Webhook) -> str:
    """The table is down: join the two all the same. Twilio itself refuses a reservation that is not pending."""
    key = key_of(webhook)
    return twiml.connect(key.reservation_sid) if key else twiml.say_goodbye(twiml.CALLER_GONE)


def follow_status(webhook: Webhook) -> Answer:
    """A status callback of the worker leg (contract 7.2): twice, late and out of order does no harm."""
    key, leg, status = key_of(webhook), sid(webhook.form.get("CallSid")), webhook.form.get("CallStatus", "")
    if not (key and leg):
        log.warning("status of no leg", status=status)
        return NO_CONTENT
    try:
        if status == "ringing":
            steps.follow_leg(key, "ringing", leg, webhook.at)
            return NO_CONTENT
        link = _record(key, leg, webhook)
    except table.ConditionFailed as failed:
        if failed.current is None:
            log.info("status of a leg without a link", **key.sids, status=status)
            return NO_CONTENT
        link = failed.current
    follow = _follow_own if link.policy.owns_leg else _follow_twilios
    follow(link, leg, status, webhook.at)
    return NO_CONTENT


def _record(key: Key, leg: str, webhook: Webhook) -> Link:
    """Keep the leg's sid. The callback of TaskRouter's own leg, a GET (contract 4.3), makes the row where none is.

    Most links have it by then, which a read says for a fifth of a write's price.
    """
    known = reading.find_link(key)
    if known and known.worker_call_sid:
        return known
    by_taskrouter = webhook.method == "GET"
    try:
        return steps.record_leg(key, leg, by_taskrouter=by_taskrouter)
    except table.ConditionFailed as failed:
        if failed.current or not by_taskrouter:
            raise
    return steps.record_unknown_leg(key, leg, webhook.at)


def _follow_own(link: Link, leg: str, status: str, now: float) -> None:
    """A leg that we placed: end it when it is no longer wanted; once it has ended, the next worker gets the caller."""
    stray = link.worker_call_sid not in ("", leg)
    if status == "completed" and link.bridged_at and not stray:
        told.hung_up_first(link, now)
        star.leg_ended(link, now)
    if status in LIVE:
        if stray or is_over(link):
            closing.end_leg(leg, link.subject)
    elif not stray and not is_over(link) and (status in UNANSWERED or status in ("canceled", "completed")):
        _leg_ended(link, status, now)


def _leg_ended(link: Link, status: str, now: float) -> None:
    """Unless the two have talked, the next worker gets the caller; of one who was refused that is on its way."""
    if link.is_refused:
        refusal.give_back(link, now, leg_ended=True)
        return
    if link.work and link.state in ("answered", "bridged"):
        doing.leg_ended(link, now)
        return
    if status == "completed" and (link.state == "bridged" or _left_with_nobody(link, now)):
        return
    reason = "worker hung up" if status == "completed" else status
    closing.reject_after_leg(link, reason, _activity_after(link, status), now)


def _left_with_nobody(link: Link, now: float) -> bool:
    """The worker answered, and was joined to nobody, as the caller's call was over."""
    try:
        return closing.ended_with_its_caller(link, now)
    except rest.NotDone as error:
        log.warning("nobody knows whether the caller was there", **link.key.sids, why=str(error))
        closing.reject_after_leg(link, "worker hung up", "", now)  # in doubt nobody is moved
        return True


def _follow_twilios(link: Link, leg: str, status: str, now: float) -> None:
    """A leg that TaskRouter placed: it ends the leg and takes the reservation back by itself."""
    if status == "in-progress":
        try:
            steps.follow_leg(link.key, "answered", leg, now)
        except table.ConditionFailed:
            log.info("the link is further already", **link.key.sids)
    elif status in UNANSWERED:
        closing.mark_unavailable(link, status, _activity_after(link, status))


def _activity_after(link: Link, status: str) -> str:
    """The sid of the activity for a worker whose leg ended like this before the two were joined; empty: none."""
    activities = _rules(link).activities
    if status == "failed":
        failed = metrics.of(metrics.WORKER_LEGS_FAILED)
        log.error("worker cannot be reached", failed, **link.key.sids, worker_sid=link.worker_sid)
        return environment.current().activity_sid(activities.unreachable)
    nobody_joined = ("busy", "no-answer", "completed")  # completed: answered, and hung up before the two were joined
    return environment.current().activity_sid(activities.no_answer if status in nobody_joined else "")


def _rules(link: Link) -> Queue:
    return callcenter.current().queue(link.queue)

"""The caller after a talk in a queue with a star key: thanks, or hold, until the worker says what becomes of them.

Each round asks again, so that nothing depends on anybody calling the caller back: the worker's word is read from the
link, a worker who is off the phone is noticed, and after the queue's `hold_seconds` the line's `after.leave` is said.
Where a worker's word and the end of the time come at once, one conditional write decides.
"""

from typing import NamedTuple

from chalicelib import jobs
from chalicelib.caller import called, twiml
from chalicelib.config import callcenter, environment, messages, star
from chalicelib.config.schema import Line, Treatment
from chalicelib.config.star import Star
from chalicelib.lifecycle import giving
from chalicelib.links import caller_leg, model, reading, steps
from chalicelib.links.model import LEFT, LOST, CallRecord, Key, Link
from chalicelib.observability import log
from chalicelib.twilio import rest, urls
from chalicelib.twilio.request import Webhook
from chalicelib.twilio.values import count, sid

LOOK_AT_LEG_EACH = 4  # rounds in which nobody tells that the leg of a worker who chooses is over
TASK_ENDS_SECONDS = 15  # for the event that the first task wraps up, which orders its end


class _Held(NamedTuple):
    """A request of a caller who may be on hold. Times are epoch seconds."""

    webhook: Webhook
    treatment: Treatment
    since: int
    attempt: int

    @classmethod
    def of(cls, webhook: Webhook) -> "_Held":
        treatment = called.treatment(webhook)
        since = count(webhook.path.get("since")) or int(webhook.at)
        return cls(webhook, treatment, since, count(webhook.path.get("attempt")) or 1)

    def is_over(self, rules: Star | None) -> bool:
        """Whether the caller has been on hold for long enough."""
        longest = rules.hold_seconds if rules else callcenter.current().longest_hold
        return self.webhook.at >= self.since + longest

    def next_url(self, reservation_sid: str) -> str:
        path = {"reservation_sid": reservation_sid, "since": str(self.since), "attempt": str(self.attempt + 1)}
        return urls.HOLD.url(self.webhook.base_url, **path)

    @property
    def way(self) -> twiml.Way:
        return twiml.Way(self.webhook.base_url, bool(messages.bucket()))

    def thanks(self) -> str:
        return twiml.after(self.treatment, "bridged", self.way)

    def leave(self) -> str:
        return twiml.after(self.treatment, "leave", self.way)


def hold(webhook: Webhook) -> str:
    """One round: what the worker chose, or hold, or the way out."""
    held, call_sid = _Held.of(webhook), sid(webhook.form.get("CallSid"))
    record = reading.of_call(call_sid) if call_sid else CallRecord(None, ())
    link = _link(record, sid(webhook.path.get("reservation_sid")))
    if link is None or _has_ended(link):
        return held.thanks()
    link = _look(held, link) if not link.transferred_to else _still_there(held, link)
    return _go_on(held, link) if link.transferred_to else _hold_on(held, link)


def without_record(webhook: Webhook) -> str:
    """The table is down, or our own code fails: the caller holds on for as long as callers do, and is led out then."""
    held = _Held.of(webhook)
    if held.is_over(None):
        return held.leave()
    return twiml.hold_on(held.treatment, None, held.attempt, held.next_url(_known(webhook, "reservation_sid")))


def alone(webhook: Webhook) -> str:
    """The caller is alone in the room: the worker is about to come, or has gone; then the caller is on hold again."""
    key = Key(sid(webhook.path["subject"]), sid(webhook.path["reservation_sid"]))
    link = reading.of_call(key.subject).link(key) if key.subject else None
    if link and link.held_at and not _is_on_the_phone(link):
        path = {"reservation_sid": key.reservation_sid, "since": str(int(webhook.at)), "attempt": "1"}
        rest.calls.redirect(key.subject, urls.HOLD.url(webhook.base_url, **path))
    return alone_without_record(webhook)


def alone_without_record(webhook: Webhook) -> str:
    treatment = called.treatment(webhook)
    path = {name: _known(webhook, name) for name in ("subject", "reservation_sid")}
    return twiml.hold_on(treatment, None, 1, urls.ROOM.url(webhook.base_url, **path))


def _known(webhook: Webhook, name: str) -> str:
    """The sid of the path, for the next one."""
    return sid(webhook.path[name]) or "unknown"


def _path(link: Link) -> dict[str, str]:
    return {"subject": link.subject, "reservation_sid": link.reservation_sid}


def _link(record: CallRecord, reservation_sid: str) -> Link | None:
    """The worker's whose talk has ended; where the path does not say it, the call does."""
    wanted = reservation_sid or (record.call.star if record.call else "")
    return next((link for link in record.links if link.reservation_sid == wanted), None)


def _has_ended(link: Link) -> bool:
    """Whether the worker hung up, as most do; a star key of theirs is told a moment after the talk, or before."""
    return not (link.held_at or link.transferred_to or _is_on_the_phone(link))


def _look(held: _Held, link: Link) -> Link:
    """The worker has not chosen yet. Decides where they never will, or where the time is over."""
    is_over = held.is_over(_rules(link))
    looks = is_over or link.is_consulting or not held.attempt % LOOK_AT_LEG_EACH
    if link.held_at and looks and not _is_on_the_phone(link):
        return steps.transfer(link.key, link.consults or LOST, held.webhook.at)
    return steps.transfer(link.key, link.consults or LEFT, held.webhook.at) if is_over else link


def _still_there(held: _Held, link: Link) -> Link:
    """A worker who goes back to the caller may hang up on the way: nobody is sent into a room for nobody."""
    if link.transferred_to == star.BACK and not _is_on_the_phone(link):
        return steps.transfer(link.key, LOST, held.webhook.at, instead_of=star.BACK)
    return link


def _is_on_the_phone(link: Link) -> bool:
    """Whether the worker still is; in doubt they are, as the caller can only hold on for so long."""
    try:
        return bool(link.worker_call_sid) and rest.calls.is_live(link.worker_call_sid)
    except rest.NotDone as error:
        log.warning("nobody knows whether the worker is on the phone", **link.key.sids, why=str(error))
        return True


def _hold_on(held: _Held, link: Link) -> str:
    return twiml.hold_on(held.treatment, _rules(link), held.attempt, held.next_url(link.reservation_sid))


def _go_on(held: _Held, link: Link) -> str:
    match link.transferred_to:
        case star.END:
            return held.thanks()
        case handed if handed.startswith(model.HANDED):
            return held.thanks()
        case model.LEFT:
            return held.leave()
        case star.BACK:
            wait_url = urls.ROOM.url(held.webhook.base_url, **_path(link))
            return twiml.join_room(link.reservation_sid, urls.HOLD_OVER.url(held.webhook.base_url), wait_url)
        case _:
            return _enqueue_again(held, link)


def _enqueue_again(held: _Held, link: Link) -> str:
    """A further wait. A second delivery finds that it has begun, and answers the same."""
    if not isinstance(held.treatment, Line):
        return held.leave()
    call = caller_leg.begin_round(link.subject, link.next_round, held.webhook.at)
    if call is not None:
        _have_task_ended(link)
        log.info("caller is given on", to=link.transferred_to, round=link.next_round)
    routed_by = link.attributes or held.treatment.attributes
    attributes = {**routed_by, **giving.route(link.transferred_to), "transferred_from": link.worker_name}
    workflow_sid = environment.current().workflow_sid
    return twiml.enqueue_again(held.treatment, workflow_sid, held.webhook.base_url, attributes, link.next_round)


def _have_task_ended(link: Link) -> None:
    """The first task is over when its worker has wrapped up: its event may be late, or Twilio may keep it assigned.

    Where this is lost the sweep does it.
    """
    pause = callcenter.current().queue(link.queue).wrap_up.seconds + TASK_ENDS_SECONDS
    try:
        jobs.send(jobs.CompleteTask(link.subject, link.task_sid), delay_seconds=min(pause, 900))
    except Exception as error:
        log.warning("a task is left to the sweep", **link.key.sids, why=type(error).__name__)


def _rules(link: Link) -> Star | None:
    return callcenter.current().queue(link.queue).star

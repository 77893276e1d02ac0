"""A callback goes on by a job: its call is over, its time has come, its task may be lost. Twice is like once."""

from collections.abc import Callable, Mapping

import msgspec

from chalicelib.callbacks import asking, hours, outcome
from chalicelib.config import callcenter
from chalicelib.config.schema import CALLBACK, Work
from chalicelib.links import callbacks as rows
from chalicelib.links import reading
from chalicelib.links.callbacks import HELD_SECONDS, QUEUED_SECONDS, UNPOSTED_SECONDS
from chalicelib.links.model import Callback, CallRecord, is_over
from chalicelib.links.table import ConditionFailed
from chalicelib.observability import log
from chalicelib.twilio import rest
from chalicelib.work import posting
from chalicelib.work.order import LONGEST_ATTRIBUTES, Order

CHANNEL = "voice"  # calls and callbacks share the one place of a worker
UNSETTLED_SECONDS = 600  # a link of the caller's own call that is still open then does not count


def go_on(about: str, now: float) -> str:
    """Do what is due for the callback that this call asked for. Says what it did. Raises NotDone."""
    callback = rows.find(about)
    if callback is None or callback.is_over:
        return "nothing to do"
    try:
        return _DOES[callback.state](callback, now)
    except ConditionFailed:
        return "somebody was faster"


def _held(callback: Callback, now: float) -> str:
    """The caller was on the line: unless they talked to a worker there, or still wait, the callback goes on."""
    record = reading.of_call(callback.on_line)
    talks = [link for link in record.links if link.is_of_the_caller and not link.is_requeued]
    if any(link.bridged_at or link.outcome == "completed" for link in talks) or _bridged(record):
        rows.change(callback, now, state="withdrawn", reason="the caller talked to a worker")
        return "withdrawn"
    if _is_unsettled(record, now) or not _has_left(record, callback.on_line):
        rows.change(callback, now, HELD_SECONDS)
        return "left held"
    _claim(callback, now)
    callback = _placed(callback, record)
    if now < callback.retry_at:
        rows.change(callback, now, callback.retry_at - now, state="waiting", since=callback.since, on_line="")
        return "waits on"
    return _queue(callback, now)


def _placed(callback: Callback, record: CallRecord) -> Callback:
    """With the place that Twilio itself tells of when the caller leaves: the event of the call's task may be lost."""
    own = record if callback.on_line == callback.call_sid else reading.of_call(callback.call_sid)
    call = own.call
    if call is None or not (call.left_queue_at and call.queue_seconds):
        return callback
    return msgspec.structs.replace(callback, since=min(callback.since, call.left_queue_at - call.queue_seconds))


def _claim(callback: Callback, now: float) -> None:
    """Where the webhook that asked for it died before that."""
    about, standing = rows.open_of(callback.phone, callback.line)
    if standing is None:
        rows.claim(callback.phone, callback.line, callback.call_sid, about, now)
    elif about != callback.call_sid:
        rows.change(callback, now, state="withdrawn", reason="another one is open")
        raise ConditionFailed({})


def _bridged(record: CallRecord) -> bool:
    return record.call is not None and record.call.queue_result == "bridged"


def _is_unsettled(record: CallRecord, now: float) -> bool:
    """Whether it may yet turn out that the two talked: an event of it may be late."""
    return any(not is_over(link) and now < link.reserved_at + UNSETTLED_SECONDS for link in record.links)


def _has_left(record: CallRecord, call_sid: str) -> bool:
    return bool(record.call and record.call.left_queue_at) or not rest.calls.is_live(call_sid)


def _waiting(callback: Callback, now: float) -> str:
    """Between two attempts."""
    if now < callback.retry_at:
        rows.change(callback, now, callback.retry_at - now)
        return "left waiting"
    return _queue(callback, now)


def _queue(callback: Callback, now: float) -> str:
    """Make its task, as if it had been made when the caller joined the queue; not while the line is closed."""
    opens_at = hours.opens_at(callback.line, now)
    if opens_at > now:
        rows.change(callback, now, opens_at - now, state="waiting", since=callback.since, on_line="", retry_at=opens_at)
        return "waits for the opening"
    queued = rows.change(
        callback,
        now,
        UNPOSTED_SECONDS,
        state="queued",
        since=callback.since,
        on_line="",
        retry_at=0,
        queued_at=now,
    )
    return _post(queued, now)


def _post(callback: Callback, now: float) -> str:
    """One task, whatever is lost on the way. Raises NotDone: the same again in a while finds out."""
    try:
        posted = posting.post(_order(callback), _rules(callback), now, virtual_start=min(callback.since, now))
    except posting.AtWork:
        raise rest.NotDone("the same callback is being posted") from None
    except rest.TwilioRejected as error:
        return outcome.give_up(callback, f"refused: {error.code}", now)
    try:
        rows.change(callback, now, QUEUED_SECONDS, task_sid=posted.task_sid)
    except ConditionFailed:
        _lost(callback, posted.task_sid)
        raise
    log.info("callback is queued", callback=callback.call_sid, task_sid=posted.task_sid)
    return "queued"


def _lost(callback: Callback, task_sid: str) -> None:
    """Somebody changed the callback while its task was made: is it still its task?"""
    standing = rows.find(callback.call_sid)
    if standing is None or task_sid not in ("", standing.task_sid):
        asking.cancel(task_sid, "withdrawn")


def _order(callback: Callback) -> Order:
    order = Order(
        kind=CALLBACK,
        key=callback.work_key.partition("/")[2],
        attributes=_attributes(callback, callback.attributes),
        priority=None,
    )
    if len(order.task_attributes) <= LONGEST_ATTRIBUTES:
        return order
    line = callcenter.current().lines.get(callback.line)
    return msgspec.structs.replace(order, attributes=_attributes(callback, line.attributes if line else {}))


def _attributes(callback: Callback, routing: Mapping[str, object]) -> dict[str, object]:
    known = {"callback_id": callback.call_sid, "from": callback.number, "to": callback.called}
    return {**routing, **known, "asked_by": callback.caller, "attempt": callback.attempts + 1}


def _rules(callback: Callback) -> Work:
    line = callcenter.current().lines.get(callback.line)
    if line is None:
        return Work(say="", channel=CHANNEL)
    return Work(say="", channel=CHANNEL, priority=line.priority, timeout=line.timeout)


def _queued(callback: Callback, now: float) -> str:
    """Its task is to be made, or is there and may have ended without a word."""
    if not callback.task_sid:
        return _post(callback, now)
    task = rest.tasks.fetch(callback.task_sid)
    if task and task.status == "canceled":
        return outcome.give_up(callback, "its task ended", now)
    if task is None or task.status == "completed":
        return outcome.not_reached(callback, "its task ended", now)
    rows.change(callback, now, QUEUED_SECONDS)
    return f"left {task.status}"


def _taken(callback: Callback, now: float) -> str:
    """A worker dials, or talks; the end of that may be lost."""
    if callback.worker_call_sid and rest.calls.is_live(callback.worker_call_sid):
        rows.change(callback, now, QUEUED_SECONDS)
        return "left talking"
    return outcome.find_out(callback, now)


_DOES: Mapping[str, Callable[[Callback, float], str]] = {
    "held": _held,
    "waiting": _waiting,
    "queued": _queued,
    "taken": _taken,
}

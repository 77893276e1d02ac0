"""A message is offered to workers as work that is no call: a task at a time, until somebody has seen to it."""

from collections.abc import Mapping
from typing import Any

import msgspec

from chalicelib.config import callcenter
from chalicelib.config.schema import MESSAGE_KIND
from chalicelib.links import messages, reading
from chalicelib.links.model import Call, Message, message_key
from chalicelib.observability import log
from chalicelib.twilio import rest
from chalicelib.twilio.values import sid
from chalicelib.work import posting
from chalicelib.work.order import LONGEST_ATTRIBUTES, Order

OF_THE_CALL = frozenset(
    {"call_sid", "conference", "worker_call_sid", "kind", "work_key"}
    | {"agent", "person_queue", "first_worker", "first_wait"}
)
ROOM = 200  # characters of the attributes for what an order adds
ENDED = ("completed", "canceled", "gone")


def offer(message: Message, call: Call | None, now: float) -> Message:
    """Have a task made that offers it. Returns the message as it stands.

    Raises posting.AtWork: another one is at it; rest.NotDone, rest.TwilioRejected, and what AWS raises.
    """
    if not message.routed_by:
        standing = messages.fix_routing(message.key, _routing(message, call))
        if standing.offers != message.offers:
            return standing  # another job was faster
        message = standing
    attributes = {**msgspec.json.decode(message.routed_by), "left_by": message.left_by}
    order = Order(kind=MESSAGE_KIND, key=f"{message.recording_sid}/{message.offers}", attributes=attributes)
    posted = posting.post(order, callcenter.current().work_of(MESSAGE_KIND), now)
    return messages.note_offer(message, posted.task_sid)


def look(message: Message, now: float) -> str:
    """The sweep looks at a message that was offered: where its task has ended with nobody who saw to it, once more.

    Says what it did. Raises what `offer` raises, and table.ConditionFailed: somebody else is at it.
    """
    if message.is_seen_to:
        messages.look_no_more(message.key)
        return "left to whoever has it"
    status = _status(message.task_sid)
    if status in ENDED:
        return _again(message, now)
    waits = status in ("pending", "reserved")
    after = messages.CHECK_OFFER_SECONDS if waits else messages.CHECK_TAKEN_SECONDS
    messages.reschedule(message.key, message.check_at, now + after)
    return f"left {status}"


def _again(message: Message, now: float) -> str:
    try:
        offer(message, reading.of_call(message.subject).call, now)
    except rest.TwilioRejected as error:
        log.error("no worker is rung for the message", why=str(error))
        messages.reschedule(message.key, message.check_at, now + messages.CHECK_OFFER_SECONDS)
        return "left refused"
    return "message offered again"


def find(message_of: str, recording_sid: str) -> Message | None:
    """The message that a worker is rung for; None where there is none."""
    key = message_key(message_of, recording_sid)
    return reading.of_call(message_of).message(key) if message_of and recording_sid else None


def is_wanted(task_attributes: Mapping[str, Any]) -> bool:
    """Whether a worker is still to be rung for the message of this task."""
    message = find(sid(task_attributes.get("message_of")), sid(task_attributes.get("recording_sid")))
    return message is not None and not message.is_seen_to


def _status(task_sid: str) -> str:
    task = rest.tasks.fetch(task_sid) if task_sid else None
    return task.status if task else "gone"


def _routing(message: Message, call: Call | None) -> str:
    """As the caller was routed: by the attributes of their task while Twilio has it, else by those of the line."""
    center = callcenter.current()
    line = center.lines.get(message.line)
    treatment = line or center.simple_queues.get(message.line)
    own = dict(line.attributes) if line else {}
    about = {
        "line": message.line,
        "from": call.caller if call else "",
        "to": call.called if call else "",
        "seconds": max(message.seconds, 0),
        "message_of": message.subject,
        "recording_sid": message.recording_sid,
        "messages_to": (call.person if call else "") or (treatment.voicemail.messages_to if treatment else ""),
    }
    task = rest.tasks.fetch(call.task_sid) if call and call.task_sid else None
    whole = {name: value for name, value in task.attributes.items() if name not in OF_THE_CALL} if task else own
    encoded = msgspec.json.encode({**whole, **about}).decode()
    if len(encoded) + ROOM <= LONGEST_ATTRIBUTES:
        return encoded
    log.warning("the task's attributes are too many for a message", recording_sid=message.recording_sid)
    return msgspec.json.encode({**own, **about}).decode()

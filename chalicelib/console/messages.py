"""The messages that nobody has seen to yet: heard, marked as done, and whoever left one called back."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from chalicelib.callbacks import asking
from chalicelib.config import callcenter
from chalicelib.config.callbacks import Callback as Rules
from chalicelib.console import sounds
from chalicelib.console.answers import Asked, Changed, NotFound, Wrong
from chalicelib.links import board, reading
from chalicelib.links import messages as rows
from chalicelib.links.model import Call, Callback, Message, message_key
from chalicelib.observability import log
from chalicelib.observability.masking import mask
from chalicelib.twilio.values import person

DOES = ("hear", "done", "call back")
WHY_NOT = {"not allowed": "this number may not be called", "too often": "this number was called too often today"}


class Shown(msgspec.Struct, frozen=True):
    """A message as a browser shows it. `at` is epoch seconds, `seconds` -1 where nobody knows; the number is masked."""

    call_sid: str
    recording_sid: str
    at: float
    line: str
    caller: str
    seconds: int
    text: str
    heard_by: str
    may_call_back: bool


def listed(asked: Asked) -> Mapping[str, Any]:
    """Those that the wallboard counts, the earliest first: what was left in the last minute is not among them yet."""
    today = board.today()
    found = [one for call_sid in (today.messages if today else ()) for one in _of_call(call_sid)]
    log.info("messages are seen", count=len(found))
    return {"messages": sorted(found, key=lambda one: one.at)}


def act(asked: Asked) -> Mapping[str, str]:
    """What is `did` with a message: hear, done or call back. Raises NotFound, Wrong, Changed."""
    did, (call, message) = asked.one_of("did", DOES), _find(asked)
    log.bind(call_sid=message.subject, recording_sid=message.recording_sid)
    if did == "hear":
        return {"sound": _hear(message, asked)}
    if did == "call back":
        _call_back(call, asked)
    rows.finish(message.key, asked.person.mail, asked.at)
    log.info("message is done", did=did)
    return {"said": "The caller is called back." if did == "call back" else "Done."}


def _of_call(call_sid: str) -> Iterator[Shown]:
    record = reading.of_call(call_sid)
    for message in record.messages:
        if not (message.is_seen_to or message.dropped_at):
            yield _shown(record.call, message)


def _shown(call: Call | None, message: Message) -> Shown:
    return Shown(
        call_sid=message.subject,
        recording_sid=message.recording_sid,
        at=message.at,
        line=message.line,
        caller=mask(call.caller) if call else "",
        seconds=message.seconds,
        text=mask(message.text),
        heard_by=message.heard_by,
        may_call_back=call is not None and _rules(call) is not None and bool(person(call.caller)),
    )


def _find(asked: Asked) -> tuple[Call | None, Message]:
    """Raises NotFound."""
    subject, recording = asked.path.get("subject", ""), asked.path.get("recording", "")
    record = reading.of_call(subject) if subject else None
    message = record.message(message_key(subject, recording)) if record else None
    if record is None or message is None or message.dropped_at:
        raise NotFound("there is no such message")
    return record.call, message


def _hear(message: Message, asked: Asked) -> str:
    """The URL of the sound."""
    if rows.mark_heard(message.key, asked.person.mail, asked.at):
        log.info("message is heard")
    return sounds.url(message)


def _rules(call: Call) -> Rules | None:
    """How callers of this call's line are called back; None where they are not."""
    line = callcenter.current().lines.get(call.line)
    return line.callback if line else None


def _call_back(call: Call | None, asked: Asked) -> None:
    """Ask a callback for the caller, as if they had asked for it themselves now. Raises Wrong, Changed."""
    rules = _rules(call) if call else None
    if call is None or rules is None or not person(call.caller):
        raise Wrong("nobody is called back there: the line has no callbacks, or the number is withheld")
    line = callcenter.current().lines[call.line]
    wanted = Callback(
        call_sid=call.call_sid,
        line=call.line,
        caller=call.caller,
        number=call.caller,
        called=callcenter.current().caller_id(call.called),
        attributes=asking.attributes_of(call.attributes or line.attributes),
        since=asked.at,
        at=asked.at,
        on_line=call.call_sid,
    )
    try:
        answer, about = asking.ask(wanted, rules, asked.at)
    except asking.Busy:
        raise Changed("this call had its callback already") from None
    if answer != "asked":
        raise Wrong(WHY_NOT[answer])
    log.info("callback is asked for", callback=about)

"""What the inspector's forms ask for: dial, and what a person does with a phone."""

from collections.abc import Callable, Mapping

from emulator.inspector.facts import buttons
from emulator.script import DIGITS, DIGITS_MEANS, E164, E164_MEANS
from emulator.twilio import Twilio

Fields = Mapping[str, str]
LONGEST = 1_000  # characters of what a person says, or is called


class ActionError(Exception):
    """Why it cannot be done, in one sentence."""


def dial(twilio: Twilio, fields: Fields) -> str:
    """Somebody without a script dials a number of the account; the CallSid."""
    caller, to = fields.get("from", "").strip(), fields.get("to", "")
    if not E164.fullmatch(caller):
        raise ActionError(f"from is {caller!r}: it must be {E164_MEANS}")
    if to not in twilio.numbers:
        raise ActionError(f"to is {to!r}: the account's numbers are {', '.join(twilio.numbers) or 'none'}")
    if name := fields.get("name", "").strip():
        twilio.names[caller] = _short("name", name)
    return twilio.dial(caller, to)


def act(name: str, twilio: Twilio, fields: Fields) -> str:
    """One of PHONE; the CallSid. ActionError when the person on the leg cannot do this now."""
    sid = fields.get("call", "")
    call = twilio.context.calls.get(sid)
    if call is None:
        raise ActionError(f"call is {sid!r}: there is no such call")
    if name not in buttons(call):
        raise ActionError(f"{twilio.who(sid)} cannot {name} now: the call is {call.status}")
    PHONE[name](twilio, sid, fields)
    return sid


def _press(twilio: Twilio, sid: str, fields: Fields) -> None:
    digits = fields.get("digits", "").strip()
    if not DIGITS.fullmatch(digits):
        raise ActionError(f"digits is {digits!r}: it must be {DIGITS_MEANS}")
    twilio.press(sid, _short("digits", digits))


def _say(twilio: Twilio, sid: str, fields: Fields) -> None:
    text = fields.get("text", "").strip()
    if not text:
        raise ActionError("text is empty: it must be what the person says")
    twilio.say(sid, _short("text", text))


def _short(field: str, text: str) -> str:
    if len(text) > LONGEST:
        raise ActionError(f"{field} is longer than {LONGEST} characters")
    return text


PHONE: Mapping[str, Callable[[Twilio, str, Fields], None]] = {
    "answer": lambda twilio, sid, _fields: twilio.answer(sid),
    "decline": lambda twilio, sid, _fields: twilio.decline(sid),
    "hang-up": lambda twilio, sid, _fields: twilio.hang_up(sid),
    "press": _press,
    "say": _say,
}

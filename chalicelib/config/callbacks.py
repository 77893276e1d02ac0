"""Callers who wait may be called back instead: [lines.NAME.callback] (pure)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.config.texts import Text

GOODBYE = "Goodbye."
OFFER = "To be called back and keep your place, press {key}."

Prefix = Annotated[str, Meta(pattern=r"^\+[1-9][0-9]{0,10}\Z", description="+ and the first digits of a number")]
Seconds = Annotated[int, Meta(ge=0, le=86400)]
Daily = Annotated[int, Meta(ge=1, le=20)]


class Says(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a caller hears who asks to be called back: the question with its keys, and what speaks against it."""

    ask: Text = "We can call you back at {number}. To confirm press 1."
    ask_closed: Text = "We can call you back at {number} when we are open. To confirm press 1."
    other_number: Text = "For another number press 2."
    stay: Text = "To stay on the line press 3."
    cancel: Text = "To cancel the callback that you have asked for press 4."
    enter: Text = "Please enter the number with its area code, and press the hash key."
    enter_closed: Text = "To be called back, please enter your number with its area code, and press the hash key."
    not_called: Text = "We cannot call this number back."
    too_often: Text = "We cannot call this number back any more today."
    canceled: Text = "You will not be called back. Please stay on the line."
    goodbye: Text = GOODBYE


class Callback(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`countries` are how the numbers begin that may be called; the first is put before one typed without a country.

    `offer_after` and `retry_after` are seconds, `attempts` how often the customer is dialled at most. In a day a number
    is called back for `per_number` requests, and a caller makes `per_caller` of them. `confirm` is said in the queue
    still, `thanks` when the caller has left it.
    """

    countries: Annotated[tuple[Prefix, ...], Meta(min_length=1)]
    key: Annotated[str, Meta(pattern=r"^[0-9*#]\Z", description="one key of a phone")] = "*"
    say: Text = ""
    offer_after: Seconds = 60
    attempts: Annotated[int, Meta(ge=1, le=10)] = 3
    retry_after: Annotated[int, Meta(ge=60, le=86400)] = 900
    other_number: bool = False
    per_number: Daily = 2
    per_caller: Daily = 3
    confirm: Text = "We will call you back at {number}. You keep your place."
    thanks: Text = "You will be called back. Goodbye."
    says: Says = Says()

"""Callers who wait may be called back instead: [lines.NAME.callback] (pure)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.config.texts import Text

Prefix = Annotated[str, Meta(pattern=r"^\+[1-9][0-9]{0,10}\Z", description="+ and the first digits of a number")]
Seconds = Annotated[int, Meta(ge=0, le=86400)]
Daily = Annotated[int, Meta(ge=1, le=20)]

_KEY_NAMES = {"*": "star", "#": "the hash key"}


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

    @property
    def offer(self) -> Text:
        """The sentence that tells who waits of it."""
        named = _KEY_NAMES.get(self.key, self.key)
        return self.say or f"To be called back and keep your place, press {named}."

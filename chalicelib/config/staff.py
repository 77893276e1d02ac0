"""How workers say by text or by phone that they work: [staff] (pure)."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Command = Literal["on", "off", "status", "next", "who", "last", "note", "close", "open", "block"]
Number = Annotated[str, Meta(pattern=r"^\+[1-9][0-9]{6,14}\Z", description="an E.164 number")]
Name = Annotated[str, Meta(min_length=1, max_length=64)]
Word = Annotated[str, Meta(pattern=r"^\S{1,20}\Z", description="one word")]

# Twilio itself acts on these, and a sender who texts one of the first hears nothing from us afterwards (contract 14.5).
TAKEN_BY_TWILIO = frozenset(
    {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"}
    | {"start", "yes", "unstop", "help", "info"}
)
COMMANDS: tuple[Command, ...] = ("on", "off", "status", "next", "who", "last", "note", "close", "open", "block")
WITH_WORDS: tuple[Command, ...] = ("note", "close", "open", "block")  # what follows is no rest, but what is meant
UNTIL = "until"


class Staff(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`numbers` are those that workers text and call; without any nothing of this is on.

    `on` and `off` are the activities; `words` are further words for the commands, in the team's own language. Whoever
    is in a rota is reminded `remind_minutes` before a shift; 0: never.
    """

    numbers: tuple[Number, ...] = ()
    admins: tuple[Name, ...] = ()
    language: str = "en-US"
    voice: str = ""
    words: dict[Word, Literal[Command, "until"]] = {}
    on: str = "Available"
    off: str = "Offline"
    remind_minutes: Annotated[int, Meta(ge=0, le=720)] = 15

    @property
    def is_on(self) -> bool:
        return bool(self.numbers)

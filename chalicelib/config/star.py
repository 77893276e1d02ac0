"""What a worker may do with the caller by the star key, during the talk: [queues.NAME.star] (pure)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.config.callers import Sentence

QUEUE = "queue:"  # how the choice of another queue begins
PERSON, BACK = "person", "back"
AGAIN_PRIORITY = 10  # of whoever waits once more after a talk, before those who wait there: for each wait
MOST_PRIORITY = 2147483647  # of a task at Twilio
END = "end"  # the last choice always: the worker hangs up for both

Entry = Annotated[str, Meta(pattern=r"^(queue:.{1,64}|person|back)\Z", description='"queue:NAME", "person" or "back"')]
Url = Annotated[str, Meta(pattern=r"^https?://")]


class Star(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`menu` has one digit each, in this order; the digit after the last hangs up.

    The caller hears a piece of `hold_music` and then the next one, or `hold_say` where there is none, for
    `hold_seconds` at most. `prompt` empty: the choices are said.
    """

    menu: Annotated[tuple[Entry, ...], Meta(min_length=1, max_length=8)]
    hold_music: tuple[Url, ...] = ()
    hold_say: Sentence = "One moment, please."
    hold_seconds: Annotated[int, Meta(ge=20, le=600)] = 60
    prompt: str = ""

    @property
    def said(self) -> str:
        """The prompt."""
        keys = [f"{digit} {_words(entry)}" for digit, entry in self.choices.items()]
        return self.prompt or f"Press {', '.join(keys)}."

    @property
    def choices(self) -> dict[str, str]:
        """What each digit stands for."""
        return {str(number): entry for number, entry in enumerate((*self.menu, END), 1)}


def priority_of_wait(first: int, number: int) -> int:
    """The priority of the caller's wait of this number, counted from 1, whose first one had the priority `first`."""
    return min(first + AGAIN_PRIORITY * (number - 1), MOST_PRIORITY)


def queue_of(entry: str) -> str:
    """The queue that this choice is; empty for another one."""
    return entry.removeprefix(QUEUE) if entry.startswith(QUEUE) else ""


def _words(entry: str) -> str:
    known = {PERSON: "for a person", BACK: "to go back to the caller", END: "to hang up"}
    return known.get(entry) or f"for {queue_of(entry)}"

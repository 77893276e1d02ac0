"""How it is made sure that a person answers the worker's phone: [queues.NAME.answer] and its modes (pure)."""

import math
import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta

ModeName = Literal["key", "detect", "key+detect", "at-once"]
MODES: tuple[ModeName, ...] = get_args(ModeName)

DETECTION_SECONDS = 6  # for the verdict that a document waits for; a silence of 5 s is one already (contract 14.4)
CHARACTERS_A_SECOND = 14  # spoken
SHORTEST_SILENCE_SECONDS = 3  # for a key, however much was said before
MOST_WORDS = 4  # of a worker's yes or no: the greeting of a voicemail box is longer, and may have any word in it

Word = Annotated[str, Meta(pattern=r"\w")]
Reply = Literal["take", "pass", ""]  # empty: neither
KEYS: Mapping[str, Reply] = {"1": "take", "2": "pass"}


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a worker hears and does before the caller is joined.

    `whisper` names what is said of the caller, in this order; `ask_seconds` are for all asks together, what is said
    included. After `passed_seconds` a worker who passed takes calls again.
    """

    mode: ModeName
    whisper: tuple[Literal["line", "name", "crm"], ...] = ("crm",)
    prompt: str = "Press 1 to take the call, 2 to pass."
    say_yes: bool = False
    yes: tuple[Word, ...] = ("yes", "yeah", "yep", "okay", "sure")
    no: tuple[Word, ...] = ("no", "nope", "pass")
    ask_seconds: Annotated[int, Meta(ge=4, le=120)] = 12
    asks: Annotated[int, Meta(ge=1, le=5)] = 2
    passed_seconds: Annotated[int, Meta(ge=20, le=900)] = (
        30  # of a message on its way: more than a move may take, less than SQS keeps
    )

    @property
    def shortest(self) -> int:
        """What all asks together take at least, in seconds, without a whisper."""
        return math.ceil(self.asks * (len(self.prompt) / CHARACTERS_A_SECOND + SHORTEST_SILENCE_SECONDS))

    def silence_after(self, said: str) -> int:
        """How long a key is waited for after one ask, in seconds."""
        left = self.ask_seconds / self.asks - len(said) / CHARACTERS_A_SECOND
        return max(SHORTEST_SILENCE_SECONDS, int(left))

    def seconds(self, mode: ModeName) -> int:
        """The longest that this mode takes between the answer and the join. Who cannot be told is asked for a key."""
        return {"at-once": 0, "detect": DETECTION_SECONDS + self.ask_seconds}.get(mode, self.ask_seconds)

    def reply(self, digits: str, speech: str) -> Reply:
        """What a worker means by these keys, or by what was said."""
        if digits:
            return KEYS.get(digits, "")
        if len(speech.split()) > MOST_WORDS:
            return ""
        yes, no = _is_said(self.yes, speech), _is_said(self.no, speech)
        return "" if yes == no else "take" if yes else "pass"


AT_ONCE = Answer(mode="at-once")


def mode_of(rules: Answer, wanted: ModeName | None, contact_uri: str) -> ModeName:
    """How this worker is answered: as their own attribute has it, else as the queue does.

    Twilio detects nothing on a client's leg (contract 14.4): the key is left.
    """
    mode = wanted or rules.mode
    return "key" if "detect" in mode and contact_uri.startswith("client:") else mode


def known_mode(value: object) -> ModeName | None:
    """The mode of this name; None when there is none."""
    return next((mode for mode in MODES if mode == value), None)


def _is_said(words: Iterable[str], speech: str) -> bool:
    """Whether one of the words stands whole in what was said: "no" is not in "know"."""
    said = speech.casefold()
    return any(re.search(rf"(?<!\w){re.escape(word.casefold())}(?!\w)", said) for word in words)

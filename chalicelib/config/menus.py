"""Menus of a line: what a caller may choose, and where a trail of choices leads (pure)."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from msgspec import Meta

from chalicelib.config.texts import Language, Text

MAIN = "main"  # the menu that a caller hears first
CHOSEN = "menu_choice"  # the attribute of a task that says what its caller chose on the way
MOST_ROUNDS = 20  # times that one caller is asked, in all menus together
DEEPEST = 6  # menus, one below the other

Attributes = dict[str, Any]
Speech = tuple[str, ...]

Then = Annotated[
    str,
    Meta(
        pattern=r"^(queue|voicemail|callback|hangup|back|menu:[\w-]{1,64}|number:\+[1-9][0-9]{6,14})\Z",
        description="queue, voicemail, callback, hangup, back, menu:NAME or number:+1…",
    ),
]

# A trail stands in a URL, where neither star nor hash key can.
_IN_URL = str.maketrans("*#", "sh")
_FROM_URL = str.maketrans("sh", "*#")


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class Choice(_Table, frozen=True):
    """What a key, or words, stand for. `language` is what the caller hears from then on; `say` comes before `then`.

    `label` is what people read of it: without one the first of the words, or the key.
    """

    digits: Annotated[str, Meta(pattern=r"^[0-9*#]{1,4}\Z")]
    attributes: Attributes = {}
    speech: Speech | dict[Language, Speech] = ()
    then: Then = "queue"
    language: str = ""
    say: Text = ""
    label: Annotated[str, Meta(max_length=60)] = ""

    @property
    def called(self) -> str:
        """What people read of it."""
        lists = [self.speech] if isinstance(self.speech, tuple) else self.speech.values()
        return self.label or next((words[0] for words in lists if words), self.digits)

    def words(self, language: str) -> Speech:
        """What may be said for it in this language."""
        return self.speech if isinstance(self.speech, tuple) else self.speech.get(language, ())

    @property
    def menu(self) -> str:
        """The name of the menu that it leads to; empty if it leads elsewhere."""
        return self.then.removeprefix("menu:") if self.then.startswith("menu:") else ""

    @property
    def number(self) -> str:
        """The number that it connects with; empty if it leads elsewhere."""
        return self.then.removeprefix("number:") if self.then.startswith("number:") else ""


class Menu(_Table, frozen=True):
    """`unsure` asks which of the words was said, when Twilio is less than `sure` or two choices were.

    `otherwise` is what becomes of a caller who has chosen nothing after the last try.
    """

    prompt: Text
    choices: Annotated[tuple[Choice, ...], Meta(min_length=1)]
    sorry: Text = "Sorry, I did not get that."
    unsure: Text = "For {words} press {key}."
    sure: Annotated[float, Meta(ge=0, le=1)] = 0.4
    timeout: Annotated[int, Meta(ge=1, le=60)] = 5
    tries: Annotated[int, Meta(ge=1, le=5)] = 2
    otherwise: Literal["queue", "leave"] = "queue"

    def choice(self, digits: str) -> Choice | None:
        return next((choice for choice in self.choices if choice.digits == digits), None)


Menus = Mapping[str, Menu]


class Place(NamedTuple):
    """Where a caller is. `trail` is how they got there: `main`, and the digits of each choice after a dot."""

    trail: str
    names: tuple[str, ...]  # of the menus from the first to this one
    menu: Menu
    attributes: Mapping[str, Any]  # of all choices on the way


def first(menus: Menus) -> Place:
    return Place(MAIN, (MAIN,), menus[MAIN], {})


def find(menus: Menus, trail: str) -> Place | None:
    """Where this trail leads; None if these menus have no such trail (any more)."""
    start, *steps = trail.split(".")
    place: Place | None = first(menus) if start == MAIN else None
    for step in steps:
        choice = place.menu.choice(step.translate(_FROM_URL)) if place else None
        place = go(menus, place, choice) if place and choice and choice.menu in menus else None
    return place


def go(menus: Menus, place: Place, choice: Choice) -> Place:
    """The menu that the choice leads to. One on the way here is gone back to, so that no trail has a menu twice."""
    if choice.menu in place.names:
        return _up_to(menus, place, place.names.index(choice.menu))
    return Place(
        f"{place.trail}.{choice.digits.translate(_IN_URL)}",
        (*place.names, choice.menu),
        menus[choice.menu],
        chosen(place, choice),
    )


def chosen(place: Place, choice: Choice) -> Mapping[str, Any]:
    """The attributes of whoever makes this choice here: those of the way, and what was chosen on it, in words."""
    before = place.attributes.get(CHOSEN)
    way = f"{before} > {choice.called}" if before else choice.called
    return {**place.attributes, **choice.attributes, CHOSEN: way}


def back(menus: Menus, place: Place) -> Place:
    """The menu before this one; the first has none, and is asked again."""
    return _up_to(menus, place, max(0, len(place.names) - 2))


def _up_to(menus: Menus, place: Place, at: int) -> Place:
    trail = ".".join(place.trail.split(".")[: at + 1])
    return find(menus, trail) or first(menus)

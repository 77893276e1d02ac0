"""The page on which the phones of callers and workers are buttons: what is pressed is a line as it is typed. Pure."""

import shlex
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from emulator.inspector.markup import Markup, joined, tag
from emulator.inspector.view import EMPTY, duration, section, table

KEYS = (*"123456789*0#",)
HEADS = ("Person", "Where", "Hears", "To do")
VERBS = frozenset({"dial", "press", "say", "hangup", "answer", "decline", "on"})  # those that have a button
ALONE = {"answer": "Answer", "decline": "Decline", "hang-up": "Hang up"}


class Phone(NamedTuple):
    """A person's phone. `where` says in a few words what it is doing, `since` for how many seconds, if it is doing it.

    `can` are the emulator's words for what its person can do now, empty while there is no call. `activity` is a
    worker's, empty for a caller.
    """

    person: str
    number: str
    where: str
    since: float
    heard: str
    can: frozenset[str]
    activity: str = ""
    available: bool = False


class Phones(NamedTuple):
    """All of them, and the names of what can be dialled."""

    callers: Sequence[Phone]
    workers: Sequence[Phone]
    lines: Sequence[str]


class Unknown(Exception):
    """There is no such button; the text says what was pressed."""


def typed(fields: Mapping[str, str], phones: Phones) -> str:
    """The line that means the same as this button. Raises Unknown."""
    verb, person, what = (fields.get(name, "") for name in ("verb", "person", "what"))
    if verb not in VERBS or person not in {phone.person for phone in (*phones.callers, *phones.workers)}:
        raise Unknown(f"there is no button for {verb or 'nothing'} of {person or 'nobody'}")
    if verb == "on":
        return shlex.join(["on", *_on_duty(person, phones)])
    return shlex.join([verb, person, *([what] if what else [])])


def _on_duty(person: str, phones: Phones) -> list[str]:
    """Who takes calls when this worker begins, or ends: all others as they are."""
    return [phone.person for phone in phones.workers if phone.available != (phone.person == person)]


def render(phones: Phones, refusal: str = "") -> str:
    """The whole document. `refusal` says why the last button did nothing."""
    told = tag("p", refusal, role="alert", class_="refusal") if refusal else EMPTY
    callers = _section("callers", "Callers", phones.callers, phones.lines)
    workers = _section("workers", "Workers", phones.workers, phones.lines)
    main = tag("main", told, _live(callers), _live(workers), id="main", tabindex="-1")
    body = tag("body", tag("a", "To the content", href="#main", class_="skip"), _header(), main, data_home="/")
    return f"<!doctype html>\n{tag('html', _head(), body, lang='en')}\n"


def _head() -> Markup:
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", "Phones of the laptop"),
        tag("link", rel="icon", href="data:,"),
        tag("link", rel="stylesheet", href="/inspector.css"),
        tag("script", src="/inspector.js", defer=True),
    )


def _header() -> Markup:
    box = tag("input", type="checkbox", id="refresh", checked=True)
    toggle = tag("label", box, " refresh each second", hidden=True, class_="refresh")
    about = tag("p", "What you press is what you could type at ", tag("code", "make dev"), ".")
    return tag("header", tag("h1", "Phones"), about, toggle)


def _live(part: Markup) -> Markup:
    """What the script makes anew."""
    return tag("div", part, class_="live-part")


def _section(name: str, title: str, phones: Sequence[Phone], lines: Sequence[str]) -> Markup:
    rows = [(f"{name}-{place}", _cells(phone, lines)) for place, phone in enumerate(phones)]
    return section(name, title, table(title, HEADS, rows) if rows else tag("p", "There is nobody.", class_="quiet"))


def _cells(phone: Phone, lines: Sequence[str]) -> tuple[Markup, str, str, Markup]:
    activity = tag("span", phone.activity, class_="live" if phone.available else "over") if phone.activity else EMPTY
    who = joined([tag("b", phone.person), tag("span", phone.number, class_="quiet"), activity])
    where = f"{phone.where}, {duration(phone.since)}" if phone.can else phone.where
    return who, where, phone.heard, tag("div", *_forms(phone, lines), class_="buttons")


def _forms(phone: Phone, lines: Sequence[str]) -> list[Markup]:
    """What the person can do now."""
    forms = [_duty(phone)] if phone.activity else []
    if not phone.can and not phone.activity:
        forms.append(_dial(phone, lines))
    forms += [_form(phone, word.casefold().replace(" ", ""), word) for can, word in ALONE.items() if can in phone.can]
    if "press" in phone.can:
        keys = [tag("button", key, name="what", value=key, aria_label=f"Press {key}: {phone.person}") for key in KEYS]
        forms += [_form(phone, "press", "", *keys), _say(phone)]
    return forms


def _duty(phone: Phone) -> Markup:
    return _form(phone, "on", "Take no calls" if phone.available else "Take calls")


def _dial(phone: Phone, lines: Sequence[str]) -> Markup:
    choice = tag(
        "select",
        *(tag("option", line, value=line) for line in lines),
        name="what",
        aria_label=f"Line that {phone.person} dials",
    )
    return _form(phone, "dial", "Dial", choice)


def _say(phone: Phone) -> Markup:
    words = tag(
        "input",
        name="what",
        size="14",
        maxlength="200",
        required=True,
        autocomplete="off",
        aria_label=f"What {phone.person} says",
    )
    return _form(phone, "say", "Say", words)


def _form(phone: Phone, verb: str, word: str, *fields: Markup) -> Markup:
    """With a button of this word, if it has one."""
    hidden = [
        tag("input", type="hidden", name=name, value=value)
        for name, value in (("verb", verb), ("person", phone.person))
    ]
    button = tag("button", word, type="submit", aria_label=f"{word}: {phone.person}") if word else EMPTY
    return tag("form", *hidden, *fields, button, method="post", action="/", id=f"{verb}-{phone.number or phone.person}")

"""What callers hear, in one language or in several: sentences, SSML in them, and sound (pure)."""

import re
import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin
from xml.etree import ElementTree

import msgspec
from msgspec import Meta

Language = Annotated[str, Meta(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,4})?\Z", description="a name such as en or en-GB")]
# One for the line's first language, or each by its language. `play:https://…` is sound instead of words.
Text = str | dict[Language, str]

ENGLISH = "en"  # what our own sentences are in
PLAY = "play:"
# What Say takes for SSML (Twilio's page on Say, and its library).
TAGS = frozenset({"break", "emphasis", "lang", "p", "phoneme", "prosody", "s", "say-as", "sub", "w"})
LONGEST_TEXT = 3000  # characters: what Twilio takes of every kind of voice (contract 3.3)

_is_url = re.compile(r"https?://\S+").fullmatch


class Voice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a language sounds like: Twilio's own codes."""

    language: Annotated[
        str, Meta(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,4}){0,2}\Z", description="Twilio's code such as en-US")
    ]
    voice: str = ""

    @property
    def base(self) -> str:
        """The language without its country, such as en."""
        return self.language.partition("-")[0]


class Sentence(NamedTuple):
    """One sentence, as one voice says it, or the sound that is played in its place."""

    text: str
    voice: Voice

    @property
    def url(self) -> str:
        """The sound's; empty where the text is said."""
        return self.text.removeprefix(PLAY) if self.text.startswith(PLAY) else ""

    @property
    def words(self) -> str:
        """What is said, without tags, or the sound's URL."""
        return self.url or ("".join(self.ssml.itertext()) if self.ssml is not None else self.text)

    @property
    def ssml(self) -> ElementTree.Element | None:
        """The text with its tags; None for words alone, < among them, as people text sentences, and CRMs send them."""
        if "<" not in self.text or self.url or _wrong_tags(self.text):
            return None
        return _element_of(self.text)


def filled(text: Text, **values: object) -> Text:
    """With these in place of what stands in braces."""
    if isinstance(text, str):
        return _filled(text, values)
    return {language: _filled(each, values) for language, each in text.items()}


def _filled(text: str, values: Mapping[str, object]) -> str:
    """Between tags the values are no tags themselves."""
    if text.startswith(PLAY):
        return text
    shown = {key: _escaped(str(value)) if "<" in text else value for key, value in values.items()}
    return text.format(**shown)


def _escaped(value: str) -> str:
    return value.replace("&", "&amp;").replace("<", "&lt;")


def _element_of(text: str) -> ElementTree.Element:
    """Raises ElementTree.ParseError."""
    return ElementTree.fromstring(f"<Say>{text}</Say>")  # noqa: S314 - it is the team's own


def each_of(text: Text) -> Mapping[str, str]:
    """The sentences by their languages; "" is the first one."""
    return {"": text} if isinstance(text, str) else text


def wrong_with(text: str) -> str:
    """What is allowed instead of this sentence; empty if it can be said."""
    if text.startswith(PLAY):
        return "" if _is_url(text.removeprefix(PLAY)) else "after play: stands a URL that begins with https://"
    if len(text) > LONGEST_TEXT:
        return f"at most {LONGEST_TEXT} characters"
    return _wrong_tags(text) if "<" in text else ""


def _wrong_tags(text: str) -> str:
    try:
        found = {element.tag for element in _element_of(text).iter()} - {"Say"}
    except ElementTree.ParseError as error:
        return f'SSML that is whole ({error}): every tag is closed, and & is written as "&amp;"'
    return f"allowed tags: {', '.join(sorted(TAGS))}" if found - TAGS else ""


def texts_of(table: object, key: str) -> Iterator[tuple[str, Text]]:
    """Every text in a table that stands at this key, each with its own key."""
    if isinstance(table, msgspec.Struct):
        for field in msgspec.structs.fields(type(table)):
            at, value = f"{key}.{field.name}", getattr(table, field.name)
            yield from [(at, value)] if _is_text(field.type) else texts_of(value, at)
    elif isinstance(table, dict):
        yield from (found for name, value in table.items() for found in texts_of(value, f"{key}.{name}"))
    elif isinstance(table, tuple):
        yield from (found for at, value in enumerate(table) for found in texts_of(value, f"{key}[{at}]"))


def _is_text(kind: Any) -> bool:
    """Whether a field of this type has a text, or texts by language."""
    parts = get_args(kind) if get_origin(kind) in (Union, types.UnionType) else ()
    return any(_plain(part) is str for part in parts) and any(get_origin(part) is dict for part in parts)


def _plain(kind: Any) -> Any:
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind

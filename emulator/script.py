"""A script of people in TOML: who dials when and does what, and what the phones do that ring."""

import math
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

import msgspec

from emulator.clock.scheduler import TraceEvent
from emulator.ports import TwilioError
from emulator.twilio import Twilio
from emulator.twiml import response
from emulator.voice import parties
from emulator.voice.parties import Behaviour, Step

T = TypeVar("T")

E164 = re.compile(r"\+[1-9]\d{6,14}")
E164_MEANS = "a number in E.164, like +14155550100"
DIGITS = re.compile(r"[0-9*#]+")
DIGITS_MEANS = "keys of a phone, like 1 or 42#"
BEGINS = ("at_start", "worker_available")


class ScriptError(Exception):
    """What is wrong with a script, in one sentence: file, key, value, what is allowed."""


class PhoneTable(msgspec.Struct, forbid_unknown_fields=True):
    """`[[phones]]`: what it does at each ring, the last one repeated, and what whoever answers does then."""

    number: str
    name: str = ""
    rings: list[str] = msgspec.field(default_factory=lambda: ["answers 2"])
    then: list[str] = []


class CallTable(msgspec.Struct, forbid_unknown_fields=True):
    """`[[calls]]`: who dials which number, `at` seconds after the script has begun, and does what."""

    caller: str = msgspec.field(name="from")
    to: str
    name: str = ""
    at: float = 0.0
    then: list[str] = []
    verstat: str = ""


class TextTable(msgspec.Struct, forbid_unknown_fields=True):
    """`[[texts]]`: who writes what to which number, `at` seconds after the script has begun."""

    sender: str = msgspec.field(name="from")
    to: str
    body: str
    at: float = 0.0


class DocumentTable(msgspec.Struct, forbid_unknown_fields=True):
    """`[[documents]]`: the TwiML at a URL that needs no server."""

    url: str
    twiml: str


class File(msgspec.Struct, forbid_unknown_fields=True):
    begins: str = "at_start"
    phones: list[PhoneTable] = []
    calls: list[CallTable] = []
    texts: list[TextTable] = []
    documents: list[DocumentTable] = []


TABLES: Mapping[str, type[msgspec.Struct]] = {
    "phones": PhoneTable,
    "calls": CallTable,
    "texts": TextTable,
    "documents": DocumentTable,
}


@dataclass(frozen=True)
class Dialing:
    at: float
    caller: str
    to: str
    then: tuple[Step, ...]
    verstat: str = ""


@dataclass(frozen=True)
class Script:
    """`phones` maps a number to what its phone does at each ring; `names` are those of people, by their numbers.

    `documents` are TwiML by URL.
    """

    begins: str = "at_start"
    phones: Mapping[str, tuple[Behaviour, ...]] = field(default_factory=dict)
    calls: Sequence[Dialing] = ()
    texts: Sequence[TextTable] = ()
    documents: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)

    def play(self, twilio: Twilio) -> None:
        """Give the phones their people, and let the callers dial when the script begins."""
        twilio.names.update(self.names)
        for number, behaviours in self.phones.items():
            twilio.phone(number).will(*behaviours)
        for url, twiml in self.documents.items():
            twilio.host(url, twiml)
        if self.begins == "at_start":
            self._dial(twilio)
        else:
            twilio.scheduler.on_event.append(_Beginning(twilio, self._dial))

    def _dial(self, twilio: Twilio) -> None:
        for call in self.calls:
            twilio.scheduler.after(call.at, partial(_dial, twilio, call))
        for text in self.texts:
            twilio.scheduler.after(text.at, partial(_write, twilio, text))


def _dial(twilio: Twilio, call: Dialing) -> None:
    twilio.dial(call.caller, call.to, call.then, verstat=call.verstat)


def _write(twilio: Twilio, text: TextTable) -> None:
    twilio.text(text.sender, text.to, text.body)


class _Beginning:
    """Waits, as a listener of the trace, for the first worker who is available."""

    def __init__(self, twilio: Twilio, begin: Callable[[Twilio], None]) -> None:
        self._twilio = twilio
        self._begin = begin
        self._has_begun = False

    def __call__(self, event: TraceEvent) -> None:
        if not self._has_begun and event.kind in {"rest", "worker"} and self._somebody_is_available():
            self._has_begun = True
            self._begin(self._twilio)

    def _somebody_is_available(self) -> bool:
        workspaces = [engine.workspace for engine in self._twilio.router.engines.values()]
        return any(worker.activity.available for workspace in workspaces for worker in workspace.workers.values())


def read(text: str, file: str, numbers: Sequence[str]) -> Script:
    """The script in `text`; `file` is its name for messages, `numbers` are the account's. ScriptError."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScriptError(f"{file} is no TOML: {error}") from error
    try:
        return _script(msgspec.convert(content, File), file, numbers)
    except msgspec.ValidationError as error:
        raise ScriptError(f"{file}: {_in_words(str(error), content)}") from error


def _script(given: File, file: str, numbers: Sequence[str]) -> Script:
    if given.begins not in BEGINS:
        raise ScriptError(f"{file}: begins is {given.begins!r}: allowed are {' and '.join(BEGINS)}")
    phones = [(f"{file}: phones[{place}]", phone) for place, phone in enumerate(given.phones)]
    _check_phones(phones)
    calls = [(f"{file}: calls[{place}]", call) for place, call in enumerate(given.calls)]
    return Script(
        given.begins,
        {_contact(f"{where}.number", phone.number): _behaviours(where, phone) for where, phone in phones},
        [_dialing(where, call, numbers) for where, call in calls],
        [_text_of(f"{file}: texts[{place}]", text, numbers) for place, text in enumerate(given.texts)],
        dict(_document(f"{file}: documents[{place}]", one) for place, one in enumerate(given.documents)),
        {phone.number: phone.name for phone in given.phones if phone.name}
        | {call.caller: call.name for call in given.calls if call.name},
    )


def _check_phones(phones: Sequence[tuple[str, PhoneTable]]) -> None:
    """ScriptError when two tables are of one phone: the second would replace the first."""
    places: dict[str, int] = {}
    for place, (where, phone) in enumerate(phones):
        first = places.setdefault(phone.number, place)
        if first != place:
            raise ScriptError(f"{where}.number is {phone.number!r}: phones[{first}] has it already")


def _contact(where: str, number: str) -> str:
    if not E164.fullmatch(number) and not re.fullmatch(r"(client|sips?):\S+", number):
        raise ScriptError(f"{where} is {number!r}: it must be {E164_MEANS}, or client:NAME or sip:ADDRESS")
    return number


def _dialing(where: str, call: CallTable, numbers: Sequence[str]) -> Dialing:
    _check_way(where, call.caller, call.to, call.at, numbers)
    return Dialing(call.at, call.caller, call.to, _steps(f"{where}.then", call.then), call.verstat)


def _document(where: str, given: DocumentTable) -> tuple[str, str]:
    if not re.match(r"https?://[^/\s]", given.url):
        raise ScriptError(f"{where}.url is {given.url!r}: it must begin with http:// or https://")
    try:
        response(given.twiml.encode())
    except TwilioError as error:
        raise ScriptError(f"{where}.twiml is no TwiML: {error.message}") from error
    return given.url, given.twiml


def _text_of(where: str, text: TextTable, numbers: Sequence[str]) -> TextTable:
    _check_way(where, text.sender, text.to, text.at, numbers)
    return text


def _check_way(where: str, from_: str, to: str, at: float, numbers: Sequence[str]) -> None:
    """ScriptError when somebody cannot call or write this way."""
    if not E164.fullmatch(from_):
        raise ScriptError(f"{where}.from is {from_!r}: it must be {E164_MEANS}")
    if to not in numbers:
        known = ", ".join(numbers) or "none, give one with --number"
        raise ScriptError(f"{where}.to is {to!r}: the account's numbers are {known}")
    if not 0 <= at < math.inf:
        raise ScriptError(f"{where}.at is {at}: it must be a number of seconds from 0 on")


def _steps(where: str, texts: Sequence[str]) -> tuple[Step, ...]:
    steps = tuple(_parsed(f"{where}[{place}]", text, _STEPS) for place, text in enumerate(texts))
    for place, text in enumerate(texts):
        if isinstance(steps[place], parties.HangsUp) and place + 1 < len(steps):
            raise ScriptError(f"{where}[{place}] is {text!r}: it must be the last, nobody does anything after it")
    return steps


def _behaviours(where: str, phone: PhoneTable) -> tuple[Behaviour, ...]:
    steps = _steps(f"{where}.then", phone.then)
    rings: Mapping[str, Callable[[str], Behaviour]] = {
        "answers SECONDS": lambda after: parties.answers(_seconds(after), steps),
        "no answer": _alone(parties.no_answer),
        "busy": _alone(parties.busy),
        "declines SECONDS": lambda after: parties.declines(_seconds(after)),
        "voicemail SECONDS": lambda after: parties.voicemail(_seconds(after)),
        "voicemail without beep SECONDS": lambda after: parties.voicemail(_seconds(after), end="silence"),
        "voicemail with music SECONDS": lambda after: parties.voicemail(_seconds(after), end="other"),
        "fax SECONDS": lambda after: parties.fax(_seconds(after)),
        "unknown SECONDS": lambda after: parties.unknown(_seconds(after), steps),
        "unreachable": _alone(parties.unreachable),
    }
    if not phone.rings:
        raise ScriptError(f"{where}.rings is empty: a phone does one of {', '.join(rings)}")
    return tuple(_parsed(f"{where}.rings[{place}]", text, rings) for place, text in enumerate(phone.rings))


def _parsed(where: str, text: str, known: Mapping[str, Callable[[str], T]]) -> T:
    """What `text` means: words in lower case and then what stands for the word in upper case. ScriptError."""
    for form, build in known.items():
        words = " ".join(word for word in form.split() if not word.isupper())
        if text == words or text.startswith(f"{words} "):
            with suppress(ValueError):  # another form may begin with the same words
                return build(text.removeprefix(words).strip())
    raise ScriptError(f"{where} is {text!r}: allowed are {', '.join(known)}")


def _alone(build: Callable[[], T]) -> Callable[[str], T]:
    def parse(rest: str) -> T:
        if rest:
            raise ValueError(rest)
        return build()

    return parse


def _seconds(text: str) -> float:
    if not re.fullmatch(r"\d+(\.\d+)?", text):
        raise ValueError(text)
    return float(text)


def _text(text: str) -> str:
    if not text:
        raise ValueError(text)
    return text


def _digits(text: str) -> str:
    if not DIGITS.fullmatch(text):
        raise ValueError(text)
    return text


_STEPS: Mapping[str, Callable[[str], Step]] = {
    "hears TEXT": lambda text: parties.hears(_text(text)),
    "presses DIGITS": lambda digits: parties.presses(_digits(digits)),
    "says TEXT": lambda text: parties.says(_text(text)),
    "waits SECONDS": lambda seconds: parties.waits(_seconds(seconds)),
    "joined": _alone(parties.joined),
    "talks SECONDS": lambda seconds: parties.talks(_seconds(seconds)),
    "hangs up": _alone(parties.hangs_up),
}


def _in_words(error: str, content: object) -> str:
    """msgspec's message as key, value and what is allowed: "Expected `str`, got `int` - at `$.calls[0].to`"."""
    problem, _, path = error.partition(" - at `$")
    key = path.rstrip("`").lstrip(".")
    problem = problem[0].lower() + problem[1:].replace("`", "")
    table = TABLES.get(key.partition("[")[0], File)
    if "unknown field" in problem or "missing" in problem:
        fields = ", ".join(one.encode_name for one in msgspec.structs.fields(table))
        return f"{key or 'the file'}: {problem.removeprefix('object contains ')}; its keys are {fields}"
    return f"{key} is {_value(content, key)!r}: {problem}"


def _value(content: object, key: str) -> object:
    for part in re.findall(r"[^.\[\]]+", key):
        content = content[int(part)] if isinstance(content, list) else content[part]  # type: ignore[index]
    return content

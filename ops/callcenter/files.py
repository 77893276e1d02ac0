"""The call centre of callcenter.toml and workers.toml, as typed values. Whether it can work, `ops.check` says."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TypeVar

import msgspec
from msgspec import Meta

from chalicelib.config import callcenter, schema, toml_errors
from chalicelib.config.schema import NAME_LIMIT, CallCenter
from chalicelib.config.toml_errors import CallCenterError, Mistake, convert, sentence
from chalicelib.routing.instructions import Contact
from ops.callcenter import lines, phone_numbers
from ops.callcenter import rota as rotas
from ops.stage import ROOT

TEAM = Path("chalicelib", "team")
WORKERS = "workers.toml"

# What a new workspace of Twilio's has (contract 7.5).
DEFAULT_ACTIVITIES: Mapping[str, bool] = {"Offline": False, "Unavailable": False, "Available": True}

Name = Annotated[str, Meta(min_length=1, max_length=NAME_LIMIT)]
Pin = Annotated[str, Meta(pattern=r"^([0-9]{4,10})?\Z", description="4 to 10 digits in quotes")]
Extension = Annotated[str, Meta(pattern=r"^([0-9]{1,6})?\Z", description="1 to 6 digits in quotes")]
Mail = Annotated[str, Meta(pattern=r"^([^@\s]+@[^@\s]+\.[^@\s]+)?\Z", max_length=128, description="an address")]
Capacity = Annotated[int, Meta(ge=0)]
Priority = Annotated[int, Meta(ge=0, le=2147483647)]


_T = TypeVar("_T")


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class Workspace(_Table, frozen=True):
    name: Name = "Cordboard"
    default_activity: str = "Offline"
    timeout_activity: str = "Offline"
    multitasking: bool = True


class Target(_Table, frozen=True):
    """One step of a filter. `timeout` counts seconds of the task's age; without one the task waits for its end."""

    queue: str
    timeout: Annotated[int, Meta(ge=1)] | None = None
    priority: Priority | None = None
    when: str = ""
    order_by: str = ""
    skip_if: str = ""
    known_worker: str = ""
    known_worker_sid: str = ""


class Filter(_Table, frozen=True):
    name: Name
    when: str
    targets: Annotated[tuple[Target, ...], Meta(min_length=1)]


class Workflow(_Table, frozen=True):
    name: Name = "Calls"
    default_queue: str = ""
    filters: tuple[Filter, ...] = ()


class VoiceQueue(_Table, frozen=True):
    max_size: Annotated[int, Meta(ge=1, le=5000)] = 100


class Channels(_Table, frozen=True):
    """Tasks at once, by the channels that every workspace has."""

    voice: Capacity = 1
    chat: Capacity | None = None
    sms: Capacity | None = None
    video: Capacity | None = None
    default: Capacity | None = None


class Worker(_Table, frozen=True):
    """`mobile` is the phone that the worker texts from, where contact_uri is none; `pin` is for the staff number.

    `mail` is the address with which they sign in to the console, as `supervisor` or as an agent. With `desk` they take
    their calls there.

    `extension` is what a colleague dials to give a caller to this worker.
    """

    contact_uri: Contact | None = None
    mobile: schema.Number | None = None
    pin: Pin = ""
    extension: Extension = ""
    mail: Mail = ""
    supervisor: bool = False
    desk: bool = False
    attributes: dict[str, Any] = {}
    capacity: Channels = Channels()

    def all_attributes(self) -> dict[str, Any]:
        """The worker's attributes in Twilio: those of the file, contact_uri and mobile among them; no PIN."""
        own = {"contact_uri": self.contact_uri, "mobile": self.mobile, "desk": self.desk}
        return {**self.attributes, **{name: value for name, value in own.items() if value}}


class Center(msgspec.Struct, frozen=True):
    """`workers` is None when there is no file of workers: then the workers in Twilio are nobody's business here.

    `has_console` is no matter of the files: the stage has a wallboard to be fed.
    """

    application: CallCenter
    workspace: Workspace
    activities: Mapping[str, bool]
    workflow: Workflow
    voice_queue: VoiceQueue
    workers: Mapping[str, Worker] | None = None
    rota: rotas.Rota | None = None
    has_console: bool = False

    def numbers(self) -> tuple[str, ...]:
        """Every number that the file names as ours."""
        ours = [number for line in self.application.lines.values() for number in line.numbers]
        for queue in self.application.simple_queues.values():
            ours += [*queue.numbers, *queue.agent_numbers]
        return (*ours, *self.application.staff.numbers)


class Texts(NamedTuple):
    """What stands in callcenter.toml, workers.toml and rota.toml; of the last two None when there is no such file."""

    center: str
    workers: str | None = None
    rota: str | None = None


def texts(root: Path = ROOT) -> Texts:
    """The team's files in this checkout. Raises CallCenterError, also when there is no callcenter.toml yet."""
    return Texts(callcenter.source(str(root / TEAM)), _text_if_there(root / WORKERS), _text_if_there(root / rotas.ROTA))


def texts_of(center_file: Path, workers_file: Path) -> Texts:
    """What stands in these two files, and in a rota.toml beside the second. Raises CallCenterError."""
    return Texts(_text(center_file), _text_if_there(workers_file), _text_if_there(workers_file.with_name(rotas.ROTA)))


def of_checkout(root: Path = ROOT) -> Center:
    """The team's call centre in this checkout. Raises CallCenterError as `texts` and `parse` do."""
    return parse(*texts(root))


def read(center_file: Path, workers_file: Path) -> Center:
    """The call centre of these files. Raises CallCenterError, which names file, key, value and what is allowed."""
    return parse(*texts_of(center_file, workers_file))


def parse(center: str, workers: str | None = None, rota: str | None = None) -> Center:
    """The call centre of these texts; None for a file that there is not.

    Raises CallCenterError with every value of both files that is wrong.
    """
    found = examine(Texts(center, workers, rota))
    if found.mistakes:
        raise CallCenterError(*found.mistakes)
    return found.center


class Examined(NamedTuple):
    """`center` is what is right of the files: a table that is `wrong` stands there as if it were not in the file."""

    center: Center
    wrong: frozenset[str]
    mistakes: tuple[Mistake, ...]


def examine(given: Texts) -> Examined:
    """What can be read of these texts, and every mistake of single values in both, each with its line."""
    wrong: list[Mistake] = []
    wrong_people: list[Mistake] = []
    numbers: list[Mistake] = []  # what is read without them is right
    contacts: list[Mistake] = []
    center = _center(given.center, wrong, numbers)
    everybody = None if given.workers is None else _people(given.workers, wrong_people, contacts)
    rota = None
    wrong_rota: list[Mistake] = []
    with collected(wrong_rota):
        rota = None if given.rota is None else rotas.read(given.rota)
    tables = {*map(_table_of, wrong), *(["workers"] if wrong_people else [])}
    ours = lines.located([*wrong, *numbers], given.center)
    theirs = lines.located([*wrong_people, *contacts], given.workers or "")
    center = msgspec.structs.replace(center, workers=everybody, rota=rota)
    return Examined(center, frozenset(tables), (*ours, *theirs, *wrong_rota))


def _table_of(mistake: Mistake) -> str:
    """The table of the first level that the mistake stands in; empty when the file is no TOML."""
    return re.split(r"[.[]", mistake.key, maxsplit=1)[0]


@contextmanager
def collected(mistakes: list[Mistake]) -> Iterator[None]:
    """Add the mistakes of a CallCenterError that the block raises to this list, so that the next block is read too."""
    try:
        yield
    except CallCenterError as error:
        mistakes += error.args


def _center(text: str, wrong: list[Mistake], numbers: list[Mistake]) -> Center:
    """What callcenter.toml says, but for the tables and phone numbers that are wrong; these are added to the lists."""
    try:
        tables = toml_errors.read(text)
    except CallCenterError as error:
        wrong += error.args
        return _center("", [], [])
    numbers += phone_numbers.take_out(tables)
    return Center(
        _application(tables, wrong),
        _told(tables, "workspace", Workspace, wrong),
        _activities(_table(tables, "activities"), wrong),
        _told(tables, "workflow", Workflow, wrong),
        _told(tables, "voice_queue", VoiceQueue, wrong),
    )


def _application(tables: Mapping[str, Any], wrong: list[Mistake]) -> CallCenter:
    try:
        return callcenter.of_tables(tables)
    except CallCenterError as error:
        wrong += error.args
        bad = set(map(_table_of, error.args))
        return callcenter.of_tables(
            {"default_line": "", "lines": {}} | {name: value for name, value in tables.items() if name not in bad}
        )


def _told(tables: Mapping[str, Any], name: str, kind: type[_T], wrong: list[Mistake]) -> _T:
    """The table of this name; its defaults when it is wrong."""
    try:
        return convert(_table(tables, name), kind, name)
    except CallCenterError as error:
        wrong += error.args
        return kind()


def _table(tables: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The table of this name; empty when it is none, which reading the application has told already."""
    given = tables.get(name)
    return given if isinstance(given, dict) else {}


def _text_if_there(file: Path) -> str | None:
    return _text(file) if file.exists() else None


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CallCenterError(f"{file.name}: cannot be read: {error}") from error


def _activities(given: Mapping[str, Any], wrong: list[Mistake]) -> Mapping[str, bool]:
    for name, available in given.items():
        if not isinstance(available, bool):
            wrong.append(sentence(f"activities.{name}", available, "allowed: true, false"))
        if not 1 <= len(name) <= NAME_LIMIT:
            wrong.append(sentence(f"activities.{name}", ..., f"a name has 1 to {NAME_LIMIT} characters"))
    return given or DEFAULT_ACTIVITIES


def people(text: str) -> dict[str, Worker]:
    """The workers of this text of workers.toml. Raises CallCenterError with every mistake."""
    wrong: list[Mistake] = []
    read = _people(text, wrong, wrong)
    if wrong:
        raise CallCenterError(*lines.located(wrong, text))
    return read


def _people(text: str, wrong: list[Mistake], contacts: list[Mistake]) -> dict[str, Worker]:
    """The workers of this text that are right, without the contacts that are not; these are added to the lists."""
    tables: dict[str, Any] = {}
    wrong += _repeated_headers(text)
    with collected(wrong):
        tables = {} if wrong else _tables_of_people(text)
    wrong += _wrong_names(tables)
    contacts += phone_numbers.take_out_of_people(tables, WORKERS)
    read = {}
    for name, given in tables.items():
        with collected(wrong):
            read[name] = convert(given, Worker, f"workers.{name}", WORKERS)
    return read


def _tables_of_people(text: str) -> dict[str, Any]:
    raw = toml_errors.read(text, WORKERS)
    tables = raw.pop("workers", {})
    if raw or not isinstance(tables, dict):
        named = ", ".join(raw) or "workers"
        raise CallCenterError(sentence(named, ..., "allowed are only tables of the kind [workers.NAME]", WORKERS))
    return tables


ONCE = "each person's name may stand once"
_HEADER = re.compile(r"""^\s*\[\s*workers\s*\.\s*(?:"([^"]*)"|'([^']*)'|([\w-]+))\s*\]""")


def _repeated_headers(text: str) -> Iterator[Mistake]:
    """A name that stands twice is no TOML; said here, it is said with its lines."""
    seen: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if found := _HEADER.match(line):
            name = next(part for part in found.groups() if part is not None)
            first = seen.setdefault(name.casefold(), number)
            if first != number:
                yield Mistake(WORKERS, "", f"workers.{name} (lines {first} and {number}): {ONCE}")


def _wrong_names(tables: Mapping[str, Any]) -> Iterator[Mistake]:
    """Twilio looks a worker up by its name without regard to case, so one name in two spellings is one name."""
    seen: set[str] = set()
    for name in tables:
        if not 1 <= len(name) <= NAME_LIMIT:
            yield sentence(f"workers.{name}", ..., f"a name has 1 to {NAME_LIMIT} characters", WORKERS)
        if name.casefold() in seen:
            yield sentence(f"workers.{name}", ..., ONCE, WORKERS)
        seen.add(name.casefold())

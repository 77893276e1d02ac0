"""The call centre of callcenter.toml and workers.toml, as typed values. Whether it can work, `ops.check` says."""

import re
import shutil
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from chalicelib.config import callcenter, team
from chalicelib.config.callcenter import CallCenter
from chalicelib.config.toml_errors import NAME, CallCenterError, convert
from chalicelib.routing.instructions import Contact
from ops.stage import ROOT

TEAM = Path("chalicelib", "team")
WORKERS = "workers.toml"

# The examples that a checkout begins with, and the team's own files that are made of them.
EXAMPLES: Mapping[Path, Path] = {
    TEAM / "callcenter.example.toml": TEAM / NAME,
    Path("workers.example.toml"): Path(WORKERS),
}

# What a new workspace of Twilio's has (contract 7.5).
DEFAULT_ACTIVITIES: Mapping[str, bool] = {"Offline": False, "Unavailable": False, "Available": True}

Name = Annotated[str, Meta(min_length=1, max_length=64)]
Capacity = Annotated[int, Meta(ge=0)]
Priority = Annotated[int, Meta(ge=0, le=2147483647)]


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
    contact_uri: Contact | None = None
    attributes: dict[str, Any] = {}
    capacity: Channels = Channels()

    def all_attributes(self) -> dict[str, Any]:
        """The worker's attributes in Twilio: those of the file, contact_uri among them."""
        return {**self.attributes, **({"contact_uri": self.contact_uri} if self.contact_uri else {})}


class Center(msgspec.Struct, frozen=True):
    """`workers` is None when there is no file of workers: then the workers in Twilio are nobody's business here."""

    application: CallCenter
    workspace: Workspace
    activities: Mapping[str, bool]
    workflow: Workflow
    voice_queue: VoiceQueue
    workers: Mapping[str, Worker] | None = None

    def numbers(self) -> tuple[str, ...]:
        """Every number that the file names as ours."""
        ours = [number for line in self.application.lines.values() for number in line.numbers]
        for queue in self.application.simple_queues.values():
            ours += [*queue.numbers, *queue.agent_numbers]
        return tuple(ours)


def begin(root: Path = ROOT) -> list[Path]:
    """Make the team's files of the examples, and return those that were made: a workers.toml that is there stays.

    Raises CallCenterError when there is a callcenter.toml already, or at the place of an older version.
    """
    if moved := team.misplaced(str(root / TEAM)):
        raise CallCenterError(moved)
    if (root / TEAM / NAME).exists():
        raise CallCenterError(f"{TEAM / NAME} is there already: nothing was changed")
    missing = {example: own for example, own in EXAMPLES.items() if not (root / own).exists()}
    for example, own in missing.items():
        shutil.copyfile(root / example, root / own)
    return list(missing.values())


def of_checkout(root: Path = ROOT) -> Center:
    """The team's call centre in this checkout. Raises CallCenterError, also when there is no callcenter.toml yet."""
    workers = root / WORKERS
    return parse(callcenter.source(str(root / TEAM)), _text(workers) if workers.exists() else None)


def read(center_file: Path, workers_file: Path) -> Center:
    """The call centre of these files. Raises CallCenterError, which names file, key, value and what is allowed."""
    workers = _text(workers_file) if workers_file.exists() else None
    return parse(_text(center_file), workers)


def parse(center: str, workers: str | None = None) -> Center:
    """The call centre of these texts; `workers` is None when there is no such file. Raises CallCenterError."""
    application = callcenter.parse(center)
    return Center(
        application=application,
        workspace=convert(application.workspace, Workspace, "workspace"),
        activities=_activities(application.activities),
        workflow=convert(application.workflow, Workflow, "workflow"),
        voice_queue=convert(application.voice_queue, VoiceQueue, "voice_queue"),
        workers=None if workers is None else people(workers),
    )


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CallCenterError(f"{file.name}: cannot be read: {error}") from error


def _activities(given: Mapping[str, Any]) -> Mapping[str, bool]:
    for name, available in given.items():
        if not isinstance(available, bool):
            raise CallCenterError(f"{NAME}: activities.{name} is {available!r}: allowed: true, false")
    return given or DEFAULT_ACTIVITIES


def people(text: str) -> dict[str, Worker]:
    """The workers of this text of workers.toml. Raises CallCenterError."""
    _check_headers(text)
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CallCenterError(f"{WORKERS}: not TOML: {error}") from error
    tables = raw.pop("workers", {})
    if raw or not isinstance(tables, dict):
        named = ", ".join(raw) or "workers"
        raise CallCenterError(f"{WORKERS}: {named}: allowed are only tables of the kind [workers.NAME]")
    _check_names(tables)
    return {name: convert(value, Worker, f"workers.{name}", WORKERS) for name, value in tables.items()}


ONCE = "each person's name may stand once"
_HEADER = re.compile(r"""^\s*\[\s*workers\s*\.\s*(?:"([^"]*)"|'([^']*)'|([\w-]+))\s*\]""")


def _check_headers(text: str) -> None:
    """A name that stands twice is no TOML; said here, it is said with its lines."""
    seen: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if found := _HEADER.match(line):
            name = next(part for part in found.groups() if part is not None)
            first = seen.setdefault(name.casefold(), number)
            if first != number:
                lines = f"lines {first} and {number}"
                raise CallCenterError(f"{WORKERS}: workers.{name} ({lines}): {ONCE}")


def _check_names(tables: Mapping[str, Any]) -> None:
    """Twilio looks a worker up by its name without regard to case, so one name in two spellings is one name."""
    seen: set[str] = set()
    for name in tables:
        if not 1 <= len(name) <= 64:
            raise CallCenterError(f"{WORKERS}: workers.{name}: a name has 1 to 64 characters")
        if name.casefold() in seen:
            raise CallCenterError(f"{WORKERS}: workers.{name}: {ONCE}")
        seen.add(name.casefold())

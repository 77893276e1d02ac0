"""The files that a team begins with: the examples, with the team's own name, numbers and time zone in them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomlkit

from chalicelib.config import team
from chalicelib.config.schema import NAME_LIMIT
from chalicelib.config.toml_errors import NAME
from ops.callcenter import phone_numbers, zones
from ops.callcenter.files import TEAM, WORKERS
from ops.errors import FilesError, OpsError, UsageError

# The examples, and the team's own files that are made of them.
EXAMPLES: Mapping[Path, Path] = {
    TEAM / "callcenter.example.toml": TEAM / NAME,
    Path("workers.example.toml"): Path(WORKERS),
}
CENTER_HEAD = "# What {} decides. It is yours: edit it and commit it. docs/configuration.md has every key.\n"
WORKERS_HEAD = """\
# The people who take calls: put yours in place of these two. Git leaves this file alone, since it holds phone numbers.
# Attributes are what the expressions of callcenter.toml see; contact_uri becomes one of them.
"""


@dataclass(frozen=True)
class Answers:
    """What the files cannot know by themselves; the numbers are those that callers dial, in E.164."""

    name: str
    numbers: Sequence[str]
    time_zone: str


def name_of(typed: str) -> str:
    """The name as Twilio takes it. Raises UsageError."""
    name = " ".join(typed.split())
    if not 1 <= len(name) <= NAME_LIMIT or not name.isprintable():
        raise UsageError(f"a name has 1 to {NAME_LIMIT} characters, and this has {len(name)}")
    return name


def numbers_of(typed: str) -> list[str]:
    """The numbers of this list with commas, each once. Raises UsageError."""
    found = [phone_numbers.e164(part.strip()) for part in typed.replace(";", ",").split(",") if part.strip()]
    if not found:
        raise UsageError(f"at least one number that callers dial is needed, such as {phone_numbers.EXAMPLE}")
    return list(dict.fromkeys(found))


def time_zone_of(typed: str) -> str:
    """Raises UsageError."""
    if not zones.is_known(typed):
        raise UsageError(f"there is no time zone {typed!r}: {zones.allowed(typed)}")
    return typed


def center(example: str, answers: Answers) -> str:
    """The text of callcenter.toml: the example's, its comments too, with the answers in it."""
    document: Any = tomlkit.parse(_below_the_head(example))
    line = document["lines"]["main"]
    line["numbers"] = list(answers.numbers)
    line["greeting"] = f"Thank you for calling {answers.name}."
    document["workspace"]["name"] = answers.name
    document["time_zone"] = answers.time_zone
    return CENTER_HEAD.format(answers.name) + tomlkit.dumps(document)


def workers(example: str) -> str:
    """The text of workers.toml."""
    return WORKERS_HEAD + _below_the_head(example)


def _below_the_head(example: str) -> str:
    """What an example's first lines say is about the example."""
    _, blank, rest = example.partition("\n\n")
    return f"\n{rest}" if blank else example


def is_begun(root: Path) -> bool:
    """Whether the team has a callcenter.toml. Raises FilesError when it stands at the place of an older version."""
    if moved := team.misplaced(str(root / TEAM)):
        raise FilesError(moved)
    return (root / TEAM / NAME).exists()


def write(root: Path, answers: Answers) -> list[Path]:
    """Write the team's files into this checkout, and return those that were written: a workers.toml stays as it is.

    Each is written whole or not at all. Raises OpsError.
    """
    made = {TEAM / NAME: center(_example(root, TEAM / NAME), answers)}
    if not (root / WORKERS).exists():
        made[Path(WORKERS)] = workers(_example(root, Path(WORKERS)))
    for file, text in made.items():
        _replace(root / file, text)
    return list(made)


def _example(root: Path, own: Path) -> str:
    (example,) = [name for name, made in EXAMPLES.items() if made == own]
    try:
        return (root / example).read_text(encoding="utf-8")
    except OSError as error:
        raise OpsError(f"{example} cannot be read: {error.strerror}. Is {root} a checkout of Cordboard?") from None


def _replace(file: Path, text: str) -> None:
    beside = file.with_name(f".{file.name}.new")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(file)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise OpsError(f"{file} cannot be written: {error.strerror}") from None

"""On which line of a TOML file each of its keys stands, and each mistake with it (pure)."""

import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from chalicelib.config.toml_errors import Mistake


def located(mistakes: Iterable[Mistake], text: str) -> list[Mistake]:
    """These mistakes of a file with this text, each with its line, in the order of the lines; the last have none."""
    lines = of(text)
    found = [(line_of(mistake.key, lines), mistake) for mistake in mistakes]
    found.sort(key=lambda one: one[0] or sys.maxsize)
    return [Mistake(mistake.file, mistake.key, mistake.said, line) for line, mistake in found]


def of(text: str) -> dict[str, int]:
    """The line of each table, of each key, and of each value of a list that has several lines.

    They are named as a mistake names them: `queues.Support.mode`, `workflow.filters[0].targets[1]`.
    """
    found: dict[str, int] = {}
    table = ""
    arrays: Counter[str] = Counter()
    for line, statement, said in _statements(text.replace("\r\n", "\n")):
        if statement.lstrip().startswith("["):
            table = _header(said, arrays)
            found.setdefault(table, line)
        else:
            for key, offset in _keys(table, statement, said):
                found.setdefault(key, line + offset)
    return found


def line_of(key: str, lines: dict[str, int]) -> int | None:
    """The line of this key, else of what it stands in; None where that has no line of its own."""
    while key and key not in lines:
        key = key[: max(key.rfind("."), key.rfind("["), 0)]
    return lines.get(key)


def _statements(text: str) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Each header, and each key with its value: the line that it begins on, its text, and what it says alone.

    Whatever makes TOML by itself is a statement: one that goes on in the next line does not.
    """
    lines, begun = text.split("\n"), 0
    for end in range(1, len(lines) + 1):
        statement = "\n".join(lines[begun:end])
        if (said := _read(statement)) is not None:
            if said:
                yield begun + 1, statement, said
            begun = end


def _read(text: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


def _header(said: dict[str, Any], arrays: "Counter[str]") -> str:
    """The name of the table that this header opens; `arrays` counts the tables of each array so far."""
    path = ""
    while said:
        ((name, inner),) = said.items()
        path = f"{path}.{name}".lstrip(".")
        if isinstance(inner, list):
            arrays[path] += 1
            inner = inner[0]
        if path in arrays:
            path += f"[{arrays[path] - 1}]"
        said = inner
    return path


def _keys(table: str, statement: str, said: dict[str, Any]) -> Iterator[tuple[str, int]]:
    """Each key of this statement, and how many lines below the statement's first it stands."""
    for name, value in said.items():
        key = f"{table}.{name}".lstrip(".")
        yield key, 0
        if isinstance(value, dict):
            yield from _keys(key, statement, value)
        elif isinstance(value, list):
            yield from ((f"{key}[{number}]", offset) for number, offset in enumerate(_elements(statement)))


def _elements(statement: str) -> Iterator[int]:
    """For each value of the statement's list, how many lines below the first it ends."""
    lines, told = statement.split("\n"), 0
    for offset in range(len(lines)):
        so_far: Any = _read("\n".join([*lines[: offset + 1], "]"]))
        while isinstance(so_far, dict) and so_far:
            (so_far,) = so_far.values()
        for _ in range(told, len(so_far or [])):
            yield offset
            told += 1

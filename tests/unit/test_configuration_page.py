"""docs/configuration.md has the default and the bounds of each number of callcenter.toml, as the schema has them."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple, get_args, get_origin, get_type_hints

import msgspec
import pytest
from msgspec import Meta

from chalicelib.config.schema import CallCenter

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"
KEY = re.compile(r"`(\.?[a-zA-Z_][\w.]*)`")
SECTION = re.compile(r"\*\*`\[(.+)\]`\*\*")
NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?![\w]|\.\d)")


# What the page tells once, of lines.
ELSEWHERE = {
    "lines.NAME.menu.": "lines.NAME.menus.NAME.",
    "simple_queues.": "lines.",
    ".same_worker.days": ".same_worker",
    ".same_worker.wait": ".same_worker",
}
SAME = re.compile("|".join(map(re.escape, ELSEWHERE)))


class Row(NamedTuple):
    """What the page says of a key: what is allowed, and the default."""

    allowed: str
    default: str


class Known(NamedTuple):
    """A number of the schema: its default, and its bounds where it has two."""

    default: float | None
    bounds: tuple[float, float] | None


def rows() -> Mapping[str, Row]:
    """Each key of callcenter.toml's table, whole: `lines.NAME.callback.attempts`."""
    text = PAGE.read_text(encoding="utf-8").partition("What the application reads:")[2].partition("\n## ")[0]
    found, section = dict[str, Row](), ""
    for line in text.splitlines():
        if line.count(" |") < 3 or not line.startswith(("| `", "| **`")):
            continue
        keys, allowed, default = (cell.strip() for cell in line[1:-1].split(" |"))
        if named := SECTION.match(keys):
            section = f"{named[1]}."
            continue
        before = ""
        for key in KEY.findall(keys):
            whole = f"{before}{key}" if key.startswith(".") else key
            before = whole.rpartition(".")[0]
            found[f"{section}{whole}"] = Row(allowed, default)
    return found


def numbers(kind: type[msgspec.Struct] = CallCenter, prefix: str = "") -> Iterator[tuple[str, Known]]:
    """Each number of the schema by its whole key."""
    hints = get_type_hints(kind, include_extras=True)
    for field in msgspec.structs.fields(kind):
        bare, metas = _bare(hints[field.name])
        key = f"{prefix}{field.encode_name}"
        if bare in (int, float):
            default = field.default if field.default is not msgspec.NODEFAULT else None
            yield key, Known(default, _bounds(metas))
        for inner, name in _structs(bare):
            yield from numbers(inner, f"{key}.{name}")


def _bare(kind: Any) -> tuple[Any, list[Meta]]:
    if get_origin(kind) is Annotated:
        inner, *metas = get_args(kind)
        return inner, [meta for meta in metas if isinstance(meta, Meta)]
    return kind, []


def _bounds(metas: list[Meta]) -> tuple[float, float] | None:
    return next(((meta.ge, meta.le) for meta in metas if meta.ge is not None and meta.le is not None), None)


def _structs(kind: Any) -> Iterator[tuple[type[msgspec.Struct], str]]:
    """The tables in this type, and what stands between its key and theirs."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        yield kind, ""
    elif get_origin(kind) in (dict, Mapping):
        yield from ((inner, f"NAME.{more}") for inner, more in _structs(_bare(get_args(kind)[1])[0]))
    elif get_origin(kind) is not tuple:
        for part in get_args(kind):
            yield from _structs(_bare(part)[0])


OF_THE_PAGE = rows()


@pytest.mark.parametrize(("key", "known"), dict(numbers()).items())
def test_a_number_is_on_the_page_as_it_is_in_the_schema(key: str, known: Known) -> None:
    row = OF_THE_PAGE.get(key) or OF_THE_PAGE[SAME.sub(lambda same: ELSEWHERE[same[0]], key)]
    if known.default is not None:
        assert known.default in set(map(float, NUMBER.findall(row.default)))
    if known.bounds:
        low, high = known.bounds
        assert f"{low:g} to {high:.0f}" in row.allowed


def test_there_are_numbers() -> None:
    assert len(dict(numbers())) > 40

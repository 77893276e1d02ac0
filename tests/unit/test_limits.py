"""docs/limits.md has every time, size and count that decides something, with the value that the code has."""

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.no_team import upstreams

PROJECT = Path(__file__).parents[2]
pytestmark = pytest.mark.usefixtures("environment")  # app.py is not imported without
ROW = re.compile(r"^\| `([\w.]+)` \| ([\d.]+) \| .+ \|$", re.MULTILINE)


SETTINGS = {"_FOREVER"}  # no number


def stated() -> dict[str, float]:
    return {
        name: float(value) for name, value in ROW.findall((PROJECT / "docs" / "limits.md").read_text(encoding="utf-8"))
    }


def in_code() -> Iterator[tuple[str, float]]:
    """The numbers that modules of the application name in capitals, each once: in the module where it is written."""
    for path in [PROJECT / "app.py", *upstreams(PROJECT.glob("chalicelib/**/*.py"))]:
        if path.parent.name == "team":
            continue  # the examples there are no modules
        name = ".".join(path.relative_to(PROJECT).with_suffix("").parts)
        assigned = re.findall(r"^([A-Z_]+(?:, [A-Z_]+)*)(?:: \w+)? = ", path.read_text(encoding="utf-8"), re.MULTILINE)
        written = {constant for names in assigned for constant in names.split(", ")}
        for constant, value in vars(importlib.import_module(name.removesuffix(".__init__"))).items():
            if constant in written - SETTINGS and isinstance(value, int | float) and not isinstance(value, bool):
                yield f"{name.removeprefix('chalicelib.')}.{constant}", float(value)


def test_the_page_has_every_limit_of_the_code() -> None:
    assert set(stated()) == {name for name, _ in in_code()}


@pytest.mark.parametrize("name", stated())
def test_a_limit_is_what_the_page_says(name: str) -> None:
    assert dict(in_code())[name] == stated()[name]

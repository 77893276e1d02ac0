"""make mutants: which changes can be put into functions that exist, and which take part in an import."""

import gc
import sys
import types
from pathlib import Path

import pytest

from tests.mutants import forking
from tests.mutants.judges import Judges

BEFORE = """
LIMIT = 5

class Queue:
    size: int = 3

    def is_full(self, count: int = 4) -> bool:
        return count >= LIMIT

def longest(queues):
    return max(queue.size for queue in queues)
"""


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [("count >= LIMIT", "count > LIMIT", ("Queue.is_full", 7)), ("queue.size for", "-queue.size for", ("longest", 10))],
)
def test_a_change_inside_of_a_function_replaces_that_function(old: str, new: str, place: tuple[str, int]) -> None:
    found = forking.changed(BEFORE, BEFORE.replace(old, new))
    assert found is not None and list(found) == [place]


@pytest.mark.parametrize(
    ("old", "new"),
    [("LIMIT = 5", "LIMIT = 6"), ("int = 3", "int = 2"), ("int = 4", "int = 5"), ("def longest", "@str\ndef longest")],
)
def test_a_change_that_an_import_runs_needs_one(old: str, new: str) -> None:
    assert forking.changed(BEFORE, BEFORE.replace(old, new)) is None


def test_a_function_is_changed_wherever_it_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("queues_of_this_test")
    exec(compile(BEFORE, "queues_of_this_test.py", "exec"), module.__dict__)  # noqa: S102 - our own words
    monkeypatch.setitem(sys.modules, module.__name__, module)
    queue = module.Queue()
    held = queue.is_full
    found = forking.changed(BEFORE, BEFORE.replace("count >= LIMIT", "count > LIMIT"))
    assert found is not None and held(5)
    gc.freeze()  # as pytest does with what it has collected
    forking.put_in(module.__name__, found)
    assert not held(5) and not queue.is_full(5)


def test_a_function_that_nobody_holds_is_no_mutant_that_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("queues_of_nobody")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    found = forking.changed(BEFORE, BEFORE.replace("count >= LIMIT", "count > LIMIT"))
    assert found is not None
    with pytest.raises(ValueError, match="does not hold"):
        forking.put_in(module.__name__, found)


def judges_of(project: Path, lines: dict[tuple[str, int], set[str]], seconds: dict[str, float], **texts: str) -> Judges:
    """The tests of a project in which each file has this text."""
    for file in {test.partition("::")[0] for test in seconds}:
        (project / file).parent.mkdir(parents=True, exist_ok=True)
        (project / file).write_text(texts.get(Path(file).stem, ""), encoding="utf-8")
    return Judges(project, lines, seconds)


def test_tests_of_every_file_are_asked_and_the_quick_ones_first(tmp_path: Path) -> None:
    seconds = {
        **{"a.py::slow": 39.0, "a.py::slower": 40.0, "a.py::quick": 1.0, "b.py::one": 2.0, "b.py::two": 30.0},
        "c.py::other": 0.1,
    }
    ran = {test for test in seconds if not test.startswith("c")}
    lines = {("chalicelib/jobs.py", 7): ran, ("chalicelib/jobs.py", 8): set(seconds)}
    judges = judges_of(tmp_path, lines, seconds)
    assert judges.of("chalicelib/jobs.py", 7) == ["a.py::quick", "b.py::one", "b.py::two", "a.py::slow"]
    assert judges.of("chalicelib/jobs.py", 9) == []
    assert judges.of_module("chalicelib/jobs.py")[0] == "c.py::other"


def test_for_a_change_at_the_import_the_unit_tests_and_whoever_names_the_package_are_asked(tmp_path: Path) -> None:
    seconds = {
        "tests/unit/limits.py::one": 1.0,
        "tests/a.py::two": 0.1,
        "tests/b.py::three": 0.1,
        "tests/c.py::four": 1,
    }
    texts = {
        "a": "from chalicelib import crm, jobs\n",
        "b": "from chalicelib.crm import port\n",
        "c": "jobs = crm = 1\n",
    }
    judges = judges_of(tmp_path, {}, seconds, **texts)
    assert judges.of_module("chalicelib/jobs.py") == ["tests/unit/limits.py::one", "tests/a.py::two"]
    assert judges.of_module("chalicelib/crm/port.py") == [
        *("tests/unit/limits.py::one", "tests/a.py::two", "tests/b.py::three")
    ]

"""make mutants: which changes can be put into functions that exist, and which take part in an import."""

import gc
import sys
import types

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


def test_tests_of_every_file_are_asked_and_the_quick_ones_first() -> None:
    seconds = {
        **{"a.py::slow": 39.0, "a.py::slower": 40.0, "a.py::quick": 1.0, "b.py::one": 2.0, "b.py::two": 30.0},
        "c.py::other": 0.1,
    }
    ran = {test for test in seconds if not test.startswith("c")}
    judges = Judges({("chalicelib/jobs.py", 7): ran, ("chalicelib/jobs.py", 8): set(seconds)}, seconds)
    assert judges.of("chalicelib/jobs.py", 7) == ["a.py::quick", "b.py::one", "b.py::two", "a.py::slow"]
    assert judges.of("chalicelib/jobs.py", 9) == []
    assert judges.of_module("chalicelib/jobs.py")[0] == "c.py::other"
    judges = Judges({}, {"tests/unit/test_limits.py::one": 1.0, "tests/webhooks/test_jobs.py::two": 0.1})
    assert judges.of_module("chalicelib/jobs.py") == ["tests/unit/test_limits.py::one"]

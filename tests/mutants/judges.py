"""Which tests run which line of `chalicelib`, measured by one run of them all."""

import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import accumulate, zip_longest
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from coverage import Coverage, CoverageData

MOST_SECONDS = 80.0  # of a processor that tests may take for one mutant, as measured
FOLDERS = ("tests/unit", "tests/webhooks", "tests/adapters")


class NotGreen(Exception):
    """The tests fail without any change: then they can judge none."""


class Judges:
    """The tests, by the line that they run and with the seconds of a processor that each takes."""

    def __init__(self, project: Path, lines: dict[tuple[str, int], set[str]], seconds: dict[str, float]) -> None:
        self._lines = lines
        self._seconds = seconds
        files = {test.partition("::")[0] for test in seconds}
        self._texts = {file: (project / file).read_text(encoding="utf-8") for file in files}

    def of(self, module: str, line: int) -> list[str]:
        """Tests that run this line; none for a line that runs at the import alone."""
        return self._chosen(self._lines.get((module, line), set()))

    def of_module(self, module: str) -> list[str]:
        """Tests that run any line of it, or name its package, whose types they may make; before them all unit tests,
        some of which look at constants or at the text.
        """
        unit = self._quickest(test for test in self._seconds if test.startswith(f"{FOLDERS[0]}/"))
        ran = {test for (ran, _), tests in self._lines.items() if ran == module for test in tests}
        name = re.escape(module.split("/")[1].removesuffix(".py"))
        named = re.compile(rf"chalicelib(\.| import .*\b){name}\b")
        naming = {file for file, text in self._texts.items() if named.search(text)}
        near = ran | {test for test in self._seconds if test.partition("::")[0] in naming}
        return [*unit, *self._chosen(near - set(unit))]

    def _chosen(self, tests: Iterable[str]) -> list[str]:
        """The quickest for half of MOST_SECONDS, then one of each file in turn for the other half.

        A line that every webhook runs would take hours for a hundred mutants. What is left out makes a mutant live that
        more tests might notice, never the other way round.
        """
        quickest = self._quickest(tests)
        first = self._within(MOST_SECONDS / 2, quickest)
        by_file: dict[str, list[str]] = defaultdict(list)
        for test in quickest[len(first) :]:
            by_file[test.partition("::")[0]].append(test)
        in_turn = [test for row in zip_longest(*by_file.values()) for test in row if test]
        return [*first, *self._within(MOST_SECONDS / 2, in_turn)]

    def _quickest(self, tests: Iterable[str]) -> list[str]:
        return sorted(tests, key=lambda test: (self._seconds.get(test, 0.0), test))

    def _within(self, seconds: float, tests: Sequence[str]) -> list[str]:
        ends = accumulate(self._seconds.get(test, 0.0) for test in tests)
        return [test for test, end in zip(tests, ends, strict=True) if end <= seconds]

    def all_seconds(self) -> float:
        """How long every test there is takes."""
        return sum(self._seconds.values())

    def seconds(self, tests: Iterable[str]) -> float:
        """How long these tests take together, one after the other."""
        return sum(self._seconds.get(test, 0.0) for test in tests)


def measure(project: Path, into: Path) -> Judges:
    """Runs every test once and writes down what each runs. Raises NotGreen."""
    into.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", "-n", "auto", "-p", "tests.mutants.judges", *FOLDERS]
    done = subprocess.run(command, cwd=project, env={**os.environ, "MUTANTS_MEASURE": str(into)}, check=False)
    if done.returncode != 0:
        raise NotGreen("the tests fail without a change; mend that first")
    lines: dict[tuple[str, int], set[str]] = defaultdict(set)
    for file in into.glob("lines.*"):
        _read_lines(project, file, lines)
    seconds = {test: took for file in into.glob("seconds.*") for test, took in json.loads(file.read_text()).items()}
    return Judges(project, lines, seconds)


def _read_lines(project: Path, file: Path, lines: dict[tuple[str, int], set[str]]) -> None:
    data = CoverageData(str(file))
    data.read()
    for measured in data.measured_files():
        module = Path(measured).relative_to(project).as_posix()
        for line, tests in data.contexts_by_lineno(measured).items():
            lines[module, line] |= {test for test in tests if test}


class _Measure:
    """Inside each process that runs tests: what one test runs is written down under its name."""

    def __init__(self, into: Path) -> None:
        self._seconds: dict[str, float] = {}
        self._began = 0.0
        self._into = into
        self._coverage = Coverage(
            data_file=str(into / f"lines.{os.getpid()}"), source=["chalicelib"], config_file=False
        )
        self._coverage.start()

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        self._coverage.switch_context(item.nodeid)

    def pytest_runtest_logstart(self) -> None:
        self._began = process_time()

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        self._seconds[nodeid] = process_time() - self._began

    def pytest_sessionfinish(self) -> None:
        self._coverage.stop()
        self._coverage.save()
        (self._into / f"seconds.{os.getpid()}").write_text(json.dumps(self._seconds))


def pytest_configure(config: Any) -> None:
    """pytest's hook, for the runs that `measure` starts."""
    into = os.environ.get("MUTANTS_MEASURE")
    if into and (hasattr(config, "workerinput") or not config.getoption("numprocesses", None)):
        config.pluginmanager.register(_Measure(Path(into)))

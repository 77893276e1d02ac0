"""One mutant before the tests, in a copy of the project."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tests.mutants import choosing, forking
from tests.mutants.judges import FOLDERS, Judges, NotGreen
from tests.mutants.population import Mutant, mutated

BEGIN = 60  # seconds that tests may take to begin, on a busy machine
SLOWER = 10  # times as long as measured a test may take, for the same reason
CHECKS = (("ruff", "check", "--no-cache"), ("mypy",))
PYTEST = (sys.executable, "-B", "-m", "pytest", "-q", "--no-header", "-p", "no:cacheprovider")


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant."""

    mutant: Mutant
    killed: bool
    why: str


class Court:
    """A copy of the project, in which mutants are tried one after the other."""

    def __init__(self, copy: Path, judges: Judges) -> None:
        self._copy = copy
        self._judges = judges
        self._requests, self._answers = self._begin()

    def _begin(self) -> tuple[IO[str], IO[str]]:
        """Start a process that has collected every test; it ends when nobody asks it any more."""
        (read, asks), (answers, write) = os.pipe(), os.pipe()
        command = [*PYTEST, "-s", "-p", "tests.mutants.forking", *FOLDERS]
        environment = {**os.environ, "MUTANTS_PIPES": f"{read},{write}"}
        with Path(os.devnull).open("w") as nowhere:
            subprocess.Popen(
                command, cwd=self._copy, env=environment, pass_fds=(read, write), stdout=nowhere, stderr=nowhere
            )
        os.close(read)
        os.close(write)
        requests, heard = os.fdopen(asks, "w", encoding="utf-8"), os.fdopen(answers, encoding="utf-8")
        if heard.readline() != forking.READY:  # before that it would import the first mutant, and keep it
            raise NotGreen("the tests cannot be collected")
        return requests, heard

    def judge(self, mutant: Mutant) -> Verdict:
        """Puts the mutant into the copy, runs the tests until one fails, and takes it out again.

        Who does not run the line cannot notice, so that only those are asked who do; all, where nobody is known to.
        """
        path = self._copy / mutant.module
        original = path.read_text(encoding="utf-8")
        changed = mutated(self._copy, mutant)
        path.write_text(changed, encoding="utf-8")
        try:
            why = self._notice(mutant, original, changed) or self._check(mutant)
            return Verdict(mutant, killed=bool(why), why=why or "every test passes")
        finally:
            path.write_text(original, encoding="utf-8")

    def _notice(self, mutant: Mutant, original: str, changed: str) -> str:
        """How a test noticed the change; empty when none did."""
        near = self._judges.of(mutant.module, mutant.line)
        name = mutant.module.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        self._requests.write(f"{json.dumps([name, original, changed, near, self._longest(near)])}\n")
        self._requests.flush()
        why: str | None = json.loads(self._answers.readline())
        return self._notice_at_import(self._judges.of_module(mutant.module)) if why is None else why

    def _check(self, mutant: Mutant) -> str:
        """How `make check` notices what no test does: the linter and the types, of this module alone."""
        for tool in CHECKS:
            command = [sys.executable, "-m", *tool, mutant.module]
            if subprocess.run(command, cwd=self._copy, capture_output=True, check=False).returncode != 0:
                return f"{tool[0]} complains"
        return ""

    def _longest(self, tests: Sequence[str]) -> int:
        """Seconds that these tests may take, or all, before a mutant counts as one that never ends."""
        return int(BEGIN + SLOWER * (self._judges.seconds(tests) if tests else self._judges.all_seconds()))

    def _notice_at_import(self, tests: Sequence[str]) -> str:
        """The same for a change that counts at the import, in a process of its own."""
        asked = self._copy.with_name(f"{self._copy.name}.asked")
        asked.write_text("\n".join(tests), encoding="utf-8")
        files = sorted({test.partition("::")[0] for test in tests}) or FOLDERS  # what is not asked is not collected
        command = [*PYTEST, "-x", "-p", "tests.mutants.choosing", *files]
        environment = {**os.environ, choosing.ASKED: str(asked)}
        limit = self._longest(tests)
        try:
            done = subprocess.run(
                command, cwd=self._copy, env=environment, timeout=limit, capture_output=True, check=False
            )
        except subprocess.TimeoutExpired:
            return "does not end"
        return "" if done.returncode == 0 else "a test fails"


def copy_of(project: Path, copy: Path) -> Path:
    """Copies every file that git tracks or would track, into a repository of its own: tests ask what is tracked."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=project, capture_output=True, text=True, check=True).stdout.split("\0")
    for name in filter(None, names):
        if (project / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(project / name, copy / name)
    for words in (["init", "-q"], ["add", "--all"]):
        subprocess.run(["git", *words], cwd=copy, check=True)  # noqa: S607
    return copy

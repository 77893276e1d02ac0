"""One mutant before the tests, in a copy of the project."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.mutants.judges import FOLDERS, Judges
from tests.mutants.population import Mutant, mutated

LONGEST = 600  # seconds all tests may take before a mutant counts as one that never ends
BEGIN = 60  # seconds that tests may take to begin, on a busy machine
SLOWER = 10  # times as long as measured a test may take, for the same reason
AT_ONCE = 200  # tests named in one command


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

    def judge(self, mutant: Mutant) -> Verdict:
        """Puts the mutant into the copy, runs the tests until one fails, and takes it out again.

        The tests that run the line come first; only a mutant that these let live is held against all.
        """
        path = self._copy / mutant.module
        original = path.read_text(encoding="utf-8")
        path.write_text(mutated(self._copy, mutant), encoding="utf-8")
        try:
            near = self._judges.of(mutant.module, mutant.line)[:AT_ONCE]
            soon = BEGIN + SLOWER * self._judges.seconds(near)
            why = self._notice(near, soon) or self._notice(FOLDERS, LONGEST)
            return Verdict(mutant, killed=bool(why), why=why or "every test passes")
        finally:
            path.write_text(original, encoding="utf-8")

    def _notice(self, tests: Sequence[str], longest: float) -> str:
        """How these tests noticed the change; empty when they did not."""
        if not tests:
            return ""
        command = [sys.executable, "-B", "-m", "pytest", "-x", "-q", "--no-header", "-p", "no:cacheprovider", *tests]
        try:
            done = subprocess.run(command, cwd=self._copy, timeout=longest, capture_output=True, text=True, check=False)
        except subprocess.TimeoutExpired:
            return "does not end"
        if done.returncode == 0:
            return ""
        failed = (line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR")))
        return next(failed, "the tests do not begin")


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

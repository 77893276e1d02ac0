"""What a test does to a copy of the project, and to a process that runs in this checkout."""

import shutil
from pathlib import Path

from laptop.package import ROOT, TEAM
from laptop.teams import DEMO
from ops.callcenter import files

# Code before `import app` in a process of its own: this checkout may have a team's files, or none.
OWN_TEAM = f"from chalicelib.config import team; team.folder = lambda: {str(TEAM)!r}\n"


def of_the_demo(root: Path) -> Path:
    """A checkout in this folder as far as the operator's commands read it, whose team has the demo's files."""
    (root / ".chalice").mkdir(parents=True)
    shutil.copy(ROOT / ".chalice" / "config.json", root / ".chalice")
    shutil.copytree(DEMO.folder, root / files.TEAM, ignore=shutil.ignore_patterns(files.WORKERS))
    shutil.copy(DEMO.workers, root / files.WORKERS)
    return root


def change(file: Path, what: str, into: str) -> None:
    """Replace the first `what` of the file; fails when it is not there."""
    text = file.read_text(encoding="utf-8")
    assert what in text
    file.write_text(text.replace(what, into, 1), encoding="utf-8")

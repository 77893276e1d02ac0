"""`make test TEAM=folder`: a command in a copy of this checkout whose team's files are those of the folder.

python -m tests.support.with_team tests/teams/largest make test
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from laptop.package import BUILD, ROOT
from laptop.teams import Team, chosen
from ops.callcenter.files import TEAM, WORKERS
from tools.clients import CLIENTS
from tools.sdks import SDKS


def copy(to: Path, team: Team | None) -> Path:
    """What git tracks of this checkout and what it would, with these files as the team's; `.venv` is shared."""
    shutil.rmtree(to, ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file() and not _is_the_teams(Path(name)):
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name)
    if team:
        _put(team, to)
    (to / ".venv").symlink_to((ROOT / ".venv").resolve())
    for built in (CLIENTS, SDKS):  # they are fetched once
        if built.exists():
            (to / ".build").mkdir(exist_ok=True)
            (to / ".build" / built.name).symlink_to(built.resolve())
    subprocess.run(["git", "init", "--quiet"], cwd=to, check=True)  # noqa: S607
    subprocess.run(["git", "add", "--all"], cwd=to, check=True)  # noqa: S607 - tests ask git what is tracked
    return to


def _put(team: Team, to: Path) -> None:
    shutil.copytree(team.folder, to / TEAM, ignore=shutil.ignore_patterns("__pycache__", WORKERS), dirs_exist_ok=True)
    if team.workers.exists():
        shutil.copy2(team.workers, to / WORKERS)


def _is_the_teams(name: Path) -> bool:
    return name.parent == TEAM and ".example." not in name.name


def main(folder: str, *command: str) -> int:
    """The command's exit code. Each run has a copy of its own, as two may run at once.

    What `make` has said to its children would make it take TEAM in there once more.
    """
    plain = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "TEAM")}
    BUILD.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BUILD, prefix="with-team-", ignore_cleanup_errors=True) as place:
        checkout = copy(Path(place) / Path(folder).resolve().name, chosen(folder))
        return subprocess.run(command, cwd=checkout, env=plain, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

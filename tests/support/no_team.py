"""Nothing that the tests run in their own process opens the team's files: chalicelib/team and workers.toml.

It is another team's in another checkout, and missing in a third. Whoever looks for it is told so here, in each of them.
"""

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from laptop.package import ROOT
from ops.callcenter.files import TEAM, WORKERS

_OURS = (f"{ROOT / TEAM}{os.sep}", str(ROOT / WORKERS))


class TeamsFileOpened(Exception):
    """A test depends on a file of the team's."""


def belongs_to_the_team(path: str) -> bool:
    """Whether it is the team's own: the examples beside it are upstream's."""
    return path.startswith(_OURS) and ".example." not in Path(path).name


def upstreams(paths: Iterable[Path]) -> list[Path]:
    """These files without the team's own, in their order."""
    return sorted(path for path in paths if not belongs_to_the_team(str(path)))


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook."""
    if event == "open" and isinstance(arguments[0], str | os.PathLike):
        path = os.path.abspath(os.fspath(arguments[0]))  # noqa: PTH100 - of every file that is opened
        if isinstance(path, str) and belongs_to_the_team(path):
            raise TeamsFileOpened(f"{path} is the team's: a test has files of its own, in laptop/team or tests/teams")


def forbid() -> None:
    sys.addaudithook(watch)

"""The team's own files, in `chalicelib/team`: an upgrade of Cordboard leaves that folder alone."""

import importlib
import os
from functools import cache
from typing import Any

# Where older versions had the team's files: in `chalicelib` itself.
_MOVED = ("callcenter.toml", "hooks.py")


def folder() -> str:
    """The team's folder, as it is packaged."""
    return os.path.join(os.path.dirname(os.path.dirname(__file__)), "team")  # noqa: PTH118, PTH120 - pathlib is slow


@cache
def hooks() -> Any:
    """The team's module hooks.py; None when there is none. A process looks once."""
    if not os.path.exists(os.path.join(folder(), "hooks.py")):  # noqa: PTH110, PTH118
        return None
    return importlib.import_module("chalicelib.team.hooks")


def read(name: str, where: str = "") -> str | None:
    """The text of this file in the team's folder, or in the folder `where`; None when it is not there."""
    try:
        with open(os.path.join(where or folder(), name), encoding="utf-8") as file:  # noqa: PTH118, PTH123
            return file.read()
    except FileNotFoundError:
        return None


def misplaced(where: str) -> str:
    """What to move into the team's folder `where`, as one sentence; empty when nothing stands where it stood before."""
    for name in _MOVED:
        if os.path.exists(os.path.join(where, os.pardir, name)):  # noqa: PTH110, PTH118
            old, new = f"chalicelib/{name}", f"chalicelib/team/{name}"
            return f"{old} is not read any more, the team's files stand in chalicelib/team: `git mv {old} {new}`"
    return ""

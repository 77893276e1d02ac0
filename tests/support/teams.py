"""A call centre like the demo's, in a folder of its own."""

import shutil
from collections.abc import Callable
from pathlib import Path

from laptop.package import TEAM
from laptop.teams import Team, chosen


def demo_with(folder: Path, change: Callable[[str], str]) -> Team:
    """The demo's team in this folder, which is made, with the text of its callcenter.toml changed."""
    shutil.copytree(TEAM, folder, ignore=shutil.ignore_patterns("__pycache__"))
    rules = folder / "callcenter.toml"
    rules.write_text(change(rules.read_text(encoding="utf-8")), encoding="utf-8")
    return chosen(str(folder))

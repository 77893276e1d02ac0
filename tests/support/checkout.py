"""A copy of what packaging reads, to be changed by a test."""

import shutil
from pathlib import Path

from laptop import package

WHAT_PACKAGING_READS = ("app.py", "chalicelib", "infra", ".chalice", "requirements.txt")


def copy_checkout(to: Path) -> Path:
    for name in WHAT_PACKAGING_READS:
        source, copy = package.ROOT / name, to / name
        if source.is_dir():
            shutil.copytree(source, copy, ignore=shutil.ignore_patterns("deployments", "__pycache__"))
        else:
            shutil.copy(source, copy)
    return to


def change(file: Path, what: str, into: str) -> None:
    """Replace the first `what` of the file; fails when it is not there."""
    text = file.read_text(encoding="utf-8")
    assert what in text
    file.write_text(text.replace(what, into, 1), encoding="utf-8")

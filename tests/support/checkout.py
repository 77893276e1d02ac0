"""What a test does to a copy of the project, and to a process that runs in this checkout."""

from pathlib import Path

from laptop.package import TEAM

# Code before `import app` in a process of its own: this checkout may have a team's files, or none.
OWN_TEAM = f"from chalicelib.config import team; team.folder = lambda: {str(TEAM)!r}\n"


def change(file: Path, what: str, into: str) -> None:
    """Replace the first `what` of the file; fails when it is not there."""
    text = file.read_text(encoding="utf-8")
    assert what in text
    file.write_text(text.replace(what, into, 1), encoding="utf-8")

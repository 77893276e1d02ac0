"""What a command prints: data as JSON or for a person, who may have a narrow terminal, a pipe, or want no colours."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click
import msgspec

if TYPE_CHECKING:  # rich takes its time, and in a pipe most commands print no more than lines
    from rich.console import Console, RenderableType

WIDE = 1000  # a pipe has no width: what reads it wants each row on one line
HANGING = 4

# How a line of text is shown, by its first word.
STYLES = {
    "+": "green",
    "-": "red",
    "~": "yellow",
    "<": "cyan",
    "!": "bold red",
    "ok": "green",
    "warning": "yellow",
    "warning:": "yellow",
    "FAILURE": "bold red",
}


def show(data: Any, text: str | RenderableType, as_json: bool) -> None:
    """Print what a command has found: `data` with --json, else `text`. Nothing else may go to stdout with --json."""
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(data), indent=2).decode())
    elif isinstance(text, str):
        say(text)
    else:
        console().print(text)


def say(text: str) -> None:
    """Print a line for a person: what was done. Not with --json."""
    _print(text, stderr=False)


def note(text: str) -> None:
    """Print what goes with the data: a warning, a hint, what is being done. To stderr."""
    _print(text, stderr=True)


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> RenderableType:
    """A table; where the terminal is too narrow for it, each row is a paragraph."""
    from ops.commands.tables import Rows

    return Rows(headings, rows)


def console(stderr: bool = False) -> Console:
    """A console of rich's, which knows by itself about NO_COLOR and whether somebody sits there."""
    from rich.console import Console

    width = None if _is_terminal(stderr) else WIDE
    return Console(stderr=stderr, width=width, highlight=False, markup=False, emoji=False)


def _print(text: str, stderr: bool) -> None:
    if not _is_terminal(stderr):
        click.echo(text, err=stderr)
        return
    shown = console(stderr)
    for line in text.split("\n"):
        first = line.split(maxsplit=1)[:1]
        style = STYLES.get(first[0], "") if first else ""
        shown.print(_wrapped(line), style=style, soft_wrap=True)


def _wrapped(line: str) -> str:
    """Broken between words where the terminal ends; a URL or a sid stays whole, and can be copied."""
    indent = " " * (len(line) - len(line.lstrip()) + HANGING)
    width = shutil.get_terminal_size().columns
    return textwrap.fill(line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _is_terminal(stderr: bool) -> bool:
    return (sys.stderr if stderr else sys.stdout).isatty()

"""What a command prints: data as JSON or for a person, who may have a narrow terminal, a pipe, or want no colours."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click
import msgspec

if TYPE_CHECKING:  # rich takes its time, and most commands print no more than lines
    from rich.console import Console, RenderableType

WIDE = 1000  # a pipe has no width: what reads it wants each row on one line


def show(data: Any, text: str | RenderableType, as_json: bool) -> None:
    """Print what a command has found: `data` with --json, else `text`. Nothing else may go to stdout with --json."""
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(data), indent=2).decode())
    elif isinstance(text, str):
        click.echo(text)
    else:
        console().print(text)


def say(text: str) -> None:
    """Print a line for a person: what was done. Not with --json."""
    click.echo(text)


def note(text: str) -> None:
    """Print what goes with the data: a warning, a hint, what is being done. To stderr."""
    click.echo(text, err=True)


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> RenderableType:
    """A table; where the terminal is too narrow for it, each row is a paragraph."""
    from ops.commands.tables import Rows

    return Rows(headings, rows)


def console(stderr: bool = False) -> Console:
    """A console of rich's, which knows by itself about NO_COLOR and whether somebody sits there."""
    from rich.console import Console

    is_terminal = (sys.stderr if stderr else sys.stdout).isatty()
    return Console(stderr=stderr, width=None if is_terminal else WIDE, highlight=False, markup=False, emoji=False)

"""Questions. Each is asked before anything is changed, so who does not answer has changed nothing."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from ops.commands.output import note
from ops.errors import Declined, NobodyToAsk


def confirm(question: str, yes: bool) -> None:
    """Go on if `yes` was given or the person says so. Raises Declined, and NobodyToAsk without a terminal."""
    if yes:
        return
    with _asking("nobody is there to be asked: give --yes. Nothing was changed"):
        if not click.confirm(question, err=True):
            raise Declined("nothing was changed")


def confirm_by_name(question: str, name: str, yes: bool) -> None:
    """As `confirm`, where too much would be lost by a letter: the person types this name."""
    if yes:
        return
    with _asking("nobody is there to be asked: give --yes. Nothing was changed"):
        note(question)
        if click.prompt(f"Type its name to go on ({name})", default="", show_default=False, err=True) != name:
            raise Declined("nothing was changed")


def value(question: str, default: str = "", hidden: bool = False) -> str:
    """What the person types, without blanks around it; `default` when it is Enter alone.

    Raises Declined, and NobodyToAsk without a terminal.
    """
    with _asking("nobody is there to be asked. Nothing was changed"):
        shown = bool(default) and not hidden
        typed = click.prompt(question, default=default, show_default=shown, hide_input=hidden, err=True)
    return str(typed).strip()


@contextmanager
def _asking(without_terminal: str) -> Iterator[None]:
    if not sys.stdin.isatty():
        raise NobodyToAsk(without_terminal)
    try:
        yield
    except (click.Abort, KeyboardInterrupt, EOFError):
        click.echo(err=True)
        raise Declined("stopped at the question: nothing was changed") from None

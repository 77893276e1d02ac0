"""`line close`, `open` and `status`: lines that are closed or opened at once."""

from datetime import datetime

import click
import msgspec

from chalicelib.config.schema import CallCenter
from ops.commands.cli import group, json_option
from ops.commands.output import say, show
from ops.commands.output import table as as_table
from ops.commands.table_options import Table, table_options
from ops.errors import ExitCode
from ops.hours import Lines


@group("line")
def line() -> None:
    """Close or open a line at once, and show how the lines stand."""


@line.subcommand("close", "line close support", 'line close support --until 14:00 --say "We are at a funeral."')
@click.argument("name")
@click.option("--until", default="", metavar="TIME", help="Of the line's zone; without it the end of its day.")
@click.option("--say", "said", default="", metavar="TEXT", help="What callers hear, in place of the line's own words.")
@table_options
def close(*, name: str, until: str, said: str, at: Table) -> ExitCode:
    """Close a line at once: its callers hear that it is closed. Who waits is served or leaves, as `closing` says."""
    lines = _lines(at)
    lines.turn(name, "closed", until, said, at.now())
    return _say(lines, name, at)


@line.subcommand("open", "line open support", "line open support --until 20:00")
@click.argument("name")
@click.option("--until", default="", metavar="TIME", help="Of the line's zone; without it the end of its day.")
@table_options
def open_(*, name: str, until: str, at: Table) -> ExitCode:
    """Open a line at once. In its own hours, without --until, it then closes when it always does."""
    lines = _lines(at)
    lines.turn(name, "open", until, "", at.now())
    return _say(lines, name, at)


@line.subcommand("status", "line status", "line status --json")
@click.option("--changes", is_flag=True, help="Who turned the switches, and when.")
@table_options
@json_option
def status(*, changes: bool, as_json: bool, at: Table) -> ExitCode:
    """Show which lines are open, until when, and who has switched them."""
    lines, now = _lines(at), at.now()
    known = [(name, one, lines.standing(name, one)) for name, one in lines.center.lines.items()]
    if changes:
        made = [(name, change) for name, _, standing in known for change in standing.changes]
        data = [{"line": name, **msgspec.to_builtins(change)} for name, change in made]
        rows = [
            [name, _time(change.at, at), change.to, _time(change.until, at), change.by, change.said]
            for name, change in made
        ]
        show(data, as_table(["line", "at", "switched", "until", "by", "callers hear"], rows), as_json)
        return ExitCode.DONE
    rows = []
    for name, one, standing in known:
        change = standing.standing(now)
        how, until = lines.stands(one, standing, now)
        rows.append([name, how, until, f"by {change.by}" if change else "", change.said if change else ""])
    headings = ["line", "is", "until", "switched", "callers hear"]
    show([dict(zip(headings, row, strict=True)) for row in rows], as_table(headings, rows), as_json)
    return ExitCode.DONE


def _say(lines: Lines, name: str, at: Table) -> ExitCode:
    """How the line stands after it: somebody else may have turned it at the same moment."""
    known, one = lines.find(name)
    how, until = lines.stands(one, lines.standing(known, one), at.now())
    say(f"{known} is {how}{f' until {until}' if until else ''}; callers meet it within 20 seconds")
    return ExitCode.DONE


def _lines(at: Table) -> Lines:
    center: CallCenter = at.center()
    return Lines(center, at.name())


def _time(moment: float, at: Table) -> str:
    return datetime.fromtimestamp(moment, at.zone()).strftime("%Y-%m-%d %H:%M") if moment else ""

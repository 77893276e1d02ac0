"""`block add`, `remove` and `list`: callers who are let in no more."""

import click

from ops import hours
from ops.callers import Callers
from ops.commands.cli import group, json_option
from ops.commands.output import note, say, show
from ops.commands.output import table as as_table
from ops.commands.table_options import Table, table_options
from ops.errors import ExitCode

MOST_REASON = 200


@group("block")
def block() -> None:
    """Block callers, let them in again, and list who is blocked."""


@block.subcommand("add", "block add +12125550171", 'block add +12125550171 --until 2027-01-31T12:00 --reason "abuse"')
@click.argument("number")
@click.option("--until", default="", metavar="TIME", help="Of the team's zone; without it a year from now.")
@click.option("--reason", default="", metavar="TEXT", help="Why, for those who read the list.")
@table_options
def add(*, number: str, until: str, reason: str, at: Table) -> ExitCode:
    """Block a number: whoever calls from there rings nobody, and is not called back."""
    now = at.now()
    ends = hours.instant(at.calendar(), until, now) if until else 0.0
    known = _callers(at).block(number, ends, reason[:MOST_REASON], now)
    if known.is_blocked(now):
        say(f"{at.shown(number)} is blocked until {at.clock(known.blocked_until)}")
        return ExitCode.DONE
    say(f"{at.shown(number)} is not blocked: somebody has let them in since")
    return ExitCode.FAILED


@block.subcommand("remove", "block remove +12125550171")
@click.argument("number")
@table_options
def remove(*, number: str, at: Table) -> ExitCode:
    """Let a number in again."""
    _callers(at).unblock(number, at.now())
    say(f"{at.shown(number)} is not blocked")
    return ExitCode.DONE


@block.subcommand("list", "block list", "block list --numbers --json")
@table_options
@json_option
def list_(*, as_json: bool, at: Table) -> ExitCode:
    """List who is blocked: until when, by whom, and why."""
    found = _callers(at).blocked(at.now())
    if not found and not as_json:
        note("nobody is blocked")
        return ExitCode.DONE
    rows = []
    for profile in found:
        made = profile.block
        by, since, reason = (made.by, at.clock(made.at), made.reason) if made else ("", "", "")
        rows.append([at.shown(profile.number), at.clock(profile.blocked_until), by, since, reason])
    headings = ["number", "until", "by", "since", "reason"]
    show([dict(zip(headings, row, strict=True)) for row in rows], as_table(headings, rows), as_json)
    return ExitCode.DONE


def _callers(at: Table) -> Callers:
    return Callers(at.center(), at.name())

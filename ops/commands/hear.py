"""`hear`: what a caller would hear, without an account."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import click

from chalicelib.config import callcenter, schema
from chalicelib.config.schema import CallCenter, Line
from chalicelib.config.toml_errors import CallCenterError
from chalicelib.hours import state
from chalicelib.hours.calendar import Open
from chalicelib.hours.switch import Switch
from ops import hearing, hours
from ops.commands.cli import command, json_option
from ops.commands.output import note, say, show
from ops.commands.output import table as as_table
from ops.errors import ExitCode, FilesError, UsageError

FOUR_WEEKS = 28


@dataclass(frozen=True)
class Day:
    line: str
    day: str
    open: str
    name: str


@command(
    "hear",
    "hear +14155550100",
    "hear +14155550100 --at 2026-12-24T17:05 --keys 1",
    "hear +14155550100 --says spanish",
    "hear --table",
)
@click.argument("number", default="")
@click.option("--at", default="", metavar="TIME", help="When the call comes in, in the line's zone; now, if not given.")
@click.option("--keys", default="", metavar="KEYS", help="What the caller presses, one key after the other.")
@click.option(
    "--says", multiple=True, metavar="WORDS", help="What the caller says to a menu; WORDS? is said unclearly."
)
@click.option("--table", is_flag=True, help="Show when lines are open in the next four weeks.")
@json_option
def hear(*, number: str, at: str, keys: str, says: Sequence[str], table: bool, as_json: bool) -> ExitCode:
    """Print what a caller would hear, and when lines are open.

    By the files alone: no switch is asked about, no account is needed, and nothing is sent.
    """
    try:
        center = callcenter.current()
    except CallCenterError as error:
        raise FilesError(str(error)) from error
    if table:
        return _table(center, number, as_json)
    if not schema.is_number(number):
        raise UsageError("give the number that is called, such as +14155550100, or --table")
    name, line = center.line_of(number)
    calendar = state.calendar(center, line)
    moment = hours.moment(calendar, at, time.time()) if at else time.time()
    heard = list(hearing.Call(center, number, moment, keys, list(says)).heard())
    if as_json:
        show(heard, "", as_json)
        return ExitCode.DONE
    if number not in center.own_numbers():
        note(f"no line lists {number}: it is treated as {center.default_line}")
    if center.simple_queue_of(number) is None:
        say(f"{hours.clock(calendar, moment)}: {name} is {_how(line, moment)}")
    for sentence in heard:
        say(sentence)
    return ExitCode.DONE


def _how(line: Line, at: float) -> str:
    return "open" if isinstance(state.under(Switch(), line, at), Open) else "closed"


def _table(center: CallCenter, number: str, as_json: bool) -> ExitCode:
    """Of the line of this number, or of each line that has hours."""
    own = center.line_of(number)[0] if number else ""
    days = [
        Day(name, *day)
        for name, line in center.lines.items()
        if line.hours and own in ("", name)
        for day in hours.openings(state.calendar(center, line), time.time(), FOUR_WEEKS)
    ]
    if not days and not as_json:
        note("no line has hours: they are always open")
        return ExitCode.DONE
    rows = [[day.line, day.day, day.open, day.name] for day in days]
    show([asdict(day) for day in days], as_table(["line", "day", "open", "name"], rows), as_json)
    return ExitCode.DONE

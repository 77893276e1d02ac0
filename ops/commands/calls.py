"""`calls list`, `show` and `follow`: what happened on calls, and what happens on them."""

import json
import re
import time
from collections.abc import Iterator
from datetime import date
from itertools import islice

import click

from chalicelib.links.model import CallRecord
from chalicelib.reports import elsewhere, story
from chalicelib.reports.rows import is_missed
from ops import call_list, call_record, follow, listing, phone, records
from ops.commands.cli import group, json_option
from ops.commands.output import note, say
from ops.commands.output import show as show_data
from ops.commands.output import table as as_table
from ops.commands.table_options import Table, table_options
from ops.errors import ExitCode, OpsError, UsageError
from ops.listing import Listing, Wanted

EXAMPLE = "CA0123456789abcdef0123456789abcdef"
LAST_CALLS = 10


@group("calls")
def calls() -> None:
    """Show what happened on calls."""


@calls.subcommand("list", "calls list", "calls list --day yesterday --missed", "calls list --worker Bea --csv")
@click.option(
    "--day", default="today", show_default=True, help="YYYY-MM-DD, today or yesterday, in the team's time zone."
)
@click.option("--line", default="", metavar="NAME", help="Of this line, or simple queue, alone.")
@click.option(
    "--worker", default="", metavar="NAME", help="That this worker was reserved for; Twilio is asked who it is."
)
@click.option("--missed", is_flag=True, help="Whose caller has gone and talked to nobody.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 100_000), help="The latest so many.")
@click.option("--csv", "as_csv", is_flag=True, help="Print comma-separated values.")
@table_options
@json_option
def list_(
    *, day: str, line: str, worker: str, missed: bool, limit: int, as_csv: bool, as_json: bool, at: Table
) -> ExitCode:
    """List the calls of a day, earliest first.

    A call is talked, talking, in progress, voicemail, led out, hung up, what Twilio says of it otherwise, or unknown.
    """
    if as_csv and as_json:
        raise UsageError("give --csv or --json, not both")
    asked, found = at.day(day), at.records()
    subjects = _of_worker(found, at, worker, asked) if worker else _of_day(found, at, asked, line)
    wanted = Wanted(limit, at.now(), at.numbers, lambda row: line in ("", row.line) and (not missed or is_missed(row)))
    listed = listing.of(found, subjects, wanted)
    if not listed.rows and line:
        at.check_line(line)
    if as_csv:
        click.echo(call_list.as_csv(listed.rows), nl=False)
    else:
        _show(listed, at, as_json, f"there is no such call on {asked.isoformat()}")
    _say_more(listed)
    return ExitCode.DONE


def _of_day(found: records.Records, at: Table, day: date, line: str) -> Iterator[str]:
    condition = records.of_line(line) if line else records.ANY
    return (call.call_sid for call in found.between(*records.span(day, at.zone()), condition))


def _of_worker(found: records.Records, at: Table, name: str, day: date) -> Iterator[str]:
    """Each call once, however often the worker was reserved for it."""
    worker_sid = name if re.fullmatch("WK[0-9a-f]{32}", name) else at.staff().find(name).sid
    reserved = found.reservations_of(worker_sid, *records.span(day, at.zone()))
    return iter(dict.fromkeys(key.subject for key in reserved))


def _show(listed: Listing, at: Table, as_json: bool, nothing: str) -> None:
    if not listed.rows and not as_json:
        note(nothing)
        return
    shown = call_list.table(listed.rows, call_list.COLUMNS, at.zone())
    show_data(listed.rows, as_table(*shown), as_json)


def _say_more(listed: Listing) -> None:
    if listed.more:
        note(f"there are more: these are the latest {len(listed.rows)}, --limit gives another number")


@calls.subcommand(
    "show", f"calls show {EXAMPLE}", f"calls show {EXAMPLE} --stage prod --json", "calls show '(415) 555-0100'"
)
@click.argument("call", metavar="CALL_SID|NUMBER")
@click.option(
    "--days", default=30, show_default=True, type=click.IntRange(1, 3650), help="For a number: look back so far."
)
@table_options
@json_option
def show(*, call: str, days: int, as_json: bool, at: Table) -> ExitCode:
    """Show everything that is recorded of one call, or the last calls of a phone number.

    CALL_SID is the sid of the caller's leg or of a worker's, or the TaskSid of work that is no call; NUMBER is the
    caller's, however it is spelled.
    """
    if re.fullmatch("(CA|WT)[0-9a-fA-F]{32}", call):
        return _show_one(call, at, as_json)
    if not phone.looks_like(call):
        raise UsageError(f"{call!r} is no CallSid (CA and 32 hexadecimal digits), no TaskSid (WT) and no phone number")
    number = phone.stored(call, at.own_numbers())
    found = at.records()
    last = islice(found.between(*at.days(days), records.of_caller(number)), LAST_CALLS)
    listed = listing.of(found, [one.call_sid for one in last], Wanted(LAST_CALLS, at.now(), at.numbers))
    if not listed.rows:
        raise OpsError(f"no call of {at.shown(number)} in the last {days} days in the table {at.name()}")
    _show(listed, at, as_json, "")
    return ExitCode.DONE


def _show_one(call_sid: str, at: Table, as_json: bool) -> ExitCode:
    name = at.name()
    record = call_record.find(name, call_sid)
    if record is None:
        raise OpsError(f"no call, no worker leg and no work {call_sid} in the table {name}")
    data = json.loads(story.as_json(record, at.numbers))
    show_data(data, "\n".join([story.timeline(record, at.numbers), "", *_places(record, at)]).rstrip(), as_json)
    return ExitCode.DONE


def _places(record: CallRecord, at: Table) -> Iterator[str]:
    """Twilio's and AWS's own pages about the call."""
    where = at.where()
    for place in elsewhere.places(record, where) if where else ():
        yield f"{place.what}: {place.url}"


@calls.subcommand("follow", f"calls follow {EXAMPLE}", "calls follow --line support")
@click.argument("call_sid", default="")
@click.option("--line", default="", metavar="NAME", help="All calls of this line that begin from now on.")
@table_options
def follow_(*, call_sid: str, line: str, at: Table) -> ExitCode:
    """Show what happens on a call until it is over, or on all calls of a line until Ctrl-C.

    The table is looked at every two seconds; what Twilio tells late comes late.
    """
    if bool(call_sid) == bool(line):
        raise UsageError("give a CallSid or --line, and not both")
    if call_sid and not re.fullmatch("CA[0-9a-fA-F]{32}", call_sid):
        raise UsageError(f"{call_sid!r} is no CallSid: CA and 32 hexadecimal digits")
    found = at.records()
    if line:
        at.check_line(line)
        told = follow.line(found, records.of_line(line), at.now, _pause)
    else:
        told = follow.one(found, _caller_of(at, call_sid), _pause)
    try:
        for news in told:
            say(at.shown(news))
    except KeyboardInterrupt:  # the way to end it
        note("")
    return ExitCode.DONE


def _caller_of(at: Table, call_sid: str) -> str:
    """The caller's leg of this call; a call that is not known yet may come."""
    record = call_record.find(at.name(), call_sid)
    return record.links[0].subject if record and record.links else call_sid


def _pause() -> None:
    time.sleep(follow.LOOK_SECONDS)

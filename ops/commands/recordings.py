"""`recordings list`, `hear`, `hold` and `release`: which talks were recorded, and that one is not deleted."""

import getpass
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from chalicelib.links.model import Talk
from ops import messages
from ops.commands.cli import group, json_option
from ops.commands.output import note, say, show
from ops.commands.output import table as as_table
from ops.commands.table_options import Table, table_options
from ops.errors import ExitCode, OpsError

if TYPE_CHECKING:
    from rich.console import RenderableType


@group("recordings")
def recordings() -> None:
    """List the talks that were recorded, hear them, and hold them."""


class Row(msgspec.Struct, frozen=True):
    """A recorded talk, as the list shows it. `at` is ISO 8601, in UTC."""

    at: str
    queue: str
    worker: str
    caller: str
    seconds: int
    number: str
    status: str
    ends: str
    call_sid: str
    recording_sid: str
    kept_as: str


@recordings.subcommand("list", "recordings list", "recordings list --days 30 --queue Support --json")
@click.option(
    "--days", default=7, show_default=True, type=click.IntRange(1, 3650), help="Of so many days, today included."
)
@click.option("--queue", default="", metavar="NAME", help="Of this queue alone.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 10_000), help="The latest so many.")
@table_options
@json_option
def list_(*, days: int, queue: str, limit: int, as_json: bool, at: Table) -> ExitCode:
    """List the talks that were recorded, earliest first.

    One that is kept, or held, is in your bucket. The number is what a worker who may listen enters on the phone.
    """
    of_queue = (talk for talk in at.records().talks_between(*at.days(days)) if queue in ("", talk.queue))
    found = list(islice(of_queue, limit + 1))
    rows = [_row(at, talk) for talk in found[:limit][::-1]]
    if not rows and not as_json:
        note(f"no talk was recorded in {days} days")
        return ExitCode.DONE
    show(rows, _table(at, rows), as_json)
    if len(found) > limit:
        note(f"there are more: these are the latest {limit}, --limit gives another number")
    return ExitCode.DONE


def _row(at: Table, talk: Talk) -> Row:
    return Row(
        at=_iso(talk.at),
        queue=talk.queue,
        worker=talk.worker,
        caller=at.shown(talk.caller),
        seconds=max(talk.seconds, 0),
        number=talk.number,
        status=talk.status,
        ends="" if talk.held_at else _iso(talk.ends_at),
        call_sid=talk.subject,
        recording_sid=talk.recording_sid,
        kept_as=talk.stored_as,
    )


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _table(at: Table, rows: Sequence[Row]) -> "RenderableType":
    zone = at.zone()
    headings = [f"time ({zone.key})", "queue", "worker", "caller", "seconds", "number", "status", "until", "call"]

    def local(text: str, shape: str) -> str:
        return datetime.fromisoformat(text).astimezone(zone).strftime(shape) if text else ""

    cells = [
        [
            local(row.at, "%Y-%m-%d %H:%M:%S"),
            row.queue,
            row.worker,
            row.caller,
            str(row.seconds),
            row.number,
            row.status,
            local(row.ends, "%Y-%m-%d"),
            row.call_sid,
        ]
        for row in rows
    ]
    return as_table(headings, cells)


def _of_call(function: Callable[..., Any]) -> Callable[..., Any]:
    """The argument and the options of a command about the recorded talks of one call."""
    function = click.option("--by", default="", metavar="NAME", help="Who; you, if not given.")(function)
    function = click.option("--recording", default="", metavar="RE…", help="Which one, where there are several.")(
        function
    )
    return click.argument("call_sid", metavar="CALL_SID")(table_options(function))


@recordings.subcommand("hear", "recordings hear CA…", "recordings hear CA… --to talk.mp3")
@click.option("--to", type=click.Path(path_type=Path, dir_okay=False), help="Write the sound into this file.")
@_of_call
def hear(*, call_sid: str, recording: str, by: str, to: Path | None, at: Table) -> ExitCode:
    """Print a URL that plays the latest talk for five minutes, or write it into a file. Who hears it is noted."""
    talk = _talks(at, call_sid, recording)[-1]
    if not talk.stored_as:
        raise OpsError(f"the recording is not in the bucket, but at Twilio: {talk.recording_sid}")
    bucket = at.bucket()
    at.records().note_heard(talk, by or getpass.getuser(), at.now())
    if to:
        messages.fetch(bucket, talk, to)
        say(f"written to {to}")
    else:
        say(messages.url(bucket, talk))
    return ExitCode.DONE


@recordings.subcommand("hold", "recordings hold CA…", "recordings hold CA… --by Bea")
@_of_call
def hold(*, call_sid: str, recording: str, by: str, at: Table) -> ExitCode:
    """Hold the call's recorded talks: nothing deletes them, however long it is, until they are released."""
    for talk in _talks(at, call_sid, recording):
        if not at.records().hold(talk, by or getpass.getuser(), at.now()):
            raise OpsError(f"{talk.recording_sid} is being deleted: it cannot be held any more")
        if talk.stored_as:
            messages.let_expire(at.bucket(), talk, expires=False)
        say(f"{talk.recording_sid} is held")
    return ExitCode.DONE


@recordings.subcommand("release", "recordings release CA…", "recordings release CA… --recording RE…")
@_of_call
def release(*, call_sid: str, recording: str, by: str, at: Table) -> ExitCode:
    """Release the call's recorded talks: they are deleted when their time is over, or at once if that was before."""
    del by
    for talk in _talks(at, call_sid, recording):
        if not at.records().release(talk, at.now()):
            say(f"{talk.recording_sid} was not held")
            continue
        if talk.stored_as:
            messages.let_expire(at.bucket(), talk, expires=True)
        say(f"{talk.recording_sid} is released")
    return ExitCode.DONE


def _talks(at: Table, call_sid: str, recording: str) -> list[Talk]:
    return messages.chosen_talks(at.records().one(call_sid), recording)

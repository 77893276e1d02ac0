"""`voicemail list`, `hear` and `done`: who left a message, where it is, and that somebody has seen to it."""

import getpass
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from chalicelib.links.model import Message
from ops import call_list, listing, messages, records
from ops.commands.cli import group, json_option
from ops.commands.output import note, say, show
from ops.commands.output import table as as_table
from ops.commands.table_options import Table, table_options
from ops.errors import ExitCode, OpsError
from ops.listing import Wanted


@group("voicemail")
def voicemail() -> None:
    """List the messages that callers left, hear them, and mark them as done."""


@voicemail.subcommand("list", "voicemail list", "voicemail list --days 30 --line support --json")
@click.option(
    "--days", default=7, show_default=True, type=click.IntRange(1, 3650), help="Of so many days, today included."
)
@click.option("--line", default="", metavar="NAME", help="Of this line, or simple queue, alone.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 10_000), help="The latest so many.")
@table_options
@json_option
def list_(*, days: int, line: str, limit: int, as_json: bool, at: Table) -> ExitCode:
    """List the messages that callers left, earliest first.

    A recording that begins with s3: is in your bucket: `voicemail hear` plays it. Any other is at Twilio; its URL asks
    for the account's credentials where the account says so.
    """
    found = at.records()
    with_message = found.between(*at.days(days), records.WITH_VOICEMAIL)
    of_line = (call.call_sid for call in with_message if line in ("", call.line))
    listed = listing.of(found, of_line, Wanted(limit, at.now(), at.numbers))
    if not listed.rows and line:
        at.check_line(line)
    if not listed.rows and not as_json:
        note(f"nobody left a message in {days} days")
        return ExitCode.DONE
    show(listed.rows, as_table(*call_list.table(listed.rows, call_list.OF_VOICEMAIL, at.zone())), as_json)
    if listed.more:
        note(f"there are more: these are the latest {limit}, --limit gives another number")
    return ExitCode.DONE


def _of_message(function: Callable[..., Any]) -> Callable[..., Any]:
    """The argument and the options of a command about one message."""
    function = click.option("--by", default="", metavar="NAME", help="Who; you, if not given.")(function)
    function = click.option("--recording", default="", metavar="RE…", help="Which one; else the latest.")(function)
    return click.argument("call_sid", metavar="CALL_SID")(table_options(function))


@voicemail.subcommand("hear", "voicemail hear CA…", "voicemail hear CA… --to message.mp3")
@click.option("--to", type=click.Path(path_type=Path, dir_okay=False), help="Write the sound into this file.")
@_of_message
def hear(*, call_sid: str, recording: str, by: str, to: Path | None, at: Table) -> ExitCode:
    """Print a URL that plays the message for five minutes, or write it into a file. It is marked as heard."""
    message = _message(at, call_sid, recording)
    if not message.stored_as:
        raise OpsError("the message is not in the bucket, but at Twilio: `voicemail list` has its URL")
    if to:
        messages.fetch(at.bucket(), message, to)
        say(f"written to {to}")
    else:
        say(messages.url(at.bucket(), message))
    at.records().mark(message.key, "heard", by or getpass.getuser(), at.now())
    return ExitCode.DONE


@voicemail.subcommand("done", "voicemail done CA…", "voicemail done CA… --by Bea")
@_of_message
def done(*, call_sid: str, recording: str, by: str, at: Table) -> ExitCode:
    """Mark the message as done: somebody has called back, or nobody needs to."""
    message = _message(at, call_sid, recording)
    if at.records().mark(message.key, "done", by or getpass.getuser(), at.now()):
        say("done")
        return ExitCode.DONE
    before = _message(at, call_sid, recording)
    say(f"done before, by {before.done_by}")
    return ExitCode.DONE


def _message(at: Table, call_sid: str, recording: str) -> Message:
    return messages.chosen(at.records().one(call_sid), recording)

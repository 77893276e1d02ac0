"""`voicemail list`: who left a message, and where it is."""

import click

from ops import call_list, listing, records
from ops.commands.cli import group, json_option
from ops.commands.output import note, show
from ops.commands.output import table as as_table
from ops.commands.table_options import Table, table_options
from ops.errors import ExitCode
from ops.listing import Wanted


@group("voicemail")
def voicemail() -> None:
    """List the messages that callers left."""


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

    The recording itself is at Twilio: its URL asks for the account's credentials where the account says so.
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

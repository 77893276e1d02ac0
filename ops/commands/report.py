"""`report`: the calls of some days, counted."""

from datetime import date
from zoneinfo import ZoneInfo

import click

from chalicelib.config.schema import DAY_SECONDS
from chalicelib.reports import export, figures, history
from chalicelib.reports.figures import GROUPINGS, By, Counting
from ops import records
from ops.aws import client
from ops.callcenter import zones
from ops.commands.cli import command, json_option
from ops.commands.output import note, show
from ops.commands.output import table as as_table
from ops.commands.table_options import Table, table_options
from ops.errors import ExitCode, UsageError

DAYS = "YYYY-MM-DD, today or yesterday"


@command(
    "report",
    "report",
    "report --from 2026-11-01 --to 2026-11-30 --by worker",
    "report --from yesterday --by hour --csv",
)
@click.option("--from", "first", default="today", show_default=True, metavar="DAY", help=f"The first day: {DAYS}.")
@click.option("--to", "last", default="today", show_default=True, metavar="DAY", help="The last day.")
@click.option("--by", default="line", show_default=True, type=click.Choice(GROUPINGS), help="What a row is of.")
@click.option("--zone", default="", metavar="ZONE", help="The time zone of days and hours, in place of the team's.")
@click.option("--csv", "as_csv", is_flag=True, help="Print comma-separated values.")
@table_options
@json_option
def report(*, first: str, last: str, by: By, zone: str, as_csv: bool, as_json: bool, at: Table) -> ExitCode:
    """Count the calls of some days by line, queue, worker, day or hour.

    What the words mean is printed below the table.
    """
    if as_csv and as_json:
        raise UsageError("give --csv or --json, not both")
    shown, rules = _zone(zone, at), at.center().reports
    since, until = _span(at, at.day(first, shown), at.day(last, shown), shown)
    name = at.name()
    with client.plain(f"read the table {name}"):
        found = history.calls(since, until, at.now(), name)
    rows = export.rows(figures.report(found, Counting(by, rules, shown, at.now())))
    if as_csv:
        click.echo(export.as_csv(rows), nl=False)
        return ExitCode.DONE
    data = {"by": by, "zone": shown.key, "rows": rows, "definitions": export.definitions(rules)}
    show(data, as_table(*export.table(rows, by)), as_json)
    if not as_json:
        note("\n".join(export.definitions(rules)))
    return ExitCode.DONE


def _zone(name: str, at: Table) -> ZoneInfo:
    if name and not zones.is_known(name):
        raise UsageError(f"{name!r} is no time zone: {zones.allowed(name)}")
    return ZoneInfo(name) if name else at.zone()


def _span(at: Table, first: date, last: date, zone: ZoneInfo) -> tuple[float, float]:
    """From when until when these days are. Raises UsageError."""
    if first > last:
        raise UsageError(f"--from {first.isoformat()} is after --to {last.isoformat()}")
    since, keep_days = records.began(first, zone), at.center().keep_days
    earliest = records.day_of(at.now() - keep_days * DAY_SECONDS, zone)
    if first < earliest:
        raise UsageError(f"calls are kept for {keep_days} days, as keep_days says: --from {earliest} is the earliest")
    return since, records.span(last, zone)[1]

"""`worker list`, `on` and `off`: who takes calls, without Twilio's console."""

from datetime import datetime
from zoneinfo import ZoneInfo

import click
import msgspec

from ops import program
from ops.commands import ask
from ops.commands.cli import group, json_option, yes_option
from ops.commands.output import note, say, show
from ops.commands.output import table as as_table
from ops.commands.table_options import Table, table_options
from ops.errors import ExitCode, OpsError
from ops.staff import Activity, Staff, Worker, missed_call


@group("worker")
def worker() -> None:
    """Show the workers, and put them on and off the phones."""


@worker.subcommand("list", "worker list", "worker list --stage prod --json")
@table_options
@json_option
def list_(*, as_json: bool, at: Table) -> ExitCode:
    """List the workers: in which activity each is, since when, and whether it takes calls."""
    workers = at.staff().all()
    workers = [msgspec.structs.replace(one, contact_uri=at.shown(one.contact_uri)) for one in workers]
    zone = at.zone()
    rows = [
        [one.name, "yes" if one.available else "no", one.activity, _time(one.since, zone), one.contact_uri]
        for one in workers
    ]
    if not workers and not as_json:
        note("there is no worker in the workspace")
        return ExitCode.DONE
    show(workers, as_table(["worker", "takes calls", "activity", f"since ({zone.key})", "phone"], rows), as_json)
    return ExitCode.DONE


@worker.subcommand("on", "worker on Bea", "worker on Bea --activity Available --yes")
@click.argument("name")
@click.option("--activity", default="", metavar="NAME", help="An activity that takes calls, where there are several.")
@table_options
@yes_option
def on(*, name: str, activity: str, yes: bool, at: Table) -> ExitCode:
    """Put a worker on the phones: they are offered the next call.

    Who was taken off by a missed call comes back at once. Whoever else is off may have chosen it: that is asked first.
    """
    staff = at.staff()
    found = staff.find(name)
    wanted = staff.activity(activity, available=True)
    if found.activity == wanted.name:
        say(f"{found.name} is {found.activity} already")
        return ExitCode.DONE
    if not found.available:
        _ask_unless_missed(at, found, yes)
    return _move(staff, found, wanted)


@worker.subcommand("off", "worker off Bea", "worker off Bea --activity Unavailable")
@click.argument("name")
@click.option(
    "--activity", default="", metavar="NAME", help="An activity without calls, in place of the workspace's own."
)
@table_options
def off(*, name: str, activity: str, at: Table) -> ExitCode:
    """Take a worker off the phones: they get no further call. One that rings goes on ringing, and a talk goes on."""
    staff = at.staff()
    found = staff.find(name)
    wanted = staff.activity(activity, available=False)
    if found.activity == wanted.name or (not found.available and not activity):
        say(f"{found.name} is {found.activity} already")
        return ExitCode.DONE
    return _move(staff, found, wanted)


def _move(staff: Staff, found: Worker, wanted: Activity) -> ExitCode:
    staff.move(found, wanted)
    say(f"{found.name} was {found.activity}, and is {wanted.name} now")
    return ExitCode.DONE


def _ask_unless_missed(at: Table, found: Worker, yes: bool) -> None:
    """A rule of ours took them off, as the table says; else a person may have, and what they set stays unless asked."""
    try:
        records = at.records()
        missed = missed_call(found, lambda since, until: list(records.links_of(found.sid, since, until)))
    except OpsError as error:
        note(f"whether a missed call is why: {error}")
        missed = None
    if missed:
        why = missed.reason or missed.outcome
        note(f"{found.name} was taken off by a call ({why}): {program.command('calls', 'show', missed.subject)}")
        return
    zone = at.zone()
    since = f"{_time(found.since, zone)} {zone.key}"
    note(f"{found.name} is {found.activity} since {since}, and no call is why: perhaps it was by hand")
    ask.confirm(f"Put {found.name} on the phones?", yes)


def _time(at: float, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(at, zone).strftime("%Y-%m-%d %H:%M:%S") if at else ""

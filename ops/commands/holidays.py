"""`holidays`: a year's public holidays, written into callcenter.toml."""

from pathlib import Path

import click

from chalicelib.config.toml_errors import NAME
from ops.callcenter import holidays as known
from ops.callcenter.files import TEAM
from ops.commands.cli import command, root_option
from ops.commands.output import note, say
from ops.errors import ExitCode, FilesError, UsageError
from ops.project import Project


@command("holidays", "holidays --country US --year 2027", "holidays --country DE --subdivision BY --year 2027")
@click.option("--country", required=True, metavar="CODE", help="Two letters, such as US or DE.")
@click.option("--subdivision", default="", metavar="CODE", help="A state or region, such as CA or BY.")
@click.option("--year", required=True, type=click.IntRange(2000, 2100))
@click.option("--hours", default="", metavar="NAME", help="The table [hours.NAME]; not needed where there is one.")
@root_option
def holidays(*, country: str, subdivision: str, year: int, hours: str, root: Path) -> ExitCode:
    """Write a year's public holidays into callcenter.toml, as dates on which it is closed.

    Look through them, and edit them. A date that the hours have already stays as it is.
    """
    file = root / TEAM / NAME
    if not file.exists():
        raise FilesError(f"{TEAM / NAME} is missing: `./cordboard init` makes it")
    table = hours or _the_only(Project("dev", root))
    text, new = known.added(file.read_text(encoding="utf-8"), table, known.of(country, subdivision, year))
    file.write_text(text, encoding="utf-8")
    for day, name in new.items():
        say(f"+ {day.isoformat()} {name}")
    note(f"{len(new)} dates are new in [hours.{table}] of {file}: look through them, then ./cordboard deploy")
    return ExitCode.DONE


def _the_only(project: Project) -> str:
    names = list(project.files().application.hours)
    if len(names) != 1:
        raise UsageError(f"give --hours: {', '.join(names) or 'there is no table [hours.NAME]'}")
    return names[0]

"""`rota`: who works when, as the package will have it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from chalicelib.staff.rota import Packaged, Shift
from ops.callcenter import ics, staff_file
from ops.callcenter.files import Center
from ops.commands.cli import group, json_option, root_option, stage_option
from ops.commands.output import show
from ops.errors import ExitCode, FilesError
from ops.project import Project


@group("rota")
def rota() -> None:
    """Show who works when, and take a calendar's shifts."""


@rota.subcommand("show", "rota show", "rota show --days 28 --json")
@click.option("--days", default=7, show_default=True, type=click.IntRange(1, 371), help="From now on.")
@stage_option
@root_option
@json_option
def show_(*, days: int, stage: str, root: Path, as_json: bool) -> ExitCode:
    """Show the shifts of the days to come; nothing is written."""
    project, now = Project(stage, root), datetime.now(UTC)
    made = staff_file.made(project.checked_files(), _calendar(project), project.packaged(), now)
    until = (now + timedelta(days=days)).timestamp()
    coming = [shift for shift in made.shifts if shift.end > now.timestamp() and shift.start < until]
    lines = [f"{made.local(one.start):%a %Y-%m-%d %H:%M} to {_end(made, one)}  {one.worker}" for one in coming]
    found = [{"worker": one.worker, "from": _iso(one.start), "to": _iso(one.end)} for one in coming]
    show({"zone": made.zone, "shifts": found}, "\n".join(lines) or "There are no shifts.", as_json)
    return ExitCode.DONE


@rota.subcommand("build", "rota build")
@stage_option
@root_option
@json_option
def build(*, stage: str, root: Path, as_json: bool) -> ExitCode:
    """Write what the next package holds of rota and PINs.

    `deploy` does it by itself; after a change `chalice deploy` needs it.
    """
    project = Project(stage, root)
    return _write(project, project.checked_files(), as_json)


@rota.subcommand("import", "rota import team.ics")
@click.argument("calendar", type=click.Path(path_type=Path, dir_okay=False))
@stage_option
@root_option
@json_option
def import_(*, calendar: Path, stage: str, root: Path, as_json: bool) -> ExitCode:
    """Take the shifts of an iCalendar file, eight weeks of them.

    Each event is a shift, and its title begins with the worker's name. The file is kept beside workers.toml as
    rota.ics: each deployment takes the next eight weeks of it.
    """
    project, content = Project(stage, root), _read(calendar)
    center = project.checked_files()
    staff_file.made(center, content, Packaged(), datetime.now(UTC))  # before it is kept
    (root / ics.ICS).write_bytes(content)
    return _write(project, center, as_json)


def _write(project: Project, center: Center, as_json: bool) -> ExitCode:
    made = project.make_staff_file(center, datetime.now(UTC))
    people = len({shift.worker for shift in made.shifts})
    said = f"{len(made.shifts)} shifts of {people} workers, and {len(made.pins)} PINs: in the next package"
    show({"shifts": len(made.shifts), "workers": people, "pins": len(made.pins)}, said, as_json)
    return ExitCode.DONE


def _calendar(project: Project) -> bytes | None:
    file = project.root / ics.ICS
    return _read(file) if file.exists() else None


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise FilesError(f"{file.name}: cannot be read: {error.strerror}") from error


def _end(made: Packaged, shift: Shift) -> str:
    start, end = made.local(shift.start), made.local(shift.end)
    return f"{end:%H:%M}" if end.date() == start.date() else f"{end:%a %H:%M}"


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()

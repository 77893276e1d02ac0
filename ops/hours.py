"""The lines of the files: when they are open, and the switch that closes or opens one at once."""

import getpass
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.config.schema import CallCenter, Line
from chalicelib.hours import state, switch
from chalicelib.hours.calendar import Calendar, Open
from chalicelib.hours.switch import Change, Position, Switch
from ops.aws import client
from ops.errors import UsageError
from ops.staff import unknown

MINUTES = 60
HOW = "a time of day such as 14:00, or 2026-12-24T14:00"


@dataclass(frozen=True)
class Lines:
    """The lines of one call centre, and the table that has their switches."""

    center: CallCenter
    table: str

    def find(self, name: str) -> tuple[str, Line]:
        """The line of this name, in any case. Raises UsageError."""
        for known, line in self.center.lines.items():
            if known.casefold() == name.casefold():
                return known, line
        raise UsageError(unknown("line", name, list(self.center.lines)))

    def turn(self, name: str, to: Position, until: str, said: str, now: float) -> Switch:
        """Close or open the line; how its switch stands then. Raises UsageError, AwsError."""
        known, line = self.find(name)
        if not line.switch:
            raise UsageError(f"lines.{known} has no switch: write switch = true there, and deploy")
        ends = instant(state.calendar(self.center, line), until, now) if until else 0.0
        sid = f"ops-{uuid.uuid4()}"
        change = Change(to=to, at=float(int(now)), by=getpass.getuser(), sid=sid, until=ends, said=said)
        with client.plain(f"turn the switch of {known}"):
            return switch.turn(known, state.order(line, change, now), now, self.table)

    def standing(self, name: str, line: Line) -> Switch:
        """Raises AwsError."""
        if not line.switch:
            return Switch(line=name)
        with client.plain(f"read the switch of {name}"):
            return switch.find(name, self.table)

    def stands(self, line: Line, standing: Switch, now: float) -> tuple[str, str]:
        """Open or closed, and until when as the line's zone has it; empty when nobody knows."""
        until = state.changes_at(standing, line, now)
        shown = clock(state.calendar(self.center, line), until) if until else ""
        return "open" if isinstance(state.under(standing, line, now), Open) else "closed", shown


def moment(calendar: Calendar, text: str, now: float) -> float:
    """What is meant on the line's wall. A time of day that is over is tomorrow's. Raises UsageError."""
    wall = calendar.local(now)
    try:
        if "T" in text or " " in text:
            at = datetime.fromisoformat(text)
            return (at if at.tzinfo else at.replace(tzinfo=wall.tzinfo)).timestamp()
        time = datetime.strptime(text, "%H:%M")  # noqa: DTZ007 - the line's own zone follows
    except ValueError:
        raise UsageError(f"{text!r} is no time: {HOW}") from None
    at = wall.replace(hour=time.hour, minute=time.minute, second=0, microsecond=0)
    return (at if at > wall else at + timedelta(days=1)).timestamp()


def instant(calendar: Calendar, text: str, now: float) -> float:
    """The same, where it has to be yet to come. Raises UsageError."""
    if (meant := moment(calendar, text, now)) <= now:
        raise UsageError(f"{text} is over: {HOW}, yet to come")
    return meant


def clock(calendar: Calendar, at: float) -> str:
    return f"{calendar.local(at):%a %Y-%m-%d %H:%M}"


def openings(calendar: Calendar, since: float, days: int) -> Iterator[tuple[str, str, str]]:
    """Each day, its hours and its name where it is a date of its own."""
    first = calendar.local(since).date()
    for day in (first + timedelta(days=number) for number in range(days)):
        number = day.toordinal()
        spans = ", ".join(f"{_time(span.start)}-{_time(span.end)}" for span in calendar.of_day(number))
        yield f"{day:%a %Y-%m-%d}", spans or "closed", calendar.name_of_day(number)


def _time(minute: int) -> str:
    hour = minute // MINUTES
    return f"{hour if hour <= 24 else hour - 24:02}:{minute % MINUTES:02}"

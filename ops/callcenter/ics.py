"""A calendar file of shifts: each event is one, its title begins with the worker's name."""

import re
from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib.staff.rota import Shift
from ops.errors import FilesError

ICS = "rota.ics"
WEEKS = 8  # an event may repeat for ever


def shifts(content: bytes, zone: str, workers: Collection[str], since: datetime) -> Iterator[Shift]:
    """The shifts from `since` on for eight weeks. Times without a zone are in the file's own, else in `zone`.

    Raises FilesError: it is no calendar, or a title names nobody.
    """
    import icalendar
    import recurring_ical_events

    try:
        calendar: Any = icalendar.Calendar.from_ical(content)
        there = ZoneInfo(str(calendar.get("X-WR-TIMEZONE") or zone))
        found = recurring_ical_events.of(calendar).between(since - timedelta(days=1), since + timedelta(weeks=WEEKS))
    except (ValueError, KeyError, IndexError, OSError) as error:
        raise FilesError(f"{ICS}: it is no calendar that can be read: {error}") from error
    named = {name.casefold(): name for name in workers}
    for event in found:
        title = str(event.get("SUMMARY", ""))
        worker = _worker(title, named)
        if not worker:
            raise FilesError(f"{ICS}: {title!r} names no worker; a title begins with one of {', '.join(workers)}")
        start, end = (_instant(event[name].dt, there) for name in ("DTSTART", "DTEND"))
        yield Shift(worker, start, end)


def _worker(title: str, named: dict[str, str]) -> str:
    """Bea; Bea: on call; Bea (late) - the name is all, or what stands before the first such mark."""
    parts = (title, re.split(r"[:(,/]| - ", title, maxsplit=1)[0])
    return next((named[part.strip().casefold()] for part in parts if part.strip().casefold() in named), "")


def _instant(at: date, zone: ZoneInfo) -> int:
    """A day alone begins at midnight."""
    moment = at if isinstance(at, datetime) else datetime.combine(at, time())
    return int((moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC).timestamp())

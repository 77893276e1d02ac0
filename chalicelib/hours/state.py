"""Whether a line is open now: its switch first, then the file's dates, then the week. What fails leaves it open."""

from zoneinfo import ZoneInfo

import msgspec

from chalicelib.config import callcenter, schema
from chalicelib.config.schema import DAY_SECONDS, CallCenter, Line
from chalicelib.config.toml_errors import Mistake, sentence
from chalicelib.hours import switch
from chalicelib.hours.calendar import OPEN, Calendar, Closed, Open, State
from chalicelib.hours.switch import Change, Switch
from chalicelib.observability import log


def of(name: str, line: Line, now: float) -> State:
    """How this line stands. A line without a switch is not asked about. Never raises."""
    standing = switch.seen(name, now) if line.switch else Switch()
    return under(standing, line, now)


def under(standing: Switch, line: Line, now: float) -> State:
    """How the line stands under this switch. Never raises."""
    change = standing.standing(now)
    if change:
        return OPEN if change.to == "open" else Closed(say=change.said)
    if not line.hours:
        return OPEN
    try:
        return calendar(callcenter.current(), line).at(now)
    except Exception as error:
        log.error("hours of a line fail: it is open", hours=line.hours, why=type(error).__name__)
        return OPEN


def calendar(center: CallCenter, line: Line) -> Calendar:
    """The hours of a line that has some; of one without, a calendar that is never open but has its zone.

    Raises ZoneInfoNotFoundError.
    """
    hours = center.hours.get(line.hours)
    return Calendar(hours or schema.NO_HOURS, ZoneInfo((hours.zone if hours else "") or center.time_zone))


def changes_at(standing: Switch, line: Line, now: float) -> float | None:
    """When it opens or closes the next time; None when nobody knows."""
    change = standing.standing(now)
    if change is None:
        return _next_of_file(line, now)
    then, until = under(standing, line, change.until), change.until
    return _next_of_file(line, until) if type(then) is type(under(standing, line, now)) else until


def _next_of_file(line: Line, now: float) -> float | None:
    return calendar(callcenter.current(), line).next_change(now) if line.hours else None


def order(line: Line, change: Change, now: float) -> Change:
    """What somebody wants who gives no time: until the end of the line's day.

    Opening a line in its own hours only takes back that it was closed: it closes when it always does.
    """
    if change.until:
        return change
    if change.to == "open" and isinstance(under(Switch(), line, now), Open):
        return msgspec.structs.replace(change, to="file", said="")
    return msgspec.structs.replace(change, until=calendar(callcenter.current(), line).end_of_day(now))


def opens_at(name: str, line: Line, now: float) -> float:
    """From when on the line is open: `now`, if it is. Where nobody knows, a day later is soon enough to look again."""
    if isinstance(of(name, line, now), Open):
        return now
    return changes_at(switch.seen(name, now) if line.switch else Switch(), line, now) or now + DAY_SECONDS


def unknown_zones(center: CallCenter) -> list[Mistake]:
    """Zones that this machine does not know, of hours that a line has, and of the digest."""
    used = {"time_zone": center.time_zone} if center.reports.digest else {}
    for name in dict.fromkeys(line.hours for line in center.lines.values() if line.hours):
        used[f"hours.{name}.zone"] = center.hours[name].zone or center.time_zone
    allowed = "allowed is an IANA name such as Europe/Berlin"
    return [sentence(key, zone, allowed) for key, zone in used.items() if not _is_known(zone)]


def _is_known(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (OSError, ValueError, KeyError):
        return False
    return True

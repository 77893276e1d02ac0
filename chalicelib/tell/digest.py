"""Yesterday's figures, which whoever is told things is told each morning: [reports] digest."""

from datetime import datetime
from zoneinfo import ZoneInfo

from chalicelib.config import callcenter, days
from chalicelib.reports import export, figures, history
from chalicelib.reports.figures import Counting
from chalicelib.tell import mail

LATE_SECONDS = 600  # so long after its time a digest is still ordered: sweeps may fail


def due_at(now: float) -> float:
    """The moment of today's digest, while it is to be ordered; 0 at any other time, and where there is none."""
    at = callcenter.current().reports.digest
    if not at:
        return 0.0
    hour, minute = map(int, at.split(":"))
    there = datetime.fromtimestamp(now, _zone()).replace(hour=hour, minute=minute, second=0, microsecond=0)
    return there.timestamp() if 0 <= now - there.timestamp() < LATE_SECONDS else 0.0


def words(at: float, now: float) -> tuple[mail.Mail, str]:
    """The figures of the day before `at`, as a mail and as one text message."""
    center, zone = callcenter.current(), _zone()
    today = days.of(at, zone)
    yesterday = days.before(today)
    found = history.calls(days.midnight(yesterday, zone), days.midnight(today, zone) - 1, now)
    report = figures.report(found, Counting("line", center.reports, zone, now))
    day, rows = yesterday.isoformat(), export.rows(report)
    lines = [_line(row) for row in rows]
    return mail.of_digest(day, [*lines, "", *export.definitions(center.reports)]), f"Calls of {day}. {lines[-1]}"


def _line(row: export.Row) -> str:
    in_time = "" if row.service_level is None else f", {row.service_level:.0f} % in time"
    return (
        f"{row.group}: {row.offered} offered, {row.answered} answered{in_time}, {row.abandoned} abandoned,"
        f" {row.short} short, {row.overflow} overflow, {row.missed} missed by workers"
    )


def _zone() -> ZoneInfo:
    return ZoneInfo(callcenter.current().time_zone)

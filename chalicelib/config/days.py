"""Days on the wall of a time zone, which may have 23 or 25 hours (pure)."""

from datetime import date, datetime, timedelta, tzinfo


def of(at: float, zone: tzinfo) -> date:
    """The day on which this moment is there, in epoch seconds."""
    return datetime.fromtimestamp(at, zone).date()


def midnight(day: date, zone: tzinfo) -> float:
    """When this day begins there, in epoch seconds."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()


def before(day: date) -> date:
    return day - timedelta(days=1)


def after(day: date) -> date:
    return day + timedelta(days=1)

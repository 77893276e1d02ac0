"""Days that a browser asks for."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, tzinfo

from chalicelib.config import days
from chalicelib.console.answers import Wrong


def of(query: Mapping[str, str], name: str) -> date:
    """The day of this name in the query. Raises Wrong."""
    try:
        return datetime.strptime(query.get(name, ""), "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise Wrong(f"{name} is a day, YYYY-MM-DD") from None


def span(first: date, last: date, zone: tzinfo) -> tuple[float, float]:
    """The first moment of the one and the last second of the other: a day may have 23 or 25 hours."""
    return days.midnight(first, zone), days.midnight(days.after(last), zone) - 1

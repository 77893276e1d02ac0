"""The calls of some days, with their reservations: one query for each UTC day, not one for each call."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import Any

import msgspec

from chalicelib.links import table
from chalicelib.links.model import CALL_ITEM, Call, CallRecord, Link, is_link, link_of
from chalicelib.reports.outcome import LONGEST_CALL_SECONDS, joined_at


def calls(since: float, until: float, now: float, name: str = "") -> list[CallRecord]:
    """The calls that began from `since` to `until`, earliest first; `name` of a table that is not this process's own.

    Reservations are found by when they ended, which may be as much later as a call lasts: so much further is read.
    What is no call is left out. The index is a moment behind, and of what is still open it has the call alone.
    """
    found = _records(since, min(until + LONGEST_CALL_SECONDS, max(now, until)), name)
    joined = [(joined_at(record.call), record) for record in found if record.call]
    return [record for at, record in sorted(joined, key=itemgetter(0)) if since <= at <= until]


def known_since(since: float, now: float) -> list[CallRecord]:
    """The calls of which the table knows since then, whenever they began: each counts from its first row on."""
    return _records(since, now, "")


def _records(since: float, until: float, name: str) -> list[CallRecord]:
    found: dict[str, Call] = {}
    links: dict[str, list[Link]] = {}
    for row in _rows(since, until, name):
        if row["item"] == CALL_ITEM:
            found[row["call_sid"]] = msgspec.convert(row, Call)
        elif is_link(row["item"]):
            link = link_of(row)
            links.setdefault(link.subject, []).append(link)
    return [
        CallRecord(call, tuple(sorted(links.get(subject, ()), key=lambda link: link.reserved_at)))
        for subject, call in found.items()
        if subject.startswith("CA")
    ]


def _rows(since: float, until: float, name: str) -> Iterator[dict[str, Any]]:
    day = datetime.fromtimestamp(since, UTC).date()
    while day <= datetime.fromtimestamp(until, UTC).date():
        yield from table.rows_between(day.isoformat(), since, until, name)
        day += timedelta(days=1)

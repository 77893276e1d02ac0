"""A list of calls as a table and as comma-separated values (pure)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from chalicelib.reports.export import csv_of
from chalicelib.reports.rows import Row

COLUMNS: Mapping[str, str] = {
    "at": "time",
    "line": "line",
    "caller": "caller",
    "waited_seconds": "waited",
    "ended": "ended",
    "worker": "worker",
    "tried": "tried",
    "call_sid": "call",
}
OF_VOICEMAIL: Mapping[str, str] = {
    "at": "time",
    "line": "line",
    "caller": "caller",
    "voicemail_seconds": "seconds",
    "heard": "heard",
    "taken": "taken",
    "done": "done",
    "call_sid": "call",
    "where": "recording",
}


def table(rows: Sequence[Row], columns: Mapping[str, str], zone: ZoneInfo) -> tuple[list[str], list[list[str]]]:
    """The headings of these columns, and the rows as texts; times are those of this time zone, which is named."""
    headings = [f"{heading} ({zone.key})" if name == "at" else heading for name, heading in columns.items()]
    return headings, [[_text(name, getattr(one, name), zone) for name in columns] for one in rows]


def as_csv(rows: Sequence[Row]) -> str:
    """Comma-separated values with a header, as RFC 4180 has them."""
    return csv_of(Row.__struct_fields__, map(msgspec.structs.astuple, rows))


def _text(name: str, value: object, zone: ZoneInfo) -> str:
    if name == "at":
        return datetime.fromisoformat(str(value)).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
    return "" if value in ("", 0) else str(value)

"""Calls as a list: what became of each, who talked, who was tried (pure)."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec

from chalicelib.links.model import Call, CallRecord, Link, Message
from chalicelib.observability.masking import mask

LONGEST_CALL_SECONDS = 4 * 3600  # at Twilio (contract 7.1); of an older one its last events are lost
UNDECIDED = frozenset({"talked", "talking", "in progress", "unknown"})


class Row(msgspec.Struct, frozen=True):
    """A call, as a list shows it. `at` is ISO 8601, in UTC; `tried` says of whom else why they did not take it."""

    at: str
    call_sid: str
    line: str
    caller: str
    waited_seconds: int
    ended: str
    worker: str
    tried: str
    voicemail_seconds: int = 0
    voicemail_url: str = ""
    kept_as: str = ""  # the object in the bucket of the messages
    heard: str = ""  # when first, and by whom
    done: str = ""
    taken: str = ""  # by the worker who was rung for it

    @property
    def where(self) -> str:
        """Where the recording is."""
        return f"s3: {self.kept_as}" if self.kept_as else self.voicemail_url


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


def row(record: CallRecord, now: float, show_numbers: bool = False) -> Row:
    """The call of this record. Phone numbers are masked, unless `show_numbers`."""
    call = record.call or Call(call_sid=record.links[0].subject, at=record.links[0].reserved_at)
    shown = str if show_numbers else mask
    tried = [
        f"{_name(link)}: {link.reason or link.outcome or link.state}" for link in record.links if not link.bridged_at
    ]
    return Row(
        at=datetime.fromtimestamp(call.at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        call_sid=call.call_sid,
        line=call.line,
        caller=shown(call.caller),
        waited_seconds=call.queue_seconds,
        ended=ended(record, now),
        worker=", ".join(_name(link) for link in record.links if link.bridged_at),
        tried=shown(", ".join(tried)),
        voicemail_seconds=call.voicemail_seconds,
        voicemail_url=call.voicemail_url,
        **_of_message(record.messages[-1] if record.messages else None),
    )


def _of_message(message: Message | None) -> dict[str, str]:
    """Where the latest message of a call is, if not at Twilio, and what became of it."""
    if message is None:
        return {}
    return {
        "kept_as": message.stored_as,
        "heard": _who(message.heard_at, message.heard_by),
        "done": _who(message.done_at, message.done_by),
        "taken": _who(message.taken_at, message.taken_by),
    }


def _who(at: float, by: str) -> str:
    return f"{datetime.fromtimestamp(at, UTC).strftime('%Y-%m-%d %H:%M')} {by}" if at else ""


def ended(record: CallRecord, now: float) -> str:
    """What became of the call, in a word or two."""
    call = record.call
    if call is None:
        return "unknown"
    is_out = call.left_queue_at or call.canceled_at or call.completed_at
    if call.queue_result.startswith("bridged") or any(link.bridged_at for link in record.links):
        return "talked" if is_out or now > call.at + LONGEST_CALL_SECONDS else "talking"
    if is_out:
        return _without_a_worker(call)
    return "in progress" if now <= call.at + LONGEST_CALL_SECONDS else "unknown"


def _without_a_worker(call: Call) -> str:
    if call.voicemail_url:
        return "voicemail"
    if call.moved_at or call.queue_result in ("leave", "redirected"):
        return "led out"
    if "hangup" in (call.queue_result, call.reason):
        return "hung up"
    return call.queue_result or "led out"


def is_missed(listed: Row) -> bool:
    """Whether the caller has gone, and talked to nobody."""
    return listed.ended not in UNDECIDED


def table(rows: Sequence[Row], columns: Mapping[str, str], zone: ZoneInfo) -> tuple[list[str], list[list[str]]]:
    """The headings of these columns, and the rows as texts; times are those of this time zone, which is named."""
    headings = [f"{heading} ({zone.key})" if name == "at" else heading for name, heading in columns.items()]
    return headings, [[_text(name, getattr(one, name), zone) for name in columns] for one in rows]


def as_csv(rows: Sequence[Row]) -> str:
    """Comma-separated values with a header, as RFC 4180 has them."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(Row.__struct_fields__)
    for one in rows:
        writer.writerow([_harmless(str(value)) for value in msgspec.structs.astuple(one)])
    return text.getvalue()


def _harmless(value: str) -> str:
    """A caller may send a formula as a number, and a spreadsheet would run it."""
    is_number = value.startswith("+") and value[1:].isdecimal()
    return f"'{value}" if value[:1] in tuple("=+-@\t\r") and not is_number else value


def _text(name: str, value: object, zone: ZoneInfo) -> str:
    if name == "at":
        return datetime.fromisoformat(str(value)).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
    return "" if value in ("", 0) else str(value)


def _name(link: Link) -> str:
    return link.worker_name or link.worker_sid or link.reservation_sid

"""Calls as the rows of a list: what became of each, who talked, who was tried (pure)."""

from datetime import UTC, datetime

import msgspec

from chalicelib.links.model import Call, CallRecord, Link, Message
from chalicelib.observability.masking import mask
from chalicelib.reports.outcome import ended

UNDECIDED = frozenset(
    {"talked", "talking", "in progress", "unknown", "to be called back", "called back", "called again"}
)


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
    voicemail_seconds: int
    voicemail_url: str
    kept_as: str = ""  # the object in the bucket of the messages
    heard: str = ""  # when first, and by whom
    done: str = ""
    taken: str = ""  # by the worker who was rung for it

    @property
    def where(self) -> str:
        """Where the recording is."""
        return f"s3: {self.kept_as}" if self.kept_as else self.voicemail_url


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


def is_missed(listed: Row) -> bool:
    """Whether the caller has gone, and talked to nobody."""
    return listed.ended not in UNDECIDED


def _name(link: Link) -> str:
    return link.worker_name or link.worker_sid or link.reservation_sid

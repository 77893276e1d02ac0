"""The row of a worker: what they said by hand, and which boundary of theirs has been applied.

Each step is one conditional write. What was said by hand is written before the worker is moved, and a boundary is noted
as applied after that: whoever dies in between leaves something that is done again, and does no harm twice.
"""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from chalicelib.config import callcenter
from chalicelib.links import table
from chalicelib.links.model import Key
from chalicelib.links.table import ConditionFailed

PARTITION = "STAFF"
KNOWN_TEXTS = 10  # of the latest: Twilio repeats one within seconds
TRIES = 5


class Duty(msgspec.Struct, frozen=True, kw_only=True):
    """Times are epoch seconds, 0 for never. `texts` are the sids of the latest commands, the newest first."""

    worker: str = msgspec.field(name="item", default="")
    hand: Literal["on", "off", ""] = ""
    hand_at: float = 0
    sent_at: float = 0  # when Twilio got that
    until: float = 0  # what was set by hand ends then
    applied_at: float = 0  # the boundary that has been applied, and to what
    applied_to: Literal["on", "off", ""] = ""
    reminded_of: float = 0  # the beginning of the shift
    texts: str = ""
    note_call: str = ""  # the link about which they are asked for a note
    note_reservation: str = ""
    note_asked_at: float = 0

    def has_heard(self, sid: str) -> bool:
        """Whether this command has been taken before."""
        return sid in self.texts.split()

    @property
    def newest_text(self) -> str:
        return self.texts.partition(" ")[0]

    @property
    def note_key(self) -> Key | None:
        return Key(self.note_call, self.note_reservation) if self.note_call else None


def key(worker: str) -> Key:
    return Key(PARTITION, worker.casefold())


def find(worker: str) -> Duty:
    """The worker's row as it is now."""
    return _duty(table.find_row(key(worker)))


def all_rows() -> dict[str, Duty]:
    """The rows of everybody, by the name in lower case."""
    duties = [_duty(row) for row in table.rows_of(PARTITION) if not row["item"].startswith(PIN)]
    return {duty.worker: duty for duty in duties}


def take_text(
    worker: str, sid: str, now: float, changes: Mapping[str, object], *, sent_at: float = 0.0
) -> tuple[Duty, bool]:
    """Take a command once, and keep these changes; whether it is new. Raises ConditionFailed.

    With `sent_at` it is none if one that was sent later has been taken. An empty value takes out what stands.
    """
    changes = {**changes, "sent_at": sent_at} if sent_at else changes
    for _ in range(TRIES):
        seen = find(worker)
        if seen.has_heard(sid) or (sent_at and sent_at < seen.sent_at):
            return seen, False
        texts = " ".join([sid, *seen.texts.split()][:KNOWN_TEXTS])
        condition = "#texts = :seen" if seen.texts else "attribute_not_exists(#texts)"
        try:
            return _write(worker, {**changes, "texts": texts}, now, condition, {":seen": seen.texts}), True
        except ConditionFailed:
            continue
    raise ConditionFailed({})


def note_applied(worker: str, at: float, now: float, seen: Duty, changes: Mapping[str, object] | None = None) -> Duty:
    """This boundary of the worker's is applied. Raises ConditionFailed, with the row that stands.

    It is lost when something was said by hand since the row was `seen`, or a later boundary is applied.
    """
    condition = "(attribute_not_exists(#applied_at) OR #applied_at < :at)"
    condition += " AND (attribute_not_exists(hand_at) OR hand_at <= :seen)"
    values = {":at": at, ":seen": seen.hand_at}
    return _write(worker, {"applied_at": at, **(changes or {})}, now, condition, values)


def note_reminded(worker: str, start: float, now: float) -> bool:
    """The worker is reminded of this shift; whether they were not before."""
    condition = "attribute_not_exists(#reminded_of) OR #reminded_of < :start"
    try:
        _write(worker, {"reminded_of": start}, now, condition, {":start": start})
    except ConditionFailed:
        return False
    return True


def ask_for_note(worker: str, about: Key, now: float) -> None:
    """Their next words, unless they are a command, are a note about this link."""
    changes = {"note_call": about.subject, "note_reservation": about.reservation_sid, "note_asked_at": now}
    _write(worker, changes, now, "", {})


def _write(
    worker: str,
    changes: Mapping[str, object],
    now: float,
    condition: str,
    values: Mapping[str, object],
) -> Duty:
    kept = {name: value for name, value in changes.items() if value}
    gone = tuple(name for name, value in changes.items() if not value)
    kept["expires_at"] = callcenter.current().expires_at(now)
    used = {name: value for name, value in values.items() if name in condition}
    return _duty(table.update_row(key(worker), kept, condition, used, remove=gone))


def _duty(row: Mapping[str, Any]) -> Duty:
    return msgspec.convert(row, Duty)


# --- PINs

PIN = "PIN#"
WRONG_PINS, LOCKED_SECONDS = 3, 900
CALL_SECONDS = 4 * 3600  # a call lasts no longer (contract 7.1)


class Lock(msgspec.Struct, frozen=True, kw_only=True):
    """How often a wrong PIN was given, and in which call the right one; the row goes when it means nothing more."""

    failures: int = 0
    failed_at: float = 0
    open_in: str = ""  # the CallSid
    tried: str = ""  # the digits' own request, so that Twilio's second one is none of its own

    def is_locked(self, now: float) -> bool:
        return self.failures >= WRONG_PINS and now < self.failed_at + LOCKED_SECONDS


def find_lock(worker: str) -> Lock:
    return msgspec.convert(table.find_row(_lock_key(worker)), Lock)


def count_wrong_pin(worker: str, attempt: str, now: float) -> Lock:
    """`attempt` is what tells this one from the next; the same again counts once. Raises ConditionFailed."""
    for _ in range(TRIES):
        seen = find_lock(worker)
        if seen.tried == attempt:
            return seen
        before = seen.failures if now < seen.failed_at + LOCKED_SECONDS else 0
        changes = {"failures": before + 1, "failed_at": now, "tried": attempt}
        changes["expires_at"] = int(now) + LOCKED_SECONDS
        condition = "#failed_at = :seen" if seen.failed_at else "attribute_not_exists(#failed_at)"
        values = {":seen": seen.failed_at} if seen.failed_at else {}
        try:
            row = table.update_row(_lock_key(worker), changes, condition, values, remove=("open_in",))
        except ConditionFailed:
            continue
        return msgspec.convert(row, Lock)
    raise ConditionFailed({})


def open_in(worker: str, call_sid: str, now: float) -> None:
    """The right PIN was given in this call."""
    changes = {"open_in": call_sid, "expires_at": int(now) + CALL_SECONDS}
    table.update_row(_lock_key(worker), changes, "", {}, remove=("failures", "failed_at", "tried"))


def _lock_key(worker: str) -> Key:
    return Key(PARTITION, f"{PIN}{worker.casefold()}")

"""What is known of the caller's own leg: one row for each call, and of each wait in turn."""

from collections.abc import Mapping

import msgspec

from chalicelib.links import table
from chalicelib.links.model import CALL_ITEM, Call, Key

# A caller who waits is looked at this often: less than the five minutes for which Twilio knows a task (contract 5).
CHECK_CALLER_SECONDS = 240


def record(
    subject: str,
    changes: Mapping[str, object],
    now: float,
    *,
    defaults: Mapping[str, object] | None = None,
    once: str = "",
    left_queue: bool = False,
    of_round: int = 0,
) -> bool:
    """Keep something of the caller's own leg; with `once` only if that attribute is not there yet, else False.

    `left_queue`: the sweep no longer looks at this caller. `of_round` counts the waits of this caller: of one that a
    later one has followed nothing is kept.
    """
    try:
        table.write(
            _key(subject), _of_call(changes, now, defaults or {}, once, left_queue=left_queue, of_round=of_round)
        )
    except table.ConditionFailed:
        return False
    return True


def record_and_read(
    subject: str,
    changes: Mapping[str, object],
    now: float,
    *,
    defaults: Mapping[str, object] | None = None,
    left_queue: bool = False,
    of_round: int = 0,
) -> Call:
    """The same, and what is known of the leg then. Raises ConditionFailed: a later wait has begun."""
    change = _of_call(changes, now, defaults or {}, left_queue=left_queue, of_round=of_round)
    return msgspec.convert(table.write(_key(subject), change), Call)


def record_waiting(subject: str, known_fields: Mapping[str, object], now: float, of_round: int = 1) -> None:
    """A caller waits in the queue from now on, and the sweep looks after them, unless they have left it already.

    `of_round` is which wait of this caller that is, counted from 1.
    """
    watched = {**known_fields, "open": "call", "check_at": int(now) + CHECK_CALLER_SECONDS}
    if not record(subject, watched, now, once="left_queue_at", of_round=of_round):
        record(subject, known_fields, now, of_round=of_round)


# What is known of one wait, and of no other.
_OF_A_ROUND = (
    *("star", "left_queue_at", "queue_result", "queue_seconds", "moved_at", "wish", "wished_at", "task_sid"),
    *("canceled_at", "completed_at", "reason", "declined_say", "declined_then", "open", "check_at"),
)


def begin_round(subject: str, number: int, now: float) -> Call | None:
    """The caller waits in a queue once more: it is the wait of this number. None when it has begun before."""
    condition = "attribute_not_exists(#round) OR #round < :round"
    change = _of_call({"round": number}, now, {})._replace(condition=condition, remove=_OF_A_ROUND)
    try:
        return msgspec.convert(table.write(_key(subject), change), Call)
    except table.ConditionFailed:
        return None


def reschedule(due: table.Due, check_at: float) -> Call:
    """Have the sweep look at this caller at `check_at`, if the next check is still the expected one.

    Raises ConditionFailed: the caller left the queue, or somebody else is looking.
    """
    written = table.write(due.key, table.rescheduled(due.check_at, check_at))
    return msgspec.convert(written, Call)


def claim(subject: str, now: float, lease_seconds: float, changes: Mapping[str, object] | None = None) -> None:
    """Take the caller, to lead them out of the queue, and keep `changes`; again when a lease ran out.

    Raises ConditionFailed: they left the queue, or another job is at work.
    """
    free = "attribute_not_exists(moved_at) OR moved_at < :lapsed"
    condition = f"attribute_not_exists(left_queue_at) AND ({free})"
    changes = {**(changes or {}), "moved_at": now}
    change = table.Write(changes, condition, {":lapsed": now - lease_seconds}, table.expiry(now))
    table.write(_key(subject), change)


def _of_call(
    changes: Mapping[str, object],
    now: float,
    defaults: Mapping[str, object],
    once: str = "",
    *,
    left_queue: bool = False,
    of_round: int = 0,
) -> table.Write:
    conditions, names, values = [], {}, {}
    if once:
        conditions, names = ["attribute_not_exists(#once)"], {"#once": once}
    if of_round:
        conditions.append("(attribute_not_exists(#round) OR #round <= :of_round)")
        names, values = {**names, "#round": "round"}, {":of_round": of_round}
    remove = ("open", "check_at") if left_queue else ()
    defaults = {**defaults, **table.of_day(now), **table.expiry(now)}
    return table.Write(changes, " AND ".join(conditions), values, defaults, remove, names)


def _key(subject: str) -> Key:
    return Key(subject, CALL_ITEM)

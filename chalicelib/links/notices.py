"""Notices: what people have yet to be told, until it is told."""

import msgspec

from chalicelib.links import table
from chalicelib.links.model import Key, Notice


def order(notice: Notice, again_before: float) -> bool:
    """Keep a notice until it is told; whether it is a new one.

    It is not when the same has been kept before, unless that was at `again_before`, in epoch seconds, or earlier.
    """
    fields = {**msgspec.to_builtins(notice), "open": "notice", "check_at": int(notice.at), **table.expiry(notice.at)}
    changes = {name: value for name, value in fields.items() if value not in ("", 0)}
    remove = tuple(set(fields) - set(changes))  # what an older notice of this line had
    condition, expected = "attribute_not_exists(#at) OR #at <= :before", {":before": again_before}
    try:
        table.write(notice.key, table.Write(changes, condition, expected, remove=remove))
    except table.ConditionFailed:
        return False
    return True


def take(due: table.Due, check_at: float) -> Notice:
    """Take a notice to tell it; one that is not closed is due again at `check_at`.

    Raises ConditionFailed: another sweep has it.
    """
    return msgspec.convert(table.write(due.key, table.rescheduled(due.check_at, check_at)), Notice)


def close(key: Key, check_at: float, now: float) -> None:
    """It is told; `check_at` is what it was taken with. Raises ConditionFailed: there is a newer one meanwhile."""
    taken = {":taken": int(check_at)}
    told = table.Write({"told_at": now}, "#check_at = :taken", taken, remove=("open", "check_at"))
    table.write(key, told)

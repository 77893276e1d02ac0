"""Orders of work: each becomes one task, although it may be sent more than once."""

from contextlib import suppress
from typing import NamedTuple

from chalicelib.links import table
from chalicelib.links.model import Key

WORK = "WORK"
WITHOUT_TASK = "attribute_exists(digest) AND attribute_not_exists(task_sid)"  # ordered, and no task is known


class Ordered(NamedTuple):
    """An order of work as it stands. `is_claimed`: whoever asked for it posts the task now."""

    digest: str
    task_sid: str
    is_claimed: bool
    was_claimed_before: bool = False


def claim(work_key: str, digest: str, now: float, lease_seconds: float) -> Ordered:
    """Take this order of work, to make its task, unless that is done, or somebody else is at work on it.

    An order that was claimed before, and whose lease ran out, is claimed again: nobody knows whether there is a task.
    """
    free = "attribute_not_exists(task_sid) AND leased_until < :now AND digest = :digest"
    condition = f"attribute_not_exists(digest) OR ({free})"
    order = table.Write(
        {"digest": digest, "leased_until": now + lease_seconds},
        condition,
        {":now": now, ":digest": digest},
        defaults={"ordered_at": now, **table.expiry(now)},
    )
    try:
        row = table.write(_key(work_key), order)
    except table.ConditionFailed as failed:
        return Ordered(failed.row["digest"], failed.row.get("task_sid", ""), is_claimed=False)
    return Ordered(digest, "", is_claimed=True, was_claimed_before=row["ordered_at"] != now)


def keep(work_key: str, task_sid: str) -> None:
    """The order's task is made. Raises ConditionFailed: its row has expired."""
    order = table.Write({"task_sid": task_sid}, "attribute_exists(digest)", remove=("leased_until",))
    table.write(_key(work_key), order)


def note_made(work_key: str, task_sid: str) -> None:
    """An event says that the order's task is made: whoever made it may not have heard so, and Twilio forgets a task
    that has ended (contract 5). What is known stays, and a key that nobody has ordered by is none.
    """
    order = table.Write({"task_sid": task_sid}, WITHOUT_TASK, remove=("leased_until",))
    with suppress(table.ConditionFailed):
        table.write(_key(work_key), order)


def release(work_key: str) -> None:
    """The order's task is not made, and may be ordered again."""
    order = table.Write({"leased_until": 0}, WITHOUT_TASK)
    with suppress(table.ConditionFailed):
        table.write(_key(work_key), order)


def _key(work_key: str) -> Key:
    return Key(f"{WORK}#{work_key}", WORK)

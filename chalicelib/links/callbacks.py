"""The rows of callbacks: one beside the call that asked for it, and by phone which one is open.

Each write says which version it saw: whoever is second reads what stands, and decides anew.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from chalicelib.config import callcenter, schema
from chalicelib.links import table
from chalicelib.links.model import CALLBACK_ITEM, CALLBACKS_OVER, Callback, Key
from chalicelib.links.table import ConditionFailed

PHONE = "PHONE"
HELD_SECONDS = 60  # then the sweep looks whether the caller is still on the line
QUEUED_SECONDS = 240  # less than the five minutes for which Twilio knows a task after its end (contract 5)
UNPOSTED_SECONDS = 40  # of a callback whose task is being made: more than a post is leased
TRIES = 3


def create(new: Callback, now: float) -> Callback:
    """Keep a new callback; the one that stands, when this call has asked before."""
    fields = {name: value for name, value in msgspec.to_builtins(new).items() if name not in ("call_sid", "item")}
    fields = {name: value for name, value in fields.items() if value != 0}
    fields |= {"open": "callback", "check_at": int(now) + HELD_SECONDS, "expires_at": _expires_at(now)}
    try:
        return _callback(table.update_row(new.key, _kept(fields), "attribute_not_exists(#version)", {}))
    except ConditionFailed as failed:
        return _callback(failed.row)


def find(about: str, where: str = "") -> Callback | None:
    """The callback that this call asked for, as it is now; `where` is the table, if it is not this process's own."""
    row = table.find_row(Key(about, CALLBACK_ITEM), where)
    return _callback(row) if row else None


def change(seen: Callback, now: float, check_after: float = 0, where: str = "", **changes: Any) -> Callback:
    """Change a callback that is as it was `seen`; an empty text takes a value away. Returns it as it stands then.

    The sweep looks at it after `check_after` seconds, unless it is over. Raises ConditionFailed: somebody else was
    faster.
    """
    state = changes.get("state", seen.state)
    is_over = state in CALLBACKS_OVER
    check_at = int(now + check_after)
    known = {**changes, "version": seen.version + 1, "expires_at": _expires_at(max(now, check_at))}
    if is_over:
        known["ended_at"] = now
    else:
        known |= {"open": "callback", "check_at": check_at}
    remove = [name for name, value in known.items() if value == ""]
    if is_over:
        remove += ["open", "check_at"]
    condition, values = "#version = :seen", {":seen": seen.version}
    try:
        return _callback(table.update_row(seen.key, _kept(known), condition, values, remove=remove, table=where))
    except ConditionFailed as failed:
        if failed.row and _is_ours(failed.row, known):
            return _callback(failed.row)
        raise


def open_of(phone: str, line: str, where: str = "") -> tuple[str, Callback | None]:
    """What is known of this caller's callback on this line: the call that asked for it, and the callback if it is open.

    Both are empty when there was none.
    """
    about = str(table.find_row(_claim(phone, line), where).get("about", ""))
    callback = find(about, where) if about else None
    return about, callback if callback and not callback.is_over else None


def claim(phone: str, line: str, about: str, seen: str, now: float) -> bool:
    """Make it the callback of this call, if it is still the one that was `seen`, which is over."""
    condition = "attribute_not_exists(#about) OR #about IN (:about, :seen)"  # `:about` is what is written
    known = {"about": about, "expires_at": _expires_at(now)}
    try:
        table.update_row(_claim(phone, line), known, condition, {":seen": seen or about})
    except ConditionFailed:
        return False
    return True


def take_turn(kind: str, phone: str, about: str, most: int, now: float) -> bool:
    """Whether this call's request is one of the first `most` of this phone's today; asked again, it is the same one.

    `kind` tells those that call the phone from those that it asked for.
    """
    day = datetime.fromtimestamp(now, UTC).date().isoformat()
    key = Key(f"{PHONE}#{phone}", f"{kind}#{day}")
    for _ in range(TRIES):
        row = table.find_row(key)
        by = [*row.get("by", ())]
        if about in by:
            return True
        if len(by) >= most:
            return False
        known = {"by": [*by, about], "count": len(by) + 1, "expires_at": int(now) + 2 * schema.DAY_SECONDS}
        try:
            table.update_row(key, known, "attribute_not_exists(#count) OR #count = :seen", {":seen": len(by)})
        except ConditionFailed:
            continue
        return True
    return False


def _claim(phone: str, line: str) -> Key:
    return Key(f"{PHONE}#{phone}", f"{CALLBACK_ITEM}#{line}")


def _kept(fields: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value != ""}


def _expires_at(now: float) -> int:
    return callcenter.current().expires_at(now)


def _is_ours(row: Mapping[str, Any], known: Mapping[str, object]) -> bool:
    """Whether what stands is this very write, which was sent again as the connection broke off."""
    return all(row.get(name, "") == value for name, value in known.items())


def _callback(row: Mapping[str, Any]) -> Callback:
    return msgspec.convert(row, Callback)

"""The rows of callers' profiles: what is known of a phone that calls, whichever line it calls.

Each write says which version it saw: whoever is second reads what stands, and decides anew. A row that nobody
understands is of an unknown caller, and is written anew.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

import msgspec

from chalicelib.config import schema
from chalicelib.links import table
from chalicelib.links.model import Key
from chalicelib.links.table import ConditionFailed

PHONE, ITEM = "PHONE", "PROFILE"  # the partition has the number too
OPEN = "blocked"  # in the index `open`: who is blocked, by when that ends
KNOWN_CHANGES = 20  # the latest, kept in the row
KEPT_DAYS = 365  # from the last change on; a block with a later end is kept until then
TRIES = 5

Did = Literal["blocked", "unblocked", "vip", "no vip", "language"]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody changed the profile by hand. `sid` tells repeats of one request apart; `until` is a block's end."""

    did: Did
    at: float
    by: str
    sid: str
    until: float = 0
    reason: str = ""


class Talked(msgspec.Struct, frozen=True):
    """The worker whom the caller talked to last on a line, and when, in epoch seconds."""

    worker: str
    at: float


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a caller. `workers` is by line, `changes` the latest, the newest first. Times: epoch seconds."""

    partition: str = msgspec.field(name="call_sid", default="")
    blocked_until: float = 0
    vip: bool = False
    language: str = ""
    workers: Mapping[str, Talked] = {}
    changes: tuple[Change, ...] = ()
    expires_at: float = 0

    @property
    def number(self) -> str:
        return self.partition.removeprefix(f"{PHONE}#")

    def is_blocked(self, now: float) -> bool:
        return now < self.blocked_until

    @property
    def block(self) -> Change | None:
        """The change that blocked the caller last."""
        return next((one for one in self.changes if one.did == "blocked"), None)


class Nonsense(Exception):
    """The row of a profile is none."""


def seen(number: str, now: float) -> Profile | None:
    """The profile as it was a moment ago; None where there is none. Raises Nonsense, and what AWS raises.

    DynamoDB deletes an expired row when it gets round to it, and so one may be there still.
    """
    row = table.find_row_quickly(_key(number))
    profile = _profile(row) if row else None
    return profile if profile and now < profile.expires_at else None


def find(number: str, where: str = "") -> Profile:
    """The profile as it is now, in this process's table or in the one that is given; an empty one for nonsense."""
    return _profile_or_none(table.find_row(_key(number), where)) or Profile()


def change(
    number: str, changes: Callable[[Profile], Mapping[str, object]], now: float, needed: float = 0, where: str = ""
) -> Profile:
    """Write what `changes` makes of the profile as it stands; nothing, where that is empty. Returns what stands then.

    An empty text takes a value away. The row is kept until `needed` at least. Raises ConditionFailed: others change it
    again and again.
    """
    for _ in range(TRIES):
        row = table.find_row(_key(number), where)
        standing = _profile_or_none(row)
        made = changes(standing or Profile())
        if not made:
            return standing or Profile()
        expires_at = max(int(standing.expires_at) if standing else 0, int(needed))
        known = {**made, "version": _version(row) + 1, "expires_at": expires_at or int(now) + _keep_seconds()}
        remove = [name for name in _OF_A_PROFILE if known.get(name, "" if row and standing is None else None) == ""]
        condition, values = "attribute_not_exists(#version)", dict[str, object]()
        if "version" in row:
            condition, values = "#version = :seen", {":seen": row["version"]}
        try:
            return _profile(table.update_row(_key(number), known, condition, values, remove=remove, table=where))
        except ConditionFailed:
            continue
    raise ConditionFailed({})


def blocked(where: str = "") -> Iterator[Profile]:
    """Who is blocked, or was, the first to end first (from an index: one of the last second may be missing)."""
    for row in table.open_rows(OPEN, where):
        if profile := _profile_or_none(row):
            yield profile


# What a change may take away, and a row of nonsense loses.
_OF_A_PROFILE = ("blocked_until", "vip", "language", "workers", "changes", "open", "check_at")


def _keep_seconds() -> int:
    return KEPT_DAYS * schema.DAY_SECONDS


def _version(row: Mapping[str, Any]) -> int:
    version = row.get("version", 0)
    return version if isinstance(version, int) else 0


def _key(number: str) -> Key:
    return Key(f"{PHONE}#{number}", ITEM)


def _profile(row: Mapping[str, Any]) -> Profile:
    try:
        return msgspec.convert(row, Profile)
    except msgspec.ValidationError as error:
        raise Nonsense(str(error)) from None


def _profile_or_none(row: Mapping[str, Any]) -> Profile | None:
    try:
        return _profile(row) if row else None
    except Nonsense:
        return None

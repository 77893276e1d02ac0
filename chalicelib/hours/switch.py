"""The switch of a line, by which people close or open it at once until a time: one row, which also says who did it.

A caller's webhook reads it within QUICK_SECONDS or goes by the file's hours, and for CACHED_SECONDS from memory.
"""

from typing import Any, Literal

import msgspec

from chalicelib.config import callcenter
from chalicelib.links import table
from chalicelib.links.model import Key
from chalicelib.links.table import ConditionFailed
from chalicelib.observability import log

PARTITION = "SWITCH"
CACHED_SECONDS = 20.0
FAILED_SECONDS = 5.0  # for which a switch that could not be read is not asked for again
KNOWN_CHANGES = 20  # the latest, kept in the row
TRIES = 5

Position = Literal["open", "closed", "file"]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody turned the switch. `sid` tells repeats of one request apart; `at` is in whole seconds."""

    to: Position
    at: float
    by: str
    sid: str
    until: float = 0
    said: str = ""


class Switch(msgspec.Struct, frozen=True, kw_only=True):
    """`changes` are the latest, the newest first; where it is there, it stands as that one says."""

    line: str = msgspec.field(name="item", default="")
    changes: tuple[Change, ...] = ()

    def standing(self, now: float) -> Change | None:
        """What holds now; None when the file's hours do."""
        latest = self.changes[0] if self.changes else None
        return latest if latest and latest.to != "file" and now < latest.until else None


_known: dict[str, tuple[float, Switch]] = {}  # until when, by line


def seen(line: str, now: float) -> Switch:
    """As this process may know it. When it cannot be read in time, nobody has turned it. Never raises."""
    until, switch = _known.get(line, (0.0, Switch()))
    if now < until:
        return switch
    try:
        switch, lasts = _switch(line, table.find_row_quickly(_key(line))), CACHED_SECONDS
    except Exception as error:
        log.error("switch of a line is not read", line=line, why=type(error).__name__)
        switch, lasts = Switch(), FAILED_SECONDS
    _known[line] = now + lasts, switch
    return switch


def find(line: str, where: str = "") -> Switch:
    """As it is now, in this process's table or in the one that is given."""
    return _switch(line, table.find_row(_key(line), where))


def turn(line: str, change: Change, now: float, where: str = "") -> Switch:
    """Turn it, and return it as it stands. Raises ConditionFailed.

    The same request again changes nothing, nor does one that was made before another that has been done.
    """
    _known.pop(line, None)
    for _ in range(TRIES):
        known = find(line, where)
        if any(one.sid == change.sid or one.at > change.at for one in known.changes):
            return known
        changes = [msgspec.to_builtins(one) for one in (change, *known.changes)][:KNOWN_CHANGES]
        condition, values = "attribute_not_exists(#turned)", dict[str, object]()
        if known.changes:
            condition, values = "#turned = :seen", {":seen": known.changes[0].sid}
        expires_at = callcenter.current().expires_at(change.until or now)
        row = {"changes": changes, "turned": change.sid, "expires_at": expires_at}
        try:
            written = table.update_row(_key(line), row, condition, values, table=where)
        except ConditionFailed:
            continue
        log.info("line switched", line=line, to=change.to, until=int(change.until), by=change.by)
        return _switch(line, written)
    raise ConditionFailed({})


def _key(line: str) -> Key:
    return Key(PARTITION, line)


def _switch(line: str, row: dict[str, Any]) -> Switch:
    return msgspec.convert({"item": line, "changes": row.get("changes", ())}, Switch)

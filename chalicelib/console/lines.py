"""The lines: whether each is open, and its switch."""

import re
from collections.abc import Mapping
from typing import Any

from chalicelib.config import callcenter
from chalicelib.console.answers import Asked, Changed, NotFound, Wrong
from chalicelib.hours.switch import Change, Position
from chalicelib.links.table import ConditionFailed
from chalicelib.staff import lines
from chalicelib.staff.texts import OfLine

POSITIONS: tuple[Position, ...] = ("open", "closed", "file")

_time = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])").fullmatch


def listed(asked: Asked) -> Mapping[str, Any]:
    """Each line with how it stands, in a sentence, and whether it can be switched."""
    found = callcenter.current().lines.items()
    return {
        "lines": [{"line": name, "stands": lines.stands(name, asked.at), "switch": line.switch} for name, line in found]
    }


def act(asked: Asked) -> Mapping[str, str]:
    """Close or open the line, or let the file's hours hold again: `to`, `until` (HH:MM, the line's clock) and `say`.

    Without `until` it stands until the end of the line's day. Raises NotFound, Wrong, Changed.
    """
    name = asked.path.get("line", "")
    if name not in lines.switchable():
        raise NotFound("there is no such line, or it has no switch: write switch = true there, and deploy")
    to, until = asked.one_of("to", POSITIONS), _until(asked.order.get("until", ""))
    change = Change(to=to, at=float(int(asked.at)), by=asked.person.mail, sid=asked.sid)
    try:
        return {"said": lines.turn(OfLine(name, until, asked.order.get("say", "")), to, change, asked.at)}
    except ConditionFailed:
        raise Changed("others switch this line at the same moment: look again") from None


def _until(text: str) -> tuple[int, int] | None:
    found = _time(text)
    if text and not found:
        raise Wrong("until is a time of day, HH:MM")
    return (int(found[1]), int(found[2])) if found else None

"""Admins close and open lines at once: by a text, or on the phone."""

from datetime import datetime

from chalicelib.config import callcenter
from chalicelib.config.schema import Line
from chalicelib.hours import state, switch
from chalicelib.hours.calendar import Open
from chalicelib.hours.switch import Change, Position, Switch
from chalicelib.staff import texts
from chalicelib.staff.texts import OfLine


def switchable() -> list[str]:
    """The lines that have a switch."""
    return [name for name, line in callcenter.current().lines.items() if line.switch]


def is_admin(worker: str) -> bool:
    return worker.casefold() in {name.casefold() for name in callcenter.current().staff.admins}


def understood(words: str) -> tuple[OfLine, str]:
    """What is asked for a line; and what to answer in place of doing it, empty where it is clear."""
    lines = switchable()
    if not lines:
        return OfLine(""), texts.NO_SWITCH
    asked = texts.of_line(words, lines, callcenter.current().staff.words)
    if not asked.line:
        return asked, texts.which_line(lines)
    return asked, texts.HOW_TO_SWITCH.format(line=asked.line) if asked.is_odd else ""


def turn(asked: OfLine, to: Position, change: Change, now: float) -> str:
    """Close or open the line, and say how it stands then. `change` has who, when, and which request it was.

    A time is meant as of when it was said: what comes when that is over is not for tomorrow. Raises
    ConditionFailed, and what AWS raises.
    """
    line = callcenter.current().lines[asked.line]
    until = _instant(line, asked.until, change.at) if asked.until else 0.0
    wanted = Change(to=to, until=until, said=asked.say, by=change.by, sid=change.sid, at=change.at)
    return _stands(asked.line, switch.turn(asked.line, state.order(line, wanted, change.at), now), now)


def stands(name: str, now: float) -> str:
    """How the line stands, in a sentence; one without a switch by its hours."""
    has_switch = callcenter.current().lines[name].switch
    return _stands(name, switch.find(name) if has_switch else Switch(line=name), now)


def _stands(name: str, standing: Switch, now: float) -> str:
    line = callcenter.current().lines[name]
    how, until = state.under(standing, line, now), state.changes_at(standing, line, now)
    shown = texts.clock(_local(line, until), _local(line, now)) if until else ""
    change = standing.standing(now)
    zone = " UTC" if shown and _local(line, now).tzname() == "UTC" else ""
    said = change.said if change and change.to == "closed" else ""
    return texts.line_stands(name, isinstance(how, Open), f"{shown}{zone}", said)


def _instant(line: Line, time: tuple[int, int], now: float) -> float:
    return texts.next_time(time, _local(line, now)).timestamp()


def _local(line: Line, at: float) -> datetime:
    return state.calendar(callcenter.current(), line).local(at)

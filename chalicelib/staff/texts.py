"""What workers text, and what they are answered (pure). No sentence goes beyond one message of 160 GSM-7 characters by
itself; names and notes are the team's own."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from chalicelib.config.staff import COMMANDS, TAKEN_BY_TWILIO, UNTIL, WITH_WORDS, Command

LONGEST_NOTE = 1000  # characters that are kept
MORNING_AND_EVENING = {"am": 0, "pm": 12}
_TIME = re.compile(r"(\d{1,2})(?:[:.h](\d{2}))?\s*(am|pm)?", re.IGNORECASE)


class Said(NamedTuple):
    """What a text asks for. `until` is the time of day after that word, None where there is none or it is no time.

    `note` are the words after a note, a block, and what closes or opens a line. `is_odd`: there is more in it than the
    command takes.
    """

    command: Command | Literal["unknown", "twilio"]
    until: tuple[int, int] | None = None
    note: str = ""
    is_odd: bool = False


def understood(body: str, words: Mapping[str, str]) -> Said:
    """The first word is the command, in any case; `words` are the team's own for it."""
    known = {**{word: word for word in (*COMMANDS, UNTIL)}, **{word.casefold(): to for word, to in words.items()}}
    first, rest = [*body.strip().split(maxsplit=1), "", ""][:2]
    word = first.casefold().rstrip(".!,:;")
    if word in TAKEN_BY_TWILIO and not rest:
        return Said("twilio")
    command = known.get(word, "")
    if command in WITH_WORDS:
        told = f": {rest}" if command in ("close", "open") and first.endswith(":") else rest
        return Said(command, note=told[:LONGEST_NOTE])
    if command not in COMMANDS:
        return Said("unknown")
    return _switch(command, rest, known) if command in ("on", "off") else Said(command, is_odd=bool(rest))


def _switch(command: Command, rest: str, known: Mapping[str, str]) -> Said:
    if not rest.strip(".!"):
        return Said(command)
    word, _, time = rest.partition(" ")
    if known.get(word.casefold()) != UNTIL:
        return Said(command, is_odd=True)
    until = time_of_day(time)
    return Said(command, until, is_odd=until is None)


class OfLine(NamedTuple):
    """Which line is meant, until when, and what its callers are to hear. `line` is empty where that is not clear."""

    line: str
    until: tuple[int, int] | None = None
    say: str = ""
    is_odd: bool = False


def of_line(text: str, lines: Sequence[str], words: Mapping[str, str]) -> OfLine:
    """What follows close or open: `support until 14:00: We are at a funeral.` Where there is one line, it is meant.

    What callers hear stands after a colon, so that nothing that is misspelled is ever said to them.
    """
    head, colon, say = _parted(text)
    fitting = [name for name in lines if re.match(rf"{re.escape(name)}(?!\S)", head, re.IGNORECASE)]
    named = max(fitting, key=len, default="")
    line, rest = named or (lines[0] if len(lines) == 1 else ""), head[len(named) :].strip()
    until = None
    if rest:
        word, _, time = rest.partition(" ")
        is_until = word.casefold() in {UNTIL, *(own.casefold() for own, to in words.items() if to == UNTIL)}
        until = time_of_day(time) if is_until else None
        if until is None:
            return OfLine(line, is_odd=True)
    return OfLine(line, until, say, is_odd=bool(colon) and not say)


def _parted(text: str) -> tuple[str, str, str]:
    """Before and after the colon that is no part of a time."""
    found = re.search(r":(?!\d\d(?!\d))", text)
    at = found.start() if found else len(text)
    return text[:at].strip(), text[at : at + 1], text[at + 1 :].strip()


def time_of_day(text: str) -> tuple[int, int] | None:
    """Hour and minute of 14:00, 14.00, 14h30, 9, 2 pm; None for anything else."""
    found = _TIME.fullmatch(text.strip().rstrip(".!"))
    if not found:
        return None
    hour, minute, half = int(found[1]), int(found[2] or 0), (found[3] or "").lower()
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + MORNING_AND_EVENING[half]
    return (hour, minute) if hour < 24 and minute < 60 else None


def next_time(time: tuple[int, int], now: datetime) -> datetime:
    """When the clock on the wall shows it next: tomorrow, if it is over today."""
    found = now.replace(hour=time[0], minute=time[1], second=0, microsecond=0)
    return found if found > now else found + timedelta(days=1)


def clock(at: datetime, now: datetime) -> str:
    """14:00, or with the day if that is another one: Mon 14:00, Mon 7 Dec 14:00."""
    days = (at.date() - now.date()).days
    day = "" if days == 0 else f"{at:%a} " if 0 < days < 7 else f"{at:%a} {at.day} {at:%b} "
    return f"{day}{at:%H:%M}"


HELP = "Text on, off, off until 14:00, status, next, who, last, or note and your words."
NOT_NOW = "That could not be done just now. Please text it again."
FLIPPED = "Somebody else changed you at the same moment. Text status to see."
NO_TALK = "There is no call of yours to write a note about."
NO_CALLER = "You have had no caller yet."
EMPTY_NOTE = "Text note and what you want to keep, in one message."
PICTURES = "Pictures are not kept, only words."
NO_TIME = "That is no time. Text it as off until 14:00."
ADMINS_ALONE = "Only admins close and open lines."
NO_SWITCH = "No line may be closed or opened by text."
NOBODY_TO_BLOCK = "No line asks who calls, so nobody can be blocked."
NO_NUMBER = "Your last caller has no number, and cannot be blocked."
LATE_BLOCK = "That text came late, and nobody is blocked. Your last caller may be another one by now."
HOW_TO_SWITCH = "Text close {line} until 14:00: and what callers are to hear, or open {line}."


def which_line(lines: Sequence[str]) -> str:
    return f"Which line? {', '.join(lines)}."


def line_stands(line: str, is_open: bool, until: str, say: str) -> str:
    """How a line stands now, and what callers are told for a reason."""
    told = f" Callers hear: {say}" if say else ""
    return f"{line} is {'open' if is_open else 'closed'}{f' until {until}' if until else ''}.{told}"


def standing(name: str, activity: str, available: bool, until: str) -> str:
    """The state that stands."""
    state = "on" if available else "off"
    shown = "" if activity.casefold() in ("available", "offline") else f" ({activity})"
    return f"{name}, you are {state}{f' until {until}' if until else ''}{shown}."


def took_back(ringing: int) -> str:
    if not ringing:
        return ""
    return " One call was ringing, it is taken back." if ringing == 1 else " The calls that rang are taken back."


def shift(start: str, end: str, is_on: bool) -> str:
    return f"Your shift goes until {end}." if is_on else f"Your next shift is {start} to {end}."


NO_SHIFT = "You have no shift to come."
NO_ROTA = "There is no rota."


def who(names: Sequence[str], most: int = 12) -> str:
    if not names:
        return "Nobody is on."
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"On: {', '.join(names[:most])}{more}."


def last(caller: str, at: str, line: str) -> str:
    return f"Your last caller was {caller or 'without a number'}, {at}{f', line {line}' if line else ''}."


def blocked(caller: str, until: str) -> str:
    """Whether the caller, whose number is masked, is blocked now."""
    return f"{caller} is blocked until {until}." if until else f"{caller} is not blocked: somebody let them in again."


def noted(caller: str) -> str:
    return f"Noted, for the call with {caller or 'a caller without a number'}."


def missed(at: str, activity: str) -> str:
    shown = "" if activity.casefold() == "offline" else f" ({activity})"
    return f"You missed a call at {at} and are off{shown}. Reply on."


def declined(at: str, activity: str) -> str:
    shown = "" if activity.casefold() == "offline" else f" ({activity})"
    return f"A call at {at} was not put through to you, and you are off{shown}. Reply on."


def reminder(start: str, end: str) -> str:
    return f"Your shift begins at {start} and goes until {end}. You are put on then."


def after_talk(caller: str, at: str) -> str:
    return f"What became of your call with {caller or 'a caller without a number'} at {at}? Reply with a note."


def unreachable(worker: str, activity: str) -> str:
    moved = f" and is {activity}" if activity else ""
    return f"The phone of {worker} cannot be reached{moved}. Correct contact_uri in workers.toml."

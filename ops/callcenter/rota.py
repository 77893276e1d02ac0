"""rota.toml: who works when, as people write it, and the shifts that follow from it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from chalicelib.config import toml_errors
from chalicelib.config.toml_errors import CallCenterError, Mistake, convert, sentence
from chalicelib.staff.rota import Shift
from ops.callcenter import lines, zones

ROTA = "rota.toml"
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WHICH = ("first", "second", "third", "fourth", "last")
DAYS = "mon-fri, sat, first sat, last fri, daily, 2026-12-24, or several with commas"

Clock = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]\Z", description="a time of day such as 08:00")]


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One kind of shift. One that ends before it begins goes over midnight, and is of the day on which it begins."""

    worker: str
    on: str
    begins: Clock = msgspec.field(name="from")
    ends: Clock = msgspec.field(name="to")


class Rota(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An empty `zone` is that of callcenter.toml. On the days in `closed` nobody begins."""

    zone: str = ""
    shifts: tuple[Rule, ...] = ()
    closed: tuple[str, ...] = ()


def read(text: str) -> Rota:
    """Raises CallCenterError with every value that is wrong, and its line."""
    try:
        return convert(toml_errors.read(text, ROTA), Rota, "", ROTA)
    except CallCenterError as error:
        raise CallCenterError(*lines.located(error.args, text)) from None


def mistakes(rota: Rota, workers: Mapping[str, object] | None) -> Iterator[Mistake]:
    """What no single value shows."""
    if rota.zone and not zones.is_known(rota.zone):
        yield sentence("zone", rota.zone, zones.allowed(rota.zone), ROTA)
    for at, rule in enumerate(rota.shifts):
        if workers is not None and rule.worker not in workers:
            allowed = f"allowed: {', '.join(workers) or 'nobody: workers.toml has none'}"
            yield sentence(f"shifts[{at}].worker", rule.worker, allowed, ROTA)
        if not _is_understood(rule.on):
            yield sentence(f"shifts[{at}].on", rule.on, f"allowed: {DAYS}", ROTA)
        if rule.begins == rule.ends:
            yield sentence(f"shifts[{at}].to", rule.ends, "it begins then: a whole day is 00:00 to 23:59", ROTA)
    for at, day in enumerate(rota.closed):
        if _date(day) is None:
            yield sentence(f"closed[{at}]", day, "allowed: a day such as 2026-12-25", ROTA)


def _is_understood(on: str) -> bool:
    parts = [part.strip().casefold() for part in on.split(",")]
    return all(_matches(part, date(2026, 1, 1)) is not None for part in parts)


def _matches(part: str, day: date) -> bool | None:
    """Whether this part of `on` means the day; None when it means nothing."""
    if part == "daily":
        return True
    if (one := _date(part)) is not None:
        return day == one
    if found := re.fullmatch(rf"({'|'.join(WHICH)}) ({'|'.join(WEEKDAYS)})", part):
        return WEEKDAYS[day.weekday()] == found[2] and _is_the(found[1], day)
    if found := re.fullmatch(rf"({'|'.join(WEEKDAYS)})(?:-({'|'.join(WEEKDAYS)}))?", part):
        first, last = WEEKDAYS.index(found[1]), WEEKDAYS.index(found[2] or found[1])
        return (day.weekday() - first) % 7 <= (last - first) % 7
    return None


def _is_the(which: str, day: date) -> bool:
    if which == "last":
        return (day + timedelta(days=7)).month != day.month
    return (day.day - 1) // 7 == WHICH.index(which)


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None


def shifts(rota: Rota, zone: str, since: datetime, days: int) -> Sequence[Shift]:
    """Every shift that begins from the day before `since` on, for so many days. A time that is skipped is later."""
    there = ZoneInfo(rota.zone or zone)
    first = since.astimezone(there).date() - timedelta(days=1)
    closed = {_date(day) for day in rota.closed}
    every_day = [first + timedelta(days=number) for number in range(days + 1)]
    return [
        _shift(rule, day, there)
        for day in every_day
        if day not in closed
        for rule in rota.shifts
        if any(_matches(part.strip().casefold(), day) for part in rule.on.split(","))
    ]


def _shift(rule: Rule, day: date, zone: ZoneInfo) -> Shift:
    begins, ends = time.fromisoformat(rule.begins), time.fromisoformat(rule.ends)
    last = day if ends > begins else day + timedelta(days=1)
    start, end = (datetime.combine(on, at, zone).timestamp() for on, at in ((day, begins), (last, ends)))
    return Shift(rule.worker, int(start), int(end))

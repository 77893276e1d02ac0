"""When a line is open, and what a caller meets when it is not: [hours.NAME] and [lines.NAME.closed] (pure)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Annotated, Literal, NamedTuple

import msgspec
from msgspec import Meta

from chalicelib.config.texts import Language

Number = Annotated[str, Meta(pattern=r"^\+[1-9][0-9]{6,14}\Z", description="an E.164 number")]
Interval = Annotated[
    str,
    Meta(
        pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)\Z",
        description="two times of day such as 08:00-12:00",
    ),
]
_Short = Annotated[str, Meta(max_length=500)]
Text = _Short | dict[Language, _Short]

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = 24 * 60  # minutes
LONGEST_SPECIAL = 366  # days
_DAYS = re.compile(r"(\w+)(?:-(\w+))?")


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class Special(_Table, frozen=True):
    """A date, or all dates from `on` `to`, with hours of its own in place of the week's; without any it is closed.

    `say` is what callers hear while it is closed on such a day, else `name` is what it is closed for.
    """

    on: date
    to: date | None = None
    open: tuple[Interval, ...] = ()
    name: str = ""
    say: _Short = ""

    @property
    def days(self) -> Iterator[date]:
        count = min((self.to - self.on).days + 1 if self.to else 1, LONGEST_SPECIAL)
        return (self.on + timedelta(days=number) for number in range(count))


class Hours(_Table, frozen=True):
    """An empty `zone` is the call centre's `time_zone`. `week` has intervals by days such as `mon` and `mon-thu`.

    An interval that ends before it begins goes over midnight, and belongs to the day on which it begins.
    """

    week: dict[str, tuple[Interval, ...]]
    zone: str = ""
    dates: tuple[Special, ...] = ()


URGENT = "If it is urgent, press {key}."


class UrgentKey(_Table, frozen=True):
    """A key that connects a caller with somebody although it is closed; without `say` callers hear of it in short."""

    digits: Annotated[str, Meta(pattern=r"^[0-9*#]\Z", description="one key of a phone")]
    to: Number
    say: Text = ""


class NotReached(_Table, frozen=True):
    """What becomes of a caller who was led to another number, where nobody answered."""

    say: Text = "Nobody can be reached at the moment. Please call again later. Goodbye."
    then: Literal["hangup", "voicemail"] = "hangup"


class WhenClosed(_Table, frozen=True):
    """`say_holiday` is said on a date that has a name, in place of `say`. `to` is rung for `ring_seconds`."""

    say: Text = "We are closed."
    say_holiday: Text = "We are closed for {name}."
    then: Literal["voicemail", "callback", "redirect", "hangup", "reject"] = "hangup"
    to: Number | None = None
    ring_seconds: Annotated[int, Meta(ge=5, le=600)] = 30
    urgent_key: UrgentKey | None = None
    not_reached: NotReached = NotReached()

    @property
    def leads_to(self) -> Mapping[str, str]:
        """The numbers that callers are led to, by their keys."""
        known = {"to": self.to or "", "urgent_key.to": self.urgent_key.to if self.urgent_key else ""}
        return {key: number for key, number in known.items() if number}


class Span(NamedTuple):
    """Minutes since the midnight with which the day begins; the end may be on the next day."""

    start: int
    end: int


def spans(intervals: Sequence[str]) -> tuple[Span, ...]:
    return tuple(sorted(map(_span, intervals)))


def _span(interval: str) -> Span:
    start, end = (int(time[:2]) * 60 + int(time[3:]) for time in interval.split("-"))
    return Span(start, end if end > start else end + DAY)


def weekdays(days: str) -> Sequence[int]:
    """The weekdays that `mon` or `mon-thu` means, from 0 for Monday on. None: it means nothing."""
    found = _DAYS.fullmatch(days)
    first, last = (found[1], found[2] or found[1]) if found else ("", "")
    if first not in WEEKDAYS or last not in WEEKDAYS:
        return ()
    start, end = WEEKDAYS.index(first), WEEKDAYS.index(last)
    return [day % 7 for day in range(start, (end if end >= start else end + 7) + 1)]


def mistakes(hours: Hours) -> Iterator[tuple[str, object, str]]:
    """The key, the value and what is allowed, of each thing that no single value shows."""
    yield from _of_week(hours.week)
    seen: set[date] = set()
    for at, special in enumerate(hours.dates):
        key = f"dates[{at}]"
        if special.to and not 0 <= (special.to - special.on).days < LONGEST_SPECIAL:
            yield f"{key}.to", special.to.isoformat(), f"a day from {special.on.isoformat()} on, within a year"
        if twice := seen.intersection(special.days):
            yield f"{key}.on", min(twice).isoformat(), "each date may stand once"
        seen.update(special.days)
        yield from _of_day(f"{key}.open", special.open)


def _of_week(week: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, object, str]]:
    of_day: dict[int, tuple[str, Sequence[str]]] = {}
    for days, intervals in week.items():
        if not weekdays(days):
            yield f"week.{days}", ..., f"allowed: {', '.join(WEEKDAYS)}, and spans of them such as mon-thu"
        for day in weekdays(days):
            if day in of_day:
                yield f"week.{days}", ..., f"each day may stand once, and {of_day[day][0]} has {WEEKDAYS[day]} too"
            of_day[day] = days, intervals
        yield from _of_day(f"week.{days}", intervals)
    for day, (days, intervals) in of_day.items():
        over = max((span.end - DAY for span in spans(intervals)), default=0)
        next_days, others = of_day.get((day + 1) % 7, ("", ()))
        if any(span.start < over for span in spans(others)):
            yield f"week.{days}", list(intervals), f"what goes over midnight may not overlap with {next_days}"


def _of_day(key: str, intervals: Sequence[str]) -> Iterator[tuple[str, object, str]]:
    for interval in intervals:
        if interval[:5] == interval[6:]:
            yield key, interval, "an interval has an end after its beginning; all day is 00:00-24:00"
    ordered = spans(intervals)
    if any(later.start < earlier.end for earlier, later in pairwise(ordered)):
        yield key, list(intervals), "intervals of a day may not overlap"

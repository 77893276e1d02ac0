"""Whether it is open at a moment, and when that changes (pure).

A moment becomes the time on the wall once, and that is compared. So the hour that is missing and the hour that comes
twice when the clocks change need no rules of their own.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta, tzinfo
from typing import NamedTuple

from chalicelib.config import days
from chalicelib.config.hours import DAY, Hours, Span, Special, spans, weekdays

MOST_DAYS = 400  # then it is as if it never changed


class Open(NamedTuple):
    """It is open."""


class Closed(NamedTuple):
    """It is closed. `name` and `say` are those of the date, or the switch; empty where it is the week that says so."""

    name: str = ""
    say: str = ""


State = Open | Closed
OPEN = Open()


class Calendar:
    """The hours of one table, in one zone. `now` is a moment in epoch seconds."""

    def __init__(self, hours: Hours, zone: tzinfo) -> None:
        self._zone = zone
        self._week = {day: spans(its) for named, its in hours.week.items() for day in weekdays(named)}
        self._dates: dict[int, tuple[Special, tuple[Span, ...]]] = {}
        for special in hours.dates:
            its_spans = spans(special.open)
            for day_of_it in special.days:
                self._dates[day_of_it.toordinal()] = special, its_spans

    def at(self, now: float) -> State:
        """How it stands at this moment."""
        if self.is_open(now):
            return OPEN
        special, _ = self._dates.get(self.local(now).toordinal(), (None, ()))
        return Closed(special.name, special.say) if special else Closed()

    def is_open(self, now: float) -> bool:
        wall = self.local(now)
        day, minute = wall.toordinal(), wall.hour * 60 + wall.minute
        return any(span.start <= minute < span.end for span in self.of_day(day)) or any(
            minute + DAY < span.end for span in self.of_day(day - 1)
        )

    def of_day(self, day: int) -> tuple[Span, ...]:
        """The hours that begin on this day, which is counted as `date.toordinal` does."""
        found = self._dates.get(day)
        return found[1] if found else self._week.get((day - 1) % 7, ())

    def name_of_day(self, day: int) -> str:
        """The name of this date, where it has hours of its own."""
        found = self._dates.get(day)
        return found[0].name if found else ""

    def local(self, now: float) -> datetime:
        return datetime.fromtimestamp(now, self._zone)

    def next_change(self, now: float) -> float | None:
        """When it opens, if it is closed, or closes; None when that is not within a year."""
        state, today = self.is_open(now), self.local(now).toordinal()
        for day in range(today, today + MOST_DAYS):
            for moment in sorted(self._moments(day)):
                if moment > now and self.is_open(moment) != state:
                    return moment
        return None

    def _moments(self, day: int) -> Iterator[float]:
        """All moments of this day at which it may open or close."""
        begins, ends = self._midnight(day), self._midnight(day + 1)
        for begun in (day - 1, day):
            for minute in {minute for span in self.of_day(begun) for minute in span}:
                wall = datetime.fromordinal(begun) + timedelta(minutes=minute)
                for fold in (0, 1):
                    moment = wall.replace(tzinfo=self._zone, fold=fold).timestamp()
                    if moment < ends:
                        yield moment
        if self._offset(begins) != self._offset(ends):
            yield self._clock_change(begins, ends)

    def _clock_change(self, before: float, after: float) -> float:
        """When the clocks change between these two moments."""
        while after - before > 1:
            middle = (before + after) // 2
            if self._offset(middle) == self._offset(before):
                before = middle
            else:
                after = middle
        return after

    def _offset(self, moment: float) -> timedelta | None:
        return self.local(moment).utcoffset()

    def _midnight(self, day: int) -> float:
        return days.midnight(date.fromordinal(day), self._zone)

    def end_of_day(self, now: float) -> float:
        """The next midnight on the wall."""
        return days.midnight(days.after(self.local(now).date()), self._zone)

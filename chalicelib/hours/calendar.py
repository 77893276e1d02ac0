"""Whether it is open at a moment, and when that changes (pure).

A moment becomes the time on the wall once, and that is compared. So the hour that is missing and the hour that comes
twice when the clocks change need no rules of their own.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import NamedTuple

from chalicelib.config import days
from chalicelib.config.hours import DAY, Hours, Span, Special, spans, weekdays

DAY_SECONDS = DAY * 60
BLOCK_DAYS = 8  # that are looked at together for the next change
MOST_DAYS = 400  # then it is as if it never changed

_FIRST = date(1970, 1, 1)


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
        self._week: list[tuple[Span, ...]] = [()] * 7
        for named, intervals in hours.week.items():
            for day in weekdays(named):
                self._week[day] = spans(intervals)
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
        return found[1] if found else self._week[(day - 1) % 7]

    def name_of_day(self, day: int) -> str:
        """The name of this date, where it has hours of its own."""
        found = self._dates.get(day)
        return found[0].name if found else ""

    def local(self, now: float) -> datetime:
        return datetime.fromtimestamp(now, self._zone)

    def next_change(self, now: float) -> float | None:
        """When it opens, if it is closed, or closes; None when that is not within a year."""
        state = self.is_open(now)
        first = int(now // DAY_SECONDS)
        for block in range(first, first + MOST_DAYS, BLOCK_DAYS):
            for moment in sorted(self._moments(block)):
                if moment > now and self.is_open(moment) != state:
                    return moment
        return None

    def _moments(self, block: int) -> Iterator[float]:
        """All moments of a block of days in UTC at which it may open or close."""
        starts, ends = block * DAY_SECONDS, (block + BLOCK_DAYS) * DAY_SECONDS
        first = _FIRST.toordinal() + block
        for day in range(first - 3, first + BLOCK_DAYS + 2):
            midnight = datetime.fromordinal(day)
            for minute in {minute for span in self.of_day(day) for minute in span}:
                wall = midnight + timedelta(minutes=minute)
                for fold in (0, 1):
                    moment = wall.replace(tzinfo=self._zone, fold=fold).timestamp()
                    if starts <= moment < ends:
                        yield moment
        yield from self._clock_changes(block)

    def _clock_changes(self, block: int) -> Iterator[float]:
        """When the clocks change in a block of days."""
        for day in range(block, block + BLOCK_DAYS):
            before, after = day * DAY_SECONDS, (day + 1) * DAY_SECONDS
            if self._offset(before) == self._offset(after):
                continue
            while after - before > 1:
                middle = (before + after) // 2
                same = self._offset(middle) == self._offset(before)
                before, after = (middle, after) if same else (before, middle)
            yield float(after)

    def _offset(self, moment: float) -> timedelta | None:
        return datetime.fromtimestamp(moment, UTC).astimezone(self._zone).utcoffset()

    def end_of_day(self, now: float) -> float:
        """The next midnight on the wall."""
        return days.midnight(days.after(self.local(now).date()), self._zone)

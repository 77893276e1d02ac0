"""The rota: who works from when to when, and the time zone in which people speak of it (pure)."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

import msgspec

State = Literal["on", "off"]

FILE = "staff.json"  # in the team's folder; `./cordboard rota build` makes it


class Shift(NamedTuple):
    """Times are epoch seconds; those of one worker neither overlap nor touch."""

    worker: str
    start: int
    end: int


class Boundary(NamedTuple):
    """At this moment a worker begins, or stops, to work."""

    at: int
    to: State


class Packaged(msgspec.Struct, frozen=True, kw_only=True):
    """What is made of rota.toml, rota.ics and the PINs of workers.toml, as the package holds it.

    `offsets` are the zone's: from which moment on, how many seconds are added to UTC. `until` is how far the shifts
    go. `made_of` are the digests of the files.
    """

    zone: str = "UTC"
    offsets: tuple[tuple[int, int], ...] = ()
    shifts: tuple[Shift, ...] = ()
    until: int = 0
    pins: Mapping[str, str] = {}
    extensions: Mapping[str, str] = {}  # digits, and the worker's name
    desks: Mapping[str, str] = {}  # the address with which a worker signs in at the desk, and the name
    made_of: Mapping[str, str] = {}

    def workers(self) -> frozenset[str]:
        """Who is in the rota."""
        return frozenset(shift.worker for shift in self.shifts)

    def of(self, worker: str) -> Sequence[Shift]:
        """The worker's shifts, in their order."""
        return [shift for shift in self.shifts if shift.worker == worker]

    def state(self, worker: str, at: float) -> State:
        """Whether a shift of the worker's covers this moment."""
        return "on" if any(shift.start <= at < shift.end for shift in self.of(worker)) else "off"

    def last_boundary(self, worker: str, now: float) -> Boundary | None:
        """The latest one that is over; None before the first, and when nobody knows how the rota goes on."""
        passed = [boundary for boundary in _boundaries(self.of(worker)) if boundary.at <= now]
        return max(passed, default=None)

    def next_shift(self, worker: str, now: float) -> Shift | None:
        """The next one that begins; the one that is on is not meant."""
        return next((shift for shift in self.of(worker) if shift.start > now), None)

    def local(self, at: float) -> datetime:
        """The time on the wall, without a zone."""
        return datetime.fromtimestamp(at, UTC).replace(tzinfo=None) + timedelta(seconds=self._offset(at))

    def instant(self, wall: datetime) -> float:
        """The first moment at which the clock on the wall shows this time, or, if it skips it, is beyond it."""
        naive = wall.replace(tzinfo=UTC).timestamp()
        if not self.offsets:
            return naive
        offsets = {offset for _, offset in self.offsets}
        fitting = [naive - offset for offset in offsets if self._offset(naive - offset) == offset]
        return min(fitting) if fitting else naive - self._offset(naive - max(offsets))

    def _offset(self, at: float) -> int:
        found = bisect_right([since for since, _ in self.offsets], at)
        return self.offsets[max(found - 1, 0)][1] if self.offsets else 0


def _boundaries(shifts: Sequence[Shift]) -> Iterator[Boundary]:
    for shift in shifts:
        yield Boundary(shift.start, "on")
        yield Boundary(shift.end, "off")


def joined(shifts: Sequence[Shift]) -> tuple[Shift, ...]:
    """The same without overlaps: what touches becomes one shift. Sorted by start, then by worker."""
    done: list[Shift] = []
    for shift in sorted(shifts):  # by worker, then by start
        last = done[-1] if done else None
        if last and last.worker == shift.worker and shift.start <= last.end:
            done[-1] = last._replace(end=max(last.end, shift.end))
        elif shift.end > shift.start:
            done.append(shift)
    return tuple(sorted(done, key=lambda shift: (shift.start, shift.worker)))


def read(text: str) -> Packaged:
    """Raises msgspec.DecodeError."""
    return msgspec.json.decode(text, type=Packaged)

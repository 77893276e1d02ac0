"""The event scheduler: timers, sids and the trace of what really happened.

Nothing in the emulator sleeps or asks for the time itself. Whoever owns the clock (a wall-clock loop, or a test
that jumps from event to event) hands in `now` and calls `run_due`.
"""

import hashlib
import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count

Action = Callable[[], None]
NOT_IMITATED = "not imitated"  # stands in a warning where Twilio's error code would stand


@dataclass(order=True)
class Timer:
    """One action at one time (epoch seconds); timers of the same instant run in the order they were set."""

    when: float
    number: int
    action: Action = field(compare=False)
    canceled: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        self.canceled = True


@dataclass(frozen=True)
class TraceEvent:
    """One thing that really happened, whether or not the application was told of it; `at` is in epoch seconds."""

    at: float
    kind: str
    detail: Mapping[str, str]


class Scheduler:
    """`now` gives epoch seconds; the same `seed` gives the same sids. `on_event` is called with each trace event."""

    def __init__(self, now: Callable[[], float], seed: int = 0) -> None:
        self.now = now
        self.trace: list[TraceEvent] = []
        self.on_event: list[Callable[[TraceEvent], None]] = []
        self._told: set[str] = set()
        self._seed = seed
        self._timers: list[Timer] = []
        self._numbers = count()
        self._sids = count()

    def at(self, when: float, action: Action) -> Timer:
        """Run `action` at `when` (epoch seconds); a time that has passed means as soon as possible."""
        timer = Timer(when, next(self._numbers), action)
        heapq.heappush(self._timers, timer)
        return timer

    def after(self, seconds: float, action: Action) -> Timer:
        return self.at(self.now() + seconds, action)

    def next_due(self) -> float | None:
        """When the next timer is due, or None when nothing is planned."""
        while self._timers and self._timers[0].canceled:
            heapq.heappop(self._timers)
        return self._timers[0].when if self._timers else None

    def run_due(self) -> None:
        """Run every timer that is due now, those included that become due by doing so."""
        while (due := self.next_due()) is not None and due <= self.now():
            heapq.heappop(self._timers).action()

    def sid(self, prefix: str) -> str:
        """A new sid (two letters, 32 hex digits): unique, and the same again for the same seed and order."""
        digest = hashlib.sha256(f"{self._seed}:{prefix}:{next(self._sids)}".encode()).hexdigest()
        return prefix + digest[:32]

    def emit(self, kind: str, **detail: str) -> None:
        """Add an event to the trace: `joined`, `heard`, `ringing`, … The timeline and the tests read it."""
        event = TraceEvent(self.now(), kind, detail)
        self.trace.append(event)
        for listener in self.on_event:
            listener(event)

    def warn(self, code: int, message: str, sid: str) -> None:
        """What Twilio's debugger would show about the resource `sid`."""
        self.emit("warning", code=str(code), message=message, sid=sid)

    def not_imitated(self, what: str, sid: str) -> None:
        """The application asks for something that Twilio knows and the emulator does not do: told once per run."""
        self.warn_once(NOT_IMITATED, what, sid)

    def warn_once(self, code: int | str, message: str, sid: str) -> None:
        """Each message once, whatever it is about."""
        if message not in self._told:
            self._told.add(message)
            self.emit("warning", code=str(code), message=message, sid=sid)


class VirtualClock:
    """A clock for tests, in epoch seconds: time stands still until `run` jumps from one timer to the next."""

    def __init__(self, start: float = 1_800_000_000.0) -> None:
        self.time = start

    def now(self) -> float:
        return self.time

    def run(self, scheduler: Scheduler, seconds: float) -> None:
        """Let `seconds` pass, each timer running at its own time."""
        end = self.time + seconds
        while (due := scheduler.next_due()) is not None and due <= end:
            self.time = max(self.time, due)
            scheduler.run_due()
        self.time = end

"""Whether a script of people went well: for a command that ends by itself, in continuous integration."""

from collections import Counter
from collections.abc import Callable

from emulator.clock.scheduler import NOT_IMITATED, TraceEvent
from emulator.twilio import Twilio

LAST_WORDS = 1.0  # seconds after the last call in which actions and callbacks are still answered


class Verdict:
    """A listener of the trace. `over` is called once all the script's calls, and those that came of them, have ended.

    `calls` is how many people the script lets dial.
    """

    def __init__(self, twilio: Twilio, calls: int, over: Callable[[], None]) -> None:
        self._twilio = twilio
        self._expected = calls
        self._dialed = 0
        self._over = over
        self._warnings: Counter[str] = Counter()

    def __call__(self, event: TraceEvent) -> None:
        if event.kind == "warning" and event.detail["code"] != NOT_IMITATED:
            self._warnings[event.detail["code"]] += 1
        if event.kind == "dialed" and self._twilio.context.calls[event.detail["sid"]].direction == "inbound":
            self._dialed += 1
        if event.kind == "ended" and self._is_over():
            self._twilio.scheduler.after(LAST_WORDS, self._end)

    def problems(self) -> list[str]:
        """Each in a sentence; none when all went well. What is not imitated is none: the timeline tells of it."""
        live = sum(not call.is_over for call in self._twilio.context.calls.values())
        told = ", ".join(f"{code} ({times} times)" for code, times in sorted(self._warnings.items()))
        found = {
            f"{self._dialed} of the script's {self._expected} calls were dialled": self._dialed < self._expected,
            f"{live} calls are not over": live > 0,
            f"Twilio's debugger would show {told}": bool(self._warnings),
        }
        return [sentence for sentence, is_so in found.items() if is_so]

    def _is_over(self) -> bool:
        return self._dialed >= self._expected and all(call.is_over for call in self._twilio.context.calls.values())

    def _end(self) -> None:
        if self._is_over():
            self._over()

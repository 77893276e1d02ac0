"""A call centre some of whose lines open and close among the calls, and an admin who closes and opens one by text."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from emulator.clock.scheduler import TraceEvent
from tests.simulation.call_centre import STAFF, TEXTERS, CallCentre
from tests.simulation.faults import Faults

ADMIN = "Jan"
AWAY = "We are away."  # of the line that takes callbacks then
LINES = {
    "[lines.support]": 'switch = true\nclosed = { say = "It is closed.", then = "callback" }',
    "[lines.sales]": 'hours = "sales"\nclosing = "leave"\nclosed = { say = "It is closed. Goodbye." }',
    "[lines.urgent]": 'hours = "urgent"\nclosed = { say = "It is closed. Goodbye." }',
}
HOURS = """
[hours.sales]
week = { mon-sun = ["07:00-08:02"] }
[hours.urgent]
zone = "Asia/Kathmandu"
week = { mon-sun = ["13:47-18:00"] }
"""
SALES_CLOSES, URGENT_OPENS = 120.0, 120.0  # seconds after the beginning: 08:02 in UTC, 13:47 in Kathmandu


def with_hours(rules: str) -> str:
    """The rules of a world whose lines open and close."""
    for table, added in LINES.items():
        rules = rules.replace(f"{table}\n", f"{table}\n{added}\n", 1)
    return rules + HOURS


@dataclass(frozen=True)
class Order:
    """The admin's text; until when it closes the line, 0 where it opens it."""

    at: float
    until: float


@dataclass
class Switching:
    """`sent` are the admin's texts; `done` when the application says that it did one, and until when it closed."""

    call_centre: CallCentre
    faults: Faults
    span: float
    sent: list[Order] = field(default_factory=list)
    done: list[Order] = field(default_factory=list)

    def __post_init__(self) -> None:
        scheduler = self.call_centre.twilio.scheduler
        scheduler.on_event.append(self._hear)
        stream = self.faults.stream("switching")
        at = stream.uniform(10, 60)
        while at < self.span:
            scheduler.after(at, self._texting(closes=stream.random() < 0.8, minutes=stream.randint(1, 2)))
            at += stream.choice((1.5, 40, 130)) + stream.uniform(0, 20)

    def _texting(self, *, closes: bool, minutes: int) -> Callable[[], None]:
        def text() -> None:
            twilio = self.call_centre.twilio
            now = twilio.scheduler.now()
            until = (now // 60 + minutes) * 60
            self.sent.append(Order(now, until if closes else 0.0))
            time = f"{datetime.fromtimestamp(until, UTC):%H:%M}"
            twilio.text(TEXTERS[ADMIN], STAFF, f"close support until {time}: {AWAY}" if closes else "open support")

        return text

    def _hear(self, event: TraceEvent) -> None:
        if event.kind == "log" and '"line switched"' in event.detail["line"]:
            until = event.detail["line"].partition('"until":')[2].partition(",")[0]
            self.done.append(Order(event.at, float(until)))

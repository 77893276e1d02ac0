"""Workers who text that they are on and off, in quick succession too, and whose shifts end among the calls."""

from collections.abc import Callable
from dataclasses import dataclass, field

from chalicelib.staff import pins, rota
from chalicelib.staff.rota import Shift
from emulator.clock.scheduler import TraceEvent
from tests.simulation.call_centre import (
    EXTENSIONS,
    LISTENER,
    NO_LISTENER,
    PIN,
    STAFF,
    TEXTERS,
    CallCentre,
    RandomPhone,
)
from tests.simulation.faults import Faults

LONG = 7200
HASHED_PIN = pins.hashed(PIN, "ab" * 16)
SILENT = ("Lea", "Max")  # they leave it to the rota


@dataclass(frozen=True)
class Decided:
    """At this moment a worker was to be on, or off: by a text, or by the rota."""

    at: float
    to: str
    by_hand: bool


@dataclass
class Texters:
    """`sent` are the texts of each worker, `heard` the answers that they got."""

    call_centre: CallCentre
    faults: Faults
    start: float
    span: float
    texts: bool  # and have shifts; otherwise they are off, and stay so
    sent: dict[str, list[Decided]] = field(default_factory=dict)
    done: dict[str, list[tuple[float, str]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        twilio = self.call_centre.twilio
        twilio.scheduler.on_event.append(self._hear)
        for name, phone in TEXTERS.items():
            twilio.voice.phones[phone] = RandomPhone(phone, self.faults, twilio.scheduler)
            self.sent[name], self.done[name] = [], []
            if not self.texts:
                self._off(name)
            elif name not in SILENT:
                self._plan(name, phone)
        given = dict.fromkeys((LISTENER, NO_LISTENER), HASHED_PIN)
        shifts = self._shifts() if self.texts else ()
        self.rota = rota.Packaged(shifts=shifts, until=int(self.start) + LONG, extensions=dict(EXTENSIONS), pins=given)

    def _off(self, name: str) -> None:
        worker, offline = self.call_centre.workers[name], self.call_centre.activities["Offline"]
        self.sent[name].append(Decided(self.start, "off", by_hand=True))
        self.call_centre.twilio.router.lifecycle.set_activity(worker, offline)

    def _shifts(self) -> tuple[Shift, ...]:
        """Each has been on for long, and stops once among the calls; some begin again."""
        made = []
        for name in TEXTERS:
            stream = self.faults.stream(f"shifts {name}")
            end = int(self.start) + 60 * stream.randint(1, 4) + stream.randint(0, 10)  # just after a sweep
            made.append(Shift(name, int(self.start) - LONG, end))
            if name in SILENT:  # more ends among the calls, each of which one sweep finds alone
                began = int(self.start)
                made[-1:] = [Shift(name, began - LONG, began + 65), Shift(name, began + 130, began + 185)]
                made.append(Shift(name, began + 250, began + LONG))
            elif stream.random() < 0.5:
                made.append(Shift(name, end + int(stream.uniform(30, 100)), int(self.start) + LONG))
        return rota.joined(made)

    def _plan(self, name: str, phone: str) -> None:
        stream = self.faults.stream(f"texts {name}")
        at = stream.uniform(5, 80)
        while at < self.span:
            to = stream.choice(("on", "off"))
            self.call_centre.twilio.scheduler.after(at, self._texting(name, phone, to))
            if stream.random() < 0.4:  # they think again
                other = "off" if to == "on" else "on"
                at += stream.uniform(1.2, 3)
                self.call_centre.twilio.scheduler.after(at, self._texting(name, phone, other))
            at += stream.uniform(40, 150)

    def _texting(self, name: str, phone: str, to: str) -> Callable[[], None]:
        def text() -> None:
            twilio = self.call_centre.twilio
            self.sent[name].append(Decided(twilio.scheduler.now(), to, by_hand=True))
            twilio.text(phone, STAFF, to)

        return text

    def _hear(self, event: TraceEvent) -> None:
        """What the application says that it did."""
        if event.kind == "log" and '"worker by hand"' in event.detail["line"]:
            for name, worker in self.call_centre.workers.items():
                if name in TEXTERS and worker.sid in event.detail["line"]:
                    self.done[name].append((event.at, "on" if '"to":"on"' in event.detail["line"] else "off"))

    def boundaries(self, name: str, until: float) -> list[Decided]:
        """Those of the rota since the world began."""
        found = []
        for shift in self.rota.of(name):
            found += [Decided(shift.start, "on", by_hand=False), Decided(shift.end, "off", by_hand=False)]
        return [one for one in found if self.start <= one.at <= until]

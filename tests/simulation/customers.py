"""Customers who are called back: busy, away, a machine, or there; and the worker who tells of a machine."""

from emulator.clock.scheduler import Scheduler, TraceEvent
from emulator.ports import TwilioError
from emulator.twilio import Twilio
from emulator.voice.parties import Behaviour, Phone, answers, busy, hangs_up, no_answer, talks, waits
from tests.simulation.faults import Faults

MACHINE, PERSON = "a machine", "a person"
ASKED = "If that was a machine"


class CustomerPhone(Phone):
    """What happens at each ring is drawn anew, and told as an event, `customer`: who answers, if anybody does."""

    def __init__(self, number: str, faults: Faults, scheduler: Scheduler) -> None:
        super().__init__(number)
        self._faults = faults
        self._scheduler = scheduler

    def next_ring(self) -> Behaviour:
        self.rings += 1
        who, behaviour = self._drawn()
        self._scheduler.emit("customer", to=self.number, who=who)
        return behaviour

    def _drawn(self) -> tuple[str, Behaviour]:
        happens, seconds = self._faults.happens, self._faults.seconds
        if happens("customer_busy"):
            return "nobody", busy()
        if happens("customer_no_answer"):
            return "nobody", no_answer()
        if happens("customer_machine"):
            return MACHINE, answers(3, [waits(8), hangs_up()])
        return PERSON, answers(seconds("customer answers", 1, 8), [talks(seconds("customer", 1, 30)), hangs_up()])


class Customers:
    """The phones of those who call. A worker who reached a machine says so when asked."""

    def __init__(self, twilio: Twilio, faults: Faults, numbers: list[str]) -> None:
        self._twilio = twilio
        self._who: dict[str, str] = {}  # by number: at the latest ring
        self._rung_by: dict[str, str] = {}  # the latest number that each worker's leg dialled
        for number in filter(None, numbers):
            twilio.voice.phones[number] = CustomerPhone(number, faults, twilio.scheduler)
        twilio.scheduler.on_event.append(self._hear)

    def _hear(self, event: TraceEvent) -> None:
        detail = event.detail
        if event.kind == "customer":
            self._who[detail["to"]] = detail["who"]
        elif event.kind == "dialed" and (parent := self._twilio.context.calls[detail["sid"]].parent_sid):
            self._rung_by[parent] = detail["to"]
        elif event.kind == "heard" and ASKED in detail["text"]:
            self._answer(detail["sid"])

    def _answer(self, sid: str) -> None:
        machine = self._who.get(self._rung_by.get(sid, "")) == MACHINE
        act = self._press_two if machine else self._twilio.hang_up
        self._twilio.scheduler.after(1.5, lambda: _unless_over(act, sid))

    def _press_two(self, sid: str) -> None:
        self._twilio.press(sid, "2")


def _unless_over(act: object, sid: str) -> None:
    assert callable(act)
    try:
        act(sid)
    except TwilioError as error:
        if error.code != 21220:  # the call is over
            raise

"""Workers who press the star key in the middle of a talk, and choose, or do not."""

from collections.abc import Callable, Mapping

from chalicelib.worker import star
from emulator.clock.scheduler import TraceEvent
from emulator.ports import TwilioError
from tests.simulation.call_centre import EXTENSIONS, STAR_PROMPT, CallCentre
from tests.simulation.callers import Crowd
from tests.simulation.faults import Faults

SALES, PERSON, BACK, END = "1", "2", "3", "4"
WAYS = (*(SALES, PERSON, BACK) * 3, END, "9", "*", "hangs up", "says nothing")
NOBODY = "99"  # an extension


class Stars:
    """What a worker does on hold is drawn each time that they hear the choices."""

    def __init__(self, call_centre: CallCentre, faults: Faults, crowd: Crowd) -> None:
        self._twilio = call_centre.twilio
        self._faults = faults
        self._crowd = crowd
        self._callers: dict[str, str] = {}  # by the worker's leg
        self._twilio.scheduler.on_event.append(self._hear)

    def _hear(self, event: TraceEvent) -> None:
        if event.kind == "joined":
            self._joined(event.detail)
        elif event.kind == "heard" and event.detail["sid"] in self._callers:
            self._heard(event.detail["sid"], event.detail["text"])

    def _joined(self, detail: Mapping[str, str]) -> None:
        caller_sid, leg = detail["caller_sid"], detail["worker_sid"]
        at_desk = not self._twilio.context.calls[leg].callback.url
        if at_desk or caller_sid not in self._crowd.callers or not self._faults.happens("worker_presses_star"):
            return
        self._callers[leg] = caller_sid
        self._later(self._faults.seconds("star", 0.3, 12), lambda: self._twilio.press(leg, "*"))

    def _heard(self, leg: str, text: str) -> None:
        thinks = self._faults.seconds("star chooses", 0, 6)
        if STAR_PROMPT in text:
            if self._faults.stream("star talks on").random() < 0.8:
                self._crowd.talks_on(self._callers[leg])  # what was to end the talk is over with it
            self._later(thinks, lambda: self._choose(leg))
        elif text == star.ASK_EXTENSION:
            digits = self._faults.stream("star extension").choice((*EXTENSIONS, NOBODY, ""))
            self._later(thinks, lambda: self._twilio.press(leg, f"{digits}#"))

    def _choose(self, leg: str) -> None:
        way = self._faults.stream("star way").choice(WAYS)
        if way == "hangs up":
            self._twilio.hang_up(leg)
        elif way != "says nothing":
            self._twilio.press(leg, way)
        if way == BACK:
            ends = (lambda: self._twilio.hang_up(leg), lambda: self._crowd.hangs_up(self._callers[leg]))
            self._later(self._faults.seconds("star ends", 3, 20), self._faults.stream("star ends").choice(ends))

    def _later(self, seconds: float, act: Callable[[], None]) -> None:
        def try_it() -> None:
            try:
                act()
            except TwilioError as error:
                if error.code != 21220:  # the call is over
                    raise

        self._twilio.scheduler.after(seconds, try_it)

"""The callers: they dial, press and talk, and some hang up, at any moment and in any state."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from emulator.clock.scheduler import TraceEvent
from emulator.ports import TwilioError
from tests.simulation.call_centre import EXTENSIONS, MENUS, SALES, SUPPORT, URGENT, CallCentre
from tests.simulation.faults import Faults
from tests.simulation.knowing import PERSON_KEY, PERSONS_PROMPT, PRESS

# A caller who hangs up does so this shortly after something happened on the call, or after a while.
MOMENTS = ("dialed", "heard", "enqueued", "reserved", "worker_dialed", "worker_ringing", "worker_answered", "joined")

ASKS = 0.5  # of who is offered a callback, at each round of the waiting document
# In the menus: up and down for ever, silent, unclear words alone, a wrong key each time, the language first, that and
# nothing more, or whatever comes to mind.
MANNERS = ("up and down", "silent", "mumbles", "wrong keys", "in Spanish", "one key", "anything")
UNCLEAR = 0.2  # Twilio's Confidence of what such a caller says
# In the languages of the line: whether they are to be called back, and that they will be.
CONFIRMS = ("To confirm press 1.", "Para confirmar, pulse 1.")
PROMISES = ("You keep your place", "Conserva su turno")
KNOWS_EXTENSIONS, UNKNOWN = 0.5, "99"  # of the callers of a line that asks for them; nobody has this one
TIRES = 0.1  # of who waits, at each round of the waiting document


@dataclass
class Caller:
    """`leaves_at` is the moment after which the caller hangs up, `leaves_after` how many seconds later."""

    number: str
    line: str
    talks: float
    ends_talk: str  # who hangs up after talking: caller or worker
    presses: bool
    leaves_at: str = ""
    leaves_after: float = 0.0
    call_sid: str = ""
    hung_up_at: float = 0.0
    asks: bool = False  # to be called back
    wanders: str = ""  # how, through the menus: one of MANNERS
    gave: list[str] = field(default_factory=list)  # what they pressed and said there
    persons: list[str] = field(default_factory=list)  # the extensions that they know, and type one after the other
    typed: list[str] = field(default_factory=list)
    calls_again: int = 0  # how often, after a talk


class Crowd:
    """All callers of a world. `callers` by CallSid, those who have not dialed yet under their number."""

    def __init__(
        self,
        call_centre: CallCentre,
        faults: Faults,
        calls: int,
        span: float,
        *,
        line: str = "",
        asks: float = ASKS,
        withheld: str = "",
        known: bool = False,
    ) -> None:
        self.callers: dict[str, Caller] = {}
        self._talks: dict[str, int] = {}  # how many talks of each caller are not to end as it was meant
        self.to_come = calls
        self._call_centre = call_centre
        self._faults = faults
        self._line, self._asks, self._withheld = line, asks, withheld  # what comes in place of a withheld number
        self._known = known  # the lines know their callers, and ask for extensions
        self._scheduler = call_centre.twilio.scheduler
        self._scheduler.on_event.append(self._hear)
        drawn = [self._draw(number) for number in range(calls)]
        self.numbers = [caller.number for caller in drawn]
        for caller in drawn:
            self._scheduler.after(faults.seconds("dialing", 0, span), self._dialing(caller))

    def _draw(self, number: int) -> Caller:
        stream = self._faults.stream("callers")
        caller = Caller(
            number=f"+1212555{number:04d}",
            line=self._line or stream.choices((SUPPORT, SALES, URGENT), (5, 4, 2))[0],
            talks=stream.uniform(1, 45),
            ends_talk=stream.choice(("caller", "worker")),
            presses=stream.random() < 0.7,
        )
        manner = self._faults.stream("manner").choice(MANNERS)
        if caller.line == SUPPORT and self._faults.happens("caller_wanders"):
            caller.wanders = manner
        if self._faults.happens("caller_withholds_number"):
            caller.number = self._withheld
        if self._known:
            self._know(caller)
        moment, soon, late = stream.choice((*MOMENTS, "patience")), stream.uniform(0, 3), stream.uniform(3, 200)
        if self._faults.happens("caller_hangs_up"):
            caller.leaves_at = moment
            caller.leaves_after = late if moment == "patience" else soon
        return caller

    def _know(self, caller: Caller) -> None:
        """Some callers know extensions, right and wrong ones; some who have talked call again."""
        stream = self._faults.stream("knows")
        persons = stream.choices((*EXTENSIONS, UNKNOWN, ""), k=3) if stream.random() < KNOWS_EXTENSIONS else []
        again = stream.choice((0, 1, 2))
        if caller.line == SUPPORT:
            caller.persons = persons
        caller.calls_again = again

    def _dialing(self, caller: Caller) -> Callable[[], None]:
        def dial() -> None:
            caller.call_sid = self._call_centre.twilio.dial(caller.number, caller.line)
            self.callers[caller.call_sid] = caller
            self.to_come -= 1
            self._moment(caller, "dialed")
            if caller.leaves_at == "patience":
                self._scheduler.after(caller.leaves_after, lambda: self._hang_up(caller))

        return dial

    # What happens around a caller

    def _hear(self, event: TraceEvent) -> None:
        reacts = _REACTIONS.get(event.kind)
        if reacts is not None:
            reacts(self, event.detail)

    def _heard(self, detail: Mapping[str, str]) -> None:
        caller, text = self.callers.get(detail["sid"]), detail["text"]
        if caller is None:
            return
        self._moment(caller, "heard")
        self._is_asked(caller, text)
        if PRESS in text and caller.presses:
            self._later(1.0, lambda: self._call_centre.twilio.press(caller.call_sid, text.removesuffix(".")[-1]))
        if "press star" in text:
            self._tires(caller)
        self._is_offered_a_callback(caller, text)
        if "How was this call" in text and caller.presses:
            self._later(3.0, lambda: self._call_centre.twilio.press(caller.call_sid, "5"))
        if "leave a message" in text:
            self._later(2.5, lambda: self._call_centre.twilio.say(caller.call_sid, "Please call me back."))
            self._later(5.0, lambda: self._call_centre.twilio.press(caller.call_sid, "#"))

    def _is_asked(self, caller: Caller, text: str) -> None:
        """In the menus, and for an extension."""
        if caller.persons and text.endswith(MENUS[0]):
            self._later(1.0, lambda: self._call_centre.twilio.press(caller.call_sid, PERSON_KEY))
        elif text == PERSONS_PROMPT:
            self._types_extension(caller)
        elif caller.wanders and text.endswith(MENUS):
            self._wanders(caller, text)
        elif "English press 1" in text and caller.presses:
            self._later(1.0, lambda: self._call_centre.twilio.press(caller.call_sid, "1"))

    def _wanders(self, caller: Caller, text: str) -> None:
        """A caller in the menus does as their manner is; `anything` ends in one of many ways."""
        stream, twilio = self._faults.stream("wanders"), self._call_centre.twilio
        after, key = stream.uniform(0.5, 3), stream.choice("12394*#07")
        says, clearly = stream.random() < 0.3, stream.choice((UNCLEAR, 0.9))
        if caller.wanders == "mumbles" or (caller.wanders == "anything" and says):
            confidence = UNCLEAR if caller.wanders == "mumbles" else clearly
            heard = "more" if confidence > UNCLEAR else "something"
            self._gives(caller, heard, after, lambda: twilio.say(caller.call_sid, "Some more, please.", confidence))
        elif caller.wanders != "silent" and not (caller.wanders == "one key" and caller.gave):
            up_and_down, in_spanish = "*" if text.endswith(MENUS[1]) else "2", "1" if "3" in caller.gave else "3"
            keys = {"up and down": up_and_down, "wrong keys": "7", "in Spanish": in_spanish, "one key": "3"}
            given = keys.get(caller.wanders, key)
            self._gives(caller, given, after, lambda: twilio.press(caller.call_sid, given))

    def _types_extension(self, caller: Caller) -> None:
        digits = caller.persons.pop(0) if caller.persons else ""
        if digits:
            caller.typed.append(digits)
            self._later(2.0, lambda: self._call_centre.twilio.press(caller.call_sid, f"{digits}#"))

    def _gives(self, caller: Caller, what: str, after: float, act: Callable[[], None]) -> None:
        def give() -> None:
            act()
            caller.gave.append(what)

        self._later(after, give)

    def _tires(self, caller: Caller) -> None:
        """A caller who waits would rather leave a message, or presses anything."""
        stream = self._faults.stream("tires")
        tires, after, key = stream.random() < TIRES, stream.uniform(0, 20), stream.choices("**7#")[0]
        if tires:
            self._later(after, lambda: self._call_centre.twilio.press(caller.call_sid, key))

    def _is_offered_a_callback(self, caller: Caller, text: str) -> None:
        if "press eight" in text:
            self._would_be_called_back(caller)
        if any(asked in text for asked in CONFIRMS):
            self._later(2.0, lambda: self._call_centre.twilio.press(caller.call_sid, "1"))
        if any(promised in text for promised in PROMISES):
            self._may_call_again(caller)

    def _would_be_called_back(self, caller: Caller) -> None:
        stream = self._faults.stream("asks")
        asks, after = stream.random() < self._asks, stream.uniform(1, 8)
        if asks:
            caller.asks = True
            self._later(after, lambda: self._call_centre.twilio.press(caller.call_sid, "8"))

    def _may_call_again(self, caller: Caller) -> None:
        """Before they are called back, or at that very moment, or after."""
        after = self._faults.seconds("again", 10, 120)
        if caller.asks and self._faults.happens("caller_calls_again", (caller.call_sid,)):
            again = Caller(caller.number, caller.line, caller.talks, caller.ends_talk, caller.presses)
            self.to_come += 1
            self._scheduler.after(after, self._dialing(again))

    def _joined(self, detail: Mapping[str, str]) -> None:
        caller = self.callers.get(detail["caller_sid"])
        if caller is None:
            return  # a worker and a customer, of work that is no call
        self._moment(caller, "joined")
        worker_hangs_up = self._faults.happens("worker_hangs_up", (caller.call_sid,))
        first = caller.call_sid if caller.ends_talk == "caller" and not worker_hangs_up else detail["worker_sid"]
        seconds = 0.2 if worker_hangs_up else caller.talks
        talk = self._talks.setdefault(caller.call_sid, 0)
        if caller.calls_again:
            self._calls_again(caller, seconds)

        def ends() -> None:
            if self._talks[caller.call_sid] != talk:
                return
            if first == caller.call_sid:
                self._hang_up(caller)
            else:
                self._call_centre.twilio.hang_up(first)

        self._later(seconds, ends)

    def _calls_again(self, caller: Caller, talks: float) -> None:
        """Long after the talk, or so soon that nobody knows of it yet."""
        again = Caller(caller.number, caller.line, caller.talks, caller.ends_talk, caller.presses)
        again.calls_again, caller.calls_again = caller.calls_again - 1, 0
        self._faults.counts["caller_calls_again"] += 1
        self.to_come += 1
        self._scheduler.after(talks + self._faults.stream("again").uniform(5, 200), self._dialing(again))

    def talks_on(self, call_sid: str) -> None:
        """The talk of this caller does not end by itself after all."""
        self._talks[call_sid] += 1

    def _task(self, detail: Mapping[str, str]) -> None:
        self._about(detail["call_sid"], "enqueued" if detail["status"] == "pending" else "")

    def _reservation(self, detail: Mapping[str, str]) -> None:
        self._about(detail["call_sid"], "reserved" if detail["status"] == "pending" else "")

    def _leg(self, kind: str, detail: Mapping[str, str]) -> None:
        self._about(caller_of(self._call_centre, detail["sid"]), kind)

    def _about(self, call_sid: str, moment: str) -> None:
        caller = self.callers.get(call_sid)
        if caller is not None:
            self._moment(caller, moment)

    def _moment(self, caller: Caller, moment: str) -> None:
        if moment and caller.leaves_at == moment:
            caller.leaves_at = ""
            self._scheduler.after(caller.leaves_after, lambda: self._hang_up(caller))

    # What callers do

    def hangs_up(self, call_sid: str) -> None:
        self._hang_up(self.callers[call_sid])

    def _hang_up(self, caller: Caller) -> None:
        if not self._call_centre.twilio.context.calls[caller.call_sid].is_over:
            caller.hung_up_at = self._scheduler.now()
            self._call_centre.twilio.hang_up(caller.call_sid)

    def _later(self, seconds: float, act: Callable[[], None]) -> None:
        def try_it() -> None:
            try:
                act()
            except TwilioError as error:
                if error.code != 21220:  # the call is over
                    raise

        self._scheduler.after(seconds, try_it)


_REACTIONS: Mapping[str, Callable[[Crowd, Mapping[str, str]], None]] = {
    "heard": Crowd._heard,
    "joined": Crowd._joined,
    "task": Crowd._task,
    "reservation": Crowd._reservation,
    "dialed": lambda crowd, detail: crowd._leg("worker_dialed", detail),
    "ringing": lambda crowd, detail: crowd._leg("worker_ringing", detail),
    "answered": lambda crowd, detail: crowd._leg("worker_answered", detail),
}


def caller_of(call_centre: CallCentre, worker_call_sid: str) -> str:
    """The caller for whom this worker leg was placed: it stands in its status callback's path; else empty."""
    call = call_centre.twilio.context.calls[worker_call_sid]
    _, found, rest = call.callback.url.partition("/worker/")
    at_desk = call.dequeues.caller_call_sid if call.dequeues else ""
    return rest.split("/")[0] if found else at_desk

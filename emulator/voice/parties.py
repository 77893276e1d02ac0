"""People with phones: what a callee does when it rings, and what a person does on a live leg, step by step."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from emulator.clock.process import Process, Program, Wait
from emulator.clock.scheduler import Scheduler
from emulator.voice.calls import CLEARLY, Call

RECORDER_SECONDS = 60.0  # how long a voicemail box listens before it hangs up
FAX_SECONDS = 35.0


@dataclass(frozen=True)
class Hears:
    text: str


@dataclass(frozen=True)
class Presses:
    digits: str


@dataclass(frozen=True)
class Says:
    text: str
    confidence: float = CLEARLY


@dataclass(frozen=True)
class Waits:
    seconds: float


@dataclass(frozen=True)
class Joined:
    pass


@dataclass(frozen=True)
class Talks:
    seconds: float


@dataclass(frozen=True)
class HangsUp:
    pass


Step = Hears | Presses | Says | Waits | Joined | Talks | HangsUp


def hears(text: str) -> Hears:
    """Wait until this leg hears a Say or a Play whose text or URL contains `text`.

    What was heard since the last `hears` counts; an empty text is whatever comes next.
    """
    return Hears(text)


def presses(digits: str) -> Presses:
    return Presses(digits)


def says(text: str, confidence: float = CLEARLY) -> Says:
    """Speak; a Gather that listens is told how sure Twilio is of it, from 0 to 1."""
    return Says(text, confidence)


def waits(seconds: float) -> Waits:
    return Waits(seconds)


def joined() -> Joined:
    """Wait until the leg is joined to the other one."""
    return Joined()


def talks(seconds: float) -> Talks:
    return Talks(seconds)


def hangs_up() -> HangsUp:
    return HangsUp()


GreetingEnd = Literal["beep", "silence", "other"]  # what comes after a machine's greeting


@dataclass(frozen=True)
class Behaviour:
    """What happens when a phone rings; `after` is seconds of ringing."""

    kind: Literal["answers", "no_answer", "busy", "declines", "unreachable", "absent"]
    after: float = 0.0
    then: tuple[Step, ...] = ()
    answered_by: Literal["human", "machine", "fax", "unknown"] = "human"  # what a detection has to find out
    greeting: float = 0.0  # how long a machine talks, in seconds
    greeting_end: GreetingEnd = "beep"


def answers(after: float = 2.0, then: Sequence[Step] = ()) -> Behaviour:
    return Behaviour("answers", after, tuple(then))


def no_answer() -> Behaviour:
    """It rings until the other side gives up, or somebody takes it by hand."""
    return Behaviour("no_answer")


def busy() -> Behaviour:
    return Behaviour("busy")


def declines(after: float = 2.0) -> Behaviour:
    """The call is refused on the phone; Twilio sees that as busy."""
    return Behaviour("declines", after)


def voicemail(after: float = 15.0, greeting_seconds: float = 8.0, end: GreetingEnd = "beep") -> Behaviour:
    """A machine takes the call, talks, records for a minute and hangs up."""
    steps = (Talks(greeting_seconds), Waits(RECORDER_SECONDS), HangsUp())
    return Behaviour("answers", after, steps, "machine", greeting_seconds, end)


def fax(after: float = 2.0) -> Behaviour:
    """A fax machine takes the call, and hangs up when nobody sends it anything."""
    return Behaviour("answers", after, (Waits(FAX_SECONDS), HangsUp()), "fax")


def unknown(after: float = 2.0, then: Sequence[Step] = ()) -> Behaviour:
    """Somebody or something takes the call and says nothing: a detection cannot tell which."""
    return Behaviour("answers", after, tuple(then), "unknown")


def unreachable() -> Behaviour:
    return Behaviour("unreachable")


def absent() -> Behaviour:
    """A client that nobody has open: it does not even ring."""
    return Behaviour("absent")


class Phone:
    """One number. Without instructions it rings and nobody takes it; `browsers` are those that are this phone."""

    def __init__(self, number: str) -> None:
        self.number = number
        self.rings = 0
        self.browsers = 0
        self.is_scripted = False
        self._behaviours: tuple[Behaviour, ...] = (no_answer(),)

    def will(self, *behaviours: Behaviour) -> "Phone":
        """What it does at this ring and at the following ones; the last behaviour repeats."""
        self._behaviours = behaviours
        self.is_scripted = True
        self.rings = 0
        return self

    def next_ring(self) -> Behaviour:
        self.rings += 1
        return self._behaviours[min(self.rings, len(self._behaviours)) - 1]


class Handset(Protocol):
    """What a person can do with a leg."""

    def press(self, call_sid: str, digits: str) -> None: ...

    def say(self, call_sid: str, text: str, confidence: float = CLEARLY) -> float: ...

    def talk(self, call_sid: str, seconds: float) -> None: ...

    def put_down(self, call_sid: str) -> None: ...


class Person:
    """Plays steps on one leg. After the last step the person stays on the line."""

    def __init__(self, scheduler: Scheduler, handset: Handset, call: Call, steps: Sequence[Step]) -> None:
        self._handset = handset
        self._call = call
        self._steps = steps
        self._listened = 0
        self.process = Process(scheduler, self._play())

    def _play(self) -> Program:
        for step in self._steps:
            yield from self._do(step)
            if isinstance(step, HangsUp):
                return

    def _do(self, step: Step) -> Program:
        sid = self._call.sid
        match step:
            case Hears(text):
                yield Wait(lambda: self._has_heard(text))
                self._listened = self._position_after(text)
            case Joined():
                yield Wait(lambda: self._call.is_joined)
            case Waits(seconds):
                yield Wait(seconds=seconds)
            case Presses(digits):
                self._handset.press(sid, digits)
            case Says(text, confidence):
                yield Wait(seconds=self._handset.say(sid, text, confidence))
            case Talks(seconds):
                self._handset.talk(sid, seconds)
                yield Wait(seconds=seconds)
            case HangsUp():
                self._handset.put_down(sid)

    def _has_heard(self, text: str) -> bool:
        return self._position_after(text) > 0

    def _position_after(self, text: str) -> int:
        """Where to listen on from, once `text` was heard; 0 when it has not been."""
        for position in range(self._listened, len(self._call.heard)):
            if text in self._call.heard[position]:
                return position + 1
        return 0

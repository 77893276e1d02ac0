"""A call leg: its state, the parameters Twilio sends about it, and its status callbacks (contract 1.2, 7.2)."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Literal

from emulator.clock.process import Process
from emulator.clock.scheduler import Timer
from emulator.names import snake_case
from emulator.ports import Method, WorkerLegOrder

Direction = Literal["inbound", "outbound-api", "outbound-dial"]
ENDED = frozenset({"completed", "busy", "no-answer", "failed", "canceled"})
API_VERSION = "2010-04-01"
CLEARLY = 0.9  # how people speak: what Twilio's Confidence says of it
_PLACES = [f"{who}{what}" for who in ("From", "To", "Caller", "Called") for what in ("City", "State", "Zip", "Country")]


def rfc2822(seconds: float) -> str:
    return format_datetime(datetime.fromtimestamp(seconds, UTC))


@dataclass(frozen=True)
class Source:
    """Where the next document comes from: a URL with parameters of its own, or TwiML given directly."""

    url: str = ""
    method: Method = "POST"
    extra: dict[str, str] = field(default_factory=dict)
    twiml: str = ""


class LegEnded(Exception):
    """The leg is over. `by` is person, document, rest, taskrouter or timeout; an unanswered leg gets `status`."""

    def __init__(self, by: str, status: str = "") -> None:
        super().__init__(by)
        self.by = by
        self.status = status


class GoTo(Exception):
    """The leg goes on with another document: a Redirect, an action, or a redirect over REST."""

    def __init__(self, source: Source) -> None:
        super().__init__(source.url)
        self.source = source


class Moved(GoTo):
    """The leg is sent elsewhere from outside: whatever it was part of goes on without it."""


@dataclass(frozen=True)
class StatusCallback:
    url: str = ""
    method: Method = "POST"
    events: frozenset[str] = frozenset({"completed"})
    extra: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Detection:
    """Answering machine detection of one leg (contract 14.4); times in seconds.

    Unless it is `asynchronous` the leg's document waits for it.
    """

    message_end: bool = False  # wait for the end of a machine's greeting
    timeout: float = 30.0
    speech: float = 2.4  # who talks longer without a pause is a machine
    speech_end: float = 1.2  # how long the pause must be
    silence: float = 5.0  # of the beginning, after which nobody knows
    asynchronous: bool = False
    callback: str = ""
    callback_method: Method = "POST"


@dataclass(frozen=True)
class RecordingOrder:
    """What is to be recorded, and who hears of it: `channels` 1 or 2, `events` of in-progress, completed, absent."""

    source: str
    channels: int = 1
    callback: str = ""
    callback_method: Method = "POST"
    events: frozenset[str] = frozenset({"completed"})
    name: str = ""  # by which a document may stop it


@dataclass(frozen=True)
class Order:
    """An outbound call to place: `source` is the document of the answered leg; `send_digits` are played to it first."""

    to: str
    from_: str
    source: Source = field(default_factory=Source)
    timeout: float = 60.0
    fallback_url: str = ""
    fallback_method: Method = "POST"
    callback: StatusCallback = field(default_factory=StatusCallback)
    detection: Detection | None = None
    recording: RecordingOrder | None = None
    send_digits: str = ""
    time_limit: float | None = None


@dataclass
class Call:
    """Times are epoch seconds. `digits` is what the person pressed since somebody last cleared it."""

    sid: str
    account_sid: str
    from_: str
    to: str
    direction: Direction
    created: float
    status: str = "queued"
    timeout: float = 60.0
    queue_seconds: float = 0.0
    fallback_url: str = ""
    fallback_method: Method = "POST"
    callback: StatusCallback = field(default_factory=StatusCallback)
    callbacks_sent: int = 0
    updated: float = 0.0
    answered: float | None = None
    ended: float | None = None
    digits: str = ""
    speech: str = ""
    confidence: float = CLEARLY  # from 0 to 1, of what was said
    talking_until: float = 0.0
    heard: list[str] = field(default_factory=list)
    picked_up: str = ""  # by hand, while it rings: answered or declined
    processes: list[Process] = field(default_factory=list)
    person: Process | None = None  # what the person on this leg does
    is_joined: bool = False  # to another leg, out of a queue
    dequeues: WorkerLegOrder | None = None  # when TaskRouter placed this leg, to be joined at its answer
    parent_sid: str = ""  # of the leg whose <Dial> rings this one
    answered_by: str = ""  # the verdict of a detection
    verstat: str = ""  # StirVerstat of an incoming call
    label: str = ""  # by which a conference knows its participant
    task_sid: str = ""  # of the task that stayed when the call was taken out of the queue
    ends: Timer | None = None  # the time limit
    on_end: list[Callable[[], None]] = field(default_factory=list)

    @property
    def person_number(self) -> str:
        """The number of the person on this leg: who dialed, or who was dialed."""
        return self.from_ if self.direction == "inbound" else self.to

    @property
    def is_over(self) -> bool:
        return self.status in ENDED

    @property
    def main(self) -> Process:
        return self.processes[0]

    def notify(self) -> None:
        """Everything that waits on this leg checks its condition again."""
        for process in list(self.processes):
            process.notify()
        if self.person is not None:
            self.person.notify()

    def run(self, process: Process) -> None:
        """Start `process` as one of this leg's; the first one lives as long as the leg."""
        self.processes = [known for known in self.processes if not known.done or known is self.processes[0]]
        self.processes.append(process)
        process.start()

    def seconds(self) -> int:
        """How long the leg was answered, whole seconds, 0 when it never was."""
        if self.answered is None or self.ended is None:
            return 0
        return math.ceil(self.ended - self.answered)


def standard_parameters(call: Call) -> dict[str, str]:
    """What every voice request carries (contract 1.2). The places are there and blank, as they often are."""
    parent = {"ParentCallSid": call.parent_sid} if call.parent_sid else {}
    return {
        **parent,
        "CallSid": call.sid,
        "AccountSid": call.account_sid,
        "From": call.from_,
        "To": call.to,
        "Caller": call.from_,
        "Called": call.to,
        "CallStatus": call.status,
        "ApiVersion": API_VERSION,
        "Direction": call.direction,
        **dict.fromkeys(_PLACES, ""),
    }


def task_attributes(call: Call) -> dict[str, object]:
    """The 25 attributes that a task made by <Enqueue> always has (contract 3.1)."""
    known = standard_parameters(call).items()
    return {snake_case(name): value for name, value in known if name != "ParentCallSid"}


def callback_parameters(call: Call, event: str, now: float) -> dict[str, str]:
    """One status callback's form (contract 7.2); takes the next sequence number."""
    form = standard_parameters(call)
    if event == "initiated":
        form["CallStatus"] = "initiated"
    form["Timestamp"] = rfc2822(now)
    form["CallbackSource"] = "call-progress-events"
    form["SequenceNumber"] = str(call.callbacks_sent)
    if event == "completed":
        form["CallDuration"] = str(call.seconds())
        form["Duration"] = str(math.ceil(call.seconds() / 60))
    call.callbacks_sent += 1
    return {**form, **call.callback.extra}

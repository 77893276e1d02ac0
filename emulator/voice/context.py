"""What all legs share: the scheduler, the webhooks, TaskRouter, the calls and the queues."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from emulator.clock.process import Program
from emulator.clock.scheduler import Scheduler
from emulator.ports import Method, TaskRouterPort, TwilioError, Webhooks, WebResult
from emulator.voice.calls import Call, Order, callback_parameters
from emulator.voice.conferences import Conference, Conferences
from emulator.voice.queues import Queues
from emulator.voice.recordings import Recordings
from emulator.worlds import Worlds, played


class Dialer(Protocol):
    """Places and ends the legs that other legs ask for."""

    def dial(self, parent: Call, order: Order, program: Callable[[Call], Program], label: str = "") -> Call:
        """Ring `order.to` at once; `program` runs on the leg when it is answered."""

    def hang_up(self, call_sid: str) -> None:
        """End a leg in whatever state it is; nothing happens when it has ended."""


@dataclass
class Context:
    """`speech_rate` is seconds per spoken character, `play_seconds` the length of any recording that is played.

    `hosted` are documents by their URL that need no server; `dialer` is there as soon as voice is.
    """

    scheduler: Scheduler
    webhooks: Webhooks
    account_sid: str
    router: TaskRouterPort
    speech_rate: float = 0.06
    worlds: Worlds = field(default_factory=lambda: played({}))
    play_seconds: float = 5.0
    calls: dict[str, Call] = field(default_factory=dict)
    hosted: dict[str, str] = field(default_factory=dict)
    dialer: Dialer = field(init=False)

    def __post_init__(self) -> None:
        self.queues = Queues(self.scheduler)
        self.conferences = Conferences(self.scheduler, self.account_sid, self._tell_conference)
        self.recordings = Recordings(self.scheduler, self.account_sid, self.send)
        self._reported: set[tuple[str, str]] = set()
        self._leaving: dict[str, bool] = {}

    def leaves_task(self, call_sid: str) -> bool:
        """Whether TaskRouter never hears that this caller's call and conversation are over (contract 12)."""
        if call_sid not in self._leaving:
            ended_call = self.worlds["ended_call"]
            self._leaving[call_sid] = (ended_call(call_sid) if callable(ended_call) else ended_call) == "leaves_task"
        return self._leaving[call_sid]

    def warn(self, code: int, message: str, sid: str) -> None:
        """What Twilio's debugger would show about the leg `sid`."""
        self.scheduler.warn(code, message, sid)

    def not_imitated(self, what: str, sid: str) -> None:
        """Once for each leg: a waiting document comes again and again."""
        if (sid, what) not in self._reported:
            self._reported.add((sid, what))
            self.scheduler.not_imitated(what, sid)

    def warn_once(self, code: int, message: str, sid: str) -> None:
        """Once for each leg."""
        if (sid, message) not in self._reported:
            self._reported.add((sid, message))
            self.warn(code, message, sid)

    def warn_of(self, error: TwilioError, sid: str) -> None:
        self.warn(error.code, error.message, sid)

    def send(self, url: str, form: Mapping[str, str], method: Method) -> None:
        """A callback whose answer nobody waits for."""
        self.webhooks.send(url, form, ignore_answer, method=method)

    def _tell_conference(self, conference: Conference, form: Mapping[str, str]) -> None:
        self.send(conference.callback.url, form, conference.callback.method)

    def speech_seconds(self, text: str) -> float:
        return len(text) * self.speech_rate

    def call_back(self, call: Call, event: str) -> None:
        """The status callback of `event`, if somebody subscribed to it (contract 7.2)."""
        callback = call.callback
        if callback.url and event in callback.events:
            form = callback_parameters(call, event, self.scheduler.now())
            self.send(callback.url, form, callback.method)


def ignore_answer(_result: WebResult) -> None:
    """Nothing depends on the answer to a status callback; the trace event `webhook` has its status."""

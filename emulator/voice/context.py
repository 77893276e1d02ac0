"""What all legs share: the scheduler, the webhooks, TaskRouter, the calls and the queues."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypedDict

from emulator.clock.process import Program
from emulator.clock.scheduler import Scheduler
from emulator.ports import Method, TaskRouterPort, TwilioError, Webhooks, WebResult
from emulator.voice.calls import Call, Order, callback_parameters
from emulator.voice.conferences import Conference, Conferences
from emulator.voice.queues import Queues
from emulator.voice.recordings import Recordings

CanceledTask = Literal["stays", "leaves"]
EndedCall = Literal["ends_task", "leaves_task"]
RedirectedCall = Literal["ends_task", "leaves_task"]
UnansweredDequeue = Literal["cancels", "pauses", "waits"]
HungUpDial = Literal["is_silent", "is_told"]
OptOutWord = Literal["is_told", "is_kept"]


class Worlds(TypedDict, total=False):
    """What Twilio's pages leave open, and the emulator plays as it is told (contract 12).

    `canceled_task`: a waiting caller whose task is canceled stays in the queue (the default), or leaves it.
    `ended_call`: the end of a caller's call ends its task (the default), or leaves the task as it is; a function of
    the CallSid decides for each call, and is asked once.
    `redirected_call`: a redirect over REST that takes a waiting caller out of the queue ends the task (the default),
    or leaves it to the application until the call itself ends.
    `unanswered_dequeue`: when nobody takes the leg that TaskRouter placed, the reservation is canceled and the task
    routed again at once (the default), or five seconds later; or it stays pending until it times out.
    `hung_up_dial`: nobody hears of the end of a <Dial> whose own leg hangs up (the default), or its action does, and
    nothing runs on the answer.
    `opt_out_word`: the application hears of a message that says STOP (the default), or Twilio keeps it.
    """

    canceled_task: CanceledTask
    ended_call: EndedCall | Callable[[str], EndedCall]
    redirected_call: RedirectedCall
    unanswered_dequeue: UnansweredDequeue
    hung_up_dial: HungUpDial
    opt_out_word: OptOutWord


class Dialer(Protocol):
    """Places and ends the legs that other legs ask for."""

    def dial(self, parent: Call, order: Order, program: Callable[[Call], Program], label: str = "") -> Call:
        """Ring `order.to` at once; `program` runs on the leg when it is answered."""

    def hang_up(self, call_sid: str) -> None:
        """End a leg in whatever state it is; nothing happens when it has ended."""


@dataclass
class Context:
    """`speech_rate` is seconds per spoken character, `play_seconds` the length of any recording that is played.

    The words from `canceled_task` to `opt_out_word` are those of `Worlds`. `hosted` are documents by their URL that
    need no server; `dialer` is there as soon as voice is.
    """

    scheduler: Scheduler
    webhooks: Webhooks
    account_sid: str
    router: TaskRouterPort
    speech_rate: float = 0.06
    canceled_task: CanceledTask = "stays"
    ended_call: EndedCall | Callable[[str], EndedCall] = "ends_task"
    redirected_call: RedirectedCall = "ends_task"
    unanswered_dequeue: UnansweredDequeue = "cancels"
    hung_up_dial: HungUpDial = "is_silent"
    opt_out_word: OptOutWord = "is_told"
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
            ended_call = self.ended_call(call_sid) if callable(self.ended_call) else self.ended_call
            self._leaving[call_sid] = ended_call == "leaves_task"
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

"""What all legs share: the scheduler, the webhooks, TaskRouter, the calls and the queues."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypedDict

from emulator.clock.scheduler import Scheduler
from emulator.ports import TaskRouterPort, TwilioError, Webhooks, WebResult
from emulator.voice.calls import Call, callback_parameters
from emulator.voice.queues import Queues
from emulator.voice.recordings import Recording

CanceledTask = Literal["stays", "leaves"]
EndedCall = Literal["ends_task", "leaves_task"]
API_URL = "https://api.twilio.com"


class Worlds(TypedDict, total=False):
    """What Twilio's pages leave open, and the emulator plays as it is told (contract 12).

    `canceled_task`: a waiting caller whose task is canceled stays in the queue (the default), or leaves it.
    `ended_call`: the end of a caller's call ends its task (the default), or leaves the task as it is; a function of
    the CallSid decides for each call, and is asked once.
    """

    canceled_task: CanceledTask
    ended_call: EndedCall | Callable[[str], EndedCall]


@dataclass
class Context:
    """`speech_rate` is seconds per spoken character, `play_seconds` the length of any recording that is played.

    `canceled_task` and `ended_call` are those of `Worlds`.
    """

    scheduler: Scheduler
    webhooks: Webhooks
    account_sid: str
    router: TaskRouterPort
    speech_rate: float = 0.06
    canceled_task: CanceledTask = "stays"
    ended_call: EndedCall | Callable[[str], EndedCall] = "ends_task"
    play_seconds: float = 5.0
    calls: dict[str, Call] = field(default_factory=dict)
    recordings: dict[str, Recording] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.queues = Queues(self.scheduler)
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

    def warn_of(self, error: TwilioError, sid: str) -> None:
        self.warn(error.code, error.message, sid)

    def speech_seconds(self, text: str) -> float:
        return len(text) * self.speech_rate

    def call_back(self, call: Call, event: str) -> None:
        """The status callback of `event`, if somebody subscribed to it (contract 7.2)."""
        callback = call.callback
        if callback.url and event in callback.events:
            form = callback_parameters(call, event, self.scheduler.now())
            self.webhooks.send(callback.url, form, ignore_answer, method=callback.method)


def ignore_answer(_result: WebResult) -> None:
    """Nothing depends on the answer to a status callback; the trace event `webhook` has its status."""

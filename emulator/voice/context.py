"""What all legs share: the scheduler, the webhooks, TaskRouter, the calls and the queues."""

from dataclasses import dataclass, field

from emulator.clock.scheduler import Scheduler
from emulator.ports import TaskRouterPort, TwilioError, Webhooks, WebResult
from emulator.voice.calls import Call, callback_parameters
from emulator.voice.queues import Queues
from emulator.voice.recordings import Recording
from emulator.worlds import Worlds, played

API_URL = "https://api.twilio.com"


@dataclass
class Context:
    """`speech_rate` is seconds per spoken character, `play_seconds` the length of any recording that is played."""

    scheduler: Scheduler
    webhooks: Webhooks
    account_sid: str
    router: TaskRouterPort
    speech_rate: float = 0.06
    worlds: Worlds = field(default_factory=lambda: played({}))
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

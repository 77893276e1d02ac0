"""The emulator as a test has it: on a free port, its people and its clock moved by hand."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from emulator.clock.scheduler import TraceEvent
from emulator.http.realtime import RealtimeClock, RealtimeLoop
from emulator.inspector.requests import problems
from emulator.server import Server, in_real_time, serve
from emulator.twilio import Twilio
from emulator.verdict import Verdict
from emulator.voice.calls import Call
from emulator.voice.parties import Behaviour, Step
from emulator.words import ACCOUNT_SID, AUTH_TOKEN
from emulator.worlds import Worlds

MOST_PROBLEMS = 50


@dataclass(frozen=True)
class Settings:
    """How the emulator is started. Without a `speed` its clock stands still until it is moved.

    `hosts` are public names and the port of this machine behind each, as those of `--host`.
    """

    account_sid: str = ACCOUNT_SID
    auth_token: str = AUTH_TOKEN
    seed: int = 0
    speed: float | None = None
    hosts: Mapping[str, int] = field(default_factory=dict)
    worlds: Worlds = field(default_factory=Worlds)


class Emulator:
    """A Twilio that runs. `url` is the base of REST, `inspector` the page for people.

    Every method may be called from any thread.
    """

    def __init__(self, twilio: Twilio, loop: RealtimeLoop, server: Server) -> None:
        self.url = server.url
        self.inspector = server.inspector
        self.account_sid = twilio.account.sid
        self.auth_token = twilio.account.auth_token
        self._twilio = twilio
        self._loop = loop
        self._verdict = Verdict(twilio, 0, lambda: None)
        loop.call(lambda: twilio.scheduler.on_event.append(self._verdict))

    # Numbers and people

    def number(self, phone_number: str, voice_url: str = "", sms_url: str = "") -> None:
        """The account owns this number; without a URL the application sets it over REST."""

        def own() -> None:
            self._twilio.own(phone_number)
            number = self._twilio.numbers[phone_number]
            number.voice_url = voice_url or number.voice_url
            number.sms_url = sms_url or number.sms_url

        self._loop.call(own)

    def phone(self, number: str, *rings: Behaviour) -> None:
        """What the phone with this number does at each ring; the last repeats. Without any it rings unanswered."""
        self._loop.call(lambda: self._twilio.phone(number).will(*rings))

    def dial(self, from_: str, to: str, *then: Step) -> str:
        """Somebody dials a number of the account and does this; the CallSid. KeyError for another number."""
        return self._loop.call(lambda: self._twilio.dial(from_, to, then))

    def text(self, from_: str, to: str, body: str) -> str:
        """Somebody writes to a number of the account; the MessageSid. KeyError for another number."""
        return self._loop.call(lambda: self._twilio.text(from_, to, body).sid)

    def press(self, call_sid: str, digits: str) -> None:
        self._loop.call(lambda: self._twilio.press(call_sid, digits))

    def say(self, call_sid: str, text: str) -> None:
        self._loop.call(lambda: self._twilio.say(call_sid, text))

    def answer(self, call_sid: str) -> None:
        """Somebody takes the phone that this leg rings."""
        self._loop.call(lambda: self._twilio.answer(call_sid))

    def decline(self, call_sid: str) -> None:
        self._loop.call(lambda: self._twilio.decline(call_sid))

    def hang_up(self, call_sid: str) -> None:
        self._loop.call(lambda: self._twilio.hang_up(call_sid))

    # Time

    def now(self) -> float:
        """Epoch seconds by the emulator's clock."""
        return self._loop.call(self._twilio.scheduler.now)

    def move(self, seconds: float = 0.0) -> None:
        """Let time pass at once; returns when all that is due until then has happened and every webhook is answered."""
        if seconds < 0:
            raise ValueError("the clock does not go back")
        self._loop.advance_to(self.now() + seconds)

    # What has happened

    def events(self, *kinds: str) -> list[TraceEvent]:
        """What really happened, in its order: of these kinds, or of every one."""
        trace = self._loop.call(lambda: list(self._twilio.scheduler.trace))
        return [event for event in trace if not kinds or event.kind in kinds]

    def calls(self) -> list[Call]:
        """Every leg there was, the oldest first."""
        return self._loop.call(lambda: list(self._twilio.context.calls.values()))

    def status(self, call_sid: str) -> str:
        """KeyError when there is no such call."""
        return self._loop.call(lambda: self._twilio.context.calls[call_sid].status)

    def heard(self, call_sid: str) -> list[str]:
        """What was said and played on this leg. KeyError when there is no such call."""
        return self._loop.call(lambda: list(self._twilio.context.calls[call_sid].heard))

    def problems(self) -> list[str]:
        """What did not go well, each in a sentence: live calls, codes of Twilio's debugger, webhooks that failed."""
        return self._loop.call(lambda: [*self._verdict.problems(), *self._answers()])

    def _answers(self) -> list[str]:
        blamed = [one for one in problems(self._twilio, MOST_PROBLEMS) if one.webhook]
        return [f"{one.what}: {one.asked} {one.answer}".strip() for one in blamed]


@contextmanager
def running(settings: Settings | None = None) -> Iterator[Emulator]:
    """The emulator on a free port of 127.0.0.1, until the block ends."""
    given = settings or Settings()
    clock = RealtimeClock(stands_still=True) if given.speed is None else RealtimeClock(given.speed)
    with in_real_time(
        given.account_sid, given.auth_token, given.seed, clock=clock, hosts=given.hosts, **given.worlds
    ) as (twilio, loop):
        server = serve(twilio, loop)
        try:
            yield Emulator(twilio, loop, server)
        finally:
            server.stop()

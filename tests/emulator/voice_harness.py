"""A TaskRouter that does only what a test tells it, and a harness with it: for the tests of voice."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Unpack

from emulator.ports import TwilioError
from emulator.worlds import Worlds
from tests.emulator.harness import Answer, Harness


@dataclass
class FakeTaskRouter:
    """Each task gets one reservation, named after it. `refusals` makes a call fail with an error."""

    tasks: dict[str, Mapping[str, object]] = field(default_factory=dict)
    orders: list[tuple[str, int, int | None]] = field(default_factory=list)
    events: list[tuple[str, ...]] = field(default_factory=list)
    refusals: dict[str, TwilioError] = field(default_factory=dict)

    def create_task(
        self, workflow_sid: str, attributes: Mapping[str, object], priority: int = 0, timeout: int | None = None
    ) -> str:
        self._refuse("create_task")
        sid = f"WT{len(self.tasks):032x}"
        self.tasks[sid] = attributes
        self.orders.append((workflow_sid, priority, timeout))
        return sid

    def caller_left(self, task_sid: str, reason: str = "hangup") -> None:
        self.events.append(("caller_left", task_sid, reason))

    def begin_accept(self, reservation_sid: str, *, outbound: bool = False) -> str:
        self._refuse("begin_accept")
        task_sid = reservation_sid.replace("WR", "WT")
        if task_sid not in self.tasks:
            raise TwilioError(14217, "Reservation not found")
        self.events.append(("begin_accept", reservation_sid))
        return str(self.tasks[task_sid]["call_sid"])

    def finish_accept(self, reservation_sid: str, joined: bool) -> None:
        self.events.append(("finish_accept", reservation_sid, str(joined)))

    def leg_failed(self, reservation_sid: str) -> None:
        self.events.append(("leg_failed", reservation_sid))

    def give_up_leg(self, reservation_sid: str) -> None:
        self.events.append(("give_up_leg", reservation_sid))

    def conference_began(self, reservation_sid: str, conference: Mapping[str, object]) -> None:
        self.events.append(("conference_began", reservation_sid, str(conference["room_name"])))

    def conversation_ended(self, reservation_sid: str, post_work_activity_sid: str) -> None:
        self.events.append(("conversation_ended", reservation_sid, post_work_activity_sid))
        self._refuse("conversation_ended")

    def _refuse(self, verb: str) -> None:
        if verb in self.refusals:
            raise self.refusals[verb]


class VoiceHarness(Harness):
    """Voice alone: what it asks of TaskRouter is in `router.events`."""

    def __init__(
        self,
        pages: Mapping[str, Answer],
        *,
        speech_rate: float = 0.06,
        calls_per_second: float = 1.0,
        **worlds: Unpack[Worlds],
    ) -> None:
        super().__init__(pages, speech_rate=speech_rate, calls_per_second=calls_per_second, **worlds)
        self.twilio.context.router = self.router = FakeTaskRouter()

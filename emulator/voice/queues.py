"""Voice queues, who waits in them, and the bridge from a caller to the leg that takes them out (contract 3.2, 7.4)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from emulator.clock.scheduler import Scheduler
from emulator.ports import TaskRouterPort, TwilioError
from emulator.voice.calls import Call, Source
from emulator.voice.conferences import Participant

WORKFLOW_QUEUE_SIZE = 100  # contract 13: the queue of a workflow
NAMED_QUEUE_SIZE = 1000


@dataclass
class VoiceQueue:
    sid: str
    friendly_name: str
    max_size: int
    created: float
    updated: float
    members: list["Member"] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)
    dialers: list[Call] = field(default_factory=list)

    def average_wait(self) -> int:
        """Seconds that those waited who have left. What Twilio averages over is uncertain."""
        return round(sum(self.waited) / len(self.waited)) if self.waited else 0

    def notify_dialers(self) -> None:
        for dialer in list(self.dialers):
            dialer.notify()


@dataclass
class Member:
    """One caller in a queue. `left_with` is the QueueResult once the wait is over without a join."""

    call: Call
    queue: VoiceQueue
    since: float
    task_sid: str = ""
    left_with: str = ""
    bridge: "Bridge | None" = None  # while a leg takes the caller out, and while the two are joined
    seat: "Seat | None" = None  # when the caller is moved into a conference

    @property
    def sid(self) -> str:
        return self.call.sid

    @property
    def is_taken(self) -> bool:
        return bool(self.left_with) or self.bridge is not None or self.seat is not None

    def position(self) -> int:
        return self.queue.members.index(self) + 1 if self in self.queue.members else 0

    def leave(self, result: str) -> None:
        """The wait is over with this QueueResult; the caller's program does the rest."""
        if not self.left_with:
            self.left_with = result
            self.call.notify()

    def come_back(self) -> None:
        """A join failed: the caller is the first in the queue again."""
        self.queue.waited.pop()
        self.queue.members.insert(0, self)
        self.queue.notify_dialers()


@dataclass
class Seat:
    """The caller's place in a conference; `entered` is called when the caller has taken it."""

    participant: Participant
    entered: Callable[[], None]
    is_taken: bool = False


class Queues:
    """The account's queues. `members` by CallSid: who waits, and whose conversation out of the queue goes on."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self.by_name: dict[str, VoiceQueue] = {}
        self.members: dict[str, Member] = {}

    def open(self, name: str, max_size: int) -> VoiceQueue:
        """The queue of that name, made on demand."""
        if name not in self.by_name:
            now = self._scheduler.now()
            self.by_name[name] = VoiceQueue(self._scheduler.sid("QU"), name, max_size, now, now)
        return self.by_name[name]

    def rename(self, queue: VoiceQueue, name: str) -> None:
        if name in self.by_name:  # which code Twilio gives is uncertain
            raise TwilioError(22003, f"A queue named {name} exists already")
        del self.by_name[queue.friendly_name]
        queue.friendly_name = name
        self.by_name[name] = queue

    def enter(self, queue: VoiceQueue, call: Call) -> Member:
        member = Member(call, queue, self._scheduler.now())
        queue.members.append(member)
        self.members[call.sid] = member
        queue.notify_dialers()
        return member

    def leave(self, member: Member) -> None:
        """The caller has nothing to do with the queue any more."""
        self.take_out(member)
        self.members.pop(member.call.sid, None)

    def take_out(self, member: Member) -> None:
        """The caller does not wait any more; a join that fails brings the caller back."""
        if member in member.queue.members:
            member.queue.members.remove(member)
            member.queue.waited.append(self._scheduler.now() - member.since)

    def seconds_in(self, member: Member) -> int:
        return int(self._scheduler.now() - member.since)


BridgeState = Literal["preparing", "joined", "parted", "abandoned"]


@dataclass
class Bridge:
    """A queued caller and the leg that takes it out. Without a reservation it is a named queue's.

    preparing (the whisper plays) -> joined -> parted, or preparing -> abandoned.
    """

    caller: Call
    worker: Call
    member: Member
    scheduler: Scheduler
    router: TaskRouterPort
    reservation_sid: str = ""
    post_work_activity_sid: str = ""
    whisper: Source | None = None
    state: BridgeState = "preparing"
    joined_at: float = 0.0
    parted_at: float = 0.0
    starred: bool = False  # the worker let go by the star key
    on_warning: Callable[[TwilioError, str], None] = lambda _error, _sid: None
    leaves_task: Callable[[str], bool] = lambda _sid: False  # given the caller's CallSid

    def join(self) -> None:
        self.state = "joined"
        self.joined_at = self.scheduler.now()
        self.caller.is_joined = self.worker.is_joined = True
        self._emit("joined", reservation_sid=self.reservation_sid)
        if self.reservation_sid:
            self.router.finish_accept(self.reservation_sid, True)
        self._notify()

    def abandon(self, *, told: bool = True) -> None:
        """One of the two was gone before they were joined; a caller who is still there waits on.

        When TaskRouter is not `told`, the reservation stays as it is: pending, its timer standing still.
        """
        if self.state != "preparing":
            return
        self.state = "abandoned"
        self.member.bridge = None
        self.member.come_back()
        if self.reservation_sid and told:
            self.router.finish_accept(self.reservation_sid, False)
        self._notify()

    def part(self) -> None:
        """One of the two is gone, or the worker let go: each goes on with its own document."""
        if self.state != "joined":
            return
        self.state = "parted"
        self.parted_at = self.scheduler.now()
        self.member.bridge = None
        self.caller.is_joined = self.worker.is_joined = False
        self._emit("parted")
        if self.reservation_sid and not self.leaves_task(self.caller.sid):
            self._end_conversation()
        self._notify()

    def _end_conversation(self) -> None:
        try:
            self.router.conversation_ended(self.reservation_sid, self.post_work_activity_sid)
        except TwilioError as error:
            self.on_warning(error, self.worker.sid)

    def _emit(self, kind: str, **more: str) -> None:
        self.scheduler.emit(kind, caller_sid=self.caller.sid, worker_sid=self.worker.sid, **more)

    def _notify(self) -> None:
        self.caller.notify()
        self.worker.notify()

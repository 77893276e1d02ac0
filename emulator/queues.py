"""Voice queues, who waits in them, and the joining of two legs (contract 3.1, 3.2, 7.4)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from emulator.calls import Call, Source
from emulator.kernel import Kernel
from emulator.ports import TaskRouterPort, TwilioError

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

    def poke_dialers(self) -> None:
        for dialer in list(self.dialers):
            dialer.poke()


@dataclass
class Member:
    """One caller in a queue. `left_with` is the QueueResult once the wait is over without a join."""

    call: Call
    queue: VoiceQueue
    since: float
    task_sid: str = ""
    left_with: str = ""

    def position(self) -> int:
        return self.queue.members.index(self) + 1 if self in self.queue.members else 0

    def leave(self, result: str) -> None:
        """The wait is over; the caller's program does the rest."""
        if not self.left_with:
            self.left_with = result
            self.call.poke()

    def back(self) -> None:
        """A join that failed: the caller is the first in the queue again."""
        self.queue.waited.pop()
        self.queue.members.insert(0, self)
        self.queue.poke_dialers()


class Queues:
    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self.by_name: dict[str, VoiceQueue] = {}

    def open(self, name: str, max_size: int) -> VoiceQueue:
        """The queue of that name, made on demand."""
        if name not in self.by_name:
            now = self._kernel.now()
            self.by_name[name] = VoiceQueue(self._kernel.sid("QU"), name, max_size, now, now)
        return self.by_name[name]

    def by_sid(self, sid: str) -> VoiceQueue | None:
        return next((queue for queue in self.by_name.values() if queue.sid == sid), None)

    def rename(self, queue: VoiceQueue, name: str) -> None:
        if name in self.by_name:  # which code Twilio gives is uncertain
            raise TwilioError(22003, f"A queue named {name} exists already")
        del self.by_name[queue.friendly_name]
        queue.friendly_name = name
        self.by_name[name] = queue

    def enter(self, queue: VoiceQueue, call: Call) -> Member:
        member = Member(call, queue, self._kernel.now())
        queue.members.append(member)
        call.member = member
        queue.poke_dialers()
        return member

    def take_out(self, member: Member) -> None:
        if member in member.queue.members:
            member.queue.members.remove(member)
            member.queue.waited.append(self._kernel.now() - member.since)

    def seconds_in(self, member: Member) -> int:
        return int(self._kernel.now() - member.since)


BridgeState = Literal["preparing", "joined", "parted", "abandoned"]


@dataclass
class Bridge:
    """A queued caller and the leg that takes it out. Without a reservation it is a named queue's.

    preparing (the whisper plays) -> joined -> parted, or preparing -> abandoned.
    """

    caller: Call
    worker: Call
    member: Member
    kernel: Kernel
    router: TaskRouterPort
    reservation_sid: str = ""
    post_work_activity_sid: str = ""
    whisper: Source | None = None
    state: BridgeState = "preparing"
    joined_at: float = 0.0
    parted_at: float = 0.0
    on_warning: Callable[[TwilioError, str], None] = lambda _error, _sid: None

    def join(self) -> None:
        self.state = "joined"
        self.joined_at = self.kernel.now()
        self._tell("joined", reservation_sid=self.reservation_sid)
        if self.reservation_sid:
            self.router.finish_accept(self.reservation_sid, True)
        self._poke()

    def abandon(self) -> None:
        """One of the two was gone before they were joined; a caller who is still there waits on."""
        if self.state != "preparing":
            return
        self.state = "abandoned"
        self.worker.bridge = self.caller.bridge = None
        self.member.back()
        if self.reservation_sid:
            self.router.finish_accept(self.reservation_sid, False)
        self._poke()

    def part(self) -> None:
        """One of the two is gone, or the worker let go: each goes on with its own document."""
        if self.state != "joined":
            return
        self.state = "parted"
        self.parted_at = self.kernel.now()
        self.worker.bridge = self.caller.bridge = None
        self._tell("parted")
        if self.reservation_sid:
            self._end_conversation()
        self._poke()

    def _end_conversation(self) -> None:
        try:
            self.router.conversation_ended(self.reservation_sid, self.post_work_activity_sid)
        except TwilioError as error:
            self.on_warning(error, self.worker.sid)

    def _tell(self, kind: str, **more: str) -> None:
        self.kernel.tell(kind, caller_sid=self.caller.sid, worker_sid=self.worker.sid, **more)

    def _poke(self) -> None:
        self.caller.poke()
        self.worker.poke()

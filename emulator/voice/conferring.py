"""The conference instruction, and legs that REST adds to a conference (contract 4.3, 14.2)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from emulator.clock.process import Program
from emulator.ports import ConferenceOrder, TwilioError, WorkerLegOrder
from emulator.voice.attendance import attend, record
from emulator.voice.calls import Call, GoTo, LegEnded, Order, RecordingOrder, Source
from emulator.voice.conferences import LARGEST, Conference, ConferenceCallback, Participant
from emulator.voice.context import Context
from emulator.voice.dequeue import waiting
from emulator.voice.legs import Legs
from emulator.voice.queues import Member, Seat


@dataclass(frozen=True)
class _Meeting:
    """The worker's leg, the caller who waits, and what the instruction says of their conference."""

    legs: Legs
    worker: Call
    order: WorkerLegOrder
    member: Member
    wanted: ConferenceOrder
    accepted: list[str] = field(default_factory=list)

    @property
    def context(self) -> Context:
        return self.legs.context

    def run(self) -> Program:
        agent = self._agent(self._conference())
        self._seat(agent)
        try:
            yield from attend(self.legs.interpreter(self.worker), agent)
        except (GoTo, LegEnded):
            self._over()
            raise
        self._over()

    def _conference(self) -> Conference:
        wanted = self.wanted
        callback = ConferenceCallback(wanted.callback_url, wanted.callback_method, frozenset(wanted.callback_events))
        name = wanted.room_name or self.order.task_sid
        conference = self.context.conferences.open(name, callback, wanted.max_participants or LARGEST)
        if wanted.record:
            given = RecordingOrder("Conference", 1, wanted.recording_callback, wanted.recording_callback_method)
            record(self.context, conference, self.worker.sid, given)
        return conference

    def _agent(self, conference: Conference) -> Participant:
        wanted, now = self.wanted, self.context.scheduler.now()
        wait = Source(wanted.wait_url, wanted.wait_method) if wanted.wait_url else None
        ends = self._ends(wanted.ends_with_worker)
        return Participant(
            self.worker, conference, now, now, muted=wanted.muted, starts=wanted.starts, ends=ends, wait=wait
        )

    def _ends(self, said: bool | None) -> bool:
        """What holds without a word is uncertain (contract 12)."""
        return self.context.worlds["conference_end"] == "ends" if said is None else said

    def _seat(self, agent: Participant) -> None:
        """The caller's place; once it is taken the reservation is accepted and the task tells of the conference."""
        member, now = self.member, self.context.scheduler.now()
        ends = self._ends(self.wanted.ends_with_caller)
        caller = Participant(member.call, agent.conference, now, now, ends=ends, wait=agent.wait)
        self.context.queues.take_out(member)
        member.seat = Seat(caller, lambda: self._entered(agent))
        member.call.notify()

    def _entered(self, agent: Participant) -> None:
        sid, conference = self.order.reservation_sid, agent.conference
        self.accepted.append(sid)
        self.context.router.finish_accept(sid, True)
        told = {
            "room_name": conference.friendly_name,
            "sid": conference.sid,
            "participants": {"worker": self.worker.sid, "customer": self.member.call.sid},
        }
        self.context.router.conference_began(sid, told)

    def _over(self) -> None:
        """The worker is out of the room: the work is over, whoever stays in it (uncertain, contract 12)."""
        if not self.accepted:
            _back(self.member)
            self.context.router.finish_accept(self.order.reservation_sid, False)
        elif not self.context.leaves_task(self.member.call.sid):
            self._end_conversation()

    def _end_conversation(self) -> None:
        order = self.order
        try:
            self.context.router.conversation_ended(order.reservation_sid, order.post_work_activity_sid)
        except TwilioError as error:
            self.context.warn_of(error, self.worker.sid)


def confer(legs: Legs, worker: Call, order: WorkerLegOrder) -> Program:
    """The worker has answered: into the room named by the task, and the caller out of the queue after them."""
    try:
        member = waiting(legs.context, order.reservation_sid)
    except TwilioError as error:
        legs.context.warn_of(error, worker.sid)
        return
    yield from _Meeting(legs, worker, order, member, order.conference or ConferenceOrder()).run()


def _back(member: Member) -> None:
    """The worker was gone before the caller had taken the place."""
    if member.seat is not None and not member.seat.is_taken and not member.left_with:
        member.seat = None
        member.come_back()


def invite(
    legs: Legs, conference: Conference, order: Order, label: str, taking_part: Callable[[Call], Participant]
) -> Participant:
    """Ring somebody into a conference, over REST; `taking_part` says how they are in it."""

    def answered(call: Call, _verdict: Mapping[str, str]) -> Program:
        participant = conference.invited.pop(call.sid)
        participant.joined = legs.context.scheduler.now()
        yield from attend(legs.interpreter(call), participant)

    call = legs.place(order, answered)
    call.label = label
    participant = conference.invited[call.sid] = taking_part(call)
    return participant

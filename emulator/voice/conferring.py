"""The conference instruction, and legs that are rung into a conference (contract 4.3, 14.2)."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from emulator.clock.process import Program
from emulator.ports import ConferenceOrder, SupervisorOrder, TwilioError, WorkerLegOrder
from emulator.voice.attendance import attend, record
from emulator.voice.calls import Call, GoTo, LegEnded, Order, RecordingOrder, Source
from emulator.voice.conferences import LARGEST, Conference, ConferenceCallback, Participant
from emulator.voice.context import Context
from emulator.voice.dequeue import waiting
from emulator.voice.legs import Legs
from emulator.voice.queues import Member, Seat


@dataclass
class _Meeting(ABC):
    """The worker's leg, and what the instruction says of the conference in which it meets the customer."""

    legs: Legs
    worker: Call
    order: WorkerLegOrder
    wanted: ConferenceOrder
    accepted: bool = False

    @property
    def context(self) -> Context:
        return self.legs.context

    def run(self) -> Program:
        agent = self._agent(self._conference())
        self.worker_answered(agent)
        try:
            yield from attend(self.legs.interpreter(self.worker), agent)
        except (GoTo, LegEnded):
            self._over()
            raise
        self._over()

    @abstractmethod
    def worker_answered(self, agent: Participant) -> None:
        """The worker is about to enter the room."""

    @abstractmethod
    def worker_left(self) -> None:
        """The worker is out of the room, perhaps before the two have met."""

    @abstractmethod
    def customer_sid(self) -> str:
        """The CallSid of the customer's leg."""

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

    def customer(self, agent: Participant, call: Call) -> Participant:
        """How the customer is in the room of the agent."""
        now, ends = self.context.scheduler.now(), self._ends(self.wanted.ends_with_caller)
        return Participant(call, agent.conference, now, now, ends=ends, wait=agent.wait)

    def _ends(self, said: bool | None) -> bool:
        """What holds without a word is uncertain (contract 12)."""
        return self.context.worlds["conference_end"] == "ends" if said is None else said

    def accept(self, conference: Conference) -> None:
        """The reservation is accepted, and the task tells of the conference."""
        sid = self.order.reservation_sid
        self.accepted = True
        self.context.router.finish_accept(sid, True)
        told = {
            "room_name": conference.friendly_name,
            "sid": conference.sid,
            "participants": {"worker": self.worker.sid, "customer": self.customer_sid()},
        }
        self.context.router.conference_began(sid, told)

    def _over(self) -> None:
        """The worker is out of the room: the work is over, whoever stays in it (uncertain, contract 12)."""
        self.worker_left()
        if not self.accepted:
            self.context.router.finish_accept(self.order.reservation_sid, False)
        elif not self.context.leaves_task(self.customer_sid()):
            self._end_conversation()

    def _end_conversation(self) -> None:
        order = self.order
        try:
            self.context.router.conversation_ended(order.reservation_sid, order.post_work_activity_sid)
        except TwilioError as error:
            self.context.warn_of(error, self.worker.sid)


@dataclass
class _FromQueue(_Meeting):
    """The customer waits in a queue, and is moved out of it into the room."""

    member: Member = field(kw_only=True)

    def customer_sid(self) -> str:
        return self.member.call.sid

    def worker_answered(self, agent: Participant) -> None:
        member = self.member
        self.context.queues.take_out(member)
        member.seat = Seat(self.customer(agent, member.call), lambda: self.accept(agent.conference))
        member.call.notify()

    def worker_left(self) -> None:
        """A caller who has not taken the place waits on."""
        member = self.member
        if not self.accepted and member.seat is not None and not member.seat.is_taken and not member.left_with:
            member.seat = None
            member.come_back()


@dataclass
class _DialedOut(_Meeting):
    """The customer is dialled once the worker has answered (contract 4.3).

    When the reservation is accepted, and what becomes of it when the customer is not reached, is uncertain
    (contract 12).
    """

    leg: Call | None = None

    def customer_sid(self) -> str:
        return self.leg.sid if self.leg is not None else ""

    def worker_answered(self, agent: Participant) -> None:
        wanted, with_worker = self.wanted, self.context.worlds["outbound_accept"] == "with_worker"
        order = Order(wanted.outbound_to, wanted.outbound_from, timeout=self.order.timeout)
        joined = (lambda: None) if with_worker else partial(self.accept, agent.conference)
        participant = invite(
            self.legs, agent.conference, order, "", lambda call: self.customer(agent, call), entered=joined
        )
        self.leg = participant.call
        if with_worker:
            self.accept(agent.conference)
        self.leg.on_end.append(self._customer_ended)

    def _customer_ended(self) -> None:
        """Who was not reached leaves the worker alone in the room when the reservation is accepted already."""
        if self.leg is not None and self.leg.answered is None and not self.accepted:
            self.legs.hang_up(self.worker.sid)

    def worker_left(self) -> None:
        """A customer whose phone rings is not talked with any more."""
        if self.leg is not None and self.leg.answered is None:
            self.legs.hang_up(self.leg.sid)


def confer(legs: Legs, worker: Call, order: WorkerLegOrder) -> Program:
    """The worker has answered: into the room named by the task, and the caller or the customer after them."""
    try:
        meeting = _meeting(legs, worker, order, order.conference or ConferenceOrder())
    except TwilioError as error:
        legs.context.warn_of(error, worker.sid)
        return
    yield from meeting.run()


def _meeting(legs: Legs, worker: Call, order: WorkerLegOrder, wanted: ConferenceOrder) -> _Meeting:
    """TwilioError 14215 or 14217."""
    if wanted.outbound_to:
        legs.context.router.begin_accept(order.reservation_sid, outbound=True)
        return _DialedOut(legs, worker, order, wanted)
    return _FromQueue(legs, worker, order, wanted, member=waiting(legs.context, order.reservation_sid))


def supervise(legs: Legs, conference: Conference, asked: SupervisorOrder, order: Order) -> None:
    """Ring a supervisor into the conference of a worker and a customer (contract 4.3)."""

    def taking_part(call: Call) -> Participant:
        now, whispers = legs.context.scheduler.now(), asked.mode == "whisper"
        coached = asked.worker_call_sid if whispers else ""
        muted = asked.mode == "monitor"
        return Participant(call, conference, now, now, muted=muted, coaching=whispers, call_sid_to_coach=coached)

    invite(legs, conference, order, "", taking_part)


def invite(
    legs: Legs,
    conference: Conference,
    order: Order,
    label: str,
    taking_part: Callable[[Call], Participant],
    *,
    entered: Callable[[], None] = lambda: None,
) -> Participant:
    """Ring somebody into a conference; `taking_part` says how they are in it."""

    def answered(call: Call, _verdict: Mapping[str, str]) -> Program:
        participant, known = conference.invited.pop(call.sid), legs.context.conferences
        participant.joined = legs.context.scheduler.now()
        # One that is over meanwhile is a new one by its name: inferred.
        participant.conference = known.open(conference.friendly_name, conference.callback, conference.max_participants)
        yield from attend(legs.interpreter(call), participant, entered=entered)

    call = legs.place(order, answered)
    call.label = label
    participant = conference.invited[call.sid] = taking_part(call)
    return participant

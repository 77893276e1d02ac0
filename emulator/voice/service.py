"""Voice: calls from their first ring to their end, and what TaskRouter and REST ask of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NoReturn

from emulator.clock.process import Process, Program, Wait
from emulator.ports import Method, TwilioError, WorkerLegOrder
from emulator.voice.calls import Call, Direction, GoTo, LegEnded, Source, StatusCallback
from emulator.voice.context import Context
from emulator.voice.dequeue import reserved, take, talk
from emulator.voice.interpreter import Interpreter
from emulator.voice.numbers import Number
from emulator.voice.parties import Behaviour, Person, Phone, Step
from emulator.voice.verbs import VERBS

SETUP_SECONDS = 1.0  # from dialing to the first ring, or to the busy tone


@dataclass(frozen=True)
class Order:
    """An outbound call to place: `source` is the document of the answered leg."""

    to: str
    from_: str
    source: Source = field(default_factory=Source)
    timeout: float = 60.0
    fallback_url: str = ""
    fallback_method: Method = "POST"
    callback: StatusCallback = field(default_factory=StatusCallback)


class Voice:
    """Implements the port `VoicePort`. `calls_per_second` holds for outbound calls, the excess waits."""

    def __init__(self, context: Context, calls_per_second: float = 1.0) -> None:
        self.context = context
        self.calls_per_second = calls_per_second
        self.phones: dict[str, Phone] = {}
        self.numbers: dict[str, Number] = {}  # the account's own, by phone number
        self._scheduler = context.scheduler
        self._next_slot = 0.0

    # What callers do

    def dial_in(self, number: Number, from_: str, steps: Sequence[Step] = ()) -> str:
        """A caller dials one of our numbers; returns the CallSid."""
        call = self._new_call(from_, number.phone_number, "inbound")
        call.status = "ringing"
        call.fallback_url = number.fallback_url
        call.fallback_method = number.fallback_method
        call.callback = StatusCallback(number.status_callback, number.status_callback_method)
        self._scheduler.emit("dialed", sid=call.sid, from_=from_, to=number.phone_number)
        if number.led_by:
            self.context.not_imitated(f"a call to {number.led_by}", call.sid)
        url = "" if number.led_by else number.voice_url
        call.run(Process(self._scheduler, self._inbound(call, Source(url, number.voice_method))))
        self._start_person(call, steps)
        return call.sid

    def phone(self, number: str) -> Phone:
        return self.phones.setdefault(number, Phone(number))

    def press(self, call_sid: str, digits: str) -> None:
        call = self._live(call_sid)
        self._scheduler.emit("pressed", sid=call_sid, digits=digits)
        call.digits += digits
        call.notify()

    def say(self, call_sid: str, text: str) -> float:
        """Speak on a leg; returns for how many seconds."""
        call = self._live(call_sid)
        self._scheduler.emit("said", sid=call_sid, text=text)
        call.speech = text
        seconds = self.context.speech_seconds(text)
        self.talk(call_sid, seconds)
        return seconds

    def talk(self, call_sid: str, seconds: float) -> None:
        call = self._live(call_sid)
        call.talking_until = self._scheduler.now() + seconds
        call.notify()

    def put_down(self, call_sid: str) -> None:
        """The person on the leg hangs up; nothing happens when it has ended."""
        self._end(call_sid, LegEnded("person"))

    def pick_up(self, call_sid: str) -> None:
        """Answer a ringing outbound leg by hand."""
        self._by_hand(call_sid, "answered")

    def decline(self, call_sid: str) -> None:
        self._by_hand(call_sid, "declined")

    def _by_hand(self, call_sid: str, what: str) -> None:
        call = self._live(call_sid)
        call.picked_up = what
        call.notify()

    # What REST asks

    def place(self, order: Order) -> Call:
        """A new outbound call, queued until its turn comes (contract 7.1)."""
        call = self._outbound_call(order)
        call.run(Process(self._scheduler, self._outbound(call, self._documents(call, order.source))))
        return call

    def complete(self, call: Call) -> None:
        self._end(call.sid, LegEnded("rest"))

    def go_to(self, call: Call, source: Source) -> None:
        """Leave whatever the call does and run another document. TwilioError 21220 when it is not in progress."""
        if call.status != "in-progress":
            raise TwilioError(21220, "Call is not in-progress. Cannot redirect.")
        call.main.throw(GoTo(source))

    # The port

    def place_worker_leg(self, order: WorkerLegOrder) -> str:
        callback = StatusCallback(
            order.status_callback_url,
            order.status_callback_method,
            frozenset(order.status_callback_events or ("completed",)),
            self._names(order),
        )
        leg = Order(order.to, order.from_, Source(order.url), order.timeout, callback=callback)
        call = self._outbound_call(leg)
        program = self._documents(call, leg.source) if order.url else self._dequeue(call, order)
        call.dequeues = None if order.url else order
        call.run(Process(self._scheduler, self._outbound(call, program)))
        return call.sid

    def _names(self, order: WorkerLegOrder) -> dict[str, str]:
        """What the leg's status callback says of the caller, and of the task (contract 4.3, 12)."""
        call = {"taskCallSid": order.caller_call_sid} if order.names_caller else {}
        if not call or self.context.worlds["leg_callback"] == "names_call_only":
            return call
        return {**call, "TaskSid": order.task_sid, "ReservationSid": order.reservation_sid}

    def task_canceled(self, call_sid: str) -> None:
        """Contract 12: the caller leaves with `leave`, or stays until the application redirects or ends the call."""
        member = self.context.queues.members.get(call_sid)
        if self.context.worlds["canceled_task"] == "leaves" and member is not None and member.bridge is None:
            member.leave("leave")

    def redirect(self, call_sid: str, url: str) -> None:
        call = self.context.calls.get(call_sid)
        if call is None or call.status != "in-progress":
            raise TwilioError(40122, f"The call {call_sid} is gone")
        self.go_to(call, Source(url))

    def hang_up(self, call_sid: str) -> None:
        self._end(call_sid, LegEnded("taskrouter"))

    # Legs, from their first ring to their end

    def _new_call(self, from_: str, to: str, direction: Direction) -> Call:
        now = self._scheduler.now()
        sid = self._scheduler.sid("CA")
        call = Call(sid, self.context.account_sid, from_, to, direction, now, updated=now)
        self.context.calls[sid] = call
        return call

    def _outbound_call(self, order: Order) -> Call:
        call = self._new_call(order.from_, order.to, "outbound-api")
        now = self._scheduler.now()
        slot = max(now, self._next_slot)
        self._next_slot = slot + 1.0 / self.calls_per_second
        call.queue_seconds = slot - now
        call.timeout = order.timeout
        call.fallback_url = order.fallback_url
        call.fallback_method = order.fallback_method
        call.callback = order.callback
        return call

    def _inbound(self, call: Call, source: Source) -> Program:
        """What a caller of a number without a URL hears is uncertain; here the call is not answered."""
        try:
            if not source.url:
                self.context.warn(11100, f"{call.to} has no VoiceUrl", call.sid)
                raise LegEnded("network", "busy")
            yield from self._documents(call, source)
            self._finish(call, LegEnded("document"))
        except LegEnded as ended:
            self._finish(call, ended)

    def _outbound(self, call: Call, program: Program) -> Program:
        try:
            yield Wait(seconds=call.queue_seconds)
            self.context.call_back(call, "initiated")
            self._scheduler.emit("dialed", sid=call.sid, from_=call.from_, to=call.to)
            yield from self._reach(call)
            yield from program
            self._finish(call, LegEnded("document"))
        except LegEnded as ended:
            self._finish(call, ended)

    def _documents(self, call: Call, source: Source) -> Program:
        yield from Interpreter(self.context, call, VERBS).run(source)

    def _dequeue(self, call: Call, order: WorkerLegOrder) -> Program:
        """A leg of TaskRouter's own: joined at the answer, over when the conversation is."""
        try:
            bridge = reserved(self.context, call, order.reservation_sid, order.post_work_activity_sid)
        except TwilioError as error:
            self.context.warn_of(error, call.sid)
            return
        take(self.context, bridge)
        yield from talk(call, bridge)

    def _reach(self, call: Call) -> Program:
        """Ring the phone until somebody answers. LegEnded when nobody does."""
        behaviour = self.phone(call.to).next_ring()
        if behaviour.kind == "unreachable":
            self.context.warn(13224, f"{call.to} cannot be reached", call.sid)
            raise LegEnded("network", "failed")
        yield Wait(seconds=SETUP_SECONDS)
        if behaviour.kind == "busy":
            raise LegEnded("network", "busy")
        call.status = "ringing"
        self._scheduler.emit("ringing", sid=call.sid, to=call.to)
        self.context.call_back(call, "ringing")
        yield from self._ring(call, behaviour)
        self._answer(call, behaviour.then if behaviour.kind == "answers" else ())

    def _ring(self, call: Call, behaviour: Behaviour) -> Program:
        reacts = behaviour.kind != "no_answer" and behaviour.after <= call.timeout
        yield Wait(lambda: call.picked_up != "", behaviour.after if reacts else call.timeout)
        if call.picked_up == "answered":
            return
        if call.picked_up == "declined" or (reacts and behaviour.kind == "declines"):
            self._refuse("busy")
        if not reacts:
            self._refuse("no-answer")

    @staticmethod
    def _refuse(status: str) -> NoReturn:
        raise LegEnded("timeout" if status == "no-answer" else "person", status)

    def _answer(self, call: Call, steps: Sequence[Step]) -> None:
        call.status = "in-progress"
        call.answered = self._scheduler.now()
        self._scheduler.emit("answered", sid=call.sid, to=call.to)
        self.context.call_back(call, "answered")
        self._start_person(call, steps)

    def _start_person(self, call: Call, steps: Sequence[Step]) -> None:
        """Somebody is on the leg; their first step comes in a turn of its own."""
        call.person = Person(self._scheduler, self, call, steps).process
        self._scheduler.after(0.0, call.person.start)

    def _end(self, call_sid: str, ended: LegEnded) -> None:
        call = self.context.calls.get(call_sid)
        if call is not None and not call.is_over:
            call.main.throw(ended)

    def _finish(self, call: Call, ended: LegEnded) -> None:
        if call.status == "in-progress":
            call.status = "completed"
        else:
            call.status = ended.status or "canceled"
        call.ended = call.updated = self._scheduler.now()
        self._scheduler.emit("ended", sid=call.sid, status=call.status, by=ended.by)
        if call.person is not None:
            call.person.stop()
        self.context.call_back(call, "completed")
        self._end_dequeues(call)

    def _end_dequeues(self, ended: Call) -> None:
        """A leg of TaskRouter's own that nobody answered fails its reservation; one whose caller is gone is hung up."""
        if ended.dequeues is not None and ended.answered is None:
            self.context.router.finish_accept(ended.dequeues.reservation_sid, False)
        for leg in list(self.context.calls.values()):
            of_ended = leg.dequeues is not None and leg.dequeues.caller_call_sid == ended.sid
            if of_ended and leg.answered is None and not self.context.leaves_task(ended.sid):
                self.hang_up(leg.sid)

    def _live(self, call_sid: str) -> Call:
        call = self.context.calls.get(call_sid)
        if call is None or call.is_over:
            raise TwilioError(21220, f"The call {call_sid} is not live")
        return call

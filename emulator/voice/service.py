"""Voice: calls from their first ring to their end, and what TaskRouter and REST ask of them."""

from collections.abc import Mapping, Sequence
from functools import partial

from emulator.clock.process import Program
from emulator.ports import SupervisorOrder, TwilioError, WorkerLegOrder
from emulator.voice.applications import Application
from emulator.voice.calls import CLEARLY, Call, LegEnded, Moved, Order, RecordingOrder, Source, StatusCallback
from emulator.voice.conferring import confer, supervise
from emulator.voice.context import Context
from emulator.voice.dequeue import reserved, take, talk
from emulator.voice.legs import Legs
from emulator.voice.numbers import Number
from emulator.voice.parties import Phone, Step
from emulator.voice.verbs import VERBS

FAILURE_PAUSE_SECONDS = 5.0


class Voice:
    """Implements the port `VoicePort`. `calls_per_second` holds for outbound calls, the excess waits."""

    def __init__(self, context: Context, calls_per_second: float = 1.0) -> None:
        self.context = context
        self.numbers: dict[str, Number] = {}  # the account's own, by phone number
        self.applications: dict[str, Application] = {}  # by their sids
        self.legs = Legs(context, VERBS, calls_per_second, self)
        self.legs.on_end.append(self._ended)
        context.dialer = self.legs
        self._scheduler = context.scheduler

    @property
    def phones(self) -> dict[str, Phone]:
        return self.legs.phones

    # What callers do

    def dial_in(
        self,
        number: Number,
        from_: str,
        steps: Sequence[Step] = (),
        *,
        verstat: str = "",
        more: Mapping[str, str] | None = None,
    ) -> str:
        """A caller dials one of our numbers; returns the CallSid. `verstat` is the StirVerstat, absent by default.

        `more` are parameters of the first request, which a browser adds to a call of its own.
        """
        if number.application_sid in self.applications and not number.trunk_sid:
            number = self.applications[number.application_sid].leads(number)
        call = self.legs.inbound(from_, number.phone_number)
        call.verstat = verstat
        call.fallback_url = number.fallback_url
        call.fallback_method = number.fallback_method
        call.callback = StatusCallback(number.status_callback, number.status_callback_method)
        self._scheduler.emit("dialed", sid=call.sid, from_=from_, to=number.phone_number)
        if number.led_by:
            self.context.not_imitated(f"a call to {number.led_by}", call.sid)
        url = "" if number.led_by else number.voice_url
        self.legs.answer_for(call, Source(url, number.voice_method, dict(more or {})), steps)
        return call.sid

    def phone(self, number: str) -> Phone:
        return self.legs.phone(number)

    def press(self, call_sid: str, digits: str) -> None:
        call = self._live(call_sid)
        self._scheduler.emit("pressed", sid=call_sid, digits=digits)
        call.digits += digits
        call.notify()

    def say(self, call_sid: str, text: str, confidence: float = CLEARLY) -> float:
        """Speak on a leg; returns for how many seconds."""
        call = self._live(call_sid)
        self._scheduler.emit("said", sid=call_sid, text=text)
        call.speech, call.confidence = text, confidence
        self.context.recordings.said(call_sid, text)
        seconds = self.context.speech_seconds(text)
        self.talk(call_sid, seconds)
        return seconds

    def talk(self, call_sid: str, seconds: float) -> None:
        call = self._live(call_sid)
        call.talking_until = self._scheduler.now() + seconds
        self.context.conferences.speech(call_sid, seconds)
        call.notify()

    def put_down(self, call_sid: str) -> None:
        """The person on the leg hangs up; nothing happens when it has ended."""
        self.legs.end(call_sid, LegEnded("person"))

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
        return self.legs.place(order)

    def complete(self, call: Call) -> None:
        self.legs.end(call.sid, LegEnded("rest"))

    def go_to(self, call: Call, source: Source) -> None:
        """Leave whatever the call does and run another document. TwilioError 21220 when it is not in progress."""
        if call.status != "in-progress":
            raise TwilioError(21220, "Call is not in-progress. Cannot redirect.")
        call.main.throw(Moved(source))

    # The port

    def place_worker_leg(self, order: WorkerLegOrder) -> str:
        leg = self._leg(order)
        if order.url:
            return self.legs.place(leg).sid
        join = self._dequeue if order.conference is None else partial(confer, self.legs)
        call = self.legs.place(leg, lambda answered, _verdict: join(answered, order))
        call.dequeues = order
        return call.sid

    def _leg(self, order: WorkerLegOrder) -> Order:
        callback = StatusCallback(
            order.status_callback_url,
            order.status_callback_method,
            frozenset(order.status_callback_events or ("completed",)),
            self._names(order),
        )
        recording = self._recording(order)
        return Order(order.to, order.from_, Source(order.url), order.timeout, callback=callback, recording=recording)

    @staticmethod
    def _recording(order: WorkerLegOrder) -> RecordingOrder | None:
        """Which source such a recording names is uncertain."""
        given = order.record
        if given is None:
            return None
        return RecordingOrder("OutboundAPI", given.channels, given.callback_url, given.callback_method)

    def _names(self, order: WorkerLegOrder) -> dict[str, str]:
        """What the leg's status callback says of the caller, and of the task (contract 4.3, 12)."""
        call = {"taskCallSid": order.caller_call_sid} if order.names_caller else {}
        if not call or self.context.worlds["leg_callback"] == "names_call_only":
            return call
        return {**call, "TaskSid": order.task_sid, "ReservationSid": order.reservation_sid}

    def supervise(self, order: SupervisorOrder) -> None:
        """Who listens is muted, who whispers is a coach of the worker's, who barges in is heard by both."""
        conference = self.context.conferences.all.get(order.conference_sid)
        if conference is None or conference.status == "completed":
            raise TwilioError(40146, f"The conference {order.conference_sid} is over")
        supervise(self.legs, conference, order, self._leg(order.leg))

    def task_canceled(self, call_sid: str) -> None:
        """Contract 12: the caller leaves with `leave`, or stays until the application redirects or ends the call."""
        member = self.context.queues.members.get(call_sid)
        if self.context.worlds["canceled_task"] == "leaves" and member is not None and not member.is_taken:
            member.leave("leave")

    def redirect(self, call_sid: str, url: str) -> None:
        call = self.context.calls.get(call_sid)
        if call is None or call.status != "in-progress":
            raise TwilioError(40122, f"The call {call_sid} is gone")
        self.go_to(call, Source(url))

    def hang_up(self, call_sid: str) -> None:
        self.legs.end(call_sid, LegEnded("taskrouter"))

    # Legs of TaskRouter's own

    def _dequeue(self, call: Call, order: WorkerLegOrder) -> Program:
        """Joined at the answer, over when the conversation is."""
        try:
            bridge = reserved(self.context, call, order.reservation_sid, order.post_work_activity_sid)
        except TwilioError as error:
            self.context.warn_of(error, call.sid)
            return
        take(self.context, bridge)
        yield from talk(call, bridge)

    def _ended(self, ended: Call) -> None:
        """A leg of TaskRouter's own that nobody answered fails its reservation; one whose caller is gone is hung up."""
        if ended.dequeues is not None and ended.answered is None:
            self._leg_failed(ended.dequeues.reservation_sid)
        told = not self.context.leaves_task(ended.sid)
        for leg in list(self.context.calls.values()):
            of_ended = leg.dequeues is not None and leg.dequeues.caller_call_sid == ended.sid
            if of_ended and leg.answered is None and told:
                self.hang_up(leg.sid)
        if ended.task_sid and told:
            self.context.router.caller_left(ended.task_sid)

    def _leg_failed(self, reservation_sid: str) -> None:
        """The next worker's turn, or the same one's: at once, after a pause, or when the reservation has timed out."""
        router, world = self.context.router, self.context.worlds["unanswered_dequeue"]
        if world == "cancels":
            router.finish_accept(reservation_sid, False)
            return
        router.leg_failed(reservation_sid)
        if world == "pauses":
            self._scheduler.after(FAILURE_PAUSE_SECONDS, lambda: router.give_up_leg(reservation_sid))

    def _live(self, call_sid: str) -> Call:
        call = self.context.calls.get(call_sid)
        if call is None or call.is_over:
            raise TwilioError(21220, f"The call {call_sid} is not live")
        return call

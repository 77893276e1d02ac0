"""Legs, from their first ring to their end: who answers, who is a machine, how long it lasts (contract 7.1, 14.4)."""

from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn

from emulator.clock.process import Process, Program, Wait
from emulator.voice.calls import Call, Direction, GoTo, LegEnded, Order, Source
from emulator.voice.context import Context
from emulator.voice.detection import Verdict, verdict
from emulator.voice.interpreter import Interpreter, Verbs
from emulator.voice.parties import Behaviour, Handset, Person, Phone, Step, absent, no_answer

SETUP_SECONDS = 1.0  # from dialing to the first ring, or to the busy tone
CLIENT = "client:"
KEY_SECONDS, PAUSES = 0.2, {"w": 0.5, "W": 1.0}  # SendDigits

Answered = Callable[[Call, Mapping[str, str]], Program]  # given what a detection adds to the document's request


class Legs:
    """Implements `Dialer`. `phones` are those that ring, by number; people use their legs by `handset`."""

    def __init__(self, context: Context, verbs: Verbs, calls_per_second: float, handset: Handset) -> None:
        self.context = context
        self.phones: dict[str, Phone] = {}
        self.on_end: list[Callable[[Call], None]] = []
        self._verbs = verbs
        self.calls_per_second = calls_per_second
        self._handset = handset
        self._scheduler = context.scheduler
        self._next_slot = 0.0

    # What others ask for

    def inbound(self, from_: str, to: str) -> Call:
        """A call from outside, which rings."""
        call = self._new_call(from_, to, "inbound")
        call.status = "ringing"
        return call

    def answer_for(self, call: Call, source: Source, steps: Sequence[Step]) -> None:
        """The document of `source` answers the call; its caller takes `steps`."""
        call.run(Process(self._scheduler, self._inbound(call, source)))
        self._start_person(call, steps)

    def place(self, order: Order, answered: Answered | None = None) -> Call:
        """A call over REST or by TaskRouter, queued until its turn comes; without `answered` it runs its document."""
        call = self._outbound_call(order, "outbound-api")
        slot = max(self._scheduler.now(), self._next_slot)
        self._next_slot = slot + 1.0 / self.calls_per_second
        call.queue_seconds = slot - self._scheduler.now()
        self._run(call, order, answered or self._document(order.source))
        return call

    def dial(self, parent: Call, order: Order, program: Callable[[Call], Program], label: str = "") -> Call:
        call = self._outbound_call(order, "outbound-dial")
        call.parent_sid, call.label = parent.sid, label
        self._run(call, order, lambda answered, _verdict: program(answered))
        return call

    def hang_up(self, call_sid: str) -> None:
        self.end(call_sid, LegEnded("dial"))

    def end(self, call_sid: str, ended: LegEnded) -> None:
        """Nothing happens when it has ended."""
        call = self.context.calls.get(call_sid)
        if call is not None and not call.is_over:
            call.main.throw(ended)

    def phone(self, number: str) -> Phone:
        return self.phones.setdefault(number, Phone(number))

    def limit(self, call: Call, seconds: float) -> None:
        """The call ends so many seconds after its answer."""
        if call.ends is not None:
            call.ends.cancel()
        began = call.answered if call.answered is not None else self._scheduler.now()
        call.ends = self._scheduler.at(began + seconds, lambda: self.end(call.sid, LegEnded("timeout")))

    # A leg's program

    def _new_call(self, from_: str, to: str, direction: Direction) -> Call:
        now = self._scheduler.now()
        sid = self._scheduler.sid("CA")
        call = Call(sid, self.context.account_sid, from_, to, direction, now, updated=now)
        self.context.calls[sid] = call
        return call

    def _outbound_call(self, order: Order, direction: Direction) -> Call:
        call = self._new_call(order.from_, order.to, direction)
        call.timeout = order.timeout
        call.fallback_url = order.fallback_url
        call.fallback_method = order.fallback_method
        call.callback = order.callback
        return call

    def _run(self, call: Call, order: Order, answered: Answered) -> None:
        call.run(Process(self._scheduler, self._outbound(call, order, answered)))

    def _document(self, source: Source) -> Answered:
        def run(call: Call, found: Mapping[str, str]) -> Program:
            given = Source(source.url, source.method, {**source.extra, **found}, source.twiml)
            yield from self.documents(call, given)

        return run

    def interpreter(self, call: Call) -> Interpreter:
        return Interpreter(self.context, call, self._verbs)

    def documents(self, call: Call, source: Source) -> Program:
        yield from self.interpreter(call).run(source)

    def _inbound(self, call: Call, source: Source) -> Program:
        """What a caller of a number without a URL hears is uncertain; here the call is not answered."""
        try:
            if not source.url:
                self.context.warn(11100, f"{call.to} has no VoiceUrl", call.sid)
                raise LegEnded("network", "busy")
            yield from self.documents(call, source)
            self._finish(call, LegEnded("document"))
        except LegEnded as ended:
            self._finish(call, ended)

    def _outbound(self, call: Call, order: Order, answered: Answered) -> Program:
        try:
            yield Wait(seconds=call.queue_seconds)
            self.context.call_back(call, "initiated")
            self._scheduler.emit("dialed", sid=call.sid, from_=call.from_, to=call.to)
            behaviour = self._behaviour(call.to)
            yield from self._reach(call, behaviour)
            yield from self._talk(call, order, behaviour, answered)
            self._finish(call, LegEnded("document"))
        except LegEnded as ended:
            self._finish(call, ended)

    def _behaviour(self, to: str) -> Behaviour:
        """A client that is in no browser and that nobody scripted is not reached (contract 12, 15.9)."""
        phone = self.phone(client_address(to)[0])
        if phone.browsers:
            return no_answer()
        unknown = to.startswith(CLIENT) and not phone.is_scripted
        return absent() if unknown and self.context.worlds["unregistered_client"] == "no_answer" else phone.next_ring()

    def _talk(self, call: Call, order: Order, behaviour: Behaviour, answered: Answered) -> Program:
        """From the answer on. A leg that ran no document of its own goes on with the one that it is sent to."""
        if order.time_limit is not None:
            self.limit(call, order.time_limit)
        if order.recording is not None:
            self.context.recordings.start(call.sid, order.recording)
        try:
            yield from self._send_digits(call, order.send_digits)
            found: dict[str, str] = {}
            yield from self._detect(call, order, behaviour, found)
            yield from answered(call, found)
        except GoTo as going:
            yield from self.documents(call, going.source)

    def _send_digits(self, call: Call, digits: str) -> Program:
        if digits:
            self._scheduler.emit("sent_digits", sid=call.sid, digits=digits)
            yield Wait(seconds=sum(PAUSES.get(key, KEY_SECONDS) for key in digits))

    def _detect(self, call: Call, order: Order, behaviour: Behaviour, found: dict[str, str]) -> Program:
        """With keys to send, and for a client, nothing is detected. Nobody hears of a verdict on a leg that is over."""
        asked = order.detection
        if asked is None or order.send_digits or call.to.startswith(CLIENT):
            return
        made = verdict(asked, behaviour.answered_by, behaviour.greeting, behaviour.greeting_end)
        if asked.asynchronous:
            self._scheduler.after(made.seconds, lambda: self._tell(call, order, made))
            return
        yield Wait(seconds=made.seconds)
        self._found(call, made)
        found.update(made.parameters())

    def _found(self, call: Call, made: Verdict) -> None:
        call.answered_by = made.answered_by
        self._scheduler.emit("detected", sid=call.sid, answered_by=made.answered_by)

    def _tell(self, call: Call, order: Order, made: Verdict) -> None:
        if call.is_over or order.detection is None:
            return
        self._found(call, made)
        if not order.detection.callback:
            self.context.warn(21262, "AsyncAmd without an AsyncAmdStatusCallback", call.sid)
            return
        form = {"CallSid": call.sid, "AccountSid": call.account_sid, **made.parameters()}
        self.context.send(order.detection.callback, form, order.detection.callback_method)

    # Ringing

    def _reach(self, call: Call, behaviour: Behaviour) -> Program:
        """Ring the phone until somebody answers. LegEnded when nobody does."""
        if behaviour.kind == "unreachable":
            self.context.warn(13224, f"{call.to} cannot be reached", call.sid)
            raise LegEnded("network", "failed")
        yield Wait(seconds=SETUP_SECONDS)
        if behaviour.kind in {"busy", "absent"}:
            raise LegEnded("network", "busy" if behaviour.kind == "busy" else "no-answer")
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
        call.person = Person(self._scheduler, self._handset, call, steps).process
        self._scheduler.after(0.0, call.person.start)

    def _finish(self, call: Call, ended: LegEnded) -> None:
        if call.status == "in-progress":
            call.status = "completed"
        else:
            call.status = ended.status or "canceled"
        call.ended = call.updated = self._scheduler.now()
        self._scheduler.emit("ended", sid=call.sid, status=call.status, by=ended.by)
        if call.person is not None:
            call.person.stop()
        if call.ends is not None:
            call.ends.cancel()
        self._stop_recordings(call)
        self.context.call_back(call, "completed")
        if call.parent_sid:
            self.context.calls[call.parent_sid].notify()
        for tell in call.on_end:
            tell()
        for hear in self.on_end:
            hear(call)

    def _stop_recordings(self, call: Call) -> None:
        recording = self.context.recordings.live(call.sid)
        if recording is not None:
            self.context.recordings.stop(recording)


def client_address(to: str) -> tuple[str, str]:
    """A client's address without its custom parameters, and these: `client:ada?line=1` has `line=1` (contract 14.1)."""
    if not to.startswith(CLIENT):
        return to, ""
    address, _, params = to.partition("?")
    return address, params

"""Enqueue: the wait in a queue, the whisper and the conversation, on the caller's side (contract 3.1, 3.2)."""

import json

from emulator.clock.process import Process, Program, Wait
from emulator.ports import TwilioError
from emulator.voice.attendance import attend
from emulator.voice.calls import GoTo, LegEnded, Source, task_attributes
from emulator.voice.dequeue import wait_for_the_other
from emulator.voice.document import Enqueue
from emulator.voice.interpreter import Interpreter, verb_method
from emulator.voice.queues import NAMED_QUEUE_SIZE, WORKFLOW_QUEUE_SIZE, Bridge, Member, Seat
from emulator.voice.verbs.leave import LeftQueue


def enqueue(leg: Interpreter, verb: Enqueue) -> Program:
    """The caller waits until joined, sent away or gone; then the action is asked, or the next verb runs."""
    size = WORKFLOW_QUEUE_SIZE if verb.workflow_sid else NAMED_QUEUE_SIZE
    queue = leg.context.queues.open(verb.workflow_sid or verb.name, size)
    if len(queue.members) >= min(queue.max_size, verb.max_queue_size or queue.max_size):
        leg.context.warn(14207, f"The queue {queue.friendly_name} is full", leg.call.sid)
        _go_on(leg, verb, {"QueueResult": "queue-full"})
        return
    member = leg.context.queues.enter(queue, leg.call)
    try:
        _create_task(leg, verb, member)
    except TwilioError as error:
        leg.context.queues.leave(member)
        leg.context.warn_of(error, leg.call.sid)
        _go_on(leg, verb, {"QueueResult": "error"})
        return
    yield from _Wait(leg, verb, member).run()
    _go_on(leg, verb, _result(leg, member, member.left_with))


def _create_task(leg: Interpreter, verb: Enqueue, member: Member) -> None:
    if verb.workflow_sid:
        attributes = {**_given_attributes(verb.task_attributes), **task_attributes(leg.call)}
        member.task_sid = leg.context.router.create_task(verb.workflow_sid, attributes, verb.priority, verb.timeout)
    leg.context.scheduler.emit("enqueued", sid=leg.call.sid, queue=member.queue.friendly_name, task_sid=member.task_sid)


def _given_attributes(text: str) -> dict[str, object]:
    """The body of <Task>. TwilioError 14221 when it is not a JSON object."""
    try:
        given = json.loads(text or "{}")
    except ValueError as error:
        raise TwilioError(14221, f"The task's attributes are not JSON: {error}") from error
    if not isinstance(given, dict):
        raise TwilioError(14221, "The task's attributes are not a JSON object")
    return given


def _result(leg: Interpreter, member: Member, result: str) -> dict[str, str]:
    seconds = leg.context.queues.seconds_in(member)
    return {"QueueResult": result, "QueueSid": member.queue.sid, "QueueTime": str(seconds)}


def _go_on(leg: Interpreter, verb: Enqueue, result: dict[str, str]) -> None:
    if verb.action:
        raise leg.after(verb.action, verb.method, result)


class _Wait:
    """One caller's stay in a queue. `member.left_with` says in the end how it went."""

    def __init__(self, leg: Interpreter, verb: Enqueue, member: Member) -> None:
        self.leg = leg
        self.call = leg.call
        self.verb = verb
        self.member = member
        self.side: Process | None = None  # the waiting document, or the whisper

    def run(self) -> Program:
        try:
            yield from self._until_out()
        except (LegEnded, GoTo) as gone:
            self._interrupted(gone)
            raise
        finally:
            self._stop_side()
            self._leave_queue()

    def _until_out(self) -> Program:
        while not self.member.left_with:
            self._play(self._hold())
            yield Wait(lambda: self.member.is_taken)
            self._stop_side()
            if self.member.bridge is not None:
                yield from self._with(self.member.bridge)
            elif self.member.seat is not None:
                yield from self._in_conference(self.member.seat)

    def _with(self, bridge: Bridge) -> Program:
        """The whisper on this side, then the conversation; a leg that went away early leaves the caller waiting."""
        if bridge.whisper is not None:
            self._play(self._whisper(bridge, bridge.whisper))
        else:
            bridge.join()
        yield Wait(lambda: bridge.state in {"parted", "abandoned"})
        self._stop_side()
        if bridge.state == "parted":
            self.member.left_with = "bridged"
            yield from wait_for_the_other(self.leg.context, bridge, "caller")

    def _in_conference(self, seat: Seat) -> Program:
        """That the action comes with `bridged` when the caller is out of the conference is uncertain."""

        def entered() -> None:
            seat.is_taken = True
            seat.entered()

        yield from attend(self.leg, seat.participant, entered=entered)
        self.member.left_with = "bridged"

    def _interrupted(self, gone: LegEnded | GoTo) -> None:
        """The caller hung up or was redirected: the other side hears of it, and so does the action."""
        result = "hangup" if isinstance(gone, LegEnded) else "redirected"
        bridge, seat = self.member.bridge, self.member.seat
        if self.member.left_with == "bridged":
            result = "bridged"
        elif seat is not None and seat.is_taken:
            result = "bridged" if result == "hangup" else "redirected-from-bridged"
        elif bridge is not None and bridge.state == "joined":
            bridge.part()
            result = "bridged" if result == "hangup" else "redirected-from-bridged"
        else:
            self._out_of_queue(result)
        self.member.left_with = result
        form = _result(self.leg, self.member, result)
        self.leg.report(self.verb.action, self.verb.method, form, over=isinstance(gone, LegEnded))

    def _out_of_queue(self, result: str) -> None:
        """TaskRouter hears of it as the worlds say: of a hang-up, and of a redirect (contract 12)."""
        context, member = self.leg.context, self.member
        told = result == "redirected" or not context.leaves_task(self.call.sid)
        if member.bridge is not None:
            member.bridge.abandon(told=told)
        if not member.task_sid or member.left_with or not told:
            return
        if result == "redirected" and context.worlds["redirected_call"] == "leaves_task":
            self.call.task_sid = member.task_sid
        else:
            context.router.caller_left(member.task_sid)

    def _leave_queue(self) -> None:
        self.leg.context.queues.leave(self.member)
        self.leg.context.scheduler.emit("left_queue", sid=self.call.sid, result=self.member.left_with)

    def _play(self, program: Program) -> None:
        self.side = Process(self.leg.context.scheduler, program)
        self.call.run(self.side)

    def _stop_side(self) -> None:
        if self.side is not None:
            self.side.stop()

    def _hold(self) -> Program:
        """The waiting document, again and again; nothing to hear without a waitUrl."""
        side = self.leg.beside("queue")
        try:
            while self.verb.wait_url:
                yield from self._hold_once(side)
        except LeftQueue:
            self._left_by_document()
        except LegEnded as ended:
            self.call.main.throw(ended)

    def _hold_once(self, side: Interpreter) -> Program:
        now = self.leg.context.scheduler.now
        started = now()
        source = Source(
            self.leg.url(self.verb.wait_url or ""), verb_method(self.verb.wait_url_method), self._queue_parameters()
        )
        yield from side.run(source)
        if now() - started < 1.0:  # a document without sound must not be asked for without end
            yield Wait(seconds=1.0)

    def _left_by_document(self) -> None:
        if not self.member.is_taken:
            self.member.leave("leave")
            if self.member.task_sid:
                self.leg.context.router.caller_left(self.member.task_sid, "leave")

    def _whisper(self, bridge: Bridge, source: Source) -> Program:
        try:
            yield from self.leg.beside("whisper").run(source)
        except LegEnded as ended:
            self.call.main.throw(ended)
            return
        if bridge.state == "preparing":
            bridge.join()

    def _queue_parameters(self) -> dict[str, str]:
        queue = self.member.queue
        return {
            "QueuePosition": str(self.member.position()),
            "QueueSid": queue.sid,
            "QueueTime": str(self.leg.context.queues.seconds_in(self.member)),
            "AvgQueueTime": str(queue.average_wait()),
            "CurrentQueueSize": str(len(queue.members)),
            "MaxQueueSize": str(queue.max_size),
        }

"""Enqueue and Dial Queue: waiting, the whisper, the join and the parting (contract 3.1, 3.2)."""

import json

from emulator.clock.process import Process, Program, Wait
from emulator.ports import TwilioError
from emulator.voice.calls import Call, GoTo, LegEnded, Source, task_attributes
from emulator.voice.context import Context
from emulator.voice.document import Dial, Enqueue, QueueNoun
from emulator.voice.interpreter import Interpreter, LeftQueue, Place, verb_method
from emulator.voice.queues import NAMED_QUEUE_SIZE, WORKFLOW_QUEUE_SIZE, Bridge, Member


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
        _forget(leg, member)
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


def _forget(leg: Interpreter, member: Member) -> None:
    leg.context.queues.take_out(member)
    leg.call.member = None


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
            yield Wait(lambda: bool(self.member.left_with) or self.call.bridge is not None)
            self._stop_side()
            if self.call.bridge is not None:
                yield from self._with(self.call.bridge)

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

    def _interrupted(self, gone: LegEnded | GoTo) -> None:
        """The caller hung up or was redirected: settle with the other side and report to the action."""
        result = "hangup" if isinstance(gone, LegEnded) else "redirected"
        bridge = self.call.bridge
        if bridge is not None and bridge.state == "joined":
            bridge.part()
            result = "bridged" if result == "hangup" else "redirected-from-bridged"
        else:
            if bridge is not None:
                bridge.abandon()
            if self.member.task_sid and not self.member.left_with:
                self.leg.context.router.caller_left(self.member.task_sid)
        self.member.left_with = result
        told = _result(self.leg, self.member, result)
        self.leg.tell_action(self.verb.action, self.verb.method, told, over=isinstance(gone, LegEnded))

    def _leave_queue(self) -> None:
        _forget(self.leg, self.member)
        self.leg.context.scheduler.emit("left_queue", sid=self.call.sid, result=self.member.left_with)

    def _play(self, program: Program) -> None:
        self.side = Process(self.leg.context.scheduler, program)
        self.call.run(self.side)

    def _stop_side(self) -> None:
        if self.side is not None:
            self.side.stop()

    def _hold(self) -> Program:
        """The waiting document, again and again; nothing to hear without a waitUrl."""
        side = self._interpreter("queue")
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
        if self.call.bridge is None and not self.member.left_with:
            self.member.leave("leave")
            if self.member.task_sid:
                self.leg.context.router.caller_left(self.member.task_sid, "leave")

    def _whisper(self, bridge: Bridge, source: Source) -> Program:
        try:
            yield from self._interpreter("whisper").run(source)
        except LegEnded as ended:
            self.call.main.throw(ended)
            return
        if bridge.state == "preparing":
            bridge.join()

    def _interpreter(self, place: Place) -> Interpreter:
        return Interpreter(self.leg.context, self.call, place)

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


def dial(leg: Interpreter, verb: Dial) -> Program:
    """Take a caller out of a queue; afterwards the action is asked, or the next verb runs."""
    noun = verb.queue
    if noun is None:
        leg.context.warn(12200, f"<Dial><{verb.noun}> is not imitated", leg.call.sid)
        return
    outcome: list[Bridge] = []
    status = ["failed"]
    try:
        yield from _find(leg, verb, noun, outcome, status)
    except TwilioError as error:
        leg.context.warn_of(error, leg.call.sid)
    if outcome:
        yield from talk(leg.call, outcome[0], verb)
    if verb.action:
        raise leg.after(verb.action, verb.method, _dial_result(outcome, status[0]))


def _dial_result(outcome: list[Bridge], status: str) -> dict[str, str]:
    """DialCallStatus and DialBridged of <Dial><Queue> are uncertain (contract 12)."""
    bridge = outcome[0] if outcome else None
    if bridge is None or bridge.state != "parted":
        return {"DialCallStatus": status, "DialBridged": "false"}
    seconds = round(bridge.parted_at - bridge.joined_at)
    return {
        "DialCallStatus": "completed",
        "DialBridged": "true",
        "DialCallSid": bridge.caller.sid,
        "DialCallDuration": str(seconds),
    }


def _find(leg: Interpreter, verb: Dial, noun: QueueNoun, outcome: list[Bridge], status: list[str]) -> Program:
    whisper = leg.url(noun.url) if noun.url else ""
    if noun.reservation_sid:
        bridge = reserved(leg.context, leg.call, noun.reservation_sid, noun.post_work_activity_sid)
    else:
        found: list[Member] = []
        yield from _first_of(leg, verb, noun, found)
        if not found:
            status[0] = "no-answer"
            return
        bridge = _bridge(leg.context, leg.call, found[0])
    if whisper:
        bridge.whisper = Source(whisper, verb_method(noun.method), _whisper_parameters(leg.context, bridge))
    take(leg.context, bridge)
    outcome.append(bridge)


def _first_of(leg: Interpreter, verb: Dial, noun: QueueNoun, found: list[Member]) -> Program:
    """The first caller of a named queue, waiting for one up to the Dial's timeout."""
    queue = leg.context.queues.by_name.get(noun.name)
    if queue is None:  # which code Twilio gives for a queue that does not exist is uncertain
        raise TwilioError(14212, f"There is no queue {noun.name}")
    ends = leg.context.scheduler.now() + verb.timeout
    queue.dialers.append(leg.call)
    try:
        while not queue.members and leg.context.scheduler.now() < ends:
            yield Wait(lambda: bool(queue.members), ends - leg.context.scheduler.now())
    finally:
        queue.dialers.remove(leg.call)
    found.extend(queue.members[:1])


def _whisper_parameters(context: Context, bridge: Bridge) -> dict[str, str]:
    return {
        "QueueSid": bridge.member.queue.sid,
        "QueueTime": str(context.queues.seconds_in(bridge.member)),
        "DequeingCallSid": bridge.worker.sid,
    }


def _bridge(context: Context, worker: Call, member: Member, reservation: str = "", activity: str = "") -> Bridge:
    return Bridge(
        caller=member.call,
        worker=worker,
        member=member,
        scheduler=context.scheduler,
        router=context.router,
        reservation_sid=reservation,
        post_work_activity_sid=activity,
        on_warning=context.warn_of,
    )


def reserved(context: Context, worker: Call, reservation_sid: str, activity_sid: str) -> Bridge:
    """The bridge to the caller of a reservation, whose accept has begun. TwilioError 14215 or 14217."""
    caller = context.calls.get(context.router.begin_accept(reservation_sid))
    member = caller.member if caller is not None else None
    if member is None or member.left_with or member.call.bridge is not None:
        context.router.finish_accept(reservation_sid, False)
        raise TwilioError(14215, f"No caller of {reservation_sid} waits in a queue")
    return _bridge(context, worker, member, reservation_sid, activity_sid)


def take(context: Context, bridge: Bridge) -> None:
    """The caller is out of the queue, the waiting document ends, the whisper begins."""
    context.queues.take_out(bridge.member)
    bridge.caller.bridge = bridge.worker.bridge = bridge
    bridge.caller.notify()


def talk(worker: Call, bridge: Bridge, verb: Dial | None = None) -> Program:
    """The worker's side, from the taking to the parting."""
    worker.digits = ""
    try:
        yield Wait(lambda: bridge.state != "preparing")
        yield Wait(lambda: bridge.state != "joined" or _let_go(worker, verb), verb.time_limit if verb else None)
    finally:
        bridge.abandon()
        bridge.part()


def _let_go(worker: Call, verb: Dial | None) -> bool:
    return verb is not None and verb.hangup_on_star and "*" in worker.digits

"""Dial Queue: a leg takes a caller out of a queue (contract 3.2)."""

from emulator.clock.process import Program, Wait
from emulator.ports import TwilioError
from emulator.voice.calls import LegEnded, Source
from emulator.voice.context import Context
from emulator.voice.dequeue import bridge_to, reserved, take, talk, wait_for_the_other
from emulator.voice.document import Dial, QueueNoun
from emulator.voice.interpreter import Interpreter, verb_method
from emulator.voice.queues import Bridge, Member
from emulator.voice.recordings import Recording


def dial_queue(leg: Interpreter, verb: Dial, noun: QueueNoun) -> Program:
    """Take a caller out of a queue; afterwards the action is asked, or the next verb runs."""
    outcome: list[Bridge] = []
    status = ["failed"]
    try:
        yield from _find(leg, verb, noun, outcome, status)
    except TwilioError as error:
        leg.context.warn_of(error, leg.call.sid)
    recorded = None
    if outcome:
        recorded = _record(leg, verb)
        yield from _talk(leg, verb, outcome)
    if recorded is not None:
        leg.context.recordings.stop(recorded)
    if verb.action:
        sound = {} if recorded is None else {"RecordingUrl": recorded.url}
        raise leg.after(verb.action, verb.method, {**_dial_result(outcome, status[0]), **sound})


def _talk(leg: Interpreter, verb: Dial, outcome: list[Bridge]) -> Program:
    try:
        yield from talk(leg.call, outcome[0], verb)
        yield from wait_for_the_other(leg.context, outcome[0], "worker")
    except LegEnded:
        leg.report_dial(verb, _dial_result(outcome, "failed"))
        raise


def _record(leg: Interpreter, verb: Dial) -> Recording | None:
    """Whether the two are recorded is uncertain (contract 12); a leg that hangs up ends it by itself."""
    if not verb.record.startswith("record-from"):
        return None
    if leg.context.worlds["recorded_queue"] == "all":
        return leg.record_dial(verb)
    leg.context.not_imitated(f'record="{verb.record}" of a <Dial> of a <Queue>', leg.call.sid)
    return None


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
        bridge = bridge_to(leg.context, leg.call, found[0])
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

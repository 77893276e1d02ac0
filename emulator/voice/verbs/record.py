"""Record: what a leg says is kept (contract 3.3)."""

from emulator.clock.process import Program, Wait, changed
from emulator.voice.calls import GoTo, LegEnded, standard_parameters
from emulator.voice.document import Record
from emulator.voice.interpreter import Interpreter
from emulator.voice.recordings import VERB, Recording


def record(leg: Interpreter, verb: Record) -> Program:
    """Record until a key, `timeout` seconds of silence, the maximum length, or the hang-up.

    That a recording of nothing but silence asks no action is uncertain; the next verb runs then.
    """
    call, now = leg.call, leg.context.scheduler.now
    started = now()
    call.digits = ""
    made = leg.context.recordings.start(call.sid, leg.recording_order(VERB, 1, verb.recording_callback))
    try:
        yield from _listen(leg, verb, started)
    except LegEnded:
        leg.report(verb.action, verb.method, _recorded(leg, verb, made, "hangup"))  # nothing runs on its answer
        raise
    except GoTo:
        _recorded(leg, verb, made, "")
        raise
    if call.talking_until <= started and not call.digits:
        leg.context.recordings.discard(made)
        return
    raise leg.after(verb.action, verb.method, _recorded(leg, verb, made, call.digits[:1]))


def _listen(leg: Interpreter, verb: Record, started: float) -> Program:
    call, now = leg.call, leg.context.scheduler.now

    def key_pressed() -> bool:
        return any(key in verb.finish_on_key for key in call.digits)

    while not key_pressed():
        silence_ends = max(started, call.talking_until) + verb.timeout
        ends = min(silence_ends, started + verb.max_length)
        if now() >= ends:
            return
        yield Wait(changed(lambda: (key_pressed(), call.talking_until)), ends - now())


def _recorded(leg: Interpreter, verb: Record, made: Recording, digits: str) -> dict[str, str]:
    """Ends the recording, and has it transcribed; returns the action's parameters."""
    recordings = leg.context.recordings
    recordings.stop(made)
    if verb.transcribe:
        callback = leg.url(verb.transcribe_callback) if verb.transcribe_callback else ""
        recordings.transcribe(made, callback, standard_parameters(leg.call))
    return {
        "RecordingUrl": made.url,
        "RecordingSid": made.sid,
        "RecordingDuration": str(made.seconds),
        "Digits": digits,
    }

"""Record: what a leg says is kept (contract 3.3)."""

from emulator.clock.process import Program, Wait, changed
from emulator.voice.calls import LegEnded, standard_parameters
from emulator.voice.context import ignore_answer
from emulator.voice.document import Record
from emulator.voice.interpreter import Interpreter, verb_method
from emulator.voice.recordings import Recording


def record(leg: Interpreter, verb: Record) -> Program:
    """Record until a key, `timeout` seconds of silence, the maximum length, or the hang-up.

    That a recording of nothing but silence asks no action is uncertain; the next verb runs then.
    """
    call, now = leg.call, leg.context.scheduler.now
    started = now()
    call.digits = ""
    try:
        yield from _listen(leg, verb, started)
    except LegEnded:
        _report(leg, verb, started, "hangup")
        raise
    if call.talking_until <= started and not call.digits:
        return
    raise leg.after(verb.action, verb.method, _recorded(leg, verb, started, call.digits[:1]))


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


def _report(leg: Interpreter, verb: Record, started: float, digits: str) -> None:
    """The person hung up: the action is asked, and nothing runs on its answer."""
    leg.report(verb.action, verb.method, _recorded(leg, verb, started, digits))


def _recorded(leg: Interpreter, verb: Record, started: float, digits: str) -> dict[str, str]:
    """Keeps and traces the recording, and sends its status callback; returns the action's parameters."""
    call, scheduler = leg.call, leg.context.scheduler
    made = Recording(scheduler.sid("RE"), call.sid, started, scheduler.now())
    leg.context.recordings[made.sid] = made
    url = f"https://api.twilio.com/2010-04-01/Accounts/{call.account_sid}/Recordings/{made.sid}"
    scheduler.emit("recording", sid=call.sid, url=url)
    parameters = {"RecordingUrl": url, "RecordingSid": made.sid, "RecordingDuration": str(made.seconds)}
    if verb.recording_status_callback:
        names = ("AccountSid", "CallSid")
        form = {name: standard_parameters(call)[name] for name in names} | parameters
        form |= {"RecordingStatus": "completed", "RecordingChannels": "1", "RecordingSource": "RecordVerb"}
        method = verb_method(verb.recording_status_callback_method)
        leg.context.webhooks.send(leg.url(verb.recording_status_callback), form, ignore_answer, method=method)
    return {**parameters, "Digits": digits}

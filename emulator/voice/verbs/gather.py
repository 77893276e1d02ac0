"""Gather and Record: what a leg takes in (contract 3.3)."""

from collections.abc import Callable

from emulator.clock.process import Program, Wait
from emulator.voice.calls import LegEnded, standard_parameters
from emulator.voice.context import ignore_answer
from emulator.voice.document import Gather, Record
from emulator.voice.interpreter import Interpreter, verb_method

CONFIDENCE = "0.9"  # the people of the emulator speak clearly


class _Input:
    """What has come in for one Gather."""

    def __init__(self, leg: Interpreter, verb: Gather) -> None:
        self._call = leg.call
        self._verb = verb
        self.forget()

    def forget(self) -> None:
        self._call.digits = ""
        self._call.speech = ""

    def began(self) -> bool:
        return bool(self._keys() or self.speech())

    def _keys(self) -> str:
        return self._call.digits if "dtmf" in self._verb.input else ""

    def digits(self) -> str:
        """The digits up to the finishing key, at most as many as were asked for."""
        keys = self._keys()
        if self._verb.finish_on_key:
            keys = keys.partition(self._verb.finish_on_key)[0]
        return keys[: self._verb.num_digits]

    def speech(self) -> str:
        return self._call.speech if "speech" in self._verb.input else ""

    def complete(self) -> bool:
        enough = self._verb.num_digits is not None and len(self.digits()) >= self._verb.num_digits
        finished = bool(self._verb.finish_on_key) and self._verb.finish_on_key in self._keys()
        return enough or finished or bool(self.speech())

    def progress(self) -> tuple[int, bool]:
        """Changes whenever something more has come in."""
        return len(self._call.digits), self.complete()

    def parameters(self) -> dict[str, str]:
        if self.speech():
            return {"SpeechResult": self.speech(), "Confidence": CONFIDENCE}
        return {"Digits": self.digits()}


def gather(leg: Interpreter, verb: Gather) -> Program:
    """Prompts, then input; each key starts the timeout anew. Without input the next verb runs."""
    entered = _Input(leg, verb)
    for prompt in verb.prompts:
        if not entered.began() or not verb.barge_in:
            yield from leg.prompt(prompt, entered.began if verb.barge_in else None)
    if not verb.barge_in:
        entered.forget()
    yield from _keys_until_done(leg, verb, entered)
    parameters = entered.parameters()
    if any(parameters.values()) or verb.action_on_empty_result:
        raise leg.after(verb.action, verb.method, parameters)


def _changed(progress: Callable[[], object]) -> Callable[[], bool]:
    before = progress()
    return lambda: progress() != before


def _keys_until_done(leg: Interpreter, verb: Gather, entered: _Input) -> Program:
    call = leg.call
    known = -1
    while not entered.complete() and known != len(call.digits):
        known = len(call.digits)
        yield Wait(_changed(entered.progress), verb.timeout)


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
        yield Wait(_changed(lambda: (key_pressed(), call.talking_until)), ends - now())


def _report(leg: Interpreter, verb: Record, started: float, digits: str) -> None:
    """The person hung up: the action is asked, and nothing runs on its answer."""
    leg.tell_action(verb.action, verb.method, _recorded(leg, verb, started, digits))


def _recorded(leg: Interpreter, verb: Record, started: float, digits: str) -> dict[str, str]:
    """Notes the recording and sends its status callback; returns the action's parameters."""
    call, scheduler = leg.call, leg.context.scheduler
    sid = scheduler.sid("RE")
    url = f"https://api.twilio.com/2010-04-01/Accounts/{call.account_sid}/Recordings/{sid}"
    duration = str(round(scheduler.now() - started))
    scheduler.emit("recording", sid=call.sid, url=url)
    parameters = {"RecordingUrl": url, "RecordingSid": sid, "RecordingDuration": duration}
    if verb.recording_status_callback:
        names = ("AccountSid", "CallSid")
        form = {name: standard_parameters(call)[name] for name in names} | parameters
        form |= {"RecordingStatus": "completed", "RecordingChannels": "1", "RecordingSource": "RecordVerb"}
        method = verb_method(verb.recording_status_callback_method)
        leg.context.webhooks.send(leg.url(verb.recording_status_callback), form, ignore_answer, method=method)
    return {**parameters, "Digits": digits}

"""Gather: prompts, and the digits or the speech that come in (contract 3.3)."""

from emulator.clock.process import Program, Wait, changed
from emulator.voice.document import Gather
from emulator.voice.interpreter import Interpreter


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
            return {"SpeechResult": self.speech(), "Confidence": f"{self._call.confidence:g}"}
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


def _keys_until_done(leg: Interpreter, verb: Gather, entered: _Input) -> Program:
    call = leg.call
    known = -1
    while not entered.complete() and known != len(call.digits):
        known = len(call.digits)
        yield Wait(changed(entered.progress), verb.timeout)

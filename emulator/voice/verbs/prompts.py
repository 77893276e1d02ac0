"""Say, Play and Pause: what a leg hears (contract 3.3)."""

from emulator.clock.process import Program
from emulator.voice.document import Pause, Play, Say
from emulator.voice.interpreter import Interpreter


def prompt(leg: Interpreter, verb: Say | Play | Pause) -> Program:
    """To its end, as often as it says."""
    yield from leg.prompt(verb)

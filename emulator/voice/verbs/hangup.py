"""Hangup: the leg ends (contract 3.3)."""

from emulator.clock.process import Program
from emulator.voice.calls import LegEnded
from emulator.voice.document import Hangup
from emulator.voice.interpreter import Interpreter


def hangup(_leg: Interpreter, _verb: Hangup) -> Program:
    """Nothing after it runs."""
    raise LegEnded("document")

"""Reject: as the first verb it refuses a call that rings; later it is a Hangup (contract 3.3)."""

from emulator.clock.process import Program
from emulator.voice.calls import LegEnded
from emulator.voice.document import Reject
from emulator.voice.interpreter import Interpreter


def reject(_leg: Interpreter, verb: Reject) -> Program:
    """What status a rejected call gets is uncertain; busy is sure for reason="busy". An answered one is completed."""
    raise LegEnded("document", "busy" if verb.reason == "busy" else "no-answer")

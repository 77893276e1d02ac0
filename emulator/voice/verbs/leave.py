"""Leave: the caller leaves the queue (contract 3.1)."""

from emulator.clock.process import Program
from emulator.voice.document import Leave
from emulator.voice.interpreter import Interpreter


class LeftQueue(Exception):
    """The waiting document said <Leave>."""


def leave(_leg: Interpreter, _verb: Leave) -> Program:
    """The wait ends, and the call goes on after its <Enqueue>."""
    raise LeftQueue

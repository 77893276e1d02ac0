"""Redirect: the leg goes on with another document (contract 3.3)."""

from emulator.clock.process import Program
from emulator.voice.calls import GoTo, Source
from emulator.voice.document import Redirect
from emulator.voice.interpreter import Interpreter, verb_method


def redirect(leg: Interpreter, verb: Redirect) -> Program:
    """An empty URL asks for the same document again."""
    if not verb.url and leg.source.twiml:
        raise GoTo(leg.source)
    raise GoTo(Source(leg.url(verb.url), verb_method(verb.method)))

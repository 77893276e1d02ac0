"""Redirect: the leg goes on with another document (contract 3.3)."""

from emulator.clock.process import Program
from emulator.voice.calls import GoTo, Source
from emulator.voice.document import Redirect
from emulator.voice.interpreter import Interpreter, verb_method

OF_A_FALLBACK = frozenset({"ErrorCode", "ErrorUrl"})


def redirect(leg: Interpreter, verb: Redirect) -> Program:
    """An empty URL asks for the same document again."""
    if not verb.url and leg.source.twiml:
        raise GoTo(leg.source)
    raise GoTo(Source(leg.url(verb.url), verb_method(verb.method), _repeated(leg)))


def _repeated(leg: Interpreter) -> dict[str, str]:
    """What the request has of the one that this document answers, as the world says (contract 12)."""
    if leg.context.worlds["redirect_request"] == "is_plain":
        return {}
    return {name: value for name, value in leg.source.extra.items() if name not in OF_A_FALLBACK}

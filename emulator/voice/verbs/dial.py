"""Dial: the leg is joined to somebody, by one of the nouns (contract 3.2, 14.1, 14.2)."""

from emulator.clock.process import Program
from emulator.voice.coverage import OTHER_NOUNS
from emulator.voice.document import ConferenceNoun, Dial, QueueNoun
from emulator.voice.interpreter import Interpreter
from emulator.voice.verbs.dial_conference import dial_conference
from emulator.voice.verbs.dial_phones import dial_phones
from emulator.voice.verbs.dial_queue import dial_queue


def dial(leg: Interpreter, verb: Dial) -> Program:
    """Afterwards the action is asked, or the next verb runs."""
    match verb.noun:
        case QueueNoun() as noun:
            leg.go_live()
            yield from dial_queue(leg, verb, noun)
        case ConferenceNoun() as noun:
            leg.go_live()
            yield from dial_conference(leg, verb, noun)
        case None:
            leg.go_live()
            if verb.unknown in OTHER_NOUNS["Dial"]:
                leg.context.not_imitated(f"<{verb.unknown}> in <Dial>", leg.call.sid)
        case phones:
            yield from dial_phones(leg, verb, phones)

"""Invariant 20: every menu ends, nobody is taken at an unclear word, and who chose a language hears it."""

from chalicelib.config.menus import MOST_ROUNDS
from tests.simulation.call_centre import MENUS, SUPPORT
from tests.simulation.invariants.terms import AWS, WEBHOOK, Found, Violation
from tests.simulation.observed import FOREVER, Called, Observed

TRIES = 2  # of each menu
LONGEST_QUESTION = 16.0  # "Sorry?", the prompt, a silence, and a caller who takes their time
SPANISH, ENGLISH = "Por favor, espere.", "Please stay on the line."


def every_menu_ends(observed: Observed) -> Found:
    for sid, call in _in_menus(observed):
        questions = [at for at, text in call.sounds if text.endswith(MENUS)]
        again = len(
            observed.faults_about((sid,), AWS)
        )  # Twilio may ask the fallback for a document that was said before
        if len(questions) > MOST_ROUNDS + again:
            yield Violation(20, sid, f"the caller is asked {len(questions)} times")
        out = min(call.enqueued, call.ended)
        longest = MOST_ROUNDS * LONGEST_QUESTION + 2 * WEBHOOK * again
        if questions and out < FOREVER and out - questions[0] > longest:
            yield Violation(20, sid, f"the caller is in the menus for {out - questions[0]:.0f} s")


def every_menu_ends_with_a_queue_or_a_sentence(observed: Observed) -> Found:
    for sid, call in _in_menus(observed):
        last = call.sounds[-1][1] if call.sounds else ""
        if call.enqueued == FOREVER and call.ended < FOREVER and not call.hung_up and last.endswith(MENUS):
            yield Violation(20, sid, "the call ends after a question")


def nobody_is_taken_at_an_unclear_word(observed: Observed) -> Found:
    for sid, call in _in_menus(observed):
        if call.caller.wanders == "mumbles" and any(text.endswith(MENUS[1]) for _, text in call.sounds):
            yield Violation(20, sid, "a word that nobody understood has made a choice")


def a_silence_makes_no_choice(observed: Observed) -> Found:
    """Who presses one key and then nothing is asked again as often as the menu does that; no key counts twice."""
    for sid, call in _in_menus(observed):
        questions = sum(text.endswith(MENUS) for _, text in call.sounds)
        most = 1 + TRIES + len(observed.faults_about((sid,), AWS))
        if call.caller.wanders == "one key" and not call.caller.persons and questions > most:
            yield Violation(20, sid, f"who pressed {call.caller.gave} and nothing more is asked {questions} times")


def who_chose_a_language_hears_it(observed: Observed) -> Found:
    for sid, call in _in_menus(observed):
        heard = [text for _, text in call.sounds if text in (SPANISH, ENGLISH)]
        if heard and "3" in call.caller.gave and not observed.faults_about((sid,), AWS) and _chose(call) != heard[0]:
            yield Violation(20, sid, f"the caller chose {_chose(call)!r} and hears {heard[0]!r}")


def _chose(call: Called) -> str:
    """What the caller waits with: the 3 counts in the first menu alone, whose prompt is heard again then."""
    at_main, spanish = True, False
    for what in call.caller.gave:
        spanish |= at_main and what == "3"
        at_main = (at_main and what not in ("2", "more")) or (not at_main and what in ("*", "9"))
    return SPANISH if spanish else ENGLISH


def _in_menus(observed: Observed) -> list[tuple[str, Called]]:
    return [(sid, call) for sid, call in observed.calls.items() if call.caller.line == SUPPORT]

"""Invariants 1 and 4: a caller talks to one worker, and nobody is stranded."""

from collections.abc import Iterable, Iterator
from itertools import pairwise

from chalicelib.config.answering import DETECTION_SECONDS
from emulator.voice.interpreter import STOCK_ERROR
from tests.simulation.invariants.terms import (
    LONG_SILENCE,
    LOST,
    RULES,
    TWILIO,
    WEBHOOK,
    Found,
    Violation,
    given_at_desk,
    mode_of,
)
from tests.simulation.observed import FOREVER, Called, Conversation, Leg, Observed

SENTENCE = 8.0  # the longest that is said to a worker alone: the whisper, then a goodbye
SILENCE = 30.0
GOODBYES = ("Goodbye.", "Adiós.")
LONGEST_CALL = 600.0
LOST_OR_LATE = (*LOST, *TWILIO)  # in doubt the caller is there
CHOOSES = 110.0  # the choices three times, a room, and what is said after it
LONGEST_ASK = 16.0  # the whisper, the prompt, a silence


def joined_to_one(observed: Observed) -> Found:
    for call in observed.calls.values():
        for second in _overlapping(call.conversations):
            yield Violation(1, second.caller_sid, "the caller is joined to two workers at a time")
    by_worker: dict[str, list[Conversation]] = {}
    for leg in observed.legs.values():
        for talk in leg.conversations:
            by_worker.setdefault(observed.reservations[talk.reservation_sid].worker_sid, []).append(talk)
    for talks in by_worker.values():
        for second in _overlapping(talks):
            yield Violation(1, second.caller_sid, "the worker is joined to two callers at a time")


def _overlapping(talks: Iterable[Conversation]) -> Iterator[Conversation]:
    for first, second in pairwise(sorted(talks, key=lambda talk: talk.start)):
        if second.start < first.end:
            yield second


def not_to_nobody(observed: Observed) -> Found:
    for leg in observed.legs.values():
        if leg.answered == FOREVER:
            continue
        alone_until = leg.conversations[0].start if leg.conversations else leg.ended
        late = bool(observed.faults_about((leg.reservation_sid, leg.sid)))
        bound = _asking(observed, leg) + SENTENCE
        if alone_until - leg.answered > bound + (WEBHOOK * (1 + len(leg.asks)) if late else 0):
            yield Violation(1, leg.call_sid, f"worker leg {leg.sid} is joined to nobody for too long")
        chooses = CHOOSES if leg.stars or observed.faults_about((leg.sid,), LOST_OR_LATE) else 0
        if leg.conversations and leg.ended - leg.conversations[-1].end > SENTENCE + chooses:
            yield Violation(1, leg.call_sid, f"worker leg {leg.sid} goes on when the conversation is over")


def _asking(observed: Observed, leg: Leg) -> float:
    """How long the worker of this leg may be asked, a verdict before it and two wrong keys among it."""
    mode = mode_of(observed, leg)
    detection = DETECTION_SECONDS if mode == "detect" else 0
    return detection + (len(leg.asks) * LONGEST_ASK if mode != "at-once" else 0)


def nobody_is_stranded(observed: Observed) -> Found:
    if observed.world.unfinished:
        waiting = [sid for sid, call in observed.calls.items() if call.ended == FOREVER]
        yield from (Violation(4, sid, "the call never ends") for sid in waiting)
    for sid, call in observed.calls.items():
        errors = [at for at, text in call.sounds if text == STOCK_ERROR]
        if errors and not _nobody_answered(observed, sid, errors[0]):
            yield Violation(4, sid, "the caller hears Twilio's error message")
        elif not call.hung_up and call.ended < FOREVER and not _said_goodbye(call):
            yield Violation(4, sid, f"the call ends without a goodbye, by {call.ended_by}")
        holds = sum(len(leg.stars) for leg in observed.legs.values() if leg.call_sid == sid)
        holds += given_at_desk(observed, sid)
        if sum(1 for history in observed.tasks.values() if history[0][2] == sid) > 1 + holds:
            yield Violation(4, sid, "the caller is sent back to the start")
        if call.ended - call.dialed > LONGEST_CALL * max(1, len(call.waits)) and call.ended < FOREVER:
            yield Violation(4, sid, "the call goes in a loop")
        yield from _silences(observed, sid, call)


def _said_goodbye(call: Called) -> bool:
    last = call.sounds[-1][1] if call.sounds else ""
    return last == STOCK_ERROR or (call.ended_by == "document" and last.endswith(GOODBYES))


def _nobody_answered(observed: Observed, sid: str, at: float) -> bool:
    """Twilio got no answer at all: not from the webhook in 15 s, and not from the fallback in another 15."""
    since = at - 2 * WEBHOOK - 1
    kinds = ("no_connection", "connection_failed", "lambda", "timeout", "cold", "ssm")
    return len(observed.faults_about((sid,), kinds, since)) > 1


def _silences(observed: Observed, sid: str, call: Called) -> Found:
    if call.answered == FOREVER:
        return
    moments = sorted([call.answered, call.ended, *(at for at, _ in call.sounds)])
    talks = [(talk.start, talk.end) for talk in call.conversations]
    bound = LONG_SILENCE if observed.faults_about((sid,)) else SILENCE
    for start, end in pairwise(moments):
        if end - start > bound and not any(begin < end and start < stop for begin, stop in talks):
            yield Violation(4, sid, f"the caller hears nothing for {end - start:.0f} s")


def every_wait_ends(observed: Observed) -> Found:
    """Whoever waits is in a document that lets them out, whatever became of their task."""
    for sid, call in observed.calls.items():
        joined = min((talk.start for talk in call.conversations if talk.start >= call.enqueued), default=FOREVER)
        waited = min(call.left_queue, joined, call.ended) - call.enqueued
        _, line = RULES.line_of(call.caller.line)
        bound = line.longest_wait + (2 * LONG_SILENCE if observed.faults_about((sid,)) else SILENCE)
        if call.enqueued < FOREVER and waited > bound:
            yield Violation(4, sid, f"the caller waits for {waited:.0f} s, {line.longest_wait} s at most")

"""Invariant 17: a caller on hold is never in silence, and goes where the worker says, or to somebody, or out."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from chalicelib.config.star import QUEUE
from emulator.voice.dequeue import LATER_SECONDS
from tests.simulation.call_centre import EXTENSIONS
from tests.simulation.invariants.terms import (
    LONG_SILENCE,
    PEOPLE,
    RULES,
    SOON,
    WEBHOOK,
    Found,
    Violation,
    given_at_desk,
)
from tests.simulation.observed import FOREVER, Called, Conversation, Fault, Leg, Observed

HOLD_SECONDS = RULES.longest_hold
SILENCE = 10.0
LAST_ROUND = 12.0  # the round that began just before the end, and what is said then
HANDS_OVER = 8.0
WAYS_OUT = ("Nobody is free", "How was this call?", "Thank you", "Gracias", "sorry", "Lo sentimos")


@dataclass(frozen=True)
class Hold:
    """From the star key to what follows it. `until` is when the caller waits or talks again, is led out, or is gone."""

    leg: Leg
    call: Called
    since: float
    until: float


def _holds(observed: Observed) -> Iterator[Hold]:
    for leg in observed.legs.values():
        for talk in leg.conversations:
            if any(talk.end - 0.1 <= at <= talk.end + 0.1 for at in leg.stars):
                call = observed.calls[talk.caller_sid]
                yield Hold(leg, call, talk.end, _until(observed, call, talk))


def _until(observed: Observed, call: Called, talk: Conversation) -> float:
    waits = [at for at, _ in call.waits if at > talk.end]
    rooms = [at for at, sid in observed.rooms if sid == talk.caller_sid and at > talk.end]
    outs = [at for at, text in call.sounds if at > talk.end and any(out in text for out in WAYS_OUT)]
    return min([call.ended, *waits, *rooms, *outs])


def nobody_on_hold_is_in_silence(observed: Observed) -> Found:
    for hold in _holds(observed):
        moments = [at for at, _ in hold.call.sounds if hold.since < at < hold.until]
        bound = LONG_SILENCE if _troubles(observed, hold) else SILENCE
        for start, end in pairwise([hold.since, *moments, hold.until]):
            if end - start > bound:
                yield Violation(17, hold.leg.call_sid, f"the caller is on hold in silence for {end - start:.0f} s")


def nobody_stays_on_hold(observed: Observed) -> Found:
    for hold in _holds(observed):
        bound = HOLD_SECONDS + LAST_ROUND + (2 * WEBHOOK if _troubles(observed, hold) else 0)
        if hold.until - hold.since > bound:
            yield Violation(17, hold.leg.call_sid, f"the caller is on hold for {hold.until - hold.since:.0f} s")


def the_worker_says_where_the_caller_goes(observed: Observed) -> Found:
    """Where nothing goes wrong with the call, and the caller stays on the line."""
    for hold in _holds(observed):
        chosen, at = _chosen(hold)
        if _troubles(observed, hold) or hold.call.ended < max(at, hold.since) + HANDS_OVER:
            continue
        after = [queue for since, queue in hold.call.waits if since > hold.since]
        if chosen.startswith(QUEUE) and after[:1] != [chosen.removeprefix(QUEUE)]:
            yield Violation(17, hold.leg.call_sid, f"the caller was given to {chosen}, and went to {after}")
        if chosen == "person" and not after:
            yield Violation(17, hold.leg.call_sid, "the caller was given to a person, and waits for nobody")
        in_time = hold.until - hold.since < HOLD_SECONDS
        if chosen == "lost" and not after and in_time and _has_the_choices(hold):
            yield Violation(17, hold.leg.call_sid, "the worker hung up on hold, and the caller was sent away")
        if chosen == "" and hold.until < min(hold.leg.ended, hold.since + HOLD_SECONDS) - SOON:
            yield Violation(17, hold.leg.call_sid, "the caller was sent away while the worker chose")


def _has_the_choices(hold: Hold) -> bool:
    """Only the Dial's action tells of the star key. Who hangs up before it may come has merely hung up."""
    return hold.leg.ended > hold.since + LATER_SECONDS


def _chosen(hold: Hold) -> tuple[str, float]:
    """What the worker chose, and when; `lost` if they hung up before that, empty if they did neither in time."""
    keys = [(at, key) for at, key in hold.leg.keys if at > hold.since + 0.2]
    for number, (at, key) in enumerate(keys):
        if key in ("1", "3", "4"):
            return {"1": f"{QUEUE}Sales", "3": "back", "4": "end"}[key], at
        if key == "2" and number + 1 < len(keys) and keys[number + 1][1].rstrip("#") in EXTENSIONS:
            return "person or their own", keys[number + 1][0]
    return ("lost", hold.leg.ended) if hold.leg.ended < hold.since + HOLD_SECONDS - SOON else ("", FOREVER)


def each_further_wait_is_of_a_star_key(observed: Observed) -> Found:
    """One task at most for each talk that the key ended: no webhook that comes twice makes another."""
    for sid, call in observed.calls.items():
        holds = sum(hold.leg.call_sid == sid for hold in _holds(observed))
        if len(call.waits) > 1 + holds + given_at_desk(observed, sid):
            yield Violation(17, sid, f"{len(call.waits)} waits for {holds} times on hold")


def _troubles(observed: Observed, hold: Hold) -> list[Fault]:
    """What went wrong about this call, but for what people do."""
    about = hold.leg.call_sid, hold.leg.sid, hold.leg.reservation_sid
    return [fault for fault in observed.faults_about(about) if not fault.kind.startswith(PEOPLE)]

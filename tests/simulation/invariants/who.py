"""Invariant 21: a blocked caller rings nobody; a caller whose profile cannot be read is unknown, and gets through."""

from tests.simulation.invariants.terms import AWS, LONG_SILENCE, Found, Violation
from tests.simulation.knowing import SAYS
from tests.simulation.observed import FOREVER, Called, Observed


def who_is_blocked_rings_nobody(observed: Observed) -> Found:
    if observed.world.knowing is None:
        return
    for sid, call in observed.calls.items():
        is_blocked = call.caller.number in observed.world.knowing.blocked
        if is_blocked and call.enqueued < FOREVER and not _is_excused(observed, sid, call):
            yield Violation(21, sid, "the caller is blocked, and waits in a queue")
        if not is_blocked and any(said == SAYS for _, said in call.sounds):
            yield Violation(21, sid, "the caller hears the sentence of who is blocked, and is not")


def _is_excused(observed: Observed, sid: str, call: Called) -> bool:
    """Whether the profile could not be read in time, or the function died."""
    if observed.faults_about((sid,), AWS):
        return True
    until = call.dialed + LONG_SILENCE
    return any(one.kind.startswith("dynamodb") and call.dialed <= one.at < until for one in observed.faults)

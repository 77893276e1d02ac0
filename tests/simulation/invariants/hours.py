"""Invariant 18: a caller meets the line as it stood at the first webhook; nobody is held beyond the closing time."""

from chalicelib.aws import LONGEST_SECONDS
from chalicelib.hours.switch import CACHED_SECONDS, FAILED_SECONDS
from tests.simulation.call_centre import SALES, SUPPORT
from tests.simulation.invariants.terms import AWS, LONG_SILENCE, WEBHOOK, Found, Violation
from tests.simulation.observed import FOREVER, Called, Observed
from tests.simulation.switching import SALES_CLOSES, URGENT_OPENS, Order
from tests.simulation.world import START

GREETINGS = ("Welcome to support.", "Welcome to sales.", "Urgent line.")
CLOSED = ("It is closed", "We are away.")
IN_FLIGHT = 60.0  # a text is done by then, Twilio's tries and its fallback among it
A_MOMENT = 2.0  # between the write and what is said of it


def a_caller_meets_the_line_as_it_stands(observed: Observed) -> Found:
    if not observed.world.plan.hours:
        return
    for sid, call in observed.calls.items():
        heard = _heard(call)
        if heard and heard not in _allowed(observed, sid, call):
            yield Violation(18, sid, f"the caller finds the line {heard}, and it was not at {call.dialed:.0f}")


def _heard(call: Called) -> str:
    """How the caller found the line, by the first words; empty for neither."""
    first = call.sounds[0][1] if call.sounds else ""
    return "open" if first.startswith(GREETINGS) else "closed" if first.startswith(CLOSED) else ""


def _allowed(observed: Observed, sid: str, call: Called) -> set[str]:
    """What the line may have been from the dialling to the first words: the decision lies somewhere between."""
    window = call.dialed, call.sounds[0][0]
    if call.caller.line == SUPPORT:
        return _switched(observed, sid, *window)
    closes, opens = (SALES_CLOSES, -1.0) if call.caller.line == SALES else (FOREVER, URGENT_OPENS)
    return {"open" if opens <= at - START < closes else "closed" for at in window}


def _switched(observed: Observed, sid: str, since: float, until: float) -> set[str]:
    """By all switches that may have been the latest that was known: a text takes a while, and its being known too."""
    done = sorted(observed.world.switching.done, key=lambda one: one.at)
    lags = since - CACHED_SECONDS - A_MOMENT
    known = [one for one in done if one.at <= lags][-1:] + [one for one in done if lags < one.at <= until]
    # A function that dies after the write says nothing of it: such a text may stand until a later one is done.
    late = min(until - IN_FLIGHT - CACHED_SECONDS, known[0].at if known else until)
    sent = [one for one in observed.world.switching.sent if late < one.at <= until and not _is_done(one, observed)]
    found = {_state(one, at) for one in (*known, *sent) for at in (since, until)}
    if not [one for one in done if one.at <= lags] or _table_fails(observed, sid, since):
        found.add("open")  # by the file
    return found


def _is_done(sent: Order, observed: Observed) -> bool:
    """Whether the application says so, soon after it was sent and before the same was sent again."""
    switching = observed.world.switching
    again = [one.at for one in switching.sent if one.at > sent.at and one.until == sent.until]
    before = min([sent.at + WEBHOOK, *again])
    return any(one.until == sent.until and sent.at <= one.at < before for one in switching.done)


def _state(order: Order, at: float) -> str:
    return "closed" if at < order.until else "open"


def _table_fails(observed: Observed, sid: str, at: float) -> bool:
    """Whether DynamoDB failed this call, or one before it whose failure is still known."""
    seen = at - FAILED_SECONDS - LONGEST_SECONDS
    return any(fault.kind.startswith("dynamodb") and seen < fault.at < at + LONG_SILENCE for fault in observed.faults)


def nobody_waits_beyond_the_closing_time(observed: Observed) -> Found:
    """Where callers are to leave then, they do at their next round."""
    if not observed.world.plan.hours:
        return
    for sid, call in observed.calls.items():
        closed_at = START + SALES_CLOSES
        if call.caller.line != SALES or not call.enqueued < closed_at:
            continue
        joined = call.conversations[0].start if call.conversations else FOREVER
        out = min(call.left_queue, joined, call.ended)
        bound = LONG_SILENCE * (2 if observed.faults_about((sid,), (*AWS, "webhook")) else 1)
        if out > closed_at + bound:
            yield Violation(18, sid, f"the caller waits {out - closed_at:.0f} s after the closing time")

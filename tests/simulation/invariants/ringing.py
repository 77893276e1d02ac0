"""Invariant 2: no phone rings for a reservation that is over."""

from tests.simulation.invariants.terms import (
    LATER,
    RULES,
    SOON,
    Found,
    Violation,
    fell_back_to_direct,
    mode_of,
    rules_of,
)
from tests.simulation.observed import FOREVER, Leg, Observed

_RULES_OF_ANSWERS = RULES.queues["Support"].answering


def one_phone_for_one_reservation(observed: Observed) -> Found:
    """No blind second dial.

    An assignment that was answered with a dequeue while AWS was down, and could not be recorded, may come again. Who
    did not hear their phone may press Take once more, where Twilio keeps the reservation for that.
    """
    first: dict[str, Leg] = {}
    for leg in observed.legs.values():
        before = first.setdefault(leg.reservation_sid, leg)
        if before.by_desk and leg.by_desk and before.ended <= leg.asked:
            continue
        if before is not leg and not (before.own != leg.own and fell_back_to_direct(observed, leg.reservation_sid)):
            yield Violation(2, leg.call_sid, f"{leg.reservation_sid} was dialled twice")


def no_late_ringing(observed: Observed) -> Found:
    for leg in observed.legs.values():
        reservation = observed.reservations[leg.reservation_sid]
        about = (leg.sid, leg.reservation_sid, leg.call_sid)
        bound = LATER if observed.faults_about(about) else SOON
        rings_until = min(leg.answered, leg.ended)
        if leg.ringing < FOREVER and rings_until > reservation.ended_in_vain + bound:
            yield Violation(2, leg.call_sid, f"{leg.sid} rings {bound:.0f} s after {leg.reservation_sid} ended")


def no_late_dial(observed: Observed) -> Found:
    """A phone that is rung has its time to ring before the reservation ends."""
    for leg in observed.legs.values():
        ring_timeout = rules_of(observed, leg.reservation_sid).ring_timeout
        ends = observed.reservations[leg.reservation_sid].statuses[0][0] + RULES.reservation_timeout
        asking = _RULES_OF_ANSWERS.seconds(mode_of(observed, leg))
        if leg.own and leg.asked > ends - ring_timeout - asking:
            yield Violation(2, leg.call_sid, f"{leg.sid} was dialled too late to ring")

"""Invariant 12: no caller is joined to a machine."""

from tests.simulation.invariants.terms import LATER, LOST, SOON, TAKES, Found, Violation, mode_of
from tests.simulation.observed import Leg, Observed


def nobody_is_joined_to_a_machine(observed: Observed) -> Found:
    """Where the worker is asked, or Twilio; and where a key decides, nobody who did not press 1 or say yes."""
    for leg in observed.legs.values():
        mode = mode_of(observed, leg)
        if mode == "at-once":
            continue
        if not leg.own:
            yield Violation(12, leg.call_sid, f"{leg.sid} is TaskRouter's own, which asks nothing, in mode {mode}")
        if leg.conversations and leg.is_machine:
            yield Violation(12, leg.call_sid, f"the caller is joined to a machine in mode {mode}")
        elif leg.conversations and mode != "detect" and not _took(leg):
            yield Violation(12, leg.call_sid, f"the caller is joined to a worker who did not take them in mode {mode}")


def _took(leg: Leg) -> bool:
    """Whether the last that this worker pressed or said before they were joined takes the caller."""
    before = [what for at, what in leg.replies if at <= leg.conversations[0].start]
    return bool(before) and before[-1] in TAKES


def who_took_the_call_gets_it(observed: Observed) -> Found:
    """A wrong key drops nobody, and nobody is hung up on who pressed 1: where nothing goes wrong they are joined."""
    for leg in observed.legs.values():
        took = [at for at, what in leg.replies if what == "1"]
        reservation = observed.reservations[leg.reservation_sid]
        about = (leg.sid, leg.reservation_sid, leg.call_sid, reservation.task_sid)
        if not took or leg.conversations or not leg.asks or observed.faults_about(about):
            continue
        if (
            leg.asks[0] <= took[0]
            and min(observed.calls[leg.call_sid].ended, reservation.ended_in_vain) > took[0] + SOON
        ):
            yield Violation(12, leg.call_sid, f"{leg.sid} pressed 1 and was not joined")


def nobody_who_talks_is_hung_up_on(observed: Observed) -> Found:
    """A verdict that comes after the key changes nothing."""
    for leg in observed.legs.values():
        talks = [talk for talk in leg.conversations if talk.start < leg.ended <= talk.end]
        if leg.own and talks and leg.ended_by == "rest":
            yield Violation(12, leg.call_sid, f"{leg.sid} is hung up on in the middle of the talk")


def nobody_is_asked_about_who_has_left(observed: Observed) -> Found:
    for leg in observed.legs.values():
        over = observed.reservations[leg.reservation_sid].ended_in_vain
        about = (leg.sid, leg.reservation_sid, leg.call_sid)
        bound = LATER if observed.faults_about(about, LOST) else SOON
        if any(at > over + bound for at in leg.asks):
            yield Violation(12, leg.call_sid, f"{leg.sid} is asked when {leg.reservation_sid} is over")

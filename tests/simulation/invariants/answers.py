"""Invariant 8: Twilio gets its answers."""

import json

from chalicelib.twilio import urls
from emulator.clock.scheduler import NOT_IMITATED
from tests.simulation.gateway import NOBODY_WAITS, Delivery
from tests.simulation.invariants.terms import AWS, Found, Violation, secret_is_old
from tests.simulation.observed import Observed

TWILIO = ("rest_", "twilio_down")
LAMBDA = {"lambda_dies", "timeout", "cold_start"}
# Twilio's complaints about what it was answered (contract 1.4, 7.6), and what the emulator would have to imitate.
INVALID = frozenset(
    {NOT_IMITATED, "11200", "12100", "12200", "12300", "14201", "14202", "14203", "14206", "14220", "14221", "14222"}
)


def answers_are_good(observed: Observed) -> Found:
    for delivery in observed.world.gateway.deliveries:
        call_sid = next((sid for sid in delivery.about if sid in observed.calls), "")
        if delivery.seconds > urls.seconds_of(delivery.route) and not set(delivery.troubles) & LAMBDA:
            yield Violation(8, call_sid, f"{delivery.route} answered after {delivery.seconds:.1f} s")
        if any(trouble.startswith(AWS) for trouble in delivery.troubles):
            continue
        is_asked_again = _is_asked_again(observed, delivery)
        waits = delivery.route not in NOBODY_WAITS and not is_asked_again
        if waits and delivery.seconds > delivery.deadline:  # what Twilio's earlier tries have left of it
            yield Violation(8, call_sid, f"{delivery.route} answered after {delivery.seconds:.1f} s")
        if not (200 <= delivery.status < 300 or is_asked_again):
            yield Violation(8, call_sid, f"{delivery.route} answered {delivery.status}")
    for _, code, sid in observed.warnings:
        excuses = (*AWS, *TWILIO) if sid.startswith(("SM", "MM")) else AWS  # it is asked again then
        if code in INVALID and not observed.faults_about((sid,), excuses):
            yield Violation(8, sid, f"Twilio warns: {code}")


def _is_asked_again(observed: Observed, delivery: Delivery) -> bool:
    """Whether Twilio's REST failed at a worker's text, which Twilio is to bring again then."""
    return delivery.route == urls.STAFF_MESSAGE.path and bool(observed.faults_about(delivery.about, TWILIO))


def a_secret_that_was_read_lasts(observed: Observed) -> Found:
    """While SSM is out of reach the last good one counts: no webhook is refused, no job and no sweep fails for it."""
    for delivery in observed.world.gateway.deliveries:
        only_ssm = all(trouble.startswith("ssm") for trouble in delivery.troubles if trouble.startswith(AWS))
        until = delivery.at + delivery.seconds
        lasts = observed.secret.was_known(delivery.at, until) and not secret_is_old(observed, until)
        if only_ssm and lasts and not (200 <= delivery.status < 300 or _is_asked_again(observed, delivery)):
            yield Violation(8, "", f"{delivery.route} answered {delivery.status} for want of a secret that was read")
    for began, ended, what in observed.secret.missed:
        if observed.secret.was_known(began, ended):
            yield Violation(8, "", f"{what} has no credentials at {ended:.0f}, though they were read")


def nothing_is_sent_again(observed: Observed) -> Found:
    """A write that was not answered in time may have been done, and the next try would cost the time of the answer."""
    for request in observed.sent_again:
        yield Violation(8, "", f"sent again, though it may be done: {request}")


def instructions_are_good(observed: Observed) -> Found:
    """An assignment's answer is nothing, or an instruction that Twilio knows."""
    for delivery in observed.world.gateway.deliveries:
        if delivery.route.endswith("assignment") and delivery.status == 200 and delivery.body:
            instruction = json.loads(delivery.body).get("instruction")
            if instruction not in ("dequeue", "reject"):
                yield Violation(8, delivery.about[-1], f"the assignment was answered {instruction}")

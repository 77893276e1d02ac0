"""Invariant 8: Twilio gets its answers."""

import json

from chalicelib.twilio import urls
from emulator.clock.scheduler import NOT_IMITATED
from tests.simulation.gateway import NOBODY_WAITS
from tests.simulation.invariants.terms import AWS, Found, Violation
from tests.simulation.observed import Observed

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
        waits = delivery.route not in NOBODY_WAITS
        if waits and delivery.seconds > delivery.deadline:  # what Twilio's earlier tries have left of it
            yield Violation(8, call_sid, f"{delivery.route} answered after {delivery.seconds:.1f} s")
        if not 200 <= delivery.status < 300:
            yield Violation(8, call_sid, f"{delivery.route} answered {delivery.status}")
    for _, code, sid in observed.warnings:
        if code in INVALID and not observed.faults_about((sid,), AWS):
            yield Violation(8, sid, f"Twilio warns: {code}")


def instructions_are_good(observed: Observed) -> Found:
    """An assignment's answer is nothing, or an instruction that Twilio knows."""
    for delivery in observed.world.gateway.deliveries:
        if delivery.route.endswith("assignment") and delivery.status == 200 and delivery.body:
            instruction = json.loads(delivery.body).get("instruction")
            if instruction not in ("dequeue", "reject"):
                yield Violation(8, delivery.about[-1], f"the assignment was answered {instruction}")

"""Invariants 3, 7 and 9: the CRM comes first, hears of every attempt, and its failure costs a budget and no worker."""

from collections import Counter
from collections.abc import Iterator

from chalicelib.lifecycle.closing import PAUSE_SECONDS
from tests.simulation.crm import Said
from tests.simulation.invariants.terms import (
    CRM_FAILS,
    PEOPLE,
    RULES,
    SOON,
    Found,
    Violation,
    fell_back_to_direct,
    may_ring_without_crm,
    rules_of,
)
from tests.simulation.observed import FOREVER, Observed, Reserved


def crm_first(observed: Observed) -> Found:
    yes: dict[str, float] = {}
    for answer in observed.world.crm.log:
        if answer.said == "yes":
            yes.setdefault(answer.key, answer.at)
    for leg in observed.legs.values():
        without = (leg.own or leg.by_desk) and yes.get(leg.reservation_sid, FOREVER) > leg.dialed
        if without and not may_ring_without_crm(observed, leg):
            yield Violation(3, leg.call_sid, f"{leg.sid} rings without the CRM's yes to {leg.reservation_sid}")
        rules = rules_of(observed, leg.reservation_sid)
        if not (leg.own or leg.by_desk) and rules.mode == "crm-first":
            outage = observed.faults_about((leg.reservation_sid,), ("dynamodb", "sqs"))
            if not outage or rules.on_outage != "direct":
                yield Violation(3, leg.call_sid, f"{leg.sid} was dequeued without the CRM")


def crm_no_is_a_rejection(observed: Observed) -> Found:
    """A CRM that fails says neither yes nor no; a no that it failed to bring across is one that nobody heard."""
    for reservation, at in _refused(observed):
        sid, ended = reservation.sid, reservation.statuses[-1][0]
        unheard = bool(observed.faults_about((sid,), CRM_FAILS))
        allowed = SOON + (PAUSE_SECONDS + RULES.crm.budget_seconds if unheard else 0)
        fair = ("rejected", "canceled", "rescinded", *(["timeout"] if observed.faults_about((sid,)) else []))
        if reservation.status not in fair:
            yield Violation(3, reservation.call_sid, f"the CRM said no to {sid}, which ended {reservation.status}")
        elif ended > at + allowed and not _troubled(observed, sid):
            yield Violation(3, reservation.call_sid, f"{sid} ended only {ended - at:.0f} s after the CRM's no")


def _refused(observed: Observed) -> Iterator[tuple[Reserved, float]]:
    """The reservations to which the CRM said no and nothing else, and when; not one that may ring without its word."""
    said: dict[str, set[Said]] = {}
    last: dict[str, float] = {}
    for answer in observed.world.crm.log:
        said.setdefault(answer.key, set()).add(answer.said)
        last[answer.key] = answer.at
    excused = {leg.reservation_sid for leg in observed.legs.values() if may_ring_without_crm(observed, leg)}
    for sid, answers in said.items():
        known = sid in observed.reservations and answers == {"no"}
        if known and sid not in excused and not fell_back_to_direct(observed, sid):
            yield observed.reservations[sid], last[sid]


def _troubled(observed: Observed, reservation_sid: str) -> bool:
    """Whether anything but the CRM and people went wrong about this reservation, its call or its worker."""
    reservation = observed.reservations[reservation_sid]
    about = (reservation_sid, reservation.call_sid, reservation.task_sid, reservation.worker_sid)
    return any(not fault.kind.startswith(("crm_", *PEOPLE)) for fault in observed.faults_about(about))


def crm_hears_of_each(observed: Observed) -> Found:
    about: dict[str, tuple[str, str]] = {}
    for answer in observed.world.crm.log:
        reservation = observed.reservations.get(answer.key) or observed.work.reservations.get(answer.key)
        if reservation is None or (_subject(observed, reservation), reservation.worker_sid) != (
            answer.call_sid,
            answer.worker_sid,
        ):
            yield Violation(7, answer.call_sid, f"the key {answer.key} is not of this call and worker")
        if about.setdefault(answer.key, (answer.call_sid, answer.worker_sid)) != (answer.call_sid, answer.worker_sid):
            yield Violation(7, answer.call_sid, f"the key {answer.key} is of two attempts")
    for leg in observed.legs.values():
        if leg.own and leg.reservation_sid not in about and not may_ring_without_crm(observed, leg):
            yield Violation(7, leg.call_sid, f"the CRM was never asked about {leg.reservation_sid}")


def _subject(observed: Observed, reservation: Reserved) -> str:
    """What the CRM is asked about: the call, that of a colleague who is asked first too, or the work itself."""
    work = observed.world.work_of.get(reservation.task_sid, {})
    return reservation.call_sid or str(work.get("consult_call") or reservation.task_sid)


def nobody_loops_for_the_crm(observed: Observed) -> Found:
    """Where nothing else goes wrong with a call, its caller is offered so often in vain, and then led out."""
    failed = Counter(row["call_sid"] for row in observed.world.rows() if row.get("reason", "").startswith("CRM failed"))
    for call_sid, times in failed.items():
        other = [fault for fault in observed.faults_about((call_sid,)) if not fault.kind.startswith(("crm_", *PEOPLE))]
        if times > RULES.crm.breaker_failures and not other:
            yield Violation(9, call_sid, f"the CRM fails {times} times for one caller")


def the_crm_keeps_to_its_budget(observed: Observed) -> Found:
    for call_sid, seconds in observed.crm_seconds:
        if seconds > RULES.crm.budget_seconds + 0.01:
            yield Violation(9, call_sid, f"the CRM holds a job for {seconds:.1f} s")
    if observed.crm_overreads:
        yield Violation(9, "", "megabytes of the CRM's answer are read")

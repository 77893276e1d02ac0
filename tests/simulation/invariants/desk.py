"""Invariant 24: a worker at the desk is rung by nobody's job, may take whom the CRM allows, and what they write stays.

That nobody is joined before the CRM's yes, and that each talk is with one worker, other invariants say for all legs.
"""

from tests.simulation.desks import AT_DESK
from tests.simulation.invariants.terms import SOON, Found, Violation, rules_of
from tests.simulation.observed import FOREVER, Observed, Reserved

A_LOOK = 3.0  # of a page: what it asks each second, and its way


def no_job_rings_a_worker_at_the_desk(observed: Observed) -> Found:
    if observed.world.desks is None:
        return
    for leg in observed.legs.values():
        if (
            leg.own
            and observed.reservations[leg.reservation_sid].worker in AT_DESK
            and _is_at_desk(observed, leg.reservation_sid)
        ):
            yield Violation(24, leg.call_sid, f"a job rings {leg.sid}, whose worker is at the desk")


def _is_at_desk(observed: Observed, reservation_sid: str) -> bool:
    """Whether the queue is one whose callers are taken there."""
    return rules_of(observed, reservation_sid).mode == "crm-first"


def who_may_be_taken_is_shown_so(observed: Observed) -> Found:
    """Where nothing goes wrong with the reservation, or with the worker's page: soon after the CRM's yes."""
    desks = observed.world.desks
    if desks is None:
        return
    yes = {answer.key: answer.at for answer in observed.world.crm.log if answer.said == "yes"}
    for reservation in observed.reservations.values():
        said = yes.get(reservation.sid, FOREVER)
        if reservation.worker not in AT_DESK or not _is_at_desk(observed, reservation.sid):
            continue
        if _pending_until(reservation) < said + SOON + A_LOOK or _is_troubled(observed, reservation):
            continue
        if desks.yes.get(reservation.sid, FOREVER) > said + SOON + A_LOOK:
            yield Violation(24, reservation.call_sid, f"the page does not show that {reservation.sid} may be taken")


def _pending_until(reservation: Reserved) -> float:
    return next((at for at, status in reservation.statuses if status != "pending"), FOREVER)


def _is_troubled(observed: Observed, reservation: Reserved) -> bool:
    desks = observed.world.desks
    about = (reservation.sid, reservation.call_sid, reservation.task_sid)
    until = _pending_until(reservation)
    closed = desks.closed.get(reservation.worker_sid, []) if desks else []
    was_away = any(
        at - OPENED_WITHIN < reservation.statuses[0][0] < at + OPENED_WITHIN or at < until < at + OPENED_WITHIN
        for at in closed
    )
    return was_away or bool(observed.faults_about(about))


OPENED_WITHIN = 60.0  # of the end of a page, another one is


def what_was_written_is_kept(observed: Observed) -> Found:
    """It, or what was sent of the same talk from another page, whose answer may be lost."""
    desks = observed.world.desks
    rows = {row["item"]: row for row in observed.world.rows()} if desks else {}
    for written in desks.written if desks else ():
        notes = [one.note for one in desks.sent if one.reservation_sid == written.reservation_sid] if desks else []
        row = rows.get(written.reservation_sid, {})
        if row.get("note") not in notes:
            yield Violation(24, row.get("call_sid", ""), f"what was written of {written.reservation_sid} is lost")

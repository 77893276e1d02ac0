"""Invariant 6: the table is true."""

from collections.abc import Iterator
from typing import Any

from tests.simulation.invariants.terms import LOST, Found, Violation, secret_is_old
from tests.simulation.observed import Leg, Observed, Reserved

_FAIR_ENDS = (  # of a sweep: done, or AWS is not up
    "done",
    "TwilioDenied('no credentials",
    "Died",
    "EndpointConnectionError",
    "ConnectTimeoutError",
    "ConnectionClosedError",
    "ReadTimeoutError",
    "ClientError",
)


def the_table_is_true(observed: Observed) -> Found:
    links = [row for row in observed.world.rows() if row["item"].startswith("WR")]
    rows = {row["item"]: row for row in links if row["item"] not in observed.work.reservations}
    for sid, reservation in observed.reservations.items():
        row = rows.pop(sid, None)
        if row is None:
            if not observed.faults_about((sid, reservation.call_sid), LOST):
                yield Violation(6, reservation.call_sid, f"{sid} has no link")
            continue
        yield from (
            Violation(6, reservation.call_sid, f"link {sid} {wrong}") for wrong in _wrong(observed, reservation, row)
        )
    for sid, row in rows.items():
        yield Violation(6, row["call_sid"], f"link {sid} of a reservation that never was")


def _wrong(observed: Observed, reservation: Reserved, row: dict[str, Any]) -> Iterator[str]:
    if row["state"] != "closed":
        yield f"is still {row['state']}"
        return
    if "open" in row or "check_at" in row:
        yield "is closed, and still in the open index"
    if row.get("outcome") != reservation.status:
        yield f"says {row.get('outcome')}, and the reservation ended {reservation.status}"
    if (
        row["call_sid"] != reservation.call_sid
        or row.get("worker_sid", reservation.worker_sid) != reservation.worker_sid
    ):
        yield "is about another call or worker"
    legs = [leg for leg in observed.legs.values() if leg.reservation_sid == reservation.sid]
    talks = [talk for leg in legs for talk in leg.conversations]
    if (row.get("outcome") == "completed") != bool(talks) or (row.get("bridged_at") and not talks):
        yield f"{'does not know' if talks else 'invents'} a conversation"
    yield from _wrong_leg(observed, legs, row)


def _wrong_leg(observed: Observed, legs: list[Leg], row: dict[str, Any]) -> Iterator[str]:
    known = row.get("worker_call_sid", "")
    if known and known not in observed.world.twilio.context.calls:
        yield f"has a worker leg {known} that never was"
    talked = [leg.sid for leg in legs if leg.conversations]
    if known and talked and known not in talked:
        yield f"has the worker leg {known}, and {talked[0]} was joined"


def calls_are_true(observed: Observed) -> Found:
    """The call's own record, where every event of it came."""
    rows = {row["call_sid"]: row for row in observed.world.rows() if row["item"] == "CALL"}
    latest = {history[0][2]: history for history in observed.tasks.values()}
    for call_sid, history in latest.items():
        row = rows.get(call_sid)
        if observed.faults_about((call_sid,), LOST):
            continue
        if row is None:
            yield Violation(6, call_sid, "the call has no record")
        elif bool(row.get("completed_at")) != any(status == "completed" for _, status, _ in history):
            yield Violation(6, call_sid, "the record and the task disagree on the end")


def sweeps_do_not_fail(observed: Observed) -> Found:
    for event in observed.world.trace:
        fair = (*_FAIR_ENDS, "TwilioDenied") if secret_is_old(observed, event.at) else _FAIR_ENDS
        if event.kind == "sweep" and not event.detail["ended"].startswith(fair):
            yield Violation(6, "", f"a sweep ended with {event.detail['ended']}")

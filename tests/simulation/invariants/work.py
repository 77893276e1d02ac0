"""Invariant 13: work that is no call is done once."""

from collections import Counter

from tests.simulation.invariants.terms import LOST, TAKES, Found, Violation, callback_of
from tests.simulation.observed import Observed


def an_order_becomes_one_task(observed: Observed) -> Found:
    """However often it is sent, and whatever is lost on the way."""
    made = Counter(attributes.get("work_key") for attributes in observed.world.work_of.values())
    for order in observed.world.orders.orders.values():
        if not order.task_sid:
            yield Violation(13, "", f"the order {order.key} was never made")
        if made[order.work_key] > 1:
            yield Violation(13, "", f"the order {order.key} is {made[order.work_key]} tasks")


def work_is_done(observed: Observed) -> Found:
    """A message's task may end undone: then another one follows."""
    for sid, history in observed.work.tasks.items():
        statuses = [status for _, status in history]
        may_be_canceled = is_message(observed, sid) or callback_of(observed, sid) or is_consult(observed, sid)
        ends = ("completed", "canceled") if may_be_canceled else ("completed",)
        if sum(status in ends for status in statuses) != 1:
            yield Violation(13, "", f"the work {sid} ends {statuses[-1]}")
    rows = observed.world.rows_of_work()
    for sid, reservation in observed.work.reservations.items():
        row = rows.get(sid)
        about = (sid, reservation.task_sid)
        if row is None and not observed.faults_about(about, LOST):
            yield Violation(13, "", f"{sid} of the work {reservation.task_sid} has no link")
        elif row and (row["state"], row.get("outcome")) != ("closed", reservation.status):
            yield Violation(13, "", f"{sid} is {reservation.status}; its link {row['state']} {row.get('outcome')}")


def no_customers_phone_rings_without_a_key(observed: Observed) -> Found:
    """That of a lead at most once. Who left a message is called by a key of its own."""
    rung = Counter(number for _, _, number in observed.work.customers)
    leads = {order.phone for order in observed.world.orders.orders.values()}
    for at, sid, number in observed.work.customers:
        leg = observed.work.legs.get(sid)
        keys = ("2",) if leg and is_message(observed, leg.call_sid) else TAKES
        if leg is None or not any(said <= at and what in keys for said, what in leg.replies):
            yield Violation(13, "", f"{number} is rung by {sid}, where nobody pressed {keys[0]}")
        if number in leads and rung[number] > 1:
            yield Violation(13, "", f"{number} is rung {rung[number]} times")


def is_consult(observed: Observed, task_sid: str) -> bool:
    """Whether a colleague is asked about a caller by this task."""
    return observed.world.work_of[task_sid].get("kind") == "consult"


def is_message(observed: Observed, task_sid: str) -> bool:
    """Whether this task offers a caller's message to workers."""
    return observed.world.work_of[task_sid].get("kind") == "message"

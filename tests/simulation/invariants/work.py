"""Invariant 13: work that is no call is done once."""

from collections import Counter

from tests.simulation.invariants.terms import LOST, Found, Violation
from tests.simulation.observed import Observed


def an_order_becomes_one_task(observed: Observed) -> Found:
    """However often it is sent, and whatever is lost on the way."""
    tasks = observed.world.twilio.router.workspace.tasks.values()
    made = Counter(task.attributes.get("work_key") for task in tasks if not task.call_sid)
    for order in observed.world.orders.orders.values():
        if not order.task_sid:
            yield Violation(13, "", f"the order {order.key} was never made")
        if made[f"lead/{order.key}"] > 1:
            yield Violation(13, "", f"the order {order.key} is {made[f'lead/{order.key}']} tasks")


def work_is_done(observed: Observed) -> Found:
    for sid, history in observed.work.tasks.items():
        statuses = [status for _, status in history]
        if statuses.count("completed") != 1:
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
    """And each customer's at most once."""
    rung = Counter(number for _, _, number in observed.work.customers)
    for at, sid, number in observed.work.customers:
        leg = observed.work.legs.get(sid)
        if leg is None or not any(said <= at and what in ("1", "yes please") for said, what in leg.replies):
            yield Violation(13, "", f"{number} is rung by {sid}, where nobody pressed 1")
        if rung[number] > 1:
            yield Violation(13, "", f"{number} is rung {rung[number]} times")

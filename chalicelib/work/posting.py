"""An order becomes one task, although Twilio takes the same request twice for two (contract 5).

The order's row is claimed by one conditional write, the task posted, its sid kept in the row. Where the answer of
Twilio, or the last write, is lost, the claim lapses, and whoever sends the order again finds the task by its key first.
"""

from typing import NamedTuple

from chalicelib.config.schema import Work
from chalicelib.links import orders
from chalicelib.observability import log
from chalicelib.twilio import rest
from chalicelib.work.order import Order

LEASE_SECONDS = 30  # more than a request may take: who has claimed the order is not at work on it any more


class AnotherOrder(Exception):
    """The key has been used for something else."""


class AtWork(Exception):
    """The same order is being posted at this moment."""


class Posted(NamedTuple):
    task_sid: str
    is_new: bool


def post(order: Order, rules: Work, now: float, *, virtual_start: float = 0) -> Posted:
    """The task of this order, in the place of one that was made at `virtual_start`, in epoch seconds; 0: now.

    Raises AnotherOrder, AtWork, rest.TwilioRejected, rest.NotDone, and what AWS raises.
    """
    standing = orders.claim(order.work_key, order.digest, now, LEASE_SECONDS)
    if standing.digest != order.digest:
        raise AnotherOrder
    if standing.task_sid:
        return Posted(standing.task_sid, is_new=False)
    if not standing.is_claimed:
        raise AtWork
    found = rest.tasks.find(order.work_key) if standing.was_claimed_before else ""
    task_sid = found or _make(order, rules, virtual_start)
    orders.keep(order.work_key, task_sid)
    log.info("work is ordered", task_sid=task_sid, kind=order.kind)
    return Posted(task_sid, is_new=not found)


def _make(order: Order, rules: Work, virtual_start: float) -> str:
    try:
        return rest.tasks.create(
            rest.tasks.NewTask(
                attributes=order.task_attributes,
                channel=rules.channel,
                priority=rules.priority if order.priority is None else order.priority,
                timeout=rules.timeout,
                virtual_start=virtual_start,
            )
        )
    except (rest.TwilioRejected, rest.TwilioUnavailable, rest.TwilioDenied):
        orders.release(order.work_key)  # nothing was made: it may be sent again at once
        raise

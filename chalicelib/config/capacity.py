"""How many functions run at once: by the calls that are expected, the CRM's time, and what Lambda gives the account.

Each number is a load, that is arrivals a second times the seconds of one, and on top twice its square root for the
moments in which more come than on average.
"""

from collections.abc import Mapping
from math import ceil, sqrt
from typing import NamedTuple

from chalicelib.config.schema import CallCenter

RINGS_A_CALL = 1.5  # workers who are tried until one takes the call
RING_SECONDS = 1.0  # of a ring's job beside the CRM: Twilio is asked four times, DynamoDB and SQS a few more
AFTER_CALL_SECONDS = 2.0  # of the jobs after a call beside the CRM, and of the sweep's looks at its talk
WEBHOOKS_A_CALL = 25  # rounds of music among them
WEBHOOK_SECONDS = 0.1
BESIDE = 1  # the sweep

NEW_ACCOUNT = 10  # executions at once that AWS gives it
RINGS_PART, AFTER_CALL_PART = 0.4, 0.2  # of the account, at most: the rest is for webhooks, which have five seconds
FEWEST, MOST = 2, 1000  # of a queue's trigger, as Lambda has it


class AtOnce(NamedTuple):
    """Executions at the same time."""

    rings: int
    after_call: int
    webhooks: int

    @property
    def together(self) -> int:
        return sum(self) + BESIDE


def needed(center: CallCenter) -> AtOnce:
    """What the expected calls need, should the CRM take all the time that it may."""
    a_second = center.calls_per_minute / 60
    adapters = {*(queue.crm for queue in center.queues.values()), *(work.crm for work in center.work.values())}
    crm = center.crm.budget_seconds if adapters - {"none"} else 0.0
    return AtOnce(
        _of_queue(a_second * RINGS_A_CALL * (RING_SECONDS + crm)),
        _of_queue(a_second * (AFTER_CALL_SECONDS + (crm if center.crm.after else 0.0))),
        _staffed(a_second * WEBHOOKS_A_CALL * WEBHOOK_SECONDS),
    )


def allowed(center: CallCenter, variables: Mapping[str, str]) -> AtOnce:
    """What a stage with these variables gets: no more than the account has room for, unless JOBS_AT_ONCE says it."""
    wanted, account = needed(center), of_account(variables)
    rings = int(variables.get("JOBS_AT_ONCE") or min(wanted.rings, int(account * RINGS_PART)))
    after_call = min(wanted.after_call, int(account * AFTER_CALL_PART))
    return AtOnce(max(rings, FEWEST), max(after_call, FEWEST), wanted.webhooks)


def of_account(variables: Mapping[str, str]) -> int:
    """The account's concurrent executions, as a deployment has found them; those of a new account before one has."""
    return int(variables.get("CONCURRENT_EXECUTIONS") or NEW_ACCOUNT)


def _of_queue(load: float) -> int:
    return min(max(_staffed(load), FEWEST), MOST)


def _staffed(load: float) -> int:
    return ceil(load + 2 * sqrt(load))

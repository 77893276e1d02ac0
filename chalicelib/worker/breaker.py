"""The CRM's circuit breaker: after `crm.breaker_failures` failures in a row it is not asked for a while.

One row of the links table for each adapter counts the failures, by compare and swap. A CRM that answers costs nothing:
a process remembers when it was last answered, and counts no failure from before that. It writes a success only when
it knows of failures that the row has. Nor does it read the row: a process that knows of no failure asks the CRM, and
learns from counting its own failure that the breaker is open. While it is, that is one attempt more for each process.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import msgspec

from chalicelib.config import callcenter
from chalicelib.links import breakers
from chalicelib.links.model import Breaker
from chalicelib.observability import log

CLOSED = Breaker()
FORGOTTEN_SECONDS = 300  # a failure that is older is not in a row with the next one
MOST_TRIES = 10  # to be the next who writes: more than there are jobs at once


@dataclass
class Known:
    """What this process knows of one adapter: the row as it saw it last, and when the CRM last answered it."""

    row: Breaker = CLOSED
    answered_at: float = 0.0


@cache
def known(adapter: str) -> Known:
    del adapter  # one each
    return Known()


def may_ask(adapter: str, now: float) -> bool:
    """Whether the CRM may be asked. Of those who find the breaker open, one may every `crm.breaker_seconds`."""
    row = known(adapter).row
    if not row.is_open or now < row.retry_at:
        return not row.is_open
    later = now + callcenter.current().crm.breaker_seconds
    return _swap(adapter, msgspec.structs.replace(row, retry_at=later), now) or may_ask(adapter, now)


def failed(adapter: str, now: float) -> bool:
    """Count a failure; returns whether the breaker is open now."""
    state = known(adapter)
    since = max(state.answered_at, now - FORGOTTEN_SECONDS)
    seen, counted = _change(adapter, lambda row: _after_failure(row, since, now), now)
    if counted.is_open and not seen.is_open:
        log.error("CRM breaker opens", adapter=adapter, failures=counted.failures)
    return counted.is_open


def answered(adapter: str, now: float) -> None:
    """The CRM answered, whatever it said: the failures before are over."""
    state = known(adapter)
    state.answered_at = now
    if state.row.failures:
        seen, _ = _change(adapter, lambda _row: CLOSED, now)
        if seen.is_open:
            log.info("CRM breaker closes", adapter=adapter)


def _after_failure(row: Breaker, since: float, now: float) -> Breaker:
    rules = callcenter.current().crm
    failures = 1 + (row.failures if row.failed_at >= since else 0)
    retry_at = now + rules.breaker_seconds if failures >= rules.breaker_failures else 0.0
    return Breaker(failures=failures, failed_at=now, retry_at=retry_at)


def _change(adapter: str, change: Callable[[Breaker], Breaker], now: float) -> tuple[Breaker, Breaker]:
    """Make of the row what `change` makes of it; returns it as it was, and as it is."""
    for _ in range(MOST_TRIES):
        seen = known(adapter).row
        if _swap(adapter, change(seen), now):
            break
    return seen, known(adapter).row


def _swap(adapter: str, new: Breaker, now: float) -> bool:
    """Write the row, if it is still as this process knows it; else only know it as it is."""
    state = known(adapter)
    state.row = breakers.swap(adapter, state.row, new, now)
    return state.row == new

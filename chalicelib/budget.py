"""The time that this invocation has for its answer: every request takes its time-out from what is left of it."""

import time
from contextvars import ContextVar

_FOREVER = float("inf")

# A variable of the context and not of the module: invocations that take turns in one process do not mix.
_until: ContextVar[float] = ContextVar("until", default=_FOREVER)


class OutOfTime(Exception):
    """There is no time left to ask and to answer: nothing was asked."""


class Until:
    """A block that has to be over at this moment, in epoch seconds."""

    __slots__ = ("_at", "_token")

    def __init__(self, at: float) -> None:
        self._at = at

    def __enter__(self) -> None:
        self._token = _until.set(self._at)

    def __exit__(self, *_: object) -> None:
        _until.reset(self._token)


def seconds_left() -> float:
    """Until the innermost block has to be over; endless outside of one."""
    return _until.get() - time.time()

"""From when on a number of the wallboard is red: [console] (pure)."""

from typing import Annotated

import msgspec
from msgspec import Meta

Limit = Annotated[int, Meta(ge=0, le=100_000)]


class Console(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A number is red that is beyond its limit; 0: never.

    `callers_waiting` and `longest_wait`, in seconds, are of who waits now, `abandoned` of today; `service_level`, in
    percent, is red below its limit, and so is the number of workers who take calls, below `workers_available`.
    """

    callers_waiting: Limit = 5
    longest_wait: Limit = 120
    abandoned: Limit = 0
    service_level: Annotated[int, Meta(ge=0, le=100)] = 80
    workers_available: Limit = 1

"""What callers are told of their place and their wait: what means something, and never more than before (pure)."""

import math
from collections.abc import Sequence
from typing import NamedTuple

MOST_CALLS = 50  # of all lines, the latest, among which those of one are looked for
FEWEST_TALKS = 3  # fewer say nothing of the next wait
LATEST_TALKS = 9
SHORTEST_SECONDS = 60  # of what is left
FIRST_PLACE = 2  # that is told: who is next hears it from the worker


class Told(NamedTuple):
    """What a caller has heard so far, the place and the minutes; 0: nothing. They wait `since`, in epoch seconds."""

    position: int = 0
    minutes: int = 0
    since: int = 0


def minutes(waits: Sequence[int], waited: int) -> int:
    """What is left of a wait, by those of the latest talks, the newest first; 0 where nobody knows, or it is short."""
    if len(waits) < FEWEST_TALKS:
        return 0
    latest = sorted(waits[:LATEST_TALKS])
    left = latest[len(latest) // 2] - waited
    return math.ceil(left / 60) if left >= SHORTEST_SECONDS else 0


def to_tell(position: int, left: int, before: Told) -> Told:
    """What is told now; 0 for what is not: it means nothing, or is more than the caller has heard before."""
    return Told(_falling(position if position >= FIRST_PLACE else 0, before.position), _falling(left, before.minutes))


def _falling(new: int, before: int) -> int:
    return new if not before or new <= before else 0

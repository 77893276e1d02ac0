"""Which memory a function is given: what a warm assignment takes and costs at each size, and what a process uses.

Lambda gives a function the part of a processor that its memory buys. bench/warm.py measures. (Pure.)
"""

from collections.abc import Iterator
from typing import NamedTuple

from bench import counts
from bench.cost import MILLION, PRICES

WHOLE_PROCESSOR = 1769  # megabytes that buy one, as AWS documents it
SIZES = (256, 512, 1024, 1769)
TALK_MEGABYTES = 64  # the largest recorded talk that a job holds
# Assumed: that a webhook waits for AWS, of the 55 ms that bench/counts.py has at 512 MB.
WAITING_SECONDS = 0.045


class Measured(NamedTuple):
    """Seconds of a whole processor that a warm assignment takes, and megabytes that a process has had in use."""

    warm_seconds: float
    api_megabytes: float
    job_megabytes: float


def seconds(warm_seconds: float, megabytes: int) -> float:
    """That a webhook takes at this size: the waiting, and the work with its part of a processor."""
    return WAITING_SECONDS + warm_seconds / min(1.0, megabytes / WHOLE_PROCESSOR)


def dollars(warm_seconds: float, megabytes: int) -> float:
    """Of a million webhooks, without the price of a request."""
    return MILLION * seconds(warm_seconds, megabytes) * megabytes / 1024 * PRICES["lambda_gb_seconds_arm64"]


def lines(found: Measured) -> Iterator[str]:
    yield "memory of the API's function: a warm assignment, and what Lambda takes for a million, requests apart"
    for size in SIZES:
        took = seconds(found.warm_seconds, size) * 1e3
        chosen = "   chosen" if size == counts.WEBHOOK_GIGABYTES * 1024 else ""
        yield f"  {size:5} MB {took:8.0f} ms {dollars(found.warm_seconds, size):8.2f} dollars{chosen}"
    yield f"  a warm assignment takes {found.warm_seconds * 1e3:.1f} ms of a whole processor"
    yield f"  in use: API {found.api_megabytes:.0f} MB; a job {found.job_megabytes:.0f} MB, and a talk {TALK_MEGABYTES}"

"""What a job, and one look of the sweep, asks of Twilio and AWS; tests/webhooks/test_scale_counts.py plays each."""

from collections.abc import Mapping
from typing import NamedTuple


class Asked(NamedTuple):
    """Requests, one after the other; what the CRM is asked comes on top."""

    twilio: int
    aws: int


JOBS: Mapping[str, Asked] = {
    "ring": Asked(3, 5),
    "wrap-up": Asked(5, 1),
    "told to the CRM": Asked(0, 1),
    "look at a talk": Asked(2, 2),
    "look at a caller": Asked(2, 1),
}

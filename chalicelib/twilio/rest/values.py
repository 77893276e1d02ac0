"""Values in what Twilio answers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.twilio.values import attributes


def epoch(at: datetime | None) -> float:
    return at.timestamp() if at else 0.0


def attributes_of(json: str | None) -> Mapping[str, Any]:
    try:
        return attributes(json or "{}")
    except ValueError:
        return {}

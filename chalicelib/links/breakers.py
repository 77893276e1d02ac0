"""The circuit breaker of each CRM adapter."""

import msgspec

from chalicelib.links import table
from chalicelib.links.model import Breaker, Key

BREAKERS = "CRM"


def swap(adapter: str, seen: Breaker, new: Breaker, now: float) -> Breaker:
    """Write the breaker of this adapter, if it is as it was `seen`. Returns the one that stands then."""
    condition = " AND ".join(f"{name} = :seen_{name}" for name in Breaker.__struct_fields__)
    if seen == Breaker():
        condition = f"attribute_not_exists(failures) OR ({condition})"
    expected = {f":seen_{name}": value for name, value in msgspec.to_builtins(seen).items()}
    try:
        table.write(
            Key(BREAKERS, adapter), table.Write({**msgspec.to_builtins(new), **table.expiry(now)}, condition, expected)
        )
    except table.ConditionFailed as failed:
        return msgspec.convert(failed.row, Breaker)
    return new

"""One call as the table has it, found by either leg."""

from chalicelib.links import reading
from chalicelib.links.model import CallRecord
from ops.aws import client


def find(table_name: str, call_sid: str) -> CallRecord | None:
    """The call to which this leg, the caller's or a worker's, belongs; None when there is none. Raises AwsError."""
    with client.plain(f"read the table {table_name}"):
        record = reading.of_call(call_sid, table_name)
        if record.call is None and not record.links:
            link = reading.by_worker_leg(call_sid, table_name)
            return reading.of_call(link.subject, table_name) if link else None
    return record

"""What is known of a call, and which link is a leg's, or a worker's."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from chalicelib.config import environment
from chalicelib.links import table
from chalicelib.links.attributes import encode
from chalicelib.links.model import (
    CALL_ITEM,
    CALLBACK_ITEM,
    MESSAGE,
    NOTICE,
    TALK,
    Call,
    Callback,
    CallRecord,
    Key,
    Link,
    Message,
    Notice,
    Talk,
    is_link,
    link_of,
)


def of_call(subject: str, where: str = "") -> CallRecord:
    """All that is known of this subject; `where` is the table, if it is another than this process's own."""
    rows = table.rows_by(where, subject, KeyConditionExpression="call_sid = :sid", ConsistentRead=True)
    links = sorted((link_of(row) for row in rows if is_link(row["item"])), key=lambda link: link.reserved_at)
    calls = [msgspec.convert(row, Call) for row in rows if row["item"] == CALL_ITEM]
    notices = [msgspec.convert(row, Notice) for row in rows if row["item"].startswith(f"{NOTICE}#")]
    messages = [msgspec.convert(row, Message) for row in rows if row["item"].startswith(MESSAGE)]
    callback = next((msgspec.convert(row, Callback) for row in rows if row["item"] == CALLBACK_ITEM), None)
    talks = [msgspec.convert(row, Talk) for row in rows if row["item"].startswith(TALK)]
    call = calls[0] if calls else None
    return CallRecord(call, tuple(links), tuple(notices), tuple(messages), callback, tuple(talks))


def find_link(key: Key, where: str = "") -> Link | None:
    """The link as it is now; None when there is none."""
    row = table.find_row(key, where)
    return link_of(row) if row else None


def by_worker_leg(worker_call_sid: str, where: str = "") -> Link | None:
    """The link of this worker leg (by an index: a leg of the last second may be missing)."""
    condition = "worker_call_sid = :sid"
    rows = table.rows_by(where, worker_call_sid, KeyConditionExpression=condition, IndexName="keys_by_worker_leg")
    return next(_links_of(rows, where), None)


def latest_links(worker_sid: str, most: int) -> Iterator[Link]:
    """The links of this worker, the newest first (by an index: one of the last second may be missing).

    Each is read when it is taken.
    """
    request = {
        "TableName": environment.current().links_table,
        "IndexName": "keys_by_worker",
        "KeyConditionExpression": "worker_sid = :sid",
        "ExpressionAttributeValues": encode({":sid": worker_sid}),
        "ScanIndexForward": False,
        "Limit": most,
    }
    yield from _links_of(next(table.pages(request), []))


def _links_of(keys: Iterable[Mapping[str, Any]], where: str = "") -> Iterator[Link]:
    """The links themselves that an index has the keys of."""
    for key in keys:
        if link := find_link(Key(key["call_sid"], key["item"]), where):
            yield link

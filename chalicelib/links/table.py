"""The table of links and calls: one conditional write, one read, and what the indexes find.

Keys: partition `call_sid`, the subject: the caller's CallSid, or the TaskSid of a task without a call. Sort `item`:
"CALL" for what is known of the caller's own leg, the ReservationSid for a link, "RECORDING#" and the RecordingSid for a
voicemail that Twilio keeps, "TELL#" and the RecordingSid for the notice of one, "TALK#" and the RecordingSid for a
talk that was recorded, "HEARD#" for each time that one was heard. Beside the calls, the partition "CRM" has a circuit
breaker for each adapter, and "TELL" for each line the latest notice that nobody is available; an order of work is alone
in a partition, which is called "WORK#" and then its kind and key; "STAFF" has a row for each worker who has said that
they work, or is in the rota; "SWITCH" one for each line that somebody closed or opened at once, "BOARD" what the
wallboard shows beside the calls. A callback is "CALLBACK" beside the call that asked for it; the partition "PHONE#" and
a number says which one is open, and how many there were in a day, and has "PROFILE", what is known of whoever calls
from there; "NUMBER#" and a recorded talk's number leads to it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from chalicelib import aws
from chalicelib.config import callcenter, environment
from chalicelib.links.attributes import decode, encode
from chalicelib.links.model import Key, is_link, link_of

DUE_PAGE = 25

# What the sweep looks after: links, callers who wait, recordings at Twilio, messages on offer, callbacks, notices.
Watched = Literal["link", "call", "recording", "message", "callback", "notice"]


class ConditionFailed(Exception):
    """The conditional write found something else than it expects: `row`, empty if none stands; `current` if a link."""

    def __init__(self, row: Mapping[str, Any]) -> None:
        self.row = row
        self.current = link_of(row) if row and is_link(row["item"]) else None
        super().__init__(f"the link is {self.current.state if self.current else 'missing'}")


class Due(NamedTuple):
    """What is open and whose time has come, by the index; the row itself says what is true."""

    key: Key
    check_at: float
    expires_at: float = 0


class Write(NamedTuple):
    """One UpdateItem. `changes` are set; `defaults` only where the row has nothing; empty values are left out.

    A name of the condition that begins with `#` is that attribute, or the one that `names` has for it.
    """

    changes: Mapping[str, object]
    condition: str
    values: Mapping[str, object] = {}
    defaults: Mapping[str, object] = {}
    remove: Sequence[str] = ()
    names: Mapping[str, str] = {}


def write(key: Key, change: Write, table: str = "") -> dict[str, Any]:
    """Change this row, if the condition holds; returns it as it stands then. Raises ConditionFailed."""
    changes = {name: value for name, value in change.changes.items() if value not in ("", None)}
    known = {*changes, *change.remove}
    defaults = {name: value for name, value in change.defaults.items() if value not in ("", None) and name not in known}
    sets = [f"#{name} = :{name}" for name in changes]
    sets += [f"#{name} = if_not_exists(#{name}, :{name})" for name in defaults]
    parts = [("SET", sets), ("REMOVE", [f"#{name}" for name in change.remove])]
    used = {**changes, **defaults}
    values = {**{f":{name}": value for name, value in used.items()}, **change.values}
    request: dict[str, Any] = {"ConditionExpression": change.condition} if change.condition else {}
    if values:
        request["ExpressionAttributeValues"] = encode(values)
    try:
        answer = aws.request(
            "dynamodb",
            "update_item",
            TableName=table or environment.current().links_table,
            Key=_place(key),
            UpdateExpression=" ".join(f"{verb} {', '.join(what)}" for verb, what in parts if what),
            ExpressionAttributeNames=_names(change, used),
            ReturnValues="ALL_NEW",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
            **request,
        )
    except aws.client("dynamodb").exceptions.ConditionalCheckFailedException as error:
        raise ConditionFailed(decode(error.response.get("Item", {}))) from None
    return decode(answer["Attributes"])


def update_row(
    key: Key,
    changes: Mapping[str, object],
    condition: str,
    values: Mapping[str, object],
    *,
    defaults: Mapping[str, object] | None = None,
    remove: Sequence[str] = (),
    table: str = "",
) -> dict[str, Any]:
    """`write` of a change whose parts are given here. Raises ConditionFailed."""
    return write(key, Write(changes, condition, values, defaults or {}, remove), table)


def delete_row(key: Key) -> None:
    """Twice is like once."""
    aws.request("dynamodb", "delete_item", TableName=environment.current().links_table, Key=_place(key))


def find_row(key: Key, table: str = "") -> dict[str, Any]:
    """The row of this key as it is now; empty when there is none."""
    request = {**_only(key, table), "ConsistentRead": True}
    return next((row for rows in pages(request) for row in rows), {})


def find_row_quickly(key: Key) -> dict[str, Any]:
    """The row of this key as it was a moment ago, for whoever decides without it when it is not there in time."""
    found = aws.quick_request("dynamodb", "query", **_only(key))["Items"]
    return decode(found[0]) if found else {}


def _only(key: Key, table: str = "") -> dict[str, Any]:
    return {
        "TableName": table or environment.current().links_table,
        "KeyConditionExpression": "call_sid = :sid AND #item = :item",
        "ExpressionAttributeNames": {"#item": "item"},
        "ExpressionAttributeValues": encode({":sid": key.subject, ":item": key.reservation_sid}),
    }


def rows_of(subject: str) -> list[dict[str, Any]]:
    """Every row of this partition as it is now."""
    return rows_by("", subject, KeyConditionExpression="call_sid = :sid", ConsistentRead=True)


def due(what: Watched, now: float) -> Iterator[Sequence[Due]]:
    """What is open and whose time has come, longest due first, page by page.

    They come from an index, which may be a moment behind: `reschedule_check` reads the row itself.
    """
    request: dict[str, Any] = {
        "TableName": environment.current().links_table,
        "IndexName": "open",
        "KeyConditionExpression": "#open = :what AND check_at <= :now",
        "ExpressionAttributeNames": {"#open": "open"},
        "ExpressionAttributeValues": encode({":what": what, ":now": now}),
        "Limit": DUE_PAGE,
    }
    for rows in pages(request):
        yield [Due(Key(row["call_sid"], row["item"]), row["check_at"], row.get("expires_at", 0)) for row in rows]


def open_rows(what: str, table: str = "") -> Iterator[dict[str, Any]]:
    """Every row that is open as this, its time come or not, the earliest first (from an index: a moment behind)."""
    request = {
        "TableName": table or environment.current().links_table,
        "IndexName": "open",
        "KeyConditionExpression": "#open = :what",
        "ExpressionAttributeNames": {"#open": "open"},
        "ExpressionAttributeValues": encode({":what": what}),
    }
    for rows in pages(request):
        yield from rows


def rows_of_day(day: str) -> Iterator[dict[str, Any]]:
    """The rows that the index by_day has under this day, the newest first; they are read as far as they are taken."""
    for rows in pages(_latest_of_day(day, DUE_PAGE)):
        yield from rows


def rows_between(day: str, since: float, until: float, table: str = "") -> Iterator[dict[str, Any]]:
    """The rows that the index by_day has under this UTC day from `since` to `until`, in as few requests as can be."""
    if until < since:  # as when two clocks differ; DynamoDB refuses to look
        return
    request = {
        "TableName": table or environment.current().links_table,
        "IndexName": "by_day",
        "KeyConditionExpression": "#day = :day AND #at BETWEEN :since AND :until",
        "ExpressionAttributeNames": {"#day": "day", "#at": "at"},
        "ExpressionAttributeValues": encode({":day": day, ":since": since, ":until": until}),
    }
    for rows in pages(request):
        yield from rows


def latest_of_day_quickly(day: str, most: int) -> list[dict[str, Any]]:
    """At most so many rows that the index by_day has under this day, the newest first, for whoever can do without."""
    found = aws.quick_request("dynamodb", "query", **_latest_of_day(day, most))
    return [decode(item) for item in found["Items"]]


def _latest_of_day(day: str, at_once: int) -> dict[str, Any]:
    """The query of the index by_day, the newest first."""
    return {
        "TableName": environment.current().links_table,
        "IndexName": "by_day",
        "KeyConditionExpression": "#day = :day",
        "ExpressionAttributeNames": {"#day": "day"},
        "ExpressionAttributeValues": encode({":day": day}),
        "ScanIndexForward": False,
        "Limit": at_once,
    }


def rows_by(table: str, sid: str, **request: Any) -> list[dict[str, Any]]:
    request["TableName"] = table or environment.current().links_table
    request["ExpressionAttributeValues"] = encode({":sid": sid})
    return [row for rows in pages(request) for row in rows]


def pages(request: Mapping[str, Any]) -> Iterator[list[dict[str, Any]]]:
    """The rows that this query finds, page by page."""
    more: dict[str, Any] = {}
    while True:
        page = aws.request("dynamodb", "query", **request, **more)
        if page["Items"]:  # the last page may be empty: DynamoDB does not know that it is the last one
            yield [decode(item) for item in page["Items"]]
        if "LastEvaluatedKey" not in page:
            return
        more = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def rescheduled(expected: float, check_at: float) -> Write:
    return Write({"check_at": int(check_at)}, "#check_at = :expected", {":expected": expected})


def of_day(now: float) -> dict[str, object]:
    """Where the index by_day has a row of this moment."""
    return {"day": datetime.fromtimestamp(now, UTC).date().isoformat(), "at": now}


def expiry(now: float) -> dict[str, object]:
    return {"expires_at": callcenter.current().expires_at(now)}


def _place(key: Key) -> dict[str, Any]:
    return encode({"call_sid": key.subject, "item": key.reservation_sid})


def _names(write: Write, used: Iterable[str]) -> dict[str, str]:
    """The names in the update and in the condition: any of them may be a word of DynamoDB's own."""
    named = re.findall(r"#(\w+)", write.condition)
    return {f"#{name}": name for name in (*used, *write.remove, *named)} | dict(write.names)

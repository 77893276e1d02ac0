"""Counts what the application asks of AWS, and what DynamoDB charges for it."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple
from unittest.mock import patch

import botocore.client

from tests.support.resources import tables

Item = Mapping[str, Any]
Request = Callable[[Any, str, Mapping[str, Any]], Any]


class Index(NamedTuple):
    """The attributes of its key, and whether it has all the others too."""

    key: frozenset[str]
    is_whole: bool


INDEXES = [
    Index(frozenset(key["AttributeName"] for key in index["KeySchema"]), index["Projection"]["ProjectionType"] == "ALL")
    for index in tables()["cordboard-test-links"]["GlobalSecondaryIndexes"]
]
_KEYS = {"cordboard-test-links": ("call_sid", "item"), "cordboard-test-contacts": ("phone", "item")}


@contextmanager
def counting() -> Iterator[dict[str, float]]:
    """Each AWS request until the block ends, by operation, and DynamoDB's `write_units` and `read_units`."""
    made: dict[str, float] = defaultdict(int)
    real: Request = botocore.client.BaseClient._make_api_call

    def count(client: Any, operation: str, given: Mapping[str, Any]) -> Any:
        made[operation] += 1
        if operation in ("PutItem", "UpdateItem"):
            return _written(real, client, operation, given, made)
        answer = real(client, operation, given)
        if operation in ("GetItem", "Query"):
            made["read_units"] += _read_units(given, answer)
        return answer

    with patch.object(botocore.client.BaseClient, "_make_api_call", count):
        yield made


def _written(real: Request, client: Any, operation: str, given: Mapping[str, Any], made: dict[str, float]) -> Any:
    """Do the write, and look at the row before and after it."""
    names = _KEYS[given["TableName"]]
    row = given.get("Key") or given["Item"]
    key = {"TableName": given["TableName"], "Key": {name: row[name] for name in names}, "ConsistentRead": True}
    before = real(client, "GetItem", key).get("Item", {})
    try:
        return real(client, operation, given)
    finally:
        after = real(client, "GetItem", key).get("Item", {})
        made["write_units"] += write_units(before, after, INDEXES if "links" in given["TableName"] else [])


def write_units(before: Item, after: Item, indexes: list[Index]) -> int:
    """What a write costs: a unit for each 1 KB of the larger row, its condition lost or not, and each index again.

    An index whose row stays where it is costs one write, one whose row moves costs two: taken out and put in.
    """
    size = _units(max(_bytes(before), _bytes(after)), 1024)
    if before == after:
        return size
    return size * (1 + sum(_index_writes(before, after, index) for index in indexes))


def _index_writes(before: Item, after: Item, index: Index) -> int:
    """A row is in an index when it has all of its keys; one of keys alone is written when they change."""
    old, new = ([row[name] for name in index.key] if index.key <= set(row) else None for row in (before, after))
    if old == new:
        return 0 if old is None else int(index.is_whole)
    return (old is not None) + (new is not None)


def _read_units(given: Mapping[str, Any], answer: Mapping[str, Any]) -> float:
    items = answer.get("Items", [answer.get("Item", {})])
    units = _units(sum(_bytes(item) for item in items), 4096)
    return units if given.get("ConsistentRead") else units / 2


def _units(size: int, of: int) -> int:
    return max(1, math.ceil(size / of))


def _bytes(item: Item) -> int:
    """DynamoDB's size of a row, a little high: names and values in UTF-8, a number as its digits."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def _value_bytes(attribute: Mapping[str, Any]) -> int:
    ((kind, value),) = attribute.items()
    match kind:
        case "M":
            return 3 + sum(len(name.encode()) + _value_bytes(one) + 1 for name, one in value.items())
        case "L":
            return 3 + sum(_value_bytes(one) + 1 for one in value)
        case _:
            return len(str(value).encode())

"""One request of the links table of infra/resources.yaml, what the table holds before it, and what DynamoDB answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from botocore.exceptions import ClientError

from tests.support.resources import tables

TABLE = "cordboard-test-links"  # LINKS_TABLE in the environment of tests

REPORTS = ("ResponseMetadata", "ConsumedCapacity")

Item = Mapping[str, Mapping[str, Any]]


@cache
def table_properties() -> dict[str, Any]:
    """What create_table takes, without the name."""
    return tables()[TABLE]


@dataclass(frozen=True)
class Refused:
    """An error: its code, and the item that stands in the answer beside it."""

    code: str
    item: Item | None = None


@dataclass(frozen=True)
class Seen:
    """What came of a case: the answer or the error, and all rows of the table afterwards, by their keys."""

    answer: Any
    rows: tuple[Item, ...]


@dataclass(frozen=True)
class Case:
    """`answer` is what DynamoDB gives, or Refused; `after` are the rows then, where they are not those given."""

    name: str
    operation: str
    request: Mapping[str, Any]
    answer: Any
    given: tuple[Item, ...] = ()
    after: tuple[Item, ...] | None = None

    @property
    def expected(self) -> Seen:
        rows = _in_order(self.given if self.after is None else self.after)
        if isinstance(self.answer, Refused):
            return Seen(Refused(self.answer.code, _comparable(self.answer.item)), rows)
        return Seen(_comparable(self.answer), rows)

    def seen(self, client: Any) -> Seen:
        """What came of it with this client, whose table is emptied first."""
        fill(client, self.given)
        try:
            answer = getattr(client, self.operation)(**{"TableName": TABLE, **self.request})
        except ClientError as error:
            return Seen(_refusal(error), rows_of(client))
        except Exception as error:  # moto breaks on some of what DynamoDB refuses
            return Seen(Refused(type(error).__name__), rows_of(client))
        return Seen(_comparable(answer), rows_of(client))


def fill(client: Any, items: tuple[Item, ...]) -> None:
    for row in client.scan(TableName=TABLE)["Items"]:
        client.delete_item(TableName=TABLE, Key={name: row[name] for name in ("call_sid", "item")})
    for row in items:
        client.put_item(TableName=TABLE, Item=row)


def rows_of(client: Any) -> tuple[Item, ...]:
    return _in_order(client.scan(TableName=TABLE)["Items"])


def _in_order(items: Any) -> tuple[Item, ...]:
    return tuple(_comparable(sorted(items, key=lambda row: (row["call_sid"]["S"], row["item"]["S"]))))


def _refusal(error: ClientError) -> Refused:
    response: Mapping[str, Any] = error.response
    return Refused(response["Error"]["Code"], _comparable(response.get("Item")))


def _comparable(value: Any) -> Any:
    """Without what the answer says of itself. A number is its value: moto and ministack keep how it was written."""
    if isinstance(value, dict):
        return {name: _in_one_form(name, part) for name, part in value.items() if name not in REPORTS}
    return [_comparable(part) for part in value] if isinstance(value, list) else value


def _in_one_form(kind: str, value: Any) -> Any:
    if kind == "N":
        return Decimal(value)
    if kind in ("SS", "BS"):
        return sorted(value)
    return sorted(map(Decimal, value)) if kind == "NS" else _comparable(value)


def attribute(value: object) -> dict[str, Any]:
    """The value in DynamoDB's notation."""
    if isinstance(value, set):
        return {"SS" if isinstance(min(value), str) else "NS": sorted(map(str, value))}
    if isinstance(value, list):
        return {"L": [attribute(part) for part in value]}
    if isinstance(value, dict):
        return {"M": item(**value)}
    if value is None:
        return {"NULL": True}
    kind = {bool: "BOOL", bytes: "B", str: "S", int: "N", float: "N"}[type(value)]
    return {kind: repr(value) if kind == "N" else value}


def item(**attributes: object) -> dict[str, dict[str, Any]]:
    return {name: attribute(value) for name, value in attributes.items()}


def values(**attributes: object) -> dict[str, dict[str, Any]]:
    return {f":{name}": attribute(value) for name, value in attributes.items()}


KEY = item(call_sid="CA1", item="WR1")
BARE = KEY
ROW = item(
    call_sid="CA1",
    item="WR1",
    state="ringing",
    reason="busy",
    tries=9,
    ratio=1.5,
    deep={"a": 1, "b": [2, "c"]},
    words={"x", "y"},
    numbers={1, 2},
    parts=["a", 1],
    photo=b"abc",
    flag=True,
    nothing=None,
)
INVALID = Refused("ValidationException")
FAILED = "ConditionalCheckFailedException"

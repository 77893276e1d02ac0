"""What DynamoDB does, case by case: the store in memory, moto and the laptop's AWS are all held to it.

Every case is one request of the links table of infra/resources.yaml, which holds `given` before it.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml
from botocore.exceptions import ClientError

from chalicelib import aws
from chalicelib.links import table
from chalicelib.links.model import CallRecord, Key, Link
from tests.doubles.dynamodb.store import Dynamodb

TABLE = "cordboard-test-links"  # LINKS_TABLE in the environment of tests
CREATED_WITH = ("AttributeDefinitions", "KeySchema", "BillingMode", "GlobalSecondaryIndexes")

REPORTS = ("ResponseMetadata", "ConsumedCapacity")

Item = Mapping[str, Mapping[str, Any]]


@cache
def table_properties() -> dict[str, Any]:
    """What create_table takes, without the name."""
    resources = Path(__file__).parents[3] / "infra" / "resources.yaml"
    properties = yaml.safe_load(resources.read_text(encoding="utf-8"))["Resources"]["LinksTable"]["Properties"]
    return {name: properties[name] for name in CREATED_WITH}


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
        _fill(client, self.given)
        try:
            answer = getattr(client, self.operation)(**{"TableName": TABLE, **self.request})
        except ClientError as error:
            return Seen(_refusal(error), _rows(client))
        except Exception as error:  # moto breaks on some of what DynamoDB refuses
            return Seen(Refused(type(error).__name__), _rows(client))
        return Seen(_comparable(answer), _rows(client))


def _fill(client: Any, items: tuple[Item, ...]) -> None:
    for row in client.scan(TableName=TABLE)["Items"]:
        client.delete_item(TableName=TABLE, Key={name: row[name] for name in ("call_sid", "item")})
    for row in items:
        client.put_item(TableName=TABLE, Item=row)


def _rows(client: Any) -> tuple[Item, ...]:
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


# --- Conditions: each on a row, on a row without attributes, and where there is none ---------------------------------

# Text, values, whether it holds on ROW, and on a row that has but its key.
# What a comparison of two attributes says that are both missing is uncertain, and no case.
CONDITIONS: list[tuple[str, dict[str, Any], bool, bool]] = [
    ("attribute_exists(call_sid)", {}, True, True),
    ("attribute_exists(reason)", {}, True, False),
    ("attribute_exists(nothing)", {}, True, False),
    ("attribute_not_exists(reason)", {}, False, True),
    ("attribute_not_exists (gone)", {}, True, True),
    ("reason = :busy", values(busy="busy"), True, False),
    ("reason = :free", values(free="free"), False, False),
    (":busy = reason", values(busy="busy"), True, False),
    ("reason <> :busy", values(busy="busy"), False, True),
    ("reason <> :free", values(free="free"), True, True),
    ("tries = :n", {":n": {"N": "9.0"}}, True, False),
    ("tries = :n", {":n": {"N": "0.9e1"}}, True, False),
    ("tries = :n", values(n="9"), False, False),
    ("tries < :n", values(n=10), True, False),
    ("tries < :n", values(n=9), False, False),
    ("tries <= :n", values(n=9), True, False),
    ("tries > :n", values(n=-10), True, False),
    ("tries >= :n", values(n=9.5), False, False),
    ("tries > ratio", {}, True, False),
    ("tries > reason", {}, False, False),
    ("reason > :text", values(text="Zoe"), True, False),
    ("photo < :photo", values(photo=b"abd"), True, False),
    ("deep = :deep", {":deep": attribute({"b": [2.0, "c"], "a": 1})}, True, False),
    ("words = :words", {":words": {"SS": ["y", "x"]}}, True, False),
    ("flag = :flag", values(flag=True), True, False),
    ("flag = :flag", values(flag=False), False, False),
    ("nothing = :null", values(null=None), True, False),
    ("tries BETWEEN :low AND :high", values(low=9, high=9), True, False),
    ("tries BETWEEN :low AND :high", values(low=10, high=20), False, False),
    ("tries between :low and :high AND flag = :flag", values(low=1, high=20, flag=False), False, False),
    ("#state IN (:a, :b)", values(a="ringing", b="closed"), True, False),
    ("#state IN (:a)", values(a="closed"), False, False),
    ("#state in (:a)", values(a="ringing"), True, False),
    ("begins_with(#state, :start)", values(start="ring"), True, False),
    ("begins_with(#state, :start)", values(start="Ring"), False, False),
    ("begins_with(photo, :start)", values(start=b"ab"), True, False),
    ("contains(#state, :part)", values(part="gin"), True, False),
    ("contains(words, :part)", values(part="x"), True, False),
    ("contains(words, :part)", values(part="xy"), False, False),
    ("contains(numbers, :part)", values(part=2.0), True, False),
    ("contains(parts, :part)", values(part=1), True, False),
    ("contains(parts, :part)", values(part="1"), False, False),
    ("size(#state) = :n", values(n=7), True, False),
    ("size(deep) = :n", values(n=2), True, False),
    ("size(words) > :n", values(n=1), True, False),
    ("size(parts) >= :n", values(n=3), False, False),
    ("NOT reason = :busy", values(busy="busy"), False, True),
    ("NOT (reason = :busy OR tries > :n)", values(busy="busy", n=100), False, True),
    ("NOT attribute_exists(reason) OR flag = :flag", values(flag=True), True, True),
    ("flag = :flag OR reason = :free AND tries = :n", values(flag=True, free="free", n=0), True, False),
    ("(flag = :flag OR reason = :free) AND tries = :n", values(flag=True, free="free", n=0), False, False),
]


def _conditions() -> Iterator[Case]:
    for text, given, on_row, on_bare in CONDITIONS:
        on_none = on_bare and "attribute_exists(call_sid)" not in text
        yield _conditional(text, given, ROW, on_row, "a row")
        yield _conditional(text, given, BARE, on_bare, "a bare row")
        yield _conditional(text, given, None, on_none, "no row")


def _conditional(text: str, given: dict[str, Any], row: Item | None, holds: bool, of: str) -> Case:
    request = {
        "Key": KEY,
        "UpdateExpression": "SET touched = :touched",
        "ConditionExpression": text,
        "ExpressionAttributeValues": {**given, **values(touched=1)},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    request = _named(request)
    rows = (row,) if row else ()
    name = f"{_spelled_out(text, given)}, on {of}"
    if not holds:
        return Case(name, "update_item", request, Refused(FAILED, row), rows)
    return Case(name, "update_item", request, {}, rows, ({**(row or KEY), **item(touched=1)},))


def _named(request: Mapping[str, Any]) -> dict[str, Any]:
    """The request with what its #state, #item and #open stand for, unless it says so itself: the words are reserved."""
    text = " ".join(value for value in request.values() if isinstance(value, str))
    names = {f"#{name}": name for name in ("state", "item", "open") if f"#{name}" in text}
    return {"ExpressionAttributeNames": names, **request} if names else {**request}


def _spelled_out(text: str, given: dict[str, Any]) -> str:
    for name, ((kind, value),) in ((name, given[name].items()) for name in given):
        text = re.sub(rf"{name}\b", f"{kind} {value}", text)
    return text


# --- Updates ---------------------------------------------------------------------------------------------------------


SHORT = item(call_sid="CA1", item="WR1", tries=9, ratio=1.5, reason="busy", words={"x", "y"})


def _update(
    name: str, text: str, given: dict[str, Any], after: Item | None, row: Item | None = SHORT, **more: Any
) -> Case:
    """An update of SHORT that leaves `after`; None if it is refused."""
    request: dict[str, Any] = {"Key": KEY, "UpdateExpression": text, **more}
    if given:
        request["ExpressionAttributeValues"] = given
    rows = (row,) if row else ()
    return Case(
        name, "update_item", _named(request), INVALID if after is None else {}, rows, (after,) if after else rows
    )


def _without(row: Item, *names: str) -> Item:
    return {name: value for name, value in row.items() if name not in names}


def _sets() -> Iterator[Case]:
    yield _update("SET a value", "SET reason = :r", values(r="gone"), {**SHORT, **item(reason="gone")})
    yield _update("SET makes the row", "SET reason = :r", values(r="gone"), {**KEY, **item(reason="gone")}, None)
    yield _update("SET to another attribute", "SET a = reason", {}, {**SHORT, **item(a="busy")})
    swapped = {**SHORT, **item(tries=1.5, ratio=9)}
    yield _update("SET reads the row as it was", "SET tries = ratio, ratio = tries", {}, swapped)
    yield _update("SET to an attribute that is not there", "SET a = gone", {}, None)
    text = "SET #a = if_not_exists(#a, :v), #b = if_not_exists(#b, :v)"
    names = {"#a": "reason", "#b": "b"}
    yield _update("if_not_exists", text, values(v="v"), {**SHORT, **item(b="v")}, ExpressionAttributeNames=names)
    text = "SET tries = if_not_exists(tries, :zero) + :one"
    yield _update("a counter counts", text, values(zero=0, one=1), {**SHORT, **item(tries=10)})
    yield _update("a counter starts", text, values(zero=0, one=1), {**KEY, **item(tries=1)}, None)
    yield _update("if_not_exists of an attribute", "SET a = if_not_exists(b, reason)", {}, {**SHORT, **item(a="busy")})
    yield _update("minus", "SET tries = tries - :n", values(n=9.5), {**SHORT, **item(tries=-0.5)})
    exact = {**SHORT, "ratio": {"N": "1.6"}}
    yield _update("a sum is exact", "SET ratio = ratio + :n", {":n": {"N": "0.1"}}, exact)
    yield _update("plus a text", "SET tries = tries + :n", values(n="1"), None)
    yield _update("plus nothing", "SET gone = gone + :n", values(n=1), None)


def _other_clauses() -> Iterator[Case]:
    yield _update("REMOVE", "REMOVE reason, words, gone", {}, _without(SHORT, "reason", "words"))
    yield _update("SET and REMOVE", "SET a = reason REMOVE reason", {}, {**_without(SHORT, "reason"), **item(a="busy")})
    yield _update(
        "remove set in lower case", "remove reason set a = :a", values(a=1), {**_without(SHORT, "reason"), **item(a=1)}
    )
    yield _update("ADD a number", "ADD tries :n", values(n=-10), {**SHORT, **item(tries=-1)})
    yield _update("ADD to nothing", "ADD fresh :n", values(n=2), {**SHORT, **item(fresh=2)})
    yield _update("ADD makes the row", "ADD fresh :n", values(n=2), {**KEY, **item(fresh=2)}, None)
    yield _update("ADD to a set", "ADD words :w", values(w={"y", "z"}), {**SHORT, **item(words={"x", "y", "z"})})
    yield _update("ADD a text", "ADD reason :w", values(w="w"), None)
    yield _update("ADD a number to a text", "ADD reason :n", values(n=1), None)
    yield _update("one attribute twice", "SET reason = :r REMOVE reason", values(r="r"), None)
    yield _update("one section twice", "SET reason = :r SET tries = :r", values(r="r"), None)
    yield _update("a key", "SET #item = :r", values(r="WR2"), None)
    yield _update("a key is removed", "REMOVE #item", {}, None)
    names = {"#r": "reason", "#again": "reason"}
    text = "SET #r = :r, #again = :r"
    yield _update("one attribute by two names", text, values(r="r"), None, ExpressionAttributeNames=names)


def _answers() -> Iterator[Case]:
    """ReturnValues, with an update that changes one attribute and adds one."""
    after = {**SHORT, **item(reason="gone", a=1)}
    returned = {
        "NONE": {},
        "ALL_OLD": {"Attributes": SHORT},
        "ALL_NEW": {"Attributes": after},
        "UPDATED_OLD": {"Attributes": item(reason="busy")},
        "UPDATED_NEW": {"Attributes": item(reason="gone", a=1)},
    }
    for wanted, answer in returned.items():
        request = _request("SET reason = :r, a = :a", values(r="gone", a=1), ReturnValues=wanted)
        yield Case(f"update_item returns {wanted}", "update_item", request, answer, (SHORT,), (after,))
    for wanted in ("ALL_OLD", "UPDATED_OLD"):
        request = _request("SET a = :a", values(a=1), ReturnValues=wanted)
        yield Case(f"update_item of no row returns {wanted}", "update_item", request, {}, (), ({**KEY, **item(a=1)},))
    for operation, given, after_it in (("put_item", {"Item": KEY}, (KEY,)), ("delete_item", {"Key": KEY}, ())):
        yield Case(operation, operation, given, {}, (SHORT,), after_it)
        yield Case(f"{operation} of no row", operation, {**given, "ReturnValues": "ALL_OLD"}, {}, (), after_it)
        request = {**given, "ReturnValues": "ALL_OLD"}
        yield Case(f"{operation} returns ALL_OLD", operation, request, {"Attributes": SHORT}, (SHORT,), after_it)
        request = {**given, "ReturnValues": "ALL_NEW"}
        yield Case(f"{operation} cannot return ALL_NEW", operation, request, INVALID, (SHORT,))
        request = {**given, "ConditionExpression": "attribute_not_exists(call_sid)"}
        yield Case(f"{operation} on a condition", operation, request, {}, (), after_it)
        yield Case(f"{operation} on a condition that fails", operation, request, Refused(FAILED), (SHORT,))
        request = {**request, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
        yield Case(f"{operation} shows what stands", operation, request, Refused(FAILED, SHORT), (SHORT,))
    yield Case("get_item", "get_item", {"Key": KEY}, {"Item": ROW}, (ROW,))
    yield Case("get_item of no row", "get_item", {"Key": KEY, "ConsistentRead": True}, {}, ())


def _request(text: str, given: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"Key": KEY, "UpdateExpression": text, "ExpressionAttributeValues": given, **more}


# --- What is refused -------------------------------------------------------------------------------------------------


def _refusals() -> Iterator[Case]:
    items = {
        "a key is missing": item(call_sid="CA1"),
        "a key has another type": item(call_sid="CA1", item=1),
        "a key is empty": item(call_sid="CA1", item=""),
        "a key of an index has another type": {**KEY, **item(open=1)},
        "a key of an index is empty": {**KEY, **item(open="")},
        "a number is none": {**KEY, "a": {"N": "one"}},
        "a number has 39 digits": {**KEY, "a": {"N": "1" * 39}},
        "a number is too large": {**KEY, "a": {"N": "1e126"}},
        "a set is empty": {**KEY, "a": {"SS": []}},
    }
    for name, refused in items.items():
        yield Case(f"put_item: {name}", "put_item", {"Item": refused}, INVALID)
    keys = {
        "a key is missing": item(call_sid="CA1"),
        "a key is too much": {**KEY, **item(reason="busy")},
        "a key has another type": item(call_sid="CA1", item=1),
        "a key is empty": item(call_sid="CA1", item=""),
    }
    for name, key in keys.items():
        for operation in ("get_item", "delete_item", "update_item"):
            yield Case(f"{operation}: {name}", operation, {"Key": key}, INVALID, (SHORT,))
    text = "SET #open = :value"
    for name, value in (("has another type", 1), ("is empty", "")):
        yield _update(f"a key of an index {name}", text, values(value=value), None)
    yield Case("no such table", "get_item", {"TableName": "none", "Key": KEY}, Refused("ResourceNotFoundException"))


def _wrong_expressions() -> Iterator[Case]:
    conditions: dict[str, tuple[str, dict[str, Any]]] = {
        "a reserved word": ("state = :a", values(a=1)),
        "a value is not defined": ("tries = :a AND ratio = :b", values(a=1)),
        "a value is not used": ("tries = :a", values(a=1, b=1)),
        "a name is not defined": ("#tries = :a", values(a=1)),
        "no expression": ("tries", {}),
        "nothing after AND": ("tries = :a AND", values(a=1)),
        "a parenthesis too many": ("(tries = :a))", values(a=1)),
        "parentheses for nothing": ("((tries = :a))", values(a=1)),
        "an unknown function": ("exists(tries)", {}),
        "a function in upper case": ("ATTRIBUTE_EXISTS(tries)", {}),
        "an operand too few": ("begins_with(reason)", {}),
        "an operand too many": ("attribute_exists(reason, tries)", {}),
        "attribute_exists of a value": ("attribute_exists(:a)", values(a=1)),
        "an order of truth": ("tries < :a", values(a=True)),
        "a start that is a number": ("begins_with(reason, :a)", values(a=1)),
        "bounds the wrong way round": ("tries BETWEEN :b AND :a", values(a=1, b=9)),
        "empty": ("", {}),
    }
    for name, (text, given) in conditions.items():
        request = {"Key": KEY, "ConditionExpression": text}
        if given:
            request["ExpressionAttributeValues"] = given
        yield Case(f"a condition: {name}", "delete_item", request, INVALID, (SHORT,))
    names = {"#a": "tries", "#b": "ratio"}
    request = {"Key": KEY, "ConditionExpression": "attribute_exists(#a)", "ExpressionAttributeNames": names}
    yield Case("a condition: a name is not used", "delete_item", request, INVALID, (SHORT,))
    request = {"Item": KEY, "ExpressionAttributeNames": {"#a": "tries"}}
    yield Case("names without an expression", "put_item", request, INVALID, (SHORT,))
    request = {"Item": KEY, "ExpressionAttributeValues": values(a=1)}
    yield Case("values without an expression", "put_item", request, INVALID, (SHORT,))
    request = {"Key": KEY, "ConditionExpression": "attribute_exists(tries)", "ExpressionAttributeValues": {}}
    yield Case("no values in ExpressionAttributeValues", "delete_item", request, INVALID, (SHORT,))
    for name, text in {
        "a reserved word": "SET state = :a",
        "no section": "tries = :a",
        "a comma": "SET tries = :a,",
    }.items():
        yield _update(f"an update: {name}", text, values(a=1), None)


# --- Queries and scans -----------------------------------------------------------------------------------------------

CALL = item(call_sid="CA1", item="CALL", day="2026-11-21", at=3)
FIRST = item(call_sid="CA1", item="WR1", worker_sid="WK1", reserved_at=9, open="link", check_at=100, tries=1)
SECOND = item(call_sid="CA1", item="WR2", worker_sid="WK1", reserved_at=10, open="link", check_at=20.5, tries=2)
THIRD = item(call_sid="CA1", item="WR3", worker_sid="WK1", reserved_at=-1, tries=3)
OTHER = item(call_sid="CA2", item="WR4", worker_sid="WK2", reserved_at=10, open="link", check_at=50)
RANGELESS = item(call_sid="CA2", item="WR5", worker_sid="WK1")
ROWS = (OTHER, SECOND, RANGELESS, FIRST, CALL, THIRD)


def _found(*items: Item, scanned: int | None = None, last: Item | None = None) -> dict[str, Any]:
    answer = {"Items": list(items), "Count": len(items), "ScannedCount": len(items) if scanned is None else scanned}
    return {**answer, "LastEvaluatedKey": last} if last else answer


def _query(name: str, condition: str, given: dict[str, Any], answer: Any, **more: Any) -> Case:
    request = {"KeyConditionExpression": condition, "ExpressionAttributeValues": given, **more}
    return Case(f"query: {name}", "query", _named(request), answer, ROWS)


def _queries() -> Iterator[Case]:
    call = values(sid="CA1")
    yield _query("a partition by its sort key", "call_sid = :sid", call, _found(CALL, FIRST, SECOND, THIRD))
    yield _query("consistent", "call_sid = :sid", call, _found(CALL, FIRST, SECOND, THIRD), ConsistentRead=True)
    yield _query("backwards", "call_sid = :sid", call, _found(THIRD, SECOND, FIRST, CALL), ScanIndexForward=False)
    yield _query("an unknown partition", "call_sid = :sid", values(sid="CA9"), _found())
    ranges: dict[str, tuple[dict[str, Any], tuple[Item, ...]]] = {
        "#item = :a": (values(a="WR2"), (SECOND,)),
        "#item < :a": (values(a="WR2"), (CALL, FIRST)),
        "#item <= :a": (values(a="WR2"), (CALL, FIRST, SECOND)),
        "#item > :a": (values(a="WR2"), (THIRD,)),
        "#item >= :a": (values(a="WR2"), (SECOND, THIRD)),
        "#item BETWEEN :a AND :b": (values(a="WR1", b="WR2"), (FIRST, SECOND)),
        "begins_with(#item, :a)": (values(a="WR"), (FIRST, SECOND, THIRD)),
    }
    for text, (given, rows) in ranges.items():
        yield _query(text, f"call_sid = :sid AND {text}", {**call, **given}, _found(*rows))
    yield _query("sort key first", "#item = :a AND call_sid = :sid", {**call, **values(a="WR2")}, _found(SECOND))
    yield _query("in parentheses", "(call_sid = :sid) AND (#item = :a)", {**call, **values(a="WR2")}, _found(SECOND))


def _queries_of_an_index() -> Iterator[Case]:
    worker = values(sid="WK1")
    by_worker = {"IndexName": "by_worker"}
    yield _query("an index by number", "worker_sid = :sid", worker, _found(THIRD, FIRST, SECOND), **by_worker)
    text = "worker_sid = :sid AND reserved_at > :at"
    yield _query("an index by a range", text, {**worker, **values(at=8.5)}, _found(FIRST, SECOND), **by_worker)
    due = {**values(is_open="link"), **values(now=50)}
    text = "#open = :is_open AND check_at <= :now"
    yield _query("a sparse index", text, due, _found(SECOND, OTHER), IndexName="open")
    yield _query("an index that no row is in", "worker_call_sid = :sid", worker, _found(), IndexName="by_worker_leg")
    yield _query("an index consistently", "worker_sid = :sid", worker, INVALID, ConsistentRead=True, **by_worker)
    yield _query("an unknown index", "worker_sid = :sid", worker, INVALID, IndexName="none")


def _filtered() -> Iterator[Case]:
    given = {**values(sid="CA1"), **values(n=2)}
    answer = _found(SECOND, THIRD, scanned=4)
    yield _query("a filter", "call_sid = :sid", given, answer, FilterExpression="tries >= :n")
    last = item(call_sid="CA1", item="WR1")
    request = {"FilterExpression": "tries >= :n", "Limit": 2}
    yield _query("Limit counts before the filter", "call_sid = :sid", given, _found(scanned=2, last=last), **request)
    yield _query(
        "a filter of a key",
        "call_sid = :sid",
        {**values(sid="CA1"), **values(n="WR2")},
        INVALID,
        FilterExpression="#item = :n",
    )
    rows = _found(SECOND, THIRD, scanned=6)
    request = {"FilterExpression": "tries > :n", "ExpressionAttributeValues": values(n=1)}
    yield Case("scan: a filter", "scan", request, rows, ROWS)
    request = {
        "FilterExpression": "attribute_exists(tries) AND #item <> :item",
        "ExpressionAttributeValues": values(item="WR2"),
    }
    yield Case("scan: a filter of a key", "scan", _named(request), _found(FIRST, THIRD, scanned=6), ROWS)


def _pages() -> Iterator[Case]:
    call, text = values(sid="CA1"), "call_sid = :sid"
    last = item(call_sid="CA1", item="WR1")
    yield _query("the first page", text, call, _found(CALL, FIRST, last=last), Limit=2)
    yield _query("a page from a key", text, call, _found(SECOND, THIRD), ExclusiveStartKey=last)
    yield _query("a page back from a key", text, call, _found(CALL), ExclusiveStartKey=last, ScanIndexForward=False)
    gone = item(call_sid="CA1", item="WR11")
    yield _query("a page from a key that is gone", text, call, _found(SECOND, THIRD), ExclusiveStartKey=gone)
    last = item(call_sid="CA1", item="WR3")
    yield _query("Limit ends at the last row", text, call, _found(CALL, FIRST, SECOND, THIRD, last=last), Limit=4)
    yield _query("nothing after the last row", text, call, _found(), ExclusiveStartKey=last)
    yield _query("Limit is past the last row", text, call, _found(CALL, FIRST, SECOND, THIRD), Limit=5)
    worker, text = values(sid="WK1"), "worker_sid = :sid"
    last = item(call_sid="CA1", item="WR1", worker_sid="WK1", reserved_at=9)
    yield _query(
        "the first page of an index", text, worker, _found(THIRD, FIRST, last=last), Limit=2, IndexName="by_worker"
    )
    yield _query(
        "the next page of an index", text, worker, _found(SECOND), ExclusiveStartKey=last, IndexName="by_worker"
    )
    start = {"ExclusiveStartKey": KEY, "IndexName": "by_worker"}
    yield _query("a key of the table for an index", text, worker, INVALID, **start)
    start = {"ExclusiveStartKey": item(call_sid="CA2", item="WR4")}
    yield _query("a key of another partition", "call_sid = :sid", call, INVALID, **start)


def _wrong_queries() -> Iterator[Case]:
    wrong: dict[str, tuple[str, dict[str, Any]]] = {
        "no partition": ("#item = :a", values(a="WR1")),
        "a partition by range": ("call_sid > :sid", values(sid="CA1")),
        "no key": ("call_sid = :sid AND tries = :n", values(sid="CA1", n=1)),
        "OR": ("call_sid = :sid OR #item = :a", values(sid="CA1", a="WR1")),
        "NOT": ("call_sid = :sid AND NOT #item = :a", values(sid="CA1", a="WR1")),
        "not equal": ("call_sid = :sid AND #item <> :a", values(sid="CA1", a="WR1")),
        "IN": ("call_sid = :sid AND #item IN (:a)", values(sid="CA1", a="WR1")),
        "contains": ("call_sid = :sid AND contains(#item, :a)", values(sid="CA1", a="WR1")),
        "bounds the wrong way round": (
            "call_sid = :sid AND #item BETWEEN :b AND :a",
            values(sid="CA1", a="WR1", b="WR2"),
        ),
        "one key twice": ("call_sid = :sid AND #item > :a AND #item < :b", values(sid="CA1", a="WR1", b="WR3")),
        "another type": ("call_sid = :sid", values(sid=1)),
        "an empty key": ("call_sid = :sid", values(sid="")),
        "a value that is not used": ("call_sid = :sid", values(sid="CA1", a="WR1")),
    }
    for name, (text, given) in wrong.items():
        yield _query(name, text, given, INVALID)


CASES: list[Case] = [
    *_conditions(),
    *_sets(),
    *_other_clauses(),
    *_answers(),
    *_refusals(),
    *_wrong_expressions(),
    *_queries(),
    *_queries_of_an_index(),
    *_filtered(),
    *_pages(),
    *_wrong_queries(),
]


# --- What the application asks: the functions of links.py, on a link in each state -----------------------------------

NOW = 1795230000.25
LINK = Key("CA1", "WR1")
LEG, OTHER_LEG = "CA8", "CA9"


def _link(state: str, **attributes: object) -> tuple[Item, ...]:
    return (item(call_sid="CA1", item="WR1", state=state, reserved_at=NOW, **attributes),)


LINKS: dict[str, tuple[Item, ...]] = {
    "nothing": (),
    "reserved": _link("reserved", open="link", check_at=1795230100),
    "preparing": _link("preparing", leased_until=NOW + 5),
    "abandoned": _link("preparing", leased_until=NOW - 5),
    "dialing": _link("dialing"),
    "ringing": _link("ringing", worker_call_sid=LEG),
    "answered": _link("answered", worker_call_sid=LEG),
    "bridged": _link("bridged", worker_call_sid=LEG, worker_name="Dora", open="link", check_at=1795230100),
    "closed": _link("closed", worker_call_sid=OTHER_LEG, outcome="completed"),
}
EARLY = {"reserved", "preparing", "abandoned"}


@dataclass(frozen=True)
class LinkCase:
    """A function of links.py. `answer` sums it up; all the rest must be as it is in memory."""

    name: str
    act: Callable[[], Any]
    answer: str
    given: tuple[Item, ...]

    @property
    def expected(self) -> Seen:
        properties = table_properties()
        seen = self.seen(Dynamodb({TABLE: properties}))
        return Seen((self.answer, seen.answer[1]), seen.rows)

    def seen(self, client: Any) -> Seen:
        _fill(client, self.given)
        with patch.object(aws, "client", lambda service: client):
            try:
                answer = self.act()
            except table.ConditionFailed as lost:
                return Seen((f"lost to {_word(lost.current)}", lost.current), _rows(client))
        return Seen((_word(answer), answer), _rows(client))


def _word(answer: Any) -> str:
    if isinstance(answer, CallRecord):
        return f"{'a call' if answer.call else 'no call'}, {len(answer.links)} links"
    return answer.state if isinstance(answer, Link) else str(answer)


# A function, the state that it moves a link to, and the states that it moves it from.
MOVES: list[tuple[str, Callable[[], Any], str, Set[str]]] = [
    ("claim", lambda: table.claim(LINK, NOW, 20), "preparing", {"reserved", "abandoned"}),
    (
        "advance",
        lambda: table.advance(LINK, "dialing", NOW, {"crm_name": "Ann", "crm_data": {"a": [1]}}),
        "dialing",
        EARLY,
    ),
    ("follow_leg", lambda: table.follow_leg(LINK, "answered", LEG, NOW), "answered", {*EARLY, "dialing", "ringing"}),
    ("follow another leg", lambda: table.follow_leg(LINK, "closed", OTHER_LEG, NOW), "closed", {*EARLY, "dialing"}),
    (
        "observe",
        lambda: table.upsert_state(LINK, "answered", NOW, {"worker_sid": "WK1", "worker_name": "", "task_sid": "WT1"}),
        "answered",
        {"nothing", *EARLY, "dialing", "ringing"},
    ),
    (
        "close",
        lambda: table.close(LINK, "completed", "", NOW, {"worker_name": "Dana"}),
        "closed",
        LINKS.keys() - {"closed"},
    ),
]


def _standing(state: str) -> str:
    return {"nothing": "None", "abandoned": "preparing"}.get(state, state)


def _moves() -> Iterator[LinkCase]:
    for name, act, to, moved in MOVES:
        for state, rows in LINKS.items():
            answer = to if state in moved else f"lost to {_standing(state)}"
            yield LinkCase(f"{name}: {state}", act, answer, rows)


def _notes() -> Iterator[LinkCase]:
    new = Link(subject="CA1", reservation_sid="WR1", crm_data={"a": 1.5}, deadline=NOW + 99)
    note = partial(table.note_time, LINK, "ringing_at", NOW)
    explain = partial(table.set_reason_once, LINK, "busy")
    for state, rows in LINKS.items():
        stands, exists = _standing(state), state != "nothing"
        yield LinkCase(f"reserve: {state}", partial(table.reserve, new, NOW), stands if exists else "reserved", rows)
        answer = stands if exists and state != "closed" else f"lost to {stands}"
        yield LinkCase(f"record_leg: {state}", partial(table.record_leg, LINK, LEG), answer, rows)
        yield LinkCase(f"explain: {state}", explain, str(exists), rows)
        yield LinkCase(f"note_time: {state}", note, "None" if exists else "lost to None", rows)
    yield LinkCase("explain: explained", explain, "False", _link("closed", reason="gone"))
    yield LinkCase("note_time: noted", note, "None", _link("closed", ringing_at=NOW - 1))


def _sweeps() -> Iterator[LinkCase]:
    """Links that are looked at again: one is due at 1795230100."""
    closed = {**LINKS["closed"][0], **item(item="WR2")}
    later = {**LINKS["bridged"][0], **item(item="WR3", check_at=1795230100.5)}
    rows: tuple[Item, ...] = (*LINKS["bridged"], closed, later)
    for now, found in ((1795230099.75, []), (1795230100, ["WR1"]), (1795230101, ["WR1", "WR3"])):
        yield LinkCase(f"due at {now}", partial(_due, now), str(found), rows)
    for state, rows in LINKS.items():
        looked_at = state in ("reserved", "bridged")
        answer = _standing(state) if looked_at else f"lost to {_standing(state)}"
        yield LinkCase(
            f"look_again: {state}", partial(table.reschedule_check, LINK, 1795230100, NOW + 500), answer, rows
        )
    act = partial(table.reschedule_check, LINK, 1795230099, NOW + 500)
    yield LinkCase("look_again: looked at by another", act, "lost to bridged", LINKS["bridged"])


def _due(now: float) -> list[str]:
    return [due.key.reservation_sid for page in table.due("link", now) for due in page]


def _calls() -> Iterator[LinkCase]:
    told = partial(table.record_call, "CA1", {"survey": "5", "reason": ""}, NOW, defaults={"caller": "+1", "line": "a"})
    once = partial(table.record_call, "CA1", {"completed_at": NOW}, NOW, once="completed_at")
    rows = {"nothing": (), "a call": (item(call_sid="CA1", item="CALL", line="b", at=NOW - 1),)}
    for name, given in rows.items():
        yield LinkCase(f"record_call: {name}", told, "True", given)
        yield LinkCase(f"record_call once: {name}", once, "True", given)
    done = (item(call_sid="CA1", item="CALL", completed_at=NOW - 1),)
    yield LinkCase("record_call twice", once, "False", done)
    story = partial(table.find_call, "CA1")
    yield LinkCase("story", story, "a call, 1 links", (*done, *LINKS["bridged"]))
    yield LinkCase("story of nothing", story, "no call, 0 links", ())
    for state, found in {"bridged": "bridged", "closed": "None", "nothing": "None"}.items():
        yield LinkCase(f"by_worker_leg: {state}", partial(table.by_worker_leg, LEG), found, LINKS[state])


LINK_CASES = [*_moves(), *_notes(), *_sweeps(), *_calls()]


# --- Where the substitutes for DynamoDB are not like it --------------------------------------------------------------

# What moto does in another way, how DynamoDB's documentation has it, and the cases whose names begin so.
MOTO: dict[str, tuple[str, ...]] = {
    "it has no order of two types, nor bytes that begin (Expressions.OperatorsAndFunctions)": (
        "tries > reason, on a row",
        "begins_with(photo, B b'ab'), on a row",
    ),
    "it takes a missing attribute for NULL, which is a value (API_AttributeValue)": (
        "nothing = NULL True, on a bare row",
        "nothing = NULL True, on no row",
    ),
    "it breaks on the size of a missing attribute": tuple(
        f"size({text}, on {row}"
        for text in ("#state) = N 7", "deep) = N 2", "words) > N 1", "parts) >= N 3")
        for row in ("a bare row", "no row")
    ),
    "it takes keys of any type, and some that are empty (API_PutItem, Constraints)": (
        "put_item: a key of an index has another type",
        "get_item: a key has another type",
        "delete_item: a key has another type",
        "delete_item: a key is empty",
        "update_item: a key is empty",
        "a key of an index has another type",
        "a key of an index is empty",
        "query: another type",
    ),
    "it takes any number; DynamoDB's have 38 digits and end below 1e126 (HowItWorks.NamingRulesDataTypes)": (
        "put_item: a number has 39 digits",
        "put_item: a number is too large",
    ),
    "it breaks on an expression that is none, or takes it (Expressions.OperatorsAndFunctions: the syntax)": (
        "a condition: no expression",
        "a condition: nothing after AND",
        "a condition: a parenthesis too many",
        "a condition: a function in upper case",
        "a condition: an operand too few",
        "a condition: an operand too many",
        "a condition: attribute_exists of a value",
        "a condition: an order of truth",
        "a condition: a start that is a number",
        "a condition: bounds the wrong way round",
        "a condition: empty",
    ),
    "it does not hold placeholders against the expressions (Expressions.ExpressionAttributeValues)": (
        "a condition: a value is not defined",
        "a condition: a value is not used",
        "a condition: a name is not defined",
        "values without an expression",
        "query: a value that is not used",
    ),
    "it breaks on key conditions that are none, or takes them (API_Query: KeyConditionExpression)": (
        "query: OR",
        "query: NOT",
        "query: not equal",
        "query: IN",
        "query: bounds the wrong way round",
        "query: one key twice",
    ),
    "another code: ResourceNotFoundException is of tables": ("query: an unknown index",),
    "it filters by keys (API_Query: FilterExpression)": ("query: a filter of a key",),
    "it looks past Limit whether there is more (API_Query: LastEvaluatedKey)": ("query: Limit ends at the last row",),
    "it takes any key to start from (API_Query: ExclusiveStartKey)": (
        "query: a key of the table for an index",
        "query: a key of another partition",
    ),
}

# The same for ministack, the laptop's AWS.
MINISTACK: dict[str, tuple[str, ...]] = {
    "it compares the numbers of a set as texts (HowItWorks.NamingRulesDataTypes)": (
        "contains(numbers, N 2.0), on a row",
    ),
    "it adds a text as if it were 0 (Expressions.UpdateExpressions: + takes numbers)": ("plus a text",),
    "it takes what an update says twice (Expressions.UpdateExpressions: each section once, no paths that overlap)": (
        "one attribute twice",
        "one section twice",
        "one attribute by two names",
    ),
    "it takes an expression that is none (Expressions.OperatorsAndFunctions: the syntax)": (
        "a condition: a function in upper case",
        "a condition: an order of truth",
        "an update: a comma",
    ),
    "it filters by keys (API_Query: FilterExpression)": ("query: a filter of a key",),
    "it takes key conditions that are none (API_Query: KeyConditionExpression)": (
        "query: OR",
        "query: NOT",
        "query: not equal",
        "query: contains",
    ),
}


def check(case: Case | LinkCase, client: Any, known: Mapping[str, tuple[str, ...]]) -> None:
    """The client does what the case says, or it is known not to: then it must still be so."""
    reasons = [reason for reason, names in known.items() if case.name in names]
    if not reasons:
        assert case.seen(client) == case.expected
    else:
        assert case.seen(client) != case.expected, f"no longer so: {reasons[0]}"

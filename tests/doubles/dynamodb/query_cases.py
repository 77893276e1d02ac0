"""Queries and scans: keys, indexes, filters, pages."""

from collections.abc import Iterator
from typing import Any

from tests.doubles.dynamodb.case import INVALID, KEY, Case, Item, item, values
from tests.doubles.dynamodb.condition_cases import named

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


def _keys(*items: Item) -> list[Item]:
    """What an index of keys alone has of these rows."""
    return [{name: row[name] for name in ("call_sid", "item", "worker_sid", "reserved_at")} for row in items]


def _query(name: str, condition: str, given: dict[str, Any], answer: Any, **more: Any) -> Case:
    request = {"KeyConditionExpression": condition, "ExpressionAttributeValues": given, **more}
    return Case(f"query: {name}", "query", named(request), answer, ROWS)


def queries() -> Iterator[Case]:
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


def queries_of_an_index() -> Iterator[Case]:
    worker = values(sid="WK1")
    by_worker = {"IndexName": "keys_by_worker"}
    yield _query("an index by number", "worker_sid = :sid", worker, _found(*_keys(THIRD, FIRST, SECOND)), **by_worker)
    text = "worker_sid = :sid AND reserved_at > :at"
    yield _query("an index by a range", text, {**worker, **values(at=8.5)}, _found(*_keys(FIRST, SECOND)), **by_worker)
    due = {**values(is_open="link"), **values(now=50)}
    text = "#open = :is_open AND check_at <= :now"
    yield _query("a sparse index", text, due, _found(SECOND, OTHER), IndexName="open")
    yield _query(
        "an index that no row is in", "worker_call_sid = :sid", worker, _found(), IndexName="keys_by_worker_leg"
    )
    yield _query("an index consistently", "worker_sid = :sid", worker, INVALID, ConsistentRead=True, **by_worker)
    yield _query("an unknown index", "worker_sid = :sid", worker, INVALID, IndexName="none")


def filtered() -> Iterator[Case]:
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
    yield Case("scan: a filter of a key", "scan", named(request), _found(FIRST, THIRD, scanned=6), ROWS)


def pages() -> Iterator[Case]:
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
        "the first page of an index",
        text,
        worker,
        _found(*_keys(THIRD, FIRST), last=last),
        Limit=2,
        IndexName="keys_by_worker",
    )
    yield _query(
        "the next page of an index",
        text,
        worker,
        _found(*_keys(SECOND)),
        ExclusiveStartKey=last,
        IndexName="keys_by_worker",
    )
    start = {"ExclusiveStartKey": KEY, "IndexName": "keys_by_worker"}
    yield _query("a key of the table for an index", text, worker, INVALID, **start)
    start = {"ExclusiveStartKey": item(call_sid="CA2", item="WR4")}
    yield _query("a key of another partition", "call_sid = :sid", call, INVALID, **start)


def wrong_queries() -> Iterator[Case]:
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

"""Conditions: each on a row, on a row with its key alone, and where there is none."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.doubles.dynamodb.case import BARE, FAILED, KEY, ROW, Case, Item, Refused, attribute, item, values

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


def conditions() -> Iterator[Case]:
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
    request = named(request)
    rows = (row,) if row else ()
    name = f"{_spelled_out(text, given)}, on {of}"
    if not holds:
        return Case(name, "update_item", request, Refused(FAILED, row), rows)
    return Case(name, "update_item", request, {}, rows, ({**(row or KEY), **item(touched=1)},))


def named(request: Mapping[str, Any]) -> dict[str, Any]:
    """The request with what its #state, #item and #open stand for, unless it says so itself: the words are reserved."""
    text = " ".join(value for value in request.values() if isinstance(value, str))
    names = {f"#{name}": name for name in ("state", "item", "open") if f"#{name}" in text}
    return {"ExpressionAttributeNames": names, **request} if names else {**request}


def _spelled_out(text: str, given: dict[str, Any]) -> str:
    for name, ((kind, value),) in ((name, given[name].items()) for name in given):
        text = re.sub(rf"{name}\b", f"{kind} {value}", text)
    return text

"""Requests that DynamoDB refuses."""

from collections.abc import Iterator
from typing import Any

from tests.doubles.dynamodb.case import INVALID, KEY, Case, Refused, item, values
from tests.doubles.dynamodb.update_cases import SHORT, update


def refusals() -> Iterator[Case]:
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
        yield update(f"a key of an index {name}", text, values(value=value), None)
    yield Case("no such table", "get_item", {"TableName": "none", "Key": KEY}, Refused("ResourceNotFoundException"))


def wrong_expressions() -> Iterator[Case]:
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
        yield update(f"an update: {name}", text, values(a=1), None)

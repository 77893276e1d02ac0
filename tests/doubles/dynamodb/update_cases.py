"""Updates: SET, REMOVE, ADD, and what an update returns."""

from collections.abc import Iterator
from typing import Any

from tests.doubles.dynamodb.case import FAILED, INVALID, KEY, ROW, Case, Item, Refused, item, values
from tests.doubles.dynamodb.condition_cases import named

SHORT = item(call_sid="CA1", item="WR1", tries=9, ratio=1.5, reason="busy", words={"x", "y"})


def update(
    name: str, text: str, given: dict[str, Any], after: Item | None, row: Item | None = SHORT, **more: Any
) -> Case:
    """An update of SHORT that leaves `after`; None if it is refused."""
    request: dict[str, Any] = {"Key": KEY, "UpdateExpression": text, **more}
    if given:
        request["ExpressionAttributeValues"] = given
    rows = (row,) if row else ()
    return Case(
        name, "update_item", named(request), INVALID if after is None else {}, rows, (after,) if after else rows
    )


def _without(row: Item, *names: str) -> Item:
    return {name: value for name, value in row.items() if name not in names}


def sets() -> Iterator[Case]:
    yield update("SET a value", "SET reason = :r", values(r="gone"), {**SHORT, **item(reason="gone")})
    yield update("SET makes the row", "SET reason = :r", values(r="gone"), {**KEY, **item(reason="gone")}, None)
    yield update("SET to another attribute", "SET a = reason", {}, {**SHORT, **item(a="busy")})
    swapped = {**SHORT, **item(tries=1.5, ratio=9)}
    yield update("SET reads the row as it was", "SET tries = ratio, ratio = tries", {}, swapped)
    yield update("SET to an attribute that is not there", "SET a = gone", {}, None)
    text = "SET #a = if_not_exists(#a, :v), #b = if_not_exists(#b, :v)"
    names = {"#a": "reason", "#b": "b"}
    yield update("if_not_exists", text, values(v="v"), {**SHORT, **item(b="v")}, ExpressionAttributeNames=names)
    text = "SET tries = if_not_exists(tries, :zero) + :one"
    yield update("a counter counts", text, values(zero=0, one=1), {**SHORT, **item(tries=10)})
    yield update("a counter starts", text, values(zero=0, one=1), {**KEY, **item(tries=1)}, None)
    yield update("if_not_exists of an attribute", "SET a = if_not_exists(b, reason)", {}, {**SHORT, **item(a="busy")})
    yield update("minus", "SET tries = tries - :n", values(n=9.5), {**SHORT, **item(tries=-0.5)})
    exact = {**SHORT, "ratio": {"N": "1.6"}}
    yield update("a sum is exact", "SET ratio = ratio + :n", {":n": {"N": "0.1"}}, exact)
    yield update("plus a text", "SET tries = tries + :n", values(n="1"), None)
    yield update("plus nothing", "SET gone = gone + :n", values(n=1), None)


def other_clauses() -> Iterator[Case]:
    yield update("REMOVE", "REMOVE reason, words, gone", {}, _without(SHORT, "reason", "words"))
    yield update("SET and REMOVE", "SET a = reason REMOVE reason", {}, {**_without(SHORT, "reason"), **item(a="busy")})
    yield update(
        "remove set in lower case", "remove reason set a = :a", values(a=1), {**_without(SHORT, "reason"), **item(a=1)}
    )
    yield update("ADD a number", "ADD tries :n", values(n=-10), {**SHORT, **item(tries=-1)})
    yield update("ADD to nothing", "ADD fresh :n", values(n=2), {**SHORT, **item(fresh=2)})
    yield update("ADD makes the row", "ADD fresh :n", values(n=2), {**KEY, **item(fresh=2)}, None)
    yield update("ADD to a set", "ADD words :w", values(w={"y", "z"}), {**SHORT, **item(words={"x", "y", "z"})})
    yield update("ADD a text", "ADD reason :w", values(w="w"), None)
    yield update("ADD a number to a text", "ADD reason :n", values(n=1), None)
    yield update("one attribute twice", "SET reason = :r REMOVE reason", values(r="r"), None)
    yield update("one section twice", "SET reason = :r SET tries = :r", values(r="r"), None)
    yield update("a key", "SET #item = :r", values(r="WR2"), None)
    yield update("a key is removed", "REMOVE #item", {}, None)
    names = {"#r": "reason", "#again": "reason"}
    text = "SET #r = :r, #again = :r"
    yield update("one attribute by two names", text, values(r="r"), None, ExpressionAttributeNames=names)


def answers() -> Iterator[Case]:
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

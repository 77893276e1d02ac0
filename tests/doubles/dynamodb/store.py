"""DynamoDB in memory, for tests: boto3's low-level client as far as the application uses it, without its weight.

A parameter or a piece of syntax that is not modelled raises NotImplementedError; nothing is ignored. Not modelled:
document paths (a.b, a[0]), list_append, attribute_type, DELETE, projections of some attributes, local indexes, the
size limits (400 KB an item, 1 MB a page), time to live, and an index that is behind its table.
"""

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, wraps
from typing import Any, NamedTuple

from botocore.errorfactory import ClientExceptionsFactory
from botocore.exceptions import ParamValidationError
from botocore.loaders import Loader
from botocore.model import ServiceModel

from tests.doubles.dynamodb.expressions import (
    Comparison,
    Joined,
    Path,
    Scope,
    Size,
    Update,
    condition_of,
    parse,
    scope_of,
)
from tests.doubles.dynamodb.tables import Index, Table
from tests.doubles.dynamodb.values import Answer, Item, Refused, Request, copied, rank, stored_item

CONDITIONAL = "ConditionExpression ReturnValuesOnConditionCheckFailure ReturnValues"
PLACEHOLDERS = "ExpressionAttributeNames ExpressionAttributeValues"
READING = f"IndexName FilterExpression {PLACEHOLDERS} ConsistentRead Limit ExclusiveStartKey"

Method = Callable[["Dynamodb", Request, Table], Answer]


def _operation(parameters: str) -> Callable[[Method], Callable[..., Answer]]:
    """A method of the client that takes TableName and these; what it refuses becomes botocore's error."""
    known = {"TableName", *parameters.split()}

    def make(method: Method) -> Callable[..., Answer]:
        title = method.__name__.title().replace("_", "")

        @wraps(method)
        def call(self: "Dynamodb", **request: Any) -> Answer:
            if not known >= request.keys():
                raise NotImplementedError(f"{title} with {', '.join(sorted(request.keys() - known))}")
            try:
                return method(self, request, self._table(request["TableName"]))
            except Refused as refused:
                answer = {"Error": {"Code": refused.code, "Message": str(refused)}, **refused.more}
                raise self.exceptions.from_code(refused.code)(answer, title) from None

        return call

    return make


@cache
def _exceptions() -> Any:
    model = ServiceModel(Loader().load_service_model("dynamodb", "service-2"), "dynamodb")
    return ClientExceptionsFactory().create_client_exceptions(model)


class Paginator(NamedTuple):
    method: Callable[..., Answer]

    def paginate(self, **request: Any) -> Iterator[Answer]:
        """The pages of this request, each asked for when it is wanted; of PaginationConfig PageSize alone is known."""
        config = request.pop("PaginationConfig", {})
        if not config.keys() <= {"PageSize"}:
            raise NotImplementedError(f"PaginationConfig with {', '.join(config)}")
        if config:
            request["Limit"] = config["PageSize"]
        page = self.method(**request)
        yield page
        while "LastEvaluatedKey" in page:
            page = self.method(**{**request, "ExclusiveStartKey": page["LastEvaluatedKey"]})
            yield page


class Dynamodb:
    """A client of a DynamoDB with these tables: name -> properties as CloudFormation's AWS::DynamoDB::Table has them.

    `exceptions` are botocore's own classes. A scan comes in the order of the keys, which AWS does not promise.
    """

    def __init__(self, tables: Mapping[str, Mapping[str, Any]]) -> None:
        self.exceptions = _exceptions()
        self._tables = {name: Table(properties) for name, properties in tables.items()}

    def _table(self, name: str) -> Table:
        if name not in self._tables:
            raise Refused(f"Requested resource not found: Table: {name} not found", "ResourceNotFoundException")
        return self._tables[name]

    @_operation("Key ConsistentRead")
    def get_item(self, request: Request, table: Table) -> Answer:
        item = _find(table, request)
        return {"Item": copied(item)} if item is not None else {}

    @_operation(f"Item {CONDITIONAL} {PLACEHOLDERS}")
    def put_item(self, request: Request, table: Table) -> Answer:
        scope, new = scope_of(request), stored_item(request["Item"])
        if not {*table.own.key} <= {*new}:
            raise Refused("One of the required keys was not given a value")
        table.check_item(new)
        old = table.items.get(table.own.rank(new))
        _check_condition(request, scope._replace(item=old or {}))
        returned = _returned(request, old, None, ())
        table.write(old, new)
        return returned

    @_operation(f"Key {CONDITIONAL} {PLACEHOLDERS}")
    def delete_item(self, request: Request, table: Table) -> Answer:
        scope, old = scope_of(request), _find(table, request)
        _check_condition(request, scope._replace(item=old or {}))
        returned = _returned(request, old, None, ())
        if old is not None:
            table.write(old, None)
        return returned

    @_operation(f"Key UpdateExpression {CONDITIONAL} {PLACEHOLDERS}")
    def update_item(self, request: Request, table: Table) -> Answer:
        scope, old = scope_of(request), _find(table, request)
        update = parse(request["UpdateExpression"], "update") if "UpdateExpression" in request else Update()
        names = update.names(scope)
        if len({*names}) != len(names) or {*names} & {*table.own.key}:
            raise Refused("Two document paths overlap with each other, or an attribute is part of the key")
        _check_condition(request, scope._replace(item=old or {}))
        new = update.changed(scope._replace(item=old or stored_item(request["Key"])))
        table.check_item(new)
        returned = _returned(request, old, new, names)
        table.write(old, new)
        return returned

    @_operation(f"KeyConditionExpression ScanIndexForward {READING}")
    def query(self, request: Request, table: Table) -> Answer:
        scope, index = scope_of(request), table.index(request)
        tests = _key_tests(table, index, request, scope)
        for test in condition_of(request, "FilterExpression").comparisons():
            _check_filter(test, index, scope)
        start = stored_item(request.get("ExclusiveStartKey", {}))
        if start and not all(test.holds(scope._replace(item=start)) for test in tests):
            raise Refused("The provided starting key is outside query boundaries based on provided conditions")
        partition = index.partitions.get(rank(tests[0].operands[1].read(scope)), {})
        rows = [row for row in partition.values() if all(test.holds(scope._replace(item=row)) for test in tests)]
        return _page(request, table, rows, scope)

    @_operation(READING)
    def scan(self, request: Request, table: Table) -> Answer:
        partitions = table.index(request).partitions.values()
        return _page(request, table, [row for rows in partitions for row in rows.values()], scope_of(request))

    def get_paginator(self, name: str) -> Paginator:
        if name not in ("query", "scan"):
            raise NotImplementedError(f"a paginator for {name}")
        return Paginator(getattr(self, name))


def _find(table: Table, request: Request) -> Item | None:
    key = stored_item(request["Key"])
    table.check_key(key, table.own.key, "The provided key element does not match the schema")
    return table.items.get(table.own.rank(key))


def _check_condition(request: Request, scope: Scope) -> None:
    condition = condition_of(request, "ConditionExpression")
    shown = request.get("ReturnValuesOnConditionCheckFailure", "NONE")
    if not condition.holds(scope):
        more = {"Item": copied(scope.item)} if shown == "ALL_OLD" and scope.item else {}
        raise Refused("The conditional request failed", "ConditionalCheckFailedException", **more)


def _returned(request: Request, old: Item | None, new: Item | None, names: Sequence[str]) -> Answer:
    """What ReturnValues asks for; `new` is None where only the old item can be had."""
    wanted = request.get("ReturnValues", "NONE")
    possible = ("NONE", "ALL_OLD") if new is None else ("NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW")
    if wanted not in possible:
        raise Refused(f"ReturnValues can only be one of {', '.join(possible)}")
    item = {"NONE": None, "OLD": old, "NEW": new}[wanted.rpartition("_")[2]] or {}
    shown = {name: copied(value) for name, value in item.items() if wanted.startswith("ALL") or name in names}
    return {"Attributes": shown} if shown else {}


def _key_tests(table: Table, index: Index, request: Request, scope: Scope) -> list[Comparison]:
    """The tests of the key condition, that of the partition first. Raises Refused."""
    condition = parse(request["KeyConditionExpression"], "condition")
    tests: list[Comparison] = list(condition.comparisons())
    named = {_attribute_of(test, scope): test for test in tests}
    if not _only_joined_by_and(condition) or len(named) != len(tests) or not {*named} <= {*index.key}:
        raise Refused("Query key condition not supported")
    if index.key[0] not in named or named[index.key[0]].sign != "=":
        raise Refused(f"Query condition missed key schema element: {index.key[0]}")
    for name, test in named.items():
        if test.sign not in ("=", "<", "<=", ">", ">=", "BETWEEN", "begins_with"):
            raise Refused(f"Unsupported operator in KeyConditionExpression: {test.sign}")
        for operand in test.operands[1:]:
            table.check_item({name: operand.read(scope)})
    return [named[name] for name in index.key if name in named]


def _only_joined_by_and(condition: Any) -> bool:
    if isinstance(condition, Joined):
        return condition.word in ("AND", "()") and all(_only_joined_by_and(part) for part in condition.parts)
    return isinstance(condition, Comparison)


def _attribute_of(test: Comparison, scope: Scope) -> str:
    """The attribute that the test is about, if it holds it against values of the request; else nothing."""
    first = test.operands[0]
    return first.attribute_name(scope) if isinstance(first, Path) and test.has_values_only() else ""


def _check_filter(test: Comparison, index: Index, scope: Scope) -> None:
    paths = [operand.path if isinstance(operand, Size) else operand for operand in test.operands]
    if any(isinstance(path, Path) and path.attribute_name(scope) in index.key for path in paths):
        raise Refused("Filter Expression can only contain non-primary key attributes")


def _page(request: Request, table: Table, rows: list[Item], scope: Scope) -> Answer:
    """The rows after ExclusiveStartKey, up to Limit; that many are looked at, also when none is left behind them."""
    index, limit = table.index(request), request.get("Limit")
    condition, forward = condition_of(request, "FilterExpression"), request.get("ScanIndexForward", True)
    ordered = sorted(rows, key=index.rank, reverse=not forward)
    if start := request.get("ExclusiveStartKey"):
        table.check_key(start, index.whole_key, "The provided starting key is invalid")
        is_after = operator.gt if forward else operator.lt
        ordered = [row for row in ordered if is_after(index.rank(row), index.rank(start))]
    if limit is not None and limit < 1:
        raise ParamValidationError(report=f"Invalid value for parameter Limit, value: {limit}, valid min value: 1")
    seen = ordered[:limit]
    projected = map(index.projected, seen)
    found = [copied(row) for row in projected if condition.holds(scope._replace(item=row))]
    answer: Answer = {"Items": found, "Count": len(found), "ScannedCount": len(seen)}
    if seen and len(seen) == limit:
        answer["LastEvaluatedKey"] = {name: copied(seen[-1][name]) for name in index.whole_key}
    return answer

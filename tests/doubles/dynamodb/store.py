"""DynamoDB in memory, for tests: boto3's low-level client as far as the application uses it, without its weight.

A parameter or a piece of syntax that is not modelled raises NotImplementedError; nothing is ignored. Not modelled:
document paths (a.b, a[0]), list_append, attribute_type, DELETE, projections, local indexes, the size limits (400 KB
an item, 1 MB a page), time to live, and an index that is behind its table.
"""

import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, DecimalException, InvalidOperation, Overflow, Subnormal
from decimal import Inexact as TooLong
from functools import cache, lru_cache, partial, wraps
from typing import Any, NamedTuple

from botocore.errorfactory import ClientExceptionsFactory
from botocore.exceptions import ParamValidationError
from botocore.loaders import Loader
from botocore.model import ServiceModel
from lark import Lark, Token, Transformer, UnexpectedInput
from moto.dynamodb.parsing.reserved_keywords import ReservedKeywords

Attribute = Mapping[str, Any]
Item = Mapping[str, Attribute]
Request = Mapping[str, Any]
Answer = dict[str, Any]
Rank = tuple[Any, ...]  # what rows are sorted by: values of keys

# 38 digits, and magnitudes from 1E-130 to 9.9...E+125.
NUMBERS = Context(prec=38, Emin=-130, Emax=125, traps=[InvalidOperation, TooLong, Overflow, Subnormal])
EXPRESSIONS = ("KeyConditionExpression", "FilterExpression", "ConditionExpression", "UpdateExpression")
NOT_MODELLED = re.compile(r"[.\[]|\b(list_append|attribute_type|DELETE)\b")
GRAMMAR = r"""
    ?condition: either
    ?either: both (_OR both)*
    ?both: negation (_AND negation)*
    ?negation: _NOT negation                                   -> negated
        | operand (EQUAL | COMPARE) operand                      -> compared
        | operand BETWEEN operand _AND operand                 -> compared
        | operand IN "(" operand ("," operand)* ")"            -> compared
        | FUNCTION "(" operand ("," operand)* ")"              -> called
        | "(" condition ")"                                    -> group
    ?operand: path | value | _SIZE "(" path ")"                -> size

    update: (set | remove | add)+
    set: _SET path EQUAL sum ("," path EQUAL sum)*
    remove: _REMOVE path ("," path)*
    add: _ADD path value ("," path value)*
    ?sum: term (SIGN term)?
    ?term: path | value | _IF_NOT_EXISTS "(" path "," term ")" -> if_not_exists

    path: NAME
    value: VALUE
    EQUAL: "="
    COMPARE: "<>" | "<=" | ">=" | "<" | ">"
    SIGN: "+" | "-"
    _OR.2: /OR\b/i
    _AND.2: /AND\b/i
    _NOT.2: /NOT\b/i
    BETWEEN.2: /BETWEEN\b/i
    IN.2: /IN\b/i
    _SET.2: /SET\b/i
    _REMOVE.2: /REMOVE\b/i
    _ADD.2: /ADD\b/i
    FUNCTION.2: /(attribute_exists|attribute_not_exists|begins_with|contains)(?=\s*\()/
    _SIZE.2: /size(?=\s*\()/
    _IF_NOT_EXISTS.2: /if_not_exists(?=\s*\()/
    NAME: /#\w+|[A-Za-z]\w*/
    VALUE: /:\w+/
    %ignore /\s+/
"""


class Refused(Exception):
    """DynamoDB answers with this error code; `more` stands in the answer beside the error."""

    def __init__(self, message: str, code: str = "ValidationException", **more: object) -> None:
        super().__init__(message)
        self.code, self.more = code, more


# --- Values ----------------------------------------------------------------------------------------------------------


@lru_cache(10_000)
def _number(text: str) -> str:
    """The number as DynamoDB gives it back: without leading and trailing zeroes."""
    try:
        number = NUMBERS.create_decimal(text) if re.fullmatch(r"[-+]?[\d.]+([eE][-+]?\d+)?", text) else Decimal("NaN")
    except DecimalException as error:
        raise Refused(f"The parameter cannot be converted to a numeric value: {text}") from error
    if not number.is_finite():
        raise Refused(f"The parameter cannot be converted to a numeric value: {text}")
    return format(number.normalize(NUMBERS), "f") if number else "0"


def _of_type(kind: type) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        if not isinstance(value, kind):
            raise ParamValidationError(report=f"Invalid type: {value!r}, valid type: {kind.__name__}")
        return value

    return check


def _set_of(kind: str, values: Sequence[Any]) -> list[Any]:
    kept = {_KEEP[kind](value) for value in values}
    if not values or len(kept) != len(values):
        raise Refused("a set may not be empty" if not values else "Input collection contains duplicates")
    return sorted(kept, key=Decimal if kind == "N" else None)


def _stored(attribute: Attribute) -> dict[str, Any]:
    """A checked copy as the table keeps it: equal values are equal, since numbers and sets have one form."""
    if len(attribute) != 1 or not _KEEP.keys() >= attribute.keys():
        raise ParamValidationError(report=f"an attribute has one type of {', '.join(_KEEP)}: {attribute!r}")
    ((kind, value),) = attribute.items()
    return {kind: _KEEP[kind](value)}


def _stored_item(item: Item) -> dict[str, Attribute]:
    return {name: _stored(attribute) for name, attribute in item.items()}


_KEEP: dict[str, Callable[[Any], Any]] = {
    "S": _of_type(str),
    "N": lambda value: _number(_of_type(str)(value)),
    "B": _of_type(bytes),
    "BOOL": _of_type(bool),
    "NULL": _of_type(bool),
    "M": _stored_item,
    "L": lambda values: [_stored(value) for value in values],
    "SS": partial(_set_of, "S"),
    "NS": partial(_set_of, "N"),
    "BS": partial(_set_of, "B"),
}


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _copied(part) for name, part in value.items()}
    return [_copied(part) for part in value] if isinstance(value, list) else value


def _rank(attribute: Attribute) -> Any:
    """The value of a number, a text or bytes, such that it can be compared."""
    ((kind, value),) = attribute.items()
    return Decimal(value) if kind == "N" else value


# --- Expressions -----------------------------------------------------------------------------------------------------


class Scope(NamedTuple):
    """What an expression is about: an item, and what its placeholders stand for."""

    item: Item
    names: Mapping[str, str]
    values: Item


@dataclass(frozen=True)
class Path:
    name: str

    def attribute_name(self, scope: Scope) -> str:
        return scope.names.get(self.name, self.name)

    def read(self, scope: Scope) -> Attribute | None:
        return scope.item.get(scope.names.get(self.name, self.name))


@dataclass(frozen=True)
class Value:
    name: str

    def read(self, scope: Scope) -> Attribute:
        return scope.values[self.name]


@dataclass(frozen=True)
class Size:
    path: Path

    def read(self, scope: Scope) -> Attribute | None:
        ((kind, value),) = (self.path.read(scope) or {"NULL": True}).items()
        return None if kind in ("N", "BOOL", "NULL") else {"N": str(len(value))}


@dataclass(frozen=True)
class IfNotExists:
    path: Path
    otherwise: Any

    def read(self, scope: Scope) -> Attribute | None:
        found: Attribute | None = self.path.read(scope) or self.otherwise.read(scope)
        return found


@dataclass(frozen=True)
class Sum:
    left: Any
    sign: str
    right: Any

    def read(self, scope: Scope) -> Attribute | None:
        left, right = self.left.read(scope), self.right.read(scope)
        return None if left is None or right is None else _sum(left, self.sign, right)


def _sum(left: Attribute, sign: str, right: Attribute) -> Attribute:
    if not left.keys() == right.keys() == {"N"}:
        raise Refused("An operand in the update expression has an incorrect data type")
    add = NUMBERS.add if sign == "+" else NUMBERS.subtract
    return {"N": _number(str(add(Decimal(left["N"]), Decimal(right["N"]))))}


def _is_ranked(compare: Callable[[Any, Any], bool], left: Attribute | None, right: Attribute | None) -> bool:
    """Values of two types have no order."""
    if left is None or right is None or left.keys() != right.keys() or not left.keys() <= {"S", "N", "B"}:
        return False
    return compare(_rank(left), _rank(right))


def _begins(whole: Attribute | None, start: Attribute | None) -> bool:
    if whole is None or start is None or whole.keys() != start.keys() or not whole.keys() <= {"S", "B"}:
        return False
    return bool(_rank(whole).startswith(_rank(start)))


def _contains(whole: Attribute | None, part: Attribute | None) -> bool:
    if whole is None or part is None:
        return False
    ((outer, content),), ((inner, value),) = whole.items(), part.items()
    if outer == "L":
        return part in content
    return outer in (inner, f"{inner}S") and outer in ("S", "B", "SS", "NS", "BS") and value in content


_COMPARISONS: dict[str, Callable[..., bool]] = {
    "=": lambda left, right: left is not None and left == right,
    "<>": operator.ne,  # true of an attribute that is not there
    "<": partial(_is_ranked, operator.lt),
    "<=": partial(_is_ranked, operator.le),
    ">": partial(_is_ranked, operator.gt),
    ">=": partial(_is_ranked, operator.ge),
    "BETWEEN": lambda it, low, high: _is_ranked(operator.ge, it, low) and _is_ranked(operator.le, it, high),
    "IN": lambda it, *options: it is not None and it in options,
    "attribute_exists": lambda it: it is not None,
    "attribute_not_exists": lambda it: it is None,
    "begins_with": _begins,
    "contains": _contains,
}
_NUMBER_OF_OPERANDS = {"attribute_exists": 1, "attribute_not_exists": 1, "begins_with": 2, "contains": 2}
# A value of the request that has another type is an error; an attribute that has one is just not like it.
_TYPES_OF_VALUES = {name: {"S", "N", "B"} for name in ("<", "<=", ">", ">=", "BETWEEN")} | {"begins_with": {"S", "B"}}


@dataclass(frozen=True)
class Comparison:
    """A comparison or a function; what it compares comes first."""

    sign: str
    operands: tuple[Any, ...]

    def holds(self, scope: Scope) -> bool:
        values = [operand.read(scope) for operand in self.operands]
        wanted = _TYPES_OF_VALUES.get(self.sign)
        for operand, value in zip(self.operands, values, strict=True):
            if wanted and isinstance(operand, Value) and not value.keys() <= wanted:
                raise Refused(f"Incorrect operand type for operator or function: {self.sign}, {operand.name}")
        if self.sign == "BETWEEN" and self.has_values_only() and _is_ranked(operator.gt, values[1], values[2]):
            raise Refused("The BETWEEN operator requires upper bound to be greater than or equal to lower bound")
        return _COMPARISONS[self.sign](*values)

    def has_values_only(self) -> bool:
        """Whether the first operand is compared with values of the request alone."""
        return all(isinstance(operand, Value) for operand in self.operands[1:])

    def comparisons(self) -> Iterator["Comparison"]:
        yield self


_VERDICTS: dict[str, Callable[[list[bool]], bool]] = {
    "AND": all,
    "OR": any,
    "NOT": lambda results: not any(results),
    "()": all,
}


@dataclass(frozen=True)
class Joined:
    """Conditions joined by AND or OR, or one after NOT or in parentheses."""

    word: str
    parts: tuple[Any, ...]

    def holds(self, scope: Scope) -> bool:
        # All of them, also where the first decides: an error is one wherever it stands.
        return _VERDICTS[self.word]([part.holds(scope) for part in self.parts])

    def comparisons(self) -> Iterator[Comparison]:
        for part in self.parts:
            yield from part.comparisons()


@dataclass(frozen=True)
class Update:
    sets: tuple[tuple[Path, Any], ...] = ()
    removes: tuple[Path, ...] = ()
    adds: tuple[tuple[Path, Value], ...] = ()

    def names(self, scope: Scope) -> list[str]:
        """The attributes that it changes."""
        paths = [path for path, _ in (*self.sets, *self.adds)]
        return [path.attribute_name(scope) for path in (*paths, *self.removes)]

    def changed(self, scope: Scope) -> dict[str, Attribute]:
        """The item after it; every operand is read from the item before it."""
        found = {path.attribute_name(scope): operand.read(scope) for path, operand in self.sets}
        if None in found.values():
            raise Refused("The provided expression refers to an attribute that does not exist in the item")
        found |= {path.attribute_name(scope): _added(path.read(scope), more.read(scope)) for path, more in self.adds}
        removed = {path.attribute_name(scope) for path in self.removes}
        return {name: value for name, value in {**scope.item, **found}.items() if name not in removed}


def _added(old: Attribute | None, more: Attribute) -> Attribute:
    ((kind, value),) = more.items()
    if kind == "N":
        return _sum(old or {"N": "0"}, "+", more)
    if kind not in ("SS", "NS", "BS") or (old and kind not in old):
        raise Refused("An operand in the update expression has an incorrect data type")
    return _stored({kind: list({*value, *(old[kind] if old else ())})})


class _Tree(Transformer[Token, Any]):
    def path(self, children: list[Any]) -> Path:
        if children[0].upper() in _reserved():
            raise Refused(f"Attribute name is a reserved keyword; reserved keyword: {children[0]}")
        return Path(str(children[0]))

    def value(self, children: list[Any]) -> Value:
        return Value(str(children[0]))

    def size(self, children: list[Any]) -> Size:
        return Size(children[0])

    def compared(self, children: list[Any]) -> Comparison:
        first, comparison, *others = children
        return Comparison(comparison.upper(), (first, *others))

    def called(self, children: list[Any]) -> Comparison:
        function, *operands = children
        wants_path = function.startswith("attribute_")
        if len(operands) != _NUMBER_OF_OPERANDS[function] or (wants_path and not isinstance(operands[0], Path)):
            raise Refused(f"Incorrect number or type of operands for operator or function: {function}")
        return Comparison(str(function), tuple(operands))

    def negated(self, children: list[Any]) -> Joined:
        return Joined("NOT", tuple(children))

    def group(self, children: list[Any]) -> Joined:
        if isinstance(children[0], Joined) and children[0].word == "()":
            raise Refused("The expression has redundant parentheses")
        return Joined("()", tuple(children))

    def both(self, children: list[Any]) -> Joined:
        return Joined("AND", tuple(children))

    def either(self, children: list[Any]) -> Joined:
        return Joined("OR", tuple(children))

    def sum(self, children: list[Any]) -> Sum:
        return Sum(children[0], str(children[1]), children[2])

    def if_not_exists(self, children: list[Any]) -> IfNotExists:
        return IfNotExists(children[0], children[1])

    def set(self, children: list[Any]) -> Update:
        return Update(sets=tuple(zip(children[::3], children[2::3], strict=True)))

    def remove(self, children: list[Any]) -> Update:
        return Update(removes=tuple(children))

    def add(self, children: list[Any]) -> Update:
        return Update(adds=tuple(zip(children[::2], children[1::2], strict=True)))

    def update(self, children: list[Update]) -> Update:
        for clause in ("sets", "removes", "adds"):
            if sum(bool(getattr(child, clause)) for child in children) > 1:
                raise Refused("A section can only be used once in an update expression")
        sets, removes, adds = zip(*((child.sets, child.removes, child.adds) for child in children), strict=True)
        return Update(sum(sets, ()), sum(removes, ()), sum(adds, ()))


_PARSER = Lark(GRAMMAR, parser="lalr", start=["condition", "update"], transformer=_Tree())


@cache
def _reserved() -> frozenset[str]:
    return frozenset(ReservedKeywords.get_reserved_keywords())


@lru_cache(10_000)
def _parsed(text: str, start: str) -> Any:
    if NOT_MODELLED.search(text):
        raise NotImplementedError(f"not modelled: {text}")
    try:
        return _PARSER.parse(text, start=start)
    except UnexpectedInput as error:
        raise Refused(f"Syntax error in the expression: {text}") from error


@lru_cache(10_000)
def _placeholders(*texts: str) -> frozenset[str]:
    return frozenset(re.findall(r"[#:]\w+", " ".join(texts)))


def _scope(request: Request) -> Scope:
    """What the request's placeholders stand for; each is defined and used."""
    names, values = request.get("ExpressionAttributeNames"), request.get("ExpressionAttributeValues")
    texts = [request[name] for name in EXPRESSIONS if name in request]
    if {} in (names, values) or "" in texts:
        raise Refused("ExpressionAttributeNames, ExpressionAttributeValues and expressions must not be empty")
    used, given = _placeholders(*texts), {*(names or ()), *(values or ())}
    if used - given:
        raise Refused(f"An expression attribute name or value is not defined: {sorted(used - given)}")
    if given - used:
        raise Refused(f"Names or values are unused in expressions: {sorted(given - used)}")
    return Scope({}, names or {}, _stored_item(values or {}))


def _condition(request: Request, name: str) -> Any:
    return _parsed(request[name], "condition") if name in request else Joined("AND", ())


# --- Tables ----------------------------------------------------------------------------------------------------------


class Index:
    """A table by its own key, or an index of it: its rows by partition, each under the row's key in the table."""

    def __init__(self, properties: Mapping[str, Any], name: str, own_key: Sequence[str] = ()) -> None:
        if properties.get("Projection", {"ProjectionType": "ALL"}) != {"ProjectionType": "ALL"}:
            raise NotImplementedError("an index that does not project all attributes")
        schema = sorted(properties["KeySchema"], key=lambda element: str(element["KeyType"]))  # HASH before RANGE
        self.name = name
        self.key = tuple(str(element["AttributeName"]) for element in schema)
        self.whole_key = tuple(dict.fromkeys((*self.key, *own_key)))
        self.partitions: dict[Any, dict[Rank, Item]] = {}

    def replace(self, place: Rank, old: Item | None, new: Item | None) -> None:
        if old and self.holds(old):
            del self.partitions[_rank(old[self.key[0]])][place]
        if new and self.holds(new):
            self.partitions.setdefault(_rank(new[self.key[0]]), {})[place] = new

    def holds(self, item: Item) -> bool:
        return all(name in item for name in self.key)

    def rank(self, item: Item) -> Rank:
        return tuple(_rank(item[name]) for name in self.whole_key)


class Table:
    def __init__(self, properties: Mapping[str, Any]) -> None:
        if "LocalSecondaryIndexes" in properties:
            raise NotImplementedError("local secondary indexes")
        self.types = {each["AttributeName"]: each["AttributeType"] for each in properties["AttributeDefinitions"]}
        self.own = Index({"KeySchema": properties["KeySchema"]}, "")
        indexes = properties.get("GlobalSecondaryIndexes", ())
        self.indexes = {each["IndexName"]: Index(each, each["IndexName"], self.own.key) for each in indexes}
        self.items: dict[Rank, Item] = {}

    def index(self, request: Request) -> Index:
        if "IndexName" not in request:
            return self.own
        if request["IndexName"] not in self.indexes:
            raise Refused(f"The table does not have the specified index: {request['IndexName']}")
        if request.get("ConsistentRead"):
            raise Refused("Consistent reads are not supported on global secondary indexes")
        return self.indexes[request["IndexName"]]

    def check_key(self, key: Item, names: Sequence[str], message: str) -> None:
        if {*key} != {*names}:
            raise Refused(message)
        self.check_item(key)

    def check_item(self, item: Item) -> None:
        """Whatever is a key of the table or of an index has the right type and is not empty."""
        for name, kind in self.types.items():
            if name in item and item[name].keys() != {kind}:
                raise Refused(f"Type mismatch for key {name}: expected {kind}, actual {next(iter(item[name]))}")
            if name in item and item[name][kind] in ("", b""):
                raise Refused(f"The AttributeValue for a key attribute cannot contain an empty value. Key: {name}")

    def write(self, old: Item | None, new: Item | None) -> None:
        place = self.own.rank(new or old or {})
        for index in (self.own, *self.indexes.values()):
            index.replace(place, old, new)
        if new is None:
            self.items.pop(place, None)
        else:
            self.items[place] = new


# --- The client ------------------------------------------------------------------------------------------------------

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
        return {"Item": _copied(item)} if item is not None else {}

    @_operation(f"Item {CONDITIONAL} {PLACEHOLDERS}")
    def put_item(self, request: Request, table: Table) -> Answer:
        scope, new = _scope(request), _stored_item(request["Item"])
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
        scope, old = _scope(request), _find(table, request)
        _check_condition(request, scope._replace(item=old or {}))
        returned = _returned(request, old, None, ())
        if old is not None:
            table.write(old, None)
        return returned

    @_operation(f"Key UpdateExpression {CONDITIONAL} {PLACEHOLDERS}")
    def update_item(self, request: Request, table: Table) -> Answer:
        scope, old = _scope(request), _find(table, request)
        update = _parsed(request["UpdateExpression"], "update") if "UpdateExpression" in request else Update()
        names = update.names(scope)
        if len({*names}) != len(names) or {*names} & {*table.own.key}:
            raise Refused("Two document paths overlap with each other, or an attribute is part of the key")
        _check_condition(request, scope._replace(item=old or {}))
        new = update.changed(scope._replace(item=old or _stored_item(request["Key"])))
        table.check_item(new)
        returned = _returned(request, old, new, names)
        table.write(old, new)
        return returned

    @_operation(f"KeyConditionExpression ScanIndexForward {READING}")
    def query(self, request: Request, table: Table) -> Answer:
        scope, index = _scope(request), table.index(request)
        tests = _key_tests(table, index, request, scope)
        for test in _condition(request, "FilterExpression").comparisons():
            _check_filter(test, index, scope)
        start = _stored_item(request.get("ExclusiveStartKey", {}))
        if start and not all(test.holds(scope._replace(item=start)) for test in tests):
            raise Refused("The provided starting key is outside query boundaries based on provided conditions")
        partition = index.partitions.get(_rank(tests[0].operands[1].read(scope)), {})
        rows = [row for row in partition.values() if all(test.holds(scope._replace(item=row)) for test in tests)]
        return _page(request, table, rows, scope)

    @_operation(READING)
    def scan(self, request: Request, table: Table) -> Answer:
        partitions = table.index(request).partitions.values()
        return _page(request, table, [row for rows in partitions for row in rows.values()], _scope(request))

    def get_paginator(self, name: str) -> Paginator:
        if name not in ("query", "scan"):
            raise NotImplementedError(f"a paginator for {name}")
        return Paginator(getattr(self, name))


def _find(table: Table, request: Request) -> Item | None:
    key = _stored_item(request["Key"])
    table.check_key(key, table.own.key, "The provided key element does not match the schema")
    return table.items.get(table.own.rank(key))


def _check_condition(request: Request, scope: Scope) -> None:
    condition = _condition(request, "ConditionExpression")
    shown = request.get("ReturnValuesOnConditionCheckFailure", "NONE")
    if not condition.holds(scope):
        more = {"Item": _copied(scope.item)} if shown == "ALL_OLD" and scope.item else {}
        raise Refused("The conditional request failed", "ConditionalCheckFailedException", **more)


def _returned(request: Request, old: Item | None, new: Item | None, names: Sequence[str]) -> Answer:
    """What ReturnValues asks for; `new` is None where only the old item can be had."""
    wanted = request.get("ReturnValues", "NONE")
    possible = ("NONE", "ALL_OLD") if new is None else ("NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW")
    if wanted not in possible:
        raise Refused(f"ReturnValues can only be one of {', '.join(possible)}")
    item = {"NONE": None, "OLD": old, "NEW": new}[wanted.rpartition("_")[2]] or {}
    shown = {name: _copied(value) for name, value in item.items() if wanted.startswith("ALL") or name in names}
    return {"Attributes": shown} if shown else {}


def _key_tests(table: Table, index: Index, request: Request, scope: Scope) -> list[Comparison]:
    """The tests of the key condition, that of the partition first. Raises Refused."""
    condition = _parsed(request["KeyConditionExpression"], "condition")
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
    condition, forward = _condition(request, "FilterExpression"), request.get("ScanIndexForward", True)
    ordered = sorted(rows, key=index.rank, reverse=not forward)
    if start := request.get("ExclusiveStartKey"):
        table.check_key(start, index.whole_key, "The provided starting key is invalid")
        is_after = operator.gt if forward else operator.lt
        ordered = [row for row in ordered if is_after(index.rank(row), index.rank(start))]
    if limit is not None and limit < 1:
        raise ParamValidationError(report=f"Invalid value for parameter Limit, value: {limit}, valid min value: 1")
    seen = ordered[:limit]
    found = [_copied(row) for row in seen if condition.holds(scope._replace(item=row))]
    answer: Answer = {"Items": found, "Count": len(found), "ScannedCount": len(seen)}
    if seen and len(seen) == limit:
        answer["LastEvaluatedKey"] = {name: _copied(seen[-1][name]) for name in index.whole_key}
    return answer

"""DynamoDB's expressions: conditions and updates, parsed once and applied to an item."""

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache, partial
from typing import Any, NamedTuple

from lark import Lark, Token, Transformer, UnexpectedInput
from moto.dynamodb.parsing.reserved_keywords import ReservedKeywords

from tests.doubles.dynamodb.values import (
    NUMBERS,
    Attribute,
    Item,
    Refused,
    Request,
    as_stored,
    number,
    rank,
    stored_item,
)

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
    return {"N": number(str(add(Decimal(left["N"]), Decimal(right["N"]))))}


def _is_ranked(compare: Callable[[Any, Any], bool], left: Attribute | None, right: Attribute | None) -> bool:
    """Values of two types have no order."""
    if left is None or right is None or left.keys() != right.keys() or not left.keys() <= {"S", "N", "B"}:
        return False
    return compare(rank(left), rank(right))


def _begins(whole: Attribute | None, start: Attribute | None) -> bool:
    if whole is None or start is None or whole.keys() != start.keys() or not whole.keys() <= {"S", "B"}:
        return False
    return bool(rank(whole).startswith(rank(start)))


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
    return as_stored({kind: list({*value, *(old[kind] if old else ())})})


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
def parse(text: str, start: str) -> Any:
    if NOT_MODELLED.search(text):
        raise NotImplementedError(f"not modelled: {text}")
    try:
        return _PARSER.parse(text, start=start)
    except UnexpectedInput as error:
        raise Refused(f"Syntax error in the expression: {text}") from error


@lru_cache(10_000)
def _placeholders(*texts: str) -> frozenset[str]:
    return frozenset(re.findall(r"[#:]\w+", " ".join(texts)))


def scope_of(request: Request) -> Scope:
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
    return Scope({}, names or {}, stored_item(values or {}))


def condition_of(request: Request, name: str) -> Any:
    return parse(request[name], "condition") if name in request else Joined("AND", ())

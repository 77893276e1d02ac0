"""TaskRouter's expressions: `skills HAS "sales" AND language IN ["en", "de"]` (contract 7.5).

Which variables there are is the caller's business: a filter sees the task's attributes bare, a task queue the
worker's, a target both behind `task.` and `worker.`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal as OneOf

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedEOF, UnexpectedInput

# Whether keywords may be written in lower case is uncertain; so is NOT before a parenthesis. Both are taken here.
_GRAMMAR = r"""
    ?start: either
    ?either: both (_OR both)*
    ?both: negation (_AND negation)*
    ?negation: _NOT negation -> negated
        | comparison
    ?comparison: operand (COMPARE | NOT_HAS | HAS | NOT_IN | IN | NOT_CONTAINS | CONTAINS) operand -> compared
        | operand
    ?operand: literal
        | listing
        | PATH -> path
        | "(" either ")"
    listing: "[" [operand ("," operand)*] "]"
    literal: STRING | NUMBER | WORD

    COMPARE: "==" | "!=" | "<=" | ">=" | "<" | ">" | "="
    _OR.3: /OR\b/i
    _AND.3: /AND\b/i
    NOT_HAS.4: /NOT\s+HAS\b/i
    NOT_IN.4: /NOT\s+IN\b/i
    NOT_CONTAINS.4: /NOT\s+CONTAINS\b/i
    _NOT.3: /NOT\b/i
    HAS.3: /HAS\b/i
    IN.3: /IN\b/i
    CONTAINS.3: /CONTAINS\b/i
    WORD.3: /(true|false|null)\b(?!\.)/i
    PATH: /[A-Za-z_]\w*(\.\w+|\[\d+\])*/
    STRING: /"[^"]*"|'[^']*'/
    NUMBER: /-?(\d+(\.\d+)?|\.\d+)/
    %ignore /\s+/
"""
_WORDS = {"true": True, "false": False, "null": None}

Json = object


class ExpressionError(Exception):
    """The text is no expression. `position` is the index of the first character that does not fit."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(f"{message} at position {position}")
        self.position = position


@dataclass(frozen=True)
class Literal:
    value: str | int | float | bool | None


@dataclass(frozen=True)
class Path:
    steps: tuple[str | int, ...]


@dataclass(frozen=True)
class Listing:
    items: tuple["Expression", ...]


@dataclass(frozen=True)
class Compared:
    left: "Expression"
    operator: str
    right: "Expression"


@dataclass(frozen=True)
class Joined:
    word: OneOf["AND", "OR"]
    parts: tuple["Expression", ...]


@dataclass(frozen=True)
class Negated:
    part: "Expression"


Expression = Literal | Path | Listing | Compared | Joined | Negated


class _Tree(Transformer[Token, Expression]):
    def literal(self, children: list[Token]) -> Expression:
        token = children[0]
        if token.type == "STRING":
            return Literal(token[1:-1])
        if token.type == "WORD":
            return Literal(_WORDS[token.lower()])
        return Literal(float(token) if "." in token else int(token))

    def path(self, children: list[Token]) -> Expression:
        steps = children[0].replace("[", ".").replace("]", "").split(".")
        return Path(tuple(int(step) if step.isdigit() else step for step in steps))

    def listing(self, children: list[Expression | None]) -> Expression:
        return Listing(tuple(child for child in children if child is not None))

    def compared(self, children: list[Expression | Token]) -> Expression:
        left, operator, right = children
        assert isinstance(operator, Token)
        assert not isinstance(left, Token)
        assert not isinstance(right, Token)
        return Compared(left, " ".join(operator.upper().split()), right)

    def negated(self, children: list[Expression]) -> Expression:
        return Negated(children[0])

    def both(self, children: list[Expression]) -> Expression:
        return Joined("AND", tuple(children))

    def either(self, children: list[Expression]) -> Expression:
        return Joined("OR", tuple(children))


_parser = Lark(_GRAMMAR, parser="lalr", maybe_placeholders=False)


@lru_cache(maxsize=1024)
def parse(text: str) -> Expression:
    """The expression that `text` writes down. Raises ExpressionError."""
    try:
        tree = _parser.parse(text)
    except UnexpectedEOF as error:
        raise ExpressionError("The expression ends too early", len(text)) from error
    except UnexpectedInput as error:
        raise ExpressionError("Unexpected text", _position(error, text)) from error
    return _Tree().transform(tree)


def _position(error: UnexpectedInput, text: str) -> int:
    at_end = (
        not isinstance(error, UnexpectedCharacters) and getattr(getattr(error, "token", None), "type", "") == "$END"
    )
    return len(text) if at_end or error.pos_in_stream is None else error.pos_in_stream


def evaluate(parsed: Expression, variables: Mapping[str, Json]) -> bool:
    """Whether the expression holds; a key that is not there is null, and only `true` itself is true."""
    return value_of(parsed, variables) is True


def value_of(parsed: Expression, variables: Mapping[str, Json]) -> Json:
    match parsed:
        case Literal(value):
            return value
        case Path(steps):
            return look_up(steps, variables)
        case Listing(items):
            return [value_of(item, variables) for item in items]
        case Negated(part):
            return not evaluate(part, variables)
        case Joined(word, parts):
            holding = (evaluate(part, variables) for part in parts)
            return all(holding) if word == "AND" else any(holding)
        case Compared(left, operator, right):
            return _OPERATORS[operator](value_of(left, variables), value_of(right, variables))


def look_up(steps: Sequence[str | int], variables: Json) -> Json:
    """The value at a path of keys and list indices, None when there is nothing."""
    found = variables
    for step in steps:
        if isinstance(found, Mapping):
            found = found.get(str(step))
        elif isinstance(found, list) and isinstance(step, int) and step < len(found):
            found = found[step]
        else:
            return None
    return found


def _same(left: Json, right: Json) -> bool:
    """Equal as JSON: 1 is 1.0, but not true and not "1". How Twilio compares across types is uncertain."""
    return isinstance(left, bool) == isinstance(right, bool) and left == right


def _ordered(holds: Callable[[float | str, float | str], bool]) -> Callable[[Json, Json], bool]:
    """Numbers with numbers, strings with strings; anything else has no order and does not hold."""

    def compare(left: Json, right: Json) -> bool:
        for kind in ((int, float), str):
            if isinstance(left, kind) and isinstance(right, kind):
                return not isinstance(left, bool) and not isinstance(right, bool) and holds(left, right)
        return False

    return compare


def _has(left: Json, right: Json) -> bool:
    return isinstance(left, list) and any(_same(item, right) for item in left)


def _contains(left: Json, right: Json) -> bool:
    """A piece of a string, or an element of a list."""
    return right in left if isinstance(left, str) and isinstance(right, str) else _has(left, right)


def _less(left: float | str, right: float | str) -> bool:
    return left < right if isinstance(left, str) and isinstance(right, str) else float(left) < float(right)


_OPERATORS: Mapping[str, Callable[[Json, Json], bool]] = {
    "==": _same,
    "=": _same,
    "!=": lambda left, right: not _same(left, right),
    "<": _ordered(_less),
    "<=": _ordered(lambda left, right: not _less(right, left)),
    ">": _ordered(lambda left, right: _less(right, left)),
    ">=": _ordered(lambda left, right: not _less(left, right)),
    "HAS": _has,
    "NOT HAS": lambda left, right: not _has(left, right),
    "IN": lambda left, right: _has(right, left),
    "NOT IN": lambda left, right: not _has(right, left),
    "CONTAINS": _contains,
    "NOT CONTAINS": lambda left, right: not _contains(left, right),
}


@dataclass(frozen=True)
class SortKey:
    path: Path
    descending: bool


def parse_order(text: str) -> tuple[SortKey, ...]:
    """A target's `order_by`: `worker.level DESC, worker.age`. Raises ExpressionError."""
    keys = []
    for part in text.split(",") if text.strip() else []:
        name, _, direction = part.strip().partition(" ")
        path = parse(name)
        if not isinstance(path, Path) or direction.strip().upper() not in {"", "ASC", "DESC"}:
            raise ExpressionError(f"No order: {part.strip()}", text.index(part))
        keys.append(SortKey(path, direction.strip().upper() == "DESC"))
    return tuple(keys)


def sort_value(key: SortKey, variables: Mapping[str, Json]) -> tuple[int, float, str]:
    """What to sort by: numbers before text before nothing, the largest number first when descending.

    Text is sorted ascending only.
    """
    value = value_of(key.path, variables)
    if isinstance(value, int | float):
        return (0, -float(value) if key.descending else float(value), "")
    return (1, 0.0, value) if isinstance(value, str) else (2, 0.0, "")

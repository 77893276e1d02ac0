"""The value of an expression, given the variables that it may name, and what to sort workers by."""

from collections.abc import Callable, Mapping, Sequence

from taskrouter_expressions.tree import Compared, Expression, Joined, Json, Listing, Literal, Negated, Path, SortKey


def evaluate(parsed: Expression, variables: Mapping[str, Json]) -> bool:
    """Whether the expression holds; a key that is not there is null, and only `true` itself is true."""
    return value_of(parsed, variables) is True


def value_of(parsed: Expression, variables: Mapping[str, Json]) -> Json:
    """The value of the expression; a key that is not there is None."""
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


def sort_value(key: SortKey, variables: Mapping[str, Json]) -> tuple[int, float, str]:
    """What to sort by: numbers before text before nothing, the largest number first when descending.

    Text is sorted ascending only.
    """
    value = value_of(key.path, variables)
    if isinstance(value, int | float):
        return (0, -float(value) if key.descending else float(value), "")
    return (1, 0.0, value) if isinstance(value, str) else (2, 0.0, "")

"""The value of an expression, given the variables that it may name, and what to sort workers by."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeGuard

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


Holds = Callable[[Json, Json], bool]


def _same(left: Json, right: Json) -> bool:
    """Equal as JSON: 1 is 1.0, but not true and not "1". How Twilio compares across types is uncertain."""
    return isinstance(left, bool) == isinstance(right, bool) and left == right


def _less(left: float | str, right: float | str) -> bool:
    return left < right if isinstance(left, str) and isinstance(right, str) else float(left) < float(right)


def _ordered(holds: Callable[[float | str, float | str], bool]) -> Holds:
    """Numbers with numbers, strings with strings; anything else has no order and does not hold."""

    def compare(left: Json, right: Json) -> bool:
        for kind in ((int, float), str):
            if isinstance(left, kind) and isinstance(right, kind):
                return not isinstance(left, bool) and not isinstance(right, bool) and holds(left, right)
        return False

    return compare


def _contains(left: Json, right: Json) -> bool:
    return isinstance(left, str) and isinstance(right, str) and right in left


def _is_in(items: Json, item: Json) -> bool:
    return isinstance(items, list) and any(_same(one, item) for one in items)


def _not(holds: Holds) -> Holds:
    return lambda left, right: not holds(left, right)


def _swapped(holds: Holds) -> Holds:
    return lambda left, right: holds(right, left)


def _of_scalars(holds: Holds) -> Holds:
    """An operator for scalars, which does not hold for a list on either side."""
    return lambda left, right: not isinstance(left, list) and not isinstance(right, list) and holds(left, right)


def _of_list_and_scalar(holds: Holds) -> Holds:
    """An operator for a list on the left and a scalar on the right, which does not hold for anything else."""
    return lambda left, right: isinstance(left, list) and not isinstance(right, list) and holds(left, right)


# Twilio's page has no NOT HAS and no NOT CONTAINS; they are taken to be like NOT IN.
_OPERATORS: Mapping[str, Holds] = {
    "==": _of_scalars(_same),
    "=": _of_scalars(_same),
    "!=": _of_scalars(_not(_same)),
    "<": _of_scalars(_ordered(_less)),
    "<=": _of_scalars(_ordered(lambda left, right: not _less(right, left))),
    ">": _of_scalars(_ordered(lambda left, right: _less(right, left))),
    ">=": _of_scalars(_ordered(lambda left, right: not _less(left, right))),
    "CONTAINS": _of_scalars(_contains),
    "NOT CONTAINS": _of_scalars(_not(_contains)),
    "HAS": _of_list_and_scalar(_is_in),
    "NOT HAS": _of_list_and_scalar(_not(_is_in)),
    "IN": _swapped(_of_list_and_scalar(_is_in)),
    "NOT IN": _swapped(_of_list_and_scalar(_not(_is_in))),
}


def sorts(order: Sequence[SortKey], each: Iterable[Mapping[str, Json]]) -> bool:
    """Whether the order counts: with a value that is no whole number, anywhere, it is ignored (contract 7.5)."""
    values = [value_of(key.path, variables) for variables in each for key in order]
    return all(value is None or _is_whole(value) for value in values)


def sort_value(key: SortKey, variables: Mapping[str, Json]) -> tuple[int, int]:
    """What to sort by: whole numbers, the largest first when descending; whoever has none comes last."""
    value = value_of(key.path, variables)
    if _is_whole(value):
        return (0, -value if key.descending else value)
    return (1, 0)


def _is_whole(value: Json) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)

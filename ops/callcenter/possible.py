"""What an expression may come to when part of what it names is known only to Twilio, at the time of the call. Pure."""

from collections.abc import Callable, Iterator, Mapping

from taskrouter_expressions import Compared, Expression, Joined, Listing, Negated, Path, evaluate

TASKROUTER = "taskrouter"  # its own variables: the time of day, the day of the week

IsUnknown = Callable[[Path], bool]


def outcomes(expression: Expression, variables: Mapping[str, object], is_unknown: IsUnknown) -> frozenset[bool]:
    """Each value that the expression may have: one where `variables` decide, two where they leave it open."""
    match expression:
        case Joined(word, parts):
            each = [outcomes(part, variables, is_unknown) for part in parts]
            enough = word == "OR"  # the value that one part alone gives to the whole
            return frozenset(
                value
                for value in (True, False)
                if (any if value is enough else all)(value in possible for possible in each)
            )
        case Negated(part):
            return frozenset(not value for value in outcomes(part, variables, is_unknown))
        case _ if any(map(is_unknown, paths(expression))):
            return frozenset((True, False))
        case _:
            return frozenset((evaluate(expression, variables),))


def paths(expression: Expression) -> Iterator[Path]:
    """What the expression names."""
    match expression:
        case Path():
            yield expression
        case Compared(left, _, right):
            yield from paths(left)
            yield from paths(right)
        case Joined(_, parts) | Listing(parts):
            for part in parts:
                yield from paths(part)
        case Negated(part):
            yield from paths(part)

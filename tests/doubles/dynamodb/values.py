"""DynamoDB's values: what is kept of each type, numbers of 38 digits, and what is refused."""

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Context, Decimal, DecimalException, InvalidOperation, Overflow, Subnormal
from decimal import Inexact as TooLong
from functools import lru_cache, partial
from typing import Any

from botocore.exceptions import ParamValidationError

Attribute = Mapping[str, Any]
Item = Mapping[str, Attribute]
Request = Mapping[str, Any]
Answer = dict[str, Any]
Rank = tuple[Any, ...]  # what rows are sorted by: values of keys

# 38 digits, and magnitudes from 1E-130 to 9.9...E+125.
NUMBERS = Context(prec=38, Emin=-130, Emax=125, traps=[InvalidOperation, TooLong, Overflow, Subnormal])


class Refused(Exception):
    """DynamoDB answers with this error code; `more` stands in the answer beside the error."""

    def __init__(self, message: str, code: str = "ValidationException", **more: object) -> None:
        super().__init__(message)
        self.code, self.more = code, more


@lru_cache(10_000)
def number(text: str) -> str:
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


def as_stored(attribute: Attribute) -> dict[str, Any]:
    """A checked copy as the table keeps it: equal values are equal, since numbers and sets have one form."""
    if len(attribute) != 1 or not _KEEP.keys() >= attribute.keys():
        raise ParamValidationError(report=f"an attribute has one type of {', '.join(_KEEP)}: {attribute!r}")
    ((kind, value),) = attribute.items()
    return {kind: _KEEP[kind](value)}


def stored_item(item: Item) -> dict[str, Attribute]:
    return {name: as_stored(attribute) for name, attribute in item.items()}


_KEEP: dict[str, Callable[[Any], Any]] = {
    "S": _of_type(str),
    "N": lambda value: number(_of_type(str)(value)),
    "B": _of_type(bytes),
    "BOOL": _of_type(bool),
    "NULL": _of_type(bool),
    "M": stored_item,
    "L": lambda values: [as_stored(value) for value in values],
    "SS": partial(_set_of, "S"),
    "NS": partial(_set_of, "N"),
    "BS": partial(_set_of, "B"),
}


def copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: part if isinstance(part, str) else copied(part) for name, part in value.items()}
    return [copied(part) for part in value] if isinstance(value, list) else value


def rank(attribute: Attribute) -> Any:
    """The value of a number, a text or bytes, such that it can be compared."""
    ((kind, value),) = attribute.items()
    return Decimal(value) if kind == "N" else value

"""Python values as DynamoDB's attributes, and back (pure).

boto3's own serializer refuses floats and takes twice as long.
"""

from collections.abc import Mapping, Sequence
from typing import Any


def encode(values: Mapping[str, object]) -> dict[str, Any]:
    """The values as an item, or a part of a request. Raises TypeError for what cannot be stored."""
    return {name: _attribute(value) for name, value in values.items()}


def decode(item: Mapping[str, Any]) -> dict[str, Any]:
    """The values of an item that `encode` made."""
    return {name: _value(attribute) for name, attribute in item.items()}


def _attribute(value: object) -> dict[str, Any]:
    match value:
        case str():
            return {"S": value}
        case bool():
            return {"BOOL": value}
        case int() | float():
            return {"N": repr(value)}
        case None:
            return {"NULL": True}
        case Mapping():
            return {"M": encode(value)}
        case Sequence():
            return {"L": [_attribute(item) for item in value]}
        case _:
            raise TypeError(f"cannot be stored: {type(value).__name__}")


def _value(attribute: Mapping[str, Any]) -> Any:
    [(kind, value)] = attribute.items()
    match kind:
        case "N":
            return float(value) if set(value) & set(".eE") else int(value)
        case "M":
            return decode(value)
        case "L":
            return [_value(item) for item in value]
        case "NULL":
            return None
        case _:  # S and BOOL; nothing else is written here
            return value

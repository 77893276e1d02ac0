"""An expression as data: what the parser makes, and what is evaluated and sorted by."""

from dataclasses import dataclass
from typing import Literal as OneOf

Json = object


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


@dataclass(frozen=True)
class SortKey:
    """One part of an `order_by`."""

    path: Path
    descending: bool

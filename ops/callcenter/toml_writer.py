"""TOML as a person would write it: the standard library only reads it."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any


def key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else text(name)


def text(value: str) -> str:
    if '"' in value and "'" not in value and value.isprintable():
        return f"'{value}'"
    # JSON writes every character that TOML does not take bare, but for one.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def value(given: Any) -> str:
    """The value as TOML writes it. TOML has no null: where one is, nothing is written."""
    match given:
        case bool():
            return "true" if given else "false"
        case str():
            return text(given)
        case int() | float():
            return repr(given)
        case Mapping():
            pairs = ", ".join(f"{key(name)} = {value(inner)}" for name, inner in given.items() if inner is not None)
            return f"{{ {pairs} }}" if pairs else "{}"
        case Iterable():
            return f"[{', '.join(value(item) for item in given if item is not None)}]"
    raise TypeError(f"TOML has nothing for {given!r}")


def table(header: str, fields: Mapping[str, Any]) -> str:
    """A table, or with [[…]] as its header one of an array of tables. What is None is left out."""
    lines = [f"{key(name)} = {value(given)}" for name, given in fields.items() if given is not None]
    return "\n".join([header, *lines]) + "\n"

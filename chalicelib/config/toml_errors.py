"""A wrong value in a TOML file of the team's as one sentence: file, key, value, and what is allowed (pure)."""

import re
from typing import Annotated, Any, Literal, NoReturn, TypeVar, get_args, get_origin, get_type_hints

import msgspec

NAME = "callcenter.toml"

_T = TypeVar("_T")


class CallCenterError(Exception):
    """callcenter.toml is wrong. The text names file, key, value and what is allowed."""


def convert(raw: object, kind: type[_T], where: str, file: str = NAME) -> _T:
    """The table that stands at the key `where` of the file. Raises CallCenterError."""
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        said, _, path = str(error).partition(" - at `$")
        path = path.rstrip("`").lstrip(".")
        value = _value_at(raw, path)
        key = ".".join(part for part in (where, path) if part) or "(top level)"
        fail(key, value, said + _allowed(kind, path), file)


def _allowed(kind: Any, path: str) -> str:
    """The values of the choice, or the keys of the table, that stand at this path of this type; else nothing."""
    for step in re.findall(r"[^.\[\]]+", path):
        kind = _plain(kind)
        kind = get_args(kind)[0] if step.isdigit() else get_type_hints(kind, include_extras=True)[step]
    kind = _plain(kind)
    if get_origin(kind) is Literal:
        return f"; allowed: {', '.join(get_args(kind))}"
    fields = getattr(kind, "__struct_fields__", ())
    return f"; allowed: {', '.join(fields)}" if fields else ""


def _plain(kind: Any) -> Any:
    """The type itself: without what limits it, and without None."""
    if get_origin(kind) is Annotated:
        return _plain(get_args(kind)[0])
    if type(None) in get_args(kind):
        return _plain(next(part for part in get_args(kind) if part is not type(None)))
    return kind


def _value_at(raw: object, path: str) -> object:
    for step in re.findall(r"[^.\[\]]+", path):
        try:
            raw = raw[int(step)] if isinstance(raw, list) else raw[step]  # type: ignore[index]
        except (LookupError, TypeError, ValueError):
            return ...
    return ... if isinstance(raw, dict) else raw


def fail(key: str, value: object, allowed: str, file: str = NAME) -> NoReturn:
    """Raise the CallCenterError that says so; a `value` of `...` is not shown."""
    shown = "" if value is ... else f" is {value!r}"
    raise CallCenterError(f"{file}: {key}{shown}: {allowed}")

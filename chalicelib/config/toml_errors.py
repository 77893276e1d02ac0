"""Wrong values in a TOML file of the team's, a sentence each: file, key, value, and what is allowed (pure)."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

import msgspec

NAME = "callcenter.toml"

_T = TypeVar("_T")


class Mistake(str):
    """One mistake as a sentence. `file` and `key` say where it stands, `said` is the sentence without the file."""

    file: str
    key: str
    said: str

    __slots__ = ("file", "key", "said")

    def __new__(cls, file: str, key: str, said: str, line: int | None = None) -> "Mistake":
        made = super().__new__(cls, f"{file}:{line}: {said}" if line else f"{file}: {said}")
        made.file, made.key, made.said = file, key, said
        return made


class CallCenterError(Exception):
    """callcenter.toml or workers.toml is wrong. Each argument is one mistake: file, key, value and what is allowed."""

    def __str__(self) -> str:
        return "\n".join(map(str, self.args))


def read(text: str, file: str = NAME) -> dict[str, Any]:
    """The tables of this text. Raises CallCenterError when it is not TOML."""
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CallCenterError(Mistake(file, "", f"not TOML: {error}")) from error


def convert(raw: object, kind: type[_T], where: str, file: str = NAME) -> _T:
    """The table that stands at the key `where` of the file. Raises CallCenterError with every mistake in it."""
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        raise CallCenterError(*_mistakes(raw, kind, where, file)) from error


def sentence(key: str, value: object, allowed: str, file: str = NAME) -> Mistake:
    """One mistake; a `value` of `...` is not shown."""
    shown = "" if value is ... else f" is {value!r}"
    return Mistake(file, key, f"{key}{shown}: {allowed}")


def _mistakes(raw: object, kind: Any, where: str, file: str) -> Iterator[Mistake]:
    """What is wrong in the value at `where`, in the order of the file; what is missing comes last."""
    try:
        msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        said = [mistake for part in _parts(raw, kind, where) for mistake in _mistakes(*part, file)]
        said += [
            Mistake(file, f"{where}.{key}".lstrip("."), f"{where or '(top level)'}: {wrong}{_allowed(kind)}")
            for key, wrong in _wrong_keys(raw, kind)
        ]
        yield from said or [sentence(where, ... if isinstance(raw, dict) else raw, str(error) + _allowed(kind), file)]


def _parts(raw: object, kind: Any, where: str) -> Iterator[tuple[object, Any, str]]:
    """The values that the type knows inside of this one, each with its type and its key."""
    kind = _plain(kind)
    fields = _fields(kind)
    if isinstance(raw, dict):
        for key, value in raw.items():
            if key in fields:
                yield value, fields[key].type, f"{where}.{key}".lstrip(".")
            elif get_origin(kind) is dict:
                yield value, get_args(kind)[1], f"{where}.{key}"
    elif isinstance(raw, list) and get_origin(kind) is tuple:
        for number, value in enumerate(raw):
            yield value, get_args(kind)[0], f"{where}[{number}]"


def _wrong_keys(raw: object, kind: Any) -> Iterator[tuple[str, str]]:
    """Each key that is unknown or missing, and what is said of it."""
    fields = _fields(_plain(kind))
    if isinstance(raw, dict) and fields:
        yield from ((key, f"Object contains unknown field `{key}`") for key in raw if key not in fields)
        yield from (
            (key, f"Object missing required field `{key}`")
            for key, field in fields.items()
            if field.required and key not in raw
        )


def _allowed(kind: Any) -> str:
    """The values of the choice, or the keys of the table, that this type is; else nothing."""
    kind = _plain(kind)
    names = get_args(kind) if get_origin(kind) is Literal else tuple(_fields(kind))
    return f"; allowed: {', '.join(names)}" if names else ""


def _fields(kind: Any) -> dict[str, msgspec.structs.FieldInfo]:
    is_table = isinstance(kind, type) and issubclass(kind, msgspec.Struct)
    return {field.encode_name: field for field in msgspec.structs.fields(kind)} if is_table else {}


def _plain(kind: Any) -> Any:
    """The type itself: without what limits it, and without None."""
    if get_origin(kind) is Annotated:
        return _plain(get_args(kind)[0])
    if type(None) in get_args(kind):
        return _plain(next(part for part in get_args(kind) if part is not type(None)))
    return kind

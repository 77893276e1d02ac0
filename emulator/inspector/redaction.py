"""Secrets of the account, taken out of plain data. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar, cast

T = TypeVar("T")

HIDDEN = "(secret)"


def redacted(data: T, secrets: Iterable[str]) -> T:
    """The same, with every secret in every text hidden: an application may have put one into a URL or an answer."""
    return cast(T, _hidden(data, [secret for secret in secrets if secret]))


def _hidden(data: Any, secrets: Sequence[str]) -> Any:
    if isinstance(data, str):
        for secret in secrets:
            data = data.replace(secret, HIDDEN)
        return data
    if isinstance(data, Mapping):
        return {_hidden(key, secrets): _hidden(value, secrets) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return type(data)(_hidden(item, secrets) for item in data)
    if is_dataclass(data) and not isinstance(data, type):
        return type(data)(**{one.name: _hidden(getattr(data, one.name), secrets) for one in fields(data)})
    return data

"""The fields of requests that several resources have, each read and checked in one way (contract 7.5)."""

import re
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol, TypeVar

from emulator.ports import TwilioError
from emulator.rest.framework import Request
from emulator.taskrouter.model import Activity
from emulator.taskrouter.workspace import LONGEST_NAME
from taskrouter_expressions import Expression, ExpressionError, parse

T = TypeVar("T")

MINUTES = 15
DAY = 86_400.0
ORDERS = ("FIFO", "LIFO")

# Whose names must differ within a workspace: a worker's (contract 7.5) and a task channel's unique name for certain.
# For the other three it is uncertain; what is careful is assumed. The names of workspaces may be equal.
UNIQUE_NAMES = frozenset({"Activities", "TaskQueues", "Workflows"})


class Named(Protocol):
    @property
    def sid(self) -> str: ...

    @property
    def friendly_name(self) -> str: ...


def required(request: Request, name: str) -> str:
    """TwilioError 20001 when the field was not sent or is empty."""
    if not request.text(name):
        raise TwilioError(20001, f"Missing required parameter {name} in the post body")
    return request.text(name)


def number(request: Request, name: str) -> int | None:
    """A whole number that is not negative, None when it was not sent. TwilioError 20001."""
    text = request.text(name)
    if text and not text.isdecimal():
        raise TwilioError(20001, f"{name} is no number: {text}")
    return int(text) if text else None


def moment(request: Request, name: str) -> float | None:
    """A date in ISO 8601 as epoch seconds, in UTC unless it says otherwise; None without one. TwilioError 20001."""
    text = request.text(name)
    try:
        at = datetime.fromisoformat(text) if text else None
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() if at else None
    except (ValueError, OverflowError):
        raise TwilioError(20001, f"{name} is no date: {text}") from None


def dates(*names: str) -> str:
    """The parameters by which a list is asked for these dates."""
    return " ".join(f"{name}{way}" for name in names for way in ("", "<", ">"))


def dated(request: Request, name: str, *, through: bool = False) -> Callable[[float | None], bool]:
    """A list's filter: on the day `name`, before `name<`, from `name>` on. TwilioError 20001 for what is no date.

    A day begins at midnight in UTC; `through` has `name<` count the whole of it. Nothing that has no date is wanted.
    """
    on, since = _midnight(moment(request, name)), moment(request, f"{name}>")
    until = moment(request, f"{name}<")
    if until is not None and through and until == _midnight(until):
        until += DAY
    if on is not None:
        since, until = max(on, since or on), min(on + DAY, until or on + DAY)
    if since is None and until is None:
        return lambda _at: True
    return lambda at: at is not None and (since is None or at >= since) and (until is None or at < until)


def _midnight(at: float | None) -> float | None:
    return None if at is None else at - at % DAY


def window(request: Request) -> tuple[float, float | None]:
    """From when and until when in epoch seconds: the last 15 minutes, unless Minutes, StartDate or EndDate say else.

    TwilioError 20001 for a date or a number that is none.
    """
    since, until = moment(request, "StartDate"), moment(request, "EndDate")
    seconds = (number(request, "Minutes") or MINUTES) * 60
    return (request.now() if until is None else until) - seconds if since is None else since, until


def expression(request: Request, name: str) -> Expression | None:
    """An expression of TaskRouter's, None when it was not sent. TwilioError 20001."""
    try:
        return parse(request.text(name)) if request.text(name) else None
    except ExpressionError as error:
        raise TwilioError(20001, f"{name} is no expression: {error}") from error


def limit(times: deque[float], now: float, most: int) -> None:
    """Counts one request into `times`. TwilioError 20429 when `most` came within the last second already."""
    while times and times[0] <= now - 1:
        times.popleft()
    if len(times) >= most:
        raise TwilioError(20429, "Too Many Requests", 429)
    times.append(now)


def in_order(request: Request, items: list[T], attributes: Mapping[str, Callable[[T], float]]) -> list[T]:
    """By the field Ordering: `Attribute:asc|desc`, several with commas. TwilioError 20001 for another attribute."""
    for part in reversed(request.text("Ordering").split(",")):
        name, _, direction = part.strip().partition(":")
        if part.strip() and (name not in attributes or direction not in {"asc", "desc"}):
            known = ", ".join(attributes)
            raise TwilioError(
                20001, f"Ordering is no list of Attribute:asc or Attribute:desc of {known}: {request.text('Ordering')}"
            )
        if part.strip():
            items = sorted(items, key=attributes[name], reverse=direction == "desc")
    return items


def one_of(request: Request, name: str, allowed: Sequence[str], current: str) -> str:
    """TwilioError 20001 when the field brings a value that is not `allowed`."""
    value = request.text(name) or current
    if value not in allowed:
        raise TwilioError(20001, f"{name} must be one of {', '.join(allowed)}, not {value}")
    return value


def changed_name(request: Request, kind: str, others: Iterable[Named], current: str = "") -> str:
    """The FriendlyName for a resource: the one that was sent, or `current`. TwilioError 20001.

    `others` are the resources of that `kind` (the collection's name in the path).
    """
    name = request.text("FriendlyName") if current else required(request, "FriendlyName")
    if not name or name == current:
        return current
    if kind not in {"TaskQueues", "Workflows"} and len(name) > LONGEST_NAME:
        raise TwilioError(20001, f"FriendlyName is longer than {LONGEST_NAME} characters: {name}")
    if kind in UNIQUE_NAMES and any(other.friendly_name == name for other in others):
        workspace = request.parts["workspace"]
        raise TwilioError(20001, f"{kind} of workspace {workspace} have one with FriendlyName {name} already")
    return name


def changed_url(request: Request, name: str, current: str = "", code: int = 20001) -> str:
    """The URL that the field brings, `current` when it was not sent; an empty one takes it away.

    TwilioError with `code` when it is no URL.
    """
    url = request.text(name, current)
    if url and not re.match(r"https?://[^/\s]+", url):
        raise TwilioError(code, f"{name} is not a valid URL: {url}")
    return url


def named_activity(request: Request, field: str) -> Activity | None:
    """The activity whose sid the field holds, None when it was not sent. TwilioError 20001."""
    if not request.text(field):
        return None
    return request.engine.workspace.activity(request.text(field))


def check_version(request: Request, version: int) -> None:
    """An If-Match that does not match is refused; clients send the ETag with or without its quotes.

    Which code the error document has is uncertain.
    """
    wanted = request.headers.get("if-match", "").strip()
    if wanted and wanted != "*" and wanted.removeprefix("W/").strip('"') != str(version):
        raise TwilioError(20412, "The resource was changed: If-Match does not match its ETag", 412)


def called(request: Request) -> Callable[[Named], bool]:
    """A list's filter by FriendlyName."""
    return lambda item: request.text("FriendlyName", item.friendly_name) == item.friendly_name

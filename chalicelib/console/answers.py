"""What a browser is answered: the page and its scripts, which anybody gets, and data, for who has signed in."""

import hashlib
import re
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Annotated, Any, NamedTuple, TypeVar

import msgspec

from chalicelib import budget
from chalicelib.config import environment
from chalicelib.console import page, session
from chalicelib.console.session import Group, NotAllowed, Person
from chalicelib.observability import log
from chalicelib.twilio.request import Request
from chalicelib.twilio.urls import Route

JSON = "application/json"
KINDS: Mapping[str, str] = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
FILE_SECONDS = 300  # a browser keeps a script for so long; after a deployment it has the old one no longer
ETAG_CHARACTERS = 16

T = TypeVar("T", bound=str)
Words = Annotated[str, msgspec.Meta(max_length=500)]

_is_sid = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}").fullmatch


class Reply(NamedTuple):
    status: int
    body: str
    headers: Mapping[str, str]


class NotFound(Exception):
    """There is no such thing; the text says what was asked for."""


class Wrong(Exception):
    """The request cannot be understood, or asks for what may not be; the text says why."""


class Changed(Exception):
    """Somebody else was faster, or it is done already; the text says what stands."""


class Asked(NamedTuple):
    """What somebody who has signed in asks for. `query` has the last value of each name; `at` is epoch seconds.

    `order` is what they want to be done, as the browser sends it: texts by name, empty for a question. `body` is all
    that it sent.
    """

    person: Person
    query: Mapping[str, str]
    path: Mapping[str, str]
    at: float
    order: Mapping[str, str] = {}
    body: bytes = b""

    def one_of(self, name: str, allowed: Sequence[T]) -> T:
        """What the order says under this name. Raises Wrong for anything that is not allowed."""
        for value in allowed:
            if self.order.get(name) == value:
                return value
        raise Wrong(f"{name} is one of {', '.join(allowed)}")

    @property
    def sid(self) -> str:
        """Which order it is: one that is sent twice is one. Raises Wrong."""
        if not _is_sid(self.order.get("sid", "")):
            raise Wrong("sid is a UUID, of this order alone")
        return f"console-{self.order['sid']}"


def shell() -> Reply:
    """The console's one page. It holds no data: what is on it is fetched with the token of whoever signs in."""
    settings = environment.current()
    body = page.shell(settings.sign_in_url, settings.console_client)
    return Reply(200, body, {**page.headers(settings.sign_in_url), "Content-Type": "text/html; charset=utf-8"})


def desk() -> Reply:
    """The agent desk's page, which holds no data either."""
    settings = environment.current()
    body = page.desk(settings.sign_in_url, settings.console_client)
    headers = page.desk_headers(settings.sign_in_url, settings.twilio_api_url)
    return Reply(200, body, {**headers, "Content-Type": "text/html; charset=utf-8"})


def file(name: str) -> Reply:
    """One of the page's scripts and styles."""
    kind, text = KINDS.get(PurePosixPath(name).suffix, ""), page.file(name)
    if not kind or text is None:
        return Reply(404, "there is no such file", {"Content-Type": "text/plain"})
    kept = {"Cache-Control": f"public, max-age={FILE_SECONDS}", "X-Content-Type-Options": "nosniff"}
    return Reply(200, text, {**kept, "Content-Type": kind})


def data(
    request: Request, route: Route, who_may: frozenset[Group], act: Callable[[Asked], Any], *, orders: bool = True
) -> Reply:
    """What `act` finds, as JSON, for a person of one of these groups; what they do is logged with who it was.

    A browser that has it already, as its If-None-Match says, is told so. 403 for anybody else. Where a POST `orders`
    nothing, `act` reads its body itself.
    """
    until = request.began + route.seconds
    with budget.Until(until), log.Context(route=route.path, request_id=request.request_id):
        try:
            asked = _asked(request, who_may, orders)
            log.bind(who=asked.person.mail)
            return _found(act(asked), request.event)
        except NotAllowed as error:
            log.warning("console refused", why=str(error))
            return _error(403, "you may not see this: ask whoever keeps workers.toml")
        except Wrong as error:
            return _error(400, str(error))
        except NotFound as error:
            return _error(404, str(error))
        except Changed as error:
            return _error(409, str(error))
        except Exception as error:
            log.error("console failed", why=type(error).__name__)
            return _error(503, "this cannot be shown now; it is tried again")


def _asked(request: Request, who_may: frozenset[Group], orders: bool) -> Asked:
    settings = environment.current()
    person = session.person(request.event, settings.user_pool_arn, settings.console_client)
    if not person.groups & who_may:
        raise NotAllowed(f"{person.mail} is in none of {', '.join(sorted(who_may))}")
    query, path = request.event.get("queryStringParameters"), request.event.get("pathParameters")
    is_post = request.event["httpMethod"] == "POST"
    body = _body(request.event) if is_post else b""
    order = _order(body) if is_post and orders else {}
    return Asked(person, query or {}, path or {}, request.at, order, body)


def _body(event: Mapping[str, Any]) -> bytes:
    """Raises Wrong."""
    body = event.get("body") or ""
    try:
        return b64decode(body) if event.get("isBase64Encoded") else body.encode()
    except ValueError:
        raise Wrong("the body is no text") from None


def _order(body: bytes) -> Mapping[str, str]:
    """Raises Wrong."""
    try:
        return msgspec.json.decode(body, type=dict[str, Words])
    except (msgspec.MsgspecError, ValueError):
        raise Wrong("an order is a JSON object of short texts") from None


def _found(what: Any, event: Mapping[str, Any]) -> Reply:
    body = msgspec.json.encode(what)
    etag = f'"{hashlib.sha256(body).hexdigest()[:ETAG_CHARACTERS]}"'
    headers = {**_PRIVATE, "ETag": etag}
    known = {name.lower(): value for name, value in (event.get("headers") or {}).items()}.get("if-none-match")
    return Reply(304, "", headers) if known == etag else Reply(200, body.decode(), headers)


def _error(status: int, why: str) -> Reply:
    return Reply(status, msgspec.json.encode({"error": why}).decode(), _PRIVATE)


# no-cache: kept by the browser, and asked about each time.
_PRIVATE = {"Content-Type": JSON, "Cache-Control": "private, no-cache", "X-Content-Type-Options": "nosniff"}

"""A request to the application: the signature that Twilio put on it, and the form that it carries."""

import base64
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote, quote_plus, unquote

from twilio.request_validator import (
    HMAC_SHA1,
    HMAC_SHA256,
    SIGNATURE_HEADER,
    SIGNATURE_SETTINGS_HEADER,
    RequestValidator,
    compare,
    get_signature_algorithm,
)

from chalicelib.config import environment, secrets
from chalicelib.twilio import urls

# Task and worker attributes are 4096 characters each, three bytes a character when encoded; the rest is small.
MAX_BODY_BYTES = 256 * 1024
MAX_FIELDS = 500

LONGEST_START_SECONDS = 12  # of a process in Lambda, two more than its start may take; what is older is another clock's

# What a library may leave bare in a query, the rest being encoded.
BARE = ("", ":", "@", "'", ":@", ":'", "@'", ":@'")


class Request(NamedTuple):
    """A request before its signature is checked. `event` is API Gateway's, `at` when it came, in epoch seconds."""

    event: Mapping[str, Any]
    at: float
    request_id: str = ""  # Lambda's own, which its lines in the log have too

    @property
    def began(self) -> float:
        """When API Gateway got it, in epoch seconds: a cold start lies between that and `at`."""
        asked = self.event["requestContext"].get("requestTimeEpoch", 0) / 1000
        return asked if self.at - LONGEST_START_SECONDS < asked < self.at else self.at


class Webhook(NamedTuple):
    """One request that Twilio signed. Of a repeated field the form has the last value."""

    base_url: str  # of this application, as Twilio reaches it, no slash at the end; with the caller's language, if any
    form: Mapping[str, str]
    path: Mapping[str, str]  # the parameters in the route's path
    at: float  # when it came, in epoch seconds
    method: str = "POST"


class Refused(Exception):
    """Not from Twilio, or nothing that Twilio sends. Carries the status, and the form that nobody has signed."""

    def __init__(self, status: int, why: str, form: Mapping[str, str] | None = None) -> None:
        super().__init__(why)
        self.status = status
        self.form = form or {}


class _Fields(dict[str, list[str]]):
    """A form as RequestValidator wants it: repeated names keep all their values.

    It asks for `getall` first, and catches an exception a field where there is none.
    """

    def getall(self, name: str) -> list[str]:
        return self[name]


def receive(request: Request) -> Webhook:
    """The webhook in this request, once its signature holds. Raises Refused, SecretError.

    The signed URL is the one that Twilio used: stage or base path included (contract 2.1, 2.3).
    """
    event = request.event
    pairs = _form(event)
    form, fields = dict(pairs), _Fields()
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    signature = headers.get(SIGNATURE_HEADER.lower()) or ""
    algorithm = get_signature_algorithm(headers.get(SIGNATURE_SETTINGS_HEADER.lower())).upper()
    if algorithm not in (HMAC_SHA1, HMAC_SHA256):
        raise Refused(403, "the signature is of an unknown kind")  # the validator would log what it says
    base_url, url = _urls(event)
    signed = {} if event["httpMethod"] == "GET" else fields
    tokens = _tokens(form) if signature else ()
    try:
        for candidate in _with_query(url, event):
            for token in tokens:
                if _holds(token, candidate, signed, signature, algorithm):
                    spoken = urls.in_language(base_url, urls.language_of(candidate))
                    return Webhook(spoken, form, _path(event), request.at, event["httpMethod"])
    except UnicodeEncodeError:
        pass  # text that no encoding can carry was not signed by Twilio
    raise Refused(403, "the signature does not hold", form)


def _tokens(form: Mapping[str, str]) -> tuple[str, ...]:
    """The tokens that may have signed this form. Raises SecretError, or Refused when nobody could have.

    While the secret cannot be read, Twilio is to try again. What does not even say that it is of our account, as all
    that Twilio sends does (contract 1.2, 4.1, 6), is refused as ever: nobody else can make us answer 503.
    """
    try:
        return secrets.current().auth_tokens
    except secrets.SecretError:
        if form.get("AccountSid") == environment.current().account_sid:
            raise
        raise Refused(403, "the signature does not hold", form) from None


def _holds(token: str, url: str, signed: Mapping[str, Any], signature: str, algorithm: str) -> bool:
    """Twilio's validator signs each URL twice, with a port and without: most are right at once, as they stand."""
    validator = RequestValidator(token)
    if compare(validator.compute_signature(url, signed, algorithm), signature):
        return True
    return bool(validator.validate(url, signed, signature, algorithm))


def _form(event: Mapping[str, Any]) -> list[tuple[str, str]]:
    if event["httpMethod"] == "GET":
        query: Mapping[str, list[str]] = event.get("multiValueQueryStringParameters") or {}
        return [(name, value) for name, values in query.items() for value in values]
    body = event.get("body") or ""
    try:
        if event.get("isBase64Encoded"):
            body = base64.b64decode(body, validate=True).decode("utf-8", "replace")
        if len(body.encode("utf-8", "replace")) > MAX_BODY_BYTES:
            raise Refused(413, f"the form is larger than {MAX_BODY_BYTES} bytes")
        return parse_qsl(body, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        raise Refused(413, f"the body is no form, or has more than {MAX_FIELDS} fields") from None


def _urls(event: Mapping[str, Any]) -> tuple[str, str]:
    """This application's base URL, and the complete URL of this request, as Twilio asked for them."""
    context = event["requestContext"]
    route = _route(event)
    public = environment.current().public_base_url
    if public:
        return public, public + route
    if "domainName" not in context:
        raise Refused(403, "without a domain name no signature can be checked")
    # requestContext.path has the stage, or a custom domain's base path, in front of the route.
    base = f"https://{context['domainName']}{context['path'].removesuffix(route)}"
    return base, base + route


def _route(event: Mapping[str, Any]) -> str:
    route: str = event["requestContext"]["resourcePath"]
    for name, value in (event.get("pathParameters") or {}).items():
        route = route.replace(f"{{{name}}}", value)
    return route


def _path(event: Mapping[str, Any]) -> Mapping[str, str]:
    return {name: unquote(value) for name, value in (event.get("pathParameters") or {}).items()}


def _with_query(url: str, event: Mapping[str, Any]) -> Iterable[str]:
    """The URL with its query, in every spelling that Twilio's own libraries sign.

    API Gateway hands over a decoded query without its order (contract 2.3): `@`, `:` and `'` may have been bare or
    encoded, a blank `+` or `%20`. All of them decode to the same query, so accepting each weakens nothing.
    """
    query: Mapping[str, list[str]] = event.get("multiValueQueryStringParameters") or {}
    pairs = [(name, value) for name, values in query.items() for value in values]
    if not pairs:
        return (url,)
    return dict.fromkeys(
        f"{url}?{'&'.join(f'{spell(name)}={spell(value)}' for name, value in order)}"
        for order in (pairs, sorted(pairs))
        for spell in _spellings()
    )


def _spellings() -> Iterator[Callable[[str], str]]:
    for bare in BARE:
        yield partial(quote_plus, safe=bare)
        yield partial(quote, safe=bare)

"""The front door of every webhook: signature, form, and the promise that Twilio always gets a valid answer."""

import base64
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote, quote_plus, unquote

import msgspec
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
from chalicelib.observability import log, metrics

# Task and worker attributes are 4096 characters each, three bytes a character when encoded; the rest is small.
MAX_BODY_BYTES = 256 * 1024
MAX_FIELDS = 500

# Where app.py puts Lambda's id of the request into the event that it hands over.
REQUEST_ID = "lambdaRequestId"

# More than any name, number or URL of Twilio's: what is kept of a text, so that a row never outgrows DynamoDB's 400 KB.
MAX_TEXT = 2048

_is_sid = re.compile("[A-Z]{2}[0-9a-fA-F]{32}").fullmatch
_NOT_XML = "[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"


class Answer(NamedTuple):
    status: int
    body: str
    content_type: str


NOTED = Answer(204, "", "application/json")


class Webhook(NamedTuple):
    """One request that Twilio signed. Of a repeated field the form has the last value."""

    base_url: str  # of this application, as Twilio reaches it, no slash at the end
    form: Mapping[str, str]
    path: Mapping[str, str]


class Refused(Exception):
    """Not from Twilio, or nothing that Twilio sends. Carries the answer, and the form that nobody has signed."""

    def __init__(self, status: int, why: str, form: Mapping[str, str] | None = None) -> None:
        super().__init__(why)
        self.answer = Answer(status, why, "text/plain")
        self.form = form or {}


class _Fields(dict[str, list[str]]):
    """A form as RequestValidator wants it: repeated names keep all their values.

    It asks for `getall` first, and catches an exception a field where there is none.
    """

    def getall(self, name: str) -> list[str]:
        return self[name]


def sid(value: object) -> str:
    """The value if it is a sid (contract 7), else an empty string: no key of the table is made of anything else."""
    return value if isinstance(value, str) and _is_sid(value) else ""


def text(value: object) -> str:
    """The value if it is text, its first MAX_TEXT characters; else an empty string. Attributes may be of any type."""
    return value[:MAX_TEXT] if isinstance(value, str) else ""


def attributes(json: str) -> dict[str, Any]:
    """The attributes of a task or a worker. Raises ValueError when this is no JSON object, or one too deep to read."""
    try:
        return msgspec.json.decode(json, type=dict[str, Any])
    except RecursionError:
        raise ValueError("nested too deep") from None


def receive(event: Mapping[str, Any]) -> Webhook:
    """The webhook in this API Gateway REST event, once its signature holds. Raises Refused, SecretError.

    The signed URL is the one that Twilio used: stage or base path included (contract 2.1, 2.3).
    """
    pairs = _form(event)
    fields = _Fields()
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    signature = headers.get(SIGNATURE_HEADER.lower()) or ""
    algorithm = get_signature_algorithm(headers.get(SIGNATURE_SETTINGS_HEADER.lower())).upper()
    if algorithm not in (HMAC_SHA1, HMAC_SHA256):
        raise Refused(403, "the signature is of a kind that nobody knows")  # the validator would log what it says
    base_url, url = _urls(event)
    signed = {} if event["httpMethod"] == "GET" else fields
    tokens = secrets.current().auth_tokens if signature else ()
    try:
        for candidate in _with_query(url, event):
            for token in tokens:
                if _holds(token, candidate, signed, signature, algorithm):
                    return Webhook(base_url, dict(pairs), _path(event))
    except UnicodeEncodeError:
        pass  # text that no encoding can carry was not signed by Twilio
    raise Refused(403, "the signature does not hold", dict(pairs))


def _holds(token: str, url: str, signed: Mapping[str, Any], signature: str, algorithm: str) -> bool:
    """Twilio's validator signs each URL twice, with a port and without: most are right at once, as they stand."""
    validator = RequestValidator(token)
    if compare(validator.compute_signature(url, signed, algorithm), signature):
        return True
    return bool(validator.validate(url, signed, signature, algorithm))


def voice(event: Mapping[str, Any], door: Callable[[Webhook], str], otherwise: Callable[[Webhook], str]) -> Answer:
    """Answer a voice webhook with the door's TwiML, or with `otherwise`'s when our own code fails."""

    def twiml(webhook: Webhook) -> Answer:
        try:
            body = door(webhook)
        except Exception as error:
            _failed(error)
            body = otherwise(webhook)
        return Answer(200, _as_xml(body), "text/xml")

    return _answer(event, twiml)


def _as_xml(body: str) -> str:
    """Without what XML cannot carry: one such character, in a CRM's sentence for one, would cost the whole document."""
    if body.isascii() and body.isprintable():
        return body  # nearly always; the pattern takes as long to compile as a tenth of a cold start
    return re.sub(_NOT_XML, "", body)


def data(event: Mapping[str, Any], door: Callable[[Webhook], Answer]) -> Answer:
    """Answer a TaskRouter or status webhook; 503 when our own code fails, so that Twilio's fallback is tried."""

    def answer(webhook: Webhook) -> Answer:
        try:
            return door(webhook)
        except Exception as error:
            _failed(error)
            return Answer(503, '{"error":"Cordboard could not do this now; see its log"}', "application/json")

    return _answer(event, answer)


def _answer(event: Mapping[str, Any], answer: Callable[[Webhook], Answer]) -> Answer:
    with log.About(route=event["requestContext"]["resourcePath"], request_id=event.get(REQUEST_ID, "")):
        try:
            webhook = receive(event)
        except Refused as refused:
            _log_refused(refused)
            return refused.answer
        except secrets.SecretError as error:
            log.error("no secret to check the signature with", metrics.of(metrics.WEBHOOK_ERRORS), why=str(error))
            return Answer(503, "this application cannot check signatures now", "text/plain")
        log.also(**_sids(webhook))
        return answer(webhook)


def _log_refused(refused: Refused) -> None:
    """A wrong token stands out: Twilio always says whose account it is (contract 1.2, 4.1, 6), strangers do not."""
    status, form = refused.answer.status, refused.form
    ours = form.get("AccountSid") == environment.current().account_sid
    counted = metrics.of(metrics.WEBHOOKS_REFUSED, reason="our account" if ours else "another") if status == 403 else {}
    log.warning("webhook refused", counted, why=str(refused), status=status, claimed_call_sid=sid(form.get("CallSid")))


def _sids(webhook: Webhook) -> dict[str, str]:
    """What the request is about. On a worker's leg the path has the caller; TaskRouter has it in the attributes."""
    form, path = webhook.form, webhook.path
    leg = sid(form.get("CallSid"))
    if "call_sid" in path:
        about = {"call_sid": sid(path["call_sid"]), "worker_call_sid": leg}
        return about | {"reservation_sid": sid(path.get("reservation_sid"))}
    task_sid, reservation_sid = sid(form.get("TaskSid")), sid(form.get("ReservationSid"))
    return {"call_sid": leg, "task_sid": task_sid, "reservation_sid": reservation_sid}


def _failed(error: Exception) -> None:
    log.error("webhook failed", metrics.of(metrics.WEBHOOK_ERRORS), why=type(error).__name__)


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
    """The URL with its query, in every spelling that Twilio may have signed.

    API Gateway hands over a decoded query without its order (contract 2.3), and which spelling Twilio uses for the
    GET of a dequeue's status callback is not documented: a live test has to say which of these can go.
    """
    query: Mapping[str, list[str]] = event.get("multiValueQueryStringParameters") or {}
    pairs = [(name, value) for name, values in query.items() for value in values]
    if not pairs:
        return (url,)
    orders = (pairs, sorted(pairs))
    spellings: tuple[Callable[[str], str], ...] = (quote_plus, lambda text: quote(text, safe=""))
    return dict.fromkeys(
        f"{url}?{'&'.join(f'{spell(name)}={spell(value)}' for name, value in order)}"
        for order in orders
        for spell in spellings
    )

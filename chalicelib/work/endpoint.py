"""Where a team's own systems order work: one signed request of JSON for each task.

POST /work, signed with the secret's `work_key` (see `chalicelib.signing`). 201 says that the task is made, 200 that
this key has made it before; both have `task_sid`. 202: the same order is being made; 400: it cannot be taken; 403: the
signature does not hold; 404: no such kind; 409: the key was used for another order; 413: too large; 503: not now.
"""

import base64

import msgspec

from chalicelib import budget, signing
from chalicelib.config import callcenter, secrets
from chalicelib.config.schema import MESSAGE_KIND
from chalicelib.observability import log
from chalicelib.twilio import rest, urls
from chalicelib.twilio.request import Request
from chalicelib.twilio.respond import WAY_BACK_SECONDS, Answer, log_failure
from chalicelib.work import order, posting
from chalicelib.work.order import Order

MAX_BODY_BYTES = 32 * 1024


def receive(request: Request) -> Answer:
    """The answer to this request."""
    answer_by = request.began + urls.WORK.seconds - WAY_BACK_SECONDS
    with budget.Until(answer_by), log.Context(route=urls.WORK.path, request_id=request.request_id):
        try:
            return _answer(request)
        except Exception as error:
            log_failure(error)
            return _json(503, error="this could not be done now: send it again")


def _answer(request: Request) -> Answer:
    body = _body(request)
    if len(body) > MAX_BODY_BYTES:
        return _json(413, error=f"the body is larger than {MAX_BODY_BYTES} bytes")
    if not _is_signed(request, body):
        log.warning("order refused", why="the signature does not hold")
        return _json(403, error="the signature does not hold, or is older than five minutes")
    try:
        asked = order.read(body)
    except order.BadOrder as error:
        return _json(400, error=str(error))
    return _take(asked, request.at)


def _take(asked: Order, now: float) -> Answer:
    known = {kind: rules for kind, rules in callcenter.current().work.items() if kind != MESSAGE_KIND}
    if asked.kind not in known:
        return _json(404, error=f"there is no [work.{asked.kind}]; there is {', '.join(known) or 'none'}")
    try:
        posted = posting.post(asked, known[asked.kind], now)
    except posting.AnotherOrder:
        return _json(409, error="this key was used for another order")
    except posting.AtWork:
        return _json(202, status="the same order is being made: send it again in a moment")
    except rest.TwilioRejected as error:
        return _json(400, error=str(error))
    except rest.NotDone as error:
        log.warning("work is not ordered", why=str(error), kind=asked.kind)
        return _json(503, error="Twilio did not take it now: send it again")
    return _json(201 if posted.is_new else 200, task_sid=posted.task_sid)


def _is_signed(request: Request, body: bytes) -> bool:
    """Raises SecretError. Who does not even send a signature makes nobody read the secret."""
    headers = {name.lower(): str(value) for name, value in (request.event.get("headers") or {}).items()}
    signature = headers.get(signing.SIGNATURE_HEADER.lower(), "")
    timestamp = headers.get(signing.TIMESTAMP_HEADER.lower(), "")
    if not (signature and timestamp):
        return False
    return signing.holds(secrets.current().work_key, timestamp, body, signature, request.at)


def _body(request: Request) -> bytes:
    body = request.event.get("body") or ""
    if not request.event.get("isBase64Encoded"):
        return str(body).encode("utf-8", "replace")
    try:
        return base64.b64decode(body, validate=True)
    except ValueError:
        return b""


def _json(status: int, /, **fields: str) -> Answer:
    return Answer(status, msgspec.json.encode(fields).decode(), "application/json")

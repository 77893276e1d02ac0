"""The team's own CRM endpoint: one signed JSON request an attempt.

Request: POST, the Attempt as JSON, signed with the secret's `crm_key` (see `chalicelib.signing`), `Idempotency-Key`.
Answer: 2xx goes on (empty, or JSON with `name`, `whisper`, `data`). 409 declines (JSON with `reason`): this worker, or
with `"who": "caller"` the caller, with `say` and `then`. 5xx and timeouts are tried again. Anything else, a redirect
too, counts as out of order. An attempt takes `crm.timeout` at most, all of them `crm.budget_seconds`, by the clock on
the wall.
"""

import time
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from typing import Literal

import msgspec

from chalicelib import signing
from chalicelib.config import callcenter, environment, secrets
from chalicelib.config.schema import pause_before
from chalicelib.crm import exchange
from chalicelib.crm.port import Approval, Attempt, Declined, DeclinedCaller, Ended, Unavailable

MAX_ANSWER_BYTES = 16 * 1024  # what a link keeps of an answer


class _Refusal(msgspec.Struct, frozen=True):
    reason: str = "declined"
    who: Literal["worker", "caller"] = "worker"
    say: str = ""
    then: Literal["hangup", "voicemail"] = "hangup"


def prepare(attempt: Attempt) -> Approval:
    """Ask the endpoint. Raises Declined, DeclinedCaller, Unavailable."""
    if not environment.current().crm_url:
        raise Unavailable("CRM_URL is not set")
    body = msgspec.json.encode(attempt)
    return _read(_ask(body, _headers(attempt.idempotency_key, attempt.at, body)))


def after(ended: Ended) -> None:
    """Tell the endpoint: the same request, in which `event` says what it is about. Raises Unavailable."""
    if not environment.current().crm_url:
        raise Unavailable("CRM_URL is not set")
    body = msgspec.json.encode({"event": "ended", **msgspec.to_builtins(ended)})
    noted = f"/{sha256(ended.note.encode()).hexdigest()[:8]}" if ended.note else ""  # one that came later is no repeat
    answer = _ask(body, _headers(f"{ended.idempotency_key}/ended{noted}", time.time(), body))
    if not answer.is_yes:
        raise Unavailable(f"the CRM endpoint answered {answer.status}")


def _ask(body: bytes, headers: Mapping[str, str]) -> exchange.Answer:
    """The first answer that is no 5xx, else the last one. Raises Unavailable when the last attempt had none."""
    rules = callcenter.current().crm
    ends_at = time.monotonic() + rules.budget_seconds
    outcome = _post(body, headers, rules.timeout)
    for retry in range(1, rules.attempts):
        left = ends_at - time.monotonic() - pause_before(retry)
        if (isinstance(outcome, exchange.Answer) and outcome.status < 500) or left <= 0:
            break
        time.sleep(pause_before(retry))
        outcome = _post(body, headers, min(rules.timeout, left))
    if isinstance(outcome, Unavailable):
        raise outcome
    return outcome


def _post(body: bytes, headers: Mapping[str, str], seconds: float) -> exchange.Answer | Unavailable:
    """What came of one attempt."""
    from urllib3.exceptions import HTTPError

    try:
        return _endpoint().post(body, headers, seconds, MAX_ANSWER_BYTES + 1)
    except exchange.TooLate:
        return Unavailable("the CRM endpoint gave no answer in its time")
    except HTTPError as error:
        return Unavailable(f"the CRM endpoint: {type(error).__name__}")


def _read(answer: exchange.Answer) -> Approval:
    status, data = answer
    try:
        if status != 409 and not answer.is_yes:
            raise Unavailable(f"the CRM endpoint answered {status}")
        if len(data) > MAX_ANSWER_BYTES:
            raise Unavailable(f"the CRM endpoint's answer is larger than {MAX_ANSWER_BYTES} bytes")
        if status == 409:
            raise _declined(msgspec.json.decode(data or b"{}", type=_Refusal))
        return msgspec.json.decode(data, type=Approval) if data.strip() else Approval()
    except msgspec.DecodeError:
        raise Unavailable(f"the CRM endpoint's answer ({status}) is not the JSON that is agreed") from None


def _declined(refusal: _Refusal) -> Declined | DeclinedCaller:
    if refusal.who == "worker":
        return Declined(refusal.reason)
    return DeclinedCaller(refusal.reason, refusal.say, refusal.then)


def _headers(key: str, at: float, body: bytes) -> dict[str, str]:
    return {"Idempotency-Key": key, **signing.headers(secrets.current().crm_key, str(int(at)), body)}


@cache
def _endpoint() -> exchange.Endpoint:
    return exchange.Endpoint(environment.current().crm_url)

"""The team's own CRM endpoint: one signed JSON request an attempt.

Request: POST, the Attempt as JSON. Headers: `X-Cordboard-Timestamp` (epoch seconds), `X-Cordboard-Signature` (hex
HMAC-SHA256, keyed with the secret's `crm_key`, of the timestamp, a full stop and the body), `Idempotency-Key`.
Answer: 2xx goes on (empty, or JSON with `name`, `whisper`, `data`). 409 declines (JSON with `reason`): this worker, or
with `"who": "caller"` the caller, with `say` and `then`. 5xx and timeouts are tried again. Anything else counts as out
of order.
"""

import hashlib
import hmac
from functools import cache
from typing import Any, Literal

import msgspec

from chalicelib.config import callcenter, environment, secrets
from chalicelib.crm.port import Approval, Attempt, Declined, DeclinedCaller, Unavailable

MAX_ANSWER_BYTES = 16 * 1024  # what a link keeps of an answer


class _Refusal(msgspec.Struct):
    reason: str = "declined"
    who: Literal["worker", "caller"] = "worker"
    say: str = ""
    then: Literal["hangup", "voicemail"] = "hangup"


def sign(key: str, timestamp: str, body: bytes) -> str:
    """The signature that the endpoint checks."""
    return hmac.new(key.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def prepare(attempt: Attempt) -> Approval:
    """Ask the endpoint. Raises Declined, DeclinedCaller, Unavailable."""
    import urllib3

    url = environment.current().crm_url
    if not url:
        raise Unavailable("CRM_URL is not set")
    body = msgspec.json.encode(attempt)
    try:
        answer = _pool().request("POST", url, body=body, headers=_headers(attempt, body))
    except urllib3.exceptions.HTTPError as error:
        raise Unavailable(f"the CRM endpoint: {type(error).__name__}") from None
    return _read(answer.status, answer.data)


def _read(status: int, data: bytes) -> Approval:
    try:
        if status == 409:
            raise _declined(msgspec.json.decode(data or b"{}", type=_Refusal))
        if not 200 <= status < 300:
            raise Unavailable(f"the CRM endpoint answered {status}")
        if len(data) > MAX_ANSWER_BYTES:
            raise Unavailable(f"the CRM endpoint's answer is larger than {MAX_ANSWER_BYTES} bytes")
        return msgspec.json.decode(data, type=Approval) if data.strip() else Approval()
    except msgspec.DecodeError:
        raise Unavailable(f"the CRM endpoint's answer ({status}) is not the JSON that is agreed") from None


def _declined(refusal: _Refusal) -> Declined | DeclinedCaller:
    if refusal.who == "worker":
        return Declined(refusal.reason)
    return DeclinedCaller(refusal.reason, refusal.say, refusal.then)


def _headers(attempt: Attempt, body: bytes) -> dict[str, str]:
    timestamp = str(int(attempt.at))
    return {
        "Content-Type": "application/json",
        "Idempotency-Key": attempt.idempotency_key,
        "X-Cordboard-Timestamp": timestamp,
        "X-Cordboard-Signature": sign(secrets.current().crm_key, timestamp, body),
    }


@cache
def _pool() -> Any:
    import urllib3

    rules = callcenter.current().crm
    retry = urllib3.Retry(
        total=rules.attempts - 1,
        status_forcelist=range(500, 600),
        allowed_methods=None,
        backoff_factor=0.2,
        redirect=False,
        raise_on_status=False,
        respect_retry_after_header=False,
    )
    return urllib3.PoolManager(retries=retry, timeout=urllib3.Timeout(total=rules.timeout))

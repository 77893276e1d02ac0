"""The http adapter against a real endpoint."""

import hashlib
import hmac
import json

import pytest

from chalicelib import crm
from chalicelib.config import callcenter
from chalicelib.crm import http
from tests.doubles.http_server import Endpoint, serving
from tests.support.caches import forget_everything

ATTEMPT = crm.Attempt(
    idempotency_key="WR1",
    call_sid="CA1",
    caller="+12125550171",
    called="+14155550101",
    queue="Sales",
    worker_sid="WK1",
    worker_name="Dora",
    at=1795230000.25,
)


def ask(environment: pytest.MonkeyPatch, endpoint: Endpoint) -> crm.Approval:
    environment.setenv("CRM_URL", f"{endpoint.url}/attempts")
    forget_everything()
    return crm.prepare("http", ATTEMPT)


def test_the_attempt_is_posted_signed_and_can_be_told_from_a_repeat(environment: pytest.MonkeyPatch) -> None:
    with serving((200, b'{"name": "Gus", "whisper": "Gus, new.", "data": {"id": 7}, "more": 1}')) as endpoint:
        assert ask(environment, endpoint) == crm.Approval("Gus", "Gus, new.", {"id": 7})
    path, headers, body = endpoint.requests[0]
    expected = hmac.new(b"crm-key", b"1795230000." + body, hashlib.sha256).hexdigest()
    assert path == "/attempts" and headers["X-Cordboard-Signature"] == expected
    assert headers["Idempotency-Key"] == "WR1" and headers["Content-Type"] == "application/json"
    assert json.loads(body)["worker_name"] == "Dora" and len(endpoint.requests) == 1


@pytest.mark.parametrize("status", [200, 201, 204])
def test_an_empty_answer_goes_on(environment: pytest.MonkeyPatch, status: int) -> None:
    with serving((status, b"")) as endpoint:
        assert ask(environment, endpoint) == crm.Approval()


@pytest.mark.parametrize(("body", "reason"), [(b'{"reason": "asked to wait"}', "asked to wait"), (b"", "declined")])
def test_409_declines_with_its_reason(environment: pytest.MonkeyPatch, body: bytes, reason: str) -> None:
    with serving((409, body)) as endpoint, pytest.raises(crm.Declined, match=reason):
        ask(environment, endpoint)
    assert len(endpoint.requests) == 1


def test_409_may_decline_the_caller_whoever_the_worker_is(environment: pytest.MonkeyPatch) -> None:
    body = b'{"reason": "owes us money", "who": "caller", "say": "Please write to us.", "then": "voicemail"}'
    with serving((409, body)) as endpoint, pytest.raises(crm.DeclinedCaller, match="owes us money") as no:
        ask(environment, endpoint)
    assert (no.value.say, no.value.then) == ("Please write to us.", "voicemail")


@pytest.mark.parametrize("body", [b'{"who": "nobody"}', b'{"who": "caller", "then": "dance"}'])
def test_a_409_that_makes_no_sense_is_a_crm_that_cannot_be_asked(environment: pytest.MonkeyPatch, body: bytes) -> None:
    with serving((409, body)) as endpoint, pytest.raises(crm.Unavailable):
        ask(environment, endpoint)


def test_5xx_is_tried_again(environment: pytest.MonkeyPatch) -> None:
    with serving((500, b""), (503, b""), (200, b"")) as endpoint:
        assert ask(environment, endpoint) == crm.Approval()
    assert len(endpoint.requests) == 3


def test_5xx_again_and_again_is_given_up(environment: pytest.MonkeyPatch) -> None:
    with serving((500, b"")) as endpoint, pytest.raises(crm.Unavailable, match="answered 500"):
        ask(environment, endpoint)
    assert len(endpoint.requests) == 3


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ((404, b""), "answered 404"),
        ((302, b""), "answered 302"),
        ((200, b"<html>"), "not the JSON"),
        ((200, b'{"name": 5}'), "not the JSON"),
        ((200, b'"' + b"a" * 20000 + b'"'), "larger than"),
    ],
)
def test_what_makes_no_sense_is_not_tried_again(
    environment: pytest.MonkeyPatch, answer: tuple[int, bytes], why: str
) -> None:
    with serving(answer) as endpoint, pytest.raises(crm.Unavailable, match=why):
        ask(environment, endpoint)
    assert len(endpoint.requests) == 1


def test_an_endpoint_that_hangs_costs_its_timeout_each_time(environment: pytest.MonkeyPatch) -> None:
    text = callcenter.source().replace("timeout = 2.0", "timeout = 0.1")
    environment.setattr(callcenter, "current", lambda: callcenter.parse(text))
    with serving("hang") as endpoint, pytest.raises(crm.Unavailable, match="MaxRetryError"):
        ask(environment, endpoint)
    assert len(endpoint.requests) == 3


def test_nobody_there(environment: pytest.MonkeyPatch) -> None:
    with pytest.raises(crm.Unavailable, match="MaxRetryError"):
        http.prepare(ATTEMPT)


def test_a_missing_url_is_said(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("CRM_URL", "")
    forget_everything()
    with pytest.raises(crm.Unavailable, match="CRM_URL is not set"):
        http.prepare(ATTEMPT)

"""The http adapter against a real endpoint."""

import hashlib
import hmac
import json
import re
import socket
import threading
import time
from typing import Any

import msgspec
import pytest

from chalicelib import crm
from chalicelib.config import callcenter, schema
from chalicelib.crm import exchange, http
from laptop.package import ROOT
from tests.doubles.http_server import Answer, Endpoint, serving
from tests.support.caches import forget_everything
from tests.support.waiting import eventually

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


def test_the_documents_request_is_the_one_that_is_sent_and_its_check_takes_it(environment: pytest.MonkeyPatch) -> None:
    page = (ROOT / "docs" / "crm.md").read_text(encoding="utf-8")
    head, _, sent = re.findall(r"```http\n(.*?)\n```", page, re.DOTALL)[0].partition("\n\n")
    headers = dict(line.split(": ") for line in head.splitlines()[1:])
    code: dict[str, Any] = {}
    exec(re.findall(r"```python\n(.*?)```", page, re.DOTALL)[0], code)  # noqa: S102 - our own document
    body = sent.encode()
    attempt = msgspec.json.decode(body, type=crm.Attempt)
    assert msgspec.json.encode(attempt) == body and http._headers(attempt.idempotency_key, attempt.at, body) == headers
    assert code["is_ours"]("crm-key", headers, body)
    assert not code["is_ours"]("crm-key", headers, body + b" ") and not code["is_ours"]("another", headers, body)


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
        ((410, b""), "answered 410"),
        ((499, b""), "answered 499"),
        ((302, b""), "answered 302"),
        ((300, b""), "answered 300"),
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


def test_the_connection_is_kept_from_one_attempt_to_the_next(environment: pytest.MonkeyPatch) -> None:
    with serving((500, b"oops"), (200, b"")) as endpoint:
        assert ask(environment, endpoint) == crm.Approval()
        assert crm.prepare("http", ATTEMPT) == crm.Approval()
    assert len(endpoint.requests) == 3 and endpoint.connections == 1


@pytest.mark.parametrize("status", [200, 201, 299])
def test_every_2xx_goes_on(environment: pytest.MonkeyPatch, status: int) -> None:
    with serving((status, b'{"name": "Ann"}')) as endpoint:
        assert ask(environment, endpoint) == crm.Approval("Ann")


def test_an_answer_may_be_as_large_as_a_link_keeps(environment: pytest.MonkeyPatch) -> None:
    body = b'{"name": "Ann"}'.ljust(http.MAX_ANSWER_BYTES)
    with serving((200, body)) as endpoint:
        assert ask(environment, endpoint) == crm.Approval("Ann")
    with serving((200, body + b" ")) as endpoint, pytest.raises(crm.Unavailable, match="larger than"):
        ask(environment, endpoint)


def test_no_more_is_read_than_shows_that_an_answer_is_too_large(environment: pytest.MonkeyPatch) -> None:
    wanted = []

    def post(_endpoint: object, _body: bytes, _headers: object, seconds: float, most_bytes: int) -> exchange.Answer:
        wanted.append((seconds, most_bytes))
        return exchange.Answer(204, b"")

    environment.setattr(exchange.Endpoint, "post", post)
    assert http.prepare(ATTEMPT) == crm.Approval()
    assert wanted == [(2.0, 16 * 1024 + 1)]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_never_followed(environment: pytest.MonkeyPatch, status: int) -> None:
    with serving((status, b""), (200, b"")) as endpoint, pytest.raises(crm.Unavailable, match=f"answered {status}"):
        ask(environment, endpoint)
    assert [path for path, _, _ in endpoint.requests] == ["/attempts"]


# What a slow server costs: seconds of the clock on the wall, whatever it sends meanwhile


@pytest.fixture
def impatient(environment: pytest.MonkeyPatch) -> schema.Crm:
    """A CRM that has 0.2 s for each of three attempts: 1.2 s in all."""
    text = callcenter.source().replace("timeout = 2.0", "timeout = 0.2")
    environment.setattr(callcenter, "current", lambda: callcenter.parse(text))
    return callcenter.current().crm


BUSY_MACHINE = 4.0  # seconds


@pytest.mark.parametrize("answer", ["hang", "drip head", "drip body"])
def test_a_slow_endpoint_costs_its_budget_and_no_more(
    environment: pytest.MonkeyPatch, impatient: schema.Crm, answer: Answer
) -> None:
    began = time.monotonic()
    with serving(answer) as endpoint:
        with pytest.raises(crm.Unavailable, match=r"in its time|Timeout"):
            ask(environment, endpoint)
        took = time.monotonic() - began
        if answer != "hang":
            eventually(lambda: endpoint.hung_up == 3)  # nobody goes on reading
    assert len(endpoint.requests) == 3
    assert 3 * 0.2 + 0.2 + 0.4 <= took < impatient.budget_seconds + BUSY_MACHINE


def test_an_endpoint_that_takes_the_connection_and_never_speaks_tls_costs_the_same(
    environment: pytest.MonkeyPatch, impatient: schema.Crm
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        environment.setenv("CRM_URL", f"https://127.0.0.1:{server.getsockname()[1]}/attempts")
        forget_everything()
        began = time.monotonic()
        with pytest.raises(crm.Unavailable):
            crm.prepare("http", ATTEMPT)
    assert time.monotonic() - began < impatient.budget_seconds + BUSY_MACHINE


def test_a_name_that_is_looked_up_for_ever_costs_the_same(
    environment: pytest.MonkeyPatch, impatient: schema.Crm
) -> None:
    resolved, began = threading.Event(), time.monotonic()

    def look_up(*_given: object, **_named: object) -> None:
        resolved.wait()
        raise socket.gaierror("nobody knows")

    environment.setattr(socket, "getaddrinfo", look_up)
    environment.setenv("CRM_URL", "https://crm.example.com/attempts")
    forget_everything()
    with pytest.raises(crm.Unavailable, match="in its time"):
        crm.prepare("http", ATTEMPT)
    resolved.set()
    assert time.monotonic() - began < impatient.budget_seconds + BUSY_MACHINE


def test_an_attempt_gets_no_more_time_than_the_budget_has_left(
    environment: pytest.MonkeyPatch, impatient: schema.Crm
) -> None:
    given: list[float] = []

    def slow(_work: object, seconds: float) -> None:
        given.append(seconds)
        clock.now += 0.5  # more than it may: a machine that was stopped
        raise exchange.TooLate

    clock = Clock()
    environment.setattr(http, "time", clock)
    environment.setattr(exchange, "within", lambda seconds, work: slow(work, seconds))
    with pytest.raises(crm.Unavailable, match="in its time"):
        http.prepare(ATTEMPT)
    assert given == pytest.approx([0.2, 0.2])  # of 1.2 s: 0.5, a pause of 0.2, then 0.5 again


class Clock:
    """What the adapter uses of the module `time`."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


MEGABYTES = 64 * 1024 * 1024


@pytest.mark.parametrize(
    ("status", "why", "asked"),
    [(200, "larger than", 1), (409, "larger than", 1), (404, "answered 404", 1), (500, "answered 500", 3)],
)
def test_megabytes_are_not_read(environment: pytest.MonkeyPatch, status: int, why: str, asked: int) -> None:
    with serving((status, b"a" * MEGABYTES)) as endpoint:
        with pytest.raises(crm.Unavailable, match=why):
            ask(environment, endpoint)
        eventually(lambda: endpoint.hung_up == asked)
    assert len(endpoint.requests) == asked and endpoint.sent < asked * MEGABYTES / 4


def test_nobody_there(environment: pytest.MonkeyPatch) -> None:
    with pytest.raises(crm.Unavailable, match="NewConnectionError"):
        http.prepare(ATTEMPT)


def test_a_missing_url_is_said(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("CRM_URL", "")
    forget_everything()
    with pytest.raises(crm.Unavailable, match="CRM_URL is not set"):
        http.prepare(ATTEMPT)


# --- After the talk

ENDED = crm.Ended(
    idempotency_key="WR1",
    call_sid="CA1",
    caller="+12125550172",
    called="+14155550101",
    queue="Sales",
    worker_sid="WK1",
    worker_name="Dora",
    bridged_at=1795230000.0,
    ended_at=1795230060.5,
    disposition="solved",
)


def tell(environment: pytest.MonkeyPatch, endpoint: Endpoint, ended: crm.Ended = ENDED) -> None:
    environment.setenv("CRM_URL", f"{endpoint.url}/attempts")
    environment.setenv("CRM_KEY", "crm-key")
    forget_everything()
    crm.after("http", ended)


def test_the_endpoint_hears_how_a_call_ended(environment: pytest.MonkeyPatch) -> None:
    with serving((204, b"")) as endpoint:
        tell(environment, endpoint)
    ((path, headers, body),) = endpoint.requests
    told = json.loads(body)
    assert path == "/attempts" and headers["Idempotency-Key"] == "WR1/ended"
    assert (told["event"], told["disposition"], told["ended_at"]) == ("ended", "solved", 1795230060.5)
    assert (told["note"], told["note_sid"], told["note_seconds"]) == ("", "", 0)
    signed = headers["X-Cordboard-Timestamp"].encode() + b"." + body
    assert headers["X-Cordboard-Signature"] == hmac.new(b"crm-key", signed, hashlib.sha256).hexdigest()


@pytest.mark.parametrize("status", [404, 409, 302])
def test_an_endpoint_that_does_not_take_it_is_out_of_order(environment: pytest.MonkeyPatch, status: int) -> None:
    with serving((status, b"")) as endpoint, pytest.raises(crm.Unavailable, match=f"answered {status}"):
        tell(environment, endpoint)


def test_a_note_that_comes_later_is_no_repeat_of_what_was_told(environment: pytest.MonkeyPatch) -> None:
    with serving((204, b"")) as endpoint:
        for note in ("Call again.", "Call again."):
            tell(environment, endpoint, msgspec.structs.replace(ENDED, note=note))
    digest = hashlib.sha256(b"Call again.").hexdigest()[:8]
    assert [headers["Idempotency-Key"] for _, headers, _ in endpoint.requests] == [f"WR1/ended/{digest}"] * 2


def test_without_a_url_nobody_is_told_how_a_call_ended(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("CRM_URL", "")
    forget_everything()
    with pytest.raises(crm.Unavailable, match="CRM_URL is not set"):
        http.after(ENDED)

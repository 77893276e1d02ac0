"""Requests to the application: their signature, headers, clocks, retries and redirects."""

from collections.abc import Callable
from urllib.parse import parse_qsl, urlsplit

import pytest
from twilio.request_validator import RequestValidator

from emulator.clock.scheduler import Scheduler, VirtualClock
from emulator.http.in_process import InProcessTransport
from emulator.http.webhooks import Overrides, SignedWebhooks, sign, signed_url
from emulator.ports import WebFailure, WebRequest, WebResponse, WebResult

URL = "https://app.example.com/voice?line=1"
OK = WebResponse(200, {}, b"")


class Sender:
    """Sends to a function and keeps what came back, with the time it took."""

    def __init__(self, handler: Callable[[WebRequest], WebResult], delay: float = 0.0) -> None:
        self.clock = VirtualClock()
        self.scheduler = Scheduler(self.clock.now)
        self.transport = InProcessTransport(self.scheduler, handler, delay=lambda _request: delay)
        self.webhooks = SignedWebhooks(self.scheduler, self.transport, "12345")
        self.results: list[tuple[WebResult, float]] = []

    def send(self, url: str, form: dict[str, str], method: str = "POST", deadline: float = 15.0) -> None:
        started = self.clock.now()

        def done(result: WebResult) -> None:
            self.results.append((result, round(self.clock.now() - started, 2)))

        assert method in {"GET", "POST"}
        self.webhooks.send(url, form, done, method="GET" if method == "GET" else "POST", deadline=deadline)
        self.clock.run(self.scheduler, 60)

    @property
    def requests(self) -> list[WebRequest]:
        return self.transport.requests


def answers(*results: WebResult) -> Callable[[WebRequest], WebResult]:
    """The results in turn, the last one again and again."""
    left = list(results)
    return lambda _request: left.pop(0) if len(left) > 1 else left[0]


def test_published_example_of_a_form_has_its_published_signature() -> None:
    form = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675310",
        "Digits": "1234",
        "From": "+14158675310",
        "To": "+18005551212",
    }
    url = "https://example.com/myapp.php?foo=1&bar=2"
    assert sign("12345", url, form.items()) == "L/OH5YylLD5NRKLltdqwSvS0BnU="


def test_vectors_of_the_official_library() -> None:
    form = {
        "From": "+14158675309",
        "To": "+18005551212",
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675309",
        "Digits": "1234",
    }
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert sign("12345", url, form.items()) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    digest = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
    assert sign("12345", f"{url}&bodySHA256={digest}") == "a9nBmqA0ju/hNViExpshrM61xv4="


@pytest.mark.parametrize(
    ("url", "signed"),
    [
        ("https://a.example:8443/x?y=1#rc=2", "https://a.example/x?y=1"),
        ("http://a.example:8080/x", "http://a.example:8080/x"),
        ("http://127.0.0.1:8080/x/", "http://127.0.0.1:8080/x/"),
        ("https://me:secret@a.example/x", "https://a.example/x"),
        ("https://[::1]:8443/x", "https://[::1]/x"),
    ],
)
def test_signed_url_has_no_fragment_no_userinfo_and_a_port_only_on_http(url: str, signed: str) -> None:
    assert signed_url(url) == signed


def test_official_validator_accepts_a_post_with_blanks() -> None:
    sender = Sender(answers(OK))
    sender.send(URL, {"To": "+1555", "FromCity": "", "SpeechResult": "æble & pære "})
    request = sender.requests[0]
    form = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
    assert form["FromCity"] == ""
    assert RequestValidator("12345").validate(request.url, form, request.headers["X-Twilio-Signature"])


def test_official_validator_accepts_a_get_whose_parameters_are_in_the_query() -> None:
    sender = Sender(answers(OK))
    sender.send(URL, {"To": "+1555", "FromCity": ""}, "GET")
    request = sender.requests[0]
    query = dict(parse_qsl(urlsplit(request.url).query, keep_blank_values=True))
    assert query == {"line": "1", "To": "+1555", "FromCity": ""}
    assert request.body == b"" and "Content-Type" not in request.headers
    assert RequestValidator("12345").validate(request.url, {}, request.headers["X-Twilio-Signature"])


def test_headers_are_those_that_twilio_sends() -> None:
    sender = Sender(answers(OK))
    sender.send(URL, {"To": "+1555"})
    headers = sender.requests[0].headers
    assert headers["User-Agent"] == "TwilioProxy/1.1"
    assert headers["Content-Type"] == "application/x-www-form-urlencoded; charset=utf-8"
    assert headers["I-Twilio-Idempotency-Token"]


def test_promoted_token_signs_from_then_on() -> None:
    sender = Sender(answers(OK))
    sender.webhooks.auth_token = "67890"
    sender.send(URL, {})
    assert sender.requests[0].headers["X-Twilio-Signature"] == sign("67890", URL)


def test_failed_connection_is_tried_once_more_with_the_same_token() -> None:
    sender = Sender(answers(WebFailure("connect"), OK))
    sender.send(URL, {"To": "+1555"})
    tokens = {request.headers["I-Twilio-Idempotency-Token"] for request in sender.requests}
    assert (len(sender.requests), len(tokens)) == (2, 1)
    assert sender.results[0][0] == OK


def test_second_failed_connection_is_the_result() -> None:
    sender = Sender(answers(WebFailure("connect")))
    sender.send(URL, {})
    assert len(sender.requests) == 2
    assert sender.results[0][0] == WebFailure("connect")


@pytest.mark.parametrize("result", [WebResponse(500, {}, b""), WebResponse(404, {}, b""), WebFailure("timeout")])
def test_bad_answers_and_timeouts_are_not_retried(result: WebResult) -> None:
    sender = Sender(answers(result))
    sender.send(URL, {})
    assert len(sender.requests) == 1


def test_two_requests_have_two_tokens() -> None:
    sender = Sender(answers(OK))
    sender.send(URL, {})
    sender.send(URL, {})
    assert len({request.headers["I-Twilio-Idempotency-Token"] for request in sender.requests}) == 2


def test_fragment_overrides_retries_and_is_not_sent() -> None:
    sender = Sender(answers(WebResponse(503, {}, b""), WebResponse(503, {}, b""), OK))
    sender.send(URL + "#rc=3&rp=5xx,rt", {})
    assert [request.url for request in sender.requests] == [URL] * 3
    assert sender.results[0][0] == OK


def test_overrides_out_of_range_are_ignored() -> None:
    assert Overrides.of(URL + "#ct=50&rt=99999&tt=abc&rc=9") == Overrides()
    assert Overrides.of(URL + "#ct=100&rt=2000&tt=3000&rc=0&rp=all") == Overrides(0.1, 2.0, 3.0, 0, frozenset({"all"}))


def test_answer_after_the_deadline_is_a_timeout_at_the_deadline() -> None:
    sender = Sender(answers(OK), delay=20)
    sender.send(URL, {}, deadline=5)
    assert sender.results == [(WebFailure("timeout"), 5.0)]


def test_total_timeout_of_the_fragment_holds_over_all_retries() -> None:
    sender = Sender(answers(OK), delay=20)
    sender.send(URL + "#rt=2000&tt=3000&rc=5&rp=rt", {})
    assert sender.results == [(WebFailure("timeout"), 3.0)]
    assert len(sender.requests) == 2


def moved(status: int) -> WebResponse:
    return WebResponse(status, {"location": "/elsewhere"}, b"")


@pytest.mark.parametrize("status", [301, 302, 303])
def test_redirect_becomes_a_get_without_the_parameters(status: int) -> None:
    sender = Sender(answers(moved(status), OK))
    sender.send(URL, {"To": "+1555"})
    request = sender.requests[1]
    assert (request.method, request.url, request.body) == ("GET", "https://app.example.com/elsewhere", b"")
    assert request.headers["X-Twilio-Signature"] == sign("12345", request.url)


def test_redirect_307_repeats_the_request() -> None:
    sender = Sender(answers(moved(307), OK))
    sender.send(URL, {"To": "+1555"})
    assert (sender.requests[1].method, sender.requests[1].body) == ("POST", sender.requests[0].body)


def test_eleventh_redirect_is_not_followed() -> None:
    sender = Sender(answers(moved(302)))
    sender.send(URL, {})
    assert len(sender.requests) == 11
    assert [event.detail["code"] for event in sender.scheduler.trace if event.kind == "warning"] == ["11215"]


def test_every_attempt_is_a_fact() -> None:
    sender = Sender(answers(WebFailure("connect"), OK))
    sender.send(URL, {})
    trace = [event.detail for event in sender.scheduler.trace if event.kind == "webhook"]
    assert [(event["url"], event["status"]) for event in trace] == [(URL, "connect"), (URL, "200")]

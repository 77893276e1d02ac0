"""REST over HTTP as such: connections, bodies that cannot be read, and the speed of the clock."""

import base64
import json
import socket
import struct
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit
from urllib.request import HTTPBasicAuthHandler, HTTPPasswordMgr, build_opener

import pytest
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from emulator.http import bodies
from emulator.http.realtime import RealtimeClock
from emulator.ports import TwilioError
from emulator.server import in_real_time, serve
from tests.emulator.harness import ACCOUNT, TOKEN

WORKSPACES = "/v1/Workspaces"
AUTHORIZED = {"Authorization": "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()}


@pytest.fixture
def connection() -> Iterator[HTTPConnection]:
    with in_real_time(ACCOUNT, TOKEN) as (twilio, loop):
        server = serve(twilio, loop)
        connection = HTTPConnection(urlsplit(server.url).netloc, timeout=10)
        yield connection
        connection.close()
        server.stop()


@pytest.mark.parametrize("wish", ["close", "Close, TE", "TE,close"])
def test_a_connection_is_kept_unless_the_client_wants_it_closed(connection: HTTPConnection, wish: str) -> None:
    connection.request("GET", "/2010-04-01/Accounts.json")
    kept = connection.getresponse()
    kept.read()
    assert kept.getheader("Connection") is None
    connection.request("GET", "/2010-04-01/Accounts.json", headers={"Connection": wish})
    closed = connection.getresponse()
    closed.read()
    assert closed.getheader("Connection") == "close"
    assert connection.sock is None


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Length": "x"},
        {"Content-Length": "²"},
        {"Content-Length": "-1"},
        {"Transfer-Encoding": "gzip"},
        {"Transfer-Encoding": "chunked", "Content-Length": "3"},
    ],
)
def test_a_body_of_unknown_length_is_refused_and_the_connection_closed(
    connection: HTTPConnection, headers: dict[str, str]
) -> None:
    connection.request("POST", "/2010-04-01/Accounts.json", headers=headers)
    answer = connection.getresponse()
    assert (answer.status, answer.getheader("Connection")) == (400, "close")


def test_a_timer_that_no_wait_can_reach_does_not_stop_the_others() -> None:
    with in_real_time(ACCOUNT, TOKEN) as (twilio, loop):
        planned, later = threading.Event(), threading.Event()

        def plan() -> None:
            twilio.scheduler.after(1e300, planned.clear)
            planned.set()

        loop.post(plan)
        assert planned.wait(10)
        loop.post(later.set)
        assert later.wait(2)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "OPTIONS", "BREW"])
def test_a_method_that_no_path_has_is_405_in_twilios_words(connection: HTTPConnection, method: str) -> None:
    connection.request(method, WORKSPACES, headers=AUTHORIZED)
    answer = connection.getresponse()
    assert (answer.status, answer.getheader("Content-Type")) == (405, "application/json")
    body = json.loads(answer.read())
    assert (body["code"], body["message"]) == (20004, f"Method {method} is not allowed")


def test_a_head_is_answered_without_a_body_and_the_connection_goes_on(connection: HTTPConnection) -> None:
    connection.request("HEAD", WORKSPACES, headers=AUTHORIZED)
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (405, b"")
    connection.request("GET", WORKSPACES, headers=AUTHORIZED)
    assert connection.getresponse().status == 200


def test_who_shows_no_credentials_is_asked_for_them(connection: HTTPConnection) -> None:
    connection.request("GET", WORKSPACES)
    answer = connection.getresponse()
    assert (answer.status, answer.getheader("WWW-Authenticate")) == (401, 'Basic realm="Twilio API"')
    assert json.loads(answer.read())["code"] == 20003


def test_a_client_that_sends_credentials_only_when_it_is_asked_for_them_gets_in(connection: HTTPConnection) -> None:
    passwords = HTTPPasswordMgr()
    passwords.add_password("Twilio API", url(connection), ACCOUNT, TOKEN)
    opener = build_opener(HTTPBasicAuthHandler(passwords))
    with opener.open(f"{url(connection)}{WORKSPACES}") as answer:
        assert json.loads(answer.read())["workspaces"] == []


@pytest.mark.parametrize("kept", [True, False])
def test_the_official_client_asks_again_and_again_over_kept_and_over_closed_connections(
    connection: HTTPConnection, kept: bool
) -> None:
    class Emulator(TwilioHttpClient):  # type: ignore[misc]
        def request(self, method: str, uri: str, *args: Any, headers: Any = None, **more: Any) -> Any:
            parts, closing = urlsplit(uri), {} if kept else {"Connection": "close"}
            here = f"{url(connection)}{parts.path}?{parts.query}"
            return super().request(method, here, *args, headers={**(headers or {}), **closing}, **more)

    client = Client(ACCOUNT, TOKEN, http_client=Emulator(pool_connections=kept))
    sids = [client.taskrouter.v1.workspaces.create(friendly_name="Help line").sid for _ in range(4)]
    assert [one.sid for one in client.taskrouter.v1.workspaces.list(page_size=1)] == sids


# What a body may be


def url(connection: HTTPConnection) -> str:
    return f"http://{connection.host}:{connection.port}"


def created(connection: HTTPConnection, body: bytes | Iterator[bytes], **headers: str) -> str:
    """The FriendlyName of the workspace that this body makes, or the error's code."""
    connection.request("POST", WORKSPACES, body, {**AUTHORIZED, **headers})
    answer = json.loads(connection.getresponse().read())
    return str(answer.get("friendly_name") or answer["code"])


def multipart(*parts: tuple[str, str]) -> bytes:
    text = "".join(f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in parts)
    return f"{text}--x--\r\n".encode()


def test_a_multipart_body_is_a_form(connection: HTTPConnection) -> None:
    body = multipart(("FriendlyName", "Hélp line"), ("EventCallbackUrl", "http://localhost/events"))
    assert created(connection, body, **{"Content-Type": "multipart/form-data; boundary=x"}) == "Hélp line"


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=y", "multipart/form-data"])
def test_a_multipart_body_without_its_boundary_is_refused(connection: HTTPConnection, kind: str) -> None:
    assert created(connection, multipart(("FriendlyName", "Help line")), **{"Content-Type": kind}) == "20001"
    assert created(connection, b"FriendlyName=Help+line") == "Help line"


def test_a_body_in_chunks_is_put_together(connection: HTTPConnection) -> None:
    assert created(connection, iter([b"Friendly", b"Name=Help", b"+line"])) == "Help line"
    assert created(connection, b"FriendlyName=Second") == "Second"


def test_a_body_in_json_is_ignored_or_taken_by_its_world(connection: HTTPConnection) -> None:
    assert created(connection, b'{"FriendlyName": "A"}', **{"Content-Type": "application/json"}) == "20001"
    assert bodies.form("application/json; charset=utf-8", b'{"A": "x", "B": [1, true], "C": null}', "taken") == {
        "A": ["x"],
        "B": ["1", "true"],
    }
    for wrong in (b"{", b"[1]"):
        with pytest.raises(TwilioError, match="JSON"):
            bodies.form("application/json", wrong, "taken")


def test_a_post_without_a_body_lacks_what_is_required(connection: HTTPConnection) -> None:
    connection.putrequest("POST", WORKSPACES)
    connection.putheader("Authorization", AUTHORIZED["Authorization"])
    connection.endheaders()
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["code"]) == (400, 20001)


@pytest.mark.parametrize("in_chunks", [False, True])
def test_a_body_of_ten_megabytes_is_413_and_nothing_is_kept_of_it(connection: HTTPConnection, in_chunks: bool) -> None:
    body = b"FriendlyName=" + b"x" * 10_000_000
    connection.request("POST", WORKSPACES, iter([body]) if in_chunks else body, AUTHORIZED)
    answer = connection.getresponse()
    assert (answer.status, answer.getheader("Connection")) == (413, "close")
    assert json.loads(answer.read())["code"] == 20413
    assert workspaces(connection) == []


# Clients that do not keep to the rules


def workspaces(connection: HTTPConnection) -> list[str]:
    connection.request("GET", WORKSPACES, headers=AUTHORIZED)
    return [one["friendly_name"] for one in json.loads(connection.getresponse().read())["workspaces"]]


def sent(connection: HTTPConnection, text: str) -> socket.socket:
    """A connection of its own on which this text was sent."""
    other = socket.create_connection((connection.host, connection.port or 80), timeout=10)
    other.sendall(text.replace("\n", "\r\n").encode())
    return other


def head(length: int) -> str:
    authorization = f"Authorization: {AUTHORIZED['Authorization']}"
    return f"POST {WORKSPACES} HTTP/1.1\nHost: x\n{authorization}\nContent-Length: {length}\n\n"


@pytest.mark.parametrize(
    "half", ["POST /v1/Work", f"POST {WORKSPACES} HTTP/1.1\nHost:", head(100) + "FriendlyName=Half"]
)
def test_half_a_request_does_nothing_and_harms_nobody(
    connection: HTTPConnection, half: str, capfd: pytest.CaptureFixture[str]
) -> None:
    other = sent(connection, half)
    assert workspaces(connection) == []  # nobody waits for the rest
    other.shutdown(socket.SHUT_WR)
    assert other.recv(100) == b"" or half.startswith("POST /v1/Work")
    other.close()
    assert workspaces(connection) == []
    assert capfd.readouterr().err == ""


def test_the_rest_of_a_request_is_not_waited_for_without_end(
    connection: HTTPConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emulator.server.BODY_SECONDS", 0.1)
    with sent(connection, head(100) + "FriendlyName=Half") as other:
        assert other.recv(100) == b""


def test_a_client_that_hangs_up_in_the_middle_is_no_trouble(
    connection: HTTPConnection, capfd: pytest.CaptureFixture[str]
) -> None:
    for _ in range(20):
        other = sent(connection, head(17) + "FriendlyName=Gone")
        other.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset, not an end
        other.close()
    assert set(workspaces(connection)) <= {"Gone"}
    assert capfd.readouterr().err == ""


def test_what_is_no_request_is_told_in_json(connection: HTTPConnection) -> None:
    with sent(connection, "HELLO\n\n") as other:
        answer = other.makefile("rb").read()
    assert b"application/json" in answer
    assert b'"status": 400' in answer


def test_many_requests_on_many_connections_are_all_answered(connection: HTTPConnection) -> None:
    """As many as a thousand a second in ten seconds, over connections that are kept and over closed ones."""

    def ask(kept: bool) -> set[int]:
        own = HTTPConnection(connection.host, connection.port, timeout=30)
        statuses = set()
        for _ in range(625):
            own.request("GET", WORKSPACES, headers=AUTHORIZED if kept else {**AUTHORIZED, "Connection": "close"})
            answer = own.getresponse()
            answer.read()
            statuses.add(answer.status)
        own.close()
        return statuses

    with ThreadPoolExecutor(16) as threads:
        assert list(threads.map(ask, [True, True, True, False] * 4)) == [{200}] * 16


def test_a_sid_of_another_account_is_20404(connection: HTTPConnection) -> None:
    connection.request("GET", f"/2010-04-01/Accounts/AC{'9' * 32}/Calls.json", headers=AUTHORIZED)
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["code"]) == (404, 20404)


def test_a_fast_clock_goes_faster_than_the_one_on_the_wall() -> None:
    clock = RealtimeClock(1000)
    began, first = time.monotonic(), clock.now()
    while (passed := clock.now() - first) < 5:
        pass
    assert passed / 1000 <= time.monotonic() - began


def test_deadlines_of_webhooks_are_real_seconds_at_any_speed() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        in_real_time(ACCOUNT, TOKEN, clock=RealtimeClock(100)) as (twilio, loop),
    ):
        ended = threading.Event()
        twilio.scheduler.on_event.append(lambda event: ended.set() if event.kind == "ended" else None)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/voice#tt=500"
        began, first = time.monotonic(), twilio.scheduler.now()
        loop.call(lambda: twilio.dial("+15550001", "+15550100", [], voice_url=url))
        assert ended.wait(10)
        assert time.monotonic() - began >= 0.5
        assert twilio.scheduler.now() - first >= 50

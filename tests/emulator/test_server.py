"""REST over HTTP as such: connections, bodies that cannot be read, and the speed of the clock."""

import socket
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from emulator.http.realtime import RealtimeClock
from emulator.server import in_real_time, serve
from tests.emulator.harness import ACCOUNT, TOKEN


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
    "headers", [{"Content-Length": "x"}, {"Content-Length": "²"}, {"Transfer-Encoding": "chunked"}]
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


def test_a_method_that_no_path_has_is_answered(connection: HTTPConnection) -> None:
    connection.request("PUT", "/2010-04-01/Accounts.json")
    assert connection.getresponse().status == 401


def test_a_fast_clock_goes_faster_than_the_one_on_the_wall() -> None:
    clock = RealtimeClock(1000)
    began, first = time.monotonic(), clock.now()
    while (passed := clock.now() - first) < 5:
        pass
    assert passed / 1000 <= time.monotonic() - began


def test_deadlines_of_webhooks_are_real_seconds_at_any_speed() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        in_real_time(ACCOUNT, TOKEN, speed=100) as (twilio, loop),
    ):
        ended = threading.Event()
        twilio.scheduler.on_event.append(lambda event: ended.set() if event.kind == "ended" else None)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/voice#tt=500"
        began, first = time.monotonic(), twilio.scheduler.now()
        loop.call(lambda: twilio.dial("+15550001", "+15550100", [], voice_url=url))
        assert ended.wait(10)
        assert time.monotonic() - began >= 0.5
        assert twilio.scheduler.now() - first >= 50

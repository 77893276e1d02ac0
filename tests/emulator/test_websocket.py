"""WebSockets and the event bridge over HTTP as such (contract 15.4, 15.6)."""

import base64
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from emulator.http.websocket import Keepalive
from emulator.server import KEEPALIVES, in_real_time, serve
from tests.emulator.harness import ACCOUNT, TOKEN

SIGNAL, BRIDGE = "/signal", "/v1/wschannels"


@pytest.fixture
def address() -> Iterator[tuple[str, int]]:
    with in_real_time(ACCOUNT, TOKEN) as (twilio, loop):
        server = serve(twilio, loop)
        parts = urlsplit(server.url)
        yield str(parts.hostname), int(parts.port or 0)
        server.stop()


@contextmanager
def opened(address: tuple[str, int], path: str = SIGNAL) -> Iterator[socket.socket]:
    with socket.create_connection(address, timeout=10) as connection:
        key = base64.b64encode(os.urandom(16)).decode()
        head = f"GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        connection.sendall(f"{head}Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
        answer = b""
        while not answer.endswith(b"\r\n\r\n"):
            answer += connection.recv(1)
        assert answer.startswith(b"HTTP/1.1 101 ")
        yield connection


def frame(kind: int, payload: bytes, *, last: bool = True) -> bytes:
    """A client's frame, masked with zeros."""
    return bytes([kind | (0x80 if last else 0), 0x80 | len(payload), 0, 0, 0, 0]) + payload


def next_frame(connection: socket.socket) -> tuple[int, bytes]:
    kind, length = connection.recv(1)[0], connection.recv(1)[0]
    if length == 126:
        (length,) = struct.unpack(">H", connection.recv(2))
    payload = b""
    while len(payload) < length:
        payload += connection.recv(length - len(payload))
    return kind & 0x0F, payload


def test_a_silent_connection_is_kept_alive(address: tuple[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    assert {path: one.text for path, one in KEEPALIVES.items()} == {BRIDGE: " ", SIGNAL: "\n"}
    assert KEEPALIVES[BRIDGE].seconds < 30
    assert KEEPALIVES[SIGNAL].seconds < 15
    monkeypatch.setitem(KEEPALIVES, SIGNAL, Keepalive("\n", 0.05))
    with opened(address) as connection:
        assert [next_frame(connection) for _ in range(2)] == [(1, b"\n")] * 2


def test_a_ping_is_answered_and_a_message_in_parts_is_put_together(address: tuple[str, int]) -> None:
    with opened(address) as connection:
        connection.sendall(frame(9, b"there?"))
        assert next_frame(connection) == (10, b"there?")
        connection.sendall(frame(1, b'{"type": "regi', last=False) + frame(0, b'ster"}'))
        assert b'"offline"' in next_frame(connection)[1]


def test_who_says_goodbye_is_answered(address: tuple[str, int]) -> None:
    with opened(address) as connection:
        connection.sendall(frame(8, struct.pack(">H", 1000)))
        assert next_frame(connection) == (8, struct.pack(">H", 1000))
        assert connection.recv(1) == b""


def test_what_is_no_frame_ends_the_connection_and_harms_nobody(address: tuple[str, int]) -> None:
    with opened(address) as connection, opened(address) as other:
        connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
        while connection.recv(100):
            pass
        other.sendall(frame(9, b"!"))
        assert next_frame(other) == (10, b"!")


def test_what_asks_for_no_websocket_is_told_so(address: tuple[str, int]) -> None:
    for path in (SIGNAL, BRIDGE):
        connection = HTTPConnection(*address, timeout=10)
        connection.request("GET", path)
        assert connection.getresponse().status == 426
        connection.close()


def test_a_page_of_any_origin_may_ask(address: tuple[str, int]) -> None:
    connection = HTTPConnection(*address, timeout=10)
    connection.request("OPTIONS", BRIDGE, headers={"Origin": "https://desk.example.com"})
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 204
    allowed = str(answer.getheader("Access-Control-Allow-Headers")).split(", ")
    assert set(allowed) == {"apiversion", "clientversion", "if-match", "content-type"}
    connection.request("POST", BRIDGE, b"{}", {"Content-Type": "application/x-www-form-urlencoded"})
    refused = connection.getresponse()
    assert (refused.status, refused.getheader("Access-Control-Allow-Origin")) == (400, "*")
    connection.close()

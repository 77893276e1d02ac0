"""The emulator's REST API over HTTP on the loopback interface."""

import json
import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Unpack
from urllib.parse import parse_qs, urlsplit

from emulator.clock.scheduler import Scheduler
from emulator.control import HOME, Asked, Control
from emulator.event_bridge import bridge
from emulator.http import bodies
from emulator.http.realtime import HttpTransport, RealtimeClock, RealtimeLoop
from emulator.http.websocket import Keepalive, WebSocket, handshake
from emulator.ports import Peer, TwilioError
from emulator.rest.faults import ConnectionBroken
from emulator.rest.framework import RestAnswer, refusal
from emulator.signalling import switchboard
from emulator.twilio import Twilio
from emulator.worlds import Worlds

LARGEST_BODY = 4_000_000  # a workflow's configuration of a million characters, each as %xx, and more
LARGEST_DRAINED = 64_000_000  # of a body that is too large: a client that still writes would not read the answer
BODY_SECONDS = 30.0  # for the rest of a request whose first line has come
CHUNK = re.compile(rb"[0-9a-fA-F]{1,8}")
# In real seconds, by any clock: the libraries hold a connection for lost after 30 and 15 (contract 15.4, 15.9).
KEEPALIVES = {bridge.PATH: Keepalive(" ", 15.0), switchboard.PATH: Keepalive("\n", 7.0)}


@dataclass
class Server:
    """`url` is the base of every path, for `api.twilio.com` and `taskrouter.twilio.com` alike."""

    url: str
    _http: "_Http"
    _thread: threading.Thread

    @property
    def inspector(self) -> str:
        """The page for people."""
        return f"{self.url}{HOME}"

    def stop(self) -> None:
        """Returns when the port is closed; browsers lose their connections."""
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()
        self._http.drop_sockets()


def _content(answer: RestAnswer) -> tuple[str, bytes | None]:
    """The type and the body; a 204 has none."""
    if answer.media is not None:
        return answer.media.content_type, answer.media.content
    return "application/json", None if answer.status == 204 else json.dumps(answer.body).encode()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, *args: Any) -> None:
        self.sockets: set[WebSocket] = set()
        super().__init__(*args)

    def drop_sockets(self) -> None:
        for socket in list(self.sockets):
            socket.drop()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up in the middle is no error of the emulator's."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _TooLarge(Exception):
    """The body is larger than any that Twilio's API has a use for."""


class _InLoop:
    """Implements `Peer`: what comes from a browser's thread happens between two turns of the scheduler."""

    def __init__(self, loop: RealtimeLoop, peer: Peer) -> None:
        self._loop = loop
        self._peer = peer

    def received(self, text: str) -> None:
        self._loop.call(lambda: self._peer.received(text))

    def closed(self) -> None:
        self._loop.call(self._peer.closed)


class _Handler(BaseHTTPRequestHandler):
    server: _Http
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = (
        True  # head and body are two writes, and the second would wait 40 ms for the first's receipt
    )

    def __init__(self, twilio: Twilio, loop: RealtimeLoop, *args: Any) -> None:
        self._twilio = twilio
        self._loop = loop
        self._control = Control(twilio, loop)
        super().__init__(*args)

    def __getattr__(self, name: str) -> Callable[[], None]:
        """Every method is answered: which of them a path has, the path says."""
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def parse_request(self) -> bool:
        self.connection.settimeout(BODY_SECONDS)
        return super().parse_request()

    def _serve(self) -> None:
        if self._wants_to_close():
            self.close_connection = True
        try:
            body = self._body()
            self.connection.settimeout(None)
            self._serve_path(urlsplit(self.path).path, body)
        except TwilioError as error:
            self.close_connection = True  # nobody knows where the next request begins
            self._send(refusal(error))
        except _TooLarge:
            self.close_connection = True
            self._send(refusal(TwilioError(20413, "Request entity too large", 413)))
        except (ConnectionBroken, ConnectionError):
            self.close_connection = True

    def _serve_path(self, path: str, body: bytes) -> None:
        if f"{path}/".startswith(HOME):
            self._serve_control(body)
        elif path in KEEPALIVES and self.command == "GET":
            self._serve_socket(path)
        elif path == bridge.PATH:
            self._serve_bridge(body)
        else:
            self._send(self._answer(body))

    def _wants_to_close(self) -> bool:
        """`close` may stand among other options (RFC 9110, 7.6.1), which http.server does not look for."""
        options = ",".join(self.headers.get_all("Connection", [])).split(",")
        return "close" in {option.strip().lower() for option in options}

    # The body

    def _body(self) -> bytes:
        """ConnectionBroken when the client is gone before all of it came; _TooLarge; TwilioError for a bad length."""
        coding, length = self.headers.get("Transfer-Encoding"), self.headers.get("Content-Length", "0")
        if coding is not None and coding.strip().lower() == "chunked" and "Content-Length" not in self.headers:
            return b"".join(self._chunks())
        if not length.isdecimal() or not length.isascii() or coding is not None:
            raise TwilioError(20001, "The request's body has no Content-Length")
        if int(length) > LARGEST_BODY:
            self._drain(int(length))
            raise _TooLarge
        return self._read(int(length))

    def _read(self, length: int) -> bytes:
        body = self.rfile.read(length)
        if len(body) < length:
            raise ConnectionBroken
        return body

    def _drain(self, length: int) -> None:
        left = min(length, LARGEST_DRAINED)
        while left > 0 and (piece := self.rfile.read(min(left, 1 << 16))):
            left -= len(piece)

    def _chunks(self) -> Iterator[bytes]:
        """RFC 9112, 7.1. What comes after the last chunk, as fields, is read over."""
        total = 0
        while size := self._chunk_size():
            total += size
            if total > LARGEST_BODY:
                self._drain(size)
                raise _TooLarge
            yield self._read(size)
            self._read_line()
        while self._read_line().strip():
            pass

    def _chunk_size(self) -> int:
        size = self._read_line().partition(b";")[0].strip()
        if not CHUNK.fullmatch(size):
            raise TwilioError(20001, "The request's body is not in chunks")
        return int(size, 16)

    def _read_line(self) -> bytes:
        line = self.rfile.readline(1000)
        if not line.endswith(b"\n"):
            raise ConnectionBroken
        return line

    # The answer

    def _answer(self, body: bytes) -> RestAnswer:
        try:
            json_body = self._twilio.json_body(self.command, self.path)
            form = bodies.form(self.headers.get("Content-Type", ""), body, json_body)
        except TwilioError as error:
            return refusal(error)
        authorization, headers = self.headers.get("Authorization", ""), dict(self.headers.items())
        return self._loop.call(lambda: self._twilio.rest(self.command, self.path, form, authorization, headers))

    def _serve_control(self, body: bytes) -> None:
        parts = urlsplit(self.path)
        form = {**parse_qs(parts.query), **bodies.form(self.headers.get("Content-Type", ""), body, "taken")}
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self._control.answer(Asked(self.command, parts.path, form, headers))
        self._write(
            reply.status, {"Content-Type": reply.content_type, **reply.headers}, reply.body.encode(errors="replace")
        )

    # Browsers

    def _serve_socket(self, path: str) -> None:
        """Until the browser or we hang up. TwilioError when the handshake is refused."""
        protocol = handshake(self.headers.items(), self.path)
        query = {name: values[-1] for name, values in parse_qs(urlsplit(self.path).query).items()}
        socket = WebSocket(protocol, self.connection, self.rfile, KEEPALIVES[path])
        peer = self._loop.call(lambda: self._twilio.connect(path, query, socket))
        self.close_connection = True
        self.server.sockets.add(socket)
        try:
            socket.serve(_InLoop(self._loop, peer))
        finally:
            self.server.sockets.discard(socket)

    def _serve_bridge(self, body: bytes) -> None:
        """What the browser is told of its own doing may follow its answer (contract 12)."""
        if self.command == "OPTIONS":
            self._send(self._twilio.bridge.preflight())
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            self._send(self._loop.call(lambda: self._twilio.bridged(body, headers)))
        finally:
            self._loop.call(self._twilio.bridge.answered)

    def _send(self, answer: RestAnswer) -> None:
        content_type, body = _content(answer)
        self._write(answer.status, {"Content-Type": content_type, **answer.headers}, body)

    def _write(self, status: int, headers: Mapping[str, str], body: bytes | None) -> None:
        self.send_response(status)
        if body is not None:
            self.send_header("Content-Length", str(len(body)))
        if self.close_connection:  # RFC 9112, 9.6: whoever is going to close the connection says so
            self.send_header("Connection", "close")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if body is not None and self.command != "HEAD":
            self.wfile.write(body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What cannot be read as a request: Twilio's error document in place of a page for people."""
        self.close_connection, self.request_version = True, "HTTP/1.1"  # the head of an answer is not left out
        text = message or explain or "The request cannot be read"
        self._send(refusal(TwilioError(20000 + code, text, code)))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """The trace has an event for each request; an access log would only repeat it."""


def serve(twilio: Twilio, loop: RealtimeLoop, port: int = 0) -> Server:
    """Serve on 127.0.0.1; `port` 0 takes a free one. The loop must be running. OSError when the port is in use."""
    http = _Http(("127.0.0.1", port), partial(_Handler, twilio, loop))
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05}, name="rest", daemon=True)
    thread.start()
    return Server(f"http://127.0.0.1:{http.server_address[1]}", http, thread)


@contextmanager
def in_real_time(
    account_sid: str,
    auth_token: str,
    seed: int = 0,
    *,
    speech_rate: float = 0.06,
    calls_per_second: float = 1.0,
    clock: RealtimeClock | None = None,
    hosts: Mapping[str, int] | None = None,
    **worlds: Unpack[Worlds],
) -> Iterator[tuple[Twilio, RealtimeLoop]]:
    """A Twilio with real HTTP, running until the block ends. Touch it only through the loop.

    Its clock is that of the wall unless another is given; deadlines of webhooks are real seconds by any clock.
    `hosts` maps public names, which are asked by https, to ports of this machine.
    """
    clock = clock or RealtimeClock()
    parts: list[tuple[RealtimeLoop, HttpTransport]] = []

    def make_transport(scheduler: Scheduler) -> HttpTransport:
        loop = RealtimeLoop(scheduler, clock)
        parts.append((loop, HttpTransport(loop, hosts=hosts)))
        return parts[0][1]

    twilio = Twilio(
        clock.now,
        account_sid,
        auth_token,
        make_transport,
        seed,
        speech_rate=speech_rate,
        calls_per_second=calls_per_second,
        **worlds,
    )
    twilio.webhooks.speed = clock.speed
    loop, transport = parts[0]
    loop.start()
    try:
        yield twilio, loop
    finally:
        loop.stop()
        transport.close()

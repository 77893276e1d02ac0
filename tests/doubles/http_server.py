"""A real HTTP server on loopback with scripted answers: for the adapters that speak HTTP."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

# Status and body; or no answer at all; or a 200 whose body is cut, or that comes byte by byte and never ends, from its
# head or its body on.
Answer = tuple[int, bytes] | Literal["hang", "cut", "drip head", "drip body"]

DRIP_SECONDS = 0.02  # between two bytes
CHUNK = 64 * 1024


@dataclass
class Endpoint:
    """`answers` are given one after the other, the last one again and again. A redirect leads to /elsewhere."""

    answers: list[Answer] = field(default_factory=lambda: [(200, b"")])
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""
    connections: int = 0
    sent: int = 0  # bytes of bodies that a client has taken, or its system for it
    hung_up: int = 0  # answers that the client did not hear to their end
    released: threading.Event = field(default_factory=threading.Event)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, endpoint: Endpoint, *args: Any) -> None:
        self._endpoint = endpoint
        endpoint.connections += 1
        with suppress(ConnectionError):
            super().__init__(*args)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        endpoint = self._endpoint
        endpoint.requests.append((self.path, dict(self.headers.items()), body))
        answer = endpoint.answers.pop(0) if len(endpoint.answers) > 1 else endpoint.answers[0]
        try:
            self._give(answer)
        except ConnectionError:
            endpoint.hung_up += 1
            self.close_connection = True

    def do_GET(self) -> None:
        self.do_POST()

    def _give(self, answer: Answer) -> None:
        if answer == "hang":
            self._endpoint.released.wait()
        elif answer == "cut":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 500)
        elif isinstance(answer, str):
            self.wfile.write(b"HTTP/1.1 200 OK\r\n" + (b"" if answer == "drip head" else b"\r\n"))
            self._drip(b"X: y\r\n" if answer == "drip head" else b" ")
        else:
            self._whole(*answer)
        self.close_connection = self.close_connection or isinstance(answer, str)

    def _whole(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if 300 <= status < 400:
            self.send_header("Location", f"{self._endpoint.url}/elsewhere")
        self.end_headers()
        for start in range(0, len(body), CHUNK):
            self.wfile.write(body[start : start + CHUNK])
            self._endpoint.sent += CHUNK

    def _drip(self, line: bytes) -> None:
        """The bytes of this line one by one, again and again, until the client hangs up or the test is over."""
        while True:
            for byte in line:
                if self._endpoint.released.wait(DRIP_SECONDS):
                    return
                self.wfile.write(bytes([byte]))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """The requests are kept."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True  # a kept connection is nobody's to wait for


@contextmanager
def serving(*answers: Answer) -> Iterator[Endpoint]:
    endpoint = Endpoint(list(answers))
    server = _Server(("127.0.0.1", 0), partial(_Handler, endpoint))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    endpoint.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield endpoint
    finally:
        endpoint.released.set()
        server.shutdown()
        thread.join()
        server.server_close()

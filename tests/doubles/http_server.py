"""A real HTTP server on loopback with scripted answers: for the adapters that speak HTTP."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Endpoint:
    """`answers` are given one after the other, the last one again and again: status and body, or "hang"."""

    answers: list[tuple[int, bytes] | str] = field(default_factory=lambda: [(200, b"")])
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""
    released: threading.Event = field(default_factory=threading.Event)


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, endpoint: Endpoint, *args: Any) -> None:
        self._endpoint = endpoint
        super().__init__(*args)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        endpoint = self._endpoint
        endpoint.requests.append((self.path, dict(self.headers.items()), body))
        answer = endpoint.answers.pop(0) if len(endpoint.answers) > 1 else endpoint.answers[0]
        if isinstance(answer, str):
            endpoint.released.wait()
            return
        self.send_response(answer[0])
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer[1])))
        self.end_headers()
        self.wfile.write(answer[1])

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """The requests are kept."""


@contextmanager
def serving(*answers: tuple[int, bytes] | str) -> Iterator[Endpoint]:
    endpoint = Endpoint(list(answers))
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, endpoint))
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

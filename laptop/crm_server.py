"""A team's own CRM endpoint in few lines: what a team writes to answer Cordboard's http adapter."""

import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = tuple[int, Mapping[str, Any]]


@dataclass
class CrmStub:
    """`replies` are by the worker's name, "" for everybody else; `asked` are the attempts that were signed."""

    key: str
    url: str = ""
    replies: dict[str, Reply] = field(default_factory=lambda: {"": (200, {})})
    asked: list[dict[str, Any]] = field(default_factory=list)
    on_asked: Callable[[dict[str, Any], int], None] = lambda attempt, status: None

    def answer(self, headers: Mapping[str, str], body: bytes) -> Reply:
        if not self._signed(headers, body):
            return 401, {"error": "the signature does not hold"}
        attempt = json.loads(body)
        reply = self.replies.get(attempt["worker_name"], self.replies[""])
        self.asked.append(attempt)
        self.on_asked(attempt, reply[0])
        return reply

    def _signed(self, headers: Mapping[str, str], body: bytes) -> bool:
        message = headers.get("X-Cordboard-Timestamp", "").encode() + b"." + body
        expected = hmac.new(self.key.encode(), message, hashlib.sha256).hexdigest()
        return hmac.compare_digest(expected, headers.get("X-Cordboard-Signature", ""))


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, crm: CrmStub, *args: Any) -> None:
        self._crm = crm
        super().__init__(*args)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        status, answer = self._crm.answer(dict(self.headers.items()), body)
        text = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """`asked` tells what happened."""


@contextmanager
def running(key: str) -> Iterator[CrmStub]:
    """The endpoint on a free loopback port until the block ends."""
    crm = CrmStub(key)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, crm))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    crm.url = f"http://127.0.0.1:{server.server_address[1]}/attempts"
    try:
        yield crm
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

"""AWS and Twilio on loopback, as far as an assignment and its job ask them: each request is answered at once."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from bench.webhooks import ACCOUNT_SID, TOKEN, WORKSPACE_SID

FAR = "9999999999"  # a deadline that no measuring misses, in epoch seconds


class Services(ThreadingHTTPServer):
    """Keeps the row and the message that an assignment leaves, and answers its job with them."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.row: dict[str, Any] = {}
        self.message = ""
        self.calls = 0  # that were placed

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def aws(self, operation: str, asked: dict[str, Any]) -> dict[str, Any]:
        """The answer to this operation of SSM, DynamoDB or SQS."""
        match operation:
            case "GetParameter":
                return {"Parameter": {"Value": json.dumps({"auth_tokens": [TOKEN]})}}
            case "PutItem" if "deadline" in asked["Item"]:
                self.row = {**asked["Item"], "deadline": {"N": FAR}}
            case "UpdateItem":
                return {"Attributes": self.row}
            case "SendMessage":
                self.message = asked["MessageBody"]
                return {"MessageId": "1"}
        return {}

    def twilio(self, method: str, path: str) -> dict[str, Any]:
        """The task, its pending reservation, and the call that is placed."""
        if method == "POST":
            self.calls += 1
            return {"sid": "CA" + "5" * 32, "queue_time": "0", "account_sid": ACCOUNT_SID}
        if "/Reservations/" in path:
            return {"reservation_status": "pending", "workspace_sid": WORKSPACE_SID}
        return {"assignment_status": "reserved", "attributes": "{}", "workspace_sid": WORKSPACE_SID}


class _Handler(BaseHTTPRequestHandler):
    server: Services
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        operation = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        if operation:
            self._answer(200, self.server.aws(operation, json.loads(body)))
        else:
            self._answer(201, self.server.twilio("POST", self.path))

    def do_GET(self) -> None:
        self._answer(200, self.server.twilio("GET", self.path))

    def _answer(self, status: int, said: dict[str, Any]) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Prints nothing."""


@contextmanager
def serving() -> Iterator[Services]:
    """The services, while the block lasts."""
    with Services() as services:
        threading.Thread(target=services.serve_forever, daemon=True).start()
        yield services
        services.shutdown()

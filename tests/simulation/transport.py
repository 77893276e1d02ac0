"""Requests that leave Lambda, answered under urllib3: Twilio's client and the CRM's pool run with their own retries.

What goes to Twilio reaches the emulator's REST, what goes to the CRM reaches the CRM stub.
"""

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn
from urllib.parse import parse_qs, urlsplit

from urllib3 import HTTPResponse
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ReadTimeoutError

from emulator.rest.framework import RestAnswer
from emulator.twilio import Twilio
from tests.simulation import invocation
from tests.simulation.faults import Faults

Answer = tuple[int, bytes]
Streamed = tuple[int, io.IOBase, int]  # status, body, length
# The CRM's endpoint: gets the Idempotency-Key and the body; answers status and body.
CrmEndpoint = Callable[[str, Mapping[str, Any]], Answer]

CRM_HOST = "crm.example"
MANY_BYTES = 36


class OutboundTransport:
    """Stands in for `HTTPConnectionPool._make_request`."""

    def __init__(self, twilio: Twilio, crm: CrmEndpoint, faults: Faults) -> None:
        self._twilio = twilio
        self._crm = crm
        self._faults = faults

    def request(
        self,
        pool: HTTPConnectionPool,
        method: str,
        url: str,
        *,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        timeout: Any = None,
        **_options: object,
    ) -> HTTPResponse:
        text = body.decode() if isinstance(body, bytes) else body or ""
        request = _Request(method, url, text, headers or {}, timeout)
        more: dict[str, str] = {}
        if pool.host == CRM_HOST:
            status, answer, length = self._to_crm(pool, request)
        else:
            status, answer, length = _streamed(self._to_twilio(pool, request, more))
        return HTTPResponse(
            body=answer,
            headers={"Content-Type": "application/json", "Content-Length": str(length), **more},
            status=status,
            preload_content=False,
            request_method=method,
        )

    # Twilio

    def _to_twilio(self, pool: HTTPConnectionPool, request: "_Request", headers: dict[str, str]) -> Answer:
        """The answer's own headers, its ETag, go into `headers`."""
        if request.method == "GET":
            invocation.current().reads(request.url)
            return self._attempt(pool, request, headers)
        with invocation.current().writing(f"{request.method} {request.url} {request.body}", ReadTimeoutError):
            return self._attempt(pool, request, headers)

    def _attempt(self, pool: HTTPConnectionPool, request: "_Request", headers: dict[str, str]) -> Answer:
        here, about = invocation.current(), (*invocation.current().about, request.url)
        happens = invocation.Draw(self._faults, about)
        if self._faults.is_down("twilio_down", about) or happens("rest_refused"):
            here.pause(0.05)
            raise NewConnectionError(pool, "Failed to establish a new connection: refused")  # type: ignore[arg-type]
        if happens("rest_429"):
            return _refusal(429, 20429, "Too Many Requests")
        if happens("rest_500"):
            return _refusal(500, 20500, "Internal Server Error")
        if happens("rest_timeout_before"):
            _time_out(pool, request)
        if request.name == "twilio POST Calls" and request.url.endswith("/Calls.json") and happens("caller_id_refused"):
            return _refusal(400, 21210, "Caller ID is not verified")
        seconds = self._faults.seconds("rest", 0.05, 0.4)
        answer = here.effect(request.name, seconds, lambda: self._ask(pool.host, request))
        if happens("rest_timeout_after"):
            _time_out(pool, request)
        if happens("rest_504_after"):
            return _refusal(504, 20504, "Gateway Timeout")
        headers.update(answer.headers)
        return answer.status, _body(answer)

    def _ask(self, host: str, request: "_Request") -> RestAnswer:
        form = parse_qs(request.body, keep_blank_values=True)
        headers = {name: str(value) for name, value in request.headers.items()}
        url = f"https://{host}{request.url}"
        return self._twilio.rest(request.method, url, form, headers.get("Authorization", ""), headers)

    # The CRM

    def _to_crm(self, pool: HTTPConnectionPool, request: "_Request") -> Streamed:
        here, key = invocation.current(), request.headers["Idempotency-Key"]
        happens = invocation.Draw(self._faults, (*here.about, key))
        if self._faults.is_down("crm_down", here.about):
            here.pause(request.timeout.connect_timeout)
            raise ConnectTimeoutError(pool, "Connection to the CRM timed out.")
        if happens("crm_500"):
            here.pause(0.2)
            return _streamed((500, b"oops"))
        seconds = self._faults.seconds("crm", 0.05, 0.8)
        answer = here.effect("crm", seconds, lambda: self._crm(key, json.loads(request.body)))
        if happens("crm_slow"):
            _time_out(pool, request)
        if happens("crm_drips"):
            return self._dripped(answer)
        if happens("crm_megabytes"):
            return self._faults.stream("crm_megabytes kind").choice((200, 409)), _Megabytes(), _Megabytes.LENGTH
        return _streamed(answer)

    def _dripped(self, answer: Answer) -> Streamed:
        """The head comes a byte a second, or the body does."""
        if self._faults.stream("crm_drips kind").random() < 0.5:
            for _ in range(MANY_BYTES):
                invocation.current().pause(1.0)
        return answer[0], _Drips(answer[1]), len(answer[1])


def _body(answer: RestAnswer) -> bytes:
    if answer.media is not None:
        return answer.media.content
    return b"" if answer.status == 204 else json.dumps(answer.body).encode()


@dataclass(frozen=True)
class _Request:
    """One request under urllib3; `url` is the path with its query, `timeout` urllib3's."""

    method: str
    url: str
    body: str
    headers: Mapping[str, str]
    timeout: Any

    @property
    def name(self) -> str:
        """What an effect is called by: the method and the resource, without its sids."""
        parts = urlsplit(self.url).path.removesuffix(".json").split("/")
        return f"twilio {self.method} {[part for part in parts if part.isalpha()][-1]}"


def _refusal(status: int, code: int, message: str) -> Answer:
    invocation.current().pause(0.1)
    return status, json.dumps({"code": code, "message": message, "status": status, "more_info": ""}).encode()


def _time_out(pool: HTTPConnectionPool, request: _Request) -> NoReturn:
    invocation.current().pause(request.timeout.read_timeout)
    raise ReadTimeoutError(pool, request.url, "Read timed out.")


def _streamed(answer: Answer) -> Streamed:
    status, body = answer
    return status, io.BytesIO(body), len(body)


class _Drips(io.BytesIO):
    """A body that comes a byte a second: no read of the socket takes long."""

    def read(self, size: int | None = -1) -> bytes:
        invocation.current().pause(1.0)
        return super().read(min(1, size) if size and size > 0 else 1)


class _Megabytes(io.RawIOBase):
    """A body that may not be read to its end."""

    LENGTH = 64 * 1024 * 1024
    MOST = 64 * 1024

    def __init__(self) -> None:
        self._given = 0

    def read(self, size: int = -1) -> bytes:
        size = min(size, self.LENGTH - self._given) if size >= 0 else self.LENGTH - self._given
        self._given += size
        if self._given > self.MOST:
            invocation.current().scheduler.emit("crm_overread", read=str(self._given))
        return b"a" * size

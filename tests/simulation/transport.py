"""Requests that leave Lambda, answered under urllib3: Twilio's client and the CRM's pool run with their own retries.

What goes to Twilio reaches the emulator's REST, what goes to the CRM reaches the CRM stub.
"""

import io
import json
from collections.abc import Callable, Iterable, Mapping
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
# The CRM's endpoint: gets the Idempotency-Key and the body; answers status and body.
CrmEndpoint = Callable[[str, Mapping[str, Any]], Answer]

CRM_HOST = "crm.example"


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
        if pool.host == CRM_HOST:
            status, answer = self._to_crm(pool, _Request(method, url, text, headers or {}, timeout))
        else:
            status, answer = self._to_twilio(pool, _Request(method, url, text, headers or {}, timeout))
        return HTTPResponse(
            body=io.BytesIO(answer),
            headers={"Content-Type": "application/json", "Content-Length": str(len(answer))},
            status=status,
            preload_content=False,
            request_method=method,
        )

    # Twilio

    def _to_twilio(self, pool: HTTPConnectionPool, request: "_Request") -> Answer:
        here, about = invocation.current(), (*invocation.current().about, request.url)
        happens = _Draw(self._faults, about)
        if self._faults.is_down("twilio_down", about) or happens("rest_refused"):
            here.pause(0.05)
            raise NewConnectionError(pool, "Failed to establish a new connection: refused")  # type: ignore[arg-type]
        if happens("rest_429"):
            return _refusal(429, 20429, "Too Many Requests")
        if happens("rest_500"):
            return _refusal(500, 20500, "Internal Server Error")
        if happens("rest_timeout_before"):
            _time_out(pool, request)
        seconds = self._faults.seconds("rest", 0.05, 0.4)
        answer = here.effect(request.name, seconds, lambda: self._ask(pool.host, request))
        if happens("rest_timeout_after"):
            _time_out(pool, request)
        if happens("rest_504_after"):
            return _refusal(504, 20504, "Gateway Timeout")
        return answer.status, b"" if answer.status == 204 else json.dumps(answer.body).encode()

    def _ask(self, host: str, request: "_Request") -> RestAnswer:
        form = parse_qs(request.body, keep_blank_values=True)
        headers = {name: str(value) for name, value in request.headers.items()}
        url = f"https://{host}{request.url}"
        return self._twilio.rest(request.method, url, form, headers.get("Authorization", ""), headers)

    # The CRM

    def _to_crm(self, pool: HTTPConnectionPool, request: "_Request") -> Answer:
        here, key = invocation.current(), request.headers["Idempotency-Key"]
        happens = _Draw(self._faults, (*here.about, key))
        if self._faults.is_down("crm_down", here.about):
            here.pause(request.timeout.connect_timeout)
            raise ConnectTimeoutError(pool, "Connection to the CRM timed out.")
        if happens("crm_500"):
            here.pause(0.2)
            return 500, b"oops"
        seconds = self._faults.seconds("crm", 0.05, 0.8)
        answer = here.effect("crm", seconds, lambda: self._crm(key, json.loads(request.body)))
        if happens("crm_slow"):
            _time_out(pool, request)
        return answer


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


class _Draw:
    """Asks for one fault after the other, about one request."""

    def __init__(self, faults: Faults, about: Iterable[str]) -> None:
        self._faults = faults
        self._about = tuple(about)

    def __call__(self, kind: str) -> bool:
        happens = self._faults.happens(kind, self._about)
        if happens:
            invocation.current().troubles.append(kind)
        return happens

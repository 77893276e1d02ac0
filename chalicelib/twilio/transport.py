"""The HTTP client beneath Twilio's own, with the limits of whoever asks."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from twilio.http.http_client import TwilioHttpClient
from urllib3 import Retry

from chalicelib import budget

UNAUTHORIZED = 401
PACKET_BYTES = 65_536  # are asked for at a time, at most

Auth = tuple[str, str]
Renew = Callable[[Auth], Auth | None]


class _LimitedClient(TwilioHttpClient):  # type: ignore[misc]  # Twilio's client carries no types
    """Each request has the time-out that it may have when it is made; with an `api_url` it goes to that host."""

    def __init__(self, api_url: str, timeout: Callable[[], float], retry: Retry, renew: Renew) -> None:
        super().__init__(max_retries=retry)
        self._api_url = api_url
        self._timeout = timeout
        self._renew = renew
        if api_url.startswith("http://") and self.session is not None:
            self.session.mount("http://", self.session.get_adapter("https://"))  # with the same retries

    def request(self, method: str, url: str, *args: Any, **named: Any) -> Any:
        answer = self._ask(method, url, *args, **named)
        auth = self._renew(named["auth"]) if answer.status_code == UNAUTHORIZED else None
        return self._ask(method, url, *args, **{**named, "auth": auth}) if auth else answer

    def _ask(self, method: str, url: str, *args: Any, **named: Any) -> Any:
        return super().request(method, self._here(url), *args, **{**named, "timeout": self._timeout()})

    def _here(self, url: str) -> str:
        parts = urlsplit(url)
        return f"{self._api_url}{url.removeprefix(f'{parts.scheme}://{parts.netloc}')}" if self._api_url else url


def _keep(_auth: Auth) -> None:
    """There are no other credentials."""


def http_client(api_url: str, timeout: Callable[[], float], retry: Retry, renew: Renew = _keep) -> Any:
    """Twilio's HTTP client. `timeout` gives the seconds for connecting, and for an answer, of the next request.

    With an `api_url` every request goes to that host instead, whichever of Twilio's hosts it is for. `renew` gets the
    credentials that Twilio refuses, and gives those to try instead, or None.
    """
    return _LimitedClient(api_url, timeout, retry, renew)


def fetch(url: str, auth: Auth, seconds: float, most: int) -> tuple[int, bytes]:
    """Status and body of a GET, read as it comes: one byte more than `most` at the most. Raises what `requests` raises.

    `seconds` are for connecting, and for each packet of the body; that all of it comes in time is held by the budget.
    """
    import requests
    from urllib3.exceptions import HTTPError

    with requests.get(url, auth=auth, timeout=seconds, stream=True) as answer:
        try:
            return answer.status_code, _body(answer.raw, seconds, most)
        except HTTPError as error:
            raise requests.ConnectionError(str(error)) from error


def _body(raw: Any, seconds: float, most: int) -> bytes:
    """Looked at packet by packet: a part of a fixed size may take for ever where the bytes come one by one."""
    read = bytearray()
    while len(read) <= most and (packet := raw.read1(PACKET_BYTES, decode_content=True)):
        if budget.seconds_left() < seconds:
            raise budget.OutOfTime("no time is left for the rest of the sound")
        read += packet
    return bytes(read[: most + 1])

"""Twilio's requests to the application: signed, with overrides, one retry, redirects (contract 1.1, 1.3, 2)."""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from emulator.clock.scheduler import Scheduler
from emulator.http.exchanges import Exchange, Exchanges
from emulator.ports import Done, Form, Method, Transport, WebFailure, WebRequest, WebResponse, WebResult

USER_AGENT = "TwilioProxy/1.1"
FORM_TYPE = "application/x-www-form-urlencoded; charset=utf-8"
MAX_REDIRECTS = 10


def sign(auth_token: str, url: str, parameters: Iterable[tuple[str, str]] = ()) -> str:
    """X-Twilio-Signature for a request (contract 2.1); `parameters` are those of a POST form, empty otherwise."""
    text = signed_url(url) + "".join(name + value for name, value in sorted(parameters))
    digest = hmac.new(auth_token.encode(), text.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def signed_url(url: str) -> str:
    """The URL as Twilio signs it: no fragment, no userinfo, no port on https, the port kept on http."""
    url = url.partition("#")[0]
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    if parts.scheme == "https":
        host = host.partition(":")[0] if not host.startswith("[") else host.rpartition("]")[0] + "]"
    return url.replace(parts.netloc, host, 1)


@dataclass(frozen=True)
class Overrides:
    """What a URL's fragment may change (contract 1.3); times in seconds."""

    connect_timeout: float = 5.0
    read_timeout: float = 15.0
    total_timeout: float = 15.0
    retries: int = 1
    retry_on: frozenset[str] = frozenset({"ct"})

    @staticmethod
    def of(url: str) -> "Overrides":
        given = dict(parse_qsl(urlsplit(url).fragment))
        return Overrides(
            connect_timeout=_within(given, "ct", 5000, 100, 10000) / 1000,
            read_timeout=_within(given, "rt", 15000, 100, 15000) / 1000,
            total_timeout=_within(given, "tt", 15000, 100, 15000) / 1000,
            retries=_within(given, "rc", 1, 0, 5),
            retry_on=frozenset(given.get("rp", "ct").split(",")),
        )

    def retry(self, result: WebResult) -> bool:
        trouble = _trouble(result)
        return trouble in self.retry_on or (trouble != "" and "all" in self.retry_on)


def _within(given: Mapping[str, str], key: str, default: int, least: int, most: int) -> int:
    value = given.get(key, "")
    return int(value) if value.isdecimal() and least <= int(value) <= most else default


def _trouble(result: WebResult) -> str:
    """The name that the override `rp` has for what went wrong; empty when nothing did."""
    if isinstance(result, WebFailure):
        return {"connect": "ct", "timeout": "rt"}[result.kind]
    return {4: "4xx", 5: "5xx"}.get(result.status // 100, "")


@dataclass(frozen=True)
class _Attempt:
    request: WebRequest
    url: str  # as configured, with its fragment
    form: Form
    ends: float
    overrides: Overrides
    done: Done
    retries_left: int
    redirects: int = 0
    number: int = 1


class SignedWebhooks:
    """Implements the port `Webhooks`. `auth_token` is the account's primary token and may change at any time.

    `speed` is that of the scheduler's clock: deadlines are in real seconds, so that an application has as long to
    answer as Twilio gives it, however fast the calls go. The last of them are kept in `exchanges`.
    """

    def __init__(self, scheduler: Scheduler, transport: Transport, auth_token: str) -> None:
        self.auth_token = auth_token
        self.speed = 1.0
        self.exchanges = Exchanges()
        self._scheduler = scheduler
        self._transport = transport

    def send(self, url: str, form: Form, done: Done, *, method: Method = "POST", deadline: float = 15.0) -> None:
        """Send `form` to `url`; `done` gets the last answer or failure within `deadline` seconds."""
        overrides = Overrides.of(url)
        ends = self._scheduler.now() + min(deadline, overrides.total_timeout) * self.speed
        token = self._scheduler.sid("IT")
        request = self._request(url, form, method, token)
        self._try(_Attempt(request, url, form, ends, overrides, done, overrides.retries))

    def _request(self, url: str, form: Form, method: Method, token: str) -> WebRequest:
        url = url.partition("#")[0]
        body = b""
        headers = {"User-Agent": USER_AGENT, "Accept": "*/*", "I-Twilio-Idempotency-Token": token}
        if method == "GET":
            url = with_query(url, form)
            headers["X-Twilio-Signature"] = sign(self.auth_token, url)
        else:
            body = urlencode(list(form.items())).encode()
            headers["Content-Type"] = FORM_TYPE
            headers["X-Twilio-Signature"] = sign(self.auth_token, url, form.items())
        return WebRequest(method, url, headers, body)

    def _try(self, attempt: _Attempt) -> None:
        left = attempt.ends - self._scheduler.now()
        connect = min(attempt.overrides.connect_timeout * self.speed, left)
        total = min(attempt.overrides.read_timeout * self.speed, left)
        exchange = self.exchanges.began(attempt.request, attempt.form, attempt.number, self._scheduler.now())
        self._transport.send(attempt.request, connect, total, lambda result: self._came(attempt, exchange, result))

    def _came(self, attempt: _Attempt, exchange: Exchange, result: WebResult) -> None:
        exchange.ended(result, self._scheduler.now())
        status = result.kind if isinstance(result, WebFailure) else str(result.status)
        self._scheduler.emit("webhook", url=attempt.request.url, status=status, method=attempt.request.method)
        in_time = attempt.ends - self._scheduler.now() > 0
        if attempt.retries_left and in_time and attempt.overrides.retry(result):
            again = replace(attempt, retries_left=attempt.retries_left - 1, number=attempt.number + 1)
            self._try(again)
        elif isinstance(result, WebResponse) and result.status in {301, 302, 303, 307} and in_time:
            self._follow(attempt, result)
        else:
            attempt.done(result)

    def _follow(self, attempt: _Attempt, result: WebResponse) -> None:
        """301, 302 and 303 become a GET that has lost the parameters; 307 is the same request elsewhere."""
        if attempt.redirects == MAX_REDIRECTS:
            self._scheduler.emit("warning", code="11215", message="Too many HTTP redirects", sid="")
            attempt.done(result)
            return
        url = urljoin(attempt.request.url, result.headers.get("location", ""))
        token = attempt.request.headers["I-Twilio-Idempotency-Token"]
        again = result.status == 307 and attempt.request.method == "POST"
        form: Form = attempt.form if again else {}
        request = self._request(url, form, "POST" if again else "GET", token)
        self._try(
            replace(attempt, request=request, form=form, redirects=attempt.redirects + 1, number=attempt.number + 1)
        )


def with_query(url: str, form: Form) -> str:
    """`url` with the parameters behind those that its query has already."""
    if not form:
        return url
    parts = urlsplit(url)
    query = "&".join(filter(None, [parts.query, urlencode(list(form.items()))]))
    return urlunsplit(parts._replace(query=query))

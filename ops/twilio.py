"""The account at Twilio, as an operator reaches it: the client, and every failure of it in one plain sentence."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import requests
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client
from urllib3 import Retry

TIMEOUT_SECONDS = 15.0
RETRIES = 5
NOT_NOW = frozenset({429, 503})  # Twilio has not processed the request (contract 7.6)

AGAIN = "what is done stays done: run the command again"


class AccountError(Exception):
    """Twilio cannot be asked, or says no. One sentence, without secrets.

    `status` is HTTP's, 0 without an answer; `code` is Twilio's own, 0 without one (contract 7.6).
    """

    def __init__(self, sentence: str, status: int = 0, code: int = 0) -> None:
        super().__init__(sentence)
        self.status = status
        self.code = code


def client(environment: Mapping[str, str] = os.environ, http_client: Any = None) -> Client:
    """A client of the account that the environment names.

    TWILIO_ACCOUNT_SID with TWILIO_AUTH_TOKEN, or with TWILIO_API_KEY_SID and TWILIO_API_KEY_SECRET. TWILIO_API_URL
    sends every request to that host instead. Raises AccountError that names the variable which is missing.
    """
    account = _given(environment, "TWILIO_ACCOUNT_SID")
    if environment.get("TWILIO_API_KEY_SID"):
        user, password = _given(environment, "TWILIO_API_KEY_SID"), _given(environment, "TWILIO_API_KEY_SECRET")
    else:
        user, password = account, _given(environment, "TWILIO_AUTH_TOKEN").partition(",")[0]  # the newest of two
    http = http_client or _http_client(environment.get("TWILIO_API_URL", "").rstrip("/"))
    return Client(user, password, account, http_client=http)


def _given(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "")
    if not value:
        raise AccountError(f"{name} is not set: the account's page in Twilio's console shows it")
    if value != value.strip() or not value.isprintable():
        raise AccountError(f"{name} has blanks or a line end in it: paste it again without them")
    return value


class _ElsewhereClient(TwilioHttpClient):  # type: ignore[misc]  # Twilio's client carries no types
    """Sends every request to one host."""

    def __init__(self, api_url: str, **options: Any) -> None:
        super().__init__(**options)
        self._api_url = api_url
        if self.session is not None:
            self.session.mount("http://", self.session.get_adapter("https://"))

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        parts = urlsplit(url)
        return super().request(
            method, url.replace(f"{parts.scheme}://{parts.netloc}", self._api_url, 1), *args, **kwargs
        )


def _http_client(api_url: str) -> Any:
    retry = Retry(
        total=RETRIES,
        read=False,  # a request that was sent is never sent again: Twilio may have acted on it
        status_forcelist=NOT_NOW,
        allowed_methods=None,
        backoff_factor=0.5,
        backoff_jitter=0.5,
        raise_on_status=False,
    )
    options = {"timeout": TIMEOUT_SECONDS, "max_retries": retry}
    return _ElsewhereClient(api_url, **options) if api_url else TwilioHttpClient(**options)


@contextmanager
def plain_errors(doing: str) -> Iterator[None]:
    """Whatever the client raises inside becomes an AccountError. `doing` says what was tried, in a few words."""
    try:
        yield
    except TwilioException as error:
        raise _of_twilio(error, doing) from None
    except requests.exceptions.RequestException as error:
        raise AccountError(f"{doing}: Twilio cannot be reached ({type(error).__name__}); {AGAIN}") from None


def _of_twilio(error: TwilioException, doing: str) -> AccountError:
    status, code, message = _facts(error)
    match status:
        case 401 | 403:
            said = "Twilio refuses the credentials: they are wrong, were revoked, or belong to another account"
        case 404:
            said = f"it is not there any more; was it deleted meanwhile? {AGAIN}"
        case 429:
            said = f"Twilio has too many requests of this account; {AGAIN}"
        case _ if status >= 500:
            said = f"Twilio has a fault of its own (HTTP {status}); {AGAIN}"
        case _:
            said = f"Twilio says no: {message} (error {code or status})"
    return AccountError(f"{doing}: {said}", status, code)


def _facts(error: TwilioException) -> tuple[int, int, str]:
    """HTTP status, Twilio's code, message. A list tells a refusal by an exception with the response beside it."""
    if isinstance(error, TwilioRestException):
        return int(error.status), int(error.code or 0), str(error.msg)
    response = error.args[1] if len(error.args) > 1 else error
    status = getattr(response, "status_code", None) or getattr(response, "status", None) or 0
    return int(status), int(getattr(error, "code", None) or 0), type(error).__name__

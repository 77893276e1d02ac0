"""Twilio's own client with our credentials, timeouts and retries."""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from chalicelib import budget
from chalicelib.config import environment, secrets

if TYPE_CHECKING:
    from twilio.rest import Client
    from twilio.rest.taskrouter.v1.workspace import WorkspaceContext

TIMEOUT_SECONDS = 4.0
SHORTEST_SECONDS = 0.5
PAUSES_SECONDS = 1.0  # between the tries of one request, together
RETRIES = 2  # after an answer that says "not now", and after failed connections; never after a timeout
RETRIED_STATUSES = frozenset({429, 500, 503})
PAGE_SIZE = 100  # of a list


def workspace() -> "WorkspaceContext":
    return client().taskrouter.v1.workspaces(environment.current().workspace_sid)


def client() -> "Client":
    """The client with the secret's credentials: it follows a rotation."""
    return _client_with(secrets.current())


@lru_cache(maxsize=1)
def _client_with(secret: secrets.Secrets) -> "Client":
    from twilio.rest import Client

    current = environment.current()
    username, password = credentials(secret)
    return Client(username, password, current.account_sid, http_client=http_client(current.twilio_api_url))


def credentials(secret: secrets.Secrets) -> tuple[str, str]:
    username = secret.api_key_sid or environment.current().account_sid
    return username, secret.api_key_secret or secret.auth_tokens[0]


def _renew(refused: tuple[str, str]) -> tuple[str, str] | None:
    """The secret's credentials as they are now, if they are other ones: a key was revoked in a rotation."""
    secrets.forget()
    now = credentials(secrets.current())
    return now if now != refused else None


def http_client(api_url: str) -> Any:
    """Twilio's HTTP client with a timeout and retries; with `api_url` every request goes to that host instead."""
    from urllib3 import Retry

    from chalicelib.twilio import transport

    retry = Retry(
        total=RETRIES,
        read=False,  # a request that was sent is never sent again: Twilio may have acted on it
        status_forcelist=RETRIED_STATUSES,
        respect_retry_after_header=False,
        allowed_methods=None,
        backoff_factor=0.3,
        backoff_jitter=0.3,
        raise_on_status=False,
    )
    return transport.http_client(api_url, timeout, retry, _renew)


def timeout() -> float:
    """Seconds for one try: all of them, and the pauses, fit into what the invocation has left. Raises OutOfTime."""
    seconds = (budget.seconds_left() - PAUSES_SECONDS) / (1 + RETRIES)
    if seconds < SHORTEST_SECONDS:
        raise budget.OutOfTime("no time is left for Twilio")
    return min(TIMEOUT_SECONDS, seconds)

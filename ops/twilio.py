"""Twilio for the operator's commands: the client of an account, and each of its failures as one plain sentence."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import requests
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.rest import Client
from urllib3 import Retry

from chalicelib.twilio.transport import http_client
from ops.errors import OpsError, TwilioError
from ops.program import command
from ops.stage import file_of

TIMEOUT_SECONDS = 15.0
RETRIES = 5
NOT_NOW = frozenset({429, 503})  # Twilio has not processed the request (contract 7.6)

RERUN_HINT = "What was done stays done: run the command again"


def of_stage(stage: str, variables: Mapping[str, str], stored: Callable[[], Mapping[str, str]]) -> Client:
    """The client of a stage's account.

    What this process's environment says comes before the stage's `variables`. `stored` returns the credentials of the
    stage's secret; it is called only where the environment has none. Raises TwilioError, and OpsError when the
    environment names another account than the stage's.
    """
    here, theirs = os.environ.get("TWILIO_ACCOUNT_SID", ""), variables.get("TWILIO_ACCOUNT_SID", "")
    if here and theirs and here != theirs:
        raise OpsError(
            f"TWILIO_ACCOUNT_SID is {here}, but stage {stage} belongs to {theirs}:"
            f" take it out of {file_of(stage)} if the stage is to move"
        )
    given = {name: value for name, value in os.environ.items() if value}
    has_credentials = "TWILIO_AUTH_TOKEN" in given or "TWILIO_API_KEY_SID" in given
    return client({**variables, **({} if has_credentials else stored()), **given})


def client(environment: Mapping[str, str] = os.environ, transport: Any = None) -> Client:
    """A client of the account that the environment names.

    TWILIO_ACCOUNT_SID with TWILIO_AUTH_TOKEN, or with TWILIO_API_KEY_SID and TWILIO_API_KEY_SECRET. TWILIO_API_URL
    sends every request to that host instead. Raises TwilioError that names the variable which is missing.
    """
    account = _given(environment, "TWILIO_ACCOUNT_SID")
    if environment.get("TWILIO_API_KEY_SID"):
        user, password = _given(environment, "TWILIO_API_KEY_SID"), _given(environment, "TWILIO_API_KEY_SECRET")
    else:
        user, password = account, _given(environment, "TWILIO_AUTH_TOKEN").partition(",")[0]  # the newest of two
    http = transport or _transport(environment.get("TWILIO_API_URL", "").rstrip("/"))
    return Client(user, password, account, http_client=http)


def _given(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "")
    if not value:
        raise TwilioError(f"{name} is not set: the account's page in Twilio's console shows it")
    if value != value.strip() or not value.isprintable():
        raise TwilioError(f"{name} has blanks or a line end in it: paste it again without them")
    return value


def _transport(api_url: str) -> Any:
    retry = Retry(
        total=RETRIES,
        read=False,  # a request that was sent is never sent again: Twilio may have acted on it
        status_forcelist=NOT_NOW,
        allowed_methods=None,
        backoff_factor=0.5,
        backoff_jitter=0.5,
        raise_on_status=False,
    )
    return http_client(api_url, lambda: TIMEOUT_SECONDS, retry)


@contextmanager
def plain_errors(doing: str) -> Iterator[None]:
    """Turns what the client raises in the block into a TwilioError. `doing` says in a few words what was tried."""
    try:
        yield
    except TwilioException as error:
        raise _of_twilio(error, doing) from None
    except requests.exceptions.RequestException as error:
        raise TwilioError(
            f"{doing}: Twilio cannot be reached ({type(error).__name__}): is there a network? {RERUN_HINT}"
        ) from None


def _of_twilio(error: TwilioException, doing: str) -> TwilioError:
    status, code, message = _facts(error)
    match status:
        case 401 | 403:
            said = (
                "Twilio refuses the credentials: they are wrong, were revoked, or belong to another account;"
                f" `{command('secret set --replace')}` sets them anew, or TWILIO_AUTH_TOKEN where that is set"
            )
        case 404:
            said = f"it is not there any more; was it deleted meanwhile? {RERUN_HINT}"
        case 429:
            said = f"Twilio has too many requests of this account. {RERUN_HINT}"
        case _ if status >= 500:
            said = f"Twilio has a fault of its own (HTTP {status}). {RERUN_HINT}"
        case _:
            said = f"Twilio says no: {message} (error {code or status})"
    return TwilioError(f"{doing}: {said}", status, code)


def _facts(error: TwilioException) -> tuple[int, int, str]:
    """HTTP status, Twilio's code, message. When a list is refused, the client's exception holds the response itself."""
    if isinstance(error, TwilioRestException):
        return int(error.status), int(error.code or 0), str(error.msg)
    response = error.args[1] if len(error.args) > 1 else error
    status = getattr(response, "status_code", None) or getattr(response, "status", None) or 0
    return int(status), int(getattr(error, "code", None) or 0), type(error).__name__

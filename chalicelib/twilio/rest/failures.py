"""How a request to Twilio's REST API fails, as whoever asks tells it apart."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from chalicelib import budget
from chalicelib.config import secrets

if TYPE_CHECKING:
    from twilio.base.exceptions import TwilioRestException, TwilioServiceException

# From a proxy in front of the service that acts: nobody knows whether it did.
UNKNOWN_STATUSES = frozenset({502, 504})


class TwilioRejected(Exception):
    """Twilio answered no, and will again."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"Twilio error {code}: {message}")
        self.code = code


class NotDone(Exception):
    """Twilio did not do it, or the outcome is unknown: to be tried again."""


class TwilioUnavailable(NotDone):
    """Twilio did not take the request: too many requests, an error of its own, or no connection."""


class TwilioDenied(NotDone):
    """Twilio refuses our credentials, or there are none, as the secret cannot be read. The next try reads it."""


class OutcomeUnknown(NotDone):
    """No answer came: Twilio may or may not have acted."""


@contextmanager
def errors() -> Iterator[None]:
    """Twilio's and the network's errors as those that the callers of this module tell apart."""
    import requests

    try:
        yield
    except rest_errors() as error:
        raise as_ours(error.status, error.code, getattr(error, "msg", "")) from None
    except budget.OutOfTime as error:
        raise TwilioUnavailable(str(error)) from None
    except secrets.SecretError as error:
        raise TwilioDenied(f"no credentials: {error}") from None
    except requests.exceptions.ConnectTimeout:
        raise TwilioUnavailable("no connection to Twilio in time") from None
    except requests.exceptions.RequestException as error:
        # Broken off after the request was sent is as unknown as a timeout; only a refused connection is certain.
        refused = "Failed to establish a new connection" in str(error)
        raise (TwilioUnavailable if refused else OutcomeUnknown)(
            f"no answer from Twilio: {type(error).__name__}"
        ) from None


@contextmanager
def already_done(*codes: int) -> Iterator[None]:
    try:
        yield
    except rest_errors() as error:
        if error.code not in codes:
            raise


@contextmanager
def pages() -> Iterator[None]:
    """The client's lists raise an exception without a code for every status but 200, with the response beside it."""
    from twilio.base.exceptions import TwilioException

    try:
        yield
    except TwilioException as error:
        response = error.args[1] if len(error.args) > 1 else None
        if response is None:
            raise
        raise as_ours(response.status_code, 0, "no list") from None


def as_ours(status: int, code: int, message: str) -> TwilioRejected | NotDone:
    if _is_denied(status, code):
        secrets.forget()
        return TwilioDenied(f"Twilio refuses our credentials ({status})")
    if _is_final(status):
        return TwilioRejected(code or status, message)
    return (OutcomeUnknown if status in UNKNOWN_STATUSES else TwilioUnavailable)(f"Twilio answered {status}")


def _is_denied(status: int, code: int) -> bool:
    """Whether the credentials are refused (contract 7.6), not what was asked with them: that has a code of its own."""
    return status == 401 or (status == 403 and code in (0, 403, 20003))


def is_refused(status: int, code: int) -> bool:
    """Whether Twilio says no to this request, and will again."""
    return _is_final(status) and not _is_denied(status, code)


def _is_final(status: int) -> bool:
    return 400 <= status < 500 and status != 429


def rest_errors() -> "tuple[type[TwilioRestException], type[TwilioServiceException]]":
    from twilio.base.exceptions import TwilioRestException, TwilioServiceException

    return TwilioRestException, TwilioServiceException

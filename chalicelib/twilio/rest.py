"""The few requests to Twilio's REST API that we need, on Twilio's own client."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from chalicelib.config import environment, secrets
from chalicelib.twilio import urls

if TYPE_CHECKING:
    from twilio.base.exceptions import TwilioRestException, TwilioServiceException
    from twilio.rest import Client
    from twilio.rest.taskrouter.v1.workspace import WorkspaceContext

TIMEOUT_SECONDS = 4.0
RETRIES = 2  # after an answer that says "not now", and after failed connections; never after a timeout

RETRIED_STATUSES = frozenset({429, 500, 503})
# From a proxy in front of the service that acts: nobody knows whether it did.
UNKNOWN_STATUSES = frozenset({502, 504})

PAGE_SIZE = 100

LIVE_STATUSES = frozenset({"queued", "initiated", "ringing", "in-progress"})


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
    """Twilio refuses our credentials: revoked, rotated, or not those of this account. The next try reads the secret."""


class OutcomeUnknown(NotDone):
    """No answer came: Twilio may or may not have acted."""


class Task(msgspec.Struct, frozen=True):
    """A task. `updated_at` in epoch seconds; `attributes` is JSON, and empty in a list (contract 5)."""

    sid: str
    status: str
    task_queue_sid: str
    attributes: str
    updated_at: float


class Reservation(msgspec.Struct, frozen=True):
    sid: str
    status: str
    worker_sid: str
    worker_name: str


class Ring(msgspec.Struct, frozen=True):
    """A worker leg to place. `timeout` in seconds."""

    to: str
    caller_id: str
    answer_url: str
    status_url: str
    timeout: int


class Ringing(msgspec.Struct, frozen=True):
    """A worker leg that Twilio has taken; it starts to ring `queue_seconds` from now."""

    call_sid: str
    queue_seconds: float


def ring_worker(ring: Ring) -> Ringing:
    """POST /Calls. Raises TwilioRejected, TwilioUnavailable, or OutcomeUnknown when the phone may ring all the same."""
    with _errors():
        call = _client().calls.create(
            to=ring.to,
            from_=ring.caller_id,
            url=ring.answer_url,
            method="POST",
            status_callback=ring.status_url,
            status_callback_method="POST",
            status_callback_event=list(urls.WORKER_STATUS_EVENTS),
            timeout=ring.timeout,
        )
    return Ringing(str(call.sid), int(call.queue_time or 0) / 1000)


def hang_up(call_sid: str) -> None:
    """End a leg, ringing or answered; one that has ended is left alone. Raises NotDone."""
    with _errors(), _already_done(21220, 20404):
        _client().calls(call_sid).update(status="completed")


def redirect(call_sid: str, url: str) -> bool:
    """Send a live call to the document at `url`; False when the call is over (contract 7.3). Raises NotDone."""
    with _errors():
        try:
            _client().calls(call_sid).update(url=url, method="POST")
        except _rest_errors() as error:
            if error.code not in (21220, 20404):
                raise
            return False
    return True


def is_live(call_sid: str) -> bool:
    """Whether the call has not ended; one that Twilio does not know has. Raises NotDone."""
    with _errors():
        try:
            return str(_client().calls(call_sid).fetch().status) in LIVE_STATUSES
        except _rest_errors() as error:
            if error.code != 20404:
                raise
            return False


def cancel_task(task_sid: str, reason: str) -> None:
    """End a task whose caller has gone; one that is assigned, ended or deleted is left alone. Raises NotDone."""
    with _errors(), _already_done(20001, 20404):
        _workspace().tasks(task_sid).update(assignment_status="canceled", reason=reason)


def delete_recording(recording_sid: str) -> None:
    """Delete a recording; one that Twilio no longer has is done (contract 3.3). Raises TwilioRejected, NotDone."""
    with _errors(), _already_done(20404):
        _client().recordings(recording_sid).delete()


def reservation_status(task_sid: str, reservation_sid: str) -> str:
    """pending, accepted, …; `gone` when Twilio no longer knows it. Raises NotDone."""
    with _errors():
        try:
            return str(_workspace().tasks(task_sid).reservations(reservation_sid).fetch().reservation_status)
        except _rest_errors() as error:
            if error.code != 20404:
                raise
            return "gone"


def reject(task_sid: str, reservation_sid: str, activity_sid: str) -> bool:
    """Give the caller to the next worker; the worker goes to `activity_sid`, or stays when that is empty.

    False when the reservation is no longer pending: someone else decided. Raises NotDone.
    """
    fields = {"worker_activity_sid": activity_sid} if activity_sid else {}
    with _errors():
        try:
            reservation = _workspace().tasks(task_sid).reservations(reservation_sid)
            reservation.update(reservation_status="rejected", **fields)
        except _rest_errors() as error:
            # The code for a reservation that is not pending is not documented: any final refusal is taken as that.
            if not _is_final(error.status) or _is_denied(error.status, error.code):
                raise
            return False
    return True


def complete_task(task_sid: str, reason: str) -> None:
    """End a task that is assigned or wrapping; one that is completed, deleted or not there yet is left alone.

    Raises NotDone.
    """
    with _errors(), _already_done(20001, 20404):
        _workspace().tasks(task_sid).update(assignment_status="completed", reason=reason)


def move_worker(worker_sid: str, to_activity_sid: str, only_from: str = "") -> bool:
    """Set the worker's activity, if `only_from` is empty or the activity it is in. Raises TwilioRejected, NotDone."""
    with _errors():
        worker = _workspace().workers(worker_sid)
        if only_from and worker.fetch().activity_sid != only_from:
            return False
        worker.update(activity_sid=to_activity_sid)
    return True


def wrapping_tasks(limit: int) -> list[Task]:
    """Up to `limit` of this workflow's tasks that are wrapping, oldest first. Raises TwilioRejected, NotDone.

    The list is read whole before it is used: a task completed meanwhile would shift the later pages.
    """
    with _errors(), _pages():
        found = _workspace().tasks.list(
            assignment_status=["wrapping"],
            workflow_sid=environment.current().workflow_sid,
            ordering="DateCreated:asc",
            limit=limit,
            page_size=min(limit, PAGE_SIZE),
        )
    return [_task(task) for task in found]


def task(task_sid: str) -> Task | None:
    """The task; None when Twilio no longer knows it. Raises TwilioRejected, NotDone."""
    with _errors():
        try:
            return _task(_workspace().tasks(task_sid).fetch())
        except _rest_errors() as error:
            if error.code != 20404:
                raise
            return None


def reservations(task_sid: str) -> list[Reservation]:
    """Everybody who was reserved for this task. Raises TwilioRejected, NotDone."""
    with _errors(), _pages():
        found = _workspace().tasks(task_sid).reservations.list(page_size=PAGE_SIZE)
    return [
        Reservation(str(one.sid), str(one.reservation_status), str(one.worker_sid), one.worker_name or "")
        for one in found
    ]


def _task(found: Any) -> Task:
    return Task(
        str(found.sid),
        str(found.assignment_status),
        found.task_queue_sid or "",
        found.attributes or "",
        found.date_updated.timestamp(),
    )


@contextmanager
def _errors() -> Iterator[None]:
    """Twilio's and the network's errors as those that the callers of this module tell apart."""
    import requests

    try:
        yield
    except _rest_errors() as error:
        raise _as_ours(error.status, error.code, getattr(error, "msg", "")) from None
    except requests.exceptions.ConnectTimeout:
        raise TwilioUnavailable("no connection to Twilio in time") from None
    except requests.exceptions.RequestException as error:
        # Broken off after the request was sent is as unknown as a timeout; only a refused connection is certain.
        refused = "Failed to establish a new connection" in str(error)
        raise (TwilioUnavailable if refused else OutcomeUnknown)(
            f"no answer from Twilio: {type(error).__name__}"
        ) from None


@contextmanager
def _already_done(*codes: int) -> Iterator[None]:
    try:
        yield
    except _rest_errors() as error:
        if error.code not in codes:
            raise


@contextmanager
def _pages() -> Iterator[None]:
    """The client's lists raise an exception without a code for every status but 200, with the response beside it."""
    from twilio.base.exceptions import TwilioException

    try:
        yield
    except TwilioException as error:
        response = error.args[1] if len(error.args) > 1 else None
        if response is None:
            raise
        raise _as_ours(response.status_code, 0, "no list") from None


def _as_ours(status: int, code: int, message: str) -> TwilioRejected | NotDone:
    if _is_denied(status, code):
        secrets.forget()
        return TwilioDenied(f"Twilio refuses our credentials ({status})")
    if _is_final(status):
        return TwilioRejected(code or status, message)
    return (OutcomeUnknown if status in UNKNOWN_STATUSES else TwilioUnavailable)(f"Twilio answered {status}")


def _is_denied(status: int, code: int) -> bool:
    """Whether the credentials are refused (contract 7.6), not what was asked with them: that has a code of its own."""
    return status == 401 or (status == 403 and code in (0, 403, 20003))


def _is_final(status: int) -> bool:
    return 400 <= status < 500 and status != 429


def _rest_errors() -> "tuple[type[TwilioRestException], type[TwilioServiceException]]":
    from twilio.base.exceptions import TwilioRestException, TwilioServiceException

    return TwilioRestException, TwilioServiceException


def _workspace() -> "WorkspaceContext":
    return _client().taskrouter.v1.workspaces(environment.current().workspace_sid)


def _client() -> "Client":
    """The client with the secret's credentials: it follows a rotation."""
    return _client_with(secrets.current())


@lru_cache(maxsize=1)
def _client_with(secret: secrets.Secrets) -> "Client":
    from twilio.rest import Client

    current = environment.current()
    username = secret.api_key_sid or current.account_sid
    password = secret.api_key_secret or secret.auth_tokens[0]
    return Client(username, password, current.account_sid, http_client=_http_client(current.twilio_api_url))


def _http_client(api_url: str) -> Any:
    """Twilio's HTTP client with a timeout and retries; with `api_url` every request goes to that host instead."""
    from urllib3 import Retry

    from chalicelib.twilio.transport import http_client

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
    return http_client(api_url, TIMEOUT_SECONDS, retry)

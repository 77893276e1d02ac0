"""The few requests to Twilio's REST API that we need, on Twilio's own client."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from chalicelib import budget
from chalicelib.config import environment, secrets
from chalicelib.config.answering import DETECTION_SECONDS
from chalicelib.twilio import urls
from chalicelib.twilio.values import attributes

if TYPE_CHECKING:
    from twilio.base.exceptions import TwilioRestException, TwilioServiceException
    from twilio.rest import Client
    from twilio.rest.taskrouter.v1.workspace import WorkspaceContext

TIMEOUT_SECONDS = 4.0
SHORTEST_SECONDS = 0.5
PAUSES_SECONDS = 1.0  # between the tries of one request, together
RETRIES = 2  # after an answer that says "not now", and after failed connections; never after a timeout

RETRIED_STATUSES = frozenset({429, 500, 503})
# From a proxy in front of the service that acts: nobody knows whether it did.
UNKNOWN_STATUSES = frozenset({502, 504})

API_URL = "https://api.twilio.com"
MOST_SOUND_BYTES = 64 * 1024 * 1024  # four hours in two channels

PAGE_SIZE = 100
MOVE_TRIES = 3  # when somebody else changes the worker at the same moment

EVENTS_DAYS = 29  # of the 30 for which Twilio keeps them
# Of a reservation, in the order in which they follow each other; two events call them by another name.
_STATUSES = ("pending", "accepted", "wrapping", "rejected", "timeout", "canceled", "rescinded", "completed")
_NAMED_OTHERWISE = {"created": "pending", "wrapup": "wrapping"}

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
    """Twilio refuses our credentials, or there are none, as the secret cannot be read. The next try reads it."""


class OutcomeUnknown(NotDone):
    """No answer came: Twilio may or may not have acted."""


class Task(msgspec.Struct, frozen=True):
    """A task. Its times are epoch seconds; `attributes` are empty in a list (contract 5), and if they are no JSON."""

    sid: str
    status: str
    task_queue_sid: str
    attributes: Mapping[str, Any]
    created_at: float
    updated_at: float
    priority: int = 0


class Reservation(msgspec.Struct, frozen=True):
    """`updated_at`, in epoch seconds, is when it got to its status."""

    sid: str
    status: str
    worker_sid: str
    worker_name: str
    updated_at: float


class Worker(msgspec.Struct, frozen=True):
    """`available`: whether TaskRouter gives tasks to a worker in this activity. `since` in epoch seconds.

    `etag` is this version of the worker; empty where Twilio gives none.
    """

    sid: str
    activity_sid: str
    available: bool
    since: float
    etag: str
    name: str = ""
    attributes: Mapping[str, Any] = {}


class InQueue(msgspec.Struct, frozen=True):
    """A caller in a queue of voice, of this name, since when, in epoch seconds."""

    queue: str
    since: float


class Recorded(msgspec.Struct, frozen=True):
    """A recording that Twilio has: whose leg was recorded, how, how long it is, and when it was made."""

    sid: str
    call_sid: str
    source: str
    seconds: int  # -1: not known
    created_at: float


class NewTask(msgspec.Struct, frozen=True):
    """A task to make. `attributes` are JSON, `channel` the unique name of a task channel, `timeout` seconds.

    `virtual_start`, in epoch seconds, is when it counts as made among those of its priority; 0: when it is made.
    """

    attributes: str
    channel: str
    priority: int
    timeout: int
    virtual_start: float = 0


class Ring(msgspec.Struct, frozen=True):
    """A worker leg to place. `timeout` in seconds."""

    to: str
    caller_id: str
    answer_url: str
    status_url: str
    timeout: int
    detects: bool = False  # whether a person or a machine answers
    detected_url: str = ""  # where the verdict goes; without one the document's request waits for it


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
            status_callback_event=list(urls.worker_status_events(shown=environment.current().has_console)),
            timeout=ring.timeout,
            **_detection(ring),
        )
    return Ringing(str(call.sid), int(call.queue_time or 0) / 1000)


def _detection(ring: Ring) -> Mapping[str, Any]:
    """What POST /Calls is asked of the verdict (contract 14.4)."""
    if not ring.detects:
        return {}
    first = {"machine_detection": "Enable", "machine_detection_timeout": DETECTION_SECONDS}
    if not ring.detected_url:
        return first
    beside = {"async_amd": "true", "async_amd_status_callback": ring.detected_url}
    return {**first, **beside, "async_amd_status_callback_method": "POST"}


def hang_up(call_sid: str) -> None:
    """End a leg, ringing or answered; one that has ended is left alone. Raises NotDone."""
    with _errors(), _already_done(21220, 20404):
        _client().calls(call_sid).update(status="completed")


def send_text(from_number: str, to: str, body: str) -> None:
    """POST /Messages. Raises TwilioRejected (21610: they want none), TwilioUnavailable, OutcomeUnknown."""
    with _errors():
        _client().messages.create(from_=from_number, to=to, body=body)


def text_came_at(message_sid: str) -> float:
    """When Twilio got this message, in epoch seconds; 0 when it does not know it. Raises NotDone, TwilioRejected."""
    with _errors():
        try:
            return _epoch(_client().messages(message_sid).fetch().date_created)
        except _rest_errors() as error:
            if error.code != 20404:
                raise
            return 0.0


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


def dialled_by(worker_call_sid: str) -> str:
    """How the latest call ended that a <Dial> on this leg placed: completed, busy, no-answer, …; empty for none.

    Raises TwilioRejected, NotDone.
    """
    with _errors(), _pages():
        found = _client().calls.list(parent_call_sid=worker_call_sid, limit=PAGE_SIZE, page_size=PAGE_SIZE)
    return str(found[0].status) if found else ""  # a list begins with the latest


def create_task(new: NewTask) -> str:
    """The sid of a new task of this workflow. Raises TwilioRejected, TwilioUnavailable, OutcomeUnknown.

    Twilio takes the same request twice for two tasks (contract 5).
    """
    with _errors():
        made = _workspace().tasks.create(
            attributes=new.attributes,
            workflow_sid=environment.current().workflow_sid,
            task_channel=new.channel,
            priority=new.priority,
            timeout=new.timeout,
            **_place(new),
        )
    return str(made.sid)


def _place(new: NewTask) -> Mapping[str, datetime]:
    return {"virtual_start_time": datetime.fromtimestamp(int(new.virtual_start), UTC)} if new.virtual_start else {}


def find_task(work_key: str) -> str:
    """The sid of the oldest task with this attribute; empty when there is none. Raises TwilioRejected, NotDone.

    Twilio allows three of these lists a second (contract 5).
    """
    with _errors(), _pages():
        found = _workspace().tasks.list(
            evaluate_task_attributes=f"work_key == {msgspec.json.encode(work_key).decode()}",
            workflow_sid=environment.current().workflow_sid,
            ordering="DateCreated:asc",
            limit=1,
            page_size=1,
        )
    return str(found[0].sid) if found else ""


def cancel_task(task_sid: str, reason: str) -> None:
    """End a task whose caller has gone; one that is assigned, ended or deleted is left alone. Raises NotDone."""
    with _errors(), _already_done(20001, 20404):
        _workspace().tasks(task_sid).update(assignment_status="canceled", reason=reason)


def delete_recording(recording_sid: str) -> None:
    """Delete a recording; one that Twilio no longer has is done (contract 3.3). Raises TwilioRejected, NotDone."""
    with _errors(), _already_done(20404):
        _client().recordings(recording_sid).delete()


def delete_transcription(transcription_sid: str) -> None:
    """Delete the text of a recording; one that Twilio no longer has is done. Raises TwilioRejected, NotDone."""
    with _errors(), _already_done(20404):
        _client().transcriptions(transcription_sid).delete()


def recordings(since: date, limit: int) -> list[Recorded]:
    """Up to `limit` recordings of this day and later that are not deleted, newest first.

    Raises TwilioRejected, NotDone.
    """
    with _errors(), _pages():
        found = _client().recordings.list(date_created_after=since, limit=limit, page_size=min(limit, PAGE_SIZE))
    return [
        Recorded(
            str(one.sid),
            str(one.call_sid or ""),
            str(one.source),
            int(one.duration) if str(one.duration or "").isdecimal() else -1,
            _epoch(one.date_created),
        )
        for one in found
    ]


def recording_url(recording_sid: str) -> str:
    """Where Twilio has it."""
    current = environment.current()
    return f"{current.twilio_api_url or API_URL}/2010-04-01/Accounts/{current.account_sid}/Recordings/{recording_sid}"


def recording(recording_sid: str) -> bytes:
    """The sound of a recording, as mp3. Raises TwilioRejected: there is none, or it is too large. Raises NotDone.

    It is asked for where our own account has it, whatever URL was told (contract 14.3).
    """
    from chalicelib.twilio import transport

    with _errors():
        auth = _credentials(secrets.current())
        status, sound = transport.fetch(f"{recording_url(recording_sid)}.mp3", auth, _timeout(), MOST_SOUND_BYTES)
    if status != 200:
        raise _as_ours(status, 0, "no sound")
    if len(sound) > MOST_SOUND_BYTES:
        raise TwilioRejected(413, "the sound is too large")
    return sound


def reservation_status(task_sid: str, reservation_sid: str) -> str:
    """pending, accepted, …; `unknown` when Twilio has no trace of it. Raises TwilioRejected, NotDone.

    Twilio forgets a task and its reservations five minutes after its end (contract 5), their events after 30 days
    (contract 6). An empty `task_sid` is allowed.
    """
    with _errors():
        try:
            if task_sid:
                return str(_workspace().tasks(task_sid).reservations(reservation_sid).fetch().reservation_status)
        except _rest_errors() as error:
            if error.code != 20404:
                raise
    last = _last_event(reservation_sid)
    return "completed" if task_sid and last in ("accepted", "wrapping") else last or "unknown"


def _last_event(reservation_sid: str) -> str:
    """The status that a reservation got to by its latest event; empty when there is none."""
    with _errors(), _pages():
        found = _workspace().events.list(
            reservation_sid=reservation_sid,
            start_date=datetime.now(UTC) - timedelta(days=EVENTS_DAYS),
            limit=PAGE_SIZE,
            page_size=PAGE_SIZE,
        )
    told = [(event.event_date_ms or 0, _STATUSES.index(status), status) for event in found if (status := _told(event))]
    return max(told)[2] if told else ""


def _told(event: Any) -> str:
    kind, _, status = str(event.event_type).partition(".")
    status = _NAMED_OTHERWISE.get(status, status)
    return status if kind == "reservation" and status in _STATUSES else ""


def reject(task_sid: str, reservation_sid: str) -> bool:
    """Give the caller to the next worker; the worker stays in their activity.

    False when the reservation is no longer pending: someone else decided. Raises NotDone.
    """
    return _decide(task_sid, reservation_sid, "rejected")


def accept(task_sid: str, reservation_sid: str) -> bool:
    """Take a task that no call follows (contract 4.2); one that is accepted already is.

    False when the reservation is over: someone else decided. Raises NotDone.
    """
    return _decide(task_sid, reservation_sid, "accepted") or reservation_status(task_sid, reservation_sid) == "accepted"


def _decide(task_sid: str, reservation_sid: str, status: Literal["accepted", "rejected"]) -> bool:
    """Whether the reservation, which is pending, gets this status."""
    with _errors():
        try:
            _workspace().tasks(task_sid).reservations(reservation_sid).update(reservation_status=status)
        except _rest_errors() as error:
            # The code for a reservation that is not pending is not documented: any final refusal is taken as that.
            if not _is_final(error.status) or _is_denied(error.status, error.code):
                raise
            return False
    return True


def supervise(task_sid: str, reservation_sid: str, mode: str, supervisor_sid: str) -> bool:
    """Ring this worker into the conference of an accepted reservation, as monitor, whisper or barge (contract 4.4).

    False when there is no such conference any more. Raises NotDone.
    """
    with _errors():
        try:
            _workspace().tasks(task_sid).reservations(reservation_sid).update(
                instruction="supervise", supervisor_mode=mode, supervisor=supervisor_sid
            )
        except _rest_errors() as error:
            if not _is_final(error.status) or _is_denied(error.status, error.code):
                raise
            return False
    return True


def begin_wrapping(task_sid: str) -> None:
    """The work on a task is done, and is wrapped up; a task in another status is left alone. Raises NotDone."""
    with _errors(), _already_done(20001, 20404):
        _workspace().tasks(task_sid).update(assignment_status="wrapping")


def complete_task(task_sid: str, reason: str) -> None:
    """End a task that is assigned or wrapping; one that is completed, deleted or not there yet is left alone.

    Raises NotDone.
    """
    with _errors(), _already_done(20001, 20404):
        _workspace().tasks(task_sid).update(assignment_status="completed", reason=reason)


def worker(worker_sid: str) -> Worker:
    """The worker as they are now. Raises TwilioRejected, NotDone."""
    with _errors():
        found = _workspace().workers(worker_sid).fetch_with_http_info()
    return _worker(found.data, worker_sid, found.headers.get("ETag", ""))


def _worker(found: Any, worker_sid: str, etag: str = "") -> Worker:
    return Worker(
        worker_sid,
        found.activity_sid or "",
        bool(found.available),
        _epoch(found.date_status_changed),
        etag,
        found.friendly_name or "",
        _attributes(found.attributes),
    )


def workers(expression: str) -> list[Worker]:
    """The workers whose attributes fulfil this expression, without ETags. Raises TwilioRejected, NotDone."""
    return _workers(target_workers_expression=expression)


def worker_of_name(name: str) -> Worker | None:
    """The worker of this friendly name, without ETag; None when there is none. Raises TwilioRejected, NotDone."""
    found = _workers(friendly_name=name)
    return next((one for one in found if one.name.casefold() == name.casefold()), None)


def available_workers() -> list[Worker]:
    """Who is in an activity that takes calls, busy or not, without ETags. Raises TwilioRejected, NotDone."""
    return [one for one in _workers(available="true") if one.available]


def _workers(**filters: str) -> list[Worker]:
    with _errors(), _pages():
        found = _workspace().workers.list(page_size=PAGE_SIZE, **filters)
    return [_worker(one, str(one.sid)) for one in found]


def waiting_in(queues: Collection[str], limit: int) -> list[InQueue]:
    """Who waits in these queues of voice, by their names: up to `limit` callers of each, the first first.

    Raises TwilioRejected, NotDone.
    """
    with _errors(), _pages():
        known = [one for one in _client().queues.list(page_size=PAGE_SIZE) if one.friendly_name in queues]
        return [
            InQueue(str(queue.friendly_name), _epoch(member.date_enqueued))
            for queue in known
            if queue.current_size
            for member in _client().queues(str(queue.sid)).members.list(limit=limit, page_size=limit)
        ]


def ringing(worker_sid: str) -> int:
    """How many reservations of this worker are pending. Raises TwilioRejected, NotDone."""
    with _errors(), _pages():
        found = _workspace().workers(worker_sid).reservations.list(reservation_status="pending", page_size=PAGE_SIZE)
    return len(found)


def move(
    worker_sid: str,
    to_sid: str,
    is_wanted: Callable[[Worker], bool],
    before: Callable[[Worker], None] = lambda _worker: None,
    *,
    reject_pending: bool = False,
) -> bool:
    """Set the worker's activity if that is still wanted; whether it was. `before` is called before it is set.

    Raises TwilioRejected, NotDone.
    """
    for _ in range(MOVE_TRIES):
        found = worker(worker_sid)
        if not is_wanted(found):
            return False
        before(found)
        if set_activity(found, to_sid, reject_pending=reject_pending):
            return True
    return False


def set_activity(worker: Worker, activity_sid: str, *, reject_pending: bool = False) -> bool:
    """Set the worker's activity; False when somebody else has changed the worker since. Raises TwilioRejected, NotDone.

    Without an ETag from Twilio it is set whatever became of the worker (contract 7.5). `reject_pending`: what rings is
    taken back.
    """
    options = {"if_match": worker.etag} if worker.etag else {}
    if reject_pending:
        options["reject_pending_reservations"] = "true"
    with _errors():
        try:
            _workspace().workers(worker.sid).update(activity_sid=activity_sid, **options)
        except _rest_errors() as error:
            if error.status != 412:
                raise
            return False
    return True


def is_anybody_available(task_queue_sid: str) -> bool:
    """Whether a worker of this queue, busy or not, is in an activity that takes calls.

    Raises TwilioRejected, NotDone.
    """
    with _errors(), _pages():
        found = _workspace().workers.list(
            task_queue_sid=task_queue_sid, available="true", limit=PAGE_SIZE, page_size=PAGE_SIZE
        )
    return any(one.available for one in found)  # that both filters hold at once is not said (contract 7.5)


def tasks(status: Literal["pending", "assigned", "wrapping"], limit: int) -> list[Task]:
    """Up to `limit` of this workflow's tasks of this status, oldest first. Raises TwilioRejected, NotDone.

    The list is read whole before it is used: a task completed meanwhile would shift the later pages.
    """
    with _errors(), _pages():
        found = _workspace().tasks.list(
            assignment_status=[status],
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
        Reservation(
            str(one.sid),
            str(one.reservation_status),
            str(one.worker_sid),
            one.worker_name or "",
            _epoch(one.date_updated),
        )
        for one in found
    ]


def _task(found: Any) -> Task:
    return Task(
        str(found.sid),
        str(found.assignment_status),
        found.task_queue_sid or "",
        _attributes(found.attributes),
        _epoch(found.date_created),
        _epoch(found.date_updated),
        int(found.priority or 0),
    )


def _epoch(at: datetime | None) -> float:
    return at.timestamp() if at else 0.0


def _attributes(json: str | None) -> Mapping[str, Any]:
    try:
        return attributes(json or "{}")
    except ValueError:
        return {}


@contextmanager
def _errors() -> Iterator[None]:
    """Twilio's and the network's errors as those that the callers of this module tell apart."""
    import requests

    try:
        yield
    except _rest_errors() as error:
        raise _as_ours(error.status, error.code, getattr(error, "msg", "")) from None
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
    username, password = _credentials(secret)
    return Client(username, password, current.account_sid, http_client=_http_client(current.twilio_api_url))


def _credentials(secret: secrets.Secrets) -> tuple[str, str]:
    username = secret.api_key_sid or environment.current().account_sid
    return username, secret.api_key_secret or secret.auth_tokens[0]


def _renew(refused: tuple[str, str]) -> tuple[str, str] | None:
    """The secret's credentials as they are now, if they are other ones: a key was revoked in a rotation."""
    secrets.forget()
    now = _credentials(secrets.current())
    return now if now != refused else None


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
    return http_client(api_url, _timeout, retry, _renew)


def _timeout() -> float:
    """Seconds for one try: all of them, and the pauses, fit into what the invocation has left. Raises OutOfTime."""
    seconds = (budget.seconds_left() - PAUSES_SECONDS) / (1 + RETRIES)
    if seconds < SHORTEST_SECONDS:
        raise budget.OutOfTime("no time is left for Twilio")
    return min(TIMEOUT_SECONDS, seconds)

"""Workers, and their activities."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from chalicelib.twilio.rest.client import PAGE_SIZE, workspace
from chalicelib.twilio.rest.failures import errors, pages, rest_errors
from chalicelib.twilio.rest.values import attributes_of, epoch

MOVE_TRIES = 3  # when somebody else changes the worker at the same moment


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


def fetch(worker_sid: str) -> Worker:
    """The worker as they are now. Raises TwilioRejected, NotDone."""
    with errors():
        found = workspace().workers(worker_sid).fetch_with_http_info()
    return _worker(found.data, worker_sid, found.headers.get("ETag", ""))


def matching(expression: str) -> list[Worker]:
    """The workers whose attributes fulfil this expression, without ETags. Raises TwilioRejected, NotDone."""
    return _workers(target_workers_expression=expression)


def of_name(name: str) -> Worker | None:
    """The worker of this friendly name, without ETag; None when there is none. Raises TwilioRejected, NotDone."""
    found = _workers(friendly_name=name)
    return next((one for one in found if one.name.casefold() == name.casefold()), None)


def available() -> list[Worker]:
    """Who is in an activity that takes calls, busy or not, without ETags. Raises TwilioRejected, NotDone."""
    return [one for one in _workers(available="true") if one.available]


def is_anybody_available(task_queue_sid: str) -> bool:
    """Whether a worker of this queue, busy or not, is in an activity that takes calls.

    Raises TwilioRejected, NotDone.
    """
    with errors(), pages():
        found = workspace().workers.list(
            task_queue_sid=task_queue_sid, available="true", limit=PAGE_SIZE, page_size=PAGE_SIZE
        )
    return any(one.available for one in found)  # that both filters hold at once is not said (contract 7.5)


def ringing(worker_sid: str) -> int:
    """How many reservations of this worker are pending. Raises TwilioRejected, NotDone."""
    with errors(), pages():
        found = workspace().workers(worker_sid).reservations.list(reservation_status="pending", page_size=PAGE_SIZE)
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
        found = fetch(worker_sid)
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
    with errors():
        try:
            workspace().workers(worker.sid).update(activity_sid=activity_sid, **options)
        except rest_errors() as error:
            if error.status != 412:
                raise
            return False
    return True


def _worker(found: Any, worker_sid: str, etag: str = "") -> Worker:
    return Worker(
        worker_sid,
        found.activity_sid or "",
        bool(found.available),
        epoch(found.date_status_changed),
        etag,
        found.friendly_name or "",
        attributes_of(found.attributes),
    )


def _workers(**filters: str) -> list[Worker]:
    with errors(), pages():
        found = workspace().workers.list(page_size=PAGE_SIZE, **filters)
    return [_worker(one, str(one.sid)) for one in found]

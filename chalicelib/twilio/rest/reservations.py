"""Reservations: a task that is offered to a worker."""

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import msgspec

from chalicelib.twilio.rest.client import PAGE_SIZE, workspace
from chalicelib.twilio.rest.failures import errors, is_refused, pages, rest_errors
from chalicelib.twilio.rest.values import epoch

EVENTS_DAYS = 29  # of the 30 for which Twilio keeps them
# Of a reservation, in the order in which they follow each other; two events call them by another name.
_STATUSES = ("pending", "accepted", "wrapping", "rejected", "timeout", "canceled", "rescinded", "completed")
_NAMED_OTHERWISE = {"created": "pending", "wrapup": "wrapping"}


class Reservation(msgspec.Struct, frozen=True):
    """`updated_at`, in epoch seconds, is when it got to its status."""

    sid: str
    status: str
    worker_sid: str
    worker_name: str
    updated_at: float


def of_task(task_sid: str) -> list[Reservation]:
    """Everybody who was reserved for this task. Raises TwilioRejected, NotDone."""
    with errors(), pages():
        found = workspace().tasks(task_sid).reservations.list(page_size=PAGE_SIZE)
    return [
        Reservation(
            str(one.sid),
            str(one.reservation_status),
            str(one.worker_sid),
            one.worker_name or "",
            epoch(one.date_updated),
        )
        for one in found
    ]


def status(task_sid: str, reservation_sid: str) -> str:
    """pending, accepted, …; `unknown` when Twilio has no trace of it. Raises TwilioRejected, NotDone.

    Twilio forgets a task and its reservations five minutes after its end (contract 5), their events after 30 days
    (contract 6). An empty `task_sid` is allowed.
    """
    with errors():
        try:
            if task_sid:
                return str(workspace().tasks(task_sid).reservations(reservation_sid).fetch().reservation_status)
        except rest_errors() as error:
            if error.code != 20404:
                raise
    last = _last_event(reservation_sid)
    return "completed" if task_sid and last in ("accepted", "wrapping") else last or "unknown"


def _last_event(reservation_sid: str) -> str:
    """The status that a reservation got to by its latest event; empty when there is none."""
    with errors(), pages():
        found = workspace().events.list(
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
    return _decide(task_sid, reservation_sid, "accepted") or status(task_sid, reservation_sid) == "accepted"


def _decide(task_sid: str, reservation_sid: str, status: Literal["accepted", "rejected"]) -> bool:
    """Whether the reservation, which is pending, gets this status."""
    with errors():
        try:
            workspace().tasks(task_sid).reservations(reservation_sid).update(reservation_status=status)
        except rest_errors() as error:
            # The code for a reservation that is not pending is not documented: any final refusal is taken as that.
            if not is_refused(error.status, error.code):
                raise
            return False
    return True


def supervise(task_sid: str, reservation_sid: str, mode: str, supervisor_sid: str) -> bool:
    """Ring this worker into the conference of an accepted reservation, as monitor, whisper or barge (contract 4.4).

    False when there is no such conference any more. Raises NotDone.
    """
    with errors():
        try:
            workspace().tasks(task_sid).reservations(reservation_sid).update(
                instruction="supervise", supervisor_mode=mode, supervisor=supervisor_sid
            )
        except rest_errors() as error:
            if not is_refused(error.status, error.code):
                raise
            return False
    return True

"""Calls: a worker's leg is placed, a leg is led elsewhere, ended, asked after; and who waits in a queue of voice."""

from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from chalicelib.config import environment
from chalicelib.config.answering import DETECTION_SECONDS
from chalicelib.twilio import urls
from chalicelib.twilio.rest.client import PAGE_SIZE, client
from chalicelib.twilio.rest.failures import already_done, errors, pages, rest_errors
from chalicelib.twilio.rest.values import epoch

LIVE_STATUSES = frozenset({"queued", "initiated", "ringing", "in-progress"})


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


class InQueue(msgspec.Struct, frozen=True):
    """A caller in a queue of voice, of this name, since when, in epoch seconds."""

    queue: str
    since: float


def ring(ring: Ring) -> Ringing:
    """POST /Calls. Raises TwilioRejected, TwilioUnavailable, or OutcomeUnknown when the phone may ring all the same."""
    with errors():
        call = client().calls.create(
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
    with errors(), already_done(21220, 20404):
        client().calls(call_sid).update(status="completed")


def redirect(call_sid: str, url: str) -> bool:
    """Send a live call to the document at `url`; False when the call is over (contract 7.3). Raises NotDone."""
    with errors():
        try:
            client().calls(call_sid).update(url=url, method="POST")
        except rest_errors() as error:
            if error.code not in (21220, 20404):
                raise
            return False
    return True


def is_live(call_sid: str) -> bool:
    """Whether the call has not ended; one that Twilio does not know has. Raises NotDone."""
    with errors():
        try:
            return str(client().calls(call_sid).fetch().status) in LIVE_STATUSES
        except rest_errors() as error:
            if error.code != 20404:
                raise
            return False


def dialled_by(worker_call_sid: str) -> str:
    """How the latest call ended that a <Dial> on this leg placed: completed, busy, no-answer, …; empty for none.

    Raises TwilioRejected, NotDone.
    """
    with errors(), pages():
        found = client().calls.list(parent_call_sid=worker_call_sid, limit=PAGE_SIZE, page_size=PAGE_SIZE)
    return str(found[0].status) if found else ""  # a list begins with the latest


def waiting_in(queues: Collection[str], limit: int) -> list[InQueue]:
    """Who waits in these queues of voice, by their names: up to `limit` callers of each, the first first.

    Raises TwilioRejected, NotDone.
    """
    with errors(), pages():
        known = [one for one in client().queues.list(page_size=PAGE_SIZE) if one.friendly_name in queues]
        return [
            InQueue(str(queue.friendly_name), epoch(member.date_enqueued))
            for queue in known
            if queue.current_size
            for member in client().queues(str(queue.sid)).members.list(limit=limit, page_size=limit)
        ]

"""Conferences, and who is in them (contract 14.2)."""

from typing import Any

from chalicelib.twilio.rest.client import client
from chalicelib.twilio.rest.failures import errors, is_refused, pages, rest_errors


def of_task(task_sid: str) -> str:
    """The sid of the conference of this task's talk, which is named after it; empty where none goes on.

    Raises TwilioRejected, NotDone.
    """
    with errors(), pages():
        found = client().conferences.list(friendly_name=task_sid, status="in-progress", limit=1, page_size=1)
    return str(found[0].sid) if found else ""


def is_in(room_sid: str, call_sid: str) -> bool:
    """Whether this leg is in the conference. Raises TwilioRejected, NotDone."""
    with errors():
        try:
            return str(client().conferences(room_sid).participants(call_sid).fetch().status) == "connected"
        except rest_errors() as error:
            if error.code != 20404:
                raise
            return False


def hold(room_sid: str, call_sid: str, hold_url: str) -> bool:
    """Put this leg on hold: it hears the document at `hold_url`. False when it is not there. Raises NotDone."""
    return _changed(room_sid, call_sid, hold=True, hold_url=hold_url, hold_method="POST")


def unhold(room_sid: str, call_sid: str) -> bool:
    """Bring this leg back from hold; one that is not on hold stays. False when it is not there. Raises NotDone."""
    return _changed(room_sid, call_sid, hold=False)


def end_with(room_sid: str, call_sid: str, *, ends: bool) -> bool:
    """Whether the conference is over for everybody once this leg leaves it. False: it is not there. Raises NotDone."""
    return _changed(room_sid, call_sid, end_conference_on_exit=ends)


def _changed(room_sid: str, call_sid: str, **changes: Any) -> bool:
    with errors():
        try:
            client().conferences(room_sid).participants(call_sid).update(**changes)
        except rest_errors() as error:
            if not is_refused(error.status, error.code):
                raise
            return False
    return True

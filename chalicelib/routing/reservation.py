"""A reservation, as Twilio's assignment callback describes it (pure)."""

from collections.abc import Mapping
from typing import Any

import msgspec

from chalicelib.config.schema import CONSULT
from chalicelib.routing.instructions import is_contact
from chalicelib.twilio.values import kind_of, sid, subject_of


def consult_of(task_attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Who asks a colleague about a caller first by this task, and which of their asks it is; empty for other tasks."""
    if kind_of(task_attributes) != CONSULT:
        return {}
    number = task_attributes.get("consult_number")
    about = sid(task_attributes.get("consult_of"))
    return {"consult_of": about, "consult_number_of": number if isinstance(number, int) else 0}


class Reservation(msgspec.Struct, frozen=True, kw_only=True):
    """One worker reserved for one task. `queue` is the task queue's friendly name; numbers that are none are 0."""

    reservation_sid: str
    task_sid: str
    call_sid: str  # the caller's; empty for a task without a call
    kind: str
    worker_sid: str
    worker_name: str
    queue: str
    task_attributes: dict[str, Any]
    task_age: int = 0  # seconds
    task_priority: int = 0
    worker_attributes: dict[str, Any]

    @property
    def subject(self) -> str:
        """What the links of this task are kept under: the caller's CallSid, else the TaskSid."""
        return self.call_sid or subject_of(self.task_attributes, self.task_sid)

    @property
    def contact_uri(self) -> str:
        """Where the worker can be rung; empty when the attribute is missing or unusable."""
        contact_uri = self.worker_attributes.get("contact_uri")
        return str(contact_uri) if is_contact(contact_uri) else ""

"""A reservation as Twilio tells of it (pure)."""

from typing import Any

import msgspec

from chalicelib.routing.instructions import is_contact


class Reservation(msgspec.Struct, frozen=True):
    """What Twilio says of one worker reserved for one caller. `queue` is the task queue's friendly name."""

    reservation_sid: str
    task_sid: str
    call_sid: str
    worker_sid: str
    worker_name: str
    queue: str
    task_attributes: dict[str, Any]
    worker_attributes: dict[str, Any]

    @property
    def contact_uri(self) -> str:
        """Where the worker can be rung; empty when the attribute is missing or unusable."""
        contact_uri = self.worker_attributes.get("contact_uri")
        return str(contact_uri) if is_contact(contact_uri) else ""

"""What a team's system orders: a lead, a case, whatever `[work]` of callcenter.toml names (pure)."""

import hashlib
from typing import Annotated, Any

import msgspec
from msgspec import Meta

LONGEST_ATTRIBUTES = 4096  # characters of a task's attributes as JSON, at Twilio (contract 3.1)
RESERVED = ("kind", "work_key", "call_sid")  # attributes that this application sets, or tells a caller by

Key = Annotated[str, Meta(pattern=r"^[!-~]{1,100}\Z", description="1 to 100 ASCII characters, no blank")]


class BadOrder(Exception):
    """The order cannot be taken; the text says why."""


class Order(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A task to be made. `key` is the sender's own: the same one makes one task, however often it is sent.

    `attributes` become the task's, beside `kind` and `work_key`.
    """

    kind: str
    key: Key
    attributes: dict[str, Any] = {}
    priority: Annotated[int, Meta(ge=0, le=2147483647)] | None = None

    @property
    def work_key(self) -> str:
        """What the task is known by, with Twilio and in the table."""
        return f"{self.kind}/{self.key}"

    @property
    def digest(self) -> str:
        """Of all that is ordered: the same key with another one is a mistake of the sender."""
        return hashlib.sha256(msgspec.json.encode(self, order="sorted")).hexdigest()

    @property
    def task_attributes(self) -> str:
        """The task's attributes as JSON."""
        return msgspec.json.encode({**self.attributes, "kind": self.kind, "work_key": self.work_key}).decode()


def read(body: bytes) -> Order:
    """The order in this JSON. Raises BadOrder."""
    try:
        order = msgspec.json.decode(body, type=Order)
    except msgspec.DecodeError as error:  # a ValidationError too
        raise BadOrder(str(error)) from None
    if taken := [name for name in RESERVED if name in order.attributes]:
        raise BadOrder(f"attributes may not have {', '.join(taken)}")
    if len(order.task_attributes) > LONGEST_ATTRIBUTES:
        raise BadOrder(f"attributes are longer than {LONGEST_ATTRIBUTES} characters")
    return order

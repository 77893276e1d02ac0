"""The assignment instructions: what an assignment callback may be answered with (contract 4.3). Pure."""

from collections.abc import Sequence
from functools import cache
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

ActivitySid = Annotated[str, Meta(pattern=r"^WA[0-9a-fA-F]{32}\Z")]
CallSid = Annotated[str, Meta(pattern=r"^CA[0-9a-fA-F]{32}\Z")]
Contact = Annotated[str, Meta(pattern=r"^(\+[1-9][0-9]{6,14}|client:.+|sips?:.+@.+)\Z")]
CallerId = Annotated[str, Meta(pattern=r"^(\+?[0-9]{3,15}|client:.+|sips?:.+@.+)\Z")]
Url = Annotated[str, Meta(pattern="^https?://")]
RingSeconds = Annotated[int, Meta(ge=1, le=999)]
Record = Literal["record-from-answer", "do-not-record"]
Method = Literal["GET", "POST"]


class InvalidInstruction(Exception):
    """Twilio would refuse this instruction; the text says which field and why."""


class _Instruction(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="instruction"):
    pass


class Accept(_Instruction, frozen=True, tag="accept"):
    """Accept the reservation; TaskRouter does no telephony. Never for a task made by <Enqueue>."""


class Reject(_Instruction, frozen=True, tag="reject"):
    """Give the task to the next worker. Twilio's pages disagree on whether `activity_sid` may be missing."""

    activity_sid: ActivitySid | None = None


class Dequeue(_Instruction, frozen=True, tag="dequeue"):
    """Ring the worker and join the two as soon as the worker answers."""

    to: Contact
    from_: CallerId = msgspec.field(name="from")
    post_work_activity_sid: ActivitySid | None = None
    record: Record | None = None
    timeout: RingSeconds | None = None
    status_callback_url: Url | None = None  # requested with GET
    status_callback_events: str | None = None  # initiated,ringing,answered,completed


class Call(_Instruction, frozen=True, tag="call"):
    """Ring the worker and run the document at `url` on that leg."""

    from_: CallerId = msgspec.field(name="from")
    url: Url
    to: Contact | None = None
    accept: bool | None = None
    record: Record | None = None
    timeout: RingSeconds | None = None
    status_callback_url: Url | None = None


class Redirect(_Instruction, frozen=True, tag="redirect"):
    """Send the caller's live call to the document at `url`. `accept` has no default: Twilio's pages disagree on it."""

    call_sid: CallSid
    url: Url
    accept: bool


class Conference(_Instruction, frozen=True, tag="conference"):
    """Ring the worker and join the two in a conference. The fields are the REST names in snake case."""

    to: Contact | None = None
    from_: CallerId | None = msgspec.field(name="from", default=None)
    post_work_activity_sid: ActivitySid | None = None
    timeout: RingSeconds | None = None
    record: str | None = None
    muted: bool | None = None
    beep: str | None = None
    start_conference_on_enter: bool | None = None
    end_conference_on_exit: bool | None = None
    end_conference_on_customer_exit: bool | None = None
    beep_on_customer_entrance: bool | None = None
    wait_url: Url | None = None
    wait_method: Method | None = None
    early_media: bool | None = None
    max_participants: Annotated[int, Meta(ge=2, le=250)] | None = None
    status_callback: Url | None = None
    status_callback_method: Method | None = None
    status_callback_event: Sequence[str] | None = None
    conference_status_callback: Url | None = None
    conference_status_callback_method: Method | None = None
    conference_status_callback_event: Sequence[str] | None = None
    conference_record: str | None = None
    conference_trim: str | None = None
    recording_channels: Literal["mono", "dual"] | None = None
    recording_status_callback: Url | None = None
    recording_status_callback_method: Method | None = None
    conference_recording_status_callback: Url | None = None
    conference_recording_status_callback_method: Method | None = None
    region: str | None = None
    sip_auth_username: str | None = None
    sip_auth_password: str | None = None
    jitter_buffer_size: str | None = None


Instruction = Accept | Reject | Dequeue | Call | Redirect | Conference


@cache
def _decoder() -> msgspec.json.Decoder[Instruction]:
    return msgspec.json.Decoder(Instruction)  # made at the first use: the caller's leg never needs it


def encode(instruction: Instruction) -> str:
    """The JSON to answer with. Raises InvalidInstruction."""
    text = msgspec.json.encode(instruction)
    try:
        _decoder().decode(text)
    except msgspec.ValidationError as error:
        raise InvalidInstruction(f"{type(instruction).__name__.lower()}: {error}") from error
    return text.decode()


def is_contact(contact_uri: object) -> bool:
    """Whether a worker can be rung there: an E.164 number, a client or a SIP address."""
    try:
        msgspec.convert(contact_uri, Contact)
    except msgspec.ValidationError:
        return False
    return True

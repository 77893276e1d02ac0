"""The fields of an assignment instruction, and the worker leg that it asks for (contract 4.2, 4.3, 7.6). Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from emulator.ports import (
    ConferenceOrder,
    Method,
    RecordOrder,
    SupervisorMode,
    SupervisorOrder,
    TwilioError,
    WebResponse,
    WorkerLegOrder,
)
from emulator.taskrouter.model import Reservation, Task

RING_SECONDS = 60
LONGEST_RING_SECONDS = 999
LEG_EVENTS = frozenset({"initiated", "ringing", "answered", "completed"})

Fields = Mapping[str, object]  # an instruction's fields under their JSON names

_LEG = frozenset({"to", "from", "timeout"})
_CALLBACK = frozenset({"status_callback_url", "status_callback_events"})
IMITATED: Mapping[str, frozenset[str]] = {
    "accept": frozenset(),
    "reject": frozenset({"activity_sid"}),
    "dequeue": _LEG | _CALLBACK | {"post_work_activity_sid", "record"},
    "call": _LEG | _CALLBACK | {"url", "accept", "record"},
    "redirect": frozenset({"call_sid", "url", "accept"}),
    "conference": _LEG
    | {"post_work_activity_sid", "status_callback", "status_callback_method", "status_callback_events"}
    | {"room_name", "muted", "start_conference_on_enter", "wait_url", "wait_method", "max_participants"}
    | {"end_conference_on_exit", "end_conference_on_customer_exit", "conference_record"}
    | {"conference_status_callback", "conference_status_callback_method"}
    | {"conference_status_callback_event", "conference_status_callback_events"}
    | {"conference_recording_status_callback", "conference_recording_status_callback_method"}
    | {"record", "recording_status_callback", "recording_status_callback_method", "recording_channels"},
}
CONFERENCE_EVENTS = frozenset({"start", "end", "join", "leave", "mute", "hold", "speaker"})
# What a conference would sound like, and where it would run: no call goes on differently for it.
_WITHOUT_EFFECT = frozenset(
    {
        "instruction",
        "beep",
        "beep_on_customer_entrance",
        "region",
        "jitter_buffer_size",
        "early_media",
        "conference_trim",
    }
)
_NO_RECORDING = frozenset({"", "do-not-record", "false"})


@dataclass(frozen=True)
class LegErrors:
    """Contract 7.6: the codes of an instruction that places a worker leg."""

    to: int
    from_: int
    api: int
    callback: int
    no_call: int
    activity: int
    events: int


CALL = LegErrors(40110, 40111, 40113, 40158, 40113, 40113, 40113)
DEQUEUE = LegErrors(40131, 40132, 40133, 40157, 40140, 40130, 40134)
CONFERENCE = LegErrors(40137, 40138, 40145, 40159, 40142, 40143, 40159)  # which 40159 is, is inferred
# The pages of errors have three codes for it; for the rest 20001 is uncertain.
SUPERVISE = LegErrors(40147, 40148, 20001, 20001, 40146, 20001, 20001)
SUPERVISOR_MODES: Mapping[str, SupervisorMode] = {"monitor": "monitor", "whisper": "whisper", "barge": "barge"}


@dataclass(frozen=True)
class Callback:
    """A leg's status callback: the field with its URL, the method by default, whether it has `taskCallSid`."""

    field: str
    method: Method
    names_caller: bool


# That a call's is like a dequeue's is inferred (contract 4.3); a conference's is as REST describes it (contract 4.4).
LEG_CALLBACK = Callback("status_callback_url", "GET", names_caller=True)
CONFERENCE_CALLBACK = Callback("status_callback", "POST", names_caller=False)


def read_answer(response: WebResponse) -> Fields:
    """The instruction in an answer, empty when there is none. TwilioError 40000, 40001 or 40005 (contract 4.2)."""
    if not response.body.strip():
        return {}
    content_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        raise TwilioError(40000, f"The assignment callback's answer has the content type {content_type or 'none'}")
    try:
        fields = json.loads(response.body)
    except ValueError as error:
        raise TwilioError(40001, f"The assignment callback's answer is not JSON: {error}") from error
    if not isinstance(fields, dict) or (fields and "instruction" not in fields):
        raise TwilioError(40005, "The assignment callback's answer has no instruction")
    return fields


def not_imitated(name: str, fields: Fields) -> list[str]:
    """The fields whose effect is not imitated, or that Twilio does not know: what it does with those is uncertain."""
    return [field for field in fields if text(fields, field) and field not in IMITATED[name] | _WITHOUT_EFFECT]


def text(fields: Fields, name: str) -> str:
    """The field as text, empty when it is missing or null."""
    value = fields.get(name)
    return "" if value is None else str(value)


def flag(fields: Fields, name: str) -> bool:
    return text(fields, name).lower() == "true"


def is_url(given: str) -> bool:
    return given.startswith(("http://", "https://"))


def leg_order(reservation: Reservation, fields: Fields, errors: LegErrors, callback: Callback) -> WorkerLegOrder:
    """The worker leg of a dequeue, call or conference. TwilioError with one of the codes in `errors`."""
    task = reservation.task
    to = text(fields, "to") or text(reservation.worker.attributes, "contact_uri")
    from_ = text(fields, "from") or text(task.attributes, "from" if task.outbound_to else "to")
    status_callback_url = text(fields, callback.field)
    if not to:
        raise TwilioError(errors.to, "to is missing and the worker has no contact_uri")
    if not from_:
        raise TwilioError(errors.from_, "from is missing and the task has no attribute to")
    if status_callback_url and not is_url(status_callback_url):
        raise TwilioError(errors.callback, f"{callback.field} is invalid: {status_callback_url}")
    return WorkerLegOrder(
        reservation_sid=reservation.sid,
        task_sid=task.sid,
        caller_call_sid=task.call_sid,
        to=to,
        from_=from_,
        timeout=_ring_seconds(fields, errors),
        status_callback_url=status_callback_url,
        status_callback_events=_events(fields, errors),
        url=text(fields, "url"),
        post_work_activity_sid=text(fields, "post_work_activity_sid"),
        status_callback_method=_method(fields, errors, callback),
        names_caller=callback.names_caller,
        record=_record(fields),
        conference=_conference(task, fields, errors) if text(fields, "instruction") == "conference" else None,
    )


def supervisor_order(reservation: Reservation, fields: Fields, contact_uri: str) -> SupervisorOrder:
    """The supervisor's leg into the conference of an accepted reservation.

    TwilioError 40146 to 40148, 20001 for a mode that is none (uncertain). The leg is shown the task's own `from`.
    """
    task, mode = reservation.task, text(fields, "supervisor_mode")
    conference = task.attributes.get("conference")
    if reservation.status not in {"accepted", "wrapping"} or not isinstance(conference, Mapping):
        raise TwilioError(SUPERVISE.no_call, f"Reservation {reservation.sid} is not accepted, or has no conference")
    if mode not in SUPERVISOR_MODES:
        raise TwilioError(
            20001, f"SupervisorMode must be one of {', '.join(SUPERVISOR_MODES)}, not {mode or 'nothing'}"
        )
    given = {**fields, "to": contact_uri, "from": text(fields, "from") or text(task.attributes, "from")}
    if not given["from"]:
        raise TwilioError(SUPERVISE.from_, "from is missing in the task's attributes")
    leg = leg_order(reservation, given, SUPERVISE, CONFERENCE_CALLBACK)
    worker = str(conference.get("participants", {}).get("worker", ""))
    return SupervisorOrder(text(conference, "sid"), worker, SUPERVISOR_MODES[mode], leg)


def _record(fields: Fields) -> RecordOrder | None:
    if text(fields, "record").lower() in _NO_RECORDING:
        return None
    channels = 2 if text(fields, "recording_channels") == "dual" else 1
    name = "recording_status_callback"
    return RecordOrder(channels, text(fields, name), _plain_method(fields, f"{name}_method"))


def _conference(task: Task, fields: Fields, errors: LegErrors) -> ConferenceOrder:
    """TwilioError for a number of participants or an event that cannot be."""
    most = text(fields, "max_participants")
    if most and not (most.isdecimal() and 2 <= int(most) <= 250):
        raise TwilioError(errors.api, f"max_participants is no number from 2 to 250: {most}")
    return ConferenceOrder(
        room_name=text(fields, "room_name"),
        muted=flag(fields, "muted"),
        starts=text(fields, "start_conference_on_enter").lower() != "false",
        ends_with_worker=_said(fields, "end_conference_on_exit"),
        ends_with_caller=_said(fields, "end_conference_on_customer_exit"),
        wait_url=text(fields, "wait_url"),
        wait_method=_plain_method(fields, "wait_method"),
        max_participants=int(most) if most else None,
        callback_url=text(fields, "conference_status_callback"),
        callback_method=_plain_method(fields, "conference_status_callback_method"),
        callback_events=_conference_events(fields, errors),
        record=text(fields, "conference_record").lower() not in _NO_RECORDING,
        recording_callback=text(fields, "conference_recording_status_callback"),
        recording_callback_method=_plain_method(fields, "conference_recording_status_callback_method"),
        outbound_to=task.outbound_to,
        outbound_from=(text(task.attributes, "from") or text(fields, "from")) if task.outbound_to else "",
    )


def _said(fields: Fields, name: str) -> bool | None:
    return flag(fields, name) if text(fields, name) else None


def _plain_method(fields: Fields, name: str) -> Method:
    return "GET" if text(fields, name).upper() == "GET" else "POST"


def _conference_events(fields: Fields, errors: LegErrors) -> tuple[str, ...]:
    name = "conference_status_callback_event"
    given = (text(fields, name) or text(fields, f"{name}s")).replace(",", " ").split()
    if not CONFERENCE_EVENTS.issuperset(given):
        raise TwilioError(errors.events, f"conference_status_callback_event is unknown: {','.join(given)}")
    return tuple(given)


def _ring_seconds(fields: Fields, errors: LegErrors) -> int:
    given = text(fields, "timeout") or str(RING_SECONDS)
    if not given.isdecimal() or not 0 < int(given) <= LONGEST_RING_SECONDS:
        raise TwilioError(errors.api, f"timeout is no number of seconds up to {LONGEST_RING_SECONDS}: {given}")
    return int(given)


def _method(fields: Fields, errors: LegErrors, callback: Callback) -> Method:
    given = text(fields, f"{callback.field}_method").upper()
    if given not in {"", "GET", "POST"}:
        raise TwilioError(errors.callback, f"{callback.field}_method is neither GET nor POST: {given}")
    return "GET" if given == "GET" else "POST" if given == "POST" else callback.method


def _events(fields: Fields, errors: LegErrors) -> tuple[str, ...]:
    events = tuple(event.strip() for event in text(fields, "status_callback_events").split(",") if event.strip())
    if not LEG_EVENTS.issuperset(events):
        raise TwilioError(errors.events, f"status_callback_events are unknown: {','.join(events)}")
    return events

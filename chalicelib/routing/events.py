"""TaskRouter's event callbacks: they keep the link true (contract 6). Twice, late, in any order, or never."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from chalicelib import jobs
from chalicelib.config import callcenter, environment
from chalicelib.lifecycle import closing
from chalicelib.links import table
from chalicelib.links.model import Key, Outcome, is_over
from chalicelib.observability import log, metrics
from chalicelib.twilio.request import NOTED, Answer, Webhook, attributes, sid, text

_ENDINGS: Mapping[str, Outcome] = {
    "reservation.rejected": "rejected",
    "reservation.timeout": "timeout",
    "reservation.canceled": "canceled",
    "reservation.rescinded": "rescinded",
    "reservation.completed": "completed",
}

# Beyond the year 2286 a time is no time; what is larger still fits no date, and no float.
_MAX_MILLISECONDS = 10**13


class Event(msgspec.Struct, frozen=True):
    """One event of a task made by <Enqueue>. `at` is when it happened, by TaskRouter's clock, in epoch seconds."""

    kind: str
    at: float
    call_sid: str
    form: Mapping[str, str]
    attributes: Mapping[str, Any]

    @property
    def key(self) -> Key:
        return Key(self.call_sid, self.form.get("ReservationSid", ""))

    @property
    def queue(self) -> str:
        return environment.current().task_queue_name(self.form.get("TaskQueueSid", ""))


def take(webhook: Webhook, now: float) -> Answer:
    """Take one event. One that is not known, or not about a call of ours, is taken as well and changes nothing."""
    event = _read(webhook.form, now)
    if event is None:
        log.info("event without a call", type=webhook.form.get("EventType"))
        return NOTED
    log.also(call_sid=event.call_sid)
    counted = metrics.of(metrics.CALLERS_ENQUEUED) if event.kind == "task.created" else {}
    log.info("event", counted, type=event.kind)
    _TAKE.get(event.kind, _ignore)(event)
    return NOTED


def _ignore(event: Event) -> None:
    """An event that we have no use for."""


def _created(event: Event) -> None:
    called = text(event.attributes.get("to"))
    line, _ = callcenter.current().line_of(called)
    known = {
        "task_sid": event.form.get("TaskSid"),
        "line": line,
        "caller": text(event.attributes.get("from")),
        "called": called,
    }
    table.record_call(event.call_sid, known, event.at)


def _accepted(event: Event) -> None:
    """The two talk, or have talked: `bridged_at` is when the first event said so."""
    try:
        table.observe(event.key, "bridged", event.at, _seen(event))
    except table.Lost as lost:
        if lost.current and not lost.current.bridged_at:  # it was closed before this event came
            table.note_time(event.key, "bridged_at", event.at)


def _wrapping_up(event: Event) -> None:
    _accepted(event)  # whose own event may be lost
    _wrapping(event)


def _wrapping(event: Event) -> None:
    """Complete the task when the wrap-up time is over. Both events say it; the first one counts."""
    task_sid = event.form.get("TaskSid", "")
    if table.record_call(event.call_sid, {"wrapping_at": event.at}, event.at, once="wrapping_at"):
        seconds = callcenter.current().queue(event.queue).wrap_up.seconds
        jobs.send(jobs.CompleteTask(event.call_sid, task_sid), delay_seconds=seconds)


def _completed(event: Event) -> None:
    table.record_call(event.call_sid, {"completed_at": event.at}, event.at)
    for link in table.story(event.call_sid).links:
        if link.state == "bridged":
            closing.close(link.key, "completed", "", event.at)
        elif not is_over(link):
            closing.settle(link, "", event.at)  # an event of its own is late, or lost


def _canceled(event: Event) -> None:
    reason = text(event.form.get("TaskCanceledReason") or event.form.get("Reason"))
    table.record_call(event.call_sid, {"canceled_at": event.at, "reason": reason}, event.at)
    closing.caller_gone(event.call_sid, event.at)


def _ended(event: Event) -> None:
    closing.close(event.key, _ENDINGS[event.kind], "", event.at, _seen(event))


_TAKE: Mapping[str, Callable[[Event], None]] = {
    "task.created": _created,
    "reservation.accepted": _accepted,
    "reservation.wrapup": _wrapping_up,
    "task.wrapup": _wrapping,
    "task.completed": _completed,
    "task.canceled": _canceled,
    **dict.fromkeys(_ENDINGS, _ended),
}


def _seen(event: Event) -> dict[str, str]:
    """What the event tells of the link, for a row that does not know it (direct mode: the worker leg's sid)."""
    seen = {
        "task_sid": event.form.get("TaskSid", ""),
        "worker_sid": sid(event.form.get("WorkerSid")),
        "worker_name": text(event.form.get("WorkerName")),
        "queue": event.queue,
        "caller": text(event.attributes.get("from")),
        "caller_id": text(event.attributes.get("to")),
    }
    # After an earlier worker's direct leg the attribute may still hold that leg: only an acceptance is about this one.
    if event.kind == "reservation.accepted":
        seen["worker_call_sid"] = sid(event.attributes.get("worker_call_sid"))
    return seen


def _read(form: Mapping[str, str], now: float) -> Event | None:
    kind = form.get("EventType", "")
    try:
        known = attributes(form.get("TaskAttributes") or "{}")
    except ValueError:
        return None
    call_sid = sid(known.get("call_sid"))
    named = ("TaskSid", "ReservationSid") if kind.startswith("reservation.") else ("TaskSid",)
    if not call_sid or not all(sid(form.get(name)) for name in named):
        return None
    return Event(kind, _time(form, now), call_sid, form, known)


def _time(form: Mapping[str, str], now: float) -> float:
    try:
        milliseconds = int(form["TimestampMs"])
    except (KeyError, ValueError):
        return now
    return milliseconds / 1000 if 0 <= milliseconds < _MAX_MILLISECONDS else now

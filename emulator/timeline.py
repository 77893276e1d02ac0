"""What happens, as it happens: a line for people or a JSON object for each event of the trace."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

from emulator.clock.scheduler import TraceEvent
from emulator.twilio import Twilio

Write = Callable[[str], None]

_SENTENCES = {
    "dialed": "{who}: {from_} dials {to}",
    "ringing": "{who}: the phone rings",
    "answered": "{who}: the call is answered",
    "heard": "{who} hears: {text}",
    "played": "{who} hears {url}",
    "pressed": "{who} presses {digits}",
    "said": "{who} says: {text}",
    "enqueued": "{who} waits in the queue {queue}",
    "left_queue": "{who} leaves the queue: {result}",
    "ended": "{who}: the call ends: {status}, by {by}",
    "conference": "Conference {name}: {event} {whom}",
    "message": "message from {from_} to {to} is {status}: {body}",
    "sent_digits": "{who} is sent the keys {digits}",
    "detected": "{who}: answered by {answered_by}",
    "recording": "{who} was recorded: {url}",
    "task": "TaskRouter: task {sid} is {status}",
    "reservation": "TaskRouter: reservation {sid} of {worker} is {status}",
    "worker": "TaskRouter: {name} is {activity}",
    "browser": "browser of {name}: {event}",
    "webhook": "webhook {method} {url}: {status}",
    "rest": "REST {method} {path}: {status} {error}",
    "warning": "WARNING {code}: {message}",
}


def as_json(event: TraceEvent) -> str:
    """One JSON object: when it was, of which kind, and what belongs to the kind."""
    at = datetime.fromtimestamp(event.at, UTC).isoformat(timespec="milliseconds")
    return json.dumps({"at": at, "kind": event.kind, **event.detail})


class Timeline:
    """A listener of the trace; seconds count from its making."""

    def __init__(self, twilio: Twilio, write: Write, *, json_lines: bool) -> None:
        self._twilio = twilio
        self._write = write
        self._show = as_json if json_lines else self._line
        self._began = twilio.scheduler.now()

    def __call__(self, event: TraceEvent) -> None:
        self._write(self._show(event))

    def _line(self, event: TraceEvent) -> str:
        return f"{event.at - self._began:7.1f} s  {sentence(event, self._twilio.who)}"


def sentence(event: TraceEvent, who: Callable[[str], str]) -> str:
    """What happened; `who` gives the person on the leg with a sid."""
    kind, detail = event.kind, event.detail
    if kind in _SENTENCES:
        known = {**detail, "who": who(detail.get("sid", "")), "whom": who(detail.get("call_sid", ""))}
        return _SENTENCES[kind].format_map(known).rstrip()
    if "caller_sid" in detail:
        return f"{who(detail['caller_sid'])} and {who(detail['worker_sid'])}: {kind}"
    return " ".join([kind, *(f"{name}={value}" for name, value in detail.items())])

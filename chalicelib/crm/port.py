"""The CRM port: what every adapter is asked, and what it may answer.

An adapter is one module with `prepare(attempt) -> Approval` and `after(ended) -> None`. It hears of every attempt, and
where the team wants that of the end of every talk, at least once; `idempotency_key` tells repeats apart.
"""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One worker about to be rung for one caller. `at` is epoch seconds.

    `task_attributes` is the whole object as Twilio has it: all that it tells of the call, and what line, menu and team
    set. It is empty when Twilio no longer knows the task.
    """

    idempotency_key: str  # the ReservationSid: one attempt each
    call_sid: str
    caller: str
    called: str
    queue: str
    worker_sid: str
    worker_name: str
    at: float
    task_attributes: Mapping[str, Any] = {}


class Approval(msgspec.Struct, frozen=True):
    """The call may go on. `whisper` is said to the worker before the caller is joined; `data` is kept with the link."""

    name: str = ""
    whisper: str = ""
    data: Mapping[str, Any] = {}


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """A worker has talked to a caller, or done a piece of work, and has wrapped it up. Times are epoch seconds."""

    idempotency_key: str  # the ReservationSid, as in the attempt
    call_sid: str
    caller: str
    called: str
    queue: str
    worker_sid: str
    worker_name: str
    bridged_at: float
    ended_at: float  # when the wrap-up was over
    disposition: str = ""  # what the worker pressed
    note_sid: str = ""  # of a recording at Twilio
    note_seconds: int = 0
    note: str = ""  # what the worker texted of it; one that comes later is told once more


class Declined(Exception):
    """The CRM says no to this worker for this caller; the text is its reason."""


class DeclinedCaller(Exception):
    """The CRM says no to this caller, whoever the worker is; the text is its reason.

    `say` is what the caller hears, the line's own sentence when it is empty; then the caller may leave a message.
    """

    def __init__(self, reason: str, say: str = "", then: Literal["hangup", "voicemail"] = "hangup") -> None:
        super().__init__(reason)
        self.say = say
        self.then = then


class Unavailable(Exception):
    """The CRM could not be asked within its budget, or its answer makes no sense."""

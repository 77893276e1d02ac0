"""What has to hold after a burst of calls, checked against the emulator's events and the links table.

Each check returns a sentence for each thing that is wrong. None of them asks the application.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from emulator.clock.scheduler import TraceEvent
from emulator.voice.interpreter import STOCK_ERROR
from laptop.outcome import Row

QUEUE_FULL = "14207"  # Twilio's warning of a full queue, which the caller hears as well
GOODBYE = "Goodbye"
ENDINGS = {"completed", "canceled", "rejected", "timeout", "rescinded"}


@dataclass(frozen=True)
class Sent:
    """One webhook that Twilio sent; times in seconds. `status` is "timeout" or "connect" where no answer came."""

    route: str
    call_sid: str
    seconds: float
    deadline: float
    status: str


@dataclass(frozen=True)
class WorkerLeg:
    sid: str
    phone: str
    reservation_sid: str


@dataclass(frozen=True)
class Observed:
    """`attempts` says when the CRM had been asked about a reservation; `rows` are those of the links table."""

    callers: Sequence[str]
    trace: Sequence[TraceEvent]
    legs: Mapping[str, WorkerLeg]
    attempts: Mapping[str, float]
    rows: Sequence[Row]
    sent: Sequence[Sent]
    at_work: Mapping[str, str] = field(default_factory=dict)  # worker -> activity and open reservations, at the end
    dead_letters: int = 0


def violations(observed: Observed) -> list[str]:
    checks = (joined_twice, ended_badly, rung_without_crm, answered_badly, recorded_wrongly, left_over)
    return [sentence for check in checks for sentence in check(observed)]


def joined_twice(observed: Observed) -> Iterator[str]:
    """A caller has at most one worker, a worker at most one caller, at any moment; a caller has one in all."""
    live: dict[str, str] = {}  # caller's leg -> worker's phone
    served: set[str] = set()
    for event in observed.trace:
        caller = event.detail.get("caller_sid", "")
        if event.kind == "parted":
            live.pop(caller, None)
        elif event.kind == "joined":
            phone = observed.legs[event.detail["worker_sid"]].phone
            if caller in served:
                yield f"{caller} was joined twice"
            if phone in live.values():
                yield f"the worker {phone} was joined to two callers at once"
            live[caller] = phone
            served.add(caller)


def joined_callers(observed: Observed) -> set[str]:
    return {event.detail["caller_sid"] for event in observed.trace if event.kind == "joined"}


def ended_badly(observed: Observed) -> Iterator[str]:
    """Who was joined has a completed task; everybody else left a message or heard a goodbye. Nobody hears Twilio's."""
    joined, ended = joined_callers(observed), _last(observed, "ended", "sid")
    tasks, heard, recorded = (
        _last(observed, "task", "call_sid"),
        _last(observed, "heard", "sid"),
        _last(observed, "recording", "sid"),
    )
    for caller in observed.callers:
        if caller not in ended:
            yield f"{caller} is still on the line"
        elif caller in joined and _status(tasks, caller) != "completed":
            yield f"{caller} was joined, and the task is {_status(tasks, caller)}"
        elif caller not in joined and caller not in recorded and GOODBYE not in _text(heard, caller):
            yield f"{caller} ended in silence; the last words: {_text(heard, caller)!r}"
    for event in observed.trace:
        if event.kind == "heard" and event.detail["text"] == STOCK_ERROR:
            yield f"{event.detail['sid']} heard Twilio's error message"
        if event.kind == "warning" and event.detail["code"] != QUEUE_FULL:
            yield f"Twilio warned of {event.detail['code']}: {event.detail['message']}"


def rung_without_crm(observed: Observed) -> Iterator[str]:
    """No phone rings before the CRM was asked about that very reservation; for one reservation one leg rings."""
    rung: dict[str, str] = {}
    for event in observed.trace:
        leg = observed.legs.get(event.detail.get("sid", "")) if event.kind == "dialed" else None
        if leg is None:
            continue
        if observed.attempts.get(leg.reservation_sid, event.at + 1) > event.at:
            yield f"{leg.phone} was rung for {leg.reservation_sid} without the CRM"
        if leg.reservation_sid in rung:
            yield f"{leg.reservation_sid} rang twice"
        rung[leg.reservation_sid] = leg.sid


def answered_badly(observed: Observed) -> Iterator[str]:
    for webhook in observed.sent:
        if webhook.seconds > webhook.deadline:
            yield f"{webhook.route} took {webhook.seconds:.1f} s of {webhook.deadline:.0f}"
        if webhook.status not in ("200", "204"):
            yield f"{webhook.route} was answered {webhook.status}"


def recorded_wrongly(observed: Observed) -> Iterator[str]:
    """Each reservation has a closed link that says how it ended; the index of open links is empty."""
    links = {row["item"]: row for row in observed.rows}
    for sid, event in _last(observed, "reservation", "sid").items():
        link, status = links.get(sid), event.detail["status"]
        if status not in ENDINGS:
            yield f"the reservation {sid} is {status}"
        elif link is None:
            yield f"{sid} has no link"
        elif link["state"] != "closed" or link.get("outcome") != status:
            yield f"{sid} ended {status}, and its link says {link['state']} {link.get('outcome', '')}"
    for row in observed.rows:
        if "open" in row:
            yield f"{row['item']} is in the open index"


def left_over(observed: Observed) -> Iterator[str]:
    """Every worker is free again, every leg has ended, no message is dead."""
    ended = _last(observed, "ended", "sid")
    dialed = [event.detail["sid"] for event in observed.trace if event.kind == "dialed"]
    yield from (f"the leg {sid} is still there" for sid in dialed if sid not in ended)
    yield from (f"{name} is {state}" for name, state in observed.at_work.items() if state != "Available")
    if observed.dead_letters:
        yield f"{observed.dead_letters} messages are dead"


def _last(observed: Observed, kind: str, by: str) -> dict[str, TraceEvent]:
    return {event.detail[by]: event for event in observed.trace if event.kind == kind}


def _status(tasks: Mapping[str, TraceEvent], caller: str) -> str:
    return tasks[caller].detail["status"] if caller in tasks else "unknown"


def _text(heard: Mapping[str, TraceEvent], caller: str) -> str:
    return heard[caller].detail["text"] if caller in heard else ""

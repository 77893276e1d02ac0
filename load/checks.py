"""What must be true after a burst of calls, held against the emulator's facts and the links table.

The application's own word is not asked. Each check returns a sentence for each thing that is wrong.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from emulator.clock.scheduler import TraceEvent
from emulator.voice.interpreter import STOCK_ERROR
from laptop.outcome import Row

QUEUE_FULL = "14207"  # Twilio's warning of a full queue, which is told to the caller as well
GOODBYE = "Goodbye"
ENDINGS = {"completed", "canceled", "rejected", "timeout", "rescinded"}


@dataclass(frozen=True)
class Sent:
    """One webhook that Twilio sent; times in seconds. `status` is "timeout" or "connect" where no answer came."""

    door: str
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
class Seen:
    """`attempts` says when the CRM had been asked about a reservation; `rows` are those of the links table."""

    callers: Sequence[str]
    trace: Sequence[TraceEvent]
    legs: Mapping[str, WorkerLeg]
    attempts: Mapping[str, float]
    rows: Sequence[Row]
    sent: Sequence[Sent]
    at_work: Mapping[str, str] = field(default_factory=dict)  # worker -> activity and open reservations, at the end
    dead_letters: int = 0


def violations(seen: Seen) -> list[str]:
    checks = (joined_twice, ended_badly, rung_without_crm, answered_badly, recorded_wrongly, left_over)
    return [sentence for check in checks for sentence in check(seen)]


def joined_twice(seen: Seen) -> Iterator[str]:
    """A caller has at most one worker, a worker at most one caller, at any moment; a caller has one in all."""
    live: dict[str, str] = {}  # caller's leg -> worker's phone
    served: set[str] = set()
    for fact in seen.trace:
        caller = fact.detail.get("caller_sid", "")
        if fact.kind == "parted":
            live.pop(caller, None)
        elif fact.kind == "joined":
            phone = seen.legs[fact.detail["worker_sid"]].phone
            if caller in served:
                yield f"{caller} was joined twice"
            if phone in live.values():
                yield f"the worker {phone} was joined to two callers at once"
            live[caller] = phone
            served.add(caller)


def joined_callers(seen: Seen) -> set[str]:
    return {fact.detail["caller_sid"] for fact in seen.trace if fact.kind == "joined"}


def ended_badly(seen: Seen) -> Iterator[str]:
    """Who was joined has a completed task; everybody else left a message or heard a goodbye. Nobody hears Twilio's."""
    joined, ended = joined_callers(seen), _last(seen, "ended", "sid")
    tasks, heard, recorded = (
        _last(seen, "task", "call_sid"),
        _last(seen, "heard", "sid"),
        _last(seen, "recording", "sid"),
    )
    for caller in seen.callers:
        if caller not in ended:
            yield f"{caller} is still on the line"
        elif caller in joined and _status(tasks, caller) != "completed":
            yield f"{caller} was joined, and the task is {_status(tasks, caller)}"
        elif caller not in joined and caller not in recorded and GOODBYE not in _text(heard, caller):
            yield f"{caller} ended in silence; the last words: {_text(heard, caller)!r}"
    for fact in seen.trace:
        if fact.kind == "heard" and fact.detail["text"] == STOCK_ERROR:
            yield f"{fact.detail['sid']} heard Twilio's error message"
        if fact.kind == "warning" and fact.detail["code"] != QUEUE_FULL:
            yield f"Twilio warned of {fact.detail['code']}: {fact.detail['message']}"


def rung_without_crm(seen: Seen) -> Iterator[str]:
    """No phone rings before the CRM was asked about that very reservation; for one reservation one leg rings."""
    rung: dict[str, str] = {}
    for fact in seen.trace:
        leg = seen.legs.get(fact.detail.get("sid", "")) if fact.kind == "dialed" else None
        if leg is None:
            continue
        if seen.attempts.get(leg.reservation_sid, fact.at + 1) > fact.at:
            yield f"{leg.phone} was rung for {leg.reservation_sid} without the CRM"
        if leg.reservation_sid in rung:
            yield f"{leg.reservation_sid} rang twice"
        rung[leg.reservation_sid] = leg.sid


def answered_badly(seen: Seen) -> Iterator[str]:
    for webhook in seen.sent:
        if webhook.seconds > webhook.deadline:
            yield f"{webhook.door} took {webhook.seconds:.1f} s of {webhook.deadline:.0f}"
        if webhook.status not in ("200", "204"):
            yield f"{webhook.door} was answered {webhook.status}"


def recorded_wrongly(seen: Seen) -> Iterator[str]:
    """Each reservation has a closed link that says how it ended; the index of open links is empty."""
    links = {row["item"]: row for row in seen.rows}
    for sid, fact in _last(seen, "reservation", "sid").items():
        link, status = links.get(sid), fact.detail["status"]
        if status not in ENDINGS:
            yield f"the reservation {sid} is {status}"
        elif link is None:
            yield f"{sid} has no link"
        elif link["state"] != "closed" or link.get("outcome") != status:
            yield f"{sid} ended {status}, and its link says {link['state']} {link.get('outcome', '')}"
    for row in seen.rows:
        if "open" in row:
            yield f"{row['item']} is in the open index"


def left_over(seen: Seen) -> Iterator[str]:
    """Every worker is free again, every leg has ended, no message is dead."""
    ended = _last(seen, "ended", "sid")
    dialed = [fact.detail["sid"] for fact in seen.trace if fact.kind == "dialed"]
    yield from (f"the leg {sid} is still there" for sid in dialed if sid not in ended)
    yield from (f"{name} is {state}" for name, state in seen.at_work.items() if state != "Available")
    if seen.dead_letters:
        yield f"{seen.dead_letters} messages are dead"


def _last(seen: Seen, kind: str, by: str) -> dict[str, TraceEvent]:
    return {fact.detail[by]: fact for fact in seen.trace if fact.kind == kind}


def _status(tasks: Mapping[str, TraceEvent], caller: str) -> str:
    return tasks[caller].detail["status"] if caller in tasks else "unknown"


def _text(heard: Mapping[str, TraceEvent], caller: str) -> str:
    return heard[caller].detail["text"] if caller in heard else ""

"""The promises, each held against what really happened (docs/reliability.md).

A check looks at the truth of a world that is over and yields the violations that it finds. Where a promise has a
condition, the faults that were told excuse: only those about the very call, and only of the kinds that it names.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from chalicelib.config import callcenter
from emulator.voice.interpreter import STOCK_ERROR
from tests.simulation.call_centre import AWAY, CALLCENTER, SALES, SUPPORT, URGENT
from tests.simulation.truth import FOREVER, Called, Conversation, Leg, Reserved, Truth

AWS = ("dynamodb", "sqs", "lambda_dies", "timeout", "cold_start", "connection_failed", "no_connection")
LOST = ("webhook_never", "webhook_late", *AWS)
TWILIO = ("rest_", "twilio_down")

SENTENCE = 8.0  # the longest that is said to a worker alone: the CRM's line, then a goodbye
WEBHOOK = 15.0
SOON, LATER = 5.0, 30.0
SILENCE, LONG_SILENCE = 30.0, 60.0
LONGEST_CALL = 600.0
# Twilio's complaints about what it was answered (contract 1.4, 7.6).
INVALID = frozenset({"11200", "12100", "12200", "12300", "14201", "14202", "14203", "14206", "14220", "14221", "14222"})

_RULES = callcenter.parse(CALLCENTER)
QUEUES = {SUPPORT: _RULES.queues["Support"], SALES: _RULES.queues["Sales"], URGENT: _RULES.queues["Urgent"]}


@dataclass(frozen=True)
class Violation:
    invariant: int
    call_sid: str
    text: str


Found = Iterator[Violation]


def check(truth: Truth) -> list[Violation]:
    """Every violation in this world."""
    return [violation for promise in PROMISES for violation in promise(truth)]


# 1. Nobody is joined to two, nobody to nobody


def joined_to_one(truth: Truth) -> Found:
    for call in truth.calls.values():
        for second in _overlapping(call.conversations):
            yield Violation(1, second.caller_sid, "the caller is joined to two workers at a time")
    by_worker: dict[str, list[Conversation]] = {}
    for leg in truth.legs.values():
        for talk in leg.conversations:
            by_worker.setdefault(truth.reservations[talk.reservation_sid].worker_sid, []).append(talk)
    for talks in by_worker.values():
        for second in _overlapping(talks):
            yield Violation(1, second.caller_sid, "the worker is joined to two callers at a time")


def _overlapping(talks: Iterable[Conversation]) -> Iterator[Conversation]:
    for first, second in pairwise(sorted(talks, key=lambda talk: talk.start)):
        if second.start < first.end:
            yield second


def not_to_nobody(truth: Truth) -> Found:
    for leg in truth.legs.values():
        if leg.answered == FOREVER:
            continue
        alone_until = leg.conversations[0].start if leg.conversations else leg.ended
        late = bool(truth.struck((leg.reservation_sid, leg.sid)))
        if alone_until - leg.answered > SENTENCE + (WEBHOOK if late else 0):
            yield Violation(1, leg.call_sid, f"worker leg {leg.sid} is joined to nobody for too long")
        if leg.conversations and leg.ended - leg.conversations[-1].end > SENTENCE:
            yield Violation(1, leg.call_sid, f"worker leg {leg.sid} goes on when the conversation is over")


# 2. No phone rings for a reservation that is over


def one_phone_for_one_reservation(truth: Truth) -> Found:
    """No blind second dial.

    An assignment that was answered with a dequeue while AWS was down, and could not be recorded, may come again.
    """
    first: dict[str, Leg] = {}
    for leg in truth.legs.values():
        before = first.setdefault(leg.reservation_sid, leg)
        if before is not leg and not (before.own != leg.own and _was_diverted(truth, leg.reservation_sid)):
            yield Violation(2, leg.call_sid, f"{leg.reservation_sid} was dialled twice")


def no_late_ringing(truth: Truth) -> Found:
    for leg in truth.legs.values():
        reservation = truth.reservations[leg.reservation_sid]
        about = (leg.sid, leg.reservation_sid, leg.call_sid)
        bound = LATER if truth.struck(about) else SOON
        rings_until = min(leg.answered, leg.ended)
        if leg.ringing < FOREVER and rings_until > reservation.ended_in_vain + bound:
            yield Violation(2, leg.call_sid, f"{leg.sid} rings {bound:.0f} s after {leg.reservation_sid} ended")


def no_late_dial(truth: Truth) -> Found:
    """A phone that is rung has its time to ring before the reservation ends."""
    for leg in truth.legs.values():
        ring_timeout = QUEUES[truth.calls[leg.call_sid].caller.line].ring_timeout
        ends = truth.reservations[leg.reservation_sid].statuses[0][0] + _RULES.reservation_timeout
        if leg.own and leg.asked > ends - ring_timeout:
            yield Violation(2, leg.call_sid, f"{leg.sid} was dialled too late to ring")


# 3. CRM first


def crm_first(truth: Truth) -> Found:
    yes: dict[str, float] = {}
    for heard in truth.world.desk.log:
        if heard.yes:
            yes.setdefault(heard.key, heard.at)
    for leg in truth.legs.values():
        if leg.own and yes.get(leg.reservation_sid, FOREVER) > leg.dialed:
            yield Violation(3, leg.call_sid, f"{leg.sid} rings without the CRM's yes to {leg.reservation_sid}")
        rules = QUEUES[truth.calls[leg.call_sid].caller.line]
        if not leg.own and rules.mode == "crm-first":
            outage = truth.struck((leg.reservation_sid,), ("dynamodb", "sqs"))
            if not outage or rules.on_outage != "direct":
                yield Violation(3, leg.call_sid, f"{leg.sid} was dequeued without the CRM")


def _was_diverted(truth: Truth, reservation_sid: str) -> bool:
    """Answered with a dequeue, as callcenter.toml says for an outage of AWS."""
    placed = any(leg.reservation_sid == reservation_sid and not leg.own for leg in truth.legs.values())
    return placed and bool(truth.struck((reservation_sid,), ("dynamodb", "sqs")))


def crm_no_is_a_rejection(truth: Truth) -> Found:
    said: dict[str, list[bool]] = {}
    for heard in truth.world.desk.log:
        said.setdefault(heard.key, []).append(heard.yes)
    for sid, answers in said.items():
        reservation = truth.reservations.get(sid)
        if reservation is None or any(answers) or _was_diverted(truth, sid):
            continue
        fair = ("rejected", "canceled", "rescinded", *(["timeout"] if truth.struck((sid,)) else []))
        if reservation.status not in fair:
            yield Violation(3, reservation.call_sid, f"the CRM said no to {sid}, which ended {reservation.status}")


# 4. No caller is stranded


def nobody_is_stranded(truth: Truth) -> Found:
    if truth.world.unfinished:
        waiting = [sid for sid, call in truth.calls.items() if call.ended == FOREVER]
        yield from (Violation(4, sid, "the call never ends") for sid in waiting)
    for sid, call in truth.calls.items():
        errors = [at for at, text in call.sounds if text == STOCK_ERROR]
        if errors and not _nobody_answered(truth, sid, errors[0]):
            yield Violation(4, sid, "the caller hears Twilio's error message")
        elif not call.hung_up and call.ended < FOREVER and not _said_goodbye(call):
            yield Violation(4, sid, f"the call ends without a goodbye, by {call.ended_by}")
        if sum(1 for history in truth.tasks.values() if history[0][2] == sid) > 1:
            yield Violation(4, sid, "the caller is sent back to the start")
        if call.ended - call.dialed > LONGEST_CALL and call.ended < FOREVER:
            yield Violation(4, sid, "the call goes in a loop")
        yield from _silences(truth, sid, call)


def _said_goodbye(call: Called) -> bool:
    last = call.sounds[-1][1] if call.sounds else ""
    return last == STOCK_ERROR or (call.ended_by == "document" and last.endswith("Goodbye."))


def _nobody_answered(truth: Truth, sid: str, at: float) -> bool:
    """Twilio got no answer at all: not at the door in 15 s, and not at the fallback in another 15."""
    since = at - 2 * WEBHOOK - 1
    return len(truth.struck((sid,), ("no_connection", "connection_failed", "lambda", "timeout", "cold"), since)) > 1


def _silences(truth: Truth, sid: str, call: Called) -> Found:
    if call.answered == FOREVER:
        return
    moments = sorted([call.answered, call.ended, *(at for at, _ in call.sounds)])
    talks = [(talk.start, talk.end) for talk in call.conversations]
    bound = LONG_SILENCE if truth.struck((sid,)) else SILENCE
    for start, end in pairwise(moments):
        if end - start > bound and not any(begin < end and start < stop for begin, stop in talks):
            yield Violation(4, sid, f"the caller hears nothing for {end - start:.0f} s")


# 5. Every task ends, every worker is free again


def every_task_ends(truth: Truth) -> Found:
    for sid, history in truth.tasks.items():
        ended = [status for _, status, _ in history if status in ("completed", "canceled")]
        if len(ended) != 1:
            yield Violation(5, history[0][2], f"task {sid} ends {history[-1][1]}")


def every_worker_is_free(truth: Truth) -> Found:
    for reservation in truth.reservations.values():
        if reservation.status in ("pending", "accepted", "wrapping"):
            yield Violation(5, reservation.call_sid, f"{reservation.sid} is still {reservation.status}")
    for worker in truth.world.town.workers.values():
        if worker.activity.friendly_name == "Wrap up":
            yield Violation(5, _last_call_of(truth, worker.sid), f"{worker.friendly_name} never leaves the wrap-up")


def wrap_up_ends_in_time(truth: Truth) -> Found:
    """Where nothing went wrong with the call, the wrap-up takes what it may, and moments more."""
    for sid, history in truth.activities.items():
        for (since, name), (until, _) in pairwise([*history, (FOREVER, "")]):
            reservation = _served(truth, sid, since)
            if name != "Wrap up" or reservation is None or until == FOREVER:
                continue
            allowed = QUEUES[truth.calls[reservation.call_sid].caller.line].wrap_up.seconds + SOON
            about = (reservation.sid, reservation.call_sid, reservation.task_sid, sid)
            if until - since > allowed and not truth.struck(about):
                yield Violation(5, reservation.call_sid, f"{reservation.worker} wraps up for {until - since:.0f} s")


def _served(truth: Truth, worker_sid: str, at: float) -> Reserved | None:
    """The reservation whose conversation this worker ended just then."""
    for reservation in truth.reservations.values():
        if reservation.worker_sid == worker_sid and (at, "wrapping") in reservation.statuses:
            return reservation
    return None


def _last_call_of(truth: Truth, worker_sid: str) -> str:
    calls = [
        reservation.call_sid for reservation in truth.reservations.values() if reservation.worker_sid == worker_sid
    ]
    return calls[-1] if calls else ""


def who_cannot_take_calls_is_left_out(truth: Truth) -> Found:
    """Busy, no answer, unreachable: the worker goes where callcenter.toml says, and is not offered the call at once."""
    for leg in truth.legs.values():
        reservation = truth.reservations[leg.reservation_sid]
        if not leg.own or leg.status not in ("busy", "no-answer", "failed") or reservation.status != "rejected":
            continue
        about = (leg.sid, reservation.sid)
        activity = truth.activity_at(reservation.worker_sid, reservation.statuses[-1][0])
        if activity not in AWAY and not truth.struck(about):
            yield Violation(5, leg.call_sid, f"{reservation.worker} did not take the call and is {activity}")


# 6. The table tells the truth


def the_table_is_true(truth: Truth) -> Found:
    rows = {row["item"]: row for row in truth.world.rows() if row["item"] != "CALL"}
    for sid, reservation in truth.reservations.items():
        row = rows.pop(sid, None)
        if row is None:
            if not truth.struck((sid, reservation.call_sid), LOST):
                yield Violation(6, reservation.call_sid, f"{sid} has no link")
            continue
        yield from (
            Violation(6, reservation.call_sid, f"link {sid} {wrong}") for wrong in _wrong(truth, reservation, row)
        )
    for sid, row in rows.items():
        yield Violation(6, row["call_sid"], f"link {sid} of a reservation that never was")


def _wrong(truth: Truth, reservation: Reserved, row: dict[str, Any]) -> Iterator[str]:
    if row["state"] != "closed":
        yield f"is still {row['state']}"
        return
    if "open" in row or "check_at" in row:
        yield "is closed, and still in the open index"
    if row.get("outcome") != reservation.status and not _was_forgotten(truth, reservation, row):
        yield f"says {row.get('outcome')}, and the reservation ended {reservation.status}"
    if (
        row["call_sid"] != reservation.call_sid
        or row.get("worker_sid", reservation.worker_sid) != reservation.worker_sid
    ):
        yield "is about another call or worker"
    legs = [leg for leg in truth.legs.values() if leg.reservation_sid == reservation.sid]
    talks = [talk for leg in legs for talk in leg.conversations]
    if (row.get("outcome") == "completed") != bool(talks) or (row.get("bridged_at") and not talks):
        yield f"{'does not know' if talks else 'dreams'} of a conversation"
    yield from _wrong_leg(truth, legs, row)


def _was_forgotten(truth: Truth, reservation: Reserved, row: dict[str, Any]) -> bool:
    """Nobody could tell any more: no event came, and Twilio had deleted the task before a sweep got through."""
    deleted = [at for at, status, _ in truth.tasks[reservation.task_sid] if status == "deleted"]
    in_vain = reservation.ended_in_vain < FOREVER and row.get("outcome") == "canceled"
    return in_vain and bool(deleted) and row["closed_at"] >= deleted[0]


def _wrong_leg(truth: Truth, legs: list[Leg], row: dict[str, Any]) -> Iterator[str]:
    known = row.get("worker_call_sid", "")
    if known and known not in truth.world.twilio.context.calls:
        yield f"has a worker leg {known} that never was"
    talked = [leg.sid for leg in legs if leg.conversations]
    if known and talked and known not in talked:
        yield f"has the worker leg {known}, and {talked[0]} was joined"


def calls_are_true(truth: Truth) -> Found:
    """The caller's own story, where every event of it came."""
    rows = {row["call_sid"]: row for row in truth.world.rows() if row["item"] == "CALL"}
    for history in truth.tasks.values():
        call_sid = history[0][2]
        row = rows.get(call_sid)
        if truth.struck((call_sid,), LOST):
            continue
        if row is None:
            yield Violation(6, call_sid, "the call has no record")
        elif bool(row.get("completed_at")) != any(status == "completed" for _, status, _ in history):
            yield Violation(6, call_sid, "the record and the task disagree on the end")


# 7. The CRM can tell


def crm_hears_of_each(truth: Truth) -> Found:
    about: dict[str, tuple[str, str]] = {}
    for heard in truth.world.desk.log:
        reservation = truth.reservations.get(heard.key)
        if reservation is None or (reservation.call_sid, reservation.worker_sid) != (heard.call_sid, heard.worker_sid):
            yield Violation(7, heard.call_sid, f"the key {heard.key} is not of this call and worker")
        if about.setdefault(heard.key, (heard.call_sid, heard.worker_sid)) != (heard.call_sid, heard.worker_sid):
            yield Violation(7, heard.call_sid, f"the key {heard.key} is of two attempts")
    for leg in truth.legs.values():
        if leg.own and leg.reservation_sid not in about:
            yield Violation(7, leg.call_sid, f"the CRM never heard of {leg.reservation_sid}")


# 8. Twilio gets its answers


def answers_are_good(truth: Truth) -> Found:
    for delivery in truth.world.gateway.deliveries:
        call_sid = next((sid for sid in delivery.about if sid in truth.calls), "")
        if any(trouble.startswith(AWS) for trouble in delivery.troubles):
            continue
        if delivery.seconds > delivery.deadline:
            yield Violation(8, call_sid, f"{delivery.route} answered after {delivery.seconds:.1f} s")
        if not 200 <= delivery.status < 300:
            yield Violation(8, call_sid, f"{delivery.route} answered {delivery.status}")
    for _, code, sid in truth.warnings:
        if code in INVALID and not truth.struck((sid,), AWS):
            yield Violation(8, sid, f"Twilio warns: {code}")


def instructions_are_good(truth: Truth) -> Found:
    """An assignment's answer is nothing, or an instruction that Twilio knows."""
    for delivery in truth.world.gateway.deliveries:
        if delivery.route.endswith("assignment") and delivery.status == 200 and delivery.body:
            instruction = json.loads(delivery.body).get("instruction")
            if instruction not in ("dequeue", "reject"):
                yield Violation(8, delivery.about[-1], f"the assignment was answered {instruction}")


_FAIR_ENDS = ("done", "Died", "EndpointConnectionError", "ReadTimeoutError", "ClientError")  # AWS is not up


def sweeps_do_not_fail(truth: Truth) -> Found:
    for fact in truth.world.trace:
        if fact.kind == "sweep" and not fact.detail["ended"].startswith(_FAIR_ENDS):
            yield Violation(6, "", f"a sweep ended with {fact.detail['ended']}")


PROMISES: tuple[Callable[[Truth], Found], ...] = (
    joined_to_one,
    not_to_nobody,
    one_phone_for_one_reservation,
    no_late_ringing,
    no_late_dial,
    crm_first,
    crm_no_is_a_rejection,
    nobody_is_stranded,
    every_task_ends,
    every_worker_is_free,
    wrap_up_ends_in_time,
    who_cannot_take_calls_is_left_out,
    the_table_is_true,
    calls_are_true,
    sweeps_do_not_fail,
    crm_hears_of_each,
    answers_are_good,
    instructions_are_good,
)

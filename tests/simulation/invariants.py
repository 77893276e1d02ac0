"""The invariants, each checked against what really happened (docs/reliability.md).

A check reads what was observed in a world that is over and yields the violations that it finds. Where an invariant has
a condition, faults excuse: only those about the very call, and only of the kinds that the check names.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from chalicelib.config import callcenter
from chalicelib.config.answering import DETECTION_SECONDS, ModeName
from chalicelib.lifecycle.closing import PAUSE_SECONDS
from chalicelib.lifecycle.unserved import PATIENCE_SECONDS
from chalicelib.links.model import MESSAGE, SHORTEST_MESSAGE_SECONDS
from chalicelib.tell.outbox import AGAIN_AFTER_SECONDS
from chalicelib.twilio import urls
from emulator.clock.scheduler import NOT_IMITATED
from emulator.voice.interpreter import STOCK_ERROR
from emulator.voice.recordings import Recording, mp3
from tests.simulation.call_centre import AWAY, DOERS, SALES, SUPPORT, URGENT, WORKERS, answers_of, rules
from tests.simulation.crm import Said
from tests.simulation.customers import PERSON
from tests.simulation.gateway import NOBODY_WAITS, Delivery
from tests.simulation.observed import FOREVER, Called, Conversation, Leg, Mail, Move, Observed, Reserved

AWS = ("dynamodb", "sqs", "ssm", "lambda_dies", "timeout", "cold_start", "connection_failed", "no_connection")
LAMBDA = {"lambda_dies", "timeout", "cold_start"}
LOST = ("webhook_never", "webhook_late", *AWS)
TWILIO = ("rest_", "twilio_down")

SENTENCE = 8.0  # the longest that is said to a worker alone: the whisper, then a goodbye
WEBHOOK = 15.0
SOON, LATER = 5.0, 30.0
_PEOPLE = ("caller_", "customer_", "worker_", "activity_")
SILENCE, LONG_SILENCE = 30.0, 60.0
LONGEST_CALL = 600.0
AFTERWARDS = 130.0  # a message that comes late, and again
CRM_FAILS = ("crm_slow", "crm_500", "crm_garbage", "crm_drips", "crm_megabytes", "crm_down")
CRM_OUT = 60.0  # a failure, the seconds until the CRM is asked again, and a job that comes again
# Twilio's complaints about what it was answered (contract 1.4, 7.6), and what the emulator would have to imitate.
INVALID = frozenset(
    {NOT_IMITATED, "11200", "12100", "12200", "12300", "14201", "14202", "14203", "14206", "14220", "14221", "14222"}
)

LONGEST_ASK = 16.0  # the whisper, the prompt, a silence
PASSED_SECONDS = 25
TAKES = ("1", "yes please")
ORDERS = "+1212556"  # how the numbers of the customers of orders begin

_RULES = callcenter.parse(rules("voicemail", answers_of(0)))
_RULES_OF_ANSWERS = _RULES.queues["Support"].answering
_QUEUE_OF = {SUPPORT: "Support", SALES: "Sales", URGENT: "Urgent"}
QUEUES = {SUPPORT: _RULES.queues["Support"], SALES: _RULES.queues["Sales"], URGENT: _RULES.queues["Urgent"]}


@dataclass(frozen=True)
class Violation:
    invariant: int
    call_sid: str
    text: str


Found = Iterator[Violation]


def check(observed: Observed) -> list[Violation]:
    """Every violation in this world."""
    return [violation for invariant in INVARIANTS for violation in invariant(observed)]


# 1. Nobody is joined to two, nobody to nobody


def joined_to_one(observed: Observed) -> Found:
    for call in observed.calls.values():
        for second in _overlapping(call.conversations):
            yield Violation(1, second.caller_sid, "the caller is joined to two workers at a time")
    by_worker: dict[str, list[Conversation]] = {}
    for leg in observed.legs.values():
        for talk in leg.conversations:
            by_worker.setdefault(observed.reservations[talk.reservation_sid].worker_sid, []).append(talk)
    for talks in by_worker.values():
        for second in _overlapping(talks):
            yield Violation(1, second.caller_sid, "the worker is joined to two callers at a time")


def mode_of(observed: Observed, leg: Leg) -> ModeName:
    """How the worker of this leg is to answer. TaskRouter, which rings for the urgent line, asks nothing."""
    queue = _QUEUE_OF[observed.calls[leg.call_sid].caller.line]
    if queue == "Urgent":
        return "at-once"
    return observed.world.plan.answers.mode(queue, observed.reservations[leg.reservation_sid].worker)


def _asking(observed: Observed, leg: Leg) -> float:
    """How long the worker of this leg may be asked, a verdict before it and two wrong keys among it."""
    mode = mode_of(observed, leg)
    detection = DETECTION_SECONDS if mode == "detect" else 0
    return detection + (len(leg.asks) * LONGEST_ASK if mode != "at-once" else 0)


def _overlapping(talks: Iterable[Conversation]) -> Iterator[Conversation]:
    for first, second in pairwise(sorted(talks, key=lambda talk: talk.start)):
        if second.start < first.end:
            yield second


def not_to_nobody(observed: Observed) -> Found:
    for leg in observed.legs.values():
        if leg.answered == FOREVER:
            continue
        alone_until = leg.conversations[0].start if leg.conversations else leg.ended
        late = bool(observed.faults_about((leg.reservation_sid, leg.sid)))
        bound = _asking(observed, leg) + SENTENCE
        if alone_until - leg.answered > bound + (WEBHOOK * (1 + len(leg.asks)) if late else 0):
            yield Violation(1, leg.call_sid, f"worker leg {leg.sid} is joined to nobody for too long")
        if leg.conversations and leg.ended - leg.conversations[-1].end > SENTENCE:
            yield Violation(1, leg.call_sid, f"worker leg {leg.sid} goes on when the conversation is over")


# 2. No phone rings for a reservation that is over


def one_phone_for_one_reservation(observed: Observed) -> Found:
    """No blind second dial.

    An assignment that was answered with a dequeue while AWS was down, and could not be recorded, may come again.
    """
    first: dict[str, Leg] = {}
    for leg in observed.legs.values():
        before = first.setdefault(leg.reservation_sid, leg)
        if before is not leg and not (before.own != leg.own and _fell_back_to_direct(observed, leg.reservation_sid)):
            yield Violation(2, leg.call_sid, f"{leg.reservation_sid} was dialled twice")


def no_late_ringing(observed: Observed) -> Found:
    for leg in observed.legs.values():
        reservation = observed.reservations[leg.reservation_sid]
        about = (leg.sid, leg.reservation_sid, leg.call_sid)
        bound = LATER if observed.faults_about(about) else SOON
        rings_until = min(leg.answered, leg.ended)
        if leg.ringing < FOREVER and rings_until > reservation.ended_in_vain + bound:
            yield Violation(2, leg.call_sid, f"{leg.sid} rings {bound:.0f} s after {leg.reservation_sid} ended")


def no_late_dial(observed: Observed) -> Found:
    """A phone that is rung has its time to ring before the reservation ends."""
    for leg in observed.legs.values():
        ring_timeout = QUEUES[observed.calls[leg.call_sid].caller.line].ring_timeout
        ends = observed.reservations[leg.reservation_sid].statuses[0][0] + _RULES.reservation_timeout
        asking = _RULES_OF_ANSWERS.seconds(mode_of(observed, leg))
        if leg.own and leg.asked > ends - ring_timeout - asking:
            yield Violation(2, leg.call_sid, f"{leg.sid} was dialled too late to ring")


# 3. CRM first


def crm_first(observed: Observed) -> Found:
    yes: dict[str, float] = {}
    for answer in observed.world.crm.log:
        if answer.said == "yes":
            yes.setdefault(answer.key, answer.at)
    for leg in observed.legs.values():
        without = leg.own and yes.get(leg.reservation_sid, FOREVER) > leg.dialed
        if without and not _may_ring_without_crm(observed, leg):
            yield Violation(3, leg.call_sid, f"{leg.sid} rings without the CRM's yes to {leg.reservation_sid}")
        rules = QUEUES[observed.calls[leg.call_sid].caller.line]
        if not leg.own and rules.mode == "crm-first":
            outage = observed.faults_about((leg.reservation_sid,), ("dynamodb", "sqs"))
            if not outage or rules.on_outage != "direct":
                yield Violation(3, leg.call_sid, f"{leg.sid} was dequeued without the CRM")


def _may_ring_without_crm(observed: Observed, leg: Leg) -> bool:
    """The caller has no number that the contacts could be asked about; or the queue rings when its CRM is out of order.

    It has been just now: for this call, or unasked for others.

    A no that the CRM said, and that was heard, counts all the same.
    """
    caller = observed.calls[leg.call_sid].caller
    if caller.line == SUPPORT and not caller.number:
        return True  # who withholds the number has no contact to look up
    if caller.line != SALES or observed.world.plan.on_crm_outage != "ring":
        return False
    if observed.faults_about((leg.reservation_sid,), CRM_FAILS):
        return True
    asked = any(answer.key == leg.reservation_sid for answer in observed.world.crm.log)
    since = leg.asked - CRM_OUT
    return not asked and any(fault.kind in CRM_FAILS and since < fault.at <= leg.asked for fault in observed.faults)


def _fell_back_to_direct(observed: Observed, reservation_sid: str) -> bool:
    """Answered with a dequeue, as callcenter.toml says for an outage of AWS."""
    placed = any(leg.reservation_sid == reservation_sid and not leg.own for leg in observed.legs.values())
    return placed and bool(observed.faults_about((reservation_sid,), ("dynamodb", "sqs")))


def crm_no_is_a_rejection(observed: Observed) -> Found:
    """A CRM that fails says neither yes nor no; a no that it failed to bring across is one that nobody heard."""
    for reservation, at in _refused(observed):
        sid, ended = reservation.sid, reservation.statuses[-1][0]
        unheard = bool(observed.faults_about((sid,), CRM_FAILS))
        allowed = SOON + (PAUSE_SECONDS + _RULES.crm.budget_seconds if unheard else 0)
        fair = ("rejected", "canceled", "rescinded", *(["timeout"] if observed.faults_about((sid,)) else []))
        if reservation.status not in fair:
            yield Violation(3, reservation.call_sid, f"the CRM said no to {sid}, which ended {reservation.status}")
        elif ended > at + allowed and not _troubled(observed, sid):
            yield Violation(3, reservation.call_sid, f"{sid} ended only {ended - at:.0f} s after the CRM's no")


def _refused(observed: Observed) -> Iterator[tuple[Reserved, float]]:
    """The reservations to which the CRM said no and nothing else, and when; not one that may ring without its word."""
    said: dict[str, set[Said]] = {}
    last: dict[str, float] = {}
    for answer in observed.world.crm.log:
        said.setdefault(answer.key, set()).add(answer.said)
        last[answer.key] = answer.at
    excused = {leg.reservation_sid for leg in observed.legs.values() if _may_ring_without_crm(observed, leg)}
    for sid, answers in said.items():
        known = sid in observed.reservations and answers == {"no"}
        if known and sid not in excused and not _fell_back_to_direct(observed, sid):
            yield observed.reservations[sid], last[sid]


def _troubled(observed: Observed, reservation_sid: str) -> bool:
    """Whether anything but the CRM and people went wrong about this reservation, its call or its worker."""
    reservation = observed.reservations[reservation_sid]
    about = (reservation_sid, reservation.call_sid, reservation.task_sid, reservation.worker_sid)
    return any(not fault.kind.startswith(("crm_", *_PEOPLE)) for fault in observed.faults_about(about))


# 4. No caller is stranded


def nobody_is_stranded(observed: Observed) -> Found:
    if observed.world.unfinished:
        waiting = [sid for sid, call in observed.calls.items() if call.ended == FOREVER]
        yield from (Violation(4, sid, "the call never ends") for sid in waiting)
    for sid, call in observed.calls.items():
        errors = [at for at, text in call.sounds if text == STOCK_ERROR]
        if errors and not _nobody_answered(observed, sid, errors[0]):
            yield Violation(4, sid, "the caller hears Twilio's error message")
        elif not call.hung_up and call.ended < FOREVER and not _said_goodbye(call):
            yield Violation(4, sid, f"the call ends without a goodbye, by {call.ended_by}")
        if sum(1 for history in observed.tasks.values() if history[0][2] == sid) > 1:
            yield Violation(4, sid, "the caller is sent back to the start")
        if call.ended - call.dialed > LONGEST_CALL and call.ended < FOREVER:
            yield Violation(4, sid, "the call goes in a loop")
        yield from _silences(observed, sid, call)


def _said_goodbye(call: Called) -> bool:
    last = call.sounds[-1][1] if call.sounds else ""
    return last == STOCK_ERROR or (call.ended_by == "document" and last.endswith("Goodbye."))


def _nobody_answered(observed: Observed, sid: str, at: float) -> bool:
    """Twilio got no answer at all: not from the webhook in 15 s, and not from the fallback in another 15."""
    since = at - 2 * WEBHOOK - 1
    kinds = ("no_connection", "connection_failed", "lambda", "timeout", "cold", "ssm")
    return len(observed.faults_about((sid,), kinds, since)) > 1


def _silences(observed: Observed, sid: str, call: Called) -> Found:
    if call.answered == FOREVER:
        return
    moments = sorted([call.answered, call.ended, *(at for at, _ in call.sounds)])
    talks = [(talk.start, talk.end) for talk in call.conversations]
    bound = LONG_SILENCE if observed.faults_about((sid,)) else SILENCE
    for start, end in pairwise(moments):
        if end - start > bound and not any(begin < end and start < stop for begin, stop in talks):
            yield Violation(4, sid, f"the caller hears nothing for {end - start:.0f} s")


def every_wait_ends(observed: Observed) -> Found:
    """Whoever waits is in a document that lets them out, whatever became of their task."""
    for sid, call in observed.calls.items():
        joined = call.conversations[0].start if call.conversations else FOREVER
        waited = min(call.left_queue, joined, call.ended) - call.enqueued
        _, line = _RULES.line_of(call.caller.line)
        bound = line.longest_wait + (2 * LONG_SILENCE if observed.faults_about((sid,)) else SILENCE)
        if call.enqueued < FOREVER and waited > bound:
            yield Violation(4, sid, f"the caller waits for {waited:.0f} s, {line.longest_wait} s at most")


# 5. Every task ends, every worker is free again


def every_task_ends(observed: Observed) -> Found:
    for sid, history in observed.tasks.items():
        ended = [status for _, status, _ in history if status in ("completed", "canceled")]
        if len(ended) != 1:
            yield Violation(5, history[0][2], f"task {sid} ends {history[-1][1]}")


def every_worker_is_free(observed: Observed) -> Found:
    for reservation in observed.reservations.values():
        if reservation.status in ("pending", "accepted", "wrapping"):
            yield Violation(5, reservation.call_sid, f"{reservation.sid} is still {reservation.status}")
    for worker in observed.world.call_centre.workers.values():
        if worker.activity.friendly_name in ("Wrap up", "Passed"):
            left = f"{worker.friendly_name} is {worker.activity.friendly_name} for ever"
            yield Violation(5, _last_call_of(observed, worker.sid), left)


def wrap_up_ends_in_time(observed: Observed) -> Found:
    """Where nothing went wrong with the call, the wrap-up takes what it may, and moments more."""
    for sid, history in observed.activities.items():
        for (since, name), (until, _) in pairwise([*history, (FOREVER, "")]):
            reservation = _served(observed, sid, since)
            if name != "Wrap up" or reservation is None or until == FOREVER:
                continue
            allowed = QUEUES[observed.calls[reservation.call_sid].caller.line].wrap_up.seconds + SOON
            about = (reservation.sid, reservation.call_sid, reservation.task_sid, sid)
            if until - since > allowed and not observed.faults_about(about):
                yield Violation(5, reservation.call_sid, f"{reservation.worker} wraps up for {until - since:.0f} s")


def _served(observed: Observed, worker_sid: str, at: float) -> Reserved | None:
    """The reservation that this worker began to wrap up just before."""
    began = {
        since: reservation
        for reservation in observed.reservations.values()
        for since, status in reservation.statuses
        if status == "wrapping" and reservation.worker_sid == worker_sid and since <= at < since + WEBHOOK
    }
    return began[max(began)] if began else None


def _last_call_of(observed: Observed, worker_sid: str) -> str:
    calls = [
        reservation.call_sid for reservation in observed.reservations.values() if reservation.worker_sid == worker_sid
    ]
    return calls[-1] if calls else ""


def who_cannot_take_calls_is_left_out(observed: Observed) -> Found:
    """Busy, no answer, unreachable: the worker goes where callcenter.toml says, and is not offered the call at once."""
    for leg in observed.legs.values():
        reservation = observed.reservations[leg.reservation_sid]
        if not leg.own or leg.status not in ("busy", "no-answer", "failed") or reservation.status != "rejected":
            continue
        about = (leg.sid, reservation.sid)
        activity = observed.activity_at(reservation.worker_sid, reservation.statuses[-1][0])
        if activity not in AWAY and not observed.faults_about(about):
            yield Violation(5, leg.call_sid, f"{reservation.worker} did not take the call and is {activity}")


# 6. The table is true


def the_table_is_true(observed: Observed) -> Found:
    rows = {row["item"]: row for row in observed.world.rows() if row["item"].startswith("WR")}
    for sid, reservation in observed.reservations.items():
        row = rows.pop(sid, None)
        if row is None:
            if not observed.faults_about((sid, reservation.call_sid), LOST):
                yield Violation(6, reservation.call_sid, f"{sid} has no link")
            continue
        yield from (
            Violation(6, reservation.call_sid, f"link {sid} {wrong}") for wrong in _wrong(observed, reservation, row)
        )
    for sid, row in rows.items():
        yield Violation(6, row["call_sid"], f"link {sid} of a reservation that never was")


def _wrong(observed: Observed, reservation: Reserved, row: dict[str, Any]) -> Iterator[str]:
    if row["state"] != "closed":
        yield f"is still {row['state']}"
        return
    if "open" in row or "check_at" in row:
        yield "is closed, and still in the open index"
    if row.get("outcome") != reservation.status:
        yield f"says {row.get('outcome')}, and the reservation ended {reservation.status}"
    if (
        row["call_sid"] != reservation.call_sid
        or row.get("worker_sid", reservation.worker_sid) != reservation.worker_sid
    ):
        yield "is about another call or worker"
    legs = [leg for leg in observed.legs.values() if leg.reservation_sid == reservation.sid]
    talks = [talk for leg in legs for talk in leg.conversations]
    if (row.get("outcome") == "completed") != bool(talks) or (row.get("bridged_at") and not talks):
        yield f"{'does not know' if talks else 'invents'} a conversation"
    yield from _wrong_leg(observed, legs, row)


def _wrong_leg(observed: Observed, legs: list[Leg], row: dict[str, Any]) -> Iterator[str]:
    known = row.get("worker_call_sid", "")
    if known and known not in observed.world.twilio.context.calls:
        yield f"has a worker leg {known} that never was"
    talked = [leg.sid for leg in legs if leg.conversations]
    if known and talked and known not in talked:
        yield f"has the worker leg {known}, and {talked[0]} was joined"


def calls_are_true(observed: Observed) -> Found:
    """The call's own record, where every event of it came."""
    rows = {row["call_sid"]: row for row in observed.world.rows() if row["item"] == "CALL"}
    for history in observed.tasks.values():
        call_sid = history[0][2]
        row = rows.get(call_sid)
        if observed.faults_about((call_sid,), LOST):
            continue
        if row is None:
            yield Violation(6, call_sid, "the call has no record")
        elif bool(row.get("completed_at")) != any(status == "completed" for _, status, _ in history):
            yield Violation(6, call_sid, "the record and the task disagree on the end")


# 7. The CRM hears of every attempt and can tell repeats apart


def crm_hears_of_each(observed: Observed) -> Found:
    about: dict[str, tuple[str, str]] = {}
    for answer in observed.world.crm.log:
        reservation = observed.reservations.get(answer.key)
        if reservation is None or (reservation.call_sid, reservation.worker_sid) != (
            answer.call_sid,
            answer.worker_sid,
        ):
            yield Violation(7, answer.call_sid, f"the key {answer.key} is not of this call and worker")
        if about.setdefault(answer.key, (answer.call_sid, answer.worker_sid)) != (answer.call_sid, answer.worker_sid):
            yield Violation(7, answer.call_sid, f"the key {answer.key} is of two attempts")
    for leg in observed.legs.values():
        if leg.own and leg.reservation_sid not in about and not _may_ring_without_crm(observed, leg):
            yield Violation(7, leg.call_sid, f"the CRM was never asked about {leg.reservation_sid}")


# 8. Twilio gets its answers


def answers_are_good(observed: Observed) -> Found:
    for delivery in observed.world.gateway.deliveries:
        call_sid = next((sid for sid in delivery.about if sid in observed.calls), "")
        if delivery.seconds > urls.seconds_of(delivery.route) and not set(delivery.troubles) & LAMBDA:
            yield Violation(8, call_sid, f"{delivery.route} answered after {delivery.seconds:.1f} s")
        if any(trouble.startswith(AWS) for trouble in delivery.troubles):
            continue
        waits = delivery.route not in NOBODY_WAITS
        if waits and delivery.seconds > delivery.deadline:  # what Twilio's earlier tries have left of it
            yield Violation(8, call_sid, f"{delivery.route} answered after {delivery.seconds:.1f} s")
        if not 200 <= delivery.status < 300:
            yield Violation(8, call_sid, f"{delivery.route} answered {delivery.status}")
    for _, code, sid in observed.warnings:
        if code in INVALID and not observed.faults_about((sid,), AWS):
            yield Violation(8, sid, f"Twilio warns: {code}")


def instructions_are_good(observed: Observed) -> Found:
    """An assignment's answer is nothing, or an instruction that Twilio knows."""
    for delivery in observed.world.gateway.deliveries:
        if delivery.route.endswith("assignment") and delivery.status == 200 and delivery.body:
            instruction = json.loads(delivery.body).get("instruction")
            if instruction not in ("dequeue", "reject"):
                yield Violation(8, delivery.about[-1], f"the assignment was answered {instruction}")


_FAIR_ENDS = (
    "done",
    "TwilioDenied('no credentials",
    "Died",
    "EndpointConnectionError",
    "ConnectTimeoutError",
    "ConnectionClosedError",
    "ReadTimeoutError",
    "ClientError",
)  # AWS is not up


def _secret_is_old(observed: Observed, at: float) -> bool:
    """Whether the key was revoked, and SSM did not give the new one just now."""
    kinds = [fault.kind for fault in observed.faults if fault.at > at - LATER or fault.kind == "rotation"]
    return "rotation" in kinds and any(kind.startswith("ssm") for kind in kinds)


def sweeps_do_not_fail(observed: Observed) -> Found:
    for event in observed.world.trace:
        fair = (*_FAIR_ENDS, "TwilioDenied") if _secret_is_old(observed, event.at) else _FAIR_ENDS
        if event.kind == "sweep" and not event.detail["ended"].startswith(fair):
            yield Violation(6, "", f"a sweep ended with {event.detail['ended']}")


# 9. A CRM that fails costs its budget, and no worker


def nobody_loops_for_the_crm(observed: Observed) -> Found:
    """Where nothing else goes wrong with a call, its caller is offered so often in vain, and then led out."""
    failed = Counter(row["call_sid"] for row in observed.world.rows() if row.get("reason", "").startswith("CRM failed"))
    for call_sid, times in failed.items():
        other = [fault for fault in observed.faults_about((call_sid,)) if not fault.kind.startswith(("crm_", *_PEOPLE))]
        if times > _RULES.crm.breaker_failures and not other:
            yield Violation(9, call_sid, f"the CRM fails {times} times for one caller")


def the_crm_keeps_to_its_budget(observed: Observed) -> Found:
    for call_sid, seconds in observed.crm_seconds:
        if seconds > _RULES.crm.budget_seconds + 0.01:
            yield Violation(9, call_sid, f"the CRM holds a job for {seconds:.1f} s")
    if observed.crm_overreads:
        yield Violation(9, "", "megabytes of the CRM's answer are read")


# 10. Nobody pays for another's fault, and what a person set by hand stays


def nobody_is_moved_without_a_reason(observed: Observed) -> Found:
    """Who is taken off the phones, and not by hand, has not taken a call, has no phone, or the CRM said no to them."""
    for worker_sid, moves in _of_callers(observed).items():
        for move in moves:
            if move.activity in AWAY and not move.by_hand and not _has_a_reason(observed, worker_sid, move.at):
                call_sid = _last_call_of(observed, worker_sid)
                yield Violation(10, call_sid, f"worker {worker_sid} is {move.activity} at {move.at:.2f} for no reason")


def _of_callers(observed: Observed) -> dict[str, list[Move]]:
    """The moves of the workers who take calls."""
    doers = {observed.world.call_centre.workers[name].sid for name in DOERS}
    return {sid: moves for sid, moves in observed.moves.items() if sid not in doers}


def _has_a_reason(observed: Observed, worker_sid: str, at: float) -> bool:
    noes = {answer.key for answer in observed.world.crm.log if answer.said == "no"}
    for reservation in observed.reservations.values():
        began, ended = reservation.statuses[0][0], reservation.statuses[-1][0]
        if reservation.worker_sid != worker_sid or not began <= at <= ended + AFTERWARDS:
            continue
        legs = [leg for leg in observed.legs.values() if leg.reservation_sid == reservation.sid]
        not_taken = any(not leg.conversations and _is_theirs(observed, leg, at) for leg in legs)
        own = not WORKERS[reservation.worker][0] or reservation.sid in noes or reservation.status == "timeout"
        if not_taken or own:
            return True
    return False


def _is_theirs(observed: Observed, leg: Leg, at: float) -> bool:
    """The phone was busy, out of reach, not answered, asked in vain; or hung up while the caller was there."""
    if leg.answered < at and _asked_in_vain(leg, at):
        return True
    there_until = observed.calls[leg.call_sid].ended
    return leg.ended <= at and (leg.status in ("busy", "no-answer", "failed") or there_until > leg.ended)


def _asked_in_vain(leg: Leg, at: float) -> bool:
    replies = [what for since, what in leg.replies if since <= at]
    if leg.sounds_like_machine or not replies:
        return leg.sounds_like_machine or len(leg.asks) > 1
    return replies[-1] not in TAKES


def by_hand_stays(observed: Observed) -> Found:
    """Who has left by hand is moved by hand alone; TaskRouter's own time-out is not ours."""
    for worker_sid, moves in observed.moves.items():
        timeouts = [
            at
            for one in (*observed.reservations.values(), *observed.work.reservations.values())
            for at, status in one.statuses
            if one.worker_sid == worker_sid and status == "timeout"
        ]
        for before, after in pairwise(moves):
            if before.by_hand and before.activity in AWAY and not after.by_hand and after.at not in timeouts:
                call_sid = _last_call_of(observed, worker_sid)
                text = f"{worker_sid} was {before.activity} by hand and is {after.activity} at {after.at:.2f}"
                yield Violation(10, call_sid, text)


def only_who_passed_is_put_aside_for_a_while(observed: Observed) -> Found:
    """And only for a while, where nothing goes wrong with the call."""
    for worker_sid, moves in _of_callers(observed).items():
        for move, after in pairwise([*moves, Move(FOREVER, "", by_hand=False)]):
            if move.activity != "Passed":
                continue
            passed = _passed(observed, worker_sid, move.at)
            if passed is None:
                yield Violation(10, _last_call_of(observed, worker_sid), f"{worker_sid} did not pass at {move.at:.2f}")
            elif after.at - move.at > PASSED_SECONDS + SOON and after.at < FOREVER:
                reservation = observed.reservations[passed.reservation_sid]
                about = (reservation.sid, reservation.call_sid, reservation.task_sid, worker_sid)
                if not observed.faults_about(about):
                    yield Violation(5, passed.call_sid, f"{worker_sid} is Passed for {after.at - move.at:.0f} s")


def _passed(observed: Observed, worker_sid: str, at: float) -> Leg | None:
    """The leg on which this worker passed, or said no, before."""
    for leg in observed.legs.values():
        if observed.reservations[leg.reservation_sid].worker_sid != worker_sid:
            continue
        if any(since <= at < since + AFTERWARDS and what in ("2", "no way") for since, what in leg.replies):
            return leg
    return None


# 11. People are told


def every_voicemail_is_told(observed: Observed) -> Found:
    """Once, and again only where SNS, the table or the sweep failed at the first time."""
    for delivery in _answered(observed, urls.VOICEMAIL):
        sid = delivery.form["CallSid"]
        neither = observed.faults_about((sid,), ("dynamodb",)) and observed.faults_about((sid,), ("sqs",))
        if int(delivery.form["RecordingDuration"]) < SHORTEST_MESSAGE_SECONDS:
            continue
        told = [mail for mail in observed.mails if mail.subject.startswith("Voicemail") and sid in mail.text]
        if not told and not neither:
            yield Violation(11, sid, "nobody was told of the voicemail")
        if len(told) > 1 and not _may_tell_again(observed, told[0].at, told[-1].at):
            yield Violation(11, sid, f"the voicemail was told {len(told)} times")


def who_was_led_out_is_told(observed: Observed) -> Found:
    """By a mail about the line, which has another one at most every ten minutes; not who chose to leave by a key."""
    chose = {one.form["CallSid"] for one in [*_keys(observed), *_confirmed(observed)] if "<Leave" in one.body}
    led_out = [one for one in _answered(observed, urls.AFTER) if one.form.get("QueueResult") == "leave"]
    for delivery in [*led_out, *_answered(observed, urls.MOVED)]:
        sid = delivery.form["CallSid"]
        neither = observed.faults_about((sid,), ("dynamodb",)) and observed.faults_about((sid,), ("sqs",))
        since = delivery.at - AGAIN_AFTER_SECONDS
        if sid not in chose and not neither and not _about(observed, _line_of(observed, sid), since):
            yield Violation(11, sid, "nobody was told that the caller was led out")


def _keys(observed: Observed) -> list[Delivery]:
    """The answers to a key of who waits, also where the fallback gave it."""
    instead = [one for one in _answered(observed, urls.FALLBACK) if urls.WAIT_KEY.path in one.form["ErrorUrl"]]
    return [*_answered(observed, urls.WAIT_KEY), *instead]


def _confirmed(observed: Observed) -> list[Delivery]:
    """The answers to who confirms a callback, also where the fallback gave it."""
    path = urls.CALLBACK_CONFIRM.path.partition("{")[0]
    instead = [one for one in _answered(observed, urls.FALLBACK) if path in one.form["ErrorUrl"]]
    return [*_answered(observed, urls.CALLBACK_CONFIRM), *instead]


def nobody_there_is_told(observed: Observed) -> Found:
    """A sweep that meets no fault finds who has waited long, while no worker of the queue takes calls."""
    for begin, end in observed.sweeps:
        if any(begin <= fault.at <= end and not fault.kind.startswith(_PEOPLE) for fault in observed.faults):
            continue
        for history in observed.tasks.values():
            sid = history[0][2]
            waits = _status_at(history, begin) == _status_at(history, end) == "pending"
            unchanged = not any(begin <= at <= end for at, _, _ in history)
            if not (waits and unchanged and begin > history[0][0] + PATIENCE_SECONDS + 1):
                continue
            line = _line_of(observed, sid)
            told = [mail for mail in _about(observed, line, begin - AGAIN_AFTER_SECONDS) if mail.at < end + SOON]
            failed = _may_tell_again(observed, begin - AGAIN_AFTER_SECONDS, end)
            if not told and not failed and _is_unserved(observed, line, begin, end):
                yield Violation(11, sid, f"nobody was told at {begin:.0f} that no worker is there")


def mails_are_few_and_private(observed: Observed) -> Found:
    for line in _RULES.lines:
        for first, second in pairwise(_about(observed, line, 0)):
            early = second.at - first.at < AGAIN_AFTER_SECONDS - LONG_SILENCE
            if early and not _may_tell_again(observed, first.at - AGAIN_AFTER_SECONDS, second.at):
                yield Violation(11, "", f"two mails about {line} in {second.at - first.at:.0f} s")
    for mail in observed.mails:
        shown = [sid for sid, call in observed.calls.items() if call.caller.number and call.caller.number in mail.text]
        yield from (Violation(11, sid, "a mail shows the caller's number") for sid in shown)


# 14. No message is lost, and none is left at Twilio after a day


def no_message_is_lost(observed: Observed) -> Found:
    """It is in the bucket, whole, or still at Twilio, whatever was told of it."""
    for sid, recording_sid in _left(observed):
        if not _is_in_bucket(observed, recording_sid) and _at_twilio(observed, recording_sid) is None:
            yield Violation(14, sid, f"the message {recording_sid} is lost")


def no_message_stays_at_twilio(observed: Observed) -> Found:
    """Where we were told of it: by the callback, or by the action while the table could be written."""
    for sid, recording_sid in _left(observed):
        called_back = [
            one
            for one in _answered_well(observed, urls.RECORDING)
            if one.form.get("RecordingSid") == recording_sid and one.form.get("RecordingStatus") == "completed"
        ]
        acted = [one for one in _answered(observed, urls.VOICEMAIL) if one.form["RecordingSid"] == recording_sid]
        told = called_back or [one for one in acted if not any(fault.startswith(AWS) for fault in one.troubles)]
        if told and _at_twilio(observed, recording_sid) is not None:
            yield Violation(14, sid, f"the message {recording_sid} is still at Twilio")


def the_table_knows_each_message(observed: Observed) -> Found:
    rows = {row["item"]: row for row in observed.world.rows() if row["item"].startswith(MESSAGE)}
    for sid, recording_sid in _left(observed):
        row = rows.get(f"{MESSAGE}{recording_sid}", {})
        if _at_twilio(observed, recording_sid) is None and row.get("stored_as") not in observed.world.objects:
            yield Violation(14, sid, f"the table does not know where the message {recording_sid} is")
    for item, row in rows.items():
        if (row.get("deleted_at") or row.get("dropped_at")) and ("open" in row or "check_at" in row):
            yield Violation(14, row["call_sid"], f"{item} is over, and still in the open index")


def _left(observed: Observed) -> Iterator[tuple[str, str]]:
    """The caller and the recording of each message that is one."""
    for event in observed.world.trace:
        if event.kind == "recording" and event.detail["sid"] in observed.calls:
            recording_sid = event.detail["url"].rpartition("/")[2]
            if observed.world.seconds_of[recording_sid] >= SHORTEST_MESSAGE_SECONDS:
                yield event.detail["sid"], recording_sid


def _is_in_bucket(observed: Observed, recording_sid: str) -> bool:
    whole = mp3(observed.world.seconds_of[recording_sid])
    return any(name.endswith(f"/{recording_sid}.mp3") and it == whole for name, it in observed.world.objects.items())


def _at_twilio(observed: Observed, recording_sid: str) -> Recording | None:
    return observed.world.twilio.context.recordings.all.get(recording_sid)


def _answered_well(observed: Observed, route: urls.Route) -> list[Delivery]:
    return [one for one in observed.world.gateway.deliveries if one.route == route.path and 200 <= one.status < 300]


def _answered(observed: Observed, route: urls.Route) -> list[Delivery]:
    return [one for one in observed.world.gateway.deliveries if one.route == route.path and one.status == 200]


def _line_of(observed: Observed, call_sid: str) -> str:
    return _RULES.line_of(observed.calls[call_sid].caller.line)[0]


def _about(observed: Observed, line: str, since: float) -> list[Mail]:
    """The mails that nobody takes the calls of this line."""
    return [
        one
        for one in observed.mails
        if one.at > since and one.subject.startswith("Nobody") and f" {line}" in one.subject
    ]


def _may_tell_again(observed: Observed, since: float, until: float) -> bool:
    kinds = ("sns", "dynamodb", "lambda_dies", "timeout")
    return any(fault.kind.startswith(kinds) and since - SOON < fault.at < until for fault in observed.faults)


def _status_at(history: list[tuple[float, str, str]], at: float) -> str:
    return next((status for since, status, _ in reversed(history) if since <= at), "")


def _is_unserved(observed: Observed, line: str, begin: float, end: float) -> bool:
    """Whether no worker of the line's queue is in an activity that takes calls, all the time."""
    for name, (_, queues) in WORKERS.items():
        worker = observed.world.call_centre.workers[name].sid
        moves = [activity for at, activity in observed.activities.get(worker, []) if begin - 1 <= at <= end]
        if line in map(str.lower, queues) and "Available" in (*moves, observed.activity_at(worker, begin)):
            return False
    return True


# 12. No caller is joined to a machine


def nobody_is_joined_to_a_machine(observed: Observed) -> Found:
    """Where the worker is asked, or Twilio; and where a key decides, nobody who did not press 1 or say yes."""
    for leg in observed.legs.values():
        mode = mode_of(observed, leg)
        if mode == "at-once":
            continue
        if not leg.own:
            yield Violation(12, leg.call_sid, f"{leg.sid} is TaskRouter's own, which asks nothing, in mode {mode}")
        if leg.conversations and leg.is_machine:
            yield Violation(12, leg.call_sid, f"the caller is joined to a machine in mode {mode}")
        elif leg.conversations and mode != "detect" and not _took(leg):
            yield Violation(12, leg.call_sid, f"the caller is joined to a worker who did not take them in mode {mode}")


def _took(leg: Leg) -> bool:
    """Whether the last that this worker pressed or said before they were joined takes the caller."""
    before = [what for at, what in leg.replies if at <= leg.conversations[0].start]
    return bool(before) and before[-1] in TAKES


def who_took_the_call_gets_it(observed: Observed) -> Found:
    """A wrong key drops nobody, and nobody is hung up on who pressed 1: where nothing goes wrong they are joined."""
    for leg in observed.legs.values():
        took = [at for at, what in leg.replies if what == "1"]
        reservation = observed.reservations[leg.reservation_sid]
        about = (leg.sid, leg.reservation_sid, leg.call_sid, reservation.task_sid)
        if not took or leg.conversations or not leg.asks or observed.faults_about(about):
            continue
        if (
            leg.asks[0] <= took[0]
            and min(observed.calls[leg.call_sid].ended, reservation.ended_in_vain) > took[0] + SOON
        ):
            yield Violation(12, leg.call_sid, f"{leg.sid} pressed 1 and was not joined")


def nobody_who_talks_is_hung_up_on(observed: Observed) -> Found:
    """A verdict that comes after the key changes nothing."""
    for leg in observed.legs.values():
        talks = [talk for talk in leg.conversations if talk.start < leg.ended <= talk.end]
        if leg.own and talks and leg.ended_by == "rest":
            yield Violation(12, leg.call_sid, f"{leg.sid} is hung up on in the middle of the talk")


def nobody_is_asked_about_who_has_left(observed: Observed) -> Found:
    for leg in observed.legs.values():
        over = observed.reservations[leg.reservation_sid].ended_in_vain
        about = (leg.sid, leg.reservation_sid, leg.call_sid)
        bound = LATER if observed.faults_about(about, LOST) else SOON
        if any(at > over + bound for at in leg.asks):
            yield Violation(12, leg.call_sid, f"{leg.sid} is asked when {leg.reservation_sid} is over")


# 13. Work that is no call is done once


def an_order_becomes_one_task(observed: Observed) -> Found:
    """However often it is sent, and whatever is lost on the way."""
    tasks = observed.world.twilio.router.workspace.tasks.values()
    made = Counter(task.attributes.get("work_key") for task in tasks if not task.call_sid)
    for order in observed.world.orders.orders.values():
        if not order.task_sid:
            yield Violation(13, "", f"the order {order.key} was never made")
        if made[f"lead/{order.key}"] > 1:
            yield Violation(13, "", f"the order {order.key} is {made[f'lead/{order.key}']} tasks")


def work_is_done(observed: Observed) -> Found:
    for sid, history in observed.work.tasks.items():
        statuses = [status for _, status in history]
        ends = ("completed", "canceled") if _callback_of(observed, sid) else ("completed",)
        if sum(status in ends for status in statuses) != 1:
            yield Violation(13, "", f"the work {sid} ends {statuses[-1]}")
    rows = observed.world.rows_of_work()
    for sid, reservation in observed.work.reservations.items():
        row = rows.get(sid)
        about = (sid, reservation.task_sid)
        if row is None and not observed.faults_about(about, LOST):
            yield Violation(13, "", f"{sid} of the work {reservation.task_sid} has no link")
        elif row and (row["state"], row.get("outcome")) != ("closed", reservation.status):
            yield Violation(13, "", f"{sid} is {reservation.status}; its link {row['state']} {row.get('outcome')}")


def no_customers_phone_rings_without_a_key(observed: Observed) -> Found:
    """And each customer's of an order at most once."""
    rung = Counter(number for _, _, number in observed.work.customers)
    for at, sid, number in observed.work.customers:
        leg = observed.work.legs.get(sid)
        if leg is None or not any(said <= at and what in ("1", "yes please") for said, what in leg.replies):
            yield Violation(13, "", f"{number} is rung by {sid}, where nobody pressed 1")
        if rung[number] > 1 and number.startswith(ORDERS):
            yield Violation(13, "", f"{number} is rung {rung[number]} times")


# 15. Who asks to be called back is called back


def _callback_of(observed: Observed, task_sid: str) -> str:
    """The call that asked for the callback that this task is; empty for other work."""
    return str(observed.world.work_of.get(task_sid, {}).get("callback_id", ""))


def _asked_for(observed: Observed) -> Iterator[str]:
    """The calls on which a caller heard that they will be called back."""
    yield from dict.fromkeys(
        sid for sid, call in observed.calls.items() if any("You keep your place" in text for _, text in call.sounds)
    )


def one_callback_is_talked_at_most(observed: Observed) -> Found:
    """Of each request, with a person."""
    tasks = [observed.work.legs[leg].call_sid for leg, who in observed.work.talks if who == PERSON]
    for about, times in Counter(filter(None, (_callback_of(observed, task) for task in tasks))).items():
        if times > 1:
            yield Violation(15, about, f"the customer is talked to {times} times for one request")


def no_callback_is_lost(observed: Observed) -> Found:
    """It is talked, given up and told of, or withdrawn as the caller talked to a worker; whatever was lost."""
    rows = observed.world.callbacks()
    calls = {row["call_sid"]: row for row in observed.world.rows() if row["item"] == "CALL"}
    for sid in _asked_for(observed):
        about = calls.get(sid, {}).get("callback", sid)
        row = rows.get(about)
        if row is None:
            yield Violation(15, sid, "the callback is not in the table")
        elif wrong := _wrong_end(observed, row):
            yield Violation(15, about, f"the callback is {row['state']} ({row.get('reason', '')}): {wrong}")


def _wrong_end(observed: Observed, row: dict[str, Any]) -> str:
    about = row["call_sid"]
    talks = [who for leg, who in observed.work.talks if _callback_of(observed, _task_of_leg(observed, leg)) == about]
    match row["state"]:
        case "talked":
            wrong = "" if talks else "nobody talked"
        case "given up":
            told = any(mail.subject.startswith("Callback") and about in mail.text for mail in observed.mails)
            neither = observed.faults_about((about,), ("dynamodb",)) and observed.faults_about((about,), ("sqs",))
            wrong = "the customer was talked to" if PERSON in talks else "" if told or neither else "nobody was told"
        case "withdrawn":
            wrong = "" if _talked_by_themselves(observed, about) else "the caller talked to nobody"
        case _:
            wrong = "it is not over"
    return wrong or ("it is still in the open index" if "open" in row else "")


def _talked_by_themselves(observed: Observed, about: str) -> bool:
    number = observed.calls[about].caller.number
    return any(call.conversations for call in observed.calls.values() if call.caller.number == number)


def _task_of_leg(observed: Observed, leg: str) -> str:
    found = observed.work.legs.get(leg)
    return found.call_sid if found else ""


def who_talked_is_not_called_back(observed: Observed) -> Found:
    """Where nothing goes wrong: a caller who called again, and talked to a worker, has what they wanted."""
    for at, leg, number in observed.work.customers:
        about = _callback_of(observed, _task_of_leg(observed, leg))
        if not about:
            continue
        calls = [sid for sid, call in observed.calls.items() if call.caller.number == number]
        own = [talk.start for sid in calls for talk in observed.calls[sid].conversations]
        asked = observed.calls[about].ended
        if any(asked < talked < at for talked in own) and not observed.faults_about(calls, LOST):
            yield Violation(15, about, f"{number} is called back after a talk")


def attempts_are_limited(observed: Observed) -> Found:
    most = _RULES.lines["support"].callback
    assert most is not None
    rung = Counter(_callback_of(observed, _task_of_leg(observed, leg)) for _, leg, _ in observed.work.customers)
    for about, times in rung.items():
        if about and times > most.attempts:
            yield Violation(15, about, f"the customer is rung {times} times")


def the_place_is_kept(observed: Observed) -> Found:
    """Each task counts as waiting since the caller came; Twilio tells that twice, and both may be lost."""
    for task_sid, place in observed.world.places.items():
        about = _callback_of(observed, task_sid)
        if not about or len(observed.faults_about((about,), LOST)) > 1:
            continue
        if abs(place - observed.calls[about].enqueued) > SOON:
            yield Violation(15, about, f"the place is off by {place - observed.calls[about].enqueued:.0f} s")


def one_at_a_time(observed: Observed) -> Found:
    """A caller has one open callback: their phone is not rung by two workers at a time."""
    spans: dict[str, list[tuple[float, float]]] = {}
    for at, leg, number in observed.work.customers:
        if _callback_of(observed, _task_of_leg(observed, leg)):
            spans.setdefault(number, []).append((at, observed.work.legs[leg].ended))
    for number, found in spans.items():
        for (_, end), (start, _) in pairwise(sorted(found)):
            if start < end:
                yield Violation(15, "", f"{number} is rung by two workers at a time")


INVARIANTS: tuple[Callable[[Observed], Found], ...] = (
    joined_to_one,
    not_to_nobody,
    one_phone_for_one_reservation,
    no_late_ringing,
    no_late_dial,
    crm_first,
    crm_no_is_a_rejection,
    nobody_is_stranded,
    every_wait_ends,
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
    nobody_loops_for_the_crm,
    the_crm_keeps_to_its_budget,
    nobody_is_moved_without_a_reason,
    by_hand_stays,
    every_voicemail_is_told,
    who_was_led_out_is_told,
    nobody_there_is_told,
    mails_are_few_and_private,
    only_who_passed_is_put_aside_for_a_while,
    nobody_is_joined_to_a_machine,
    who_took_the_call_gets_it,
    nobody_who_talks_is_hung_up_on,
    nobody_is_asked_about_who_has_left,
    an_order_becomes_one_task,
    work_is_done,
    no_customers_phone_rings_without_a_key,
    no_message_is_lost,
    no_message_stays_at_twilio,
    the_table_knows_each_message,
    one_callback_is_talked_at_most,
    no_callback_is_lost,
    who_talked_is_not_called_back,
    attempts_are_limited,
    the_place_is_kept,
    one_at_a_time,
)

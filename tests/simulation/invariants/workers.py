"""Invariants 5 and 10: every task ends, every worker is free again, and nobody pays for another's fault."""

from itertools import pairwise

from chalicelib.worker.consumer import LOOK_AGAIN_SECONDS
from tests.simulation.call_centre import AWAY, CHATTERS, DOERS, HEARERS, TEXTERS, WORKERS
from tests.simulation.invariants.terms import SOON, TAKES, WEBHOOK, Found, Violation, rules_of
from tests.simulation.observed import FOREVER, Leg, Move, Observed, Reserved

AFTERWARDS = 130.0  # a message that comes late, and again
PASSED_SECONDS = 25


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
            on_the_phone = _on_the_phone(observed, reservation, since)
            allowed = rules_of(observed, reservation.sid).wrap_up.seconds + SOON + on_the_phone
            about = (reservation.sid, reservation.call_sid, reservation.task_sid, sid)
            if until - since > allowed and not observed.faults_about(about):
                yield Violation(5, reservation.call_sid, f"{reservation.worker} wraps up for {until - since:.0f} s")


def _on_the_phone(observed: Observed, reservation: Reserved, since: float) -> float:
    """How long the worker was on the phone after the talk, as the star key has them choose; 0 without it."""
    legs = [leg for leg in observed.legs.values() if leg.reservation_sid == reservation.sid and leg.stars]
    return max((leg.ended - since + LOOK_AGAIN_SECONDS for leg in legs), default=0.0)


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


def nobody_is_moved_without_a_reason(observed: Observed) -> Found:
    """Who is taken off the phones, and not by hand, has not taken a call, has no phone, or the CRM said no to them."""
    for worker_sid, moves in _of_callers(observed).items():
        for move in moves:
            if move.activity in AWAY and not move.by_hand and not has_a_reason(observed, worker_sid, move.at):
                call_sid = _last_call_of(observed, worker_sid)
                yield Violation(10, call_sid, f"worker {worker_sid} is {move.activity} at {move.at:.2f} for no reason")


def _of_callers(observed: Observed) -> dict[str, list[Move]]:
    """The moves of the workers who take calls; those who text are judged by what they texted."""
    others, known = (*DOERS, *HEARERS, *TEXTERS, *CHATTERS), observed.world.call_centre.workers
    doers = {known[name].sid for name in others if name in known}
    return {sid: moves for sid, moves in observed.moves.items() if sid not in doers}


def has_a_reason(observed: Observed, worker_sid: str, at: float) -> bool:
    noes = {answer.key for answer in observed.world.crm.log if answer.said == "no"}
    for reservation in (*observed.reservations.values(), *observed.work.reservations.values()):
        began, ended = reservation.statuses[0][0], reservation.statuses[-1][0]
        if reservation.worker_sid != worker_sid or not began <= at <= ended + AFTERWARDS:
            continue
        legs = [leg for leg in _legs(observed) if leg.reservation_sid == reservation.sid]
        not_taken = any(
            _is_theirs(observed, leg, at) if not leg.conversations else _is_undone(observed, worker_sid, leg, at)
            for leg in legs
        )
        own = (
            not WORKERS.get(reservation.worker, ("a phone", ()))[0]
            or reservation.sid in noes
            or reservation.status == "timeout"
        )
        if not_taken or own:
            return True
    return False


def _legs(observed: Observed) -> tuple[Leg, ...]:
    """Of callers, and of colleagues who are asked about one first."""
    return (*observed.legs.values(), *observed.work.legs.values())


def _is_theirs(observed: Observed, leg: Leg, at: float) -> bool:
    """The phone was busy, out of reach, not answered, asked in vain; or hung up while the caller was there."""
    if leg.answered < at and _asked_in_vain(leg, at):
        return True
    there_until = observed.calls[leg.call_sid].ended
    return leg.ended <= at and (leg.status in ("busy", "no-answer", "failed") or there_until > leg.ended)


def _is_undone(observed: Observed, worker_sid: str, leg: Leg, at: float) -> bool:
    """Refused by Twilio's verdict, or in silence, and joined by a key all the same, which decides while the table is
    down: the worker is back when the leg has ended.
    """
    if not observed.faults_about((leg.sid, leg.reservation_sid), ("dynamodb",)):
        return False
    is_late = leg.answered < at < leg.conversations[0].start + SOON
    back = next((move for move in observed.moves[worker_sid] if move.at > at), None)
    return is_late and back is not None and back.activity not in AWAY and back.at < leg.ended + WEBHOOK


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
                reservation = observed.reserved(passed.reservation_sid)
                about = (reservation.sid, reservation.call_sid, reservation.task_sid, worker_sid)
                if not observed.faults_about(about):
                    yield Violation(5, passed.call_sid, f"{worker_sid} is Passed for {after.at - move.at:.0f} s")


def _passed(observed: Observed, worker_sid: str, at: float) -> Leg | None:
    """The leg on which this worker passed, or said no, before."""
    for leg in _legs(observed):
        if observed.reserved(leg.reservation_sid).worker_sid != worker_sid:
            continue
        if any(since <= at < since + AFTERWARDS and what in ("2", "no way") for since, what in leg.replies):
            return leg
    return None

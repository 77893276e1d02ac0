"""Invariant 24, of work that is taken at the desk: CRM first, nobody is rung, each chat is done or goes on, once."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.links.model import DONE, GIVEN_BACK, LEFT_UNDONE
from chalicelib.work import again
from tests.simulation.chats import KIND
from tests.simulation.invariants.terms import Found, Violation
from tests.simulation.observed import FOREVER, Observed, Reserved

WRAPPED_UP = (DONE, "wrapped up at the desk")


def nobody_is_rung_for_a_chat(observed: Observed) -> Found:
    for leg in observed.work.legs.values():
        if _is_chat(observed, leg.call_sid):
            yield Violation(24, leg.call_sid, f"{leg.sid} rings for a chat")


def a_chat_is_taken_after_the_crms_yes(observed: Observed) -> Found:
    yes: dict[str, float] = {}
    for answer in observed.world.crm.log:
        if answer.said == "yes":
            yes.setdefault(answer.key, answer.at)
    for reservation in _of_chats(observed):
        taken_at = _at(reservation, "accepted")
        if taken_at < FOREVER and yes.get(reservation.sid, FOREVER) > taken_at:
            yield Violation(24, reservation.task_sid, f"{reservation.sid} is taken without the CRM's yes")


def who_chats_is_moved_for_a_reason(observed: Observed) -> Found:
    """Where they are not put aside for a while by their own word, as who passes a caller: the CRM said no to them."""
    noes = [(answer.key, answer.at) for answer in observed.world.crm.log if answer.said == "no"]
    for worker_sid in {reservation.worker_sid for reservation in _of_chats(observed)}:
        theirs = {one.sid for one in _of_chats(observed) if one.worker_sid == worker_sid}
        said_no = [at for key, at in noes if key in theirs]
        for move in observed.moves.get(worker_sid, []):
            fair = move.by_hand or any(at <= move.at <= at + LONG for at in said_no)
            if move.activity == "Unavailable" and not fair:
                yield Violation(24, "", f"worker {worker_sid} is {move.activity} at {move.at:.2f} for no reason")


LONG = 130.0  # a message that comes late, and again


def what_was_said_of_a_chat_counts(observed: Observed) -> Found:
    """Of two who were told that it is done, and that it goes on, one would have been told something that is not so."""
    chats, rows, follow = observed.world.chats, observed.world.rows_of_work(), _follow_ups(observed)
    for written in chats.done if chats else ():
        row = rows.get(written.reservation_sid, {})
        notes = [one.note for one in chats.sent if one.reservation_sid == written.reservation_sid] if chats else []
        if row.get("note") not in notes:
            yield Violation(24, row.get("call_sid", ""), f"what was written of {written.reservation_sid} is lost")
        if follow[row.get("call_sid", "")]:
            yield Violation(24, row["call_sid"], f"{written.reservation_sid} is done, and is offered again")
    for sid in chats.given_back if chats else ():
        if not follow[rows[sid]["call_sid"]]:
            yield Violation(24, rows[sid]["call_sid"], f"{sid} was given back, and is offered to nobody")


def each_chat_is_done_or_goes_on(observed: Observed) -> Found:
    follow = _follow_ups(observed)
    for row in observed.world.rows_of_work().values():
        task_sid = row["call_sid"]
        if row.get("outcome") != "completed" or not _is_chat(observed, task_sid):
            continue
        is_second = _attributes(observed, task_sid).get(again.LEFT_UNDONE)
        goes_on = row.get("reason") == GIVEN_BACK or (row.get("reason") == LEFT_UNDONE and not is_second)
        if goes_on and not follow[task_sid]:
            yield Violation(24, task_sid, f"the chat {task_sid} is left undone, and offered to nobody")
        if row.get("reason") in WRAPPED_UP and follow[task_sid]:
            yield Violation(24, task_sid, f"the chat {task_sid} is done, and is offered again")
    for task_sid, times in follow.items():
        if times > 1:
            yield Violation(24, task_sid, f"the chat {task_sid} goes on {times} times")


def _follow_ups(observed: Observed) -> Counter[str]:
    """How many tasks follow each task."""
    keys = (str(known.get("work_key", "")) for known in observed.world.work_of.values())
    return Counter(key.rpartition("/")[2] for key in keys if key.startswith(f"{KIND}/again/"))


def _of_chats(observed: Observed) -> Iterator[Reserved]:
    return (one for one in observed.work.reservations.values() if _is_chat(observed, one.task_sid))


def _at(reservation: Reserved, status: str) -> float:
    return next((at for at, got in reservation.statuses if got == status), FOREVER)


def _attributes(observed: Observed, task_sid: str) -> Mapping[str, Any]:
    return observed.world.work_of.get(task_sid, {})


def _is_chat(observed: Observed, task_sid: str) -> bool:
    return _attributes(observed, task_sid).get("kind") == KIND

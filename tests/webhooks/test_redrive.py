"""Dead letters: a job that is moved back to the queue hours later, when everything is over, does no harm."""

from typing import Any

import pytest

from chalicelib import crm, jobs
from chalicelib.links import table
from chalicelib.worker import leg
from tests.conftest import ACTIVITIES
from tests.support.driver import CALL, LEG, RESERVATION, TASK, Switchboard

RING = jobs.RingWorker(CALL, RESERVATION)
GIVE_UP = jobs.GiveUp(CALL, RESERVATION, TASK, "no-answer", ACTIVITIES["Unavailable"])
HANG_UP = jobs.HangUp(LEG)
COMPLETE = jobs.CompleteTask(CALL, TASK)
ENDINGS = {
    "completed": ["reservation.accepted", "reservation.wrapup", "reservation.completed", "task.completed"],
    "canceled": ["reservation.canceled", "task.canceled"],
    "timeout": ["reservation.timeout"],
    "rejected": ["reservation.rejected"],
    "rescinded": ["reservation.rescinded"],
}
A_DAY = 86400.0


def hours_later(board: Switchboard, *events: str) -> None:
    """The call has ended like this, Twilio has forgotten it, and the worker is wrapping up another one."""
    board.ring()
    for event in events:
        board.event(event)
    board.queued()
    board.twilio.activity = ACTIVITIES["Wrap up"]
    board.twilio.requests.clear()
    board.twilio.forgotten = True


def changed(board: Switchboard) -> list[str]:
    """What was asked of Twilio that would ring a phone or move a worker."""
    return [path for method, path, _ in board.twilio.requests if path.endswith("/Calls.json") or "/Workers" in path]


def rows(board: Switchboard) -> list[dict[str, Any]]:
    return sorted(board.cloud.rows(), key=lambda row: row["item"])


@pytest.mark.parametrize("events", ENDINGS.values(), ids=ENDINGS)
@pytest.mark.parametrize("job", [RING, HANG_UP, COMPLETE], ids=lambda job: type(job).__name__)
def test_a_job_after_the_end_of_everything_changes_nothing(
    board: Switchboard, job: jobs.Job, events: list[str]
) -> None:
    hours_later(board, *events)
    before = rows(board)
    board.work(job)
    assert rows(board) == before
    assert changed(board) == [] and board.queued() == []
    assert board.twilio.activity == ACTIVITIES["Wrap up"]


@pytest.mark.parametrize("outcome", ENDINGS)
def test_giving_up_after_the_end_moves_nobody_and_at_most_says_why_it_ended(board: Switchboard, outcome: str) -> None:
    hours_later(board, *ENDINGS[outcome])
    before = board.link
    board.work(GIVE_UP)
    why = {} if outcome == "completed" or "reason" in before else {"reason": "no-answer"}
    assert board.link == before | why and board.link["outcome"] == outcome
    assert changed(board) == [] and board.twilio.activity == ACTIVITIES["Wrap up"]


@pytest.mark.parametrize("job", [RING, GIVE_UP, HANG_UP, COMPLETE], ids=lambda job: type(job).__name__)
def test_a_job_whose_call_is_deleted_does_no_harm(board: Switchboard, job: jobs.Job) -> None:
    board.twilio.forgotten = True
    board.work(job)
    assert changed(board) == [] and board.queued() == []


@pytest.mark.parametrize("job", [RING, GIVE_UP, HANG_UP, COMPLETE], ids=lambda job: type(job).__name__)
def test_a_job_that_is_moved_back_twice_does_no_more_than_once(board: Switchboard, job: jobs.Job) -> None:
    hours_later(board, *ENDINGS["canceled"])
    board.work(job)
    once = rows(board)
    board.work(job, "2")
    assert rows(board) == once and changed(board) == []


def test_completing_late_leaves_a_worker_who_is_wrapping_up_another_call(board: Switchboard) -> None:
    board.ring()
    board.event("reservation.accepted")
    board.twilio.task = "completed"
    board.twilio.activity = ACTIVITIES["Wrap up"]
    board.work(COMPLETE)
    assert board.twilio.activity == ACTIVITIES["Wrap up"] and board.twilio.made("/Workers/") == []


def test_ringing_late_asks_no_crm_and_only_gives_the_caller_to_the_next_worker(
    board: Switchboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(crm, "prepare", lambda *attempt: asked.append(attempt))
    board.assign()
    late = board.link["deadline"] + 1
    leg.work(RING, lambda: late)
    assert asked == [] and changed(board) == []
    assert board.twilio.reservation == "rejected"
    assert (board.link["outcome"], board.link["reason"]) == ("rejected", "too late to dial")


@pytest.mark.parametrize("status", ["accepted", "wrapping"])
def test_ringing_late_leaves_a_caller_alone_who_has_a_worker(board: Switchboard, status: str) -> None:
    board.assign()
    board.twilio.reservation = status
    late = board.link["deadline"] + A_DAY
    leg.work(RING, lambda: late)
    assert board.twilio.reservation == status and changed(board) == []
    assert "outcome" not in board.link  # the sweep finds out how it ends


def test_giving_up_late_leaves_two_who_talk_alone(board: Switchboard) -> None:
    board.ring()
    board.event("reservation.accepted")
    board.twilio.reservation = "accepted"
    before = board.link
    board.work(GIVE_UP)
    assert board.link == before and board.twilio.reservation == "accepted"
    assert board.twilio.made(f"/Calls/{LEG}.json") == []


def test_a_dead_letter_names_the_call_that_it_is_about() -> None:
    assert CALL in jobs.encode(RING) and CALL in jobs.encode(GIVE_UP) and CALL in jobs.encode(COMPLETE)
    assert LEG in jobs.encode(HANG_UP)


def test_what_is_no_job_is_refused_again_however_often_it_is_moved_back(board: Switchboard) -> None:
    for receipt in ("1", "2", "3"):
        with pytest.raises(jobs.JobError):
            board.work('{"job":"unheard_of"}', receipt)
    assert board.cloud.rows() == [] and board.twilio.requests == []


def test_a_job_and_the_sweep_do_the_same_thing_once(board: Switchboard) -> None:
    """The job that gives up, moved back while the sweep has rejected the reservation already."""
    board.ring()
    board.twilio.reservation = "rejected"
    table.close(RING.key, "rejected", "swept: nobody rang", 1795230000.0)
    before = board.link
    board.work(GIVE_UP)
    assert board.link == before and board.twilio.activity == ACTIVITIES["Wrap up"]

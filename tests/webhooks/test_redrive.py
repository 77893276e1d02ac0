"""Dead letters: a job that is moved back to the queue hours later, when everything is over, does no harm."""

from typing import Any

import pytest

from chalicelib import crm, jobs
from chalicelib.links import notices, steps
from chalicelib.links.model import Notice
from chalicelib.worker import consumer
from tests.conftest import ACTIVITIES
from tests.support.driver import CALL, LEG, RESERVATION, TASK, WORKER, Driver
from tests.webhooks.test_recordings import RECORDING, leave_message

RING = jobs.RingWorker(CALL, RESERVATION)
GIVE_UP = jobs.Reject(CALL, RESERVATION, TASK, "no-answer", ACTIVITIES["Unavailable"], WORKER)
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


def hours_later(driver: Driver, *events: str) -> None:
    """The call has ended like this, Twilio has forgotten it, and the worker is wrapping up another one."""
    driver.ring()
    for event in events:
        driver.event(event)
    driver.queued()
    driver.twilio.activity = ACTIVITIES["Wrap up"]
    driver.twilio.requests.clear()
    driver.twilio.forgotten = True


def changed(driver: Driver) -> list[str]:
    """What was asked of Twilio that would ring a phone or move a worker."""
    return [path for method, path, _ in driver.twilio.requests if path.endswith("/Calls.json") or "/Workers" in path]


def rows(driver: Driver) -> list[dict[str, Any]]:
    return sorted(driver.cloud.rows(), key=lambda row: row["item"])


@pytest.mark.parametrize("events", ENDINGS.values(), ids=ENDINGS)
@pytest.mark.parametrize("job", [RING, HANG_UP, COMPLETE], ids=lambda job: type(job).__name__)
def test_a_job_after_the_end_of_everything_changes_nothing(driver: Driver, job: jobs.Job, events: list[str]) -> None:
    hours_later(driver, *events)
    before = rows(driver)
    driver.work(job)
    assert rows(driver) == before
    assert changed(driver) == [] and driver.queued() == []
    assert driver.twilio.activity == ACTIVITIES["Wrap up"]


def test_a_notice_that_has_been_told_is_not_told_again(driver: Driver) -> None:
    leave_message(driver)
    notice = Notice(what="voicemail", about=CALL, line="support", at=1_795_230_000.0, recording_sid=RECORDING)
    driver.work(jobs.Tell(notice, CALL))
    notices.close(notice.key, notice.at, A_DAY)
    before = rows(driver)
    driver.work(jobs.Tell(notice, CALL))
    assert rows(driver) == before and "told_at" in driver.cloud.row(f"TELL#{RECORDING}")


@pytest.mark.parametrize("outcome", ENDINGS)
def test_giving_up_after_the_end_moves_nobody_and_at_most_says_why_it_ended(driver: Driver, outcome: str) -> None:
    hours_later(driver, *ENDINGS[outcome])
    before = driver.link
    driver.work(GIVE_UP)
    why = {} if outcome == "completed" or "reason" in before else {"reason": "no-answer"}
    assert driver.link == before | why and driver.link["outcome"] == outcome
    assert changed(driver) == [] and driver.twilio.activity == ACTIVITIES["Wrap up"]


@pytest.mark.parametrize("job", [RING, GIVE_UP, HANG_UP, COMPLETE], ids=lambda job: type(job).__name__)
def test_a_job_whose_call_is_deleted_does_no_harm(driver: Driver, job: jobs.Job) -> None:
    driver.twilio.forgotten = True
    driver.work(job)
    assert changed(driver) == [] and driver.queued() == []


@pytest.mark.parametrize("job", [RING, GIVE_UP, HANG_UP, COMPLETE], ids=lambda job: type(job).__name__)
def test_a_job_that_is_moved_back_twice_does_no_more_than_once(driver: Driver, job: jobs.Job) -> None:
    hours_later(driver, *ENDINGS["canceled"])
    driver.work(job)
    once = rows(driver)
    driver.work(job, "2")
    assert rows(driver) == once and changed(driver) == []


def test_completing_late_leaves_a_worker_who_is_wrapping_up_another_call(driver: Driver) -> None:
    driver.ring()
    driver.event("reservation.accepted")
    driver.twilio.task = "completed"
    driver.twilio.activity = ACTIVITIES["Wrap up"]
    driver.work(COMPLETE)
    assert driver.twilio.activity == ACTIVITIES["Wrap up"] and driver.twilio.made("/Workers/") == []


def test_ringing_late_asks_no_crm_and_only_gives_the_caller_to_the_next_worker(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(crm, "prepare", lambda *attempt: asked.append(attempt))
    driver.assign()
    late = driver.link["deadline"] + 1
    consumer.work(RING, lambda: late)
    assert asked == [] and changed(driver) == []
    assert driver.twilio.reservation == "rejected"
    assert (driver.link["outcome"], driver.link["reason"]) == ("rejected", "too late to dial")


@pytest.mark.parametrize("status", ["accepted", "wrapping"])
def test_ringing_late_leaves_a_caller_alone_who_has_a_worker(driver: Driver, status: str) -> None:
    driver.assign()
    driver.twilio.reservation = status
    late = driver.link["deadline"] + A_DAY
    consumer.work(RING, lambda: late)
    assert driver.twilio.reservation == status and changed(driver) == []
    assert "outcome" not in driver.link  # the sweep finds out how it ends


def test_giving_up_late_leaves_two_who_talk_alone(driver: Driver) -> None:
    driver.ring()
    driver.event("reservation.accepted")
    driver.twilio.reservation = "accepted"
    before = driver.link
    driver.work(GIVE_UP)
    assert driver.link == before and driver.twilio.reservation == "accepted"
    assert driver.twilio.made(f"/Calls/{LEG}.json") == []


def test_a_dead_letter_names_the_call_that_it_is_about() -> None:
    assert CALL in jobs.encode(RING) and CALL in jobs.encode(GIVE_UP) and CALL in jobs.encode(COMPLETE)
    assert LEG in jobs.encode(HANG_UP)


def test_what_is_no_job_is_refused_again_however_often_it_is_moved_back(driver: Driver) -> None:
    for receipt in ("1", "2", "3"):
        with pytest.raises(jobs.JobError):
            driver.work('{"job":"unheard_of"}', receipt)
    assert driver.cloud.rows() == [] and driver.twilio.requests == []


def test_a_job_and_the_sweep_do_the_same_thing_once(driver: Driver) -> None:
    """The job that gives up, moved back while the sweep has rejected the reservation already."""
    driver.ring()
    driver.twilio.reservation = "rejected"
    steps.close(RING.key, "rejected", "swept: nobody rang", 1795230000.0)
    before = driver.link
    driver.work(GIVE_UP)
    assert driver.link == before and driver.twilio.moves == []

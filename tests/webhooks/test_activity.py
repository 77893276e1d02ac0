"""A worker's activity: what a person set by hand stays, whatever the wrap-up or a rejection would have done."""

import time
from datetime import UTC, datetime

import pytest

from chalicelib import budget, jobs
from chalicelib.config.environment import AFTER_CALL
from chalicelib.lifecycle import activity
from chalicelib.routing import events
from tests.conftest import ACTIVITIES
from tests.support.driver import CALL, RESERVATION, TASK, WORKER, Driver

COMPLETE = jobs.CompleteTask(CALL, TASK)


def iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def talk(driver: Driver) -> None:
    driver.ring()
    driver.answer()
    driver.event("reservation.accepted", TimestampMs=str(int(time.time() * 1000)))


def hang_up(driver: Driver, event: str = "reservation.wrapup", late: float = 0.0) -> None:
    """The two have parted, and TaskRouter says so, so many seconds later."""
    before = driver.twilio.activity
    driver.wrap_up()
    driver.twilio.activity = before
    driver.twilio.reservations[RESERVATION]["date_updated"] = iso(time.time() - late)
    driver.event(event, TimestampMs=str(int((time.time() - late) * 1000)))


def waiting(driver: Driver) -> str:
    """How many jobs are on the queue, to be seen later."""
    asked = {"QueueUrl": driver.cloud.queue_url + AFTER_CALL, "AttributeNames": ["ApproximateNumberOfMessagesDelayed"]}
    found = driver.cloud.client("sqs").get_queue_attributes(**asked)
    return str(found["Attributes"]["ApproximateNumberOfMessagesDelayed"])


def by_hand(driver: Driver, name: str) -> None:
    driver.twilio.activity = ACTIVITIES[name]
    driver.twilio.activity_since = iso(time.time())


@pytest.mark.parametrize("event", ["reservation.wrapup", "task.wrapup"])
def test_the_wrap_up_moves_the_worker_and_its_end_moves_them_back(driver: Driver, event: str) -> None:
    talk(driver)
    hang_up(driver, event)
    assert driver.twilio.moves == [ACTIVITIES["Wrap up"]]
    driver.twilio.activity_since = iso(time.time())
    driver.work(COMPLETE)
    assert driver.twilio.moves == [ACTIVITIES["Wrap up"], ACTIVITIES["Available"]]


@pytest.mark.parametrize("activity", ["Offline", "Unavailable"])
def test_a_worker_who_goes_away_during_the_call_is_away_afterwards(driver: Driver, activity: str) -> None:
    talk(driver)
    by_hand(driver, activity)
    hang_up(driver)
    driver.work(COMPLETE)
    assert driver.twilio.moves == [] and driver.twilio.tasks[TASK]["assignment_status"] == "completed"


def test_a_worker_who_chose_the_wrap_up_activity_by_hand_stays_in_it(driver: Driver) -> None:
    talk(driver)
    driver.twilio.activity, driver.twilio.activity_since = ACTIVITIES["Wrap up"], iso(time.time() - 60)
    hang_up(driver)
    driver.work(COMPLETE)
    assert driver.twilio.moves == []


def test_a_late_event_begins_no_wrap_up_that_nobody_would_end(driver: Driver) -> None:
    talk(driver)
    hang_up(driver, late=20)
    assert driver.twilio.moves == [] and waiting(driver) == "1"


def test_the_begin_of_a_wrap_up_is_over_before_the_sweep_would_end_it(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[float] = []
    monkeypatch.setattr(activity, "leave_out", lambda *_: left.append(budget.seconds_left()))
    talk(driver)
    hang_up(driver)
    assert len(left) == 1 and events.BEGIN_SECONDS - 2 < left[0] <= events.BEGIN_SECONDS


def test_a_wrap_up_that_twilio_does_not_begin_ends_all_the_same(driver: Driver) -> None:
    talk(driver)
    driver.twilio.failures = {"GET /v1/Workspaces/WS" + "0" * 32 + "/Workers": [503]}
    hang_up(driver)
    assert waiting(driver) == "1"
    driver.work(COMPLETE)
    assert driver.twilio.tasks[TASK]["assignment_status"] == "completed"


def test_a_worker_who_goes_home_while_the_phone_rings_is_not_brought_back_as_unavailable(driver: Driver) -> None:
    driver.ring()
    by_hand(driver, "Offline")
    driver.status("no-answer")
    assert driver.twilio.moves == [] and driver.link["outcome"] == "rejected"


def test_a_worker_who_changes_at_the_same_moment_is_looked_at_again(driver: Driver) -> None:
    driver.ring()
    driver.twilio.failures = {f"POST /v1/Workspaces/WS{'0' * 32}/Workers/{WORKER}": [(412, 20412)]}
    driver.status("no-answer")
    assert driver.twilio.moves == [ACTIVITIES["Unavailable"]] * 2 and driver.link["outcome"] == "rejected"


def test_a_rejection_that_comes_after_the_end_moves_nobody(driver: Driver) -> None:
    driver.ring()
    driver.twilio.reservation = "canceled"
    driver.work(jobs.Reject(CALL, RESERVATION, TASK, "no-answer", ACTIVITIES["Unavailable"], WORKER))
    assert driver.twilio.moves == [] and driver.link["outcome"] == "canceled"

"""One phone for one reservation, also when the assignment could not be recorded, and when its job's message is lost."""

import time

import pytest

from chalicelib import jobs
from chalicelib.links import steps, table
from chalicelib.links.model import Key
from chalicelib.links.modes import PICK_UP_SECONDS
from chalicelib.worker import consumer
from tests.support.api_gateway import get
from tests.support.driver import CALL, LEG, LEG_PATH, OTHER_LEG, RESERVATION, Driver, task_attributes

KEY = Key(CALL, RESERVATION)
RING = jobs.RingWorker(CALL, RESERVATION)


def taskrouters_leg(driver: Driver, status: str, leg: str = LEG) -> int:
    query = [("CallSid", leg), ("CallStatus", status)]
    signed = f"CallSid={leg}&CallStatus={status}"
    event = get("/worker/{subject}/{reservation_sid}/status", query, LEG_PATH, signed_query=signed)
    return int(driver.send(event)["statusCode"])


def dialled(driver: Driver) -> int:
    return len(driver.twilio.made("/Calls.json"))


def test_a_leg_that_taskrouter_placed_makes_the_link_that_the_assignment_could_not_write(driver: Driver) -> None:
    assert taskrouters_leg(driver, "initiated") == 204
    link = driver.link
    assert (link["state"], link["mode"], link["worker_call_sid"], link["open"]) == ("dialing", "direct", LEG, "link")


def test_a_leg_of_ours_makes_no_link(driver: Driver) -> None:
    assert driver.status("initiated") == 204
    assert driver.link == {}


def test_the_job_of_the_same_assignment_again_does_not_ring_beside_taskrouters_leg(driver: Driver) -> None:
    driver.assign()
    taskrouters_leg(driver, "initiated")
    driver.work(RING)
    assert dialled(driver) == 0 and driver.link["mode"] == "direct"


def test_a_job_finds_taskrouters_leg_in_the_task_though_its_callback_is_lost(driver: Driver) -> None:
    driver.assign()
    driver.twilio.attributes = task_attributes(worker_call_sid=OTHER_LEG)
    driver.work(RING)
    assert dialled(driver) == 0
    assert (driver.link["worker_call_sid"], driver.link["mode"]) == (OTHER_LEG, "direct")
    asked = driver.cloud.client("dynamodb").scan(TableName="cordboard-test-contacts")
    assert asked["Items"] == []  # the CRM is not asked for nothing


def test_the_leg_of_an_earlier_worker_which_has_ended_does_not_count(driver: Driver) -> None:
    driver.assign()
    driver.twilio.attributes = task_attributes(worker_call_sid=OTHER_LEG)
    driver.twilio.call = "no-answer"
    driver.work(RING)
    assert dialled(driver) == 1


def test_a_leg_that_is_placed_while_the_crm_works_is_the_only_one(driver: Driver) -> None:
    driver.assign()
    steps.claim(KEY, time.time(), jobs.LEASE_SECONDS)
    taskrouters_leg(driver, "initiated")
    with pytest.raises(table.ConditionFailed):
        steps.begin_dial(KEY, time.time(), {})


def test_a_link_whose_message_is_lost_gets_its_job_from_the_sweep(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver.assign()
    driver.queued()  # and lost
    later = time.time() + PICK_UP_SECONDS + steps.CHECK_AFTER_SECONDS + 1
    monkeypatch.setattr("app.time.time", lambda: later)
    driver.sweep()
    assert driver.queued() == [RING]
    consumer.work(RING, lambda: later)
    assert dialled(driver) == 1


def test_a_caller_whose_call_ended_without_its_task_costs_the_worker_who_answers_nothing(driver: Driver) -> None:
    driver.ring()
    driver.answer()
    driver.twilio.call, driver.twilio.task = "completed", "reserved"
    driver.status("completed")  # joined to nobody
    assert driver.twilio.moves == [] and driver.twilio.task == "canceled"


def test_a_task_that_outlives_its_call_is_canceled_by_the_next_sweep(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    driver.event("task.created", TimestampMs=str(int(now * 1000)))
    driver.voice("after", QueueResult="hangup")
    driver.twilio.call, driver.twilio.task = "completed", "pending"
    monkeypatch.setattr("app.time.time", lambda: now + 60)
    driver.sweep()
    assert driver.twilio.task == "canceled" and "open" not in driver.call

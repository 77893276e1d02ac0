"""What a job, and one look of the sweep, asks of Twilio and AWS: the simulation of many takes its times from it."""

import time
from collections.abc import Callable, Mapping

import pytest

from chalicelib import crm, jobs
from chalicelib.lifecycle import looking
from chalicelib.links import table
from chalicelib.links.model import Key
from load.counts import JOBS, Asked
from tests.support.driver import CALL, RESERVATION, TASK, Driver
from tests.support.meter import counting

KEY = Key(CALL, RESERVATION)
AFTER_A_TALK = 700


def ring(driver: Driver) -> Callable[[], object]:
    driver.assign()
    driver.queued()
    return lambda: driver.work(jobs.RingWorker(CALL, RESERVATION))


def wrap_up(driver: Driver) -> Callable[[], object]:
    driver.ring()
    driver.wrap_up()
    return lambda: driver.work(jobs.CompleteTask(CALL, TASK))


def tell_crm(driver: Driver) -> Callable[[], object]:
    driver.ring()
    return lambda: driver.work(jobs.TellCrm(CALL, RESERVATION))


def talk(driver: Driver) -> Callable[[], object]:
    """The worker talks, and it is time to look whether they still do."""
    driver.ring()
    driver.answer()
    driver.event("reservation.accepted")
    driver.twilio.reservation, driver.twilio.calls = "accepted", {CALL: "in-progress"}
    due = table.Due(KEY, float(driver.link["check_at"]))
    return lambda: looking.look("link", due, time.time() + AFTER_A_TALK)


def caller(driver: Driver) -> Callable[[], object]:
    """The caller waits, and it is time to look whether they still do."""
    driver.voice("incoming")
    driver.event("task.created")
    driver.twilio.calls = {CALL: "in-progress"}
    driver.twilio.tasks[TASK] = {"sid": TASK, "assignment_status": "pending", "attributes": "{}"}
    due = table.Due(Key(CALL, "CALL"), float(driver.call["check_at"]))
    return lambda: looking.look("call", due, time.time() + AFTER_A_TALK)


PLAYED: Mapping[str, Callable[[Driver], Callable[[], object]]] = {
    "ring": ring,
    "wrap-up": wrap_up,
    "told to the CRM": tell_crm,
    "look at a talk": talk,
    "look at a caller": caller,
}


def test_each_is_played() -> None:
    assert set(PLAYED) == set(JOBS)


@pytest.mark.parametrize("what", PLAYED)
def test_it_asks_exactly_so_often(driver: Driver, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    told: list[object] = []
    monkeypatch.setattr(crm, "after", lambda *given: told.append(given))
    act, before = PLAYED[what](driver), len(driver.twilio.requests)
    with counting() as made:
        act()
    of_aws = sum(int(count) for name, count in made.items() if not name.endswith("_units"))
    assert Asked(len(driver.twilio.requests) - before, of_aws) == JOBS[what], dict(made)

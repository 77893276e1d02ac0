"""What one call asks of AWS and of Twilio in each way that a queue can work, counted: it is what a call costs."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from unittest.mock import Mock

import msgspec
import pytest

from bench.counts import ASKED, CALLS
from chalicelib import jobs
from chalicelib.config import callcenter
from chalicelib.config.star import Star
from chalicelib.twilio import urls
from chalicelib.worker import twiml
from tests.conftest import ACTIVITIES, QUEUES
from tests.support.api_gateway import post
from tests.support.driver import CALL, LEG_PATH, PHONE, RESERVATION, TASK, Driver, leg_form
from tests.support.meter import Index, counting, write_units

Steps = Sequence[Callable[[Driver], object]]

DESK, AGENTS_NUMBER, AGENT = "+14155550103", "+14155550104", "+14155550190"


def job(does: jobs.Job) -> Callable[[Driver], object]:
    return lambda driver: driver.work(does)


def parts(queue: str) -> Callable[[Driver], object]:
    """The two have parted, and Twilio's task is wrapping: no request of ours."""

    def part(driver: Driver) -> None:
        driver.twilio.reservation = "wrapping"
        driver.wrap_up()
        driver.twilio.activity = ACTIVITIES["Available"]
        driver.twilio.tasks[TASK]["task_queue_sid"] = QUEUES[queue]

    return part


CALLS_IN: Steps = (
    lambda driver: driver.voice("incoming"),
    lambda driver: driver.voice("menu/1", Digits="1"),
    lambda driver: driver.event("task.created"),
    lambda driver: driver.voice("wait"),
)


def until_the_end(queue: str) -> Steps:
    """From the worker's answer on."""
    queued = {"TaskQueueSid": QUEUES[queue]}
    return (
        lambda driver: driver.event("reservation.accepted", **queued),
        parts(queue),
        lambda driver: driver.event("reservation.wrapup", TimestampMs=str(int(time.time() * 1000)), **queued),
        lambda driver: driver.status("completed"),
        lambda driver: driver.voice("after", QueueResult="bridged"),
        lambda driver: driver.voice("survey", Digits="5"),
        job(jobs.CompleteTask(CALL, TASK)),
        lambda driver: driver.event("task.completed", **queued),
    )


PLAYED: Mapping[str, Steps] = {
    "crm-first": (
        *CALLS_IN,
        lambda driver: driver.assign(),
        job(jobs.RingWorker(CALL, RESERVATION)),
        lambda driver: driver.answer(),
        *until_the_end("Support"),
    ),
    "direct": (
        *CALLS_IN,
        lambda driver: driver.assign("Urgent"),
        *until_the_end("Urgent"),
    ),
    "simple queue": (
        lambda driver: driver.voice("incoming", To=DESK),
        lambda driver: driver.voice("wait", To=DESK),
        lambda driver: driver.voice("incoming", To=AGENTS_NUMBER, From=AGENT),
        lambda driver: driver.voice("after", To=DESK, QueueResult="bridged"),
    ),
}


def leg(route: urls.Route, **form: str) -> Callable[[Driver], object]:
    """Twilio asks for a document of the worker's leg, or tells its verdict."""
    path = {**LEG_PATH, **({"attempt": "1"} if "{attempt}" in route.path else {})}
    return lambda driver: driver.send(post(route.path, leg_form("in-progress") | form, path))


VERDICT = {"AnsweredBy": "human", "MachineDetectionDuration": "2200"}
BY_KEY = (leg(urls.WORKER_ASK), leg(urls.WORKER_ACCEPT, Digits="1"))
ANSWERED: Mapping[str, Steps] = {
    "key": BY_KEY,
    "detect": (leg(urls.WORKER_VERDICT, **VERDICT),),
    "key+detect": (BY_KEY[0], leg(urls.WORKER_DETECTED, **VERDICT), BY_KEY[1]),
}


@pytest.mark.parametrize("mode", ANSWERED)
def test_a_worker_who_is_asked_adds_exactly_these_requests(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    send = Mock(wraps=driver.send)
    monkeypatch.setattr(driver, "send", send)
    wanted = json.dumps({"contact_uri": PHONE, "answer": mode})
    with counting() as made:
        for step in (
            *CALLS_IN,
            lambda driver: driver.assign(WorkerAttributes=wanted),
            job(jobs.RingWorker(CALL, RESERVATION)),
            *ANSWERED[mode],
            *until_the_end("Support"),
        ):
            step(driver)
    counted = {"webhooks": send.call_count, "twilio": len(driver.twilio.requests), **made}
    plain = CALLS["crm-first"]
    assert {name: number - plain[name] for name, number in counted.items() if number != plain[name]} == ASKED[mode]
    assert driver.link["outcome"] == "completed" and driver.link["answer"] == mode


@pytest.mark.parametrize("mode", PLAYED)
def test_a_call_makes_exactly_these_requests(driver: Driver, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    send, work = Mock(wraps=driver.send), Mock(wraps=driver.work)
    monkeypatch.setattr(driver, "send", send)
    monkeypatch.setattr(driver, "work", work)
    with counting() as made:
        for step in PLAYED[mode]:
            step(driver)
    lines = driver.log.getvalue().splitlines()
    counted = {"webhooks": send.call_count, "jobs": work.call_count, "twilio": len(driver.twilio.requests), **made}
    expected = dict(CALLS[mode])
    expected.pop("log_bytes")
    assert counted | {"log_lines": len(lines)} == expected
    assert sum(map(len, lines)) + len(lines) == pytest.approx(CALLS[mode]["log_bytes"], rel=0.02)
    ended = "bridged" if mode == "simple queue" else "5"
    assert ended in (driver.call["queue_result"], driver.call.get("survey"))
    assert mode == "simple queue" or driver.link["outcome"] == "completed"


def test_a_star_key_of_another_queue_costs_a_call_nothing(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    center = callcenter.current()
    sales = msgspec.structs.replace(center.queue("Sales"), star=Star(menu=("back",)))
    center = msgspec.structs.replace(center, queues={**center.queues, "Sales": sales})
    monkeypatch.setattr(callcenter, "current", lambda: center)
    said: list[str] = []

    def heard(event: dict[str, Any]) -> dict[str, Any]:
        answer = Driver.send(driver, event)
        said.append(str(answer["body"]))
        return answer

    monkeypatch.setattr(driver, "send", heard)
    with counting() as made:
        for step in PLAYED["crm-first"]:
            step(driver)
    counted = {"webhooks": len(said), "twilio": len(driver.twilio.requests), **made}
    assert counted == {name: CALLS["crm-first"][name] for name in counted}
    (joined,) = [body for body in said if "<Dial" in body]
    assert joined == twiml.connect(RESERVATION) and not any("/hold/" in body for body in said)


def row(**values: str) -> dict[str, dict[str, str]]:
    return {name: {"S": value} for name, value in values.items()}


@pytest.mark.parametrize(
    ("before", "after", "units"),
    [
        ({}, row(id="1"), 1),  # in no index
        ({}, row(id="1", leg="x"), 2),  # and put into one
        (row(id="1", leg="x"), row(id="1", leg="x", note="new"), 2),  # the same place in the index
        (row(id="1", leg="x"), row(id="1", leg="y"), 3),  # out of it and in again
        (row(id="1", leg="x"), row(id="1"), 2),  # out
        (row(id="1", leg="x"), row(id="1", leg="x"), 1),  # a condition that was lost
        (row(id="1", leg="x"), row(id="1", leg="x", note="n" * 1500), 4),  # two KB, twice
    ],
)
def test_a_write_costs_its_row_and_each_index_that_it_touches(
    before: dict[str, dict[str, str]], after: dict[str, dict[str, str]], units: int
) -> None:
    assert write_units(before, after, [Index(frozenset({"leg"}), is_whole=True)]) == units


def test_an_index_of_keys_alone_is_written_when_they_change() -> None:
    keys = Index(frozenset({"leg"}), is_whole=False)
    row, later = {"leg": {"S": "CA1"}, "state": {"S": "a"}}, {"leg": {"S": "CA1"}, "state": {"S": "b"}}
    assert [write_units({}, row, [keys]), write_units(row, later, [keys]), write_units(row, {}, [keys])] == [2, 1, 2]

"""Work that is no call: reserved, CRM first, the worker rung and asked, accepted and ended by us over REST."""

import json
import time
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import pytest
import requests

from chalicelib import crm, jobs
from chalicelib.config import callcenter
from chalicelib.links import steps
from chalicelib.links.model import Key
from chalicelib.twilio import rest, urls
from chalicelib.worker import doing
from tests.conftest import ACTIVITIES, QUEUES, WORKFLOW
from tests.support.api_gateway import BASE, post
from tests.support.driver import LEG, PHONE, RESERVATION, TASK, WORKER, Driver, leg_form
from tests.webhooks.test_sweep import Later, later, swept

__all__ = ["later"]

LEAD = json.dumps({"kind": "lead", "name": "Ann Lee", "phone": "+12125550171", "topic": "a new roof"})
CASE, VISIT = (json.dumps({"kind": kind, "number": 17}) for kind in ("case", "visit"))
PATH = {"subject": TASK, "reservation_sid": RESERVATION}
KEY = Key(TASK, RESERVATION)
ON_TASK = f"/Tasks/{TASK}"
ON_RESERVATION = f"{ON_TASK}/Reservations/{RESERVATION}"
WORK = """
[work.lead]
say = "New lead: {name}, {topic}, {unknown}."
dial = "{phone}"

[work.case]
say = "Case {number}."
crm = "contacts"

[work.visit]
say = "Visit {number}."
"""


@pytest.fixture(autouse=True)
def team(driver: Driver, environment: pytest.MonkeyPatch) -> Iterator[None]:
    """The team takes leads and cases."""
    center = callcenter.parse(callcenter.source() + WORK)
    environment.setattr(callcenter, "current", lambda: center)
    driver.twilio.attributes = LEAD
    driver.twilio.task = "reserved"
    yield


def assign(driver: Driver, attributes: str = LEAD) -> dict[str, Any]:
    driver.twilio.attributes = attributes
    return driver.assign(TaskAttributes=attributes)


def ring(driver: Driver, attributes: str = LEAD) -> None:
    assert assign(driver, attributes)["statusCode"] == 200
    for job in driver.queued():
        driver.work(job)


def send(driver: Driver, route: urls.Route, attempt: int = 1, leg: str = LEG, **form: str) -> ElementTree.Element:
    path = {**PATH, **({"attempt": str(attempt)} if "{attempt}" in route.path else {})}
    answer = driver.send(post(route.path, leg_form("in-progress", leg) | form, path))
    assert answer["statusCode"] == 200, answer
    return ElementTree.fromstring(answer["body"])


def press(driver: Driver, digits: str) -> ElementTree.Element:
    return send(driver, urls.WORKER_ACCEPT, Digits=digits)


def take(driver: Driver, attributes: str = LEAD) -> ElementTree.Element:
    """The worker is rung, and presses 1; at Twilio the task is assigned then."""
    ring(driver, attributes)
    send(driver, urls.WORKER_ASK)
    heard = press(driver, "1")
    driver.twilio.task = "assigned"
    return heard


def hang_up(driver: Driver, status: str = "completed") -> None:
    answer = driver.send(post(urls.WORKER_STATUS.path, leg_form(status), PATH))
    assert answer["statusCode"] == 204


def event(driver: Driver, kind: str, **form: str) -> None:
    assert driver.event(kind, TaskAttributes=driver.twilio.attributes, **form) == 204


def said(document: ElementTree.Element) -> list[str]:
    return [verb.tag if verb.tag != "Say" else str(verb.text) for verb in document]


def changes(driver: Driver, path: str = ON_TASK) -> list[dict[str, Any]]:
    """What the application told Twilio of the task, or of its reservation."""
    return [form for method, where, form in driver.twilio.requests if method == "POST" and where.endswith(path)]


def calls_asked_about(driver: Driver) -> list[str]:
    return [path for method, path, _ in driver.twilio.requests if method == "GET" and "/Calls/" in path]


# --- From the reservation to the key


def test_the_worker_is_rung_and_asked_whatever_the_queue_does_with_its_callers(driver: Driver) -> None:
    ring(driver)
    (dialled,) = driver.twilio.made("/Calls.json")
    assert dialled["To"] == PHONE and dialled["Url"] == f"{BASE}/worker/{TASK}/{RESERVATION}/ask/1#rc=2&rp=all"
    assert (driver.link["mode"], driver.link["work"], driver.link["call_sid"]) == ("work", "lead", TASK)
    (gather, _) = send(driver, urls.WORKER_ASK)
    assert str(gather[0].text).startswith("New lead: Ann Lee, a new roof, . Press 1")


def test_a_key_takes_the_work_and_the_worker_is_connected_with_whom_it_is_about(driver: Driver) -> None:
    heard = take(driver)
    assert changes(driver, ON_RESERVATION) == [{"ReservationStatus": "accepted"}]
    assert said(heard) == ["New lead: Ann Lee, a new roof, .", "Dial", "Hangup"]
    dial = heard.find("Dial")
    assert dial is not None and dial.text == "+12125550171" and dial.attrib["callerId"] == "+14155550100"
    assert driver.link["state"] == "bridged"


@pytest.mark.parametrize(("attributes", "told"), [(CASE, "Case 17."), (VISIT, "Visit 17.")])
def test_work_without_a_number_is_told_twice(driver: Driver, attributes: str, told: str) -> None:
    assert said(take(driver, attributes)) == [told, "Pause", told, "Hangup"]


@pytest.mark.parametrize("phone", ["911", "sip:x@example.com", "", 12125550171, None, ["+12125550171"]])
def test_what_is_no_number_is_dialled_by_nobody(driver: Driver, phone: Any) -> None:
    heard = take(driver, json.dumps({"kind": "lead", "phone": phone}))
    assert heard.find("Dial") is None


def test_the_same_leg_hears_the_same_again(driver: Driver) -> None:
    first = take(driver)
    assert said(press(driver, "1")) == said(first) and driver.link["state"] == "bridged"


def test_another_key_gives_it_to_the_next_one(driver: Driver) -> None:
    ring(driver)
    press(driver, "2")
    assert changes(driver, ON_RESERVATION) == [{"ReservationStatus": "rejected"}]
    assert (driver.link["outcome"], driver.link["reason"]) == ("rejected", "passed")


def test_who_presses_too_late_hears_that_it_is_somebody_elses(driver: Driver) -> None:
    ring(driver)
    driver.twilio.reservation = "timeout"
    assert said(press(driver, "1")) == [doing.TAKEN_BACK, "Hangup"]


def test_with_twilio_down_nobody_is_connected_and_nobody_moved(driver: Driver) -> None:
    ring(driver)
    driver.twilio.failures = {f"POST /v1/Workspaces/WS{'0' * 32}{ON_RESERVATION}": [503]}
    assert said(press(driver, "1")) == [doing.NOT_NOW, "Hangup"]
    hang_up(driver)
    assert driver.twilio.moves == []
    assert (driver.link["outcome"], driver.link["reason"]) == ("rejected", "not begun")


@pytest.mark.parametrize("status", ["canceled", "rescinded", "timeout"])
def test_work_that_twilio_has_taken_back_by_then_ends_as_twilio_says(driver: Driver, status: str) -> None:
    ring(driver)
    driver.twilio.failures = {f"POST /v1/Workspaces/WS{'0' * 32}{ON_RESERVATION}": [503]}
    press(driver, "1")
    driver.twilio.reservation = status
    asked = len(changes(driver, ON_RESERVATION))
    hang_up(driver)
    assert driver.link["outcome"] == status and len(changes(driver, ON_RESERVATION)) == asked


def test_an_acceptance_whose_answer_is_lost_counts(driver: Driver) -> None:
    ring(driver)
    driver.twilio.failures = {f"POST /v1/Workspaces/WS{'0' * 32}{ON_RESERVATION}": [requests.ReadTimeout()]}
    assert said(press(driver, "1")) == [doing.NOT_NOW, "Hangup"]
    driver.twilio.reservation, driver.twilio.task = "accepted", "assigned"
    hang_up(driver)
    assert changes(driver) == [{"AssignmentStatus": "wrapping"}]


def test_with_the_table_down_the_worker_is_asked_and_the_work_waits(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring(driver)
    with monkeypatch.context() as down:
        down.setattr(steps, "follow_asked", lambda *_: 1 / 0)
        assert send(driver, urls.WORKER_ASK).find("Gather") is not None
        assert said(press(driver, "1")) == [doing.NOT_NOW, "Hangup"]
    assert changes(driver, ON_RESERVATION) == []


# --- How it ends


def test_the_workers_leg_ends_and_the_work_is_wrapped_up_like_a_call(driver: Driver, later: Later) -> None:
    take(driver, CASE)
    hang_up(driver)
    assert changes(driver) == [{"AssignmentStatus": "wrapping"}]
    driver.twilio.task = "wrapping"
    driver.twilio.reservations[RESERVATION] = {
        "sid": RESERVATION,
        "reservation_status": "wrapping",
        "worker_sid": WORKER,
        "worker_name": "Bea",
    }
    event(driver, "reservation.wrapup", TimestampMs=str(int(time.time() * 1000)))
    assert driver.twilio.moves == [ACTIVITIES["Wrap up"]]
    driver.work(jobs.CompleteTask(TASK, TASK))
    assert changes(driver)[-1] == {"AssignmentStatus": "completed", "Reason": "wrapped up"}
    assert (driver.link["state"], driver.link["outcome"]) == ("closed", "completed")
    assert calls_asked_about(driver) == []


def test_a_worker_who_hangs_up_before_any_key_is_one_who_did_not_answer(driver: Driver) -> None:
    ring(driver)
    send(driver, urls.WORKER_ASK)
    hang_up(driver)
    assert driver.twilio.moves == [ACTIVITIES["Unavailable"]]
    assert (driver.link["outcome"], driver.link["reason"]) == ("rejected", "worker hung up")


def test_work_that_is_withdrawn_stops_the_phone_and_leads_nobody_out(driver: Driver) -> None:
    ring(driver)
    driver.twilio.reservation = "canceled"
    event(driver, "task.canceled", TaskCanceledReason="sold")
    assert [path for method, path, _ in driver.twilio.requests if method == "POST" and "/Calls/" in path] == [
        f"/2010-04-01/Accounts/AC{'0' * 32}/Calls/{LEG}.json"
    ]
    assert driver.queued() == [] and (driver.link["outcome"], driver.link["reason"]) == ("canceled", "withdrawn")


@pytest.mark.parametrize("kind", ["task.created", "workflow.timeout"])
def test_no_caller_is_looked_after(driver: Driver, later: Later, kind: str) -> None:
    event(driver, kind, TimestampMs=str(int(later.now * 1000)))
    later(3600)
    driver.sweep()
    assert driver.queued() == [] and calls_asked_about(driver) == [] and changes(driver) == []


def test_a_piece_of_work_is_in_the_list_of_its_day_under_its_kind(driver: Driver) -> None:
    event(driver, "task.created")
    assert (driver.call["line"], driver.call["task_sid"], "open" in driver.call) == ("lead", TASK, False)


# --- The sweep


def test_a_leg_whose_end_got_lost_ends_its_work(driver: Driver, later: Later) -> None:
    take(driver)
    driver.twilio.reservation, driver.twilio.call = "accepted", "completed"
    driver.twilio.reservations[RESERVATION] = {
        "sid": RESERVATION,
        "reservation_status": "accepted",
        "worker_sid": WORKER,
        "worker_name": "Bea",
    }
    later(700)
    driver.sweep()
    assert changes(driver)[-1]["AssignmentStatus"] == "completed" and driver.link["outcome"] == "completed"


def test_work_that_goes_on_is_left_alone(driver: Driver, later: Later) -> None:
    take(driver)
    driver.twilio.reservation, driver.twilio.call = "accepted", "in-progress"
    later(700)
    driver.sweep()
    assert swept(driver)["left accepted"] == 1 and changes(driver) == []
    assert calls_asked_about(driver) == [f"/2010-04-01/Accounts/AC{'0' * 32}/Calls/{LEG}.json"]


def test_assigned_work_of_which_no_link_is_known_is_left_to_people(driver: Driver, later: Later) -> None:
    """Nobody knows a leg that could be asked about: whoever has taken it may be at work."""
    driver.twilio.tasks[TASK] = {
        "sid": TASK,
        "assignment_status": "assigned",
        "attributes": LEAD,
        "task_queue_sid": QUEUES["Support"],
        "workflow_sid": WORKFLOW,
        "date_updated": "2026-11-21T08:00:00Z",
    }
    for _ in range(6):
        later(60)
        driver.sweep()
    assert changes(driver) == []


# --- AWS and the CRM


def test_an_assignment_that_cannot_be_recorded_is_given_back_in_a_moment(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[jobs.Job, int]] = []
    with monkeypatch.context() as down:
        down.setattr(steps, "reserve", lambda *_: 1 / 0)
        down.setattr(jobs, "send", lambda job, delay_seconds=0: sent.append((job, delay_seconds)))
        answer = assign(driver)
    assert (answer["statusCode"], answer["body"]) == (200, "")
    assert sent == [(jobs.Reject(TASK, RESERVATION, TASK, "not recorded", "", WORKER), 30)]
    driver.work(sent[0][0])
    assert changes(driver, ON_RESERVATION) == [{"ReservationStatus": "rejected"}] and driver.twilio.moves == []


def test_with_sqs_down_too_it_is_given_back_at_once(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "reserve", lambda *_: 1 / 0)
    monkeypatch.setattr(jobs, "send", lambda *_, **__: 1 / 0)
    assert json.loads(assign(driver)["body"]) == {"instruction": "reject"}


def test_a_job_that_cannot_be_sent_is_sent_by_the_sweep(
    driver: Driver, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as down:
        down.setattr(jobs, "send", lambda *_, **__: 1 / 0)
        assert assign(driver)["body"] == ""
    later(30)
    driver.sweep()
    assert driver.queued() == [jobs.RingWorker(TASK, RESERVATION)]


def prepare(driver: Driver, monkeypatch: pytest.MonkeyPatch, outcome: Exception) -> list[tuple[jobs.Job, int]]:
    """The CRM says this to a case."""

    def ask(adapter: str, attempt: crm.Attempt) -> crm.Approval:
        assert (adapter, attempt.task_attributes) == ("contacts", json.loads(CASE))
        raise outcome

    monkeypatch.setattr(crm, "prepare", ask)
    sent: list[tuple[jobs.Job, int]] = []
    assign(driver, CASE)
    (job,) = driver.queued()
    monkeypatch.setattr(jobs, "send", lambda job, delay_seconds=0: sent.append((job, delay_seconds)))
    driver.work(job)
    return sent


def test_a_crm_that_fails_holds_the_work_for_a_moment(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    ((job, delay),) = prepare(driver, monkeypatch, crm.Unavailable("down"))
    assert isinstance(job, jobs.Reject) and (job.reason, job.activity_sid, delay) == ("CRM failed: down", "", 30)
    assert driver.twilio.made("Calls") == []


def test_work_that_the_crm_wants_done_by_nobody_is_withdrawn(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(driver, monkeypatch, crm.DeclinedCaller("sold"))
    assert changes(driver) == [{"AssignmentStatus": "canceled", "Reason": "declined"}]
    assert driver.twilio.made("Calls") == [] and driver.link["reason"] == "declined: sold"


def test_a_kind_that_the_file_has_no_more_is_said_to_nobody(driver: Driver, environment: pytest.MonkeyPatch) -> None:
    assign(driver)
    center = callcenter.parse(callcenter.source())
    environment.setattr(callcenter, "current", lambda: center)
    for job in driver.queued():
        driver.work(job)
    assert driver.link["state"] == "dialing" and "work_say" not in driver.link


@pytest.mark.parametrize("attributes", ['{"kind": 5}', '{"kind": ["lead"]}', '{"kind": "unknown"}', "{}"])
def test_a_kind_that_nobody_knows_is_refused_as_ever(driver: Driver, attributes: str) -> None:
    assert assign(driver, attributes)["statusCode"] == 400


def test_twilio_is_asked_for_an_acceptance_once_and_takes_it_twice(driver: Driver) -> None:
    assert rest.reservations.accept(TASK, RESERVATION) and rest.reservations.accept(TASK, RESERVATION)
    driver.twilio.reservation = "rescinded"
    assert not rest.reservations.accept(TASK, RESERVATION)

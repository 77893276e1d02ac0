"""A caller who waits is called back: asked for by a key, with the place kept, agent first, and talked once at most."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch
from xml.etree import ElementTree

import msgspec
import pytest
import requests

from bench.counts import CALLBACK
from chalicelib import jobs
from chalicelib.callbacks import hours, outcome
from chalicelib.caller import handlers
from chalicelib.config import callcenter
from chalicelib.config.after_talk import AfterTalk
from chalicelib.config.callbacks import Says
from chalicelib.config.texts import Text
from chalicelib.links import callbacks as rows
from chalicelib.links import orders, reading, table
from chalicelib.links.model import Callback
from chalicelib.links.table import ConditionFailed
from chalicelib.reports.outcome import ended
from chalicelib.twilio import urls
from chalicelib.work import posting
from chalicelib.worker import calling_back, doing
from ops.__main__ import main
from tests.conftest import QUEUES, WORKFLOW
from tests.support.api_gateway import BASE, post
from tests.support.driver import CALL, CALLER, LEG, RESERVATION, SUPPORT, TASK, Driver, caller_form, leg_form
from tests.support.meter import counting
from tests.webhooks.test_sweep import Later, later
from tests.webhooks.test_tell import Inbox, inbox, notices

__all__ = ["inbox", "later"]

SECOND = "CA" + "d" * 32
OTHER = "+12125550199"
TASKS = f"POST /v1/Workspaces/WS{'0' * 32}/Tasks"
WAITS_ON = f"{BASE}/voice/wait#rc=2&rp=all"
RULES = """
[lines.support.callback]
countries = ["+1"]
offer_after = 60
other_number = true
attempts = 2
"""
SETTLED_SECONDS = handlers.SETTLED_SECONDS  # as in an application, and not as in these tests
JOINED = 1795230000.0  # when the caller joined the queue, by Twilio's clock
EVENT_MS = {"TimestampMs": str(int(JOINED * 1000))}


def team(environment: pytest.MonkeyPatch, rules: str = RULES) -> None:
    own = callcenter.source()
    begin = own.index("[lines.sales.callback]")
    center = callcenter.parse(own[:begin] + own[own.index("[lines.urgent]") :] + rules)
    environment.setattr(callcenter, "current", lambda: center)


@pytest.fixture(autouse=True)
def callbacks(driver: Driver, environment: pytest.MonkeyPatch) -> Iterator[None]:
    """The line support has callbacks; and what is due in a moment is due at once."""
    team(environment)
    environment.setattr(handlers, "SETTLED_SECONDS", 0)
    yield


def joins(driver: Driver, call: str = CALL, task: str = TASK, **attributes: str) -> None:
    """The caller is in the queue, with a choice of the menu."""
    known = {"call_sid": call, "from": CALLER, "to": SUPPORT, "department": "support", "language": "en"} | attributes
    driver.event("task.created", TaskSid=task, TaskAttributes=json.dumps(known), **EVENT_MS)


def dials(driver: Driver, route: urls.Route, call: str = CALL, number: str = "own", **form: str) -> ElementTree.Element:
    path = {"number": number} if "{number}" in route.path else {}
    answer = driver.send(post(route.path, caller_form(CallSid=call, **form), path))
    assert answer["statusCode"] == 200, answer
    return ElementTree.fromstring(answer["body"])


def asks(driver: Driver, call: str = CALL, number: str = "own", **form: str) -> list[str]:
    """The caller presses the key, and confirms."""
    dials(driver, urls.WAIT_KEY, call, Digits="*", **form)
    return heard(dials(driver, urls.CALLBACK_CONFIRM, call, number, Digits="1", **form))


def leaves(driver: Driver, call: str = CALL, result: str = "leave") -> list[str]:
    return heard(dials(driver, urls.AFTER, call, QueueResult=result, QueueTime="90"))


def heard(document: ElementTree.Element) -> list[str]:
    """Texts of what is said, tags of the rest."""
    return [str(verb.text) if verb.tag in ("Say", "Redirect") else verb.tag for verb in document]


def works(driver: Driver) -> None:
    """Each job on the queue is done."""
    for job in driver.queued():
        driver.work(job)


def asked(driver: Driver) -> None:
    """A caller has asked, and left; the task of the callback is there."""
    driver.twilio.task = "canceled"  # the call's own
    joins(driver)
    asks(driver)
    leaves(driver)
    works(driver)


def row(driver: Driver) -> dict[str, Any]:
    return driver.cloud.row("CALLBACK")


def made(driver: Driver) -> list[dict[str, Any]]:
    return [form for form in driver.twilio.made(TASKS) if "WorkflowSid" in form]


def task_of(driver: Driver) -> str:
    return str(row(driver)["task_sid"])


def reserved(driver: Driver, task: str = "", reservation: str = RESERVATION) -> None:
    """A worker is reserved for the task of the callback; the job that follows is done."""
    task = task or task_of(driver)
    driver.twilio.reservation = "pending"
    known = driver.twilio.tasks[task]
    known["assignment_status"] = "reserved"
    driver.assign(TaskSid=task, ReservationSid=reservation, TaskAttributes=known["attributes"])
    works(driver)


def on_leg(driver: Driver, route: urls.Route, task: str = "", **form: str) -> ElementTree.Element:
    path = {"subject": task or task_of(driver), "reservation_sid": RESERVATION}
    path |= {"attempt": "1"} if "{attempt}" in route.path else {}
    answer = driver.send(post(route.path, leg_form("in-progress") | form, path))
    assert answer["statusCode"] == 200, answer
    return ElementTree.fromstring(answer["body"])


def takes(driver: Driver) -> ElementTree.Element:
    """The worker is rung, and presses 1."""
    reserved(driver)
    on_leg(driver, urls.WORKER_ASK)
    document = on_leg(driver, urls.WORKER_ACCEPT, Digits="1")
    driver.twilio.tasks[task_of(driver)]["assignment_status"] = "assigned"
    return document


def called(driver: Driver, status: str, task: str = "", **form: str) -> list[str]:
    bridged = "true" if status == "completed" else "false"
    form = {"DialCallStatus": status, "DialBridged": bridged} | form
    return heard(on_leg(driver, urls.WORKER_CALLED, task, **form))


def hang_up(driver: Driver, task: str, status: str = "completed") -> None:
    path = {"subject": task, "reservation_sid": RESERVATION}
    assert driver.send(post(urls.WORKER_STATUS.path, leg_form(status), path))["statusCode"] == 204


def canceled(driver: Driver) -> list[str]:
    return [sid for sid, task in driver.twilio.tasks.items() if task["assignment_status"] == "canceled"]


# --- Asking


def test_the_callback_is_offered_after_a_while_and_the_key_is_listened_to(driver: Driver) -> None:
    assert dials(driver, urls.WAIT, QueueTime="59").find("Gather") is None
    (gather,) = dials(driver, urls.WAIT, QueueTime="60")
    assert "To be called back and keep your place, press star." in heard(gather)
    assert gather.get("action") == f"{BASE}/voice/wait/key#rc=2&rp=all"


@pytest.mark.parametrize(("waited", "first"), [("0", "Gather"), ("2", "Gather"), ("3", "Say")])
def test_who_chose_a_callback_in_a_menu_is_asked_for_it_in_the_first_three_seconds(
    driver: Driver, waited: str, first: str
) -> None:
    assert dials(driver, urls.WAIT_CALLBACK, QueueTime=waited)[0].tag == first


def test_a_line_without_the_table_has_the_document_that_it_always_had(
    driver: Driver, environment: pytest.MonkeyPatch
) -> None:
    team(environment, "")
    assert dials(driver, urls.WAIT, QueueTime="600").find("Gather") is None
    assert heard(dials(driver, urls.WAIT_KEY, Digits="*")) == [WAITS_ON]


def test_the_caller_hears_the_number_and_confirms_it_while_they_keep_the_place(driver: Driver) -> None:
    joins(driver)
    gather, redirect = dials(driver, urls.WAIT_KEY, Digits="*")
    assert heard(gather)[0].startswith("We can call you back at 1, 2 1 2, 5 5 5, 0 1 7 1. To confirm press 1.")
    assert gather.get("action") == f"{BASE}/voice/callback/confirm/own#rc=2&rp=all" and redirect.text == WAITS_ON
    said = heard(dials(driver, urls.CALLBACK_CONFIRM, Digits="1"))
    assert said == ["We will call you back at 1, 2 1 2, 5 5 5, 0 1 7 1. You keep your place.", "Leave"]
    assert leaves(driver) == ["You will be called back. Goodbye.", "Hangup"]
    assert (row(driver)["state"], row(driver)["number"], row(driver)["since"]) == ("held", CALLER, JOINED)


@pytest.mark.parametrize("key", ["#", "0", "1", "9", "**", ""])
def test_no_other_key_than_that_of_the_line_asks_for_a_callback(driver: Driver, key: str) -> None:
    assert heard(dials(driver, urls.WAIT_KEY, Digits=key)) == [WAITS_ON]


@pytest.mark.parametrize(("countries", "number"), [('["+1", "+44"]', "0 1 9 9"), ('["+44", "+1"]', "4 4")])
def test_a_number_is_typed_as_in_the_first_of_the_countries(
    driver: Driver, environment: pytest.MonkeyPatch, countries: str, number: str
) -> None:
    team(environment, RULES.replace('["+1"]', countries))
    read, _ = dials(driver, urls.CALLBACK_NUMBER, Digits="2125550199")
    assert number in heard(read)[0]


@pytest.mark.parametrize("key", ["3", "9", "#", ""])
def test_any_other_key_waits_on(driver: Driver, key: str) -> None:
    joins(driver)
    assert heard(dials(driver, urls.CALLBACK_CONFIRM, Digits=key)) == [WAITS_ON]
    assert row(driver) == {}


@pytest.mark.parametrize(
    ("route", "path", "digits"),
    [
        (urls.CALLBACK_CONFIRM, {"number": "own"}, "2"),
        (urls.CALLBACK_NUMBER, {}, "2125550199"),
        (urls.CALLBACK_NUMBER, {}, "2"),
    ],
)
def test_the_fallback_says_what_failed(driver: Driver, route: urls.Route, path: dict[str, str], digits: str) -> None:
    own = dials(driver, route, Digits=digits)
    again = dials(driver, urls.FALLBACK, Digits=digits, ErrorUrl=route.url(BASE, **path))
    assert ElementTree.tostring(again) == ElementTree.tostring(own)


def test_where_it_cannot_be_kept_the_caller_waits_on(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    joins(driver)
    monkeypatch.setattr(table, "update_row", lambda *_, **__: 1 / 0)
    assert asks(driver) == [WAITS_ON]


@pytest.mark.parametrize("result", ["bridged", "error", "hangup", "queue-full", "redirected", "system-error", ""])
def test_who_comes_out_of_the_queue_otherwise_hears_what_others_hear(driver: Driver, result: str) -> None:
    others = leaves(driver, SECOND, result)
    joins(driver)
    asks(driver)
    assert leaves(driver, result=result) == others


def test_a_callback_goes_on_five_seconds_after_its_caller_has_left(
    driver: Driver, environment: pytest.MonkeyPatch
) -> None:
    environment.setattr(handlers, "SETTLED_SECONDS", SETTLED_SECONDS)
    joins(driver)
    asks(driver)
    sent: list[tuple[jobs.Job, int]] = []
    environment.setattr(jobs, "send", lambda job, delay_seconds=0: sent.append((job, delay_seconds)))
    leaves(driver)
    assert sent == [(jobs.GoOn(CALL), 5)]


def test_nobody_is_told_that_this_caller_was_led_out(driver: Driver, inbox: object) -> None:
    asked(driver)
    assert notices(driver) == []


@pytest.mark.parametrize("caller", ["anonymous", "", "+266696687", "Ann", "+49301234567", "+18765550171"])
def test_who_cannot_be_called_gives_another_number(driver: Driver, caller: str) -> None:
    joins(driver, **{"from": caller})
    gather, _ = dials(driver, urls.WAIT_KEY, Digits="*", From=caller)
    assert heard(gather) == ["Please enter the number with its area code, and press the hash key."]
    read, _ = dials(driver, urls.CALLBACK_NUMBER, Digits="2125550199", From=caller)
    assert "0 1 9 9" in heard(read)[0]
    assert asks(driver, number="other", From=caller)[-1] == "Leave"
    assert row(driver)["number"] == OTHER


def test_without_other_numbers_nothing_is_offered_to_them(driver: Driver, environment: pytest.MonkeyPatch) -> None:
    team(environment, RULES.replace("other_number = true", ""))
    assert dials(driver, urls.WAIT, QueueTime="90", From="anonymous").find("Gather") is None
    assert heard(dials(driver, urls.WAIT_KEY, Digits="*", From="anonymous")) == [calling_not(), WAITS_ON]
    assert heard(dials(driver, urls.CALLBACK_CONFIRM, Digits="2")) == [WAITS_ON]
    assert heard(dials(driver, urls.CALLBACK_NUMBER, Digits="2125550199")) == [WAITS_ON]


def calling_not() -> Text:
    return Says().not_called


@pytest.mark.parametrize(
    "digits", ["9005550171", "8765550171", "4155550100", "911", "", "011979123456789", "1" * 40, "2129765017"]
)
def test_a_number_that_may_not_be_called_is_refused_and_the_place_kept(driver: Driver, digits: str) -> None:
    joins(driver)
    assert heard(dials(driver, urls.CALLBACK_NUMBER, Digits=digits)) == [calling_not(), WAITS_ON]
    assert asks(driver, number="other") == [WAITS_ON] and row(driver) == {}


def test_a_number_is_called_back_for_so_many_requests_a_day_whoever_asks(driver: Driver) -> None:
    for number, call in enumerate("CA" + str(n) * 32 for n in range(3)):
        caller = f"+1212555020{number}"
        joins(driver, call, **{"from": caller})
        dials(driver, urls.CALLBACK_NUMBER, call, Digits="2125550199", From=caller)
        said = asks(driver, call, "other", From=caller)
        assert (said[-1] == "Leave") == (number < 2)
    assert said[0] == "We cannot call this number back any more today." and said[1] == WAITS_ON


def test_a_caller_asks_so_many_times_a_day(driver: Driver) -> None:
    for number in range(4):
        call = "CA" + str(number) * 32
        joins(driver, call)
        dials(driver, urls.CALLBACK_NUMBER, call, Digits=f"212555030{number}")
        said = asks(driver, call, "other")
        assert (said[-1] == "Leave") == (number < 3)


def test_a_request_that_comes_twice_counts_once_and_is_one_callback(driver: Driver) -> None:
    joins(driver)
    first = asks(driver)
    assert all(asks(driver) == first for _ in range(4))
    leaves(driver)
    leaves(driver)
    works(driver)
    works(driver)
    assert len(made(driver)) == 1 and [one["state"] for one in driver.cloud.rows() if one["item"] == "CALLBACK"] == [
        "queued"
    ]


# --- The task


def test_the_task_has_the_routing_and_the_place_of_the_call(driver: Driver) -> None:
    asked(driver)
    (form,) = made(driver)
    assert json.loads(form.pop("Attributes")) == {
        "department": "support",
        "language": "en",
        "from": CALLER,
        "to": SUPPORT,
        "kind": "callback",
        "callback_id": CALL,
        "asked_by": CALLER,
        "attempt": 1,
        "work_key": f"callback/{CALL}-1",
    }
    assert form == {
        "WorkflowSid": WORKFLOW,
        "TaskChannel": "voice",
        "Priority": 5,
        "Timeout": 3600,
        "VirtualStartTime": "2026-11-21T03:00:00Z",
    }
    assert row(driver)["state"] == "queued"


def test_a_place_in_the_future_is_one_of_now(driver: Driver, later: Later) -> None:
    """The clock of whoever told it is ahead."""
    joins(driver)
    ahead = Callback(call_sid=CALL, line="support", number=CALLER, since=later.now + 900, on_line=CALL)
    rows.create(ahead, later.now)
    leaves(driver)
    dials(driver, urls.AFTER, QueueResult="hangup")
    driver.work(jobs.GoOn(CALL))
    (form,) = made(driver)
    assert form["VirtualStartTime"] <= time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(later.now))


def test_attributes_that_would_be_too_long_are_those_of_the_line(driver: Driver) -> None:
    joins(driver, notes="x" * 3950)
    asks(driver)
    leaves(driver)
    works(driver)
    known = json.loads(made(driver)[0]["Attributes"])
    assert known["department"] == "support" and "notes" not in known


def test_where_the_event_is_lost_the_line_routes(driver: Driver) -> None:
    asks(driver)
    leaves(driver)
    works(driver)
    assert json.loads(made(driver)[0]["Attributes"])["department"] == "support"


def test_and_twilio_tells_the_place_when_the_caller_leaves(driver: Driver, later: Later) -> None:
    asks(driver)
    leaves(driver)
    works(driver)
    assert row(driver)["since"] == pytest.approx(row(driver)["at"] - 90, abs=2)


@pytest.mark.parametrize("second", ["CA" + "0" * 32, "CA" + "d" * 32])
def test_also_when_they_have_called_again_before_it_is_queued(driver: Driver, later: Later, second: str) -> None:
    asks(driver)
    assert 0 not in row(driver).values()  # what is not known is not written
    leaves(driver)
    joins(driver, second, "WT" + "e" * 32)
    leaves(driver, second, "hangup")
    works(driver)
    assert row(driver)["since"] == pytest.approx(row(driver)["at"] - 90, abs=2)


def test_a_post_whose_answer_is_lost_finds_its_task(driver: Driver, later: Later) -> None:
    def lose() -> None:
        raise requests.ReadTimeout

    joins(driver)
    asks(driver)
    leaves(driver)
    driver.twilio.on_task = lose
    (job,) = driver.queued()
    with pytest.raises(Exception, match="no answer"):
        driver.work(job)
    driver.twilio.on_task = None
    with pytest.raises(Exception, match="is being posted"):
        driver.work(job)
    later(posting.LEASE_SECONDS + 1)
    driver.work(job)
    assert len(made(driver)) == 1 and task_of(driver) in driver.twilio.tasks


def test_so_does_one_whose_row_could_not_be_written(
    driver: Driver, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    joins(driver)
    asks(driver)
    leaves(driver)
    (job,) = driver.queued()
    with monkeypatch.context() as down:
        down.setattr(orders, "keep", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            driver.work(job)
    later(posting.LEASE_SECONDS + 1)
    driver.work(job)
    assert len(made(driver)) == 1 and row(driver)["state"] == "queued"


def test_a_twin_that_shows_up_later_rings_nobody(driver: Driver) -> None:
    asked(driver)
    twin = "WT" + "f" * 32
    driver.twilio.tasks[twin] = dict(driver.twilio.tasks[task_of(driver)])
    reserved(driver, twin)
    assert driver.twilio.made("/Calls.json") == [] and canceled(driver) == [twin]
    reserved(driver, reservation="WR" + "b" * 32)
    assert len(driver.twilio.made("/Calls.json")) == 1


def test_a_task_that_is_reserved_before_its_sid_is_kept_is_the_callbacks(driver: Driver) -> None:
    joins(driver)
    asks(driver)
    leaves(driver)
    first: list[bool] = []

    def reserve_at_once() -> None:
        task_sid = next(iter(driver.twilio.tasks))
        first.append(outcome.is_wanted(CALL, f"callback/{CALL}-1", task_sid, time.time()))

    driver.twilio.on_task = reserve_at_once
    works(driver)
    assert first == [True] and canceled(driver) == []
    assert (row(driver)["state"], task_of(driver)) == ("queued", next(iter(driver.twilio.tasks)))


def test_what_twilio_refuses_is_given_up_and_told(driver: Driver, inbox: object) -> None:
    driver.twilio.failures = {TASKS: [(400, 20001)]}
    asked(driver)
    assert (row(driver)["state"], row(driver)["reason"]) == ("given up", "refused: 20001")
    assert [notice["what"] for notice in notices(driver)] == ["callback"]


def test_a_task_of_this_kind_that_somebody_else_posted_rings_nobody(driver: Driver) -> None:
    driver.twilio.attributes = json.dumps({"kind": "callback", "callback_id": CALL, "from": "+19005550100"})
    driver.twilio.task = "reserved"
    driver.assign(TaskAttributes=driver.twilio.attributes)
    works(driver)
    assert driver.twilio.made("/Calls.json") == [] and driver.twilio.task == "canceled"


@pytest.mark.parametrize("known", [{}, {"callback_id": 5}, {"callback_id": "CA1"}])
def test_nor_does_one_that_names_no_call(driver: Driver, known: dict[str, object]) -> None:
    driver.twilio.attributes = json.dumps({"kind": "callback", "from": OTHER, **known})
    driver.twilio.task = "reserved"
    driver.assign(TaskAttributes=driver.twilio.attributes)
    works(driver)
    assert driver.twilio.made("/Calls.json") == [] and driver.twilio.task == "canceled"
    driver.event("task.canceled", TaskAttributes=driver.twilio.attributes)


def test_a_team_may_have_work_of_this_name_while_no_line_calls_back(
    driver: Driver, environment: pytest.MonkeyPatch
) -> None:
    team(environment, '\n[work.callback]\nsay = "Call {name}."\ncrm = "none"\n')
    driver.twilio.attributes = json.dumps({"kind": "callback", "name": "Ann"})
    driver.twilio.task = "reserved"
    driver.assign(TaskAttributes=driver.twilio.attributes)
    works(driver)
    assert len(driver.twilio.made("/Calls.json")) == 1 and driver.link["work_say"] == "Call Ann."


def test_while_the_line_is_closed_no_task_is_made(
    driver: Driver, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    opens = later.now + 7200
    monkeypatch.setattr(hours, "opens_at", lambda _line, _now: opens)
    asked(driver)
    assert made(driver) == [] and (row(driver)["state"], row(driver)["retry_at"]) == ("waiting", opens)
    driver.work(jobs.GoOn(CALL))  # a job that was sent before comes late
    assert row(driver)["check_at"] == int(opens)
    later(7201)
    driver.sweep()
    works(driver)
    assert len(made(driver)) == 1


# --- The worker, and the customer


def test_the_worker_is_rung_first_and_hears_that_it_is_a_callback(driver: Driver) -> None:
    asked(driver)
    reserved(driver)
    (dialled,) = driver.twilio.made("/Calls.json")
    assert dialled["Url"] == f"{BASE}/worker/{task_of(driver)}/{RESERVATION}/ask/1#rc=2&rp=all"
    (gather, _) = on_leg(driver, urls.WORKER_ASK)
    assert str(gather[0].text).startswith("Callback.") and "Press 1" in str(gather[0].text)
    assert driver.link["call_sid"] == task_of(driver) and driver.link["callback"] == CALL


def test_only_after_the_key_the_customers_phone_rings_from_the_lines_number(driver: Driver) -> None:
    asked(driver)
    document = takes(driver)
    dial = document.find("Dial")
    assert dial is not None and [(one.tag, one.text) for one in dial] == [("Number", CALLER)]
    assert dial.get("callerId") == SUPPORT and dial.get("hangupOnStar") == "true"
    assert dial.get("action") == f"{BASE}/worker/{task_of(driver)}/{RESERVATION}/called#rc=2&rp=all"
    assert (row(driver)["state"], row(driver)["attempts"]) == ("taken", 1)


def test_the_same_leg_hears_the_same_again_and_it_is_one_attempt(driver: Driver) -> None:
    asked(driver)
    first = ElementTree.tostring(takes(driver))
    assert ElementTree.tostring(on_leg(driver, urls.WORKER_ACCEPT, Digits="1")) == first
    assert row(driver)["attempts"] == 1


@pytest.mark.parametrize("leg", ["CA" + "0" * 32, "CA" + "f" * 32])
def test_another_leg_decides_nothing(driver: Driver, leg: str) -> None:
    asked(driver)
    takes(driver)
    called(driver, "completed", CallSid=leg)
    called(driver, "busy", CallSid=leg)
    assert row(driver)["state"] == "taken"


@pytest.mark.parametrize("reservation", ["WR" + "0" * 32, "WR" + "f" * 32])
def test_a_worker_decides_nothing_of_a_callback_that_another_has_taken(driver: Driver, reservation: str) -> None:
    asked(driver)
    takes(driver)
    driver.twilio.reservation = "accepted"
    driver.cloud.client("dynamodb").update_item(
        TableName="cordboard-test-links",
        Key={"call_sid": {"S": CALL}, "item": {"S": "CALLBACK"}},
        UpdateExpression="SET reservation_sid = :other",
        ExpressionAttributeValues={":other": {"S": reservation}},
    )
    assert called(driver, "busy") == ["Goodbye.", "Hangup"]
    hang_up(driver, task_of(driver))
    assert row(driver)["state"] == "taken"


def test_who_claims_a_callback_too_late_has_none() -> None:
    with patch.object(table, "update_row", side_effect=ConditionFailed({})):
        assert not rows.claim("+12125550171", "support", CALL, "", 5.0)


def test_a_talk_ends_the_callback(driver: Driver) -> None:
    asked(driver)
    takes(driver)
    task = task_of(driver)
    (gather,) = on_leg(driver, urls.WORKER_CALLED, DialCallStatus="completed", DialBridged="true")
    assert gather.attrib["action"] == f"{BASE}/worker/{task}/{RESERVATION}/called/key#rc=2&rp=all"
    assert gather.attrib["actionOnEmptyResult"] == "true"
    assert heard(on_leg(driver, urls.WORKER_CALLED_KEY)) == ["Goodbye.", "Hangup"]
    assert (row(driver)["state"], "open" in row(driver)) == ("talked", False)


@pytest.mark.parametrize("digits", ["1", "3", "22", "#", ""])
def test_only_the_key_for_a_machine_says_that_nobody_was_reached(driver: Driver, digits: str) -> None:
    asked(driver)
    takes(driver)
    called(driver, "completed")
    assert heard(on_leg(driver, urls.WORKER_CALLED_KEY, Digits=digits)) == ["Goodbye.", "Hangup"]
    assert row(driver)["state"] == "talked"


@pytest.mark.parametrize(
    ("status", "first"),
    [
        ("completed", "Gather"),
        ("answered", "Gather"),
        ("busy", calling_back.AGAIN),
        ("canceled", calling_back.AGAIN),
        ("no-answer", calling_back.AGAIN),
    ],
)
def test_where_twilio_does_not_say_whether_the_two_talked_the_status_does(
    driver: Driver, status: str, first: str
) -> None:
    asked(driver)
    takes(driver)
    assert heard(on_leg(driver, urls.WORKER_CALLED, DialCallStatus=status, CallStatus=""))[0] == first


def test_who_hangs_up_after_the_talk_says_nothing_more(driver: Driver) -> None:
    asked(driver)
    takes(driver)
    called(driver, "completed", CallStatus="completed")
    assert row(driver)["state"] == "talked"


@pytest.mark.parametrize("status", ["busy", "no-answer", "failed", "canceled", ""])
def test_who_is_not_reached_is_called_again_later_in_the_same_place(driver: Driver, later: Later, status: str) -> None:
    asked(driver)
    takes(driver)
    task = task_of(driver)
    assert called(driver, status) == [calling_back.AGAIN, "Hangup"]
    assert called(driver, status, task) == ["Goodbye.", "Hangup"]  # it comes twice
    assert (row(driver)["state"], row(driver)["attempts"]) == ("waiting", 1)
    later(899)
    driver.sweep()
    assert driver.queued() == []
    later(2)
    driver.sweep()
    works(driver)
    first, again = made(driver)
    assert again["VirtualStartTime"] == first["VirtualStartTime"]
    assert json.loads(again["Attributes"])["attempt"] == 2 and task_of(driver) != task


@pytest.mark.parametrize("step", ["talk", "busy", "leg ended"])
def test_where_somebody_else_was_faster_to_say_what_came_of_it_that_stands(
    driver: Driver, environment: pytest.MonkeyPatch, step: str
) -> None:
    def faster(*_given: object) -> str:
        raise ConditionFailed({})

    asked(driver)
    takes(driver)
    for name in ("reached", "not_reached", "find_out"):
        environment.setattr(outcome, name, faster)
    driver.twilio.reservation = "accepted"
    if step == "talk":
        assert called(driver, "completed", CallStatus="completed") == ["Goodbye.", "Hangup"]
    elif step == "busy":
        assert called(driver, "busy") == [calling_back.AGAIN, "Hangup"]
    else:
        hang_up(driver, task_of(driver))
    assert "webhook failed" not in driver.log.getvalue() and row(driver)["state"] == "taken"


def test_a_machine_that_the_worker_tells_of_is_nobody_reached(driver: Driver) -> None:
    asked(driver)
    takes(driver)
    called(driver, "completed")
    assert heard(on_leg(driver, urls.WORKER_CALLED_KEY, Digits="2")) == [calling_back.AGAIN, "Hangup"]
    assert (row(driver)["state"], row(driver)["reason"]) == ("waiting", "machine")


def test_after_the_last_attempt_it_is_given_up_and_people_are_told(driver: Driver, later: Later, inbox: object) -> None:
    asked(driver)
    for _ in range(2):
        takes(driver)
        said = called(driver, "busy")
        driver.cloud.client("dynamodb").delete_item(
            TableName="cordboard-test-links",
            Key={"call_sid": {"S": driver.link["call_sid"]}, "item": {"S": RESERVATION}},
        )
        later(901)
        driver.sweep()
        works(driver)
    assert said == [calling_back.GIVEN_UP, "Hangup"] and len(made(driver)) == 2
    assert (row(driver)["state"], row(driver)["reason"], "open" in row(driver)) == ("given up", "busy", False)
    assert [(notice["what"], notice["call_sid"]) for notice in notices(driver)] == [("callback", CALL)]


def test_a_dial_whose_end_is_lost_is_looked_up_at_twilio(driver: Driver) -> None:
    asked(driver)
    takes(driver)
    driver.twilio.reservation = "accepted"
    driver.twilio.children = [{"sid": "CA" + "e" * 32, "status": "completed"}]
    hang_up(driver, task_of(driver))
    assert row(driver)["state"] == "talked"


def test_the_customers_call_may_be_over_a_moment_after_the_workers(driver: Driver) -> None:
    asked(driver)
    takes(driver)
    driver.twilio.reservation = "accepted"
    driver.twilio.children = [{"sid": "CA" + "e" * 32, "status": "in-progress"}]
    hang_up(driver, task_of(driver))
    assert row(driver)["state"] == "talked"


def test_so_is_one_that_nobody_answered(driver: Driver) -> None:
    asked(driver)
    takes(driver)
    driver.twilio.reservation = "accepted"
    driver.twilio.children = [{"sid": "CA" + "e" * 32, "status": "no-answer"}]
    hang_up(driver, task_of(driver))
    assert (row(driver)["state"], row(driver)["reason"]) == ("waiting", "no-answer")


def test_with_the_end_of_the_leg_lost_too_the_sweep_finds_out(driver: Driver, later: Later) -> None:
    asked(driver)
    takes(driver)
    driver.twilio.call = "completed"
    driver.twilio.children = [{"sid": "CA" + "e" * 32, "status": "busy"}]
    later(300)
    driver.sweep()
    works(driver)
    assert (row(driver)["state"], row(driver)["reason"]) == ("waiting", "busy")


def test_a_worker_who_passes_dials_nobody_and_the_callback_waits_for_the_next(driver: Driver) -> None:
    asked(driver)
    reserved(driver)
    on_leg(driver, urls.WORKER_ACCEPT, Digits="2")
    assert (row(driver)["state"], row(driver).get("attempts", 0)) == ("queued", 0)


def test_who_presses_too_late_dials_nobody(driver: Driver) -> None:
    asked(driver)
    reserved(driver)
    driver.twilio.reservation = "timeout"
    assert heard(on_leg(driver, urls.WORKER_ACCEPT, Digits="1")) == [doing.TAKEN_BACK, "Hangup"]
    assert row(driver)["state"] == "queued"


def test_with_the_table_down_at_the_key_nobody_is_dialled_and_it_is_queued_anew(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked(driver)
    reserved(driver)
    on_leg(driver, urls.WORKER_ASK)
    task = task_of(driver)
    with monkeypatch.context() as down:
        down.setattr(rows, "find", lambda *_: 1 / 0)
        assert "Dial" not in heard(on_leg(driver, urls.WORKER_ACCEPT, Digits="1"))
    hang_up(driver, task)
    assert (row(driver)["state"], row(driver)["reason"]) == ("waiting", "not begun")


def test_a_task_that_ends_without_a_worker_is_given_up_and_told(driver: Driver, inbox: object) -> None:
    asked(driver)
    known = driver.twilio.tasks[task_of(driver)]["attributes"]
    canceled_by = {"TaskCanceledReason": "Task TTL Exceeded", "TaskAttributes": known, "TaskSid": task_of(driver)}
    driver.event("task.canceled", **canceled_by)
    driver.event("task.canceled", **canceled_by)
    assert (row(driver)["state"], row(driver)["reason"]) == ("given up", "Task TTL Exceeded")
    assert len(notices(driver)) == 1


def test_so_is_one_whose_event_is_lost(driver: Driver, later: Later) -> None:
    asked(driver)
    driver.twilio.tasks[task_of(driver)]["assignment_status"] = "canceled"
    later(300)
    driver.sweep()
    works(driver)
    assert row(driver)["state"] == "given up"


# --- The caller calls again


def test_a_second_call_withdraws_the_task_of_the_callback(driver: Driver) -> None:
    asked(driver)
    task = task_of(driver)
    joins(driver, SECOND, "WT" + "e" * 32)
    joins(driver, SECOND, "WT" + "e" * 32)
    assert canceled(driver) == [task] and (row(driver)["state"], row(driver)["on_line"]) == ("held", SECOND)


def second_call(driver: Driver) -> None:
    asked(driver)
    joins(driver, SECOND, "WT" + "e" * 32)
    driver.queued()


def test_a_second_call_that_is_talked_ends_it(driver: Driver) -> None:
    second_call(driver)
    leaves(driver, SECOND, "bridged")
    works(driver)
    assert (row(driver)["state"], row(driver)["reason"]) == ("withdrawn", "the caller talked to a worker")
    assert len(made(driver)) == 1


def test_a_second_call_that_talks_to_nobody_brings_it_back_in_its_old_place(driver: Driver) -> None:
    second_call(driver)
    leaves(driver, SECOND, "hangup")
    works(driver)
    first, again = made(driver)
    assert again["VirtualStartTime"] == first["VirtualStartTime"] and row(driver)["state"] == "queued"
    assert json.loads(again["Attributes"])["work_key"] == f"callback/{CALL}-2"


def test_who_asks_on_the_second_call_keeps_the_first_callback(driver: Driver) -> None:
    second_call(driver)
    assert asks(driver, SECOND)[-1] == "Leave"
    assert leaves(driver, SECOND) == ["You will be called back. Goodbye.", "Hangup"]
    works(driver)
    assert len(made(driver)) == 2 and len([one for one in driver.cloud.rows() if one["item"] == "CALLBACK"]) == 1
    assert row(driver)["since"] == JOINED


def test_and_may_give_another_number_for_it(driver: Driver) -> None:
    second_call(driver)
    dials(driver, urls.CALLBACK_NUMBER, SECOND, Digits="2125550199")
    asks(driver, SECOND, "other")
    leaves(driver, SECOND)
    works(driver)
    assert json.loads(made(driver)[-1]["Attributes"])["from"] == OTHER


def test_a_second_call_of_which_no_event_came_keeps_the_first_callback_too(driver: Driver) -> None:
    asked(driver)
    asks(driver, SECOND)
    assert [one["state"] for one in driver.cloud.rows() if one["item"] == "CALLBACK"] == ["held"]
    assert len(canceled(driver)) == 1


def test_a_second_call_while_a_worker_dials_is_a_busy_customer_who_is_not_called_while_on_the_line(
    driver: Driver, later: Later
) -> None:
    asked(driver)
    takes(driver)
    joins(driver, SECOND, "WT" + "e" * 32)
    assert row(driver)["state"] == "taken"
    called(driver, "busy")
    assert (row(driver)["state"], row(driver)["on_line"]) == ("held", SECOND)
    later(901)
    driver.sweep()
    works(driver)
    assert len(made(driver)) == 1 and row(driver)["state"] == "held"


def test_a_caller_who_is_back_before_the_key_makes_the_worker_hear_so(driver: Driver) -> None:
    asked(driver)
    reserved(driver)
    task = task_of(driver)
    joins(driver, SECOND, "WT" + "e" * 32)
    driver.twilio.reservation = "pending"
    said = heard(on_leg(driver, urls.WORKER_ACCEPT, task, Digits="1"))
    assert said == [calling_back.NOT_WANTED, "Hangup"] and row(driver)["state"] == "held"


def test_a_task_that_was_replaced_and_could_not_be_canceled_rings_nobody(driver: Driver) -> None:
    asked(driver)
    old = task_of(driver)
    driver.twilio.failures = {f"POST /v1/Workspaces/WS{'0' * 32}/Tasks/{old}": [503]}
    joins(driver, SECOND, "WT" + "e" * 32)
    assert canceled(driver) == []
    reserved(driver, old)
    assert driver.twilio.made("/Calls.json") == [] and canceled(driver) == [old]


def test_a_caller_who_is_joined_in_the_middle_of_asking_is_not_called_back(driver: Driver) -> None:
    joins(driver)
    asks(driver)
    leaves(driver, result="bridged")
    works(driver)
    assert row(driver)["state"] == "withdrawn" and made(driver) == []


def test_who_hangs_up_after_confirming_is_called_back(driver: Driver) -> None:
    joins(driver)
    asks(driver)
    leaves(driver, result="hangup")
    works(driver)
    assert row(driver)["state"] == "queued"


def test_a_caller_whose_leaving_nobody_told_of_is_found_by_the_sweep(driver: Driver, later: Later) -> None:
    joins(driver)
    asks(driver)
    later(61)
    driver.sweep()
    works(driver)
    assert row(driver)["state"] == "held"  # they are on the line
    driver.twilio.call = "completed"
    later(61)
    driver.sweep()
    works(driver)
    assert row(driver)["state"] == "queued"


def test_two_callers_and_two_lines_have_a_callback_each(driver: Driver) -> None:
    asked(driver)
    joins(driver, SECOND, "WT" + "e" * 32, **{"from": OTHER})
    asks(driver, SECOND, From=OTHER)
    leaves(driver, SECOND)
    works(driver)
    assert len(made(driver)) == 2


CANCELS = "To cancel the callback that you have asked for press 4."


def test_who_has_asked_for_none_has_none_to_cancel(driver: Driver) -> None:
    joins(driver)
    gather, _ = dials(driver, urls.WAIT_KEY, Digits="*")
    assert CANCELS not in heard(gather)[0]
    assert heard(dials(driver, urls.CALLBACK_CONFIRM, Digits="4"))[-1] == WAITS_ON


def test_on_the_second_call_they_may_cancel_it_and_keep_the_place_in_the_queue(driver: Driver) -> None:
    second_call(driver)
    gather, _ = dials(driver, urls.WAIT_KEY, SECOND, Digits="*")
    assert heard(gather)[0].endswith(CANCELS)
    for _ in range(2):
        said = heard(dials(driver, urls.CALLBACK_CONFIRM, SECOND, Digits="4"))
        assert said == ["You will not be called back. Please stay on the line.", WAITS_ON]
    assert (row(driver)["state"], row(driver)["reason"]) == ("withdrawn", "the caller canceled it")
    assert "open" not in row(driver)
    leaves(driver, SECOND, "hangup")
    works(driver)
    assert len(made(driver)) == 1 and row(driver)["state"] == "withdrawn"


def test_who_canceled_may_ask_again(driver: Driver) -> None:
    second_call(driver)
    dials(driver, urls.CALLBACK_CONFIRM, SECOND, Digits="4")
    assert asks(driver, SECOND)[-1] == "Leave"
    leaves(driver, SECOND)
    works(driver)
    states = [one["state"] for one in driver.cloud.rows() if one["item"] == "CALLBACK"]
    assert sorted(states) == ["queued", "withdrawn"]


def test_a_second_call_of_which_no_event_came_ends_the_task_too(driver: Driver) -> None:
    asked(driver)
    task = task_of(driver)
    dials(driver, urls.CALLBACK_CONFIRM, SECOND, Digits="4")
    assert canceled(driver) == [task] and row(driver)["state"] == "withdrawn"


def test_a_worker_who_dials_already_is_told_nothing_and_the_callback_is_over(driver: Driver) -> None:
    asked(driver)
    takes(driver)
    task = task_of(driver)
    joins(driver, SECOND, "WT" + "e" * 32)
    dials(driver, urls.CALLBACK_CONFIRM, SECOND, Digits="4")
    assert canceled(driver) == [] and row(driver)["state"] == "withdrawn"
    assert called(driver, "busy", task) == ["Goodbye.", "Hangup"]
    hang_up(driver, task)
    works(driver)
    assert row(driver)["state"] == "withdrawn" and len(made(driver)) == 1


def test_where_it_cannot_be_canceled_the_caller_waits_on_and_has_it_still(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    second_call(driver)
    with monkeypatch.context() as broken:
        broken.setattr(table, "update_row", lambda *_, **__: 1 / 0)
        assert heard(dials(driver, urls.CALLBACK_CONFIRM, SECOND, Digits="4")) == [WAITS_ON]
    assert row(driver)["state"] == "held"


def test_where_nobody_knows_whether_there_is_one_the_key_still_offers_a_callback(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    joins(driver)
    monkeypatch.setattr(table, "find_row", lambda *_: 1 / 0)
    gather, _ = dials(driver, urls.WAIT_KEY, Digits="*")
    assert heard(gather)[0].startswith("We can call you back") and CANCELS not in heard(gather)[0]


# --- What the worker says of it


def with_keys(environment: pytest.MonkeyPatch) -> None:
    """The support queue asks what became of its calls."""
    center = callcenter.current()
    rules = AfterTalk(keys={"1": "solved", "5": "call again"})
    support = msgspec.structs.replace(center.queue("Support"), after_talk=rules)
    changed = msgspec.structs.replace(center, queues={**center.queues, "Support": support})
    environment.setattr(callcenter, "current", lambda: changed)


def test_after_the_talk_the_worker_says_by_a_key_what_became_of_it(
    driver: Driver, environment: pytest.MonkeyPatch
) -> None:
    with_keys(environment)
    asked(driver)
    takes(driver)
    task = task_of(driver)
    called(driver, "completed", task)
    gather, _ = on_leg(driver, urls.WORKER_CALLED_KEY, task)
    assert gather.get("action") == f"{BASE}/worker/{task}/{RESERVATION}/disposition#rc=2&rp=all"
    assert row(driver)["state"] == "talked"
    on_leg(driver, urls.WORKER_DISPOSITION, task, Digits="5")
    assert driver.cloud.row(RESERVATION)["disposition"] == "call again"


def test_but_not_of_a_machine_nor_when_the_worker_has_hung_up(driver: Driver, environment: pytest.MonkeyPatch) -> None:
    with_keys(environment)
    asked(driver)
    takes(driver)
    task = task_of(driver)
    assert called(driver, "completed", task, CallStatus="completed") == ["Goodbye.", "Hangup"]
    called(driver, "completed", task)
    assert "Gather" not in heard(on_leg(driver, urls.WORKER_CALLED_KEY, task, Digits="2"))


# --- What stands beside it


def test_the_story_of_the_call_tells_of_its_callback(driver: Driver, capsys: pytest.CaptureFixture[str]) -> None:
    asked(driver)
    takes(driver)
    task = task_of(driver)
    called(driver, "busy")
    assert main(["calls", "show", CALL]) == 0
    told = capsys.readouterr().out
    for fact in (
        "callback to …71: waiting (busy), 1 attempts",
        "the caller asks to be called back",
        "the next attempt",
    ):
        assert fact in told
    driver.event("task.created", TaskSid=task, TaskAttributes=driver.twilio.tasks[task]["attributes"])
    assert main(["calls", "show", task]) == 0
    assert f", asked for on the call {CALL}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("state", "word"),
    [("waiting", "to be called back"), ("talked", "called back"), ("given up", "not reached")],
)
def test_the_list_of_calls_has_what_became_of_it(driver: Driver, later: Later, state: str, word: str) -> None:
    asked(driver)
    callback = rows.find(CALL)
    assert callback is not None
    rows.change(callback, later.now, state=state)
    assert ended(reading.of_call(CALL), later.now) == word


def test_the_mail_says_who_is_to_be_called(driver: Driver, inbox: Inbox, environment: pytest.MonkeyPatch) -> None:
    driver.twilio.failures = {TASKS: [(400, 20001)]}
    asked(driver)
    driver.sweep()
    (mail,) = inbox.mails()
    text = mail["Message"]
    assert mail["Subject"] == "Callback is given up on line support"
    assert text.startswith("…71 asked to be called back on line support, and was not reached")
    assert f"./cordboard calls show {CALL}" in text


def test_a_team_may_want_no_mail_of_it(driver: Driver, inbox: Inbox, environment: pytest.MonkeyPatch) -> None:
    team(environment, f"{RULES}\n[tell]\ncallback = false\n")
    driver.twilio.failures = {TASKS: [(400, 20001)]}
    asked(driver)
    assert notices(driver) == [] and row(driver)["state"] == "given up"


def test_a_sweep_of_a_team_without_callbacks_asks_for_none(
    driver: Driver, environment: pytest.MonkeyPatch, later: Later
) -> None:
    asked(driver)
    team(environment, "")
    later(4000)
    driver.sweep()
    assert driver.queued() == []


def test_two_sweeps_send_one_job(driver: Driver, later: Later) -> None:
    joins(driver)
    asks(driver)
    later(61)
    driver.sweep()
    driver.sweep()
    assert driver.queued() == [jobs.GoOn(CALL)]
    assert later.now < row(driver)["check_at"] < later.now + 120


def test_a_kind_that_is_no_text_is_refused_as_ever(driver: Driver) -> None:
    assert driver.assign(TaskAttributes='{"kind": ["callback"]}')["statusCode"] == 400


def test_the_workers_queue_is_the_callers(driver: Driver) -> None:
    asked(driver)
    reserved(driver)
    assert driver.link["queue"] == "Support" and QUEUES["Support"]
    assert driver.link["worker_call_sid"] == LEG


# --- What it costs

OF_THE_TEST = ("Scan", "ReceiveMessage", "DeleteMessage")


def counted(driver: Driver, act: Callable[[], object]) -> dict[str, float]:
    """What this asked of AWS, and of Twilio."""
    before = len(driver.twilio.requests)
    with counting() as made_of_aws:
        act()
    made_of_twilio = {"twilio": len(driver.twilio.requests) - before}
    ours = {name: number for name, number in made_of_aws.items() if name not in OF_THE_TEST}
    return {name: number for name, number in {**ours, **made_of_twilio}.items() if number}


def test_a_caller_who_asks_for_nothing_costs_one_read_on_a_line_with_callbacks(
    driver: Driver, environment: pytest.MonkeyPatch
) -> None:
    with_callbacks = counted(driver, lambda: joins(driver))
    team(environment, "")
    without = counted(driver, lambda: joins(driver, SECOND))
    added = {name: number - without.get(name, 0) for name, number in with_callbacks.items()}
    assert {name: number for name, number in added.items() if number} == CALLBACK["offered"]


def test_a_callback_costs_exactly_these_requests(driver: Driver, later: Later) -> None:
    later(int(later.now) + 0.5 - later.now)  # each more digit of a time may be one more kilobyte
    joins(driver)

    def ask() -> None:
        asks(driver)

    def talk() -> None:
        takes(driver)
        called(driver, "completed", CallStatus="completed")

    found = {"asked": counted(driver, ask)}
    leaves(driver)
    found["queued"] = counted(driver, lambda: driver.work(jobs.GoOn(CALL)))
    driver.queued()
    found["talked"] = counted(driver, talk)
    assert found == {name: CALLBACK[name] for name in found}

"""The worker's leg: answered, taken, too late, busy, ended; every callback twice, late and out of order."""

import pytest
import requests

from chalicelib import jobs
from chalicelib.links import steps
from chalicelib.twilio import urls
from chalicelib.worker import twiml
from tests.conftest import ACTIVITIES
from tests.support.api_gateway import get, post
from tests.support.driver import CALL, LEG, LEG_PATH, OTHER_LEG, RESERVATION, TASK, Driver, leg_form

REJECT = f"/Tasks/{TASK}/Reservations"


def hung_up(driver: Driver, leg: str = LEG) -> int:
    return len(driver.twilio.made(f"POST /2010-04-01/Accounts/AC{'0' * 32}/Calls/{leg}.json"))


def rejections(driver: Driver) -> list[dict[str, str]]:
    return driver.twilio.made(f"POST /v1/Workspaces/WS{'0' * 32}{REJECT}")


def test_the_worker_who_answers_is_joined_to_the_caller(driver: Driver) -> None:
    driver.ring()
    assert driver.answer() == (
        '<?xml version="1.0" encoding="UTF-8"?><Response><Dial>'
        f'<Queue reservationSid="{RESERVATION}" /></Dial>'
        f"<Say>{twiml.CALLER_GONE}</Say><Hangup /></Response>"
    )
    assert driver.link["state"] == "answered"


def test_the_worker_hears_the_crms_line_first(driver: Driver) -> None:
    item = {"phone": "+12125550171", "item": "CONTACT", "whisper": "Ann Lee, gold member."}
    driver.cloud.client("dynamodb").put_item(
        TableName="cordboard-test-contacts", Item={name: {"S": value} for name, value in item.items()}
    )
    driver.ring()
    assert '<Say language="en-US">Ann Lee, gold member.</Say><Dial>' in driver.answer()


def test_the_same_leg_asking_again_hears_the_same(driver: Driver) -> None:
    driver.ring()
    assert driver.answer() == driver.answer()


def test_a_leg_that_answers_before_its_sid_was_stored_gets_the_link(driver: Driver) -> None:
    answered: list[str] = []
    driver.twilio.on_call = lambda: answered.append(driver.answer())
    driver.ring()
    assert "<Queue" in answered[0]
    assert (driver.link["state"], driver.link["worker_call_sid"]) == ("answered", LEG)


@pytest.mark.parametrize("leg", ["CA" + "0" * 32, OTHER_LEG])
def test_a_second_leg_hears_that_the_call_is_taken(driver: Driver, leg: str) -> None:
    driver.ring()
    driver.answer()
    document = driver.answer(leg)
    assert twiml.TAKEN in document and "<Hangup" in document and "<Dial" not in document


@pytest.mark.parametrize("kind", ["reservation.canceled", "reservation.timeout", "reservation.rescinded"])
def test_a_worker_who_answers_too_late_hears_one_sentence(driver: Driver, kind: str) -> None:
    driver.ring()
    driver.event(kind)
    document = driver.answer()
    assert twiml.CALLER_GONE in document and "<Dial" not in document


def test_a_leg_without_a_link_hears_one_sentence(driver: Driver) -> None:
    assert twiml.CALLER_GONE in driver.answer()


def test_the_two_are_joined_even_when_the_table_is_down(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: object) -> None:
        raise ConnectionError("no table")

    monkeypatch.setattr(steps, "follow_leg", down)
    assert f'reservationSid="{RESERVATION}"' in driver.answer()


@pytest.mark.parametrize(
    "order",
    [
        ["initiated", "ringing", "in-progress"],
        ["in-progress", "ringing", "initiated"],
        ["ringing", "ringing", "initiated", "in-progress", "in-progress"],
    ],
)
def test_callbacks_in_any_order_do_no_harm(driver: Driver, order: list[str]) -> None:
    driver.ring()
    assert [driver.status(status) for status in order] == [204] * len(order)
    assert (driver.link["state"], driver.link["worker_call_sid"]) == ("ringing", LEG)
    assert hung_up(driver) == 0


def test_a_ringing_that_is_told_after_the_answer_does_not_turn_the_link_back(driver: Driver) -> None:
    driver.ring()
    driver.answer()
    driver.status("ringing")
    assert driver.link["state"] == "answered" and hung_up(driver) == 0


@pytest.mark.parametrize(
    ("status", "activity"), [("busy", "Unavailable"), ("no-answer", "Unavailable"), ("failed", "Offline")]
)
def test_a_phone_that_nobody_takes_gives_the_caller_to_the_next_worker(
    driver: Driver, status: str, activity: str
) -> None:
    driver.ring()
    driver.status("ringing")
    driver.status(status)
    driver.status(status)
    assert rejections(driver) == [{"ReservationStatus": "rejected"}] and driver.twilio.moves == [ACTIVITIES[activity]]
    assert (driver.link["state"], driver.link["outcome"], driver.link["reason"]) == ("closed", "rejected", status)


@pytest.mark.parametrize(
    ("status", "activity"), [("no-answer", "Unavailable"), ("failed", "Offline"), ("busy", "Unavailable")]
)
def test_a_phone_that_nobody_takes_counts_also_when_the_caller_has_just_gone(
    driver: Driver, status: str, activity: str
) -> None:
    driver.ring()
    driver.twilio.call = "completed"
    driver.status(status)
    assert driver.twilio.moves == [ACTIVITIES[activity]] and driver.link["reason"] == status


def test_a_worker_who_hangs_up_before_being_joined_gives_the_caller_back(driver: Driver) -> None:
    driver.ring()
    driver.answer()
    driver.status("completed")
    assert driver.twilio.moves == [ACTIVITIES["Unavailable"]] and len(rejections(driver)) == 1
    assert driver.link["reason"] == "worker hung up"


def test_a_worker_who_hangs_up_after_the_talk_changes_nothing(driver: Driver) -> None:
    driver.ring()
    driver.answer()
    driver.twilio.reservation = "wrapping"
    driver.status("completed")  # before the event that says they were joined
    assert driver.link["state"] == "answered"
    driver.event("reservation.accepted")
    driver.status("completed")
    assert driver.link["state"] == "bridged" and driver.twilio.moves == [] and rejections(driver) == []


def test_a_stray_leg_is_ended(driver: Driver) -> None:
    driver.ring()
    driver.status("ringing", OTHER_LEG)
    assert hung_up(driver, OTHER_LEG) == 1 and hung_up(driver) == 0
    driver.status("completed", OTHER_LEG)
    assert rejections(driver) == []


def test_a_leg_that_begins_to_ring_for_a_caller_who_has_gone_is_ended(driver: Driver) -> None:
    driver.ring()
    driver.event("reservation.canceled")
    ended = hung_up(driver)
    driver.status("ringing")
    assert hung_up(driver) == ended + 1


def test_a_status_of_a_leg_without_a_link_is_taken(driver: Driver) -> None:
    assert driver.status("ringing") == 204
    assert driver.cloud.rows() == [] and driver.twilio.requests == []


@pytest.mark.parametrize("form", [{"CallSid": ""}, {}])
@pytest.mark.parametrize("route", [urls.WORKER_STATUS, urls.WORKER_ANSWER])
def test_a_request_that_names_no_leg_or_no_link_changes_nothing(
    driver: Driver, route: urls.Route, form: dict[str, str]
) -> None:
    driver.ring()
    before, made = driver.link, len(driver.twilio.requests)
    path = LEG_PATH if form else {**LEG_PATH, "reservation_sid": "x"}
    answer = driver.send(post(route.path, leg_form("ringing") | form, path))
    assert (driver.link, len(driver.twilio.requests)) == (before, made) and "<Dial" not in answer["body"]


def test_a_rejection_that_twilio_does_not_take_is_left_to_a_job(driver: Driver) -> None:
    driver.ring()
    driver.twilio.failures = {"POST /v1": [503]}
    assert driver.status("no-answer") == 204
    [job] = driver.queued()
    assert isinstance(job, jobs.Reject) and job.reason == "no-answer"
    driver.work(job)
    assert (driver.link["outcome"], driver.link["reason"]) == ("rejected", "no-answer")


def test_a_hang_up_that_twilio_does_not_answer_is_left_to_a_job(driver: Driver) -> None:
    driver.ring()
    driver.twilio.failures = {f"Calls/{LEG}.json": [requests.exceptions.ReadTimeout(), (400, 21220)]}
    driver.event("reservation.canceled")
    assert driver.queued() == [jobs.HangUp(LEG, CALL)]
    driver.work(jobs.HangUp(LEG))  # it has ended by itself in the meantime: 21220


def direct_status(driver: Driver, status: str) -> int:
    """Twilio's GET for a leg that it placed itself, spelled with %20 and in its own order."""
    query = [("CallStatus", status), ("CallSid", LEG), ("taskCallSid", CALL), ("ToCity", "SAN JOSE")]
    spelled = "&".join(f"{name}={value.replace(' ', '%20')}" for name, value in query)
    event = get("/worker/{subject}/{reservation_sid}/status", query, LEG_PATH, signed_query=spelled)
    return int(driver.send(event)["statusCode"])


def test_a_direct_leg_reports_by_get(driver: Driver) -> None:
    driver.assign("Urgent")
    assert direct_status(driver, "initiated") == 204
    assert direct_status(driver, "queued") == 204
    assert "answered_at" not in driver.link
    assert direct_status(driver, "ringing") == 204
    assert direct_status(driver, "in-progress") == 204
    assert direct_status(driver, "in-progress") == 204
    assert (driver.link["state"], driver.link["worker_call_sid"]) == ("answered", LEG)
    assert driver.twilio.requests == []


@pytest.mark.parametrize("event_first", [True, False])
def test_a_direct_leg_that_nobody_takes_puts_the_worker_aside_once(driver: Driver, event_first: bool) -> None:
    driver.assign("Urgent")
    if event_first:
        driver.event("reservation.canceled")
    direct_status(driver, "no-answer")
    driver.event("reservation.canceled")
    direct_status(driver, "no-answer")
    assert driver.twilio.moves == [ACTIVITIES["Unavailable"]]
    assert (driver.link["outcome"], driver.link["reason"]) == ("canceled", "no-answer")


def test_a_direct_leg_that_ends_because_the_caller_has_gone_costs_the_worker_nothing(driver: Driver) -> None:
    driver.assign("Urgent")
    driver.twilio.reservation = "canceled"
    driver.event("task.canceled", TaskCanceledReason="hangup")
    direct_status(driver, "no-answer")
    assert driver.twilio.made("POST") == [] and driver.link["reason"] == "caller gone"


def test_twilio_ends_its_own_leg_when_the_caller_of_a_direct_call_has_gone(driver: Driver) -> None:
    driver.assign("Urgent")
    direct_status(driver, "ringing")
    driver.event("reservation.canceled")
    direct_status(driver, "completed")
    assert driver.twilio.made("POST") == [] and driver.link["outcome"] == "canceled"


def moves(driver: Driver) -> list[dict[str, str]]:
    return driver.twilio.made("POST /v1/Workspaces/WS" + "0" * 32 + "/Workers/")


@pytest.mark.parametrize("task", ["pending", "reserved"])
def test_a_busy_worker_of_a_direct_call_is_put_aside_though_no_callback_ever_comes(driver: Driver, task: str) -> None:
    driver.assign("Urgent")
    driver.twilio.task = task
    driver.event("reservation.canceled")
    driver.event("reservation.canceled")
    assert moves(driver) == [{"ActivitySid": ACTIVITIES["Unavailable"]}]
    assert (driver.link["outcome"], driver.link["reason"]) == ("canceled", "no-answer")


@pytest.mark.parametrize("task", ["canceled", "completed"])
def test_a_caller_of_a_direct_call_who_hangs_up_costs_the_worker_nothing(driver: Driver, task: str) -> None:
    driver.assign("Urgent")
    driver.twilio.task = task
    driver.event("reservation.canceled")
    assert moves(driver) == []


def test_a_crm_first_reservation_that_is_canceled_asks_nothing(driver: Driver) -> None:
    driver.ring()
    driver.twilio.task = "pending"
    driver.event("reservation.canceled")
    assert moves(driver) == []


def test_a_twilio_that_is_down_does_not_cost_the_event(driver: Driver) -> None:
    driver.assign("Urgent")
    driver.twilio.failures = {"/Tasks/": [503]}
    assert driver.event("reservation.canceled") == 204
    assert driver.link["outcome"] == "canceled" and moves(driver) == []

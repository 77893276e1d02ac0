"""A worker at the desk talks to a colleague first: who hears whom, who gets the caller, and what goes wrong on the way.

Bea talks to the caller in TaskRouter's conference, and asks Carl, or whoever takes it in Sales. The caller hears music
meanwhile, is never in silence, and goes to whom was asked, back to Bea, or on by themselves; nobody is moved for it.
"""

import json
import time
import uuid
from collections.abc import Iterator
from unittest.mock import Mock
from xml.etree import ElementTree

import pytest

from chalicelib import crm, jobs
from chalicelib.config import callcenter
from chalicelib.console import wallboard
from chalicelib.lifecycle import consulting
from chalicelib.links import board, consults, reading
from chalicelib.links.model import Key, Link
from chalicelib.reports import outcome, story
from chalicelib.twilio import rest, urls
from chalicelib.twilio.rest import conferences
from chalicelib.work import posting
from tests.conftest import QUEUES
from tests.doubles.twilio import ROOM, UPDATED
from tests.support import twiml_schema
from tests.support.api_gateway import post
from tests.support.console import Answer, Console, console
from tests.support.driver import CALL, LEG, LEG_PATH, RESERVATION, TASK, Driver, caller_form, leg_form, task_attributes
from tests.webhooks.test_desk import BEA, CARL, desk, in_room, on_hold, order, wraps_up
from tests.webhooks.test_sweep import Later, later

__all__ = ["console", "desk", "later"]

CARLS, CARLS_LEG, CARL_SID = "WR" + "c" * 32, "CA" + "d" * 32, "WK" + "c" * 32
CARLS_PATH = {"subject": CALL, "reservation_sid": CARLS}
PERSON, SALES = "person:Carl", "queue:Sales"
CALLS_API = f"POST /2010-04-01/Accounts/AC{'0' * 32}/Calls/"


@pytest.fixture(autouse=True)
def talk(driver: Driver, desk: Console) -> Iterator[None]:
    """Bea and the caller talk; nobody else is in the room."""
    in_room(driver)
    driver.twilio.room = {CALL: {}, LEG: {}}
    driver.twilio.reservations[RESERVATION] = {"sid": RESERVATION, "reservation_status": "accepted"}
    yield
    assert driver.twilio.moves == []  # no worker is moved for any of it


def does(desk: Console, step: str, to: str = "", claims: dict[str, str] = BEA) -> Answer:
    return order(desk, urls.DESK_ASK, claims, do=step, **({"to": to} if to else {}))


def asked(driver: Driver) -> str:
    """The sid of the task by which a colleague is asked."""
    (found,) = [task["sid"] for task in driver.twilio.tasks.values() if '"consult"' in str(task["attributes"])]
    return str(found)


def reserved(driver: Driver, name: str = "Carl", worker_sid: str = CARL_SID) -> None:
    """TaskRouter has found the colleague, and the job has done its work."""
    driver.twilio.leg = CARLS_LEG
    driver.twilio.reservations[CARLS] = {"sid": CARLS, "reservation_status": "pending"}
    task_sid = asked(driver)
    who = {"WorkerSid": worker_sid, "WorkerName": name}
    attributes = driver.twilio.tasks[task_sid]["attributes"]
    driver.assign(ReservationSid=CARLS, TaskSid=task_sid, TaskAttributes=attributes, **who)
    for job in driver.queued():
        driver.work(job)


def on_leg(driver: Driver, route: urls.Route, leg: str = CARLS_LEG, **form: str) -> str:
    path = {**CARLS_PATH, **({"attempt": "1"} if "{attempt}" in route.path else {})}
    answer = driver.send(post(route.path, leg_form("in-progress", leg) | form, path))
    assert answer["statusCode"] == 200
    twiml_schema.check(answer["body"])
    return str(answer["body"])


def presses(driver: Driver, key: str = "1") -> str:
    return on_leg(driver, urls.WORKER_ACCEPT, Digits=key)


def takes(driver: Driver) -> None:
    """The colleague is in the room with Bea."""
    reserved(driver)
    assert f">{TASK}</Conference>" in presses(driver)
    driver.twilio.room[CARLS_LEG] = {}


def hears(driver: Driver, attempt: int = 1) -> str:
    """One round of what the caller hears on hold in the conference."""
    path = {**LEG_PATH, "attempt": str(attempt)}
    answer = driver.send(post(urls.HELD.path, caller_form(), path))
    assert answer["statusCode"] == 200
    return str(answer["body"])


def carls_leg(driver: Driver, status: str) -> None:
    route = urls.WORKER_STATUS
    assert driver.send(post(route.path, leg_form(status, CARLS_LEG), CARLS_PATH))["statusCode"] == 204
    driver.twilio.calls[CARLS_LEG] = status


def bea_hangs_up(driver: Driver, *, told: bool = True) -> None:
    driver.twilio.calls[LEG] = "completed"
    driver.twilio.room.pop(LEG, None)
    driver.twilio.reservations[RESERVATION]["reservation_status"] = "wrapping"
    if told:
        now = str(int(time.time() * 1000) - 60_000)
        driver.event("reservation.wrapup", TaskAttributes=task_attributes(worker_call_sid=LEG), TimestampMs=now)


def led(driver: Driver) -> list[str]:
    return [form["Url"] for form in driver.twilio.made(f"Calls/{CALL}.json") if "Url" in form]


def hung_up(driver: Driver, leg: str) -> bool:
    return any(form.get("Status") == "completed" for form in driver.twilio.made(f"Calls/{leg}.json"))


def is_held(driver: Driver) -> bool:
    return str(driver.twilio.room[CALL].get("Hold")).lower() == "true"


def ends(driver: Driver, leg: str) -> str:
    return str(driver.twilio.room[leg].get("EndConferenceOnExit")).lower()


def carls(driver: Driver) -> Link:
    link = reading.find_link(Key(CALL, CARLS))
    assert link
    return link


def beas() -> Link:
    link = reading.find_link(Key(CALL, RESERVATION))
    assert link
    return link


# --- Asking


def test_each_round_on_hold_asks_for_the_next_one(driver: Driver) -> None:
    for attempt in (1, 2, 7):
        assert f"/{CALL}/{RESERVATION}/{attempt + 1}#" in hears(driver, attempt)


def test_the_caller_hears_music_and_the_colleague_is_asked(driver: Driver, desk: Console) -> None:
    answer = does(desk, "ask", PERSON)
    assert (answer.status, answer.data) == (200, {"said": "The caller hears music. Carl is asked."})
    assert is_held(driver) and ends(driver, LEG) == "false"
    url = driver.twilio.room[CALL]["HoldUrl"]
    found = urls.find(url)
    assert found == (urls.HELD, {**LEG_PATH, "attempt": "1"}) and driver.twilio.room[CALL]["HoldMethod"] == "POST"
    attributes = json.loads(driver.twilio.tasks[asked(driver)]["attributes"])
    assert (attributes["kind"], attributes["agent"], attributes["consult_call"]) == ("consult", "Carl", CALL)
    assert "call_sid" not in attributes and "conference" not in attributes
    (task,) = driver.twilio.made("POST /v1/Workspaces/WS" + "0" * 32 + "/Tasks")
    assert (task["TaskChannel"], int(task["Priority"])) == ("voice", 10)
    shown = desk.get(urls.DESK_CARD, BEA, path=LEG_PATH).data["consult"]
    assert shown == {"to": "Carl", "state": "asking", "name": ""}


def test_a_queue_is_asked_by_what_routes_to_it(driver: Driver, desk: Console) -> None:
    does(desk, "ask", SALES)
    attributes = json.loads(driver.twilio.tasks[asked(driver)]["attributes"])
    assert attributes["department"] == "sales" and "agent" not in attributes


def test_the_colleague_presses_1_and_is_in_the_room_with_the_one_who_asks(driver: Driver, desk: Console) -> None:
    does(desk, "ask", PERSON)
    reserved(driver)
    said = on_leg(driver, urls.WORKER_ASK)
    assert "Bea asks you about a caller." in said
    document = ElementTree.fromstring(presses(driver))
    conference = document.find(".//Conference")
    assert conference is not None and conference.text == TASK and conference.get("endConferenceOnExit") == "false"
    assert driver.twilio.reservations[CARLS]["reservation_status"] == "accepted"
    assert presses(driver) == presses(driver)
    shown = desk.get(urls.DESK_CARD, BEA, path=LEG_PATH).data["consult"]
    assert shown == {"to": "Carl", "state": "talking", "name": "Carl"} and is_held(driver)


def test_a_phone_in_a_browser_needs_no_key(driver: Driver, desk: Console) -> None:
    does(desk, "ask", PERSON)
    task_sid = asked(driver)
    attributes = driver.twilio.tasks[task_sid]["attributes"]
    who = {"WorkerSid": CARL_SID, "WorkerName": "Carl", "WorkerAttributes": '{"contact_uri": "client:Carl"}'}
    driver.twilio.leg = CARLS_LEG
    driver.twilio.reservations[CARLS] = {"sid": CARLS, "reservation_status": "pending"}
    driver.assign(ReservationSid=CARLS, TaskSid=task_sid, TaskAttributes=attributes, **who)
    for job in driver.queued():
        driver.work(job)
    assert f">{TASK}</Conference>" in on_leg(driver, urls.WORKER_ANSWER)


def test_pressed_twice_it_is_asked_once(driver: Driver, desk: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    assert does(desk, "ask", PERSON).status == 200
    with monkeypatch.context() as once:
        once.setattr(posting, "post", lambda *_: pytest.fail("a second task"))
        assert does(desk, "ask", PERSON).status == 200
    asked(driver)
    assert driver.link["consult_number"] == 1
    other = does(desk, "ask", SALES)
    assert (other.status, other.data) == (409, {"error": "Carl is asked already"})


@pytest.mark.parametrize(
    ("step", "to", "status"),
    [("ask", "", 400), ("ask", "queue:Nowhere", 400), ("ask", "person:Bea", 400), ("", PERSON, 400)],
)
def test_nobody_who_is_none_is_asked(driver: Driver, desk: Console, step: str, to: str, status: int) -> None:
    assert does(desk, step, to).status == status
    assert "consults" not in driver.link and not is_held(driver)


@pytest.mark.parametrize("step", ["ask", "back", "both", "hand over"])
def test_nobody_does_it_for_somebody_else(driver: Driver, desk: Console, step: str) -> None:
    assert does(desk, step, PERSON, CARL).status == 404
    assert not is_held(driver)


def test_before_the_talk_and_after_it_nobody_is_asked(driver: Driver, desk: Console) -> None:
    driver.twilio.room = {}
    answer = does(desk, "ask", PERSON)
    assert (answer.status, answer.data) == (409, {"error": "the talk is over"})
    assert "consults" not in driver.link


def test_a_caller_who_hangs_up_as_it_is_pressed_is_asked_about_by_nobody(driver: Driver, desk: Console) -> None:
    driver.twilio.room = {LEG: {}}
    assert does(desk, "ask", PERSON).status == 409
    assert "consults" not in driver.link and not driver.twilio.made("POST /v1/Workspaces/WS" + "0" * 32 + "/Tasks")


@pytest.mark.parametrize("part", ["POST /2010-04-01/Accounts/AC" + "0" * 32 + "/Conferences", "/Tasks"])
def test_what_twilio_does_not_take_is_done_by_the_next_press(driver: Driver, desk: Console, part: str) -> None:
    where = f"POST /v1/Workspaces/WS{'0' * 32}/Tasks" if part == "/Tasks" else part
    driver.twilio.failures[where] = [503]
    assert does(desk, "ask", PERSON).status == 503
    assert does(desk, "ask", PERSON).status == 200
    assert is_held(driver) and asked(driver) == driver.link["consult_task"]


def test_a_task_that_could_not_be_made_is_made_by_the_sweep(driver: Driver, desk: Console, later: Later) -> None:
    driver.twilio.failures[f"POST /v1/Workspaces/WS{'0' * 32}/Tasks"] = [503]
    does(desk, "ask", PERSON)
    later(60)
    driver.sweep()
    assert asked(driver) == driver.link["consult_task"]


def test_the_colleagues_own_card_offers_nobody(driver: Driver, desk: Console) -> None:
    does(desk, "ask", PERSON)
    takes(driver)
    shown = desk.get(urls.DESK_CARD, CARL, path=CARLS_PATH).data
    assert (shown["kind"], shown["is_at_desk"]) == ("consult", False) and "Bea asks you" in shown["say"]
    for step in ("ask", "back", "both", "hand over"):
        answer = desk.order(urls.DESK_ASK, {"sid": str(uuid.uuid4()), "do": step, "to": SALES}, CARL, CARLS_PATH)
        assert answer.status in (400, 409)
    assert is_held(driver) and "transferred_to" not in driver.link


@pytest.mark.parametrize("step", ["back", "hand over"])
def test_the_crm_hears_of_the_talks_with_the_caller_alone(
    driver: Driver, desk: Console, environment: pytest.MonkeyPatch, step: str
) -> None:
    told: list[str] = []
    environment.setattr(crm, "after", lambda _adapter, ended: told.append(ended.worker_name))
    does(desk, "ask", PERSON)
    takes(driver)
    does(desk, step)
    driver.work(jobs.TellCrm(CALL, CARLS))
    assert told == (["Carl"] if step == "hand over" else [])


# --- Who gets the caller


def test_the_caller_is_handed_over(driver: Driver, desk: Console) -> None:
    does(desk, "ask", PERSON)
    takes(driver)
    answer = does(desk, "hand over")
    assert (answer.status, answer.data) == (200, {"said": "Carl has the caller."})
    assert not is_held(driver) and ends(driver, CARLS_LEG) == "true" and hung_up(driver, LEG)
    assert driver.link["transferred_to"] == "handed:Carl" and carls(driver).took_over_at
    assert led(driver) == [] and does(desk, "hand over").data == {"said": "Carl has the caller."}
    bea_hangs_up(driver)
    assert led(driver) == []


def test_a_hand_over_that_is_under_way_is_left_alone_by_the_callers_document(
    driver: Driver, desk: Console, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    does(desk, "ask", PERSON)
    takes(driver)
    with monkeypatch.context() as lost:
        lost.setattr(conferences, "unhold", Mock(side_effect=rest.OutcomeUnknown("no answer")))
        does(desk, "hand over")
    later(consulting.IN_PROGRESS_SECONDS - 1)
    hears(driver)
    assert not hung_up(driver, LEG)
    later(2)
    hears(driver)
    assert hung_up(driver, LEG)


def test_from_then_on_the_talk_is_the_colleagues(driver: Driver, desk: Console) -> None:
    """On the wallboard, in the reports, in the story of the call, and where the same worker is offered again."""
    does(desk, "ask", PERSON)
    takes(driver)
    does(desk, "hand over")
    driver.event("task.created")
    record = reading.of_call(CALL)
    shown = wallboard.shown(board.read(), callcenter.current(), time.time())
    assert [talk.worker for talk in shown.talking] == ["Carl"]
    bea, carl = record.link(Key(CALL, RESERVATION)), carls(driver)
    assert bea and bea.is_given_away and not bea.is_requeued and carl.is_of_the_caller
    call = record.call
    assert call is not None
    over = type(call)(call_sid=CALL, left_queue_at=carl.took_over_at + 60)
    assert outcome.talked(carl, over) == 60 and outcome.talked(bea, over) == bea.held_at - bea.bridged_at
    told = "\n".join(story.known(record))
    assert "talked first to Carl: the caller is handed over to Carl" in told
    assert "asked about the caller first, and then had them" in told


def test_a_colleague_who_had_the_caller_says_what_became_of_it(driver: Driver, desk: Console) -> None:
    does(desk, "ask", PERSON)
    takes(driver)
    does(desk, "hand over")
    document = on_leg(driver, urls.WORKER_CONSULT, DialCallStatus="answered")
    assert "solved" in document and "/disposition" in document
    carls_leg(driver, "completed")
    assert driver.twilio.tasks[asked(driver)]["assignment_status"] in ("wrapping", "pending")


def test_the_caller_is_thanked_when_they_have_talked(driver: Driver, desk: Console) -> None:
    does(desk, "ask", PERSON)
    takes(driver)
    does(desk, "hand over")
    answer = driver.send(post(urls.AFTER.path, caller_form(QueueResult="bridged", QueueTime="3")))
    (url,) = (verb.text or "" for verb in ElementTree.fromstring(answer["body"]).iter("Redirect"))
    document = on_hold(driver, url)
    assert "<Enqueue" not in document and "<Hangup" in document


def test_back_to_the_caller(driver: Driver, desk: Console) -> None:
    does(desk, "ask", PERSON)
    takes(driver)
    answer = does(desk, "back")
    assert (answer.status, answer.data) == (200, {"said": "You talk to the caller."})
    assert not is_held(driver) and hung_up(driver, CARLS_LEG) and ends(driver, LEG) == "true"
    assert "consults" not in driver.link and "held_at" not in driver.link
    assert does(desk, "back").status == 200
    assert desk.get(urls.DESK_CARD, BEA, path=LEG_PATH).data["consult"] is None
    driver.twilio.room.pop(CARLS_LEG)
    assert does(desk, "ask", SALES).status == 200 and driver.link["consult_number"] == 2


def test_back_before_anybody_has_taken_it_asks_nobody_any_more(driver: Driver, desk: Console) -> None:
    does(desk, "ask", PERSON)
    does(desk, "back")
    assert driver.twilio.tasks[asked(driver)]["assignment_status"] == "canceled"


def test_who_takes_it_a_moment_too_late_hears_that_they_are_not_needed(driver: Driver, desk: Console) -> None:
    does(desk, "ask", PERSON)
    reserved(driver)
    driver.twilio.failures[f"Tasks/{asked(driver)}"] = [503]
    does(desk, "back")
    assert "You are not needed any more." in presses(driver)
    assert driver.twilio.reservations[CARLS]["reservation_status"] == "pending"


def test_all_three_talk_and_then_the_colleague_has_the_caller(driver: Driver, desk: Console) -> None:
    does(desk, "ask", PERSON)
    takes(driver)
    assert does(desk, "both").data == {"said": "You, Carl and the caller talk."}
    assert not is_held(driver) and does(desk, "both").status == 200
    bea_hangs_up(driver)
    assert driver.link["transferred_to"] == "handed:Carl" and ends(driver, CARLS_LEG) == "true" and led(driver) == []


def test_the_colleague_leaves_the_three_and_the_worker_has_the_caller(driver: Driver, desk: Console) -> None:
    does(desk, "ask", PERSON)
    takes(driver)
    does(desk, "both")
    driver.twilio.room.pop(CARLS_LEG)
    carls_leg(driver, "completed")
    assert "consults" not in driver.link and ends(driver, LEG) == "true"


def test_ask_that_comes_again_later_holds_nobody_who_talks(driver: Driver, desk: Console) -> None:
    does(desk, "ask", PERSON)
    takes(driver)
    does(desk, "both")
    assert does(desk, "ask", PERSON).status == 200
    assert not is_held(driver) and driver.link["consult_number"] == 1


def test_whoever_has_left_is_asked_again_from_the_caller(driver: Driver, desk: Console) -> None:
    does(desk, "ask", PERSON)
    takes(driver)
    driver.twilio.room.pop(CARLS_LEG)
    carls_leg(driver, "completed")
    answer = does(desk, "ask", PERSON)
    assert (answer.status, answer.data) == (409, {"error": "go back to the caller first"})


def test_a_worker_who_hangs_up_as_it_is_pressed_is_no_reason_to_send_the_caller_away(
    driver: Driver, desk: Console
) -> None:
    del driver.twilio.room[LEG]
    assert does(desk, "ask", PERSON).status == 200
    bea_hangs_up(driver)
    (url,) = led(driver)
    assert '"agent":"Carl"' in on_hold(driver, url)


def test_a_back_that_is_slow_brings_nobody_back_who_is_on_hold_anew(
    driver: Driver, desk: Console, environment: pytest.MonkeyPatch
) -> None:
    """Bea presses Ask first again while Twilio is about to bring the caller back for the first time."""
    does(desk, "ask", PERSON)
    true = conferences.unhold

    def slow(room_sid: str, call_sid: str) -> bool:
        environment.setattr(conferences, "unhold", true)
        assert does(desk, "ask", SALES).status == 200
        return true(room_sid, call_sid)

    environment.setattr(conferences, "unhold", slow)
    assert does(desk, "back").status == 200
    assert is_held(driver) and driver.link["consults"] == SALES


def test_done_leads_a_caller_on_of_whose_worker_nobody_has_told(driver: Driver, desk: Console) -> None:
    does(desk, "ask", PERSON)
    bea_hangs_up(driver, told=False)
    wraps_up(driver)
    assert order(desk, urls.DESK_WRAP_UP, note="quick").data == {"said": "Done."}
    assert driver.link["state"] == "closed" and len(led(driver)) == 1


@pytest.mark.parametrize("step", ["both", "hand over"])
def test_nobody_is_there_yet(driver: Driver, desk: Console, step: str) -> None:
    does(desk, "ask", PERSON)
    answer = does(desk, step)
    assert (answer.status, answer.data) == (409, {"error": "nobody has taken it yet"})
    assert is_held(driver) and "transferred_to" not in driver.link


def test_given_cold_meanwhile_the_caller_goes_and_nobody_is_asked_any_more(driver: Driver, desk: Console) -> None:
    does(desk, "ask", PERSON)
    assert order(desk, urls.DESK_GIVE, to=SALES).status == 200
    (url,) = led(driver)
    assert '"department":"sales"' in on_hold(driver, url)
    assert driver.twilio.tasks[asked(driver)]["assignment_status"] == "canceled"
    assert does(desk, "back").status == does(desk, "hand over").status == does(desk, "ask", PERSON).status == 409


# --- Nobody is stranded


def test_the_colleague_hangs_up_and_the_worker_sees_it(driver: Driver, desk: Console) -> None:
    does(desk, "ask", PERSON)
    takes(driver)
    driver.twilio.room.pop(CARLS_LEG)
    carls_leg(driver, "completed")
    assert desk.get(urls.DESK_CARD, BEA, path=LEG_PATH).data["consult"]["state"] == "over"
    assert does(desk, "hand over").data == {"error": "Carl has left"} and is_held(driver)
    assert does(desk, "back").status == 200 and not is_held(driver)


def test_nobody_takes_it_and_the_worker_sees_it(driver: Driver, desk: Console) -> None:
    does(desk, "ask", PERSON)
    sid = asked(driver)
    attributes = driver.twilio.tasks[sid]["attributes"]
    driver.event("task.canceled", TaskSid=sid, TaskAttributes=attributes, TaskCanceledReason="Task TTL Exceeded")
    assert desk.get(urls.DESK_CARD, BEA, path=LEG_PATH).data["consult"]["state"] == "over"
    assert does(desk, "back").status == 200


def test_an_end_of_an_earlier_ask_says_nothing_of_this_one(driver: Driver, desk: Console) -> None:
    does(desk, "ask", PERSON)
    sid = asked(driver)
    attributes = driver.twilio.tasks[sid]["attributes"]
    does(desk, "back")
    does(desk, "ask", SALES)
    driver.event("task.canceled", TaskSid=sid, TaskAttributes=attributes)
    assert driver.link["consult_state"] == "asking"


def test_who_asks_is_not_asked(driver: Driver, desk: Console) -> None:
    """With a second place of hers free, Bea would be the first one of her own queue."""
    does(desk, "ask", SALES)
    bea = driver.link["worker_sid"]
    reserved(driver, "Bea", bea)
    assert driver.twilio.tasks[asked(driver)]["assignment_status"] == "canceled"


@pytest.mark.parametrize("told", [True, False], ids=["told", "not told"])
def test_the_worker_hangs_up_and_the_colleague_in_the_room_has_the_caller(
    driver: Driver, desk: Console, told: bool
) -> None:
    does(desk, "ask", PERSON)
    takes(driver)
    bea_hangs_up(driver, told=told)
    if not told:
        hears(driver, 4)
    assert not is_held(driver) and driver.link["transferred_to"] == "handed:Carl" and ends(driver, CARLS_LEG) == "true"


@pytest.mark.parametrize("told", [True, False], ids=["told", "not told"])
def test_the_worker_hangs_up_and_nobody_has_taken_it_so_the_caller_waits_there(
    driver: Driver, desk: Console, told: bool
) -> None:
    does(desk, "ask", PERSON)
    bea_hangs_up(driver, told=told)
    if not told:
        hears(driver, 4)
    (url,) = led(driver)
    assert driver.link["transferred_to"] == PERSON and '"agent":"Carl"' in on_hold(driver, url)
    assert driver.twilio.tasks[asked(driver)]["assignment_status"] == "canceled"


def test_a_colleague_who_is_on_the_way_is_let_go_and_the_caller_waits_for_them(driver: Driver, desk: Console) -> None:
    """They have pressed 1, and are not in the room: the caller would be alone."""
    does(desk, "ask", PERSON)
    reserved(driver)
    presses(driver)
    bea_hangs_up(driver)
    assert driver.link["transferred_to"] == PERSON and len(led(driver)) == 1 and hung_up(driver, CARLS_LEG)


def test_within_the_sweeps_minute_the_caller_is_led_on(driver: Driver, desk: Console, later: Later) -> None:
    does(desk, "ask", PERSON)
    bea_hangs_up(driver, told=False)
    later(60)
    driver.sweep()
    assert driver.link["transferred_to"] == PERSON and len(led(driver)) == 1


def test_what_twilio_does_not_take_then_is_done_by_the_callers_next_round(
    driver: Driver, desk: Console, later: Later
) -> None:
    does(desk, "ask", PERSON)
    driver.twilio.failures[f"{CALLS_API}{CALL}"] = [503]
    bea_hangs_up(driver)
    assert driver.link["transferred_to"] == PERSON
    later(30)
    hears(driver, 9)
    assert len(led(driver)) > 1


def test_the_talk_ends_by_itself_and_the_caller_goes_where_the_worker_wanted(driver: Driver, desk: Console) -> None:
    """The conference is over with the worker, as Twilio was not told that it is not to be."""
    driver.twilio.failures["POST /2010-04-01/Accounts/AC" + "0" * 32 + "/Conferences"] = [503]
    assert does(desk, "ask", PERSON).status == 503
    driver.twilio.room = {}
    bea_hangs_up(driver, told=False)
    answer = driver.send(post(urls.AFTER.path, caller_form(QueueResult="bridged", QueueTime="3")))
    (url,) = (verb.text or "" for verb in ElementTree.fromstring(answer["body"]).iter("Redirect"))
    assert '"agent":"Carl"' in on_hold(driver, url)


def test_back_that_did_not_reach_twilio_is_done_by_the_callers_next_round(driver: Driver, desk: Console) -> None:
    does(desk, "ask", PERSON)
    driver.twilio.failures[f"Conferences/{ROOM}/Participants/{CALL}"] = [503]
    assert does(desk, "back").status == 503
    assert is_held(driver)
    hears(driver, 2)
    assert not is_held(driver)


def test_nobody_is_back_before_the_talk_ends_with_the_worker_again(driver: Driver, desk: Console) -> None:
    """Else the caller would be alone as soon as she hangs up."""
    does(desk, "ask", PERSON)
    driver.twilio.failures[f"Conferences/{ROOM}/Participants/{LEG}"] = [503]
    assert does(desk, "back").status == 503
    assert is_held(driver) and driver.link["consults"] == PERSON
    bea_hangs_up(driver)
    (url,) = led(driver)
    assert '"agent":"Carl"' in on_hold(driver, url)


@pytest.mark.parametrize("lost", ["Participants", "back"])
def test_a_caller_who_is_back_is_with_a_worker_who_ends_the_talk(driver: Driver, desk: Console, lost: str) -> None:
    """Also where the caller's own document brings them back."""
    does(desk, "ask", PERSON)
    if lost == "back":
        consults.back(beas())
    else:
        driver.twilio.failures[f"Conferences/{ROOM}/Participants/{CALL}"] = [503]
        assert does(desk, "back").status == 503
    hears(driver, 2)
    assert not is_held(driver) and ends(driver, LEG) == "true"


@pytest.mark.parametrize(
    ("step", "told"),
    [("both", False), ("hand over", True)],
    ids=["both leave the three, of the worker nobody has told", "a colleague who has the caller leaves"],
)
def test_who_has_left_does_not_leave_the_caller_alone(driver: Driver, desk: Console, step: str, told: bool) -> None:
    """Twilio has not ended the conference with them."""
    does(desk, "ask", PERSON)
    takes(driver)
    does(desk, step)
    bea_hangs_up(driver, told=told)
    driver.twilio.room.pop(CARLS_LEG)
    carls_leg(driver, "completed")
    (url,) = led(driver)
    assert "<Enqueue" not in on_hold(driver, url)


def test_a_colleague_who_hangs_up_as_they_get_the_caller_gets_nobody(driver: Driver, desk: Console) -> None:
    does(desk, "ask", PERSON)
    takes(driver)
    driver.twilio.failures[f"POST /2010-04-01/Accounts/AC{'0' * 32}/Conferences/{ROOM}/Participants/{CARLS_LEG}"] = [
        (404, 20404)
    ]
    answer = does(desk, "hand over")
    assert (answer.status, answer.data) == (409, {"error": "Carl has hung up: the caller goes to Carl"})
    assert driver.link["transferred_to"] == PERSON and len(led(driver)) == 1


def test_the_caller_hangs_up_and_the_colleague_is_let_go(driver: Driver, desk: Console) -> None:
    """The conference is over with the caller: the colleague's document goes on, and says so."""
    does(desk, "ask", PERSON)
    takes(driver)
    driver.twilio.room = {}
    assert "no longer on the line" in on_leg(driver, urls.WORKER_CONSULT, DialCallStatus="answered")
    driver.twilio.tasks[asked(driver)]["assignment_status"] = "assigned"
    carls_leg(driver, "completed")
    assert driver.twilio.tasks[asked(driver)]["assignment_status"] == "wrapping"


def test_a_colleague_who_comes_into_an_empty_room_is_let_go(driver: Driver, desk: Console) -> None:
    does(desk, "ask", PERSON)
    takes(driver)
    bea_hangs_up(driver, told=False)
    assert "One moment" in on_leg(driver, urls.WORKER_CONSULT_ALONE)
    (form,) = [form for form in driver.twilio.made(f"Calls/{CARLS_LEG}.json") if "Url" in form]
    assert urls.find(form["Url"]) == (urls.WORKER_CONSULT, CARLS_PATH)


def test_music_goes_on_while_the_worker_is_there(driver: Driver, desk: Console) -> None:
    does(desk, "ask", PERSON)
    document = hears(driver, 4)
    twiml_schema.check(document)
    verbs = [verb.tag for verb in ElementTree.fromstring(document)]
    assert set(verbs) <= {"Say", "Play", "Pause", "Redirect"} and verbs[-1] == "Redirect"
    assert led(driver) == [] and is_held(driver)


def test_music_goes_on_while_the_table_is_down(driver: Driver, desk: Console, environment: pytest.MonkeyPatch) -> None:
    does(desk, "ask", PERSON)

    def down(*_given: object) -> Link:
        raise ConnectionError("the table is down")

    environment.setattr(reading, "find_link", down)
    for attempt in (1, 4):
        assert "<Redirect" in hears(driver, attempt)
    assert "<Hangup" in on_leg(driver, urls.WORKER_CONSULT) and "One moment" in on_leg(
        driver, urls.WORKER_CONSULT_ALONE
    )
    assert does(desk, "back").status == 503


def test_a_sweep_finds_the_colleague_who_has_left(driver: Driver, desk: Console, later: Later) -> None:
    """The callback of their leg is lost."""
    does(desk, "ask", PERSON)
    takes(driver)
    sid = asked(driver)
    driver.twilio.tasks[sid] |= {
        "assignment_status": "assigned",
        "task_queue_sid": QUEUES["Sales"],
        "date_updated": UPDATED,
    }
    driver.twilio.calls[CARLS_LEG] = "completed"
    driver.twilio.room.pop(CARLS_LEG)
    later(300)
    driver.sweep()
    assert driver.link["consult_state"] == "over"
    assert driver.twilio.tasks[sid]["assignment_status"] == "completed"


def test_a_link_that_only_an_event_tells_of_is_the_colleagues(driver: Driver, desk: Console) -> None:
    """The assignment could not be written."""
    does(desk, "ask", PERSON)
    sid = asked(driver)
    attributes = driver.twilio.tasks[sid]["attributes"]
    driver.event("reservation.timeout", TaskSid=sid, TaskAttributes=attributes, ReservationSid=CARLS)
    assert (carls(driver).mode, carls(driver).consult_of, carls(driver).is_of_the_caller) == (
        "work",
        RESERVATION,
        False,
    )


def test_the_events_of_the_colleagues_task_change_nothing_of_the_callers_own(driver: Driver, desk: Console) -> None:
    does(desk, "ask", PERSON)
    before, sid = driver.call, asked(driver)
    attributes = driver.twilio.tasks[sid]["attributes"]
    takes(driver)
    for kind in ("task.created", "reservation.accepted", "reservation.wrapup", "task.wrapup", "task.completed"):
        driver.event(kind, TaskSid=sid, TaskAttributes=attributes, ReservationSid=CARLS, WorkerName="Carl")
    (row,) = [row for row in driver.cloud.rows() if row["item"] == "CALL" and row["call_sid"] == CALL]
    assert {name: value for name, value in row.items() if name in before} == before
    assert not {"wrapping_at", "completed_at", "canceled_at"} & set(row)
    assert driver.link["state"] == "bridged" and carls(driver).outcome == "completed"

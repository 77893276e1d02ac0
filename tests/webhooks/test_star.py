"""The star key: the worker puts the caller on hold, and gives them to a queue or a person, or goes back to them.

Who hangs up when, and which webhook comes first, twice or never: the caller is never in silence and never lost.
"""

import json
import time
from collections.abc import Callable, Iterator
from xml.etree import ElementTree

import msgspec
import pytest

from bench.counts import STAR as STAR_ASKS
from chalicelib import jobs
from chalicelib.caller import hold as caller_hold
from chalicelib.config import callcenter
from chalicelib.config.after_talk import AfterTalk
from chalicelib.config.schema import WrapUp
from chalicelib.config.star import Star
from chalicelib.links import caller_leg, reading, table
from chalicelib.links.model import CallRecord, Key, Link, wrapping_of
from chalicelib.reports import story
from chalicelib.staff import packaged
from chalicelib.staff.rota import Packaged
from chalicelib.twilio import urls
from chalicelib.twilio.request import Webhook
from chalicelib.worker import star, twiml, words
from tests.conftest import QUEUES, WORKFLOW
from tests.support import twiml_schema
from tests.support.api_gateway import BASE, post
from tests.support.driver import (
    CALL,
    LEG,
    LEG_PATH,
    OTHER_LEG,
    RESERVATION,
    TASK,
    Driver,
    caller_form,
    leg_form,
    task_attributes,
)
from tests.support.meter import counting
from tests.webhooks.test_sweep import Later, later

__all__ = ["later"]

MUSIC = ("https://example.com/1.mp3", "https://example.com/2.mp3")
STAR = Star(menu=("queue:Sales", "person", "back"), hold_music=MUSIC)
AFTER_TALK = AfterTalk(keys={"1": "solved"})
PROMPT = "Press 1 for Sales, 2 for a person, 3 to go back to the caller, 4 to hang up."
SALES_, PERSON_, BACK_, END_ = "1", "2", "3", "4"
SECOND, SECOND_TASK = "WR" + "d" * 32, "WT" + "d" * 32
SINCE = int(time.time())
HERE = f"{BASE}/worker/{CALL}/{RESERVATION}"
AGAIN = "#rc=2&rp=all"

Use = Callable[..., None]


@pytest.fixture
def use(driver: Driver, environment: pytest.MonkeyPatch) -> Use:
    """The support queue with these rules; Sales is where the menu gives to."""

    def set_rules(**rules: object) -> None:
        center = callcenter.current()
        support = msgspec.structs.replace(center.queue("Support"), **rules)
        sales = msgspec.structs.replace(center.queue("Sales"), attributes={"department": "sales"})
        queues = {**center.queues, "Support": support, "Sales": sales}
        center = msgspec.structs.replace(center, queues=queues)
        environment.setattr(callcenter, "current", lambda: center)

    return set_rules


@pytest.fixture(autouse=True)
def rules(use: Use, driver: Driver, environment: pytest.MonkeyPatch) -> Iterator[None]:
    use(star=STAR)
    people = Packaged(extensions={"203": "Ann", "204": "Carl", "205": "Bea"})
    environment.setattr(packaged, "current", lambda: people)
    driver.twilio.attributes = task_attributes(language="es", agent="Zoe", from_city="")
    yield


# --- What happens, in the words of a call


def talk(driver: Driver) -> str:
    """Bea and the caller talk; returns the document that joined them."""
    driver.event("task.created")
    driver.ring()
    joined = driver.answer()
    driver.event("reservation.accepted", TimestampMs=str(int(time.time() * 1000)))
    driver.twilio.tasks[TASK] = {
        "sid": TASK,
        "assignment_status": "assigned",
        "attributes": driver.twilio.attributes,
        "workflow_sid": WORKFLOW,
    }
    driver.queued()
    return joined


def send(driver: Driver, route: urls.Route, attempt: int = 1, leg: str = LEG, **form: str) -> ElementTree.Element:
    path = {**LEG_PATH, **({"attempt": str(attempt)} if "{attempt}" in route.path else {})}
    answer = driver.send(post(route.path, leg_form("in-progress", leg) | form, path))
    assert answer["statusCode"] == 200, answer
    twiml_schema.check(answer["body"])
    return ElementTree.fromstring(answer["body"])


def press_star(driver: Driver, leg: str = LEG, attempt: int = 1, **form: str) -> ElementTree.Element:
    """Bea has pressed the key: her Dial is over."""
    told = {"DialCallStatus": "completed", "DialBridged": "true", **form}
    return send(driver, urls.WORKER_STAR, attempt, leg, **told)


def press(driver: Driver, digits: str = "", attempt: int = 1) -> ElementTree.Element:
    return send(driver, urls.WORKER_STAR_KEY, attempt, Digits=digits)


def dial(driver: Driver, digits: str, attempt: int = 1) -> ElementTree.Element:
    return send(driver, urls.WORKER_STAR_PERSON, attempt, Digits=digits)


def leave_talk(driver: Driver, **form: str) -> ElementTree.Element:
    """The caller's Enqueue goes on to its action."""
    return driver.voice("after", **{"QueueResult": "bridged", "QueueTime": "9", **form})


def hold(driver: Driver, attempt: int = 1, since: int = 0, reservation: str = RESERVATION) -> ElementTree.Element:
    """The caller's document asks what becomes of them."""
    path = {"reservation_sid": reservation, "since": str(since or int(time.time())), "attempt": str(attempt)}
    answer = driver.send(post(urls.HOLD.path, caller_form(), path))
    assert answer["statusCode"] == 200, answer
    twiml_schema.check(answer["body"])
    return ElementTree.fromstring(answer["body"])


def long_ago(seconds: int = 61) -> int:
    return int(time.time()) - seconds


def said(document: ElementTree.Element) -> list[str]:
    return [str(verb.text) if verb.tag in ("Say", "Play") else verb.tag for verb in document]


def task_of(document: ElementTree.Element) -> dict[str, object]:
    found = document.find("Enqueue/Task")
    assert found is not None, ElementTree.tostring(document)
    return {**json.loads(str(found.text)), "priority": int(found.attrib["priority"])}


def is_on_hold(document: ElementTree.Element) -> bool:
    return document[0].tag == "Play" and document[1].tag == "Redirect"


THANKS = "Gather"  # the survey of the line, before its thanks


# --- The document that joins the two


def test_the_worker_may_press_star(driver: Driver) -> None:
    joined = ElementTree.fromstring(talk(driver)).find("Dial")
    assert joined is not None and joined.attrib == {"hangupOnStar": "true", "action": f"{HERE}/star/1{AGAIN}"}
    assert driver.call["star"] == RESERVATION


def test_a_queue_without_it_has_the_document_of_before(driver: Driver, use: Use) -> None:
    use(star=None)
    assert "hangupOnStar" not in talk(driver) and "action" not in talk(driver) and "star" not in driver.call


def test_where_the_call_cannot_be_marked_there_is_no_star_key(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    driver.ring()
    monkeypatch.setattr(caller_leg, "record", lambda *_, **__: 1 / 0)
    assert "hangupOnStar" not in driver.answer()


def test_a_worker_who_was_asked_may_press_it_too(driver: Driver) -> None:
    driver.assign(WorkerAttributes=json.dumps({"contact_uri": "+14155550111", "answer": "key"}))
    driver.work(jobs.RingWorker(CALL, RESERVATION))
    send(driver, urls.WORKER_ASK)
    joined = send(driver, urls.WORKER_ACCEPT, Digits="1").find("Dial")
    assert joined is not None and joined.attrib["hangupOnStar"] == "true"


# --- The choices


def test_star_puts_the_caller_on_hold_and_the_worker_hears_the_choices(driver: Driver) -> None:
    talk(driver)
    (gather,) = press_star(driver)
    assert gather[0].text == PROMPT and gather.attrib["numDigits"] == "1" and gather.attrib["finishOnKey"] == ""
    assert gather.attrib["action"] == f"{HERE}/star/key/1{AGAIN}" and gather.attrib["actionOnEmptyResult"] == "true"
    assert driver.link["held_at"] and "transferred_to" not in driver.link
    assert driver.link["attributes"] == {"department": "support", "language": "es"}


def test_the_prompt_may_be_the_teams_own(driver: Driver, use: Use) -> None:
    use(star=msgspec.structs.replace(STAR, prompt="What now?"))
    talk(driver)
    assert press_star(driver)[0][0].text == "What now?"


@pytest.mark.parametrize("key", ["9", "0", "*", "#", "11"])
def test_a_wrong_key_asks_again_and_drops_nobody(driver: Driver, key: str) -> None:
    talk(driver)
    press_star(driver)
    for attempt in (1, 2, 3):
        assert press(driver, key, attempt)[0][0].text == PROMPT
    assert is_on_hold(hold(driver))


def test_who_says_nothing_while_the_caller_hangs_up_is_let_go(driver: Driver) -> None:
    talk(driver)
    press_star(driver)
    driver.twilio.calls[CALL] = "completed"
    assert said(press(driver, "", 2)) == ["The call is over. Goodbye.", "Hangup"]


def test_star_twice_is_a_wrong_key(driver: Driver) -> None:
    talk(driver)
    press_star(driver)
    first = driver.link["held_at"]
    assert press(driver, "*")[0][0].text == PROMPT
    assert press_star(driver)[0][0].text == PROMPT  # the webhook, delivered again
    assert driver.link["held_at"] == first


def test_who_says_nothing_three_times_has_left_the_caller_to_somebody_else(driver: Driver) -> None:
    talk(driver)
    press_star(driver)
    assert [press(driver, "", attempt)[0].tag for attempt in (1, 2)] == ["Gather", "Gather"]
    assert said(press(driver, "", 3)) == ["The caller goes to somebody else. Goodbye.", "Hangup"]
    assert task_of(hold(driver))["priority"] == 15


# --- To another queue


def test_a_caller_is_given_to_another_queue(driver: Driver) -> None:
    talk(driver)
    press_star(driver)
    assert is_on_hold(hold(driver))
    assert said(press(driver, SALES_)) == ["The caller goes to Sales. Goodbye.", "Hangup"]
    document = hold(driver)
    assert task_of(document) == {
        "department": "sales",
        "language": "es",
        "transferred_from": "Bea",
        "round": 2,
        "priority": 15,
    }
    (enqueue,) = document
    assert (
        enqueue.attrib["action"] == f"{BASE}/voice/after/2{AGAIN}"
        and enqueue.attrib["waitUrl"] == f"{BASE}/voice/wait{AGAIN}"
    )
    assert driver.link["transferred_to"] == "queue:Sales" and driver.call["round"] == 2


def test_the_worker_says_what_became_of_the_talk_as_after_every_other(driver: Driver, use: Use) -> None:
    use(star=STAR, after_talk=AFTER_TALK)
    talk(driver)
    press_star(driver)
    gather, _ = press(driver, SALES_)
    assert gather[0].text == "The caller goes to Sales. Press 1 for solved."
    assert gather.attrib["action"] == f"{HERE}/disposition{AGAIN}"


def test_the_hold_document_twice_is_one_further_wait(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    talk(driver)
    sent: list[jobs.Job] = []
    monkeypatch.setattr(jobs, "send", lambda job, delay_seconds=0: sent.append(job))
    press_star(driver)
    press(driver, SALES_)
    first = task_of(hold(driver))
    driver.event("task.created", TaskSid=SECOND_TASK, TaskAttributes=task_attributes(round=2))
    assert task_of(hold(driver)) == first
    assert driver.call["round"] == 2 and driver.call["task_sid"] == SECOND_TASK
    assert sent == [jobs.CompleteTask(CALL, TASK)]


@pytest.mark.parametrize(("wrap_up", "seconds"), [(0, 15), (30, 45), (884, 899), (885, 900), (886, 900), (900, 900)])
def test_the_first_task_is_looked_at_when_its_worker_must_have_wrapped_up(
    driver: Driver, use: Use, monkeypatch: pytest.MonkeyPatch, wrap_up: int, seconds: int
) -> None:
    """Fifteen seconds later, and no later than SQS keeps a message back."""
    use(star=STAR, wrap_up=WrapUp(seconds=wrap_up))
    talk(driver)
    press_star(driver)
    press(driver, SALES_)
    sent: list[tuple[jobs.Job, int]] = []
    monkeypatch.setattr(jobs, "send", lambda job, delay_seconds=0: sent.append((job, delay_seconds)))
    hold(driver)
    assert sent == [(jobs.CompleteTask(CALL, TASK), seconds)]


def test_the_first_choice_counts(driver: Driver) -> None:
    talk(driver)
    press_star(driver)
    press(driver, SALES_)
    assert said(press(driver, BACK_)) == said(press(driver, SALES_)) == ["The caller goes to Sales. Goodbye.", "Hangup"]
    assert task_of(hold(driver))["department"] == "sales"


def test_where_twilio_does_not_say_what_routed_the_call_the_line_does(driver: Driver) -> None:
    talk(driver)
    driver.twilio.failures["GET /v1/Workspaces"] = [500, 500, 500]
    press_star(driver)
    press(driver, SALES_)
    assert task_of(hold(driver))["department"] == "sales"
    assert "attributes" not in driver.link or driver.link["attributes"] == {}


# --- To a person


def test_a_caller_is_given_to_a_person_by_the_extension(driver: Driver) -> None:
    talk(driver)
    press_star(driver)
    (gather,) = press(driver, PERSON_)
    assert gather[0].text == star.ASK_EXTENSION and gather.attrib["finishOnKey"] == "#"
    assert gather.attrib["action"] == f"{HERE}/star/person/1{AGAIN}"
    assert gather.attrib["actionOnEmptyResult"] == "true"
    assert said(dial(driver, "204")) == ["The caller goes to Carl. Goodbye.", "Hangup"]
    task = task_of(hold(driver))
    assert (task["agent"], task["department"], task["transferred_from"]) == ("Carl", "support", "Bea")


@pytest.mark.parametrize(("digits", "name"), [("203", "Ann"), ("204", "Carl")])
def test_everybody_else_has_an_extension_to_give_to(driver: Driver, digits: str, name: str) -> None:
    talk(driver)
    press_star(driver)
    assert said(dial(driver, digits)) == [f"The caller goes to {name}. Goodbye.", "Hangup"]


@pytest.mark.parametrize(("digits", "first"), [("999", star.UNKNOWN_EXTENSION), ("205", star.OWN_EXTENSION)])
def test_an_unknown_extension_or_ones_own_leads_back_to_the_choices(driver: Driver, digits: str, first: str) -> None:
    talk(driver)
    press_star(driver)
    assert dial(driver, digits)[0][0].text == f"{first} {PROMPT}"
    assert is_on_hold(hold(driver)) and "transferred_to" not in driver.link


def test_an_extension_that_nobody_dials_counts_as_a_silence(driver: Driver) -> None:
    talk(driver)
    press_star(driver)
    assert dial(driver, "")[0].attrib["action"] == f"{HERE}/star/key/2{AGAIN}"
    assert said(dial(driver, "", 3))[0] == "The caller goes to somebody else. Goodbye."


def test_who_is_given_a_caller_a_second_time_is_named_no_more(driver: Driver) -> None:
    talk(driver)
    press_star(driver)
    press(driver, SALES_)
    assert "agent" not in task_of(hold(driver))  # Zoe, to whom somebody gave the caller before


# --- Back, and the end


def test_the_two_talk_again_in_a_room_that_either_ends(driver: Driver) -> None:
    talk(driver)
    press_star(driver)
    worker = press(driver, BACK_).find("Dial")
    caller = hold(driver).find("Dial")
    assert worker is not None and caller is not None
    waits = f"{HERE}/room{AGAIN}", f"{BASE}/voice/room/{CALL}/{RESERVATION}{AGAIN}"
    actions = f"{HERE}/star-over{AGAIN}", f"{BASE}/voice/hold/over{AGAIN}"
    for leg, action, wait in zip((worker, caller), actions, waits, strict=True):
        (room,) = leg
        assert room.attrib["waitUrl"] == wait
        assert room.text == RESERVATION and leg.attrib["action"] == action
        assert room.attrib["endConferenceOnExit"] == room.attrib["startConferenceOnEnter"] == "true"


def test_after_the_room_each_hears_what_follows_a_talk(driver: Driver, use: Use) -> None:
    use(star=STAR, after_talk=AFTER_TALK)
    talk(driver)
    press_star(driver)
    press(driver, BACK_)
    hold(driver)
    assert send(driver, urls.WORKER_STAR_OVER, DialCallStatus="answered")[0][0].text == "Press 1 for solved."
    assert driver.voice("hold/over")[0].tag == THANKS


def test_nobody_goes_back_to_a_caller_who_has_hung_up(driver: Driver) -> None:
    talk(driver)
    press_star(driver)
    driver.twilio.calls[CALL] = "completed"
    assert said(press(driver, BACK_)) == ["The call is over. Goodbye.", "Hangup"]


def redirected(driver: Driver, leg: str) -> list[str]:
    """Where this call was sent over REST."""
    return [form["Url"] for form in driver.twilio.made(f"POST /2010-04-01/Accounts/AC{'0' * 32}/Calls/{leg}")]


def alone(driver: Driver, route: urls.Route, **form: str) -> list[str]:
    """Twilio asks for what is heard alone in the room, and may say of nobody whose leg that is."""
    answer = driver.send(post(route.path, {"AccountSid": "AC" + "0" * 32, **form}, LEG_PATH))
    assert answer["statusCode"] == 200, answer
    twiml_schema.check(answer["body"], waiting=True)
    return said(ElementTree.fromstring(answer["body"]))


def test_who_is_alone_in_the_room_waits_for_the_other(driver: Driver) -> None:
    talk(driver)
    press_star(driver)
    press(driver, BACK_)
    hold(driver)
    for route in (urls.ROOM, urls.WORKER_ROOM):
        assert alone(driver, route) == ["One moment, please.", "Pause", "Redirect"]
    assert redirected(driver, CALL) == redirected(driver, LEG) == []


def test_a_worker_who_is_alone_for_good_is_let_go(driver: Driver) -> None:
    talk(driver)
    press_star(driver)
    press(driver, BACK_)
    driver.twilio.calls[CALL] = "completed"
    alone(driver, urls.WORKER_ROOM)
    assert redirected(driver, LEG) == [f"{HERE}/star-over{AGAIN}"]
    assert said(send(driver, urls.WORKER_STAR_OVER)) == [twiml.CALLER_GONE, "Hangup"]


def test_a_worker_who_hangs_up_on_the_way_back_leaves_the_caller_to_another(driver: Driver) -> None:
    talk(driver)
    press_star(driver)
    press(driver, BACK_)
    driver.twilio.calls[LEG] = "completed"
    assert task_of(hold(driver))["priority"] == 15 and driver.link["transferred_to"] == "lost"


def test_a_caller_who_is_in_the_room_by_then_is_brought_out(driver: Driver) -> None:
    talk(driver)
    press_star(driver)
    press(driver, BACK_)
    assert hold(driver)[0].tag == "Dial"
    driver.twilio.calls[LEG] = "completed"
    alone(driver, urls.ROOM)
    (url,) = redirected(driver, CALL)
    assert url.startswith(f"{BASE}/voice/hold/{RESERVATION}/")
    assert task_of(hold(driver))["priority"] == 15


@pytest.mark.parametrize(("route", "leg"), [(urls.ROOM, CALL), (urls.WORKER_ROOM, LEG)])
def test_nobody_is_brought_out_of_a_room_before_a_star_key(driver: Driver, route: urls.Route, leg: str) -> None:
    driver.event("task.created")
    driver.assign()
    alone(driver, route)
    assert redirected(driver, leg) == []
    talk(driver)
    driver.twilio.calls |= {CALL: "completed", LEG: "completed"}
    alone(driver, route)
    assert redirected(driver, leg) == []


def test_the_worker_may_hang_up_for_both(driver: Driver) -> None:
    talk(driver)
    press_star(driver)
    assert said(press(driver, END_)) == ["The call is over. Goodbye.", "Hangup"]
    assert hold(driver)[0].tag == THANKS


# --- The caller's side of it


def test_after_the_talk_the_caller_is_on_hold_at_once(driver: Driver) -> None:
    talk(driver)
    press_star(driver)
    pause, redirect = leave_talk(driver)
    assert pause.attrib == {"length": "1"}
    assert str(redirect.text).startswith(f"{BASE}/voice/hold/{RESERVATION}/") and str(redirect.text).endswith(
        f"/1{AGAIN}"
    )


def test_music_follows_music_until_the_worker_has_chosen(driver: Driver) -> None:
    talk(driver)
    press_star(driver)
    leave_talk(driver)
    since = int(time.time())
    rounds = [hold(driver, attempt, since) for attempt in (1, 2, 3)]
    assert [document[0].text for document in rounds] == [*MUSIC, MUSIC[0]]
    assert [document[1].text for document in rounds] == [
        f"{BASE}/voice/hold/{RESERVATION}/{since}/{attempt}{AGAIN}" for attempt in (2, 3, 4)
    ]


def test_without_music_there_are_words(driver: Driver, use: Use) -> None:
    use(star=Star(menu=("back",), hold_say="Un momento."))
    talk(driver)
    press_star(driver)
    assert said(hold(driver)) == ["Un momento.", "Pause", "Redirect"]


def test_a_worker_who_hangs_up_without_the_key_is_thanked_for_as_ever(driver: Driver) -> None:
    talk(driver)
    leave_talk(driver)
    driver.twilio.calls[LEG] = "completed"
    assert hold(driver)[0].tag == THANKS
    assert "transferred_to" not in driver.link


def test_the_callers_side_first_the_worker_is_still_on_the_phone(driver: Driver) -> None:
    """The worker's own request is late: the leg that goes on says that it was the key."""
    talk(driver)
    leave_talk(driver)
    assert is_on_hold(hold(driver, 1)) and is_on_hold(hold(driver, 2))
    assert press_star(driver)[0][0].text == PROMPT
    press(driver, SALES_)
    assert task_of(hold(driver, 3))["department"] == "sales"


def test_the_workers_side_first(driver: Driver) -> None:
    talk(driver)
    press_star(driver)
    press(driver, SALES_)
    leave_talk(driver)
    assert task_of(hold(driver))["department"] == "sales"


def test_the_last_round_is_the_lines_way_out(driver: Driver) -> None:
    talk(driver)
    press_star(driver)
    assert is_on_hold(hold(driver, 9, long_ago(55)))
    document = hold(driver, 10, long_ago())
    assert "Nobody is free at the moment." in said(document)[0] and document[1].tag == "Record"
    assert said(press(driver, SALES_)) == [twiml.CALLER_GONE, "Hangup"]
    assert hold(driver, 10, long_ago())[1].tag == "Record"  # delivered again


def test_a_worker_whose_key_comes_after_the_last_round_hears_it(driver: Driver) -> None:
    talk(driver)
    assert hold(driver, 20, long_ago())[1].tag == "Record"
    assert said(press_star(driver)) == [twiml.CALLER_GONE, "Hangup"]


def test_a_choice_that_comes_with_the_last_round_counts(driver: Driver) -> None:
    talk(driver)
    press_star(driver)
    press(driver, SALES_)
    assert task_of(hold(driver, 20, long_ago()))["department"] == "sales"


# --- Who hangs up


def test_star_and_the_caller_hangs_up_first(driver: Driver) -> None:
    talk(driver)
    leave_talk(driver, CallStatus="completed")
    assert said(press_star(driver)) == [twiml.CALLER_GONE, "Hangup"] and "held_at" not in driver.link


def test_the_caller_hangs_up_and_enqueues_action_is_late(driver: Driver) -> None:
    talk(driver)
    driver.twilio.calls[CALL] = "completed"
    assert said(press_star(driver)) == [twiml.CALLER_GONE, "Hangup"]
    assert said(leave_talk(driver, CallStatus="completed"))[0] != "Pause"


def test_a_caller_who_hangs_up_first_is_asked_about_as_ever(driver: Driver, use: Use) -> None:
    use(star=STAR, after_talk=AFTER_TALK)
    talk(driver)
    leave_talk(driver, CallStatus="completed")
    assert press_star(driver)[0][0].text == "Press 1 for solved."


def test_the_caller_hangs_up_on_hold(driver: Driver) -> None:
    """Twilio tells nobody of it: the choice is for nobody, and no task is made."""
    talk(driver)
    press_star(driver)
    leave_talk(driver)
    assert said(press(driver, SALES_))[-1] == "Hangup"
    assert "round" not in driver.call


def test_a_worker_who_hangs_up_instead_of_choosing_leaves_the_caller_to_another(driver: Driver) -> None:
    talk(driver)
    press_star(driver)
    driver.status("completed")
    assert driver.link["transferred_to"] == "lost"
    task = task_of(hold(driver))
    assert (task["priority"], task["department"], task["language"]) == (15, "support", "es") and "agent" not in task


@pytest.mark.parametrize("status", ["initiated", "ringing", "in-progress"])
def test_what_is_told_late_of_a_leg_that_goes_on_takes_no_caller_from_it(driver: Driver, status: str) -> None:
    talk(driver)
    press_star(driver)
    driver.status(status)
    assert "transferred_to" not in driver.link


def test_that_it_is_told_twice_changes_nothing(driver: Driver) -> None:
    talk(driver)
    press_star(driver)
    press(driver, SALES_)
    driver.status("completed")
    driver.status("completed")
    assert driver.link["transferred_to"] == "queue:Sales"


def test_where_nobody_tells_of_it_the_caller_asks(driver: Driver) -> None:
    talk(driver)
    press_star(driver)
    driver.twilio.calls[LEG] = "completed"
    assert [is_on_hold(hold(driver, attempt)) for attempt in (1, 2, 3)] == [True, True, True]
    assert task_of(hold(driver, 4))["priority"] == 15


def test_nor_is_a_lost_caller_led_out_when_the_time_is_over(driver: Driver) -> None:
    talk(driver)
    press_star(driver)
    driver.twilio.calls[LEG] = "completed"
    assert task_of(hold(driver, 5, long_ago()))["priority"] == 15


def test_in_doubt_the_worker_is_there(driver: Driver) -> None:
    talk(driver)
    driver.twilio.failures["GET /2010"] = [500] * 9
    assert is_on_hold(hold(driver))


def test_where_twilio_does_not_say_how_the_calls_stand_they_go_on(driver: Driver) -> None:
    talk(driver)
    assert press_star(driver, CallStatus="")[0][0].text == PROMPT
    assert leave_talk(driver, CallStatus="")[0].tag == "Pause"


def test_who_comes_out_of_the_queue_otherwise_than_after_a_talk_is_on_no_hold(driver: Driver) -> None:
    talk(driver)
    for result in ("", "leave", "hangup"):
        assert "Pause" not in said(leave_talk(driver, QueueResult=result))


def test_a_dial_that_hears_of_its_own_hang_up_asks_nothing(driver: Driver) -> None:
    talk(driver)
    assert said(press_star(driver, CallStatus="completed")) == ["Hangup"] and "held_at" not in driver.link


def test_a_worker_who_was_joined_to_nobody_hears_that_the_caller_is_gone(driver: Driver) -> None:
    driver.ring()
    driver.answer()
    assert said(press_star(driver, DialBridged="false")) == [twiml.CALLER_GONE, "Hangup"]


def test_another_leg_changes_nothing(driver: Driver) -> None:
    talk(driver)
    press_star(driver)
    for route in (urls.WORKER_STAR, urls.WORKER_STAR_KEY, urls.WORKER_STAR_PERSON, urls.WORKER_STAR_OVER):
        assert said(send(driver, route, 1, OTHER_LEG, Digits="1", DialBridged="true"))[-1] == "Hangup"
    assert "transferred_to" not in driver.link


# --- The further wait


def given(driver: Driver) -> None:
    """Bea has given the caller to Sales, who waits there."""
    talk(driver)
    press_star(driver)
    leave_talk(driver)
    press(driver, SALES_)
    hold(driver)


def second(**changes: object) -> dict[str, str]:
    """The fields of an event, or an assignment, of the second task."""
    attributes = task_attributes(**{"round": 2, "transferred_from": "Bea", **changes})
    return {"TaskSid": SECOND_TASK, "TaskAttributes": attributes, "ReservationSid": SECOND, "WorkerName": "Dora"}


def of_second(status: str) -> dict[str, object]:
    """The second task, as Twilio has it."""
    known = {"sid": SECOND_TASK, "assignment_status": status, "attributes": second()["TaskAttributes"]}
    return {**known, "task_queue_sid": QUEUES["Sales"], "workflow_sid": WORKFLOW}


def test_the_next_worker_hears_who_gave_them_the_caller(driver: Driver) -> None:
    given(driver)
    driver.assign("Sales", **second())
    assert driver.cloud.row(SECOND)["transferred_from"] == "Bea"
    link = reading.of_call(CALL).link(Key(CALL, SECOND))
    assert link is not None
    assert words.of_caller(link).startswith("From Bea.")


def test_the_sweep_looks_after_the_further_wait(driver: Driver) -> None:
    given(driver)
    driver.event("task.created", **second())
    assert driver.call["open"] == "call" and driver.call["task_sid"] == SECOND_TASK
    driver.event("task.created")  # of the first wait, once more
    leave_talk(driver)  # and its Enqueue's action
    assert driver.call["task_sid"] == SECOND_TASK and driver.call["open"] == "call"
    assert "left_queue_at" not in driver.call


def test_a_caller_whose_second_task_ends_in_vain_is_led_out_by_the_sweep(driver: Driver, later: Later) -> None:
    given(driver)
    driver.event("task.created", **second())
    driver.twilio.tasks[SECOND_TASK] = of_second("canceled")
    later(300)
    driver.sweep()
    moved = driver.twilio.made(f"POST /2010-04-01/Accounts/AC{'0' * 32}/Calls/{CALL}")
    assert [form["Url"] for form in moved] == [f"{BASE}/voice/moved{AGAIN}"]


def test_the_end_of_the_first_task_does_not_end_the_second_talk(driver: Driver) -> None:
    given(driver)
    driver.assign("Sales", **second())
    driver.event("reservation.accepted", **second(), TaskQueueSid=QUEUES["Sales"])
    driver.event("task.completed")
    assert driver.link["outcome"] == "completed" and driver.cloud.row(SECOND)["state"] == "bridged"


def test_each_task_wraps_up_by_itself(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    given(driver)
    sent: list[jobs.Job] = []
    monkeypatch.setattr(jobs, "send", lambda job, delay_seconds=0: sent.append(job))
    driver.event("reservation.wrapup")
    driver.event("task.wrapup")
    driver.event("reservation.wrapup", **second())
    assert sent == [jobs.CompleteTask(CALL, TASK), jobs.CompleteTask(CALL, SECOND_TASK)]
    assert driver.call[wrapping_of(1)] and driver.call[wrapping_of(2)]


def test_a_task_that_twilio_keeps_assigned_is_completed_though_its_caller_talks_on(driver: Driver) -> None:
    given(driver)
    job = jobs.CompleteTask(CALL, TASK)  # which the caller's document has ordered
    driver.twilio.tasks[TASK]["task_queue_sid"] = QUEUES["Support"]
    driver.twilio.reservations[RESERVATION] = {
        "sid": RESERVATION,
        "reservation_status": "accepted",
        "worker_sid": "WK" + "a" * 32,
    }
    driver.work(job)
    assert driver.twilio.tasks[TASK]["assignment_status"] == "assigned"  # Bea is on the phone
    driver.twilio.calls[LEG] = "completed"
    driver.work(job)
    assert driver.twilio.tasks[TASK]["assignment_status"] == "completed" and driver.link["outcome"] == "completed"


def test_the_sweep_does_it_where_that_job_is_lost(driver: Driver, later: Later) -> None:
    given(driver)
    driver.queued()
    driver.twilio.tasks[TASK]["task_queue_sid"] = QUEUES["Support"]
    driver.twilio.reservation = "accepted"
    driver.twilio.reservations[RESERVATION] = {
        "sid": RESERVATION,
        "reservation_status": "accepted",
        "worker_sid": "WK" + "a" * 32,
    }
    driver.twilio.calls[LEG] = "completed"
    later(300)
    driver.sweep()
    assert driver.twilio.tasks[TASK]["assignment_status"] == "completed"


def test_the_sweep_leaves_a_caller_on_hold_alone(driver: Driver, later: Later) -> None:
    talk(driver)
    press_star(driver)
    driver.wrap_up()
    later(300)
    driver.sweep()
    assert driver.twilio.tasks[TASK]["assignment_status"] == "wrapping" and "transferred_to" not in driver.link
    press(driver, SALES_)
    assert task_of(hold(driver))["department"] == "sales"


def test_a_caller_may_be_given_away_again(driver: Driver) -> None:
    given(driver)
    driver.event("task.created", **second())
    driver.assign("Support", **second())
    driver.twilio.leg = OTHER_LEG
    path = {"subject": CALL, "reservation_sid": SECOND}
    driver.work(jobs.RingWorker(CALL, SECOND))
    driver.send(post(urls.WORKER_ANSWER.path, leg_form("in-progress", OTHER_LEG), path))
    assert driver.call["star"] == SECOND
    driver.twilio.tasks[SECOND_TASK] = of_second("assigned")
    form = leg_form("in-progress", OTHER_LEG) | {"DialBridged": "true"}
    driver.send(post(urls.WORKER_STAR.path, form, {**path, "attempt": "1"}))
    driver.send(post(urls.WORKER_STAR_KEY.path, form | {"Digits": "1"}, {**path, "attempt": "1"}))
    task = task_of(hold(driver, reservation=SECOND))
    assert (task["round"], task["priority"]) == (3, 25)


# --- While the table is down


@pytest.fixture
def down(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("rows_by", "write"):
        monkeypatch.setattr(table, name, lambda *_, **__: 1 / 0)
    yield


def test_the_caller_holds_on_until_the_time_is_over(driver: Driver, down: None) -> None:
    since = int(time.time())
    say, _, redirect = hold(driver, 3, since)
    assert say.text == "One moment, please." and redirect.text == f"{BASE}/voice/hold/{RESERVATION}/{since}/4{AGAIN}"
    assert hold(driver, 9, long_ago())[1].tag == "Record"


@pytest.mark.parametrize(
    ("waited", "last"), [(0.0, "Redirect"), (59.9, "Redirect"), (60.0, "Hangup"), (61.0, "Hangup")]
)
@pytest.mark.usefixtures("driver")
def test_the_time_on_hold_is_over_to_the_second(waited: float, last: str) -> None:
    path = {"reservation_sid": RESERVATION, "since": "1000", "attempt": "3"}
    document = caller_hold.without_record(Webhook(BASE, caller_form(), path, 1000 + waited))
    assert ElementTree.fromstring(document)[-1].tag == last


def test_where_nobody_says_since_when_the_hold_begins_now(driver: Driver) -> None:
    path = {"reservation_sid": RESERVATION, "since": "x", "attempt": "x"}
    document = caller_hold.without_record(Webhook(BASE, caller_form(), path, 1000.9))
    assert f"/voice/hold/{RESERVATION}/1000/2#" in document


def test_where_it_was_down_after_the_talk_too(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    talk(driver)
    with monkeypatch.context() as patched:
        patched.setattr(caller_leg, "record_and_read", lambda *_, **__: 1 / 0)
        redirect = leave_talk(driver)[1]
    assert str(redirect.text).startswith(f"{BASE}/voice/hold/unknown/")
    press_star(driver)
    assert is_on_hold(hold(driver, reservation="unknown"))


def test_the_worker_tries_again_a_moment_later(driver: Driver, down: None) -> None:
    assert said(press_star(driver)) == [twiml.WAIT_A_MOMENT, "Pause", "Redirect"]
    assert press_star(driver)[2].text == f"{HERE}/star/2{AGAIN}"
    assert press(driver, "1", 2)[2].text == f"{HERE}/star/3{AGAIN}"
    assert press(driver, "1", 4)[2].text == f"{HERE}/star/5{AGAIN}"
    assert said(press(driver, "1", 5)) == said(press_star(driver, attempt=5)) == [twiml.NOT_KEPT, "Hangup"]
    assert said(send(driver, urls.WORKER_STAR_OVER))[0] == twiml.CALLER_GONE
    assert alone(driver, urls.ROOM) == alone(driver, urls.WORKER_ROOM) == ["One moment, please.", "Pause", "Redirect"]


def test_the_second_try_needs_no_word_of_the_dial(driver: Driver) -> None:
    driver.ring()
    driver.answer()
    assert send(driver, urls.WORKER_STAR, 2)[0][0].text == PROMPT
    assert driver.link["state"] == "bridged"


def test_twilios_fallback_gets_the_same(driver: Driver) -> None:
    talk(driver)
    press_star(driver)
    url = urls.HOLD.url(BASE, reservation_sid=RESERVATION, since=str(int(time.time())), attempt="2")
    answer = driver.send(post("/voice/fallback", caller_form(ErrorUrl=url)))
    assert MUSIC[1] in answer["body"]


# --- What it asks for


def assigned(driver: Driver) -> list[jobs.Job]:
    driver.assign()
    return driver.queued()


STEPS: dict[str, tuple[Callable[[Driver], object], Callable[[Driver], object]]] = {
    "may be pressed": (
        lambda driver: [driver.event("task.created"), *map(driver.work, assigned(driver))],
        lambda driver: driver.answer(),
    ),
    "worker hung up": (
        talk,
        lambda driver: (
            leave_talk(driver),
            driver.twilio.calls.update({LEG: "completed"}),
            hold(driver),
        ),
    ),
    "caller hung up": (
        talk,
        lambda driver: (leave_talk(driver, CallStatus="completed"), press_star(driver)),
    ),
    "given away": (
        talk,
        lambda driver: (press_star(driver), leave_talk(driver), hold(driver), press(driver, SALES_), hold(driver)),
    ),
}


@pytest.mark.parametrize("what", STEPS)
def test_each_adds_exactly_these_requests(driver: Driver, use: Use, what: str) -> None:
    def asked(steps: tuple[Callable[[Driver], object], Callable[[Driver], object]]) -> dict[str, float]:
        before, does = steps
        before(driver)
        twilio = len(driver.twilio.requests)
        with counting() as made:
            does(driver)
        return {"twilio": len(driver.twilio.requests) - twilio, **made}

    counted = asked(STEPS[what])
    for name, number in {"may be pressed": ANSWERED, "worker hung up": LEFT_QUEUE}.get(what, LEFT_QUEUE).items():
        counted[name] -= number
    assert {name: number for name, number in counted.items() if number} == STAR_ASKS[what]


# What both ask for where there is no star key: the worker's answer, and Enqueue's action.
ANSWERED = {"UpdateItem": 1, "write_units": 4}
LEFT_QUEUE = {"UpdateItem": 1, "write_units": 3}


# --- calls show


def test_the_record_tells_who_gave_the_caller_to_whom(driver: Driver) -> None:
    given(driver)
    driver.event("task.created", **second())
    driver.assign("Sales", **second())
    told = story.timeline(reading.of_call(CALL))
    for fact in (
        "the caller's wait number 2: given away by the star key before",
        "star key: the caller is given to Sales",
        "Bea: the caller is on hold",
        "Bea: the caller is given to Sales",
        "given by Bea",
    ):
        assert fact in told, told


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ("person:Carl", "the caller is given to Carl"),
        ("back", "back to the caller"),
        ("end", "hung up for both"),
        ("lost", "the worker chose nothing, and the caller went to somebody else"),
        ("left", "the caller was on hold for too long, and was led out"),
        ("", "the caller is on hold, or hung up there"),
    ],
)
def test_and_what_else_became_of_a_caller_on_hold(to: str, said: str) -> None:
    link = Link(subject=CALL, reservation_sid=RESERVATION, worker_name="Bea", held_at=5, transferred_to=to)
    assert f"  star key: {said}\n" in story.timeline(CallRecord(None, (link,)))

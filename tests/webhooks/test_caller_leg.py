"""The caller's leg: from the first webhook to the last."""

import time
from xml.etree import ElementTree

import pytest

from chalicelib import aws
from chalicelib.caller import menu, twiml
from chalicelib.callers import waits
from chalicelib.config import callcenter
from chalicelib.config.menus import Choice, Menu
from chalicelib.config.schema import Line
from chalicelib.links import caller_leg
from chalicelib.twilio import urls
from tests.conftest import WORKFLOW, Aws
from tests.support.api_gateway import BASE, post
from tests.support.driver import CALL, SALES, URGENT, Driver, caller_form

DAY, NOW = 86400, 1795230042.0


def test_a_call_is_enqueued_with_its_lines_attributes_priority_and_timeout(driver: Driver) -> None:
    document = driver.voice("incoming", To="+14155550102")
    assert [verb.tag for verb in document] == ["Say", "Enqueue"]
    enqueue = document[1]
    assert enqueue.attrib == {
        "workflowSid": WORKFLOW,
        "waitUrl": f"{BASE}/voice/wait#rc=2&rp=all",
        "action": f"{BASE}/voice/after#rc=2&rp=all",
    }
    assert enqueue[0].tag == "Task"
    assert enqueue[0].attrib == {"priority": "50", "timeout": "86400"}
    assert enqueue[0].text == '{"department":"urgent"}'


def test_a_number_that_no_line_lists_is_treated_like_the_default_line(driver: Driver) -> None:
    assert "Harbour Clinic" in str(driver.voice("incoming", To="+14155559999")[0].text)


def test_a_line_with_a_menu_asks_first_and_goes_on_without_an_answer(driver: Driver) -> None:
    document = driver.voice("incoming")
    assert [verb.tag for verb in document] == ["Say", "Gather", "Redirect"]
    assert document[1].get("action") == document[2].text == f"{BASE}/voice/menus/main/1/1#rc=2&rp=all"
    assert document[1].get("input") == "dtmf speech"


@pytest.mark.parametrize(
    ("given", "language", "label"),
    [
        ({"Digits": "1"}, "en", "english"),
        ({"Digits": "2"}, "es", "spanish"),
        ({"SpeechResult": "Spanish, please."}, "es", "spanish"),
    ],
)
def test_what_the_caller_presses_or_says_sets_attributes(
    driver: Driver, given: dict[str, str], language: str, label: str
) -> None:
    document = driver.voice("menu/1", **given)
    assert document[0][0].text == f'{{"department":"support","language":"{language}","menu_choice":"{label}"}}'


@pytest.mark.parametrize("attempt", ["x", "0", "1"])
def test_a_menu_of_which_nobody_says_how_often_it_was_asked_was_asked_once(driver: Driver, attempt: str) -> None:
    assert driver.voice(f"menu/{attempt}")[1].get("action") == f"{BASE}/voice/menus/main/2/2#rc=2&rp=all"


@pytest.mark.parametrize("given", [{}, {"Digits": "7"}, {"SpeechResult": "whatever"}])
def test_wrong_or_no_input_is_asked_again_and_then_the_call_goes_on(driver: Driver, given: dict[str, str]) -> None:
    again = driver.voice("menu/1", **given)
    assert [verb.tag for verb in again] == ["Say", "Gather", "Redirect"]
    assert again[1].get("action") == f"{BASE}/voice/menus/main/2/2#rc=2&rp=all"
    assert driver.voice("menu/2", **given)[0].tag == "Enqueue"


WARDS = Menu(
    "Which ward?",
    (
        Choice(digits="1", speech=("male",), attributes={"ward": "m"}),
        Choice(digits="2", speech=("female", "ladies ward"), attributes={"ward": "f"}),
        Choice(digits="#", speech=("male nurse",), attributes={"ward": "n"}),
    ),
)


@pytest.mark.parametrize(
    ("said", "ward"),
    [
        ("Male, please.", "m"),
        ("Female.", "f"),
        ("I am FEMALE", "f"),
        ("the ladies ward", "f"),
        ("ladieswards", None),
        ("male or female", None),
        ("a male nurse", None),
        ("", None),
    ],
)
def test_a_word_is_a_whole_word_and_two_choices_are_none(said: str, ward: str | None) -> None:
    chosen = menu.choose(WARDS, "", said)
    assert (chosen and chosen.attributes["ward"]) == ward


def test_the_hash_key_can_be_a_choice() -> None:
    line = Line(greeting="Hello.", menu=WARDS)
    onward = menu.Onward(lambda _line, _chosen: twiml.Queueing("WW1", BASE, {}), twiml.Way(BASE), twiml.Phone(""))
    assert 'finishOnKey=""' in menu.greet(line, onward)
    chosen = menu.choose(WARDS, "#", "female")
    assert chosen is not None and chosen.attributes["ward"] == "n"


def test_a_choice_may_have_several_digits() -> None:
    which = Menu(prompt="Which?", choices=(Choice(digits="12", attributes={"k": 1}), Choice(digits="1", attributes={})))
    typed = "".join(["1", "2"])  # another text of the same letters
    assert menu.choose(which, typed, "") == which.choices[0]
    assert menu.choose(which, "2", "") is None


def test_a_menu_without_the_hash_key_leaves_gather_as_it_is(driver: Driver) -> None:
    assert driver.voice("incoming")[1].get("finishOnKey") is None


def test_a_menu_that_was_asked_too_often_already_enqueues(driver: Driver) -> None:
    assert driver.voice("menu/3", Digits="9")[-1].tag == "Enqueue"


def test_a_menu_on_a_line_without_one_enqueues(driver: Driver) -> None:
    assert driver.voice("menu/x", To=SALES)[0].tag == "Enqueue"


def test_waiting_tells_position_and_rough_wait(driver: Driver) -> None:
    talked = {"line": "support", "queue_result": "bridged", "queue_seconds": 100}
    for number in range(3):
        caller_leg.record(f"CA{number:032}", talked, time.time())
    document = driver.voice("wait", QueuePosition="3", AvgQueueTime="9000", QueueTime="5")
    said = [str(verb.text) for verb in document if verb.tag == "Say"]
    assert said[1:] == ["You are number 3 in the queue.", "Expected wait in minutes: 2."]
    assert [verb.tag for verb in document][-2:] == ["Play", "Redirect"]
    since = str(int(time.time()))
    form, path = caller_form(QueuePosition="4", QueueTime="70"), {"position": "3", "minutes": "1", "since": since}
    later = ElementTree.fromstring(driver.send(post(urls.WAIT_TOLD.path, form, path))["body"])
    assert [verb.tag for verb in later] == ["Say", "Play", "Redirect"]


def talks(seconds: int, count: int, at: float, line: str = "support", result: str = "bridged") -> None:
    """So many callers of this line waited so long until this moment."""
    for number in range(count):
        known = {"line": line, "queue_result": result, "queue_seconds": seconds}
        caller_leg.record(f"CA{line}{result}{at}{number}", known, at)


def test_a_wait_is_told_by_the_talks_of_the_line_alone(cloud: Aws) -> None:
    talks(600, 3, NOW)
    for line, result in (("sales", "bridged"), ("urgent", "bridged"), ("support", "hangup"), ("", ""), ("support", "")):
        talks(6000, 9, NOW, line, result)
    talks(6000, 9, NOW - DAY)
    assert [waits.minutes_left("support", waited, NOW) for waited in (0, 60)] == [10, 9]
    assert waits.minutes_left("sales", 0, NOW) == 100
    assert waits.minutes_left("night", 0, NOW) == 0


def test_the_talks_of_a_line_are_looked_at_again_after_half_a_minute(cloud: Aws) -> None:
    talks(600, 5, NOW)
    assert waits.minutes_left("support", 0, NOW) == 10
    talks(1200, 9, NOW + 1)
    assert [waits.minutes_left("support", 0, NOW + 1 + after) for after in (28.5, 29, 29.5)] == [10, 20, 20]


@pytest.mark.parametrize(
    ("position", "told"),
    [
        ("0", []),
        ("1", []),  # who is next hears it from the worker
        ("2", ["You are number 2 in the queue.", "Expected wait in minutes: 2."]),
    ],
)
def test_who_is_next_is_told_neither_place_nor_wait(driver: Driver, position: str, told: list[str]) -> None:
    talked = {"line": "support", "queue_result": "bridged", "queue_seconds": 100}
    for number in range(3):
        caller_leg.record(f"CA{number:032}", talked, time.time())
    document = driver.voice("wait", QueuePosition=position, QueueTime="5")
    assert [verb.text for verb in document if verb.tag == "Say"][1:] == told


def test_who_is_told_where_they_are_leaves_in_time_though_twilio_says_after_a_redirect_how_long_they_waited_no_more(
    driver: Driver,
) -> None:
    document = driver.voice("wait", QueuePosition="3", QueueTime="5")
    since = str(document[-1].text).partition("#")[0].rpartition("/")[2]
    assert abs(int(since) - (time.time() - 5)) < 2
    longest = callcenter.current().line_of(caller_form()["To"])[1].longest_wait
    for waited, last in ((0, "Redirect"), (longest - 2, "Redirect"), (longest + 1, "Leave")):
        path = {"position": "3", "minutes": "0", "since": str(int(time.time()) - waited)}
        later = ElementTree.fromstring(driver.send(post(urls.WAIT_TOLD.path, caller_form(), path))["body"])
        assert later[-1].tag == last


def test_while_the_table_is_slow_no_wait_is_told(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_given: object, **_named: object) -> None:
        raise ConnectionError("no route")

    monkeypatch.setattr(aws, "quick_request", down)
    assert [verb.tag[0] for verb in driver.voice("wait", QueuePosition="2", QueueTime="5")] == [*"SSPR"]


def test_waiting_says_nothing_of_what_the_request_does_not_carry(driver: Driver) -> None:
    document = driver.voice("wait")
    assert [verb.tag for verb in document] == ["Say", "Play"]


def test_who_has_waited_as_long_as_the_line_allows_leaves_the_queue(driver: Driver) -> None:
    assert [verb.tag for verb in driver.voice("wait", QueueTime="1800")] == ["Leave"]


def test_a_line_without_music_pauses(driver: Driver) -> None:
    assert [verb.tag for verb in driver.voice("wait", To=URGENT)] == ["Say", "Pause"]


def test_after_a_bridged_call_comes_the_survey_and_its_digit_is_kept(driver: Driver) -> None:
    document = driver.voice("after", QueueResult="bridged", QueueTime="17")
    assert document[0].tag == "Gather" and document[0].get("action") == f"{BASE}/voice/survey#rc=2&rp=all"
    thanks = driver.voice("survey", Digits="4")
    assert [verb.tag for verb in thanks] == ["Say", "Hangup"]
    assert (driver.call["queue_result"], driver.call["queue_seconds"], driver.call["survey"]) == ("bridged", 17, "4")


def test_of_what_is_pressed_in_the_survey_the_first_digit_counts(driver: Driver) -> None:
    driver.voice("survey", Digits="42")
    assert driver.call["survey"] == "4"


def test_after_a_bridged_call_without_a_survey_comes_goodbye(driver: Driver) -> None:
    assert [verb.tag for verb in driver.voice("after", QueueResult="bridged", To=SALES)] == ["Say", "Hangup"]


@pytest.mark.parametrize("result", ["queue-full", "error", "system-error", "leave", "", "something-new"])
def test_who_leaves_without_a_worker_may_leave_a_message(driver: Driver, result: str) -> None:
    document = driver.voice("after", QueueResult=result)
    assert [verb.tag for verb in document] == ["Say", "Record", "Say", "Hangup"]
    assert document[1].get("action") == f"{BASE}/voice/voicemail#rc=2&rp=all"


@pytest.mark.parametrize("result", ["queue-full", "error", "system-error", "leave"])
def test_who_leaves_a_line_without_voicemail_hears_a_goodbye(driver: Driver, result: str) -> None:
    document = driver.voice("after", QueueResult=result, To=SALES)
    assert [verb.tag for verb in document] == ["Say", "Hangup"] and "Goodbye" in str(document[0].text)


@pytest.mark.parametrize("result", ["hangup", "redirected", "redirected-from-bridged", "bridging-in-process"])
def test_where_nobody_is_left_to_talk_to_the_document_is_empty(driver: Driver, result: str) -> None:
    assert list(driver.voice("after", QueueResult=result)) == []
    assert driver.call["queue_result"] == result


def test_a_voicemails_url_is_kept_with_the_call(driver: Driver) -> None:
    driver.voice("voicemail", RecordingUrl="https://api.twilio.com/RE1", RecordingDuration="9")
    assert (driver.call["voicemail_url"], driver.call["voicemail_seconds"]) == ("https://api.twilio.com/RE1", 9)


def test_a_caller_of_a_simple_queue_waits_in_it(driver: Driver) -> None:
    enqueue = driver.voice("incoming", To="+14155550103")[1]
    assert (enqueue.tag, enqueue.text, enqueue.get("workflowSid")) == ("Enqueue", "front-desk", None)


def test_an_agent_of_a_simple_queue_takes_one_caller_after_the_other(driver: Driver) -> None:
    document = driver.voice("incoming", To="+14155550104", From="+14155550190")
    assert [verb.tag for verb in document] == ["Say", "Dial", "Redirect"]
    assert (document[1][0].tag, document[1][0].text) == ("Queue", "front-desk")
    assert not document[2].text


def test_a_stranger_on_the_agents_number_takes_nobody(driver: Driver) -> None:
    assert [verb.tag for verb in driver.voice("incoming", To="+14155550104")] == ["Say", "Hangup"]


@pytest.mark.parametrize("document", ["after", "survey", "voicemail"])
def test_the_caller_goes_on_when_the_table_is_down(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, document: str
) -> None:
    def down(*_: object, **__: object) -> None:
        raise ConnectionError("no table")

    monkeypatch.setattr(caller_leg, "record_and_read", down)
    assert driver.voice(document, QueueResult="leave")[0].tag == "Say"
    assert "call not recorded" in driver.log.getvalue()


@pytest.mark.parametrize(
    ("document", "verbs"),
    [
        ("incoming", ["Enqueue"]),
        ("menu/1", ["Enqueue"]),
        ("wait", ["Pause"]),
        ("after", ["Say", "Hangup"]),
        ("survey", ["Say", "Hangup"]),
        ("voicemail", ["Say", "Hangup"]),
    ],
)
def test_a_failure_of_our_own_never_reaches_the_caller(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, document: str, verbs: list[str]
) -> None:
    def broken() -> None:
        raise RuntimeError("a bug of ours")

    monkeypatch.setattr(callcenter, "current", broken)
    monkeypatch.setattr(caller_leg, "record_and_read", lambda *_, **__: True)
    assert [verb.tag for verb in driver.voice(document)] == verbs
    assert "webhook failed" in driver.log.getvalue() and CALL in driver.log.getvalue()


def test_numbers_and_tokens_do_not_reach_the_log(driver: Driver) -> None:
    driver.send(post("/voice/incoming", caller_form(From="+12125550171"), token="wrong"))
    driver.event("task.created")
    assert "+12125550171" not in driver.log.getvalue()
    assert "webhook refused" in driver.log.getvalue()


# --- A document that could not be had


@pytest.mark.parametrize("document", ["incoming", "menu/1", "wait", "after", "survey", "voicemail"])
def test_the_fallback_says_what_the_handler_that_failed_would_have(driver: Driver, document: str) -> None:
    form = {"Digits": "1", "QueueResult": "leave", "RecordingUrl": "https://api.twilio.com/RE1"}
    own = driver.voice(document, **form)
    again = driver.voice("fallback", **form, ErrorCode="11200", ErrorUrl=f"{BASE}/voice/{document}#rc=2&rp=all")
    assert ElementTree.tostring(again) == ElementTree.tostring(own)


def test_a_fallback_that_does_not_say_what_failed_starts_the_call(driver: Driver) -> None:
    assert ElementTree.tostring(driver.voice("fallback")) == ElementTree.tostring(driver.voice("incoming"))

"""The caller's leg: from the first webhook to the last."""

from xml.etree import ElementTree

import pytest

from chalicelib.config import callcenter
from chalicelib.links import table
from tests.conftest import WORKFLOW
from tests.support.api_gateway import BASE, post
from tests.support.driver import CALL, SALES, Switchboard, caller_form


def test_a_call_is_enqueued_with_its_lines_attributes_priority_and_timeout(board: Switchboard) -> None:
    document = board.voice("incoming", To="+14155550102")
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


def test_a_number_that_no_line_lists_is_treated_like_the_default_line(board: Switchboard) -> None:
    assert "Harbour Clinic" in str(board.voice("incoming", To="+14155559999")[0].text)


def test_a_line_with_a_menu_asks_first_and_goes_on_without_an_answer(board: Switchboard) -> None:
    document = board.voice("incoming")
    assert [verb.tag for verb in document] == ["Say", "Gather", "Redirect"]
    assert document[1].get("action") == document[2].text == f"{BASE}/voice/menu/1#rc=2&rp=all"
    assert document[1].get("input") == "dtmf speech"


@pytest.mark.parametrize(
    ("given", "language"),
    [({"Digits": "1"}, "en"), ({"Digits": "2"}, "es"), ({"SpeechResult": "Spanish, please."}, "es")],
)
def test_what_the_caller_presses_or_says_sets_attributes(
    board: Switchboard, given: dict[str, str], language: str
) -> None:
    document = board.voice("menu/1", **given)
    assert document[0][0].text == f'{{"department":"support","language":"{language}"}}'


@pytest.mark.parametrize("given", [{}, {"Digits": "7"}, {"SpeechResult": "whatever"}])
def test_wrong_or_no_input_is_asked_again_and_then_the_call_goes_on(board: Switchboard, given: dict[str, str]) -> None:
    again = board.voice("menu/1", **given)
    assert [verb.tag for verb in again] == ["Say", "Gather", "Redirect"]
    assert again[1].get("action") == f"{BASE}/voice/menu/2#rc=2&rp=all"
    assert board.voice("menu/2", **given)[0].tag == "Enqueue"


def test_a_menu_on_a_line_without_one_enqueues(board: Switchboard) -> None:
    assert board.voice("menu/x", To=SALES)[0].tag == "Enqueue"


def test_waiting_tells_position_and_rough_wait(board: Switchboard) -> None:
    document = board.voice("wait", QueuePosition="3", AvgQueueTime="100", QueueTime="5")
    said = [str(verb.text) for verb in document if verb.tag == "Say"]
    assert said[1:] == ["You are number 3 in the queue.", "Expected wait in minutes: 2."]
    assert document[-1].tag == "Play"


def test_waiting_says_nothing_of_what_the_request_does_not_carry(board: Switchboard) -> None:
    document = board.voice("wait")
    assert [verb.tag for verb in document] == ["Say", "Play"]


def test_who_has_waited_as_long_as_the_line_allows_leaves_the_queue(board: Switchboard) -> None:
    assert [verb.tag for verb in board.voice("wait", QueueTime="1800")] == ["Leave"]


def test_a_line_without_music_pauses(board: Switchboard) -> None:
    assert [verb.tag for verb in board.voice("wait", To=SALES)] == ["Say", "Pause"]


def test_after_a_bridged_call_comes_the_survey_and_its_digit_is_kept(board: Switchboard) -> None:
    document = board.voice("after", QueueResult="bridged", QueueTime="17")
    assert document[0].tag == "Gather" and document[0].get("action") == f"{BASE}/voice/survey#rc=2&rp=all"
    thanks = board.voice("survey", Digits="4")
    assert [verb.tag for verb in thanks] == ["Say", "Hangup"]
    assert (board.call["queue_result"], board.call["queue_seconds"], board.call["survey"]) == ("bridged", 17, "4")


def test_after_a_bridged_call_without_a_survey_comes_goodbye(board: Switchboard) -> None:
    assert [verb.tag for verb in board.voice("after", QueueResult="bridged", To=SALES)] == ["Say", "Hangup"]


@pytest.mark.parametrize("result", ["queue-full", "error", "system-error", "leave", "", "something-new"])
def test_who_leaves_without_a_worker_may_leave_a_message(board: Switchboard, result: str) -> None:
    document = board.voice("after", QueueResult=result)
    assert [verb.tag for verb in document] == ["Say", "Record", "Say", "Hangup"]
    assert document[1].get("action") == f"{BASE}/voice/voicemail#rc=2&rp=all"


@pytest.mark.parametrize("result", ["queue-full", "error", "system-error", "leave"])
def test_who_leaves_a_line_without_voicemail_hears_a_goodbye(board: Switchboard, result: str) -> None:
    document = board.voice("after", QueueResult=result, To=SALES)
    assert [verb.tag for verb in document] == ["Say", "Hangup"] and "Goodbye" in str(document[0].text)


@pytest.mark.parametrize("result", ["hangup", "redirected", "redirected-from-bridged", "bridging-in-process"])
def test_where_nobody_is_left_to_talk_to_the_document_is_empty(board: Switchboard, result: str) -> None:
    assert list(board.voice("after", QueueResult=result)) == []
    assert board.call["queue_result"] == result


def test_a_voicemails_url_is_kept_with_the_call(board: Switchboard) -> None:
    board.voice("voicemail", RecordingUrl="https://api.twilio.com/RE1", RecordingDuration="9")
    assert (board.call["voicemail_url"], board.call["voicemail_seconds"]) == ("https://api.twilio.com/RE1", 9)


def test_a_caller_of_a_simple_queue_waits_in_it(board: Switchboard) -> None:
    enqueue = board.voice("incoming", To="+14155550103")[1]
    assert (enqueue.tag, enqueue.text, enqueue.get("workflowSid")) == ("Enqueue", "front-desk", None)


def test_an_agent_of_a_simple_queue_takes_one_caller_after_the_other(board: Switchboard) -> None:
    document = board.voice("incoming", To="+14155550104", From="+14155550190")
    assert [verb.tag for verb in document] == ["Say", "Dial", "Redirect"]
    assert (document[1][0].tag, document[1][0].text) == ("Queue", "front-desk")
    assert not document[2].text


def test_a_stranger_on_the_agents_number_takes_nobody(board: Switchboard) -> None:
    assert [verb.tag for verb in board.voice("incoming", To="+14155550104")] == ["Say", "Hangup"]


@pytest.mark.parametrize("door", ["after", "survey", "voicemail"])
def test_the_caller_goes_on_when_the_table_is_down(
    board: Switchboard, monkeypatch: pytest.MonkeyPatch, door: str
) -> None:
    def down(*_: object, **__: object) -> None:
        raise ConnectionError("no table")

    monkeypatch.setattr(table, "record_call", down)
    assert board.voice(door, QueueResult="leave")[0].tag == "Say"
    assert "call not recorded" in board.log.getvalue()


@pytest.mark.parametrize(
    ("door", "verbs"),
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
    board: Switchboard, monkeypatch: pytest.MonkeyPatch, door: str, verbs: list[str]
) -> None:
    def broken() -> None:
        raise RuntimeError("a bug of ours")

    monkeypatch.setattr(callcenter, "current", broken)
    monkeypatch.setattr(table, "record_call", lambda *_, **__: True)
    assert [verb.tag for verb in board.voice(door)] == verbs
    assert "webhook failed" in board.log.getvalue() and CALL in board.log.getvalue()


def test_numbers_and_tokens_do_not_reach_the_log(board: Switchboard) -> None:
    board.send(post("/voice/incoming", caller_form(From="+12125550171"), token="wrong"))
    board.event("task.created")
    assert "+12125550171" not in board.log.getvalue()
    assert "webhook refused" in board.log.getvalue()


# --- A document that could not be had


@pytest.mark.parametrize("door", ["incoming", "menu/1", "wait", "after", "survey", "voicemail"])
def test_the_fallback_says_what_the_door_that_failed_would_have(board: Switchboard, door: str) -> None:
    form = {"Digits": "1", "QueueResult": "leave", "RecordingUrl": "https://api.twilio.com/RE1"}
    own = board.voice(door, **form)
    again = board.voice("fallback", **form, ErrorCode="11200", ErrorUrl=f"{BASE}/voice/{door}#rc=2&rp=all")
    assert ElementTree.tostring(again) == ElementTree.tostring(own)


def test_a_fallback_that_does_not_say_what_failed_starts_the_call(board: Switchboard) -> None:
    assert ElementTree.tostring(board.voice("fallback")) == ElementTree.tostring(board.voice("incoming"))

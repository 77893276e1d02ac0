"""What a caller hears, to the attribute; and the single values that Twilio sends."""

from typing import Any
from xml.etree import ElementTree

import pytest

from chalicelib.caller import menu, twiml
from chalicelib.caller.twiml import Waited, Way
from chalicelib.callers import estimate
from chalicelib.callers.estimate import Told
from chalicelib.config import callcenter
from chalicelib.config.schema import Line, SimpleQueue
from chalicelib.twilio import urls, values
from chalicelib.twilio.respond import as_xml

BASE = "https://x.example/api"
QUEUEING = twiml.Queueing("WW1", BASE, {})
ONWARD = menu.Onward(lambda _line, _chosen: QUEUEING, Way(BASE), twiml.Phone(""))
MENU = {
    "prompt": "Press 1 or say sales.",
    "choices": [
        {"digits": "1", "attributes": {"to": "sales"}, "speech": ["sales", "a sale"]},
        {"digits": "22", "attributes": {"to": "care"}, "speech": ["care"]},
    ],
}


def line(**tables: Any) -> Line:
    described = {"default_line": "main", "lines": {"main": {"greeting": "Hello.", **tables}}}
    return callcenter.of_tables(described).lines["main"]


def verbs(document: str) -> list[tuple[str, dict[str, str], str]]:
    """Each verb of the document: name, attributes, text; what stands inside a verb comes after it."""
    root = ElementTree.fromstring(document)
    return [(verb.tag, verb.attrib, verb.text or "") for verb in root.iter() if verb is not root]


def said(text: str) -> tuple[str, dict[str, str], str]:
    return "Say", {"language": "en-US"}, text


QUIET = ("Pause", {"length": "20"}, "")
HANGUP: tuple[str, dict[str, str], str] = ("Hangup", {}, "")


@pytest.mark.parametrize(
    ("line", "waited", "leaves"),
    [
        (line(), 1799, False),
        (line(), 1800, True),
        (line(wait={"leave_after": 5}), 5, True),
        (line(wait={"leave_after": 5}), 4, False),
        (line(timeout=60), 89, False),  # the task's end, and half a minute for Twilio
        (line(timeout=60), 90, True),
        (line(timeout=60, wait={"leave_after": 0}), 89, False),
        (line(timeout=60, wait={"leave_after": 0}), 90, True),
    ],
)
def test_a_caller_waits_until_then(line: Line, waited: int, leaves: bool) -> None:
    assert (verbs(twiml.wait(line, Waited(1, 1, waited), BASE)) == [("Leave", {}, "")]) is leaves


def test_a_simple_queue_lets_nobody_wait_longer_than_a_call_may_last() -> None:
    described = {"greeting": "Hello.", "numbers": [], "agent_numbers": [], "agents": [], "wait": {"leave_after": 0}}
    raw = {"default_line": "main", "lines": {"main": {"greeting": "Hi."}}, "simple_queues": {"q": described}}
    queue = callcenter.of_tables(raw).simple_queues["q"]
    assert verbs(twiml.wait(queue, Waited(0, 0, 14400), BASE)) == [("Leave", {}, "")]
    assert verbs(twiml.wait(queue, Waited(0, 0, 14399), BASE)) == [said("Please stay on the line."), QUIET]


@pytest.mark.parametrize(
    ("position", "minutes", "told", "heard", "then"),
    [
        (0, 0, (0, 0), [], ""),
        (1, 0, (0, 0), [], ""),  # who is next hears it from the worker
        (2, 1, (0, 0), ["You are number 2.", "About 1 minutes."], "2/1"),
        (2, 2, (3, 2), ["You are number 2.", "About 2 minutes."], "2/2"),
        (3, 3, (2, 2), [], "2/2"),  # somebody goes before them: nothing rises
        (1, 0, (2, 1), [], "2/1"),
        (3, 0, (0, 4), ["You are number 3."], "3/4"),
    ],
)
def test_a_caller_hears_place_and_time_where_they_mean_something(
    position: int, minutes: int, told: tuple[int, int], heard: list[str], then: str
) -> None:
    rules = {"say": "", "position": "You are number {position}.", "rough_wait": "About {minutes} minutes."}
    waited = Waited(position, minutes, 0, Told(*told))
    url = f"{BASE}/voice/wait/told/{then}/0#rc=2&rp=all"
    next_round: list[tuple[str, dict[str, str], str]] = [("Redirect", {}, url)] if then else []
    assert verbs(twiml.wait(line(wait=rules), waited, BASE)) == [*map(said, heard), QUIET, *next_round]
    assert verbs(twiml.wait(line(wait={"say": ""}), Waited(position, minutes, 0), BASE)) == [QUIET]


@pytest.mark.parametrize(
    ("waits", "waited", "minutes"),
    [
        ([], 0, 0),
        ([600, 600], 0, 0),  # two talks say nothing
        ([600, 600, 600], 0, 10),
        ([600, 600, 600], 541, 0),  # under a minute is left
        ([600, 600, 600], 540, 1),
        ([600, 600, 600], 539, 2),
        ([600, 600, 600], 900, 0),
        ([100, 5000, 200], 0, 4),  # one long wait does not count for all
        ([300, 60, 240, 120, 180], 0, 3),  # the one in the middle
        ([120] * 9 + [9000] * 40, 0, 2),  # of long ago
    ],
)
def test_a_wait_is_told_by_the_latest_talks(waits: list[int], waited: int, minutes: int) -> None:
    assert estimate.minutes(waits, waited) == minutes


def test_music_is_played_instead_of_silence() -> None:
    played = verbs(twiml.wait(line(wait={"say": "", "play": ["https://x.example/a.mp3"]}), Waited(0, 0, 0), BASE))
    assert played == [("Play", {}, "https://x.example/a.mp3")]
    assert verbs(twiml.keep_waiting()) == [QUIET]


OPTIONS = {"say": "For a message press star.", "choices": [{"digits": "*", "then": "voicemail"}]}


def test_who_may_leave_by_a_key_is_told_and_listened_to_all_the_time() -> None:
    rules = {"position": "You are number {position}.", "options": OPTIONS, "play": ["https://x.example/a.mp3"]}
    listens = {
        "input": "dtmf",
        "numDigits": "1",
        "timeout": "1",
        "finishOnKey": "",
        "action": f"{BASE}/voice/wait/key#rc=2&rp=all",
    }
    assert verbs(twiml.wait(line(wait=rules), Waited(2, 0, 0), BASE)) == [
        ("Gather", listens, ""),
        said("Please stay on the line."),
        said("You are number 2."),
        said("For a message press star."),
        ("Play", {}, "https://x.example/a.mp3"),
        ("Redirect", {}, f"{BASE}/voice/wait/told/2/0/0#rc=2&rp=all"),
    ]
    assert verbs(twiml.wait(line(wait={"options": OPTIONS}), Waited(0, 0, 0), BASE))[-1] == QUIET
    assert verbs(twiml.wait(line(wait=rules), Waited(2, 0, 1800), BASE)) == [("Leave", {}, "")]


@pytest.mark.parametrize(("digits", "leads_to"), [("*", "voicemail"), ("1", ""), ("", ""), ("**", "")])
def test_a_key_leads_where_the_line_says(digits: str, leads_to: str) -> None:
    assert line(wait={"options": OPTIONS}).wait.way_out(digits) == leads_to
    assert line().wait.way_out(digits) == ""


def test_who_chose_to_leave_a_message_hears_the_prompt_alone() -> None:
    document = verbs(twiml.take_message(line(voicemail={"prompt": "Speak."}), Way(BASE)))
    assert document[0] == said("Speak.") and [tag for tag, _, _ in document] == ["Say", "Record", "Say", "Hangup"]


def test_a_menu_is_asked_by_keys_and_by_speech() -> None:
    asked = verbs(menu.greet(line(menu=MENU), ONWARD))
    action = f"{BASE}/voice/menus/main/1/1#rc=2&rp=all"
    gather = {
        "input": "dtmf speech",
        "action": action,
        "actionOnEmptyResult": "true",
        "timeout": "5",
        "numDigits": "2",
        "language": "en-US",
        "hints": "sales, a sale, care",
    }
    assert asked == [
        said("Hello."),
        ("Gather", gather, ""),
        said("Press 1 or say sales."),
        ("Redirect", {}, action),
    ]
    again = verbs(menu.answer(line(menu=MENU), menu.Asked(), menu.Given("7"), ONWARD))
    assert again[0] == said("Sorry, I did not get that.")
    assert again[-1][2] == f"{BASE}/voice/menus/main/2/2#rc=2&rp=all"


def test_a_menu_with_the_hash_key_does_not_end_at_it() -> None:
    with_hash = {"prompt": "Press hash.", "choices": [{"digits": "#", "attributes": {}}]}
    ((_, gather, _),) = [verb for verb in verbs(menu.greet(line(menu=with_hash), ONWARD)) if verb[0] == "Gather"]
    assert gather["finishOnKey"] == "" and gather["numDigits"] == "1" and "hints" not in gather


@pytest.mark.parametrize(
    ("digits", "speech", "to"),
    [
        ("1", "", ["sales"]),
        ("22", "", ["care"]),
        ("2", "", []),
        ("", "", []),
        ("", "Sales, please", ["sales"]),
        ("", "wholesales", []),
        ("", "salesman", []),
        ("", "a SALE for care", ["sales", "care"]),
        ("1", "care", ["sales"]),  # a key is certain
    ],
)
def test_what_a_caller_may_have_chosen(digits: str, speech: str, to: list[str]) -> None:
    found = menu.choices(line(menu=MENU).every_menu["main"], digits, speech)
    assert [choice.attributes["to"] for choice in found] == to


def test_a_caller_is_enqueued_with_priority_and_timeout() -> None:
    made = line(attributes={"a": 1, "b": 2}, priority=7, timeout=600)
    enqueue, task = verbs(twiml.enqueue(made, QUEUEING, {"b": 3}))
    waiting, action = f"{BASE}/voice/wait#rc=2&rp=all", f"{BASE}/voice/after#rc=2&rp=all"
    assert enqueue[:2] == ("Enqueue", {"workflowSid": "WW1", "waitUrl": waiting, "action": action})
    assert task == ("Task", {"priority": "7", "timeout": "600"}, '{"a":1,"b":3}')


def test_after_the_talk_a_survey_is_asked() -> None:
    surveyed = line(after={"survey": "How was it?", "thanks": "Bye."})
    gather = {"input": "dtmf", "numDigits": "1", "timeout": "8", "action": f"{BASE}/voice/survey#rc=2&rp=all"}
    asked = [("Gather", gather, ""), said("How was it?"), said("Bye."), HANGUP]
    assert verbs(twiml.after(surveyed, "bridged", Way(BASE))) == asked
    assert verbs(twiml.after(line(after={"thanks": "Bye."}), "bridged", Way(BASE))) == [said("Bye."), HANGUP]


ENDINGS = {name: {"say": name} for name in ("queue_full", "leave", "error", "declined")}


@pytest.mark.parametrize(
    ("result", "ending"),
    [("queue-full", "queue_full"), ("leave", "leave"), ("error", "error"), ("system-error", "error"), ("new", "error")],
)
def test_each_way_out_of_the_queue_has_its_sentence(result: str, ending: str) -> None:
    assert verbs(twiml.after(line(after=ENDINGS), result, Way(BASE))) == [said(ending), HANGUP]


@pytest.mark.parametrize("result", ["hangup", "redirected", "redirected-from-bridged", "bridging-in-process"])
def test_nothing_is_said_to_nobody(result: str) -> None:
    assert verbs(twiml.after(line(after=ENDINGS), result, Way(BASE))) == []


def test_a_voicemail_ends_at_the_hash_key_or_after_its_time() -> None:
    told = line(after={"leave": {"say": "Nobody is free.", "then": "voicemail"}}, voicemail={"max_seconds": 30})
    record = {
        "action": f"{BASE}/voice/voicemail#rc=2&rp=all",
        "maxLength": "30",
        "finishOnKey": "#",
        "playBeep": "true",
    }
    assert verbs(twiml.after(told, "leave", Way(BASE))) == [
        said("Nobody is free. Please leave a message after the tone."),
        ("Record", record, ""),
        said("Thank you. Goodbye."),
        HANGUP,
    ]
    assert told.nobody_can_help.say == "Nobody is free."
    assert line(after=ENDINGS).nobody_can_help.say == "error"


@pytest.mark.parametrize(
    ("say", "then", "heard", "last"),
    [
        ("", "", "declined", "Hangup"),
        ("No.", "", "No.", "Hangup"),
        ("No.", "voicemail", "No. Please leave a message after the tone.", "Record"),
    ],
)
def test_a_declined_caller_hears_the_crm_or_the_line(say: str, then: str, heard: str, last: str) -> None:
    document = verbs(twiml.decline(line(after=ENDINGS), say, then, Way(BASE)))
    assert (document[0], document[1][0]) == (said(heard), last)


def test_a_declined_caller_hears_the_crm_in_their_language_and_else_the_line_in_it() -> None:
    languages = {"en": {"language": "en-US"}, "es": {"language": "es-US"}}
    endings = {"declined": {"say": {"en": "We cannot.", "es": "No podemos."}}}
    spanish = line(languages=languages, after=endings).in_language("es")
    for say, heard in (("", "No podemos."), ("Lo siento.", "Lo siento.")):
        assert verbs(twiml.decline(spanish, say, "", Way(BASE)))[0] == ("Say", {"language": "es-US"}, heard)


def test_agents_of_a_simple_queue_take_one_caller_after_the_other() -> None:
    numbers = {"numbers": ["+14155550103"], "agent_numbers": ["+14155550104"], "agents": ["+14155550190"]}
    queue: SimpleQueue = callcenter.of_tables(
        {
            "default_line": "main",
            "lines": {"main": {"greeting": "Hi."}},
            "simple_queues": {"q": {"greeting": "Hello.", **numbers, "voice": "Polly.Amy"}},
        }
    ).simple_queues["q"]
    voiced = {"language": "en-US", "voice": "Polly.Amy"}
    assert verbs(twiml.serve_simple_queue("q", queue, "+14155550190")) == [
        ("Say", voiced, "Connecting you to the next caller."),
        ("Dial", {}, ""),
        ("Queue", {}, "q"),
        ("Redirect", {}, ""),
    ]
    stranger = verbs(twiml.serve_simple_queue("q", queue, "+14155550191"))
    assert stranger == [("Say", voiced, "This number is for our staff. Goodbye."), HANGUP]
    waiting, action = urls.WAIT.url(BASE), urls.AFTER.url(BASE)
    joined = verbs(twiml.join_simple_queue("q", queue, BASE))
    assert joined == [("Say", voiced, "Hello."), ("Enqueue", {"waitUrl": waiting, "action": action}, "q")]


# --- Single values


@pytest.mark.parametrize(
    ("value", "is_sid"),
    [
        ("CA" + "0" * 32, True),
        ("CA" + "aF" * 16, True),
        ("CA" + "0" * 31, False),
        ("CA" + "0" * 33, False),
        ("C" + "0" * 33, False),
        ("ca" + "0" * 32, False),
        ("CA" + "g" * 32, False),
        ("CA" + "0" * 32 + "\n", False),
        (7, False),
        (None, False),
    ],
)
def test_what_is_a_sid(value: object, is_sid: bool) -> None:
    assert values.sid(value) == (value if is_sid else "")


def test_of_a_text_2048_characters_are_kept() -> None:
    assert values.text("x" * 2048) == "x" * 2048
    assert values.text("x" * 2048 + "y") == "x" * 2048
    assert values.text(7) == values.text(None) == ""


@pytest.mark.parametrize(
    ("digits", "number"),
    [("0", 0), ("15", 15), ("9999999999", 9999999999), ("10000000000", 0), ("-1", 0), ("1.5", 0), ("", 0), (None, 0)],
)
def test_a_number_that_a_field_has(digits: str | None, number: int) -> None:
    assert values.count(digits) == number


@pytest.mark.parametrize(
    ("given", "number"),
    [
        ("0.87", 0.87),
        ("0", 0),
        ("1", 1),
        ("1.7", 1),
        ("", 1),
        (None, 1),
        ("-1", 0),
        ("nan", 0),
        ("1e3", 0),
        ("0.5.1", 0),
        (".", 0),
    ],
)
def test_a_share_that_a_field_has(given: str | None, number: float) -> None:
    assert values.share(given) == number


def test_attributes_are_a_json_object_that_is_not_too_deep() -> None:
    assert values.attributes('{"a": [1]}') == {"a": [1]}
    for wrong in ("[]", "7", "no JSON", '{"a": ' + "[" * 100_000 + "]" * 100_000 + "}"):
        with pytest.raises(ValueError, match=r"."):
            values.attributes(wrong)


@pytest.mark.parametrize(
    ("text", "carried"),
    [
        ("Hello.", "Hello."),
        ("a\tb\nc\rd", "a\tb\nc\rd"),
        ("a\x00b\x08c\x0bd\x1fe", "abcde"),
        ("Zoë \ud7ff\ue000\ufffd \U00010000\U0010ffff", "Zoë \ud7ff\ue000\ufffd \U00010000\U0010ffff"),
        ("a\ud800b\udfffc\ufffed\uffff", "abcd"),
    ],
)
def test_what_xml_cannot_carry_is_left_out(text: str, carried: str) -> None:
    assert as_xml(text) == carried


@pytest.mark.parametrize(
    ("attributes", "priority"), [({}, "15"), ({"vip": True}, "22"), ({"vip": "yes"}, "15"), ({"vip": 1}, "15")]
)
def test_a_vip_who_is_given_away_goes_before_others_still(attributes: dict[str, object], priority: str) -> None:
    described = line(priority=5, know_caller={"vip_priority": 7})
    (_, task) = verbs(twiml.enqueue_again(described, "WW1", BASE, attributes, 2))
    assert task[1]["priority"] == priority

"""What a caller hears who asks to be called back, finds a line closed, is on hold, or asks for one worker."""

from typing import Any
from xml.etree import ElementTree

import msgspec
import pytest

from chalicelib.caller import menu, twiml
from chalicelib.caller.twiml import Person, Phone, Queueing, Way
from chalicelib.callers.known import Known
from chalicelib.config import callcenter
from chalicelib.config.callbacks import Callback
from chalicelib.config.callers import Extensions
from chalicelib.config.schema import Line
from chalicelib.config.star import Star

BASE = "https://x.example/api"
AGAIN = "#rc=2&rp=all"
WAIT = f"{BASE}/voice/wait{AGAIN}"
NUMBER = "4 1 5"
ELSEWHERE = "+14155550199"
OWN_ALONE = {"countries": ["+1"], "key": "2"}
ANY_NUMBER = {**OWN_ALONE, "other_number": True}

Verb = tuple[str, dict[str, str], str]
HANGUP: Verb = ("Hangup", {}, "")
LEAVE: Verb = ("Leave", {}, "")


def line(**tables: Any) -> Line:
    described = {"default_line": "main", "lines": {"main": {"greeting": "Hello.", **tables}}}
    if "extensions" in tables:
        described["queues"] = {"Persons": {}}
    return callcenter.of_tables(described).lines["main"]


def verbs(document: str) -> list[Verb]:
    """Each verb of the document: name, attributes, text; what stands inside a verb comes after it."""
    root = ElementTree.fromstring(document)
    return [(verb.tag, verb.attrib, verb.text or "") for verb in root.iter() if verb is not root]


def said(text: str) -> Verb:
    return "Say", {"language": "en-US"}, text


def goes_to(url: str) -> Verb:
    return "Redirect", {}, url


def one_key(action: str, seconds: int) -> Verb:
    """Any key counts at once, # among them, until so many seconds after the last word."""
    attributes = {"input": "dtmf", "numDigits": "1", "timeout": str(seconds), "finishOnKey": "", "action": action}
    return "Gather", attributes, ""


def digits(action: str, seconds: int) -> Verb:
    """A number, which ends with the hash key, or so many seconds after its last digit."""
    return "Gather", {"input": "dtmf", "timeout": str(seconds), "finishOnKey": "#", "action": action}, ""


def rules_of(line: Line) -> Callback:
    assert line.callback is not None
    return line.callback


# --- Callbacks of who waits


CONFIRM = "We can call you back at 4 1 5. To confirm press 1."
STAY = "To stay on the line press 3."


@pytest.mark.parametrize(
    ("rules", "asked", "sentence"),
    [
        (OWN_ALONE, False, f"{CONFIRM} {STAY}"),
        (ANY_NUMBER, False, f"{CONFIRM} For another number press 2. {STAY}"),
        (OWN_ALONE, True, f"{CONFIRM} {STAY} To cancel the callback that you have asked for press 4."),
    ],
)
def test_who_waits_confirms_the_number_by_a_key_and_waits_on_without_one(
    rules: dict[str, Any], asked: bool, sentence: str
) -> None:
    of = line(callback=rules)
    assert verbs(twiml.confirm_callback(of, rules_of(of), NUMBER, "own", BASE, asked=asked)) == [
        one_key(f"{BASE}/voice/callback/confirm/own{AGAIN}", 5),
        said(sentence),
        goes_to(WAIT),
    ]


def test_who_waits_types_another_number_and_waits_on_without_one() -> None:
    of = line(callback=ANY_NUMBER)
    assert verbs(twiml.ask_for_number(of, rules_of(of), BASE)) == [
        digits(f"{BASE}/voice/callback/number{AGAIN}", 8),
        said("Please enter the number with its area code, and press the hash key."),
        goes_to(WAIT),
    ]


def test_who_hears_something_in_the_queue_waits_on() -> None:
    assert verbs(twiml.say_and_wait(line(), "Not today.", BASE)) == [said("Not today."), goes_to(WAIT)]
    assert verbs(twiml.wait_on(BASE)) == [goes_to(WAIT)]


def test_who_is_called_back_is_thanked_as_the_callbacks_say() -> None:
    of = line(callback={**OWN_ALONE, "thanks": "Soon."}, after={"thanks": "Bye."})
    assert verbs(twiml.thank_for_callback(of)) == [said("Soon."), HANGUP]
    assert verbs(twiml.thank_for_callback(line(after={"thanks": "Bye."}))) == [said("Bye."), HANGUP]


def test_who_leaves_the_queue_for_a_callback_hears_that_it_is_kept() -> None:
    assert verbs(twiml.leave_queue(line(), "We will call you.")) == [said("We will call you."), LEAVE]
    assert verbs(twiml.leave_queue()) == [LEAVE]


# --- A line that is closed


WAY, HOME, AWAY = Way(BASE), Phone("+12125550171", NUMBER), Phone("+12125550171")


def closed(of: Line, phone: Phone = AWAY, said: str = "We are closed.", *, is_answered: bool = False) -> list[Verb]:
    return verbs(twiml.closed(of, said, WAY, phone, is_answered=is_answered))


BUSY: Verb = ("Reject", {"reason": "busy"}, "")


def test_a_line_that_rejects_its_callers_says_nothing_before_the_call_is_answered() -> None:
    of = line(closed={"then": "reject"})
    assert closed(of, said="") == [BUSY]
    assert closed(of, said="", is_answered=True) == [HANGUP]
    assert closed(of, said="We are at a meeting.") == [said("We are at a meeting."), HANGUP]
    for then in ("voicemail", "hangup"):
        assert BUSY not in closed(line(closed={"then": then}), said="")


def test_the_urgent_key_counts_until_four_seconds_after_the_last_word() -> None:
    of = line(closed={"urgent_key": {"digits": "9", "to": ELSEWHERE, "say": "If it is urgent press 9."}})
    gather = one_key(f"{BASE}/voice/closed/key{AGAIN}", 4)
    assert closed(of) == [gather, said("We are closed. If it is urgent press 9."), HANGUP]
    assert verbs(twiml.closed_then(of, WAY, AWAY)) == [HANGUP]


def rung(caller_id: dict[str, str], seconds: int = 30) -> list[Verb]:
    """The caller hears how it rings there, for so long."""
    action = f"{BASE}/voice/closed/dialed{AGAIN}"
    dial = {"timeout": str(seconds), "answerOnBridge": "true", **caller_id, "action": action}
    return [("Dial", dial, ""), ("Number", {}, ELSEWHERE)]


def test_a_caller_rings_elsewhere_and_their_number_is_shown_where_it_is_known() -> None:
    of = line(closed={"then": "redirect", "to": ELSEWHERE, "ring_seconds": 20})
    assert closed(of) == [said("We are closed."), *rung({"callerId": "+12125550171"}, 20)]
    assert closed(of, Phone("")) == [said("We are closed."), *rung({}, 20)]
    first = verbs(twiml.ring_for_caller(line(), ELSEWHERE, AWAY, BASE, "One moment."))
    assert first == [said("One moment."), *rung({"callerId": "+12125550171"})]


def test_who_has_rung_elsewhere_hears_nothing_more_unless_nobody_was_there() -> None:
    of = line(closed={"not_reached": {"say": "Nobody there."}})
    assert verbs(twiml.dialed_when_closed(of, WAY, is_answered=True)) == [HANGUP]
    assert verbs(twiml.dialed_when_closed(of, WAY, is_answered=False)) == [said("Nobody there."), HANGUP]


CONFIRM_CLOSED = "We can call you back at 4 1 5 when we are open. To confirm press 1."


@pytest.mark.parametrize(
    ("rules", "phone", "asked"),
    [
        (OWN_ALONE, HOME, [one_key(f"{BASE}/voice/closed/callback/own{AGAIN}", 5), said(CONFIRM_CLOSED)]),
        (
            ANY_NUMBER,
            HOME,
            [
                one_key(f"{BASE}/voice/closed/callback/own{AGAIN}", 5),
                said(f"{CONFIRM_CLOSED} For another number press 2."),
            ],
        ),
        (
            ANY_NUMBER,
            AWAY,
            [
                digits(f"{BASE}/voice/closed/number{AGAIN}", 8),
                said("To be called back, please enter your number with its area code, and press the hash key."),
            ],
        ),
    ],
)
def test_a_caller_of_a_closed_line_is_called_back(rules: dict[str, Any], phone: Phone, asked: list[Verb]) -> None:
    of = line(closed={"then": "callback"}, callback=rules)
    assert closed(of, phone) == [said("We are closed."), *asked, said("Goodbye."), HANGUP]


def test_a_caller_of_a_closed_line_whose_number_is_not_called_hears_so() -> None:
    of = line(closed={"then": "callback"}, callback=OWN_ALONE)
    assert closed(of) == [said("We are closed."), said("We cannot call this number back. Goodbye."), HANGUP]


# --- On hold


HOLD = f"{BASE}/voice/hold/over{AGAIN}"


def test_who_comes_out_of_a_talk_waits_for_a_second_before_it_is_known_what_follows() -> None:
    assert verbs(twiml.before_hold(HOLD)) == [("Pause", {"length": "1"}, ""), goes_to(HOLD)]


MUSIC = ("https://x.example/a.mp3", "https://x.example/b.mp3", "https://x.example/c.mp3")


@pytest.mark.parametrize(("attempt", "piece"), [(1, 0), (2, 1), (3, 2), (4, 0), (6, 2), (11, 1)])
def test_on_hold_each_piece_of_music_comes_in_turn(attempt: int, piece: int) -> None:
    rules = Star(menu=("back",), hold_music=MUSIC)
    assert verbs(twiml.hold_on(line(), rules, attempt, HOLD)) == [("Play", {}, MUSIC[piece]), goes_to(HOLD)]


@pytest.mark.parametrize(
    ("rules", "words"), [(Star(menu=("back",), hold_say="Wait."), "Wait."), (None, twiml.HOLD_SAY)]
)
def test_on_hold_without_music_there_are_words_and_three_seconds(rules: Star | None, words: str) -> None:
    heard = verbs(twiml.hold_on(line(), rules, 1, HOLD))
    assert heard == [said(words), ("Pause", {"length": "3"}, ""), goes_to(HOLD)]


def test_caller_and_worker_meet_in_a_conference_without_a_beep_that_either_ends() -> None:
    conference = {"beep": "false", "startConferenceOnEnter": "true", "endConferenceOnExit": "true", "waitUrl": WAIT}
    heard = verbs(twiml.join_room("WR1", HOLD, WAIT))
    assert heard == [("Dial", {"action": HOLD}, ""), ("Conference", conference, "WR1")]


# --- One worker alone


PERSONS = {"queue": "Persons", "wait": 45}
PERSON = Person("204", "Bea")


def extensions(of: Line) -> Extensions:
    assert of.extensions is not None
    return of.extensions


def test_an_extension_is_typed_within_five_seconds_or_the_caller_goes_into_the_queue() -> None:
    of = line(extensions=PERSONS)
    heard = verbs(twiml.ask_extension(of, extensions(of), 2, Queueing("WW1", BASE, {}), "Nobody has this."))
    assert heard[:3] == [
        said("Nobody has this."),
        digits(f"{BASE}/voice/extension/-/2{AGAIN}", 5),
        said("If you know the extension, enter it now, and then the hash key."),
    ]
    assert [tag for tag, _, _ in heard[3:]] == ["Enqueue", "Task"]


def test_a_line_with_extensions_asks_for_one_after_its_greeting() -> None:
    onward = menu.Onward(lambda _line, _chosen: Queueing("WW1", BASE, {}), WAY, Phone(""))
    asked = verbs(menu.greet(line(extensions=PERSONS), onward))[:2]
    assert asked == [said("Hello."), digits(f"{BASE}/voice/extension/-/1{AGAIN}", 5)]


@pytest.mark.parametrize(("waited", "pause"), [(0, 10), (34, 10), (35, 10), (36, 9), (38, 7), (44, 1)])
def test_who_waits_for_one_worker_is_looked_at_every_ten_seconds_and_when_the_time_is_over(
    waited: int, pause: int
) -> None:
    of = line(extensions=PERSONS)
    heard = verbs(twiml.wait_for_person(of, extensions(of), waited))
    assert heard == [said("One moment, please."), ("Pause", {"length": str(pause)}, "")]


@pytest.mark.parametrize("waited", [45, 46, 300])
def test_who_has_waited_for_one_worker_long_enough_leaves(waited: int) -> None:
    of = line(extensions=PERSONS)
    assert verbs(twiml.wait_for_person(of, extensions(of), waited)) == [LEAVE]


def test_a_vip_waits_for_one_worker_before_others_and_is_offered_to_that_one_alone() -> None:
    of = line(priority=5, extensions=PERSONS, know_caller={"vip_priority": 7, "same_worker": {}})
    queueing = Queueing("WW1", BASE, {}, Known(vip=True, worker="Carl"))
    enqueue, task = verbs(twiml.enqueue_for_person(of, extensions(of), PERSON, queueing))
    waiting, action = f"{BASE}/voice/person/204/wait{AGAIN}", f"{BASE}/voice/person/204/after{AGAIN}"
    assert enqueue == ("Enqueue", {"workflowSid": "WW1", "waitUrl": waiting, "action": action}, "")
    assert task[1]["priority"] == "12" and task[2] == '{"vip":true,"agent":"Bea","person_queue":"Persons"}'


def test_each_notice_is_said_once_before_the_queue_and_the_task_knows_them_all() -> None:
    notices = {"Sales": "We record.", "Support": "We record.", "Persons": "This is kept."}
    of = line(extensions=PERSONS)
    queueing = Queueing("WW1", BASE, notices)
    for document in (twiml.enqueue(of, queueing, {}), twiml.enqueue_for_person(of, extensions(of), PERSON, queueing)):
        first, second, _, task = verbs(document)
        assert (first, second) == (said("We record."), said("This is kept."))
        assert '"recording_notice":["Sales","Support","Persons"]' in task[2]


# --- Let in, or not


def test_a_digit_is_pressed_within_six_seconds_and_none_is_told_too() -> None:
    of = line(screening={})
    assert of.screening is not None
    name, attributes, _ = one_key(f"{BASE}/voice/screened", 6)
    heard = verbs(twiml.ask_digit(of, of.screening, "7", f"{BASE}/voice/screened"))
    assert heard == [(name, {**attributes, "actionOnEmptyResult": "true"}, ""), said("To go on, press 7.")]


@pytest.mark.parametrize(
    ("then", "heard"),
    [
        ("reject", ["Reject"]),
        ("hangup", ["Say", "Hangup"]),
        ("voicemail", ["Say", "Record", "Say", "Hangup"]),
    ],
)
def test_who_is_not_let_in_hears_that_it_is_busy_or_a_sentence(then: str, heard: list[str]) -> None:
    document = verbs(twiml.refuse(line(), then, "Not you.", WAY))
    assert [tag for tag, _, _ in document] == heard
    assert document[0] == BUSY if then == "reject" else document[0][2].startswith("Not you.")


# --- A message


def record(**keeping: str) -> Verb:
    attributes = {"action": f"{BASE}/voice/voicemail{AGAIN}", "maxLength": "120", "finishOnKey": "#"}
    return "Record", {**attributes, "playBeep": "true", **keeping}, ""


SOUND = {
    "recordingStatusCallback": f"{BASE}/voice/recording{AGAIN}",
    "recordingStatusCallbackEvent": "completed absent",
}
TEXT = {"transcribe": "true", "transcribeCallback": f"{BASE}/voice/transcription{AGAIN}"}


@pytest.mark.parametrize(
    ("transcribe", "keeps", "told"),
    [
        ("none", False, {}),
        ("twilio", False, {}),
        ("none", True, SOUND),
        ("amazon", True, SOUND),
        ("twilio", True, SOUND | TEXT),
    ],
)
def test_where_messages_are_kept_twilio_tells_of_the_sound_and_of_the_text(
    transcribe: str, keeps: bool, told: dict[str, str]
) -> None:
    of = Line(greeting="Hello.", voicemail=msgspec.structs.replace(line().voicemail, transcribe=transcribe))
    assert verbs(twiml.take_message(of, Way(BASE, keeps)))[1] == record(**told)

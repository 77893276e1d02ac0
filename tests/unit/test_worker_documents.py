"""What a worker hears, to the attribute."""

from xml.etree import ElementTree

import pytest

from chalicelib.config.answering import Answer
from chalicelib.config.schema import Line
from chalicelib.worker import twiml

LINE = Line(greeting="Hello.")
URL, NEXT = "https://x.example/api/worker/1", "https://x.example/api/worker/2"
NUMBER, OURS = "+12125550171", "+14155550100"

Verb = tuple[str, dict[str, str], str]
HANGUP: Verb = ("Hangup", {}, "")


def verbs(document: str) -> list[Verb]:
    """Each verb of the document: name, attributes, text; what stands inside a verb comes after it."""
    root = ElementTree.fromstring(document)
    return [(verb.tag, verb.attrib, verb.text or "") for verb in root.iter() if verb is not root]


def said(text: str, language: str = "en-US") -> Verb:
    return "Say", {"language": language}, text


def pause(seconds: int) -> Verb:
    return "Pause", {"length": str(seconds)}, ""


def plain(text: str) -> Verb:
    return "Say", {}, text


def one_key(action: str, **more: str) -> Verb:
    """Any key counts at once, # among them, until eight seconds after the last word."""
    attributes = {"input": "dtmf", "action": action, "method": "POST", "timeout": "8", "numDigits": "1"}
    return "Gather", {**attributes, "finishOnKey": "", **more}, ""


ALSO_SILENCE = {"actionOnEmptyResult": "true"}  # the same URL hears of it


# --- The talk


def test_the_worker_is_joined_and_hears_afterwards_that_the_caller_has_gone() -> None:
    joined = [("Dial", {}, ""), ("Queue", {"reservationSid": "WR1"}, ""), plain(twiml.CALLER_GONE), HANGUP]
    assert verbs(twiml.connect("WR1")) == joined
    assert verbs(twiml.connect("WR1", "Ann.", LINE)) == [said("Ann."), *joined]
    assert verbs(twiml.connect("WR1", "", LINE)) == verbs(twiml.connect("WR1", "Ann.", None)) == joined


def test_the_star_key_ends_the_talk_where_the_queue_has_it() -> None:
    after = {"action": URL}
    assert verbs(twiml.connect("WR1", after_url=URL))[0] == ("Dial", after, "")
    assert verbs(twiml.connect("WR1", after_url=URL, has_star=True))[0] == (
        "Dial",
        {**after, "hangupOnStar": "true"},
        "",
    )


def test_a_talk_is_recorded_from_the_whisper_on_and_no_longer() -> None:
    recording = {
        "recordingStatusCallback": URL,
        "recordingStatusCallbackEvent": "completed absent",
        "trim": "do-not-trim",
        "name": "talk",
    }
    assert verbs(twiml.connect("WR1", "Ann.", LINE, recording_url=URL)) == [
        said("Ann."),
        ("Start", {}, ""),
        ("Recording", recording, ""),
        ("Dial", {}, ""),
        ("Queue", {"reservationSid": "WR1"}, ""),
        ("Stop", {}, ""),
        ("Recording", {"name": "talk"}, ""),
        plain(twiml.CALLER_GONE),
        HANGUP,
    ]
    stopped = verbs(twiml.unrecorded(twiml.say_goodbye("Bye.")))
    assert stopped == [("Stop", {}, ""), ("Recording", {"name": "talk"}, ""), plain("Bye."), HANGUP]


# --- Work that is no call


def test_work_is_said_twice_with_a_second_between_or_once_before_a_call() -> None:
    assert verbs(twiml.work("A parcel.", "", OURS, LINE)) == [said("A parcel."), pause(1), said("A parcel."), HANGUP]
    assert verbs(twiml.work("A parcel.", NUMBER, OURS, LINE)) == [
        said("A parcel."),
        ("Dial", {"callerId": OURS}, NUMBER),
        HANGUP,
    ]
    assert verbs(twiml.work("A parcel.", NUMBER, "", LINE))[1] == ("Dial", {}, NUMBER)


def test_a_customer_is_dialled_and_the_star_key_leaves_a_machine() -> None:
    dial = {"action": URL, "method": "POST", "hangupOnStar": "true"}
    called = verbs(twiml.call_back("Calling Ann back.", NUMBER, OURS, URL, LINE))
    assert called == [
        said("Calling Ann back."),
        ("Dial", {**dial, "callerId": OURS}, ""),
        ("Number", {}, NUMBER),
        HANGUP,
    ]
    assert verbs(twiml.call_back("Calling Ann back.", NUMBER, "", URL, LINE))[1] == ("Dial", dial, "")


def test_a_message_is_played_and_its_keys_count_all_the_while() -> None:
    played = verbs(twiml.play_message("https://x.example/a.wav", "Press 1.", URL, LINE))
    assert played == [one_key(URL, **ALSO_SILENCE), ("Play", {}, "https://x.example/a.wav"), said("Press 1.")]


def test_whom_a_message_is_from_is_dialled() -> None:
    assert verbs(twiml.dial(NUMBER, OURS, URL)) == [("Dial", {"callerId": OURS, "action": URL}, NUMBER)]
    assert verbs(twiml.dial(NUMBER, "", URL)) == [("Dial", {"action": URL}, NUMBER)]


# --- Questions


@pytest.mark.parametrize(("seconds", "silence"), [(4, 3), (10, 4), (20, 9)])
def test_a_worker_is_asked_for_a_key_or_a_word(seconds: int, silence: int) -> None:
    rules = Answer(mode="key", prompt="Press 1.", ask_seconds=seconds)
    gather = {
        "input": "dtmf",
        "action": URL,
        "method": "POST",
        "timeout": str(silence),
        "numDigits": "1",
        "finishOnKey": "",
    }
    again: Verb = ("Redirect", {"method": "POST"}, NEXT)
    assert verbs(twiml.ask("", rules, LINE, URL, NEXT)) == [("Gather", gather, ""), said("Press 1."), again]
    spoken = Answer(mode="key", prompt="Press 1.", ask_seconds=seconds, say_yes=True, yes=("yes", "sure"), no=("no",))
    words = {"input": "dtmf speech", "language": "en-US", "speechTimeout": "auto", "hints": "yes, sure, no"}
    assert verbs(twiml.ask("", spoken, LINE, URL, NEXT))[0] == ("Gather", gather | words, "")


def test_a_key_is_waited_for_eight_seconds_and_none_is_told_too() -> None:
    assert verbs(twiml.ask_for_key("Press 1.", URL, LINE)) == [one_key(URL, **ALSO_SILENCE), said("Press 1.")]


def test_an_extension_ends_with_the_hash_key_or_eight_seconds_later() -> None:
    gather = {"input": "dtmf", "action": URL, "method": "POST", "timeout": "8", "finishOnKey": "#", **ALSO_SILENCE}
    assert verbs(twiml.ask_for_digits("The extension.", URL, LINE)) == [("Gather", gather, ""), said("The extension.")]


def test_who_says_nothing_of_the_talk_is_let_go() -> None:
    assert verbs(twiml.ask_for_disposition("Press 1.", URL, LINE)) == [one_key(URL), said("Press 1."), HANGUP]


def test_a_note_begins_with_a_tone_and_ends_with_the_hash_key_or_its_time() -> None:
    record = {"action": URL, "method": "POST", "maxLength": "60", "finishOnKey": "#", "playBeep": "true"}
    assert verbs(twiml.record_note(60, URL, LINE)) == [said(twiml.LEAVE_A_NOTE), ("Record", record, ""), HANGUP]


# --- The others


def test_what_cannot_be_kept_now_is_tried_again_three_seconds_later() -> None:
    again: Verb = ("Redirect", {"method": "POST"}, URL)
    assert verbs(twiml.try_again(URL)) == [plain(twiml.WAIT_A_MOMENT), pause(3), again]


@pytest.mark.parametrize(
    ("ends_it", "written"), [({}, "true"), ({"ends_it": True}, "true"), ({"ends_it": False}, "false")]
)
def test_a_conference_has_no_beep_begins_at_once_and_ends_with_whom_it_is_for(
    ends_it: dict[str, bool], written: str
) -> None:
    conference = {"waitUrl": NEXT, "beep": "false", "startConferenceOnEnter": "true", "endConferenceOnExit": written}
    heard = verbs(twiml.join_room("WR1", URL, NEXT, **ends_it))
    assert heard == [("Dial", {"action": URL, "method": "POST"}, ""), ("Conference", conference, "WR1")]


def test_a_goodbye_is_in_the_voice_of_the_line_where_that_is_known() -> None:
    assert verbs(twiml.say_goodbye("Bye.")) == [plain("Bye."), HANGUP]
    german = Line(greeting="Hallo.", language="de-DE")
    assert verbs(twiml.say_goodbye("Tschüss.", german)) == [said("Tschüss.", "de-DE"), HANGUP]
    assert verbs(twiml.hang_up()) == [HANGUP]

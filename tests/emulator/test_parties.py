"""Parties to a call: what they do when the phone rings and on a live leg, by script and by hand."""

import pytest

from emulator.ports import TwilioError
from emulator.voice.parties import (
    answers,
    busy,
    hangs_up,
    hears,
    joined,
    no_answer,
    presses,
    says,
    talks,
    voicemail,
    waits,
)
from tests.emulator.harness import CALLER, LINE, WORKER, Harness


def test_steps_run_one_after_the_other() -> None:
    harness = Harness({"/incoming": "<Say>Hello</Say><Pause length='60'/>"})
    sid = harness.dial(hears("Hello"), waits(2), presses("12"), says("sales"), hangs_up())
    harness.run(30)
    kinds = [
        event.kind for event in harness.twilio.scheduler.trace if event.kind in {"heard", "pressed", "said", "ended"}
    ]
    assert kinds == ["heard", "pressed", "said", "ended"]
    assert harness.trace("pressed") == [{"sid": sid, "digits": "12"}]
    assert harness.trace("said") == [{"sid": sid, "text": "sales"}]


def test_who_has_hung_up_does_nothing_more() -> None:
    harness = Harness({"/incoming": "<Pause length='60'/>"})
    harness.dial(waits(2), hangs_up(), presses("1"), says("hello"))
    harness.run(9)
    assert [harness.trace(kind) for kind in ("pressed", "said")] == [[], []]


def test_what_was_heard_meanwhile_counts() -> None:
    harness = Harness({"/incoming": "<Say>One</Say><Say>Two</Say><Pause length='60'/>"})
    sid = harness.dial(waits(5), hears("Two"), hangs_up())
    harness.run(6)
    assert harness.status(sid) == "completed"


def test_the_same_words_must_be_heard_again() -> None:
    harness = Harness({"/incoming": "<Say>Press one</Say><Pause length='60'/>"})
    sid = harness.dial(hears("Press"), hears("Press"), hangs_up())
    harness.run(30)
    assert harness.status(sid) == "in-progress"


def test_person_hears_what_is_played_by_its_url() -> None:
    harness = Harness({"/incoming": "<Play>/hold.mp3</Play><Pause length='60'/>"})
    sid = harness.dial(hears("hold.mp3"), hangs_up())
    harness.run(3)
    assert harness.status(sid) == "completed"


def test_after_the_script_the_person_stays_on_the_line() -> None:
    harness = Harness({"/incoming": "<Pause length='60'/>"})
    sid = harness.dial(waits(1))
    harness.run(30)
    assert harness.status(sid) == "in-progress"


def test_script_of_an_ended_leg_stops() -> None:
    harness = Harness({"/incoming": "<Say>Bye</Say>"})
    harness.dial(waits(20), presses("1"))
    harness.run(30)
    assert harness.trace("pressed") == []


def test_phone_behaves_differently_at_each_ring_and_the_last_one_repeats() -> None:
    harness = Harness({"/answer": "<Hangup/>"}, calls_per_second=10)
    harness.twilio.phone(WORKER).will(busy(), answers(1))
    sids = [harness.ring() for _ in range(3)]
    harness.run(10)
    assert [harness.status(sid) for sid in sids] == ["busy", "completed", "completed"]


def test_voicemail_answers_and_hangs_up_when_it_has_recorded() -> None:
    harness = Harness({"/answer": "<Pause length='600'/>"})
    harness.twilio.phone(WORKER).will(voicemail(5, greeting_seconds=8))
    sid = harness.ring()
    harness.run(10)
    assert harness.status(sid) == "in-progress"
    harness.run(70)
    assert harness.trace("ended") == [{"sid": sid, "status": "completed", "by": "person"}]


def test_phone_that_nobody_instructed_can_be_answered_by_hand() -> None:
    harness = Harness({"/answer": "<Say>Hello worker</Say><Pause length='60'/>"})
    sid = harness.ring()
    harness.run(5)
    assert harness.trace("ringing") == [{"sid": sid, "to": WORKER}]
    harness.twilio.answer(sid)
    harness.run(3)
    assert harness.heard(sid) == ["Hello worker"]


def test_ringing_phone_can_be_declined_by_hand() -> None:
    harness = Harness({})
    harness.twilio.phone(WORKER).will(no_answer())
    sid = harness.ring()
    harness.run(5)
    harness.twilio.decline(sid)
    harness.run(1)
    assert harness.status(sid) == "busy"


def test_live_call_can_be_played_by_hand() -> None:
    menu = '<Gather input="dtmf speech" numDigits="1" action="/choice" timeout="30"/>'
    harness = Harness({"/incoming": menu, "/choice": menu})
    sid = harness.dial()
    harness.run(5)
    harness.twilio.press(sid, "2")
    harness.run(5)
    harness.twilio.say(sid, "sales")
    harness.run(5)
    harness.twilio.hang_up(sid)
    assert harness.forms("/choice")[0]["Digits"] == "2"
    assert harness.forms("/choice")[1]["SpeechResult"] == "sales"
    assert harness.status(sid) == "completed"


def test_call_that_is_over_cannot_be_played() -> None:
    harness = Harness({"/incoming": "<Hangup/>"})
    sid = harness.dial()
    harness.run(5)
    with pytest.raises(TwilioError):
        harness.twilio.press(sid, "1")
    harness.twilio.hang_up(sid)
    assert len(harness.trace("ended")) == 1


def test_caller_may_hang_up_before_the_application_has_answered() -> None:
    harness = Harness({"/incoming": "<Say>Hello</Say>"})
    harness.delays["/incoming"] = 8
    sid = harness.dial(waits(2), hangs_up())
    harness.run(20)
    assert harness.trace("ended") == [{"sid": sid, "status": "canceled", "by": "person"}]
    assert harness.heard(sid) == []


def test_two_people_in_a_named_queue_are_joined_and_talk() -> None:
    harness = Harness({"/incoming": "<Enqueue>sales</Enqueue>", "/answer": "<Dial><Queue>sales</Queue></Dial>"})
    harness.twilio.phone(WORKER).will(answers(1, [joined(), talks(5), hangs_up()]))
    caller = harness.dial(joined(), talks(60))
    harness.run(1)
    worker = harness.ring()
    harness.run(20)
    assert [event["by"] for event in harness.trace("ended")] == ["person", "document"]
    assert harness.trace("parted") == [{"caller_sid": caller, "worker_sid": worker}]


def test_caller_can_dial_a_url_without_a_known_number() -> None:
    harness = Harness({"/other": "<Say>Other</Say>"})
    sid = harness.twilio.dial(CALLER, LINE, [], voice_url="https://app.example.com/other")
    harness.run(5)
    assert harness.heard(sid) == ["Other"]

"""People: what they do when the phone rings and on a live leg, by script and by hand."""

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
from tests.emulator.harness import CALLER, LINE, WORKER, Stage


def test_steps_run_one_after_the_other() -> None:
    stage = Stage({"/incoming": "<Say>Hello</Say><Pause length='60'/>"})
    sid = stage.dial(hears("Hello"), waits(2), presses("12"), says("sales"), hangs_up())
    stage.run(30)
    kinds = [fact.kind for fact in stage.twilio.scheduler.trace if fact.kind in {"heard", "pressed", "said", "ended"}]
    assert kinds == ["heard", "pressed", "said", "ended"]
    assert stage.trace("pressed") == [{"sid": sid, "digits": "12"}]
    assert stage.trace("said") == [{"sid": sid, "text": "sales"}]


def test_what_was_heard_meanwhile_counts() -> None:
    stage = Stage({"/incoming": "<Say>One</Say><Say>Two</Say><Pause length='60'/>"})
    sid = stage.dial(waits(5), hears("Two"), hangs_up())
    stage.run(6)
    assert stage.status(sid) == "completed"


def test_the_same_words_must_be_heard_again() -> None:
    stage = Stage({"/incoming": "<Say>Press one</Say><Pause length='60'/>"})
    sid = stage.dial(hears("Press"), hears("Press"), hangs_up())
    stage.run(30)
    assert stage.status(sid) == "in-progress"


def test_person_hears_what_is_played_by_its_url() -> None:
    stage = Stage({"/incoming": "<Play>/hold.mp3</Play><Pause length='60'/>"})
    sid = stage.dial(hears("hold.mp3"), hangs_up())
    stage.run(3)
    assert stage.status(sid) == "completed"


def test_after_the_script_the_person_stays_on_the_line() -> None:
    stage = Stage({"/incoming": "<Pause length='60'/>"})
    sid = stage.dial(waits(1))
    stage.run(30)
    assert stage.status(sid) == "in-progress"


def test_script_of_an_ended_leg_stops() -> None:
    stage = Stage({"/incoming": "<Say>Bye</Say>"})
    stage.dial(waits(20), presses("1"))
    stage.run(30)
    assert stage.trace("pressed") == []


def test_phone_behaves_differently_at_each_ring_and_the_last_one_repeats() -> None:
    stage = Stage({"/answer": "<Hangup/>"}, calls_per_second=10)
    stage.twilio.phone(WORKER).will(busy(), answers(1))
    sids = [stage.ring() for _ in range(3)]
    stage.run(10)
    assert [stage.status(sid) for sid in sids] == ["busy", "completed", "completed"]


def test_voicemail_answers_and_hangs_up_when_it_has_recorded() -> None:
    stage = Stage({"/answer": "<Pause length='600'/>"})
    stage.twilio.phone(WORKER).will(voicemail(5, greeting_seconds=8))
    sid = stage.ring()
    stage.run(10)
    assert stage.status(sid) == "in-progress"
    stage.run(70)
    assert stage.trace("ended") == [{"sid": sid, "status": "completed", "by": "person"}]


def test_phone_that_nobody_instructed_can_be_answered_by_hand() -> None:
    stage = Stage({"/answer": "<Say>Hello worker</Say><Pause length='60'/>"})
    sid = stage.ring()
    stage.run(5)
    assert stage.trace("ringing") == [{"sid": sid, "to": WORKER}]
    stage.twilio.answer(sid)
    stage.run(3)
    assert stage.heard(sid) == ["Hello worker"]


def test_ringing_phone_can_be_declined_by_hand() -> None:
    stage = Stage({})
    stage.twilio.phone(WORKER).will(no_answer())
    sid = stage.ring()
    stage.run(5)
    stage.twilio.decline(sid)
    stage.run(1)
    assert stage.status(sid) == "busy"


def test_live_call_can_be_played_by_hand() -> None:
    menu = '<Gather input="dtmf speech" numDigits="1" action="/choice" timeout="30"/>'
    stage = Stage({"/incoming": menu, "/choice": menu})
    sid = stage.dial()
    stage.run(5)
    stage.twilio.press(sid, "2")
    stage.run(5)
    stage.twilio.say(sid, "sales")
    stage.run(5)
    stage.twilio.hang_up(sid)
    assert stage.forms("/choice")[0]["Digits"] == "2"
    assert stage.forms("/choice")[1]["SpeechResult"] == "sales"
    assert stage.status(sid) == "completed"


def test_call_that_is_over_cannot_be_played() -> None:
    stage = Stage({"/incoming": "<Hangup/>"})
    sid = stage.dial()
    stage.run(5)
    with pytest.raises(TwilioError):
        stage.twilio.press(sid, "1")
    stage.twilio.hang_up(sid)
    assert len(stage.trace("ended")) == 1


def test_caller_may_hang_up_before_the_application_has_answered() -> None:
    stage = Stage({"/incoming": "<Say>Hello</Say>"})
    stage.delays["/incoming"] = 8
    sid = stage.dial(waits(2), hangs_up())
    stage.run(20)
    assert stage.trace("ended") == [{"sid": sid, "status": "canceled", "by": "person"}]
    assert stage.heard(sid) == []


def test_two_people_in_a_named_queue_are_joined_and_talk() -> None:
    stage = Stage({"/incoming": "<Enqueue>sales</Enqueue>", "/answer": "<Dial><Queue>sales</Queue></Dial>"})
    stage.twilio.phone(WORKER).will(answers(1, [joined(), talks(5), hangs_up()]))
    caller = stage.dial(joined(), talks(60))
    stage.run(1)
    worker = stage.ring()
    stage.run(20)
    assert [fact["by"] for fact in stage.trace("ended")] == ["person", "document"]
    assert stage.trace("parted") == [{"caller_sid": caller, "worker_sid": worker}]


def test_caller_can_dial_a_url_without_a_known_number() -> None:
    stage = Stage({"/other": "<Say>Other</Say>"})
    sid = stage.twilio.dial(CALLER, LINE, [], voice_url="https://app.example.com/other")
    stage.run(5)
    assert stage.heard(sid) == ["Other"]

"""Answering machine detection, and the other parameters of POST /Calls."""

import pytest

from emulator.voice.calls import Detection
from emulator.voice.detection import verdict
from emulator.voice.parties import (
    Behaviour,
    Step,
    answers,
    fax,
    hangs_up,
    hears,
    presses,
    says,
    talks,
    unknown,
    voicemail,
    waits,
)
from tests.emulator.harness import BASE, LINE, WORKER, Harness
from tests.emulator.official import client_of


def picked_up_by(behaviour: Behaviour, **form: str) -> tuple[Harness, str]:
    """A worker leg with detection, half a minute later."""
    harness = Harness({"/answer": "<Say>Press 1</Say><Pause length='60'/>"})
    harness.twilio.phone(WORKER).will(behaviour)
    sid = harness.ring(**{"MachineDetection": "Enable", **form})
    harness.run(30)
    return harness, sid


@pytest.mark.parametrize(
    ("behaviour", "answered_by", "milliseconds"),
    [(answers(1), "human", "2200"), (voicemail(1), "machine_start", "2400"), (unknown(1), "unknown", "5000")],
    ids=["human", "voicemail", "unknown"],
)
def test_the_document_waits_for_the_verdict_and_is_told_it(
    behaviour: Behaviour, answered_by: str, milliseconds: str
) -> None:
    harness, sid = picked_up_by(behaviour)
    (form,) = harness.forms("/answer")
    assert (form["AnsweredBy"], form["MachineDetectionDuration"]) == (answered_by, milliseconds)
    assert client_of(harness).calls(sid).fetch().answered_by == answered_by


# What each kind of phone is found to be: as soon as possible, and when a message is to be left.
KINDS = [
    pytest.param(answers(1), "human", "human", id="a person"),
    pytest.param(voicemail(1, end="beep"), "machine_start", "machine_end_beep", id="voicemail"),
    pytest.param(voicemail(1, end="silence"), "machine_start", "machine_end_silence", id="voicemail without beep"),
    pytest.param(voicemail(1, end="other"), "machine_start", "machine_end_other", id="voicemail with music"),
    pytest.param(fax(1), "fax", "fax", id="a fax"),
    pytest.param(unknown(1), "unknown", "unknown", id="somebody who says nothing"),
]


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("mode", ["Enable", "DetectMessageEnd"])
@pytest.mark.parametrize(("behaviour", "at_once", "at_the_end"), KINDS)
def test_each_kind_of_phone_has_its_verdict(
    behaviour: Behaviour, at_once: str, at_the_end: str, mode: str, asynchronous: bool
) -> None:
    told = {"AsyncAmd": "true", "AsyncAmdStatusCallback": f"{BASE}/amd"} if asynchronous else {}
    harness, sid = picked_up_by(behaviour, MachineDetection=mode, **told)
    found = at_once if mode == "Enable" else at_the_end
    (form,) = harness.forms("/amd" if asynchronous else "/answer")
    assert form["AnsweredBy"] == client_of(harness).calls(sid).fetch().answered_by == found


def test_a_fax_hangs_up_by_itself() -> None:
    harness, sid = picked_up_by(fax(1))
    harness.run(10)
    assert harness.status(sid) == "completed"


@pytest.mark.parametrize(
    ("who", "greeting", "asked", "answered_by", "seconds"),
    [
        ("machine", 8.0, Detection(message_end=True), "machine_end_beep", 8.0),
        ("machine", 1.5, Detection(), "human", 2.7),  # a short greeting is taken for a person
        ("human", 0.0, Detection(speech=0.9), "machine_start", 0.9),  # and a person who talks on for a machine
        ("machine", 40.0, Detection(message_end=True), "unknown", 30.0),  # the time is over
        ("fax", 0.0, Detection(), "fax", 1.0),
    ],
)
def test_a_verdict_may_be_wrong(who: str, greeting: float, asked: Detection, answered_by: str, seconds: float) -> None:
    found = verdict(asked, who, greeting)
    assert found.answered_by == answered_by
    assert found.seconds == pytest.approx(seconds)


def test_asynchronously_the_document_runs_at_once_and_a_callback_has_the_verdict() -> None:
    harness, sid = picked_up_by(voicemail(1), AsyncAmd="true", AsyncAmdStatusCallback=f"{BASE}/amd")
    assert "AnsweredBy" not in harness.forms("/answer")[0]
    assert harness.forms("/amd") == [
        {
            "CallSid": sid,
            "AccountSid": harness.twilio.account_sid,
            "AnsweredBy": "machine_start",
            "MachineDetectionDuration": "2400",
        }
    ]


def test_asynchronously_without_a_callback_is_21262() -> None:
    harness, _ = picked_up_by(answers(1), AsyncAmd="true")
    assert harness.warnings() == ["21262"]


@pytest.mark.parametrize("form", [{}, {"AsyncAmd": "true", "AsyncAmdStatusCallback": f"{BASE}/amd"}])
def test_who_hangs_up_before_the_verdict_is_told_of_by_the_status_callback_alone(form: dict[str, str]) -> None:
    harness, _ = picked_up_by(unknown(1, [waits(2), hangs_up()]), StatusCallback=f"{BASE}/status", **form)
    assert len(harness.forms("/answer")) == (1 if form else 0)
    assert [one["CallStatus"] for one in harness.forms("/status")] == ["completed"]
    assert not harness.forms("/amd")


QUESTION = '<Gather input="dtmf speech" numDigits="1" finishOnKey="" timeout="6" action="/reply">{}</Gather>'


def asked(*then: Step) -> Harness:
    """A worker leg whose person is asked with a long prompt, a quarter of a minute later."""
    question = QUESTION.format("<Say>Press 1 to take the call, 2 to pass</Say>")
    harness = Harness({"/answer": f"{question}<Say>Nothing</Say>", "/reply": "<Pause length='60'/>"}, speech_rate=0.2)
    harness.twilio.phone(WORKER).will(answers(1, [hears("Press 1"), waits(1), *then]))
    harness.ring()
    harness.run(15)
    return harness


@pytest.mark.parametrize(
    ("step", "field", "told"), [(presses("1"), "Digits", "1"), (says("yes please"), "SpeechResult", "yes please")]
)
def test_who_is_asked_presses_or_speaks_while_the_question_is_said(step: Step, field: str, told: str) -> None:
    harness = asked(step)
    (form,) = harness.forms("/reply")
    assert form[field] == told
    (heard,) = harness.trace("heard")
    assert harness.asked[-1].path == "/reply" and heard["text"].startswith("Press 1")


@pytest.mark.parametrize("key", ["#", "*", "0", "7"])
def test_without_a_finishing_key_every_key_is_one(key: str) -> None:
    (form,) = asked(presses(key)).forms("/reply")
    assert form["Digits"] == key


def test_with_keys_to_send_nothing_is_detected() -> None:
    harness, _ = picked_up_by(voicemail(1), SendDigits="wW12#")
    assert "AnsweredBy" not in harness.forms("/answer")[0]
    (sent,) = harness.trace("sent_digits")
    assert sent["digits"] == "wW12#"


def test_keys_are_pressed_before_the_document_begins() -> None:
    harness = Harness({"/answer": "<Say>Hello</Say>"})
    harness.twilio.phone(WORKER).will(answers(1))
    harness.ring(SendDigits="WW1")
    harness.run(4)
    assert not harness.forms("/answer")
    harness.run(1)
    assert harness.forms("/answer")


@pytest.mark.parametrize(
    "form",
    [
        {"MachineDetection": "Perhaps"},
        {"MachineDetection": "Enable", "MachineDetectionTimeout": "2"},
        {"MachineDetection": "Enable", "MachineDetectionSpeechThreshold": "soon"},
        {"SendDigits": "call me"},
    ],
)
def test_what_cannot_be_detected_or_pressed_is_refused(form: dict[str, str]) -> None:
    harness = Harness({})
    answer = harness.rest("POST", "/Calls.json", To=WORKER, From=LINE, Url=BASE, **form)
    assert (answer.status, answer.body["code"]) == (400, 20001)


def test_a_client_is_not_detected() -> None:
    harness = Harness({"/answer": "<Say>Hello</Say>"})
    harness.twilio.phone("client:ada").will(voicemail(1))
    client_of(harness).calls.create(from_=LINE, to="client:ada", url=f"{BASE}/answer", machine_detection="Enable")
    harness.run(5)
    assert "AnsweredBy" not in harness.forms("/answer")[0]


def test_the_caller_id_is_what_the_phone_shows() -> None:
    harness = Harness({"/answer": "<Say>Hello</Say>"})
    sid = harness.ring(CallerId="+15550999")
    assert client_of(harness).calls(sid).fetch()._from == "+15550999"


def test_a_call_ends_at_its_time_limit_which_may_be_changed() -> None:
    harness = Harness({"/answer": "<Pause length='600'/>"})
    harness.twilio.phone(WORKER).will(answers(1))
    short, long = harness.ring(TimeLimit="20"), harness.ring(TimeLimit="20")
    harness.run(10)
    client_of(harness).calls(long).update(time_limit=60)
    harness.run(15)
    assert (harness.status(short), harness.status(long)) == ("completed", "in-progress")
    harness.run(40)
    assert client_of(harness).calls(long).fetch().duration == "60"


def test_a_live_call_is_told_other_callbacks() -> None:
    harness = Harness({"/answer": "<Pause length='5'/><Redirect>/gone</Redirect>", "/sorry": "<Say>Sorry</Say>"})
    harness.twilio.phone(WORKER).will(answers(1))
    sid = harness.ring()
    harness.run(3)
    client_of(harness).calls(sid).update(status_callback=f"{BASE}/status", fallback_url=f"{BASE}/sorry")
    harness.run(10)
    assert (harness.heard(sid), len(harness.forms("/status"))) == (["Sorry"], 1)


def test_an_outbound_call_is_recorded_whole() -> None:
    harness = Harness({"/answer": "<Pause length='9'/>"})
    harness.twilio.phone(WORKER).will(answers(1, [talks(2)]))
    harness.ring(Record="true", RecordingChannels="dual", RecordingStatusCallback=f"{BASE}/stored")
    harness.run(20)
    (form,) = harness.forms("/stored")
    assert (form["RecordingSource"], form["RecordingChannels"], form["RecordingDuration"]) == ("OutboundAPI", "2", "9")


def test_an_application_leads_the_call_whatever_url_the_request_has() -> None:
    harness = Harness({"/voice": "<Say>Hello</Say>", "/status": ""})
    harness.twilio.phone(WORKER).will(answers(1))
    given = {"voice_url": f"{BASE}/voice", "voice_method": "GET", "status_callback": f"{BASE}/status"}
    application = client_of(harness).applications.create(friendly_name="Calls", **given)
    sid = harness.ring(f"{BASE}/other", ApplicationSid=application.sid)
    harness.run(5)
    assert harness.heard(sid) == ["Hello"]
    assert [(asked.method, asked.path) for asked in harness.asked] == [("GET", "/voice"), ("POST", "/status")]


def test_an_application_that_is_not_there_leads_no_call() -> None:
    harness = Harness({})
    answer = harness.rest("POST", "/Calls.json", To=WORKER, From=LINE, ApplicationSid="AP" + "0" * 32)
    assert (answer.status, answer.body["code"]) == (400, 21218)

"""TwiML documents, also those that the official library writes, as typed verbs."""

import pytest
from twilio.twiml.voice_response import Dial as OfficialDial
from twilio.twiml.voice_response import VoiceResponse

from emulator.ports import TwilioError
from emulator.voice.document import (
    ConferenceNoun,
    Dial,
    Document,
    Enqueue,
    Gather,
    Hangup,
    Leave,
    NounCallback,
    Pause,
    PhoneNoun,
    Play,
    QueueNoun,
    Record,
    Redirect,
    Reject,
    Say,
    Unknown,
    Verb,
    parse,
)

WORKFLOW = "WW" + "2" * 32
RESERVATION = "WR" + "0" * 32


def document(text: str) -> Document:
    return parse(f"<Response>{text}</Response>".encode())


def verbs(text: str) -> tuple[Verb, ...]:
    return document(text).verbs


def test_verbs_come_in_the_order_of_the_document() -> None:
    text = "<Say>Hi</Say><Pause/><Play>a.mp3</Play><Redirect>/x</Redirect><Leave/><Reject/><Hangup/>"
    assert verbs(text) == (
        Say("Hi"),
        Pause(1.0),
        Play("a.mp3"),
        Redirect("/x"),
        Leave(),
        Reject("rejected"),
        Hangup(),
    )


def test_say_joins_its_lines_and_the_text_of_its_elements() -> None:
    assert verbs("<Say>One\n   <emphasis>two</emphasis> three</Say>") == (Say("One two three"),)


def test_loop_zero_is_for_ever() -> None:
    assert verbs('<Play loop="0">a.mp3</Play><Say loop="2">b</Say>') == (Play("a.mp3", 1000), Say("b", 2))


def test_gather_keeps_its_prompts_and_attributes() -> None:
    text = (
        '<Gather input="dtmf speech" numDigits="4" finishOnKey="*" timeout="9" action="/a" method="GET" '
        'actionOnEmptyResult="true" bargeIn="false"><Say>Code?</Say><Pause length="2"/></Gather>'
    )
    assert verbs(text) == (
        Gather(
            prompts=(Say("Code?"), Pause(2.0)),
            input=frozenset({"dtmf", "speech"}),
            action="/a",
            method="GET",
            timeout=9.0,
            finish_on_key="*",
            num_digits=4,
            action_on_empty_result=True,
            barge_in=False,
        ),
    )


def test_record_keeps_its_attributes() -> None:
    text = '<Record action="/r" timeout="3" maxLength="60" finishOnKey="#" recordingStatusCallback="/s"/>'
    assert verbs(text) == (Record("/r", "POST", 3.0, "#", 60.0, NounCallback("/s")),)


def test_enqueue_of_the_official_library() -> None:
    response = VoiceResponse()
    enqueue = response.enqueue(None, workflow_sid=WORKFLOW, wait_url="/wait", action="/after")
    enqueue.task('{"a": 1}', priority=5, timeout=200)
    assert parse(str(response).encode()).verbs == (
        Enqueue(
            workflow_sid=WORKFLOW,
            action="/after",
            wait_url="/wait",
            task_attributes='{"a": 1}',
            priority=5,
            timeout=200,
        ),
    )


def test_legacy_task_attributes_are_read_too() -> None:
    text = f'<Enqueue workflowSid="{WORKFLOW}"><TaskAttributes>{{"a": 1}}</TaskAttributes></Enqueue>'
    assert verbs(text) == (Enqueue(workflow_sid=WORKFLOW, task_attributes='{"a": 1}'),)


def test_named_enqueue_tells_music_from_silence() -> None:
    assert verbs('<Enqueue>sales</Enqueue><Enqueue waitUrl="">sales</Enqueue>') == (
        Enqueue(name="sales", wait_url=None),
        Enqueue(name="sales", wait_url=""),
    )


def test_dial_queue_of_the_official_library() -> None:
    response = VoiceResponse()
    dial = OfficialDial(action="/done", timeout=20, hangup_on_star=True)
    dial.queue(None, reservation_sid=RESERVATION, post_work_activity_sid="WA1", url="/whisper")
    response.append(dial)
    noun = QueueNoun(reservation_sid=RESERVATION, post_work_activity_sid="WA1", url="/whisper")
    assert parse(str(response).encode()).verbs == (Dial(noun, action="/done", timeout=20.0, hangup_on_star=True),)


def test_dial_of_something_else_names_the_noun() -> None:
    assert verbs("<Dial><Sim>DE1</Sim></Dial>") == (Dial(None, unknown="Sim"),)


def test_dial_of_phones_of_the_official_library() -> None:
    response = VoiceResponse()
    dial = OfficialDial(caller_id="+15550100", answer_on_bridge=True, record="record-from-answer")
    dial.number("+15550300", url="/screen", status_callback="/status", status_callback_event="ringing answered")
    dial.client("alice")
    dial.sip("sip:bob@example.com")
    response.append(dial)
    told = NounCallback("/status", events=frozenset({"ringing", "answered"}))
    phones = (
        PhoneNoun("+15550300", "/screen", callback=told),
        PhoneNoun("client:alice"),
        PhoneNoun("sip:bob@example.com"),
    )
    assert parse(str(response).encode()).verbs == (
        Dial(phones, caller_id="+15550100", answer_on_bridge=True, record="record-from-answer"),
    )
    assert verbs("<Dial>+15550001</Dial>") == (Dial((PhoneNoun("+15550001"),)),)


def test_dial_conference_of_the_official_library() -> None:
    response = VoiceResponse()
    dial = OfficialDial(hangup_on_star=True)
    dial.conference(
        "room", end_conference_on_exit=True, wait_url="", max_participants=5, status_callback_event="join leave"
    )
    response.append(dial)
    told = NounCallback(events=frozenset({"join", "leave"}))
    noun = ConferenceNoun("room", end_on_exit=True, wait_url="", max_participants=5, callback=told)
    assert parse(str(response).encode()).verbs == (Dial(noun, hangup_on_star=True),)


def test_unknown_verbs_keep_their_names() -> None:
    assert verbs("<Dance/>") == (Unknown("Dance"),)


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ('<Say voice="alice" language="de-DE">Hi</Say>', ()),
        ("<Say>One <prosody rate='slow'>two</prosody></Say>", ()),
        ('<Play digits="ww1"/>', ('digits="ww1" of <Play>',)),
        ('<Gather hints="a" speechTimeout="auto" language="en-US"><Say voice="x">Hi</Say></Gather>', ()),
        ('<Gather partialResultCallback="/p"/>', ('partialResultCallback="/p" of <Gather>',)),
        ('<Gather><Play digits="1"/><Record/></Gather>', ('digits="1" of <Play>', "<Record> in <Gather>")),
        ('<Record playBeep="false" trim="do-not-trim" transcribe="false"/>', ()),
        ('<Record transcribe="true" recordingStatusCallbackEvent="completed absent"/>', ()),
        ('<Enqueue workflowSid="WW1"><Task priority="1">{}</Task></Enqueue>', ()),
        ("<Enqueue><Say>Hi</Say></Enqueue>", ("<Say> in <Enqueue>",)),
        ("<Enqueue><Prize/></Enqueue>", ()),  # no TwiML at all: 12200
        ('<Dial callerId="+1" record="do-not-record" answerOnBridge="false"><Queue/></Dial>', ()),
        ('<Dial record="record-from-answer"><Number>+1</Number></Dial>', ()),
        ("<Dial><Queue/><Number>+1</Number></Dial>", ("<Number> in <Dial>",)),
        ("<Dial><Number>+1</Number><Client>ada</Client><Queue/></Dial>", ("<Queue> in <Dial>",)),
        ("<Dial><Client><Identity>ada</Identity><Parameter/></Client></Dial>", ()),
        ('<Dial><Conference beep="false" coach="CA1">room</Conference></Dial>', ()),
        ('<Dial><Queue reservationSid="WR1" colour="red"/></Dial>', ('colour="red" of <Queue>',)),
        ('<Hangup in="5"/>', ('in="5" of <Hangup>',)),
        ('<Connect action="/a"/><Dance with="me"/>', ()),  # the verbs themselves are warned of in their turn
    ],
)
def test_what_is_not_imitated_is_named(text: str, missing: tuple[str, ...]) -> None:
    assert document(text).not_imitated == missing


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"hello",
        b"<Response>",
        b"<Answer/>",
        b' <?xml version="1.0"?><Response/>',
        b'<!DOCTYPE Response [<!ENTITY a "aaaa">]><Response><Say>&a;</Say></Response>',
    ],
)
def test_what_is_no_twiml_is_12100(text: bytes) -> None:
    with pytest.raises(TwilioError) as caught:
        parse(text)
    assert caught.value.code == 12100

"""Recordings: over REST, with their sound, their callbacks and their texts."""

import io
import json
import wave

import pytest
from twilio.base.exceptions import TwilioRestException

from emulator.ports import WebResponse
from emulator.voice.parties import Step, answers, hangs_up, joined, says, talks, waits
from tests.emulator.full_harness import FullHarness
from tests.emulator.harness import BASE, WORKER, Harness
from tests.emulator.official import client_of

TEXT = "Please call me back about my order and the invoice that came with it yesterday"


def voicemail(*then: Step, **attributes: str) -> Harness:
    """A caller says something to a <Record> with these attributes, and half a minute passes."""
    given = "".join(f' {name}="{value}"' for name, value in attributes.items())
    incoming = f"<Say>After the beep</Say><Record action='/stored'{given}/>"
    harness = Harness({"/incoming": incoming, "/stored": "<Hangup/>"})
    harness.dial(waits(1), *(then or (says(TEXT), hangs_up())))
    harness.run(30)
    return harness


def test_a_recordings_callback_comes_when_its_sound_is_there() -> None:
    harness = voicemail(recordingStatusCallback="/told", recordingStatusCallbackEvent="in-progress completed")
    first, last = harness.forms("/told")
    assert (first["RecordingStatus"], last["RecordingStatus"]) == ("in-progress", "completed")
    assert "RecordingDuration" not in first
    assert (last["RecordingSource"], last["RecordingChannels"], last["ErrorCode"]) == ("RecordVerb", "1", "0")
    assert last["RecordingUrl"] == harness.forms("/stored")[0]["RecordingUrl"]


def test_silence_is_absent_for_who_asked() -> None:
    harness = voicemail(waits(20), recordingStatusCallback="/told", recordingStatusCallbackEvent="absent")
    assert [form["RecordingStatus"] for form in harness.forms("/told")] == ["absent"]
    assert client_of(harness).recordings.list() == []
    assert not harness.forms("/stored")


def test_recordings_are_listed_by_call_and_deleted_with_their_sound() -> None:
    harness = voicemail()
    client = client_of(harness)
    (recording,) = client.recordings.list(call_sid=next(iter(harness.twilio.context.calls)))
    assert (recording.status, recording.source) == ("completed", "RecordVerb")
    assert client.recordings.list(call_sid="CA" + "0" * 32) == []
    path = f"/Recordings/{recording.sid}"
    assert harness.rest("GET", f"{path}.mp3").status == 200
    recording.delete()
    assert [harness.rest("GET", f"{path}{kind}").status for kind in (".mp3", ".wav", ".json")] == [404] * 3


def test_the_sound_is_a_file_of_its_length() -> None:
    harness = voicemail()
    (recording,) = client_of(harness).recordings.list()
    sound = harness.rest("GET", f"/Recordings/{recording.sid}.wav").media
    assert sound is not None
    with wave.open(io.BytesIO(sound.content)) as heard:
        assert (heard.getnchannels(), heard.getnframes() // heard.getframerate()) == (1, int(recording.duration))
    mp3 = harness.rest("GET", f"/Recordings/{recording.sid}.mp3").media
    assert mp3 is not None
    assert (mp3.content_type, mp3.content[:2]) == ("audio/mpeg", b"\xff\xf3")
    assert harness.rest("GET", f"/Recordings/{recording.sid}.ogg").status == 404
    assert harness.rest("GET", f"/Recordings/{recording.sid}").body["sid"] == recording.sid


def test_there_is_no_sound_until_it_has_been_processed() -> None:
    harness = Harness({"/incoming": "<Record action='/stored'/>", "/stored": "<Hangup/>"})
    harness.dial(talks(3), hangs_up())
    harness.run(3.5)
    (recording,) = client_of(harness).recordings.list()
    assert (recording.status, harness.rest("GET", f"/Recordings/{recording.sid}.mp3").status) == ("processing", 404)


def test_a_live_call_is_recorded_paused_and_stopped_over_rest() -> None:
    harness = Harness({"/answer": "<Pause length='60'/>"})
    harness.twilio.phone(WORKER).will(answers(1))
    sid = harness.ring()
    harness.run(3)
    call = client_of(harness).calls(sid)
    made = call.recordings.create(recording_channels="dual", recording_status_callback=f"{BASE}/told")
    assert (made.status, made.channels, made.source) == ("in-progress", 2, "StartCallRecordingAPI")
    assert call.recordings.create().sid == made.sid  # a second start is silently ignored
    assert call.recordings("Twilio.CURRENT").update(status="paused").status == "paused"
    assert call.recordings(made.sid).update(status="in-progress").status == "in-progress"
    harness.run(9)
    assert call.recordings(made.sid).update(status="stopped").duration == "9"
    harness.run(3)
    assert [form["RecordingDuration"] for form in harness.forms("/told")] == ["9"]
    with pytest.raises(TwilioRestException):
        call.recordings(made.sid).update(status="paused")


def test_a_call_that_is_over_is_not_recorded() -> None:
    harness = voicemail()
    with pytest.raises(TwilioRestException) as caught:
        client_of(harness).calls(next(iter(harness.twilio.context.calls))).recordings.create()
    assert caught.value.code == 21220


def started(document: str, **pages: str) -> tuple[Harness, str]:
    """A worker leg whose document starts a recording, half a minute later."""
    harness = Harness({"/answer": document, **{f"/{name}": page for name, page in pages.items()}})
    harness.twilio.phone(WORKER).will(answers(1))
    sid = harness.ring()
    harness.run(30)
    return harness, sid


def test_a_recording_that_a_document_starts_goes_on_through_the_verbs_that_follow() -> None:
    start = f"<Start><Recording recordingStatusCallback='{BASE}/told'/></Start>"
    harness, _ = started(f"{start}<Pause length='4'/><Redirect>/next</Redirect>", next="<Pause length='5'/>")
    (form,) = harness.forms("/told")
    assert (form["RecordingDuration"], form["RecordingChannels"]) == ("9", "2")


def test_it_is_stopped_by_its_name() -> None:
    stop = "<Stop><Recording name='{}'/></Stop>"
    named = "<Start><Recording name='talk' channels='mono'/></Start>"
    harness, _ = started(f"{named}<Pause length='3'/>{stop.format('talk')}<Pause length='6'/>")
    (recording,) = client_of(harness).recordings.list()
    assert (recording.duration, recording.channels) == ("3", 1)
    other, _ = started(f"{named}<Pause length='3'/>{stop.format('other')}<Pause length='6'/>")
    assert [one.duration for one in client_of(other).recordings.list()] == ["9"]


def test_its_callback_must_be_absolute() -> None:
    harness, _ = started("<Start><Recording recordingStatusCallback='/told'/></Start><Pause length='3'/>")
    assert (harness.warnings(), harness.forms("/told")) == (["11200"], [])


def test_another_thing_to_start_is_not_imitated() -> None:
    harness, sid = started("<Start><Stream url='wss://example.com'/></Start><Say>Hello</Say>")
    assert (harness.warnings(), harness.heard(sid)) == (["not imitated"], ["Hello"])


@pytest.mark.parametrize(
    ("world", "source"), [("by_twiml", "StartCallRecordingTwiML"), ("by_api", "StartCallRecordingAPI")]
)
def test_the_source_of_one_that_a_document_starts(world: str, source: str) -> None:
    document = f"<Start><Recording recordingStatusCallback='{BASE}/told'/></Start><Pause length='3'/>"
    harness = Harness({"/answer": document}, started_recording=world)  # type: ignore[arg-type]
    harness.twilio.phone(WORKER).will(answers(1))
    harness.ring()
    harness.run(30)
    (recording,) = client_of(harness).recordings.list()
    assert recording.source == harness.forms("/told")[0]["RecordingSource"] == source


def test_a_talk_is_recorded_from_the_start_to_the_stop_and_told_for_the_leg_that_dials() -> None:
    begun = f"<Start><Recording name='talk' recordingStatusCallback='{BASE}/told'/></Start>"
    stopped = "<Stop><Recording name='talk'/></Stop><Pause length='9'/>"
    answer = f"<Pause length='4'/>{begun}<Dial><Queue>sales</Queue></Dial>{stopped}"
    harness = Harness({"/incoming": "<Enqueue waitUrl=''>sales</Enqueue>", "/answer": answer})
    harness.twilio.phone(WORKER).will(answers(1))
    harness.dial(joined(), talks(7), hangs_up())
    leg = harness.ring()
    harness.run(40)
    (form,) = harness.forms("/told")
    assert (form["CallSid"], form["RecordingDuration"], form["RecordingStatus"]) == (leg, "7", "completed")


@pytest.mark.parametrize("world", ["nothing", "all"])
def test_a_dial_of_a_queue_that_asks_for_it_is_recorded_or_not(world: str) -> None:
    dial = (
        "<Dial record='record-from-answer' recordingStatusCallback='/told' action='/after'><Queue>sales</Queue></Dial>"
    )
    pages = {"/incoming": "<Enqueue waitUrl=''>sales</Enqueue>", "/answer": dial, "/after": "<Say>Bye</Say>"}
    harness = Harness(pages, recorded_queue=world)  # type: ignore[arg-type]
    harness.twilio.phone(WORKER).will(answers(1))
    harness.dial(joined(), talks(7), hangs_up())
    harness.ring()
    harness.run(20)
    assert len(harness.forms("/told")) == (1 if world == "all" else 0)
    assert ("RecordingUrl" in harness.forms("/after")[0]) == (world == "all")
    assert harness.warnings() == ([] if world == "all" else ["not imitated"])


def test_the_leg_of_a_dequeue_is_recorded_when_the_instruction_says_so() -> None:
    harness = FullHarness()
    given = json.dumps({"instruction": "dequeue", "to": WORKER, "record": "record-from-answer"}).encode()
    harness.pages["/assignment"] = WebResponse(200, {"content-type": "application/json"}, given)
    harness.twilio.phone(WORKER).will(answers(1, [joined(), talks(8), hangs_up()]))
    harness.dial()
    harness.run(20)
    (recording,) = client_of(harness).recordings.list()
    assert (recording.duration, recording.call_sid) == ("8", harness.trace("joined")[0]["worker_sid"])


# Texts


def test_what_was_said_comes_as_text_some_seconds_later() -> None:
    harness = voicemail(transcribeCallback="/text")
    (form,) = harness.forms("/text")
    stored = harness.forms("/stored")[0]
    assert (form["TranscriptionStatus"], form["TranscriptionText"]) == ("completed", TEXT)
    assert {name: form[name] for name in ("RecordingSid", "RecordingUrl", "CallSid", "From", "To")} == {
        name: stored[name] for name in ("RecordingSid", "RecordingUrl", "CallSid", "From", "To")
    }
    text = client_of(harness).transcriptions(form["TranscriptionSid"]).fetch()
    assert (text.transcription_text, text.recording_sid) == (TEXT, form["RecordingSid"])
    assert form["TranscriptionUrl"].endswith(f"/Transcriptions/{text.sid}")


@pytest.mark.parametrize("seconds", [0.3, 130.0], ids=["too short", "too long"])
def test_what_is_too_short_or_too_long_cannot_be_transcribed(seconds: float) -> None:
    harness = voicemail(talks(seconds), hangs_up(), transcribe="true", transcribeCallback="/text")
    harness.run(seconds)
    (form,) = harness.forms("/text")
    assert (form["TranscriptionStatus"], form["TranscriptionText"]) == ("failed", "")


def test_without_a_callback_the_text_is_found_over_rest_and_deleted() -> None:
    harness = voicemail(transcribe="true")
    (recording,) = client_of(harness).recordings.list()
    (text,) = client_of(harness).recordings(recording.sid).transcriptions.list()
    assert text.status == "completed"
    assert client_of(harness).transcriptions(text.sid).delete()
    assert client_of(harness).transcriptions.list() == []


def test_without_transcribe_there_is_no_text() -> None:
    assert client_of(voicemail(transcribe="false")).transcriptions.list() == []

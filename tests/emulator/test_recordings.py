"""Recordings: over REST, with their sound, their callbacks and their texts."""

import io
import wave

import pytest
from twilio.base.exceptions import TwilioRestException

from emulator.voice.parties import Step, answers, hangs_up, says, talks, waits
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

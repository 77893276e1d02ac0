"""Recordings, and the texts made of them: what is known of each, what is told of it, and its sound (contract 14.3)."""

import io
import wave
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from emulator.clock.scheduler import Scheduler
from emulator.ports import Method
from emulator.voice.calls import RecordingOrder, rfc2822

RecordingStatus = Literal["in-progress", "paused", "stopped", "completed", "absent"]
PROCESSING_SECONDS = 2.0  # from the end of a recording to its sound, and to the callback that says so
TRANSCRIBING_SECONDS = 5.0  # from the end of a recording to its text
VERB = "RecordVerb"
SHORTEST_TEXT, LONGEST_TEXT = 2, 120  # seconds that can be transcribed
API_URL = "https://api.twilio.com/2010-04-01/Accounts"

Send = Callable[[str, Mapping[str, str], Method], None]


@dataclass
class Recording:
    """`started` and `ended` in epoch seconds; `text` is what was said. `ready` is when there is sound."""

    sid: str
    account_sid: str
    call_sid: str
    order: RecordingOrder
    started: float
    conference_sid: str = ""
    ended: float | None = None
    status: RecordingStatus = "in-progress"
    ready: float | None = None
    text: str = ""

    @property
    def seconds(self) -> int:
        return 0 if self.ended is None else round(self.ended - self.started)

    @property
    def is_live(self) -> bool:
        return self.status in {"in-progress", "paused"}

    @property
    def url(self) -> str:
        return f"{API_URL}/{self.account_sid}/Recordings/{self.sid}"


@dataclass
class Transcription:
    sid: str
    account_sid: str
    recording: Recording
    created: float
    text: str = ""
    status: Literal["in-progress", "completed", "failed"] = "in-progress"

    @property
    def url(self) -> str:
        return f"{API_URL}/{self.account_sid}/Transcriptions/{self.sid}"


class Recordings:
    """The account's. `send` posts a callback."""

    def __init__(self, scheduler: Scheduler, account_sid: str, send: Send) -> None:
        self.all: dict[str, Recording] = {}
        self.transcriptions: dict[str, Transcription] = {}
        self._going_on: list[Recording] = []
        self._scheduler = scheduler
        self._account_sid = account_sid
        self._send = send

    def start(self, call_sid: str, order: RecordingOrder, conference_sid: str = "") -> Recording:
        sid, now = self._scheduler.sid("RE"), self._scheduler.now()
        made = Recording(sid, self._account_sid, call_sid, order, now, conference_sid)
        self.all[sid] = made
        self._going_on.append(made)
        self._tell(made, "in-progress")
        return made

    def live(self, call_sid: str) -> Recording | None:
        """The one of the call itself that goes on; a <Record> beside it is another."""
        return next((one for one in self._live(call_sid) if one.order.source != VERB), None)

    def _live(self, call_sid: str) -> list[Recording]:
        return [one for one in self._going_on if one.call_sid == call_sid]

    def said(self, call_sid: str, text: str) -> None:
        """Somebody spoke on this leg."""
        for recording in self._live(call_sid):
            recording.text = f"{recording.text} {text}".strip()

    def discard(self, recording: Recording) -> None:
        """It is of nothing but silence: there is no sound, and only who asked for `absent` hears of it."""
        self._going_on.remove(recording)
        recording.ended, recording.status = self._scheduler.now(), "absent"
        del self.all[recording.sid]
        self._tell(recording, "absent")

    def stop(self, recording: Recording) -> None:
        """The recording ends; its sound is there a little later, unless it is of nothing."""
        if not recording.is_live:
            return
        self._going_on.remove(recording)
        recording.ended = self._scheduler.now()
        recording.status = "completed" if recording.ended > recording.started else "absent"
        self._scheduler.emit("recording", sid=recording.call_sid, url=recording.url)
        self._scheduler.after(PROCESSING_SECONDS, lambda: self._processed(recording))

    def _processed(self, recording: Recording) -> None:
        if recording.status == "completed":
            recording.ready = self._scheduler.now()
        self._tell(recording, recording.status)

    def _tell(self, recording: Recording, status: str) -> None:
        order = recording.order
        if order.callback and status in order.events:
            self._send(order.callback, self._form(recording, status), order.callback_method)

    def _form(self, recording: Recording, status: str) -> dict[str, str]:
        form = {
            "AccountSid": self._account_sid,
            "CallSid": recording.call_sid,
            "RecordingSid": recording.sid,
            "RecordingUrl": recording.url,
            "RecordingStatus": status,
            "RecordingChannels": str(recording.order.channels),
            "RecordingSource": recording.order.source,
            "RecordingTrack": "both",
            "RecordingStartTime": rfc2822(recording.started),
            "ErrorCode": "0",
        }
        if recording.conference_sid:
            form["ConferenceSid"] = recording.conference_sid
        return form if recording.ended is None else {**form, "RecordingDuration": str(recording.seconds)}

    def transcribe(self, recording: Recording, url: str, who: Mapping[str, str]) -> None:
        """The recording's text, some seconds later; `url` hears of it, with `who` was recorded."""
        made = Transcription(self._scheduler.sid("TR"), self._account_sid, recording, self._scheduler.now())
        self.transcriptions[made.sid] = made
        self._scheduler.after(TRANSCRIBING_SECONDS, lambda: self._transcribed(made, url, who))

    def _transcribed(self, made: Transcription, url: str, who: Mapping[str, str]) -> None:
        fits = SHORTEST_TEXT <= made.recording.seconds <= LONGEST_TEXT
        made.status = "completed" if fits else "failed"
        made.text = made.recording.text if fits else ""
        if url:
            self._send(url, {**who, **_transcription_form(made)}, "POST")


def _transcription_form(made: Transcription) -> dict[str, str]:
    return {
        "TranscriptionSid": made.sid,
        "TranscriptionText": made.text,
        "TranscriptionStatus": made.status,
        "TranscriptionUrl": made.url,
        "TranscriptionType": "fast",
        "RecordingSid": made.recording.sid,
        "RecordingUrl": made.recording.url,
    }


def wav(seconds: int, channels: int) -> bytes:
    """Silence, as long as the recording is, but not longer than a minute."""
    made = io.BytesIO()
    with wave.open(made, "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(1)
        out.setframerate(8000)
        out.writeframes(b"\x80" * 8000 * channels * min(seconds, 60))
    return made.getvalue()


MP3_FRAME = b"\xff\xf3\x34\xc4" + bytes(68)  # 24 kbit/s, 24 kHz, mono: 24 ms of silence


def mp3(seconds: int) -> bytes:
    return MP3_FRAME * (max(1, min(seconds, 60)) * 1000 // 24)

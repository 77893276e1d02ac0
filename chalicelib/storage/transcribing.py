"""A message as text by Amazon Transcribe, which reads the sound in the bucket and writes the text beside it.

Each job of the queue goes one step on: it has the text made, or looks whether it is there. What fails costs the text,
never the message.
"""

from typing import Any

import msgspec

from chalicelib import aws
from chalicelib.config import callcenter, environment, messages
from chalicelib.links import messages as rows
from chalicelib.links.model import Message
from chalicelib.observability import log
from chalicelib.storage import bucket
from chalicelib.twilio import urls

LOOK_SECONDS = 30  # a message of a minute takes Transcribe about as long; the sweep comes within the next minute
LONGEST_TEXT = 20_000  # characters: a quarter of an hour of speech, and far below what a mail or a row may have


class _Transcript(msgspec.Struct, frozen=True):
    transcript: str


class _Results(msgspec.Struct, frozen=True):
    transcripts: list[_Transcript]


class _Document(msgspec.Struct, frozen=True):
    results: _Results


def go_on(message: Message, now: float) -> Message:
    """Returns the message as it stands; it has no text yet where that takes its time, or failed and may yet come."""
    try:
        if message.transcription_job:
            return _look(message, now)
        return _start(message, now)
    except Exception as error:
        if _code(error) == "BadRequestException":
            log.warning("no text is made of the message", recording_sid=message.recording_sid)
            return rows.note_text(message.key, "", now)
        log.warning("the text is left to the sweep", recording_sid=message.recording_sid, why=type(error).__name__)
        return message


def delete(job: str) -> None:
    """The job, and what it says of the message: again is like once. One that still runs goes after 90 days by itself.

    Raises what AWS raises.
    """
    try:
        aws.request("transcribe", "delete_transcription_job", TranscriptionJobName=job)
    except Exception as error:
        if _code(error) not in ("BadRequestException", "NotFoundException"):
            raise


def _start(message: Message, now: float) -> Message:
    """A second delivery names the same job, which Transcribe has already."""
    job = f"cordboard-{environment.current().stage}-messages-{message.recording_sid}"
    try:
        _ask_for(job, message.stored_as, {"LanguageCode": _language(message)})
    except Exception as error:
        if _code(error) == "BadRequestException":  # Twilio speaks languages that Transcribe has under no such name
            _ask_for(job, message.stored_as, {"IdentifyLanguage": True})
        elif _code(error) != "ConflictException":
            raise
    return rows.note_transcribing(message.key, job, now + LOOK_SECONDS)


def _ask_for(job: str, stored_as: str, language: dict[str, Any]) -> None:
    aws.request(
        "transcribe",
        "start_transcription_job",
        TranscriptionJobName=job,
        MediaFormat="mp3",
        Media={"MediaFileUri": f"s3://{messages.bucket()}/{stored_as}"},
        OutputBucketName=messages.bucket(),
        OutputKey=_text_of(stored_as),
        **language,
    )


def _look(message: Message, now: float) -> Message:
    job = message.transcription_job
    found = aws.request("transcribe", "get_transcription_job", TranscriptionJobName=job)["TranscriptionJob"]
    match found["TranscriptionJobStatus"]:
        case "COMPLETED":
            return rows.note_text(message.key, _read(_text_of(message.stored_as)), now)
        case "FAILED":
            log.warning("no text is made of the message", recording_sid=message.recording_sid)
            return rows.note_text(message.key, "", now)
    return message


def _read(name: str) -> str:
    document = msgspec.json.decode(bucket.read(name), type=_Document)
    return " ".join(one.transcript for one in document.results.transcripts)[:LONGEST_TEXT].strip()


def _text_of(stored_as: str) -> str:
    return stored_as.removesuffix(".mp3") + ".json"


def _language(message: Message) -> str:
    """Twilio's code of the language in which the caller was asked for the message: its base URL says it."""
    center = callcenter.current()
    treatment = center.lines.get(message.line) or center.simple_queues.get(message.line)
    return treatment.in_language(urls.language_of(message.base_url)).speaks.language if treatment else ""


def _code(error: Exception) -> str:
    """AWS's own name of the error; empty where it is none of AWS."""
    return str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))

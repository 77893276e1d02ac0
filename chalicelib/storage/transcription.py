"""A message as text, by Amazon Transcribe: begun once the sound is in the bucket, beside which the answer is laid."""

import json

from chalicelib import aws
from chalicelib.config import callcenter, environment
from chalicelib.config import messages as settings
from chalicelib.links import messages
from chalicelib.links.model import Message
from chalicelib.observability import log
from chalicelib.storage import bucket

LOOK_AGAIN_SECONDS = 10  # until a text is there: a message of a minute or two takes about so long
LONGEST_ANSWER = 4_000_000  # bytes: every word has its times, some 200 of them


def go_on(message: Message, now: float) -> Message:
    """Begin it, or look whether it is done. Returns the message as it stands. Never raises.

    Where it does not go well the message waits for its text no longer than it waits for Twilio's.
    """
    try:
        return _go_on(message, now)
    except Exception as error:
        log.warning("no text now", recording_sid=message.recording_sid, why=_code(error))
        return message


def _go_on(message: Message, now: float) -> Message:
    job = _find(message) or _start(message)
    match job["TranscriptionJobStatus"]:
        case "COMPLETED":
            return _note(message, _text(message), now)
        case "FAILED":
            log.error("no text", recording_sid=message.recording_sid, why=job.get("FailureReason", ""))
            return _note(message, "", now)
        case _:
            return message


def _code(error: Exception) -> str:
    """What AWS calls it, else its type."""
    told = getattr(error, "response", {}).get("Error", {})
    return str(told.get("Code") or type(error).__name__)


def _name(message: Message) -> str:
    """One recording is one job, however often it is begun."""
    return f"cordboard-{environment.current().stage}-{message.recording_sid}"


def _answer_of(message: Message) -> str:
    return f"{message.stored_as}.json"


def _find(message: Message) -> dict[str, str] | None:
    """The job; None while there is none, which Transcribe calls a bad request."""
    from botocore.exceptions import ClientError

    try:
        found = aws.request("transcribe", "get_transcription_job", TranscriptionJobName=_name(message))
    except ClientError as error:
        if error.response["Error"]["Code"] in ("BadRequestException", "NotFoundException"):
            return None
        raise
    return dict(found["TranscriptionJob"])


def _start(message: Message) -> dict[str, str]:
    """Raises what AWS raises: ConflictException too, where another job has begun it."""
    begun = aws.request(
        "transcribe",
        "start_transcription_job",
        TranscriptionJobName=_name(message),
        LanguageCode=callcenter.current().language_of(message.line),
        Media={"MediaFileUri": f"s3://{settings.bucket()}/{message.stored_as}"},
        OutputBucketName=settings.bucket(),
        OutputKey=_answer_of(message),
    )
    return dict(begun["TranscriptionJob"])


def _text(message: Message) -> str:
    told = json.loads(bucket.read(_answer_of(message), LONGEST_ANSWER))
    return " ".join(one["transcript"] for one in told["results"]["transcripts"])


def _note(message: Message, text: str, now: float) -> Message:
    return messages.record(message.key, {"text": text, "texted_at": now}, now)

"""The bucket of the messages: what is put there, and how large it is there."""

from datetime import UTC, datetime

from chalicelib import aws
from chalicelib.config import messages
from chalicelib.links.model import Message

CONTENT_TYPE = "audio/mpeg"
URL_SECONDS = 300


def name_of(message: Message) -> str:
    """The object that this message is kept in: the same however often it is tried."""
    day = datetime.fromtimestamp(message.at, UTC).date().isoformat()
    return f"voicemail/{day}/{message.recording_sid}.mp3"


def put(name: str, sound: bytes) -> None:
    """Raises what AWS raises."""
    aws.request("s3", "put_object", Bucket=messages.bucket(), Key=name, Body=sound, ContentType=CONTENT_TYPE)


def size(name: str) -> int:
    """Bytes of the object that is there. Raises what AWS raises, also when there is none."""
    return int(aws.request("s3", "head_object", Bucket=messages.bucket(), Key=name)["ContentLength"])


def read(name: str) -> bytes:
    """The object. Raises what AWS raises, also when there is none."""
    sound: bytes = aws.request("s3", "get_object", Bucket=messages.bucket(), Key=name)["Body"].read()
    return sound


def url(name: str) -> str:
    """A URL that plays the object to whoever has it, for five minutes: a role's own session may end sooner."""
    return aws.presigned_url(messages.bucket(), name, URL_SECONDS)

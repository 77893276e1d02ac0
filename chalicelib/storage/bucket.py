"""The bucket of messages and of recorded talks: what is put there, and how large it is there."""

from datetime import UTC, datetime

from chalicelib import aws
from chalicelib.config import messages
from chalicelib.links.model import Message, Talk

CONTENT_TYPE = "audio/mpeg"
URL_SECONDS = 300


# What the bucket deletes by itself has this tag. A rule of S3 can ask for a tag that is there, and for none that is
# missing: so whoever holds a talk changes the tag, in one request, and no object moves.
EXPIRES = "expires=yes"


def name_of(kept: Message | Talk) -> str:
    """The object that this is kept in: the same however often it is tried."""
    day = datetime.fromtimestamp(kept.at, UTC).date().isoformat()
    folder = "recordings" if isinstance(kept, Talk) else "voicemail"
    return f"{folder}/{day}/{kept.recording_sid}.mp3"


def put(name: str, sound: bytes, tags: str = "") -> None:
    """Raises what AWS raises."""
    tagged = {"Tagging": tags} if tags else {}
    where = {"Bucket": messages.bucket(), "Key": name}
    aws.request("s3", "put_object", **where, Body=sound, ContentType=CONTENT_TYPE, **tagged)


def delete(name: str) -> None:
    """One that is not there is deleted. Raises what AWS raises."""
    aws.request("s3", "delete_object", Bucket=messages.bucket(), Key=name)


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

"""The messages and recorded talks in the team's bucket, for whoever is signed in to AWS."""

from pathlib import Path

from botocore.config import Config
from botocore.session import get_session

from chalicelib import aws
from chalicelib.links.model import CallRecord, Message, Talk
from chalicelib.storage.bucket import EXPIRES, URL_SECONDS
from ops.aws import client
from ops.errors import OpsError, UsageError


def chosen(record: CallRecord, recording_sid: str) -> Message:
    """The message of this recording, or the latest of the call. Raises OpsError, UsageError."""
    found = [message for message in record.messages if not message.dropped_at]
    if not found:
        raise OpsError("this call has no message")
    if not recording_sid:
        return found[-1]
    known = [message for message in found if message.recording_sid == recording_sid]
    if not known:
        raise UsageError(f"this call has {', '.join(message.recording_sid for message in found)}")
    return known[0]


def chosen_talks(record: CallRecord, recording_sid: str) -> list[Talk]:
    """The recorded talk of this recording, or all of the call, the earliest first. Raises OpsError, UsageError."""
    found = sorted((talk for talk in record.talks if not talk.dropped_at), key=lambda talk: talk.at)
    if not found:
        raise OpsError("this call has no recorded talk")
    known = [talk for talk in found if recording_sid in ("", talk.recording_sid)]
    if not known:
        raise UsageError(f"this call has {', '.join(talk.recording_sid for talk in found)}")
    return known


def let_expire(bucket: str, talk: Talk, *, expires: bool) -> None:
    """Whether the bucket's own rule may delete it. Raises AwsError."""
    key, _, value = EXPIRES.partition("=")
    tag = {"Key": key, "Value": value if expires else "no"}
    with client.plain(f"tag {talk.stored_as} of {bucket}"):
        client.client("s3").put_object_tagging(Bucket=bucket, Key=talk.stored_as, Tagging={"TagSet": [tag]})


def url(bucket: str, message: Message | Talk) -> str:
    """A URL that plays it to whoever has it, for five minutes. Raises AwsError."""
    with client.plain(f"reach {bucket}"):
        s3 = get_session().create_client("s3", config=Config(**aws.OF_S3))
        what = {"Bucket": bucket, "Key": message.stored_as}
        signed: str = s3.generate_presigned_url("get_object", Params=what, ExpiresIn=URL_SECONDS)
        return signed


def fetch(bucket: str, message: Message | Talk, to: Path) -> None:
    """Write the sound into this file. Raises AwsError, OpsError."""
    with client.plain(f"read {message.stored_as} of {bucket}"):
        sound = client.client("s3").get_object(Bucket=bucket, Key=message.stored_as)["Body"].read()
    try:
        to.write_bytes(sound)
    except OSError as error:
        raise OpsError(f"{to} cannot be written: {error.strerror}") from None

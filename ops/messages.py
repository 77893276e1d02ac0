"""The messages in the team's bucket, for whoever is signed in to AWS."""

from pathlib import Path

from botocore.config import Config
from botocore.session import get_session

from chalicelib import aws
from chalicelib.links.model import CallRecord, Message
from chalicelib.storage.bucket import URL_SECONDS
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


def url(bucket: str, message: Message) -> str:
    """A URL that plays it to whoever has it, for five minutes. Raises AwsError."""
    with client.plain(f"reach {bucket}"):
        s3 = get_session().create_client("s3", config=Config(**aws.OF_S3))
        what = {"Bucket": bucket, "Key": message.stored_as}
        signed: str = s3.generate_presigned_url("get_object", Params=what, ExpiresIn=URL_SECONDS)
        return signed


def fetch(bucket: str, message: Message, to: Path) -> None:
    """Write the sound into this file. Raises AwsError, OpsError."""
    with client.plain(f"read {message.stored_as} of {bucket}"):
        sound = client.client("s3").get_object(Bucket=bucket, Key=message.stored_as)["Body"].read()
    try:
        to.write_bytes(sound)
    except OSError as error:
        raise OpsError(f"{to} cannot be written: {error.strerror}") from None

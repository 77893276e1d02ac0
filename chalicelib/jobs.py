"""The messages on the jobs queue, typed. A message of an older version lacks fields: each new one has a default.

`subject` is the link's: the caller's CallSid, or the TaskSid of a task without a call. In a message, as in the table,
its name is `call_sid`.
"""

from typing import Annotated

import msgspec

from chalicelib import aws
from chalicelib.config import callcenter, environment
from chalicelib.links.model import Key, Link, Notice
from chalicelib.observability.masking import mask

# The time that the jobs consumer has in Lambda: after that, the one that claimed a row is no longer at work on it.
LEASE_SECONDS = callcenter.JOB_SECONDS

Sid = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{2}[0-9a-fA-F]{32}\Z")]


class RingWorker(msgspec.Struct, frozen=True, tag_field="job", tag="ring_worker"):
    """Do the CRM work for this link, then ring the worker."""

    subject: Sid = msgspec.field(name="call_sid")
    reservation_sid: Sid

    @property
    def key(self) -> Key:
        return Key(self.subject, self.reservation_sid)


class Reject(msgspec.Struct, frozen=True, tag_field="job", tag="give_up"):
    """Reject this reservation, which could not be done when it was due."""

    subject: Sid = msgspec.field(name="call_sid")
    reservation_sid: Sid
    task_sid: Sid
    reason: str = ""
    activity_sid: str = ""  # the worker is moved there
    worker_sid: str = ""

    @classmethod
    def of(cls, link: Link, reason: str, activity_sid: str = "") -> "Reject":
        return cls(link.subject, link.reservation_sid, link.task_sid, reason, activity_sid, link.worker_sid)

    @property
    def key(self) -> Key:
        return Key(self.subject, self.reservation_sid)


class HangUp(msgspec.Struct, frozen=True, tag_field="job", tag="hang_up"):
    """End this worker leg, which could not be done when it was due; `subject` is for the log."""

    worker_call_sid: Sid
    subject: str = msgspec.field(name="call_sid", default="")


class CompleteTask(msgspec.Struct, frozen=True, tag_field="job", tag="complete_task"):
    """The wrap-up time is over: complete the task and put the worker back to work."""

    subject: Sid = msgspec.field(name="call_sid")
    task_sid: Sid


class LeadOut(msgspec.Struct, frozen=True, tag_field="job", tag="lead_out"):
    """The caller's task ended without a worker: lead the caller out of the queue, if Twilio has not."""

    subject: Sid = msgspec.field(name="call_sid")
    base_url: str = ""


class Tell(msgspec.Struct, frozen=True, tag_field="job", tag="tell"):
    """Keep this notice, which could not be kept when it came up; `subject` is for the log."""

    notice: Notice
    subject: str = msgspec.field(name="call_sid", default="")


class KeepMessage(msgspec.Struct, frozen=True, tag_field="job", tag="keep_message"):
    """A message's sound is there: keep it in the bucket, and delete it at Twilio. `seconds` of -1 are not known."""

    subject: Sid = msgspec.field(name="call_sid")
    recording_sid: Sid
    seconds: int = -1
    base_url: str = ""


Job = RingWorker | Reject | HangUp | CompleteTask | LeadOut | Tell | KeepMessage


class JobError(Exception):
    """A message that is no job of ours."""


def decode(body: str) -> Job:
    """The job of a message's body; fields of a newer version are ignored. Raises JobError."""
    try:
        job: Job = msgspec.json.decode(body, type=Job)
    except (msgspec.DecodeError, RecursionError) as error:
        # Lambda prints what a function raises, and msgspec repeats some of what it read.
        raise JobError(f"not a job: {mask(str(error))}") from None
    return job


def encode(job: Job) -> str:
    """The body of the job's message."""
    return msgspec.json.encode(job).decode()


def send(job: Job, delay_seconds: int = 0) -> None:
    """Put the job on the queue, to be seen after `delay_seconds` (0 to 900)."""
    aws.request(
        "sqs",
        "send_message",
        QueueUrl=environment.current().jobs_queue_url,
        MessageBody=encode(job),
        DelaySeconds=delay_seconds,
    )

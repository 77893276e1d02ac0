"""The messages on the jobs queues, typed. A message of an older version lacks fields: each new one has a default.

There are two queues: one for what somebody on the line waits for, and one for after-call work, so that a wrap-up, or a
CRM that is told of a talk, never takes the place of a ring. Either consumer does a job of any kind.

`subject` is the link's: the caller's CallSid, or the TaskSid of a task without a call. In a message, as in the table,
its name is `call_sid`.
"""

from typing import Annotated, Literal

import msgspec

from chalicelib import aws
from chalicelib.config import environment, schema
from chalicelib.links.model import Key, Link, Notice
from chalicelib.observability.masking import mask

# The time that the jobs consumer has in Lambda: after that, the one that claimed a row is no longer at work on it.
LEASE_SECONDS = schema.JOB_SECONDS

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
    back_after: int = 0  # seconds after which they are put back; 0: never
    refused_at: float = 0  # when that was decided

    @classmethod
    def of(cls, link: Link, reason: str, activity_sid: str = "", back_after: int = 0) -> "Reject":
        sids = (link.subject, link.reservation_sid, link.task_sid)
        return cls(*sids, reason, activity_sid, link.worker_sid, back_after, link.refused_at)

    @property
    def key(self) -> Key:
        return Key(self.subject, self.reservation_sid)


class HangUp(msgspec.Struct, frozen=True, tag_field="job", tag="hang_up"):
    """End this worker leg, which could not be done when it was due; `subject` is for the log."""

    worker_call_sid: Sid
    subject: str = msgspec.field(name="call_sid", default="")


class PutBack(msgspec.Struct, frozen=True, tag_field="job", tag="put_back"):
    """Move a worker from one activity to another, if they got there from `since` to `until`, in epoch seconds.

    `subject` is for the log.
    """

    worker_sid: Sid
    from_sid: Sid
    to_sid: Sid
    since: float
    until: float
    subject: str = msgspec.field(name="call_sid", default="")


class TellCrm(msgspec.Struct, frozen=True, tag_field="job", tag="tell_crm"):
    """A talk is over, and wrapped up: tell the CRM. `tries` is how often that went wrong."""

    subject: Sid = msgspec.field(name="call_sid")
    reservation_sid: Sid
    tries: int = 0

    @property
    def key(self) -> Key:
        return Key(self.subject, self.reservation_sid)


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


class KeepTalk(msgspec.Struct, frozen=True, tag_field="job", tag="keep_talk"):
    """The sound of a recorded talk is there: keep it. `seconds` of -1 are not known."""

    subject: Sid = msgspec.field(name="call_sid")
    reservation_sid: Sid
    recording_sid: Sid
    seconds: int = -1

    @property
    def key(self) -> Key:
        return Key(self.subject, self.reservation_sid)


class GoOn(msgspec.Struct, frozen=True, tag_field="job", tag="callback"):
    """Do what is due for the callback that this call asked for."""

    subject: Sid = msgspec.field(name="call_sid")


Looked = Literal["link", "call", "wrapping", "assigned"]  # what the sweep looks at by pages; the last two are tasks


class Row(msgspec.Struct, frozen=True, array_like=True):
    """What the sweep found to be due; of a task there is the sid alone."""

    subject: Sid
    item: str
    check_at: float


class LookAt(msgspec.Struct, frozen=True, tag_field="job", tag="look_at"):
    """Look at these at `at`, which a sweep found and has no time for."""

    what: Looked
    rows: tuple[Row, ...]
    at: float


OnTheLine = RingWorker | Reject | HangUp | LeadOut  # a caller hears music meanwhile, or a phone rings
AfterCall = PutBack | CompleteTask | TellCrm | Tell | KeepMessage | KeepTalk | GoOn | LookAt
Job = OnTheLine | AfterCall


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
    """Put the job on its queue, to be seen after `delay_seconds` (0 to 900)."""
    aws.request(
        "sqs",
        "send_message",
        QueueUrl=_queue_url(job),
        MessageBody=encode(job),
        DelaySeconds=delay_seconds,
    )


def _queue_url(job: Job) -> str:
    settings = environment.current()
    return settings.after_call_queue_url if isinstance(job, AfterCall) else settings.jobs_queue_url

"""AWS on the virtual clock: the faults of its services, and SQS, SNS and SSM with all that they really do."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from chalicelib import aws
from emulator.clock.scheduler import Scheduler
from tests.doubles.dynamodb.store import Dynamodb
from tests.simulation import invocation
from tests.simulation.faults import Faults

# Told of every item that was put: table and item.
Stored = Callable[[str, Mapping[str, Any]], None]


def _write(faults: Faults, service: str, operation: str, act: Callable[[], Any], written: Any) -> Any:
    """The same for what changes something; `written` is all that it says."""
    with invocation.current().writing(f"{service} {operation} {written}", ReadTimeoutError):
        return _attempt(faults, service, operation, act)


def _attempt(faults: Faults, service: str, operation: str, act: Callable[[], Any]) -> Any:
    """One request, as boto3 makes it where it may try only once; the application's own retries are above it."""
    here = invocation.current()
    happens = invocation.Draw(faults, here.about)
    if faults.is_down(f"{service}_down", here.about):
        here.troubles.append(f"{service}_down")
        _refuse_or_hang(faults, service)
    if happens(f"{service}_throttled"):
        here.pause(0.02)
        status = {"HTTPStatusCode": 400}
        error = {"Error": {"Code": "ThrottlingException", "Message": "Rate exceeded"}, "ResponseMetadata": status}
        raise ClientError(error, operation)
    if happens(f"{service}_hangs"):
        _hang(service)
    answer = here.effect(f"{service}.{operation}", faults.seconds(service, 0.004, 0.03), act)
    if happens(f"{service}_answer_lost"):
        _hang(service)
    if happens(f"{service}_broken_off"):
        raise ConnectionClosedError(endpoint_url=f"https://{service}")
    return answer


def _refuse_or_hang(faults: Faults, service: str) -> NoReturn:
    """An outage has a manner, drawn for each: nobody listens, nobody answers, or nobody even connects."""
    manner = faults.manner_of(f"{service}_down")
    if manner == "hangs":
        _hang(service)
    invocation.current().pause(aws.CONNECT_SECONDS if manner == "drops" else 0.01)
    raise (ConnectTimeoutError if manner == "drops" else EndpointConnectionError)(endpoint_url=f"https://{service}")


def _hang(service: str) -> NoReturn:
    invocation.current().pause(aws.READ_SECONDS)
    raise ReadTimeoutError(endpoint_url=f"https://{service}")


class Tables:
    """DynamoDB's client in a function: the store behind effects and faults."""

    def __init__(self, store: Dynamodb, faults: Faults, stored: Stored) -> None:
        self.store = store
        self._faults = faults
        self._stored = stored
        self.exceptions = store.exceptions

    def _read(self, operation: str, request: Mapping[str, Any]) -> Any:
        return _attempt(self._faults, "dynamodb", operation, lambda: getattr(self.store, operation)(**request))

    def _write(self, operation: str, request: Mapping[str, Any]) -> Any:
        return _write(self._faults, "dynamodb", operation, lambda: getattr(self.store, operation)(**request), request)

    def get_item(self, **request: Any) -> Any:
        return self._read("get_item", request)

    def put_item(self, **request: Any) -> Any:
        def act() -> Any:
            answer = self.store.put_item(**request)
            self._stored(request["TableName"], request["Item"])
            return answer

        return _write(self._faults, "dynamodb", "put_item", act, request)

    def update_item(self, **request: Any) -> Any:
        return self._write("update_item", request)

    def query(self, **request: Any) -> Any:
        return self._read("query", request)

    def delete_item(self, **request: Any) -> Any:
        return self._write("delete_item", request)


VISIBILITY_SECONDS = 25.0  # as infra/resources.yaml has it
MOST_RECEIVES = 3


@dataclass(frozen=True)
class Record:
    """What the function gets of a message."""

    body: str
    receives: int


HAVE_DEFAULTS = ("reason", "activity_sid", "task_attributes")

Done = Callable[[bool], None]


@dataclass
class Message:
    body: str
    receives: int = 0
    deleted: bool = False


@dataclass
class Queue:
    """SQS and its event source mapping. `deliver` starts a function with a record and says later whether it went well.

    At least once, in no order, with delay, visibility timeout, receive count, dead letters, redrive.
    """

    scheduler: Scheduler
    faults: Faults
    deliver: Callable[[Record, Done], None]
    dead: list[Message] = field(default_factory=list)

    def put(self, body: str, delay: float) -> None:
        message = Message(body)
        about = _sids(body)
        late = self.faults.seconds("message_late", 1, 70) if self.faults.happens("message_late", about) else 0.0
        wait = delay + late + self.faults.seconds("sqs delivery", 0.01, 0.3)
        self.scheduler.after(wait, lambda: self._receive(message))
        if self.faults.happens("message_twice", about):
            again = self.faults.seconds("message_twice", 0.0, 45)
            self.scheduler.after(wait + again, lambda: self._receive(message, again=True))

    def _receive(self, message: Message, *, again: bool = False) -> None:
        """`again`: one of SQS's servers had not heard of the deletion."""
        if message.deleted and not again:
            return
        message.receives += 1
        if message.receives > MOST_RECEIVES and not again:
            self._bury(message)
            return
        if not again:  # whatever becomes of the function: if nobody deletes the message it comes again
            self.scheduler.after(VISIBILITY_SECONDS, lambda: self._receive(message))
        record = Record(self._versioned(message.body), message.receives)
        self.deliver(record, lambda went_well: self._done(message, went_well))

    def _done(self, message: Message, went_well: bool) -> None:
        if went_well:
            message.deleted = True

    def _bury(self, message: Message) -> None:
        if not message.deleted:
            message.deleted = True
            self.scheduler.emit("dead_letter", body=message.body, about=" ".join(_sids(message.body)))
            self.dead.append(message)

    def redrive(self) -> None:
        """Everything in the dead-letter queue goes back, as the console does it."""
        dead, self.dead = self.dead, []
        for message in dead:
            self.put(message.body, 0.0)

    def _versioned(self, body: str) -> str:
        """An older message lacks what has a default, a newer one has more than this function knows."""
        if not self.faults.happens("other_version", _sids(body)):
            return body
        job = json.loads(body)
        if self.faults.stream("other_version kind").random() < 0.5:
            return json.dumps({**job, "of_a_newer_version": {"depth": 1}})
        return json.dumps({name: value for name, value in job.items() if name not in HAVE_DEFAULTS})


def _sids(body: str) -> tuple[str, ...]:
    return tuple(str(value) for name, value in json.loads(body).items() if name.endswith("_sid"))


class Sqs:
    """SQS's client in a function."""

    def __init__(self, queue: Queue, faults: Faults) -> None:
        self._queue = queue
        self._faults = faults

    def send_message(self, *, QueueUrl: str, MessageBody: str, DelaySeconds: int = 0) -> Any:  # noqa: N803 - boto3's
        del QueueUrl

        def act() -> None:
            self._queue.put(MessageBody, DelaySeconds)

        return _write(self._faults, "sqs", "send_message", act, MessageBody)


@dataclass(frozen=True)
class Sns:
    """SNS's client in a function. Each mail that it takes is an event."""

    scheduler: Scheduler
    faults: Faults

    def publish(self, *, TopicArn: str, Subject: str, Message: str) -> Any:  # noqa: N803 - boto3's
        def act() -> None:
            self.scheduler.emit("mail", topic=TopicArn, subject=Subject, text=Message)

        return _write(self.faults, "sns", "publish", act, Message)


@dataclass(frozen=True)
class Ssm:
    """SSM's client in a function. `secret` is what the parameter holds now."""

    secret: Callable[[], str]
    scheduler: Scheduler
    faults: Faults

    def get_parameter(self, *, Name: str, WithDecryption: bool) -> Any:  # noqa: N803 - boto3's
        del Name, WithDecryption
        answer = _attempt(self.faults, "ssm", "get_parameter", lambda: {"Parameter": {"Value": self.secret()}})
        self.scheduler.emit("secret_read")
        return answer


@dataclass(frozen=True)
class S3:
    """S3's client in a function. `objects` by their names."""

    objects: dict[str, bytes]
    faults: Faults

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, ContentType: str, Tagging: str = "") -> Any:  # noqa: N803
        del Bucket, ContentType
        assert bool(Tagging) == Key.startswith("recordings/")
        return _write(self.faults, "s3", "put_object", lambda: self.objects.update({Key: Body}), Key)

    def head_object(self, *, Bucket: str, Key: str) -> Any:  # noqa: N803 - boto3's
        del Bucket

        def act() -> Any:
            if Key not in self.objects:
                raise ClientError({"Error": {"Code": "403", "Message": "Forbidden"}}, "HeadObject")
            return {"ContentLength": len(self.objects[Key])}

        return _attempt(self.faults, "s3", "head_object", act)

    def delete_object(self, *, Bucket: str, Key: str) -> Any:  # noqa: N803 - boto3's
        del Bucket
        return _write(self.faults, "s3", "delete_object", lambda: self.objects.pop(Key, None), Key)

    def generate_presigned_url(self, _operation: str, *, Params: Mapping[str, str], ExpiresIn: int) -> str:  # noqa: N803
        """Signed in the process: nobody is asked."""
        assert Params["Key"] in self.objects
        return f"https://{Params['Bucket']}.s3.eu-west-1.amazonaws.com/{Params['Key']}?X-Amz-Expires={ExpiresIn}"


@dataclass(frozen=True)
class Cloud:
    """What `aws.client` gives."""

    tables: Tables
    sqs: Sqs
    sns: Sns
    ssm: Ssm
    s3: S3

    def client(self, service: str, **_limits: bool) -> Any:
        known = {"dynamodb": self.tables, "sqs": self.sqs, "sns": self.sns, "ssm": self.ssm, "s3": self.s3}
        return known[service] if service in known else _unknown(service)


def _unknown(service: str) -> NoReturn:
    raise AssertionError(f"nobody here speaks {service}")

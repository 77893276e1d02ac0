"""The driver of the webhook tests: Twilio posts, the queue delivers, and what came of it."""

import io
import json
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

from chalicelib import jobs
from tests.conftest import ACTIVITIES, QUEUES, WORKFLOW, Aws
from tests.doubles.twilio import UPDATED, FakeTwilio
from tests.support import policy
from tests.support.api_gateway import post, schedule, sqs
from tests.support.queues import consumer_of

CALL = "CA" + "a" * 32
LEG = "CA" + "b" * 32
OTHER_LEG = "CA" + "c" * 32
RESERVATION = "WR" + "a" * 32
TASK = "WT" + "a" * 32
WORKER = "WK" + "a" * 32
CALLER = "+12125550171"
PHONE = "+14155550111"
SUPPORT, SALES, URGENT = "+14155550100", "+14155550101", "+14155550102"
LEG_PATH = {"subject": CALL, "reservation_sid": RESERVATION}


@dataclass
class Driver:
    """Everything goes through `app.py`, with the events that Lambda gets. `log` is all that was printed."""

    cloud: Aws
    twilio: FakeTwilio
    log: io.StringIO = field(default_factory=io.StringIO)

    def __post_init__(self) -> None:
        self.twilio.attributes = task_attributes()

    def send(self, event: dict[str, Any]) -> dict[str, Any]:
        import app

        with redirect_stdout(self.log), policy.of("api"):
            answer: dict[str, Any] = app.app(event, None)
        return answer

    def voice(self, document: str, **form: str) -> ElementTree.Element:
        """Twilio asks for a document on the caller's leg; returns it, parsed."""
        name, _, attempt = document.partition("/")
        route, path = ("/voice/menu/{attempt}", {"attempt": attempt}) if name == "menu" else (f"/voice/{document}", {})
        answer = self.send(post(route, caller_form(**form), path))
        assert answer["statusCode"] == 200 and answer["headers"]["Content-Type"] == "text/xml", answer
        return ElementTree.fromstring(answer["body"])

    def assign(self, queue: str = "Support", **changes: str) -> dict[str, Any]:
        return self.send(post("/taskrouter/assignment", assignment_form(queue, **changes)))

    def queued(self) -> list[jobs.Job]:
        """The jobs on the queue; they are taken off."""
        return [jobs.decode(body) for body in self.cloud.take_messages()]

    def work(self, job: jobs.Job | str, receipt: str = "1") -> None:
        """The queue delivers the job to the function. Raises what the function raises."""
        import app

        body = job if isinstance(job, str) else jobs.encode(job)
        consumer = consumer_of(body)
        with redirect_stdout(self.log), policy.of(consumer):
            getattr(app, consumer)(sqs(body, receipt), None)

    def sweep(self) -> None:
        """A minute is over."""
        import app

        with redirect_stdout(self.log), policy.of("sweep"):
            app.sweep(schedule(), None)

    def wrap_up(self) -> None:
        """The two have parted: at Twilio the task is wrapping, and the worker writes things up."""
        self.twilio.tasks[TASK] = {
            "sid": TASK,
            "assignment_status": "wrapping",
            "attributes": task_attributes(),
            "task_queue_sid": QUEUES["Support"],
            "workflow_sid": WORKFLOW,
            "date_updated": UPDATED,
        }
        self.twilio.reservations[RESERVATION] = {
            "sid": RESERVATION,
            "reservation_status": "wrapping",
            "worker_sid": WORKER,
            "worker_name": "Bea",
        }
        self.twilio.activity = ACTIVITIES["Wrap up"]

    def ring(self) -> None:
        """An assignment, and the job that it made."""
        self.assign()
        for job in self.queued():
            self.work(job)

    def answer(self, leg: str = LEG) -> str:
        """The worker leg is answered; returns the document."""
        answer = self.send(post("/worker/{subject}/{reservation_sid}/answer", leg_form("in-progress", leg), LEG_PATH))
        assert answer["statusCode"] == 200, answer
        return str(answer["body"])

    def status(self, status: str, leg: str = LEG) -> int:
        route = "/worker/{subject}/{reservation_sid}/status"
        return int(self.send(post(route, leg_form(status, leg), LEG_PATH))["statusCode"])

    def event(self, kind: str, **form: str) -> int:
        return int(self.send(post("/taskrouter/events", event_form(kind, **form)))["statusCode"])

    @property
    def link(self) -> dict[str, Any]:
        return self.cloud.row(RESERVATION)

    @property
    def call(self) -> dict[str, Any]:
        return self.cloud.row("CALL")


def caller_form(**changes: str) -> dict[str, str]:
    """What Twilio posts on a caller's leg; places that it could not look up are blank."""
    form = {
        "AccountSid": "AC" + "0" * 32,
        "ApiVersion": "2010-04-01",
        "CallSid": CALL,
        "CallStatus": "in-progress",
        "Direction": "inbound",
        "From": CALLER,
        "To": SUPPORT,
        "Caller": CALLER,
        "Called": SUPPORT,
        "FromCity": "",
        "FromState": "NY",
        "ToCity": "",
    }
    return form | changes


def task_attributes(**changes: object) -> str:
    return json.dumps({"call_sid": CALL, "from": CALLER, "to": SUPPORT, "department": "support"} | changes)


def assignment_form(queue: str = "Support", **changes: str) -> dict[str, str]:
    form = {
        "Timestamp": "1795230000",
        "AccountSid": "AC" + "0" * 32,
        "WorkspaceSid": "WS" + "0" * 32,
        "WorkflowSid": WORKFLOW,
        "TaskQueueSid": QUEUES.get(queue, "WQ" + "f" * 32),
        "WorkerSid": WORKER,
        "WorkerName": "Bea",
        "WorkerAttributes": json.dumps({"contact_uri": PHONE}),
        "TaskSid": TASK,
        "TaskAttributes": task_attributes(),
        "TaskAge": "3",
        "TaskPriority": "5",
        "ReservationSid": RESERVATION,
    }
    return form | changes


def leg_form(status: str, leg: str = LEG) -> dict[str, str]:
    return caller_form(CallSid=leg, CallStatus=status, Direction="outbound-api", From=SUPPORT, To=PHONE)


def event_form(kind: str, **changes: str) -> dict[str, str]:
    form = {
        "EventType": kind,
        "Sid": "EV" + "a" * 32,
        "AccountSid": "AC" + "0" * 32,
        "WorkspaceSid": "WS" + "0" * 32,
        "TimestampMs": "1795230042500",
        "Timestamp": "1795230042",
        "TaskSid": TASK,
        "TaskAttributes": task_attributes(),
        "TaskQueueSid": QUEUES["Support"],
        "WorkflowSid": WORKFLOW,
    }
    if kind.startswith("reservation."):
        form |= {"ReservationSid": RESERVATION, "WorkerSid": WORKER, "WorkerName": "Bea"}
    return form | changes

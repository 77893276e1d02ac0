"""TaskRouter with voice and webhooks that are fakes, and a call centre to begin with."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from emulator.clock.scheduler import Scheduler, VirtualClock
from emulator.ports import Done, Form, SupervisorOrder, TwilioError, WebFailure, WebResponse, WebResult, WorkerLegOrder
from emulator.taskrouter.model import Activity, Reservation, Task, Worker
from emulator.taskrouter.service import TaskRouter
from emulator.taskrouter.workspaces import Workspaces

ACCOUNT_SID = "AC" + "a" * 32
ASSIGNMENT_URL = "https://app.example/assignment"
FALLBACK_URL = "https://app.example/fallback"
EVENTS_URL = "https://app.example/events"
JSON = {"content-type": "application/json"}
EMPTY = WebResponse(200, JSON, b"")


def instruction(name: str, **fields: object) -> WebResponse:
    return WebResponse(200, JSON, json.dumps({"instruction": name, **fields}).encode())


@dataclass(frozen=True)
class Sent:
    url: str
    form: Form
    at: float
    deadline: float


@dataclass
class FakeWebhooks:
    """Answers each URL as `answers` says, an empty 200 otherwise, after `delays` seconds or at the deadline."""

    scheduler: Scheduler
    sent: list[Sent] = field(default_factory=list)
    answers: dict[str, WebResult] = field(default_factory=dict)
    delays: dict[str, float] = field(default_factory=dict)

    def send(
        self,
        url: str,
        form: Form,
        done: Done,
        *,
        method: Literal["GET", "POST"] = "POST",
        deadline: float = 15.0,
    ) -> None:
        assert method == "POST"
        self.sent.append(Sent(url, dict(form), self.scheduler.now(), deadline))
        answer, delay = self.answers.get(url, EMPTY), self.delays.get(url, 0.0)
        late: WebResult = WebFailure("timeout")
        self.scheduler.after(min(delay, deadline), lambda: done(answer if delay <= deadline else late))

    def forms(self, url: str) -> list[Form]:
        return [sent.form for sent in self.sent if sent.url == url]


@dataclass
class FakeVoice:
    """Notes what TaskRouter asks of it. `gone` are calls that can no longer be redirected."""

    scheduler: Scheduler
    legs: list[WorkerLegOrder] = field(default_factory=list)
    canceled: list[str] = field(default_factory=list)
    redirected: list[tuple[str, str]] = field(default_factory=list)
    hung_up: list[str] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    when_redirected: Callable[[], None] = lambda: None

    def place_worker_leg(self, order: WorkerLegOrder) -> str:
        self.legs.append(order)
        return self.scheduler.sid("CA")

    def supervise(self, order: SupervisorOrder) -> None:
        self.legs.append(order.leg)

    def task_canceled(self, call_sid: str) -> None:
        self.canceled.append(call_sid)

    def redirect(self, call_sid: str, url: str) -> None:
        if call_sid in self.gone:
            raise TwilioError(40122, "The call is gone")
        self.redirected.append((call_sid, url))
        self.when_redirected()

    def hang_up(self, call_sid: str) -> None:
        self.hung_up.append(call_sid)


def one_queue(queue_sid: str, **target: object) -> dict[str, object]:
    """A workflow configuration that sends every task to one queue."""
    return filters({"expression": "1==1", "targets": [{"queue": queue_sid, **target}]})


def filters(*given: Mapping[str, object], default: str = "") -> dict[str, object]:
    routing: dict[str, object] = {"filters": list(given)}
    if default:
        routing["default_filter"] = {"queue": default}
    return {"task_routing": routing}


class CallCentre:
    """One workspace with a queue for everybody and a workflow into it, and no workers yet."""

    def __init__(self, **target: object) -> None:
        self.clock = VirtualClock()
        self.scheduler = Scheduler(self.clock.now, seed=7)
        self.webhooks = FakeWebhooks(self.scheduler)
        self.voice = FakeVoice(self.scheduler)
        self.workspaces = Workspaces()
        self.router = TaskRouter(self.scheduler, ACCOUNT_SID, self.webhooks, self.voice, self.workspaces)
        self.workspace = self.router.create_workspace("Help line", EVENTS_URL)
        self.everybody = self.router.create_task_queue("Everybody")
        self.workflow = self.add_workflow(one_queue(self.everybody.sid, **target))
        self.calls = 0

    def add_workflow(self, configuration: Mapping[str, object], timeout: int = 120) -> str:
        return self.router.create_workflow(
            "Calls", configuration, ASSIGNMENT_URL, FALLBACK_URL, task_reservation_timeout=timeout
        ).sid

    def activity(self, name: str) -> str:
        return self.workspace.activity_named(name).sid

    def worker(self, name: str, capacity: int = 1, activity: str = "Available", **attributes: object) -> Worker:
        given = {"contact_uri": f"client:{name}", **attributes}
        return self.router.create_worker(name, given, self.activity(activity), capacity)

    def call(self, workflow: str = "", priority: int = 0, timeout: int | None = None, **attributes: object) -> Task:
        """A caller enters the queue."""
        self.calls += 1
        given = {"call_sid": f"CA{self.calls:032x}", "from": "+491511", "to": "+49800", **attributes}
        sid = self.workspaces.create_task(workflow or self.workflow, given, priority, timeout)
        return self.workspace.tasks[sid]

    def run(self, seconds: float = 0.0) -> None:
        self.clock.run(self.scheduler, seconds)

    def reserved(self, task: Task) -> Reservation:
        """The task's open reservation, after the scheduler's turn."""
        self.run()
        assert task.open_reservation is not None
        return task.open_reservation

    def joined(self, task: Task) -> Reservation:
        """The caller talks with the worker."""
        reservation = self.reserved(task)
        self.workspaces.begin_accept(reservation.sid)
        self.workspaces.finish_accept(reservation.sid, True)
        return reservation

    def complete(self, task: Task) -> None:
        """The conversation ends and the application completes the task."""
        assert task.open_reservation is not None
        self.workspaces.conversation_ended(task.open_reservation.sid, "")
        self.router.lifecycle.complete(task, "done")

    def events(self) -> list[str]:
        return [form["EventType"] for form in self.webhooks.forms(EVENTS_URL)]

    def warnings(self) -> list[str]:
        return [event.detail["code"] for event in self.scheduler.trace if event.kind == "warning"]

    def trace(self, kind: str) -> list[Mapping[str, str]]:
        return [event.detail for event in self.scheduler.trace if event.kind == kind]


def two_activities(centre: CallCentre, first: str, second: str) -> tuple[Activity, Activity]:
    return centre.workspace.activity_named(first), centre.workspace.activity_named(second)

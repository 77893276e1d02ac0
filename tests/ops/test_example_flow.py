"""Twilio's own example of how TaskRouter works, step by step, in a workspace that apply made."""

import json
from typing import Any

import pytest

from emulator.ports import WebResponse
from ops.aws.former import FormerNumbers
from ops.callcenter.apply import apply
from tests.ops.files import API, center
from tests.ops.harness import Account

TAKEN = WebResponse(200, {"content-type": "application/json"}, b"")


class RunningWorkspace:
    """The workspace, as somebody at a screen sees it."""

    def __init__(self) -> None:
        self.account = Account()
        self.account.pages["/api/taskrouter/assignment"] = TAKEN
        self.account.pages["/api/taskrouter/events"] = WebResponse(204, {}, b"")
        environment = apply(self.account.client, center(), API, FormerNumbers("test")).environment
        self.workflow_sid = environment["TWILIO_WORKFLOW_SID"]
        self.activities = json.loads(environment["TWILIO_ACTIVITIES"])
        self.engine: Any = self.account.engine
        self.workers = {worker.friendly_name: worker.sid for worker in self.engine.workers.list()}

    def move(self, person: str, activity: str) -> None:
        self.engine.workers(self.workers[person]).update(activity_sid=self.activities[activity])
        self.account.run(1)

    def capacity_left(self, person: str) -> int:
        voice = self.engine.workers(self.workers[person]).worker_channels("default").fetch()
        return int(voice.available_capacity_percentage)

    def events(self) -> list[str]:
        return [form["EventType"] for form in self.account.forms("/api/taskrouter/events")]

    def task(self, **attributes: str) -> Any:
        """A new task, and a moment later."""
        task = self.engine.tasks.create(workflow_sid=self.workflow_sid, attributes=json.dumps(attributes))
        self.account.run(1)
        return self.engine.tasks(task.sid)

    def accept(self, task: Any) -> None:
        (reservation,) = task.reservations.list(reservation_status="pending")
        task.reservations(reservation.sid).update(reservation_status="accepted")
        self.account.run(1)

    def complete(self, task: Any) -> None:
        task.update(assignment_status="completed", reason="done")
        self.account.run(1)


@pytest.fixture
def running() -> RunningWorkspace:
    """As apply made it: all workers are in Offline.

    Twilio's example listens to reservation.created; our application has the assignment callback and does not.
    """
    running = RunningWorkspace()
    running.engine.update(events_filter=f"{running.engine.fetch().events_filter},reservation.created")
    assert {worker.activity_name for worker in running.engine.workers.list()} == {"Offline"}
    return running


def test_a_new_task_sits_in_its_queue_while_all_workers_are_offline(running: RunningWorkspace) -> None:
    task = running.task(department="support")
    running.account.run(60)
    waiting = task.fetch()
    assert (waiting.assignment_status, waiting.task_queue_friendly_name) == ("pending", "Support")
    assert running.account.forms("/api/taskrouter/assignment") == []


def test_a_worker_who_becomes_available_is_reserved_accepts_completes_and_goes_offline(
    running: RunningWorkspace,
) -> None:
    task = running.task(department="support")
    assert task.fetch().task_queue_friendly_name == "Support"

    running.move("Bea", "Available")
    (reservation,) = task.reservations.list()
    assert (reservation.worker_name, reservation.reservation_status) == ("Bea", "pending")
    assert (task.fetch().assignment_status, running.capacity_left("Bea")) == ("reserved", 0)
    assert running.events() == ["task.created", "reservation.created"]
    (callback,) = running.account.forms("/api/taskrouter/assignment")
    assert callback["ReservationSid"] == reservation.sid

    running.accept(task)
    assert (task.fetch().assignment_status, running.capacity_left("Bea")) == ("assigned", 0)

    running.complete(task)
    assert (task.fetch().assignment_status, running.capacity_left("Bea")) == ("completed", 100)
    assert set(running.events()[2:]) == {"reservation.accepted", "task.completed"}

    running.move("Bea", "Offline")
    assert running.engine.workers(running.workers["Bea"]).fetch().activity_name == "Offline"


def test_the_process_repeats_as_new_tasks_are_created(running: RunningWorkspace) -> None:
    running.move("Bea", "Available")
    first, second = running.task(department="support"), running.task(department="support")
    assert (first.fetch().assignment_status, second.fetch().assignment_status) == ("reserved", "pending")
    running.accept(first)
    running.complete(first)
    assert second.fetch().assignment_status == "reserved"


def test_a_task_that_names_its_worker_waits_for_that_one(running: RunningWorkspace) -> None:
    running.move("Dora", "Available")
    assert running.task(department="sales", agent="Bea").fetch().assignment_status == "pending"
    assert running.task(department="sales", agent="Dora").fetch().assignment_status == "reserved"

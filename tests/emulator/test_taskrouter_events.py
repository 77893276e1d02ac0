"""Event callbacks: which come, in which order, with what in them (contract 6)."""

import json

from emulator.ports import Form, WebFailure
from emulator.taskrouter.model import Task
from tests.emulator.taskrouter_harness import EVENTS_URL, CallCentre, two_activities

ROUTE = ["task.created", "workflow.entered", "workflow.target-matched", "task-queue.entered", "reservation.created"]


def watched() -> CallCentre:
    """A centre with ada at work, whose creation has been forgotten."""
    centre = CallCentre()
    centre.worker("ada", level=3)
    centre.webhooks.sent.clear()
    return centre


def last(centre: CallCentre, event_type: str) -> Form:
    return [form for form in centre.webhooks.forms(EVENTS_URL) if form["EventType"] == event_type][-1]


def talked(centre: CallCentre) -> Task:
    task = centre.call()
    centre.joined(task)
    centre.run(30)
    centre.complete(task)
    return task


def test_the_usual_order_of_a_call() -> None:
    centre = watched()
    talked(centre)
    assert centre.events() == [
        *ROUTE,
        "reservation.accepted",
        "reservation.wrapup",
        "task.wrapup",
        "reservation.completed",
        "task.completed",
    ]


def test_a_hang_up_while_reserved() -> None:
    centre = watched()
    task = centre.call()
    centre.reserved(task)
    centre.workspaces.caller_left(task.sid)
    assert centre.events()[len(ROUTE) :] == ["reservation.canceled", "task.canceled"]
    assert last(centre, "task.canceled")["TaskCanceledReason"] == "hangup"


def test_a_reservation_timeout() -> None:
    centre = watched()
    centre.call()
    centre.run(120)
    assert centre.events()[len(ROUTE) :] == ["reservation.timeout", "worker.activity.update"]


def test_what_every_event_carries() -> None:
    centre = watched()
    centre.clock.time += 0.25
    task = centre.call()
    form = last(centre, "task.created")
    common = {name: form[name] for name in ("AccountSid", "WorkspaceSid", "WorkspaceName", "ResourceType")}
    assert common == {
        "AccountSid": centre.workspace.account_sid,
        "WorkspaceSid": centre.workspace.sid,
        "WorkspaceName": "Help line",
        "ResourceType": "task",
    }
    assert (form["ResourceSid"], form["Timestamp"], form["TimestampMs"]) == (
        task.sid,
        "1800000000",
        "1800000000250",
    )
    assert form["EventDescription"]


def test_every_event_has_a_sid_of_its_own_and_only_strings() -> None:
    centre = watched()
    talked(centre)
    forms = centre.webhooks.forms(EVENTS_URL)
    assert len({form["Sid"] for form in forms}) == len(forms)
    assert all(form["Sid"].startswith("EV") for form in forms)
    assert all(isinstance(value, str) for form in forms for value in form.values())


def test_a_task_event_shows_the_task() -> None:
    centre = watched()
    task = talked(centre)
    form = last(centre, "task.completed")
    assert json.loads(form["TaskAttributes"]) == task.attributes
    shown = {name: form[name] for name in form if name.startswith(("Task", "Workflow", "Reason"))}
    del shown["TaskAttributes"]
    assert shown == {
        "TaskSid": task.sid,
        "TaskAge": "30",
        "TaskPriority": "0",
        "TaskAssignmentStatus": "completed",
        "TaskCompletedReason": "done",
        "Reason": "done",
        "TaskVersion": str(task.version),
        "TaskDateCreated": "1800000000",
        "TaskVirtualStartTime": "1800000000",
        "TaskIgnoreCapacity": "false",
        "TaskChannelSid": task.channel.sid,
        "TaskChannelUniqueName": "voice",
        "TaskQueueSid": task.queue.sid,
        "TaskQueueName": "Everybody",
        "TaskQueueTargetExpression": "1==1",
        "TaskQueueEnteredDate": "1800000000",
        "WorkflowSid": task.workflow.sid,
        "WorkflowName": "Calls",
    }


def test_a_reservation_event_shows_task_and_worker() -> None:
    centre = watched()
    task = centre.call()
    reservation = centre.reserved(task)
    form = last(centre, "reservation.created")
    assert (form["ReservationSid"], form["ResourceSid"]) == (reservation.sid, reservation.sid)
    assert (form["TaskSid"], form["WorkerSid"], form["WorkerName"]) == (task.sid, reservation.worker.sid, "ada")
    assert json.loads(form["WorkerAttributes"])["level"] == 3
    assert (form["ReservationVersion"], form["WorkerChannelCapacity"]) == ("0", "1")
    assert form["WorkerChannelConsumedCapacity"] == "1"


def test_versions_tell_the_order_of_a_reservations_events() -> None:
    centre = watched()
    talked(centre)
    forms = [form for form in centre.webhooks.forms(EVENTS_URL) if form["ResourceType"] == "reservation"]
    versions = [int(form["ReservationVersion"]) for form in forms]
    assert versions == sorted(set(versions))


def test_a_change_of_activity_tells_of_the_previous_one() -> None:
    centre = watched()
    (ada,) = centre.workspace.workers.values()
    centre.run(12.5)
    before, after = two_activities(centre, "Available", "Unavailable")
    centre.router.lifecycle.set_activity(ada, after)
    form = last(centre, "worker.activity.update")
    assert {name: form[name] for name in form if "Activity" in name} == {
        "WorkerActivitySid": after.sid,
        "WorkerActivityName": "Unavailable",
        "WorkerPreviousActivitySid": before.sid,
        "WorkerPreviousActivityName": "Available",
        "WorkerTimeInPreviousActivity": "12",
        "WorkerTimeInPreviousActivityMs": "12500",
    }


def test_the_filter_lets_through_what_it_names() -> None:
    centre = watched()
    other = CallCentre().router.create_workspace("Filtered", EVENTS_URL, "task.created, task.completed")
    centre.workspace.events_filter = other.events_filter
    talked(centre)
    assert centre.events() == ["task.created", "task.completed"]


def test_without_a_callback_url_nothing_is_sent() -> None:
    centre = watched()
    centre.workspace.event_callback_url = ""
    talked(centre)
    assert centre.events() == []


def test_an_event_that_fails_is_lost_and_nothing_else_happens() -> None:
    centre = watched()
    centre.webhooks.answers[EVENTS_URL] = WebFailure("timeout")
    task = talked(centre)
    centre.run(60)
    assert centre.events().count("task.created") == 1
    assert task.status == "completed"


def test_the_deletion_of_a_task_is_an_event() -> None:
    centre = watched()
    talked(centre)
    centre.run(300)
    assert centre.events()[-1] == "task.deleted"


def test_a_change_of_capacity_tells_of_the_previous_one() -> None:
    centre = watched()
    (ada,) = centre.workspace.workers.values()
    centre.router.lifecycle.set_capacity(ada, ada.channels["voice"], 3)
    form = last(centre, "worker.capacity.update")
    assert (form["WorkerChannelPreviousCapacity"], form["WorkerChannelAvailableCapacity"]) == ("1", "3")
    assert (form["TaskChannelUniqueName"], form["WorkerChannelTaskCount"]) == ("voice", "0")
    centre.router.lifecycle.set_channel_available(ada, ada.channels["voice"], False)
    assert last(centre, "worker.channel.availability.update")["WorkerChannelAvailable"] == "false"

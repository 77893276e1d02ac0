"""Event callbacks: which come, in which order, with what in them (contract 6)."""

import json

from emulator.ports import Form, WebFailure, WebResponse
from emulator.taskrouter.model import Task
from tests.emulator.taskrouter_harness import (
    ASSIGNMENT_URL,
    EVENTS_URL,
    FALLBACK_URL,
    CallCentre,
    filters,
    two_activities,
)

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


def steps(centre: CallCentre, *targets: dict[str, object]) -> tuple[Task, str, str]:
    """A task in a workflow of these targets, whose queues nobody serves; `queue` is 0 or 1. And the two sids."""
    queues = [centre.router.create_task_queue(name, "1==2").sid for name in ("First", "Second")]
    given = [{**target, "queue": queues[0 if target["queue"] == 0 else 1]} for target in targets]
    workflow = centre.add_workflow(filters({"expression": "1==1", "targets": given}))
    centre.webhooks.sent.clear()
    task = centre.call(workflow)
    return task, queues[0], queues[1]


def of_queues(centre: CallCentre) -> list[tuple[str, str]]:
    """Each event of a task's way, and the queue that it names."""
    forms = centre.webhooks.forms(EVENTS_URL)
    return [(form["EventType"], form["TaskQueueSid"]) for form in forms if form["ResourceType"] != "task"]


def test_a_target_that_times_out_leads_to_another_queue() -> None:
    centre = CallCentre()
    _, first, second = steps(centre, {"queue": 0, "timeout": 10}, {"queue": 1})
    centre.run(10)
    assert of_queues(centre) == [
        ("workflow.entered", first),
        ("workflow.target-matched", first),
        ("task-queue.entered", first),
        ("task-queue.timeout", first),
        ("task-queue.moved", first),
        ("workflow.target-matched", second),
        ("task-queue.entered", second),
    ]


def test_a_next_target_in_the_same_queue_moves_nothing() -> None:
    centre = CallCentre()
    steps(centre, {"queue": 0, "timeout": 10}, {"queue": 0, "priority": 5})
    centre.run(10)
    assert centre.events()[4:] == ["task-queue.timeout", "workflow.target-matched", "task-queue.entered"]


def test_a_target_that_is_skipped_moves_the_task_without_a_timeout() -> None:
    centre = CallCentre()
    _, first, second = steps(centre, {"queue": 0, "skip_if": "1==1"}, {"queue": 1})
    centre.run()
    assert of_queues(centre)[3:] == [
        ("task-queue.moved", first),
        ("workflow.target-matched", second),
        ("task-queue.entered", second),
    ]


def test_the_last_timeout_ends_queue_workflow_and_task() -> None:
    centre = CallCentre()
    steps(centre, {"queue": 0, "timeout": 10})
    centre.run(10)
    assert centre.events()[4:] == ["task-queue.timeout", "workflow.timeout", "task.canceled"]


def test_the_last_timeout_ends_a_reserved_task_in_the_same_words() -> None:
    centre = CallCentre(timeout=10)
    centre.worker("ada")
    centre.webhooks.sent.clear()
    centre.call()
    centre.run(10)
    assert centre.events()[len(ROUTE) :] == [
        "task-queue.timeout",
        "workflow.timeout",
        "reservation.canceled",
        "task.canceled",
    ]


def test_each_reservation_has_its_own_events_and_the_workflow_is_entered_once() -> None:
    """What a re-evaluation within the same target tells is not documented: nothing of workflow or queue here."""
    centre = watched()
    task = centre.call()
    for _ in range(2):
        centre.router.lifecycle.reject(centre.reserved(task))
    centre.run()
    rejected = ["reservation.rejected", "reservation.created"]
    assert centre.events() == [*ROUTE, *rejected, *rejected]


def test_a_retry_at_the_fallback_is_no_event_of_its_own() -> None:
    """The same reservation is asked about again; that the first answer failed stands in the debugger."""
    centre = watched()
    centre.webhooks.answers[ASSIGNMENT_URL] = WebResponse(500, {}, b"")
    centre.call()
    centre.run()
    (first,), (again,) = (centre.webhooks.forms(url) for url in (ASSIGNMENT_URL, FALLBACK_URL))
    assert first["ReservationSid"] == again["ReservationSid"]
    assert centre.events() == ROUTE
    assert centre.warnings() == ["11200"]


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


def test_the_description_of_a_new_activity_names_the_worker_and_the_activity() -> None:
    centre = watched()
    (worker,) = centre.workspace.workers.values()
    centre.router.lifecycle.set_activity(worker, centre.workspace.activity_named("Offline"))
    centre.run()
    assert last(centre, "worker.activity.update")["EventDescription"] == "Worker ada updated to Offline Activity"


def test_the_description_of_a_task_whose_time_is_over_says_so() -> None:
    centre = watched()
    centre.call(timeout=5)
    centre.run(6)
    assert last(centre, "task.canceled")["EventDescription"] == "Task TTL Exceeded"


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


def test_that_an_ended_task_is_forgotten_is_no_event() -> None:
    """`task.deleted` is for a task that is deleted over REST."""
    centre = watched()
    task = talked(centre)
    centre.run(300)
    assert task.sid not in centre.workspace.tasks
    assert centre.events()[-1] == "task.completed"


def test_a_change_of_capacity_tells_of_the_previous_one() -> None:
    centre = watched()
    (ada,) = centre.workspace.workers.values()
    centre.router.lifecycle.set_capacity(ada, ada.channels["voice"], 3)
    form = last(centre, "worker.capacity.update")
    assert (form["WorkerChannelPreviousCapacity"], form["WorkerChannelAvailableCapacity"]) == ("1", "3")
    assert (form["TaskChannelUniqueName"], form["WorkerChannelTaskCount"]) == ("voice", "0")
    centre.router.lifecycle.set_channel_available(ada, ada.channels["voice"], False)
    assert last(centre, "worker.channel.availability.update")["WorkerChannelAvailable"] == "false"

"""What may be deleted and what not: whatever is in use stays."""

from collections.abc import Callable

import pytest
from twilio.base.exceptions import TwilioRestException

from tests.emulator.empty import Empty, Space, into, refusal
from tests.emulator.stage import BASE


def refused(delete: Callable[[], bool]) -> str:
    with pytest.raises(TwilioRestException) as caught:
        delete()
    assert refusal(caught) == (400, 20001)
    return str(caught.value.msg)


def with_a_caller(account: Empty, worker_activity: str) -> tuple[Space, dict[str, str]]:
    """A caller waits, and rings at the worker who is available."""
    space = account.space()
    queue = space.queue()
    workflow = space.workflow(queue, assignment_callback_url=f"{BASE}/assignment")
    worker = space.worker(activity=worker_activity)
    account.pages["/incoming"] = f'<Enqueue workflowSid="{workflow}" waitUrl="" action="/after"/>'
    account.pages["/after"] = "<Say>Goodbye</Say>"
    caller = account.dial()
    account.run(3)
    return space, {"queue": queue, "workflow": workflow, "worker": worker, "caller": caller}


def test_what_nothing_uses_can_be_deleted(account: Empty) -> None:
    space = account.space()
    activity = space.rest.activities.create(friendly_name="Lunch")
    queue = space.queue()
    workflow, worker = space.workflow(queue), space.worker()
    assert space.rest.activities(activity.sid).delete() is True
    assert space.rest.workers(worker).delete() is True
    assert space.rest.workflows(workflow).delete() is True
    assert space.rest.task_queues(queue).delete() is True
    assert (space.rest.workers.list(), space.rest.workflows.list(), space.rest.task_queues.list()) == ([], [], [])
    assert [one.friendly_name for one in space.rest.activities.list()] == ["Offline", "Unavailable", "Available"]


def test_what_was_deleted_is_gone(account: Empty) -> None:
    space = account.space()
    queue = space.queue()
    space.rest.task_queues(queue).delete()
    for again in (space.rest.task_queues(queue).delete, space.rest.task_queues(queue).fetch):
        with pytest.raises(TwilioRestException) as caught:
            again()
        assert refusal(caught) == (404, 20404)


def test_an_activity_with_workers_in_it_stays(account: Empty) -> None:
    space = account.space()
    space.worker("Bea", "Unavailable")
    assert "Bea" in refused(space.rest.activities(space.activity("Unavailable")).delete)


def test_the_default_and_the_timeout_activity_stay(account: Empty) -> None:
    space = account.space()
    space.rest.update(timeout_activity_sid=space.activity("Unavailable"))
    for name in ("Offline", "Unavailable"):
        assert "default or timeout activity" in refused(space.rest.activities(space.activity(name)).delete)


def test_an_activity_that_a_task_queue_names_stays(account: Empty) -> None:
    space = account.space()
    queue = space.queue(assignment_activity_sid=space.activity("Unavailable"))
    assert "task queue" in refused(space.rest.activities(space.activity("Unavailable")).delete)
    space.rest.task_queues(queue).delete()
    assert space.rest.activities(space.activity("Unavailable")).delete() is True


def test_a_task_queue_that_a_workflow_names_stays(account: Empty) -> None:
    space = account.space()
    queue, other = space.queue("Support"), space.queue("Sales")
    workflow = space.workflow(queue)
    assert "workflow Calls names it" in refused(space.rest.task_queues(queue).delete)
    space.rest.workflows(workflow).update(configuration=into(other))
    assert space.rest.task_queues(queue).delete() is True


def test_a_task_queue_with_a_caller_in_it_stays(account: Empty) -> None:
    space, sids = with_a_caller(account, "Offline")
    space.rest.workflows(sids["workflow"]).update(configuration=into(space.queue("Sales")))
    assert "is in it" in refused(space.rest.task_queues(sids["queue"]).delete)
    account.twilio.hang_up(sids["caller"])
    account.run(3)
    assert space.rest.task_queues(sids["queue"]).delete() is True


def test_a_workflow_with_a_caller_in_it_stays(account: Empty) -> None:
    space, sids = with_a_caller(account, "Offline")
    assert "not over" in refused(space.rest.workflows(sids["workflow"]).delete)
    account.twilio.hang_up(sids["caller"])
    account.run(3)
    assert space.rest.workflows(sids["workflow"]).delete() is True


def test_a_worker_with_an_open_reservation_stays(account: Empty) -> None:
    space, sids = with_a_caller(account, "Available")
    assert "reservations" in refused(space.rest.workers(sids["worker"]).delete)
    account.twilio.hang_up(sids["caller"])
    account.run(3)
    assert space.rest.workers(sids["worker"]).delete() is True
    account.run(600)  # the task's record, which still has the worker's reservation, goes later


def test_the_channels_of_every_workspace_stay(account: Empty) -> None:
    assert "default channels" in refused(account.space().rest.task_channels("voice").delete)


def test_a_task_channel_with_a_task_stays(account: Empty) -> None:
    space = account.space()
    workflow = space.workflow(space.queue())
    space.rest.task_channels.create(friendly_name="Fax", unique_name="fax")
    task = space.rest.tasks.create(workflow_sid=workflow, task_channel="fax")
    assert "not over" in refused(space.rest.task_channels("fax").delete)
    space.rest.tasks(task.sid).update(assignment_status="canceled", reason="done")
    assert space.rest.task_channels("fax").delete() is True


def test_a_workspace_goes_with_everything_in_it_and_its_callers_leave_the_queue(account: Empty) -> None:
    space, sids = with_a_caller(account, "Available")
    other = account.space("Another")
    assert space.rest.delete() is True
    account.run(10)
    assert [one.sid for one in account.client.taskrouter.v1.workspaces.list()] == [other.sid]
    assert account.heard(sids["caller"]) == ["Goodbye"]
    with pytest.raises(TwilioRestException) as caught:
        space.rest.fetch()
    assert refusal(caught) == (404, 20404)
    account.run(90_000)  # no timer of the workspace that is gone does harm


def test_a_call_to_a_workflow_that_is_gone_fails_to_enqueue(account: Empty) -> None:
    space, _ = with_a_caller(account, "Offline")
    space.rest.delete()
    account.dial()
    account.run(3)
    assert "14220" in account.warnings()

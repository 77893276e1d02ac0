"""What may be deleted and what not: whatever is in use stays."""

from collections.abc import Callable

import pytest
from twilio.base.exceptions import TwilioRestException

from tests.emulator.empty_account import EmptyAccount, Workspace, into, refusal
from tests.emulator.harness import BASE


def refused(delete: Callable[[], bool]) -> str:
    with pytest.raises(TwilioRestException) as caught:
        delete()
    assert refusal(caught) == (400, 20001)
    return str(caught.value.msg)


def with_a_caller(account: EmptyAccount, worker_activity: str) -> tuple[Workspace, dict[str, str]]:
    """A caller waits, and rings at the worker who is available."""
    workspace = account.workspace()
    queue = workspace.queue()
    workflow = workspace.workflow(queue, assignment_callback_url=f"{BASE}/assignment")
    worker = workspace.worker(activity=worker_activity)
    account.pages["/incoming"] = f'<Enqueue workflowSid="{workflow}" waitUrl="" action="/after"/>'
    account.pages["/after"] = "<Say>Goodbye</Say>"
    caller = account.dial()
    account.run(3)
    return workspace, {"queue": queue, "workflow": workflow, "worker": worker, "caller": caller}


def test_what_nothing_uses_can_be_deleted(account: EmptyAccount) -> None:
    workspace = account.workspace()
    activity = workspace.rest.activities.create(friendly_name="Lunch")
    queue = workspace.queue()
    workflow, worker = workspace.workflow(queue), workspace.worker()
    assert workspace.rest.activities(activity.sid).delete() is True
    assert workspace.rest.workers(worker).delete() is True
    assert workspace.rest.workflows(workflow).delete() is True
    assert workspace.rest.task_queues(queue).delete() is True
    assert (workspace.rest.workers.list(), workspace.rest.workflows.list(), workspace.rest.task_queues.list()) == (
        [],
        [],
        [],
    )
    assert [one.friendly_name for one in workspace.rest.activities.list()] == ["Offline", "Unavailable", "Available"]


def test_what_was_deleted_is_gone(account: EmptyAccount) -> None:
    workspace = account.workspace()
    queue = workspace.queue()
    workspace.rest.task_queues(queue).delete()
    for again in (workspace.rest.task_queues(queue).delete, workspace.rest.task_queues(queue).fetch):
        with pytest.raises(TwilioRestException) as caught:
            again()
        assert refusal(caught) == (404, 20404)


def test_an_activity_with_workers_in_it_stays(account: EmptyAccount) -> None:
    workspace = account.workspace()
    workspace.worker("Bea", "Unavailable")
    assert "Bea" in refused(workspace.rest.activities(workspace.activity("Unavailable")).delete)


def test_the_default_and_the_timeout_activity_stay(account: EmptyAccount) -> None:
    workspace = account.workspace()
    workspace.rest.update(timeout_activity_sid=workspace.activity("Unavailable"))
    for name in ("Offline", "Unavailable"):
        assert "default or timeout activity" in refused(workspace.rest.activities(workspace.activity(name)).delete)


def test_an_activity_that_a_task_queue_names_stays(account: EmptyAccount) -> None:
    workspace = account.workspace()
    queue = workspace.queue(assignment_activity_sid=workspace.activity("Unavailable"))
    assert "task queue" in refused(workspace.rest.activities(workspace.activity("Unavailable")).delete)
    workspace.rest.task_queues(queue).delete()
    assert workspace.rest.activities(workspace.activity("Unavailable")).delete() is True


def test_a_task_queue_that_a_workflow_names_stays(account: EmptyAccount) -> None:
    workspace = account.workspace()
    queue, other = workspace.queue("Support"), workspace.queue("Sales")
    workflow = workspace.workflow(queue)
    assert "workflow Calls names it" in refused(workspace.rest.task_queues(queue).delete)
    workspace.rest.workflows(workflow).update(configuration=into(other))
    assert workspace.rest.task_queues(queue).delete() is True


def test_a_task_queue_with_a_caller_in_it_stays(account: EmptyAccount) -> None:
    workspace, sids = with_a_caller(account, "Offline")
    workspace.rest.workflows(sids["workflow"]).update(configuration=into(workspace.queue("Sales")))
    assert "is in it" in refused(workspace.rest.task_queues(sids["queue"]).delete)
    account.twilio.hang_up(sids["caller"])
    account.run(3)
    assert workspace.rest.task_queues(sids["queue"]).delete() is True


def test_a_workflow_with_a_caller_in_it_stays(account: EmptyAccount) -> None:
    workspace, sids = with_a_caller(account, "Offline")
    assert "not over" in refused(workspace.rest.workflows(sids["workflow"]).delete)
    account.twilio.hang_up(sids["caller"])
    account.run(3)
    assert workspace.rest.workflows(sids["workflow"]).delete() is True


def test_a_worker_with_an_open_reservation_stays(account: EmptyAccount) -> None:
    workspace, sids = with_a_caller(account, "Available")
    assert "reservations" in refused(workspace.rest.workers(sids["worker"]).delete)
    account.twilio.hang_up(sids["caller"])
    account.run(3)
    assert workspace.rest.workers(sids["worker"]).delete() is True
    account.run(600)  # the task's record, which still has the worker's reservation, goes later


def test_the_channels_of_every_workspace_stay(account: EmptyAccount) -> None:
    assert "default channels" in refused(account.workspace().rest.task_channels("voice").delete)


def test_a_task_channel_with_a_task_stays(account: EmptyAccount) -> None:
    workspace = account.workspace()
    workflow = workspace.workflow(workspace.queue())
    workspace.rest.task_channels.create(friendly_name="Fax", unique_name="fax")
    task = workspace.rest.tasks.create(workflow_sid=workflow, task_channel="fax")
    assert "not over" in refused(workspace.rest.task_channels("fax").delete)
    workspace.rest.tasks(task.sid).update(assignment_status="canceled", reason="done")
    assert workspace.rest.task_channels("fax").delete() is True


def test_a_workspace_goes_with_everything_in_it_and_its_callers_leave_the_queue(account: EmptyAccount) -> None:
    workspace, sids = with_a_caller(account, "Available")
    other = account.workspace("Another")
    assert workspace.rest.delete() is True
    account.run(10)
    assert [one.sid for one in account.client.taskrouter.v1.workspaces.list()] == [other.sid]
    assert account.heard(sids["caller"]) == ["Goodbye"]
    with pytest.raises(TwilioRestException) as caught:
        workspace.rest.fetch()
    assert refusal(caught) == (404, 20404)
    account.run(90_000)  # no timer of the workspace that is gone does harm


def test_a_call_to_a_workflow_that_is_gone_fails_to_enqueue(account: EmptyAccount) -> None:
    workspace, _ = with_a_caller(account, "Offline")
    workspace.rest.delete()
    account.dial()
    account.run(3)
    assert "14220" in account.warnings()

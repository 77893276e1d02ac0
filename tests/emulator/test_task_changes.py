"""Tasks that are deleted, given a place in the queue, or taken through their workflow anew (contract 5, 7.5)."""

import json
from datetime import UTC, datetime

import pytest
from twilio.base.exceptions import TwilioRestException

from emulator.voice.parties import answers
from emulator.worlds import Worlds
from tests.emulator.empty_account import EmptyAccount, Workspace, into, refusal
from tests.emulator.harness import BASE, LINE, WORKER


def task(workspace: Workspace, workflow: str, **fields: object) -> str:
    return str(workspace.rest.tasks.create(workflow_sid=workflow, attributes="{}", **fields).sid)


def events(account: EmptyAccount, *begin: str) -> list[str]:
    told = [form["EventType"] for form in account.forms("/events")]
    return [event for event in told if event.startswith(begin)]


def told(account: EmptyAccount, workspace: Workspace) -> None:
    workspace.rest.update(event_callback_url=f"{BASE}/events")
    account.pages["/events"] = ""


# DELETE


def test_a_deleted_task_is_gone_and_its_event_says_so(account: EmptyAccount) -> None:
    workspace = account.workspace()
    told(account, workspace)
    sid = task(workspace, workspace.workflow(workspace.queue()))
    assert workspace.rest.tasks(sid).delete() is True
    account.run(1)
    with pytest.raises(TwilioRestException) as caught:
        workspace.rest.tasks(sid).fetch()
    assert refusal(caught) == (404, 20404)
    assert events(account, "task.") == ["task.created", "task.deleted"]


def test_an_old_etag_deletes_no_task(account: EmptyAccount) -> None:
    workspace = account.workspace()
    sid = task(workspace, workspace.workflow(workspace.queue()))
    statuses = [account.taskrouter("DELETE", f"/{workspace.sid}/Tasks/{sid}", etag).status for etag in ('"7"', '"0"')]
    assert statuses == [412, 204]


@pytest.mark.parametrize(
    ("world", "told_of"),
    [
        (Worlds(deleted_task="forgets_reservation"), []),
        (Worlds(deleted_task="cancels_reservation"), ["reservation.canceled"]),
    ],
)
def test_what_becomes_of_a_pending_reservation_is_played_both_ways(world: Worlds, told_of: list[str]) -> None:
    account = EmptyAccount(**world)
    workspace = account.workspace()
    told(account, workspace)
    workflow = workspace.workflow(workspace.queue())
    workspace.worker("Ada", "Available")
    first = workspace.rest.tasks.create(workflow_sid=workflow, attributes="{}", task_channel="voice").sid
    account.run(1)
    assert workspace.rest.tasks(first).delete() is True
    account.run(1)
    assert events(account, "reservation.") == ["reservation.created", *told_of]
    workspace.rest.tasks.create(workflow_sid=workflow, attributes="{}", task_channel="voice")
    account.run(1)
    assert events(account, "reservation.")[-1] == "reservation.created"


def test_a_caller_whose_task_is_deleted_is_treated_as_when_it_is_canceled() -> None:
    account = EmptyAccount(canceled_task="stays")
    workspace = account.workspace()
    workflow = workspace.workflow(workspace.queue())
    account.pages |= {"/incoming": f'<Enqueue workflowSid="{workflow}" waitUrl="/wait"/>', "/wait": "<Say>Wait</Say>"}
    caller = account.dial()
    account.run(3)
    (sid,) = [one.sid for one in workspace.rest.tasks.list()]
    workspace.rest.tasks(sid).delete()
    account.run(10)
    assert account.status(caller) == "in-progress"
    assert len(account.heard(caller)) > 3


# VirtualStartTime


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def test_a_callback_keeps_the_place_of_its_call(account: EmptyAccount) -> None:
    workspace = account.workspace()
    workflow = workspace.workflow(workspace.queue())
    began = account.clock.now()
    account.run(60)
    other = task(workspace, workflow)
    callback = task(workspace, workflow, virtual_start_time=moment(began + 5))
    shown = workspace.rest.tasks(callback).fetch()
    assert (shown.virtual_start_time, shown.date_created) == (moment(began + 5), moment(began + 60))
    in_order = [one.sid for one in workspace.rest.tasks.list(ordering="VirtualStartTime:asc")]
    assert in_order == [callback, other]
    workspace.worker("Ada", "Available")
    account.run(1)
    assert workspace.rest.tasks(callback).fetch().assignment_status == "reserved"
    assert workspace.rest.tasks(other).fetch().assignment_status == "pending"


def test_a_place_may_be_given_later_and_events_show_it(account: EmptyAccount) -> None:
    workspace = account.workspace()
    workflow = workspace.workflow(workspace.queue())
    account.run(60)
    first, second = task(workspace, workflow), task(workspace, workflow)
    told(account, workspace)
    earlier = moment(account.clock.now() - 30)
    assert workspace.rest.tasks(second).update(virtual_start_time=earlier).virtual_start_time == earlier
    account.run(1)
    (form,) = [form for form in account.forms("/events") if form["EventType"] == "task.updated"]
    assert form["TaskVirtualStartTime"] == str(int(earlier.timestamp()))
    workspace.worker("Ada", "Available")
    account.run(1)
    states = [workspace.rest.tasks(sid).fetch().assignment_status for sid in (first, second)]
    assert states == ["pending", "reserved"]


@pytest.mark.parametrize("text", ["2099-01-01T00:00:00Z", "1899-12-31T00:00:00Z", "yesterday", "9999-13-01"])
def test_a_place_in_the_future_or_before_1900_is_refused(account: EmptyAccount, text: str) -> None:
    workspace = account.workspace()
    workflow = workspace.workflow(workspace.queue())
    answer = account.taskrouter("POST", f"/{workspace.sid}/Tasks", WorkflowSid=workflow, VirtualStartTime=text)
    assert (answer.status, answer.body["code"]) == (400, 20001)
    sid = task(workspace, workflow)
    answer = account.taskrouter("POST", f"/{workspace.sid}/Tasks/{sid}", VirtualStartTime=text, Priority="4")
    assert (answer.status, workspace.rest.tasks(sid).fetch().priority) == (400, 0)


# Through the workflow anew


def two_filters(sales: str, support: str) -> str:
    filters = [
        {"expression": "k == 2", "targets": [{"queue": sales}]},
        {"expression": "1 == 1", "targets": [{"queue": support}]},
    ]
    return json.dumps({"task_routing": {"filters": filters}})


def test_re_evaluate_tasks_takes_the_pending_through_the_new_rules_and_leaves_the_reserved(
    account: EmptyAccount,
) -> None:
    workspace = account.workspace()
    told(account, workspace)
    support, sales = workspace.queue("Support"), workspace.queue("Sales")
    workflow = workspace.workflow(support)
    workspace.worker("Ada", "Available")
    reserved = task(workspace, workflow)
    account.run(1)
    pending = task(workspace, workflow)
    account.run(1)
    workspace.rest.workflows(workflow).update(configuration=into(sales), re_evaluate_tasks="true")
    account.run(1)
    queues = [workspace.rest.tasks(sid).fetch().task_queue_sid for sid in (reserved, pending)]
    assert queues == [support, sales]
    (moved,) = [form for form in account.forms("/events") if form["EventType"] == "task-queue.moved"]
    assert (moved["TaskSid"], moved["TaskQueueSid"]) == (pending, support)


def test_without_it_everybody_goes_on_by_the_old_rules(account: EmptyAccount) -> None:
    workspace = account.workspace()
    support, sales = workspace.queue("Support"), workspace.queue("Sales")
    workflow = workspace.workflow(support)
    pending = task(workspace, workflow)
    workspace.rest.workflows(workflow).update(configuration=into(sales), re_evaluate_tasks="false")
    account.run(1)
    assert workspace.rest.tasks(pending).fetch().task_queue_sid == support


def test_a_task_that_fits_nowhere_any_more_is_canceled(account: EmptyAccount) -> None:
    workspace = account.workspace()
    queue = workspace.queue()
    workflow = workspace.workflow(queue)
    pending = task(workspace, workflow)
    rules = {"task_routing": {"filters": [{"expression": "1 == 2", "targets": [{"queue": queue}]}]}}
    workspace.rest.workflows(workflow).update(configuration=json.dumps(rules), re_evaluate_tasks="true")
    assert workspace.rest.tasks(pending).fetch().assignment_status == "canceled"


@pytest.mark.parametrize(
    ("world", "ends_in"), [(Worlds(new_attributes="stay"), "Support"), (Worlds(new_attributes="move"), "Sales")]
)
def test_new_attributes_of_a_pending_task_are_played_both_ways(world: Worlds, ends_in: str) -> None:
    account = EmptyAccount(**world)
    workspace = account.workspace()
    configuration = two_filters(workspace.queue("Sales"), workspace.queue("Support"))
    workflow = workspace.rest.workflows.create(friendly_name="Calls", configuration=configuration).sid
    sid = workspace.rest.tasks.create(workflow_sid=workflow, attributes='{"k": 1}').sid
    account.run(1)
    workspace.rest.tasks(sid).update(attributes='{"k": 2}')
    account.run(1)
    assert workspace.rest.tasks(sid).fetch().task_queue_friendly_name == ends_in


def test_a_task_with_a_ringing_phone_does_not_move() -> None:
    account = EmptyAccount(new_attributes="move")
    workspace = account.workspace()
    configuration = two_filters(workspace.queue("Sales"), workspace.queue("Support"))
    workflow = workspace.rest.workflows.create(friendly_name="Calls", configuration=configuration).sid
    workspace.worker("Ada", "Available")
    account.twilio.phone(WORKER).will(answers(20))
    account.pages["/incoming"] = f'<Enqueue workflowSid="{workflow}" waitUrl=""><Task>{{"k": 1}}</Task></Enqueue>'
    account.dial()
    account.run(3)
    (found,) = workspace.rest.tasks.list()
    assert (found.assignment_status, json.loads(found.attributes)["to"]) == ("reserved", LINE)
    workspace.rest.tasks(found.sid).update(attributes='{"k": 2}')
    account.run(1)
    assert workspace.rest.tasks(found.sid).fetch().task_queue_friendly_name == "Support"

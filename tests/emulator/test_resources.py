"""An empty account becomes a call centre with the official client; every answer is as Twilio describes it."""

import json
from functools import partial

import pytest
from twilio.base.exceptions import TwilioRestException

from emulator.ports import WebResponse
from tests.emulator.empty_account import NOBODY, EmptyAccount, Workspace, into, refusal
from tests.emulator.harness import BASE, WORKER

# Workspaces


def test_a_new_account_has_no_workspace(account: EmptyAccount) -> None:
    assert account.client.taskrouter.v1.workspaces.list() == []


def test_a_new_workspace_has_three_activities_five_channels_and_is_multitasking(account: EmptyAccount) -> None:
    workspace = account.workspace()
    shown = workspace.rest.fetch()
    assert (shown.friendly_name, shown.multi_task_enabled, shown.event_callback_url) == ("Help line", True, None)
    assert (shown.default_activity_name, shown.timeout_activity_name) == ("Offline", "Offline")
    activities = {one.friendly_name: one.available for one in workspace.rest.activities.list()}
    assert activities == {"Offline": False, "Unavailable": False, "Available": True}
    channels = {one.unique_name for one in workspace.rest.task_channels.list()}
    assert channels == {"default", "voice", "chat", "sms", "video"}
    assert (workspace.rest.task_queues.list(), workspace.rest.workflows.list(), workspace.rest.workers.list()) == (
        [],
        [],
        [],
    )


def test_a_workspace_is_created_with_its_events_and_changed(account: EmptyAccount) -> None:
    made = account.client.taskrouter.v1.workspaces.create(
        friendly_name="Help line",
        event_callback_url=f"{BASE}/events",
        events_filter="task.created,task.canceled",
        multi_task_enabled=True,
    )
    assert (made.event_callback_url, made.events_filter) == (f"{BASE}/events", "task.created,task.canceled")
    workspace = Workspace(account.client, made.sid)
    changed = workspace.rest.update(
        friendly_name="Sales",
        events_filter="task.created",
        default_activity_sid=workspace.activity("Unavailable"),
        timeout_activity_sid=workspace.activity("Unavailable"),
    )
    assert (changed.friendly_name, changed.events_filter) == ("Sales", "task.created")
    assert (changed.default_activity_name, changed.timeout_activity_name) == ("Unavailable", "Unavailable")
    assert changed.event_callback_url == f"{BASE}/events"
    assert workspace.rest.update(event_callback_url="").event_callback_url is None


def test_two_workspaces_of_one_name_are_two(account: EmptyAccount) -> None:
    first, second = account.workspace("Help line"), account.workspace("Help line")
    account.workspace("Another")
    found = account.client.taskrouter.v1.workspaces.list(friendly_name="Help line")
    assert [one.sid for one in found] == [first.sid, second.sid]


def test_the_template_fifo_brings_a_queue_and_a_workflow(account: EmptyAccount) -> None:
    made = account.client.taskrouter.v1.workspaces.create(friendly_name="Help line", template="FIFO")
    workspace = Workspace(account.client, made.sid)
    (queue,), (workflow,) = workspace.rest.task_queues.list(), workspace.rest.workflows.list()
    assert queue.sid in workflow.configuration


def test_a_single_tasking_workspace_is_refused(account: EmptyAccount) -> None:
    workspace = account.workspace()
    with pytest.raises(TwilioRestException) as caught:
        workspace.rest.update(multi_task_enabled=False)
    assert refusal(caught) == (400, 20001)


@pytest.mark.parametrize(
    "fields", [{"prioritize_queue_order": "RANDOM"}, {"template": "LIFO"}, {"multi_task_enabled": False}]
)
def test_a_wrong_workspace_is_not_made(account: EmptyAccount, fields: dict[str, object]) -> None:
    with pytest.raises(TwilioRestException) as caught:
        account.client.taskrouter.v1.workspaces.create(friendly_name="Help line", **fields)
    assert refusal(caught) == (400, 20001)
    assert account.client.taskrouter.v1.workspaces.list() == []


# The happy path of a configuration tool


def test_an_empty_account_becomes_a_call_centre_that_takes_a_call(account: EmptyAccount) -> None:
    workspace = account.workspace()
    wrap_up = workspace.rest.activities.create(friendly_name="Wrap up", available=False)
    queue = workspace.queue(target_workers='queue == "Support"')
    workflow = workspace.workflow(queue, assignment_callback_url=f"{BASE}/assignment", task_reservation_timeout=60)
    worker = workspace.worker(activity="Available", queue="Support")
    account.pages["/incoming"] = f'<Enqueue workflowSid="{workflow}" waitUrl=""/>'
    account.dial()
    account.run(3)
    (form,) = account.forms("/assignment")
    assert (form["WorkspaceSid"], form["WorkerSid"], form["WorkflowSid"]) == (workspace.sid, worker, workflow)
    workspace.rest.tasks(form["TaskSid"]).reservations(form["ReservationSid"]).update(
        reservation_status="rejected", worker_activity_sid=wrap_up.sid
    )
    assert workspace.rest.workers(worker).fetch().activity_name == "Wrap up"


def test_a_call_is_routed_in_the_workspace_whose_workflow_enqueue_names(account: EmptyAccount) -> None:
    engines = [account.workspace("One"), account.workspace("Two")]
    workflows = [
        workspace.workflow(workspace.queue(), assignment_callback_url=f"{BASE}/{place}")
        for place, workspace in enumerate(engines)
    ]
    workers = [workspace.worker(activity="Available") for workspace in engines]
    for workflow in workflows:
        account.pages["/incoming"] = f'<Enqueue workflowSid="{workflow}" waitUrl=""/>'
        account.dial()
        account.run(3)
    assert [account.forms(f"/{place}")[0]["WorkerSid"] for place in (0, 1)] == workers


# Activities


def test_whether_an_activity_is_available_is_settled_when_it_is_created(account: EmptyAccount) -> None:
    workspace = account.workspace()
    made = workspace.rest.activities.create(friendly_name="Lunch")
    assert made.available is False
    changed = workspace.rest.activities(made.sid).update(friendly_name="Break")
    assert (changed.friendly_name, changed.available) == ("Break", False)
    assert [one.friendly_name for one in workspace.rest.activities.list(available="true")] == ["Available"]


# Task queues


def test_a_task_queue_has_twilios_defaults_and_can_be_changed(account: EmptyAccount) -> None:
    workspace = account.workspace()
    made = workspace.rest.task_queues.create(friendly_name="Support")
    assert (made.target_workers, made.max_reserved_workers, made.task_order) == ("1==1", 1, "FIFO")
    assert (made.reservation_activity_sid, made.assignment_activity_name) == (None, None)
    changed = workspace.rest.task_queues(made.sid).update(
        friendly_name="Sales",
        target_workers='skills HAS "sales"',
        task_order="LIFO",
        max_reserved_workers=2,
        reservation_activity_sid=workspace.activity("Unavailable"),
    )
    assert (changed.friendly_name, changed.target_workers) == ("Sales", 'skills HAS "sales"')
    assert (changed.task_order, changed.max_reserved_workers) == ("LIFO", 2)
    assert changed.reservation_activity_name == "Unavailable"


@pytest.mark.parametrize(
    "fields",
    [{"target_workers": "skills HAS"}, {"max_reserved_workers": 51}, {"assignment_activity_sid": "WA" + NOBODY}],
)
def test_a_wrong_task_queue_is_refused_and_nothing_is_changed(account: EmptyAccount, fields: dict[str, object]) -> None:
    workspace = account.workspace()
    queue = workspace.queue()
    for attempt in (
        partial(workspace.rest.task_queues.create, friendly_name="Sales", **fields),
        partial(workspace.rest.task_queues(queue).update, friendly_name="Sales", **fields),
    ):
        with pytest.raises(TwilioRestException) as caught:
            attempt()
        assert refusal(caught) == (400, 20001)
    assert [one.friendly_name for one in workspace.rest.task_queues.list()] == ["Support"]


# Workflows


def test_a_workflow_gives_back_the_configuration_as_it_was_sent(account: EmptyAccount) -> None:
    workspace = account.workspace()
    text = into(workspace.queue(), timeout=60, priority=5)
    made = workspace.rest.workflows.create(friendly_name="Calls", configuration=text)
    assert (made.configuration, made.task_reservation_timeout) == (text, 120)
    assert (made.assignment_callback_url, made.fallback_assignment_callback_url) == (None, None)


def test_a_workflow_can_be_changed_field_by_field(account: EmptyAccount) -> None:
    workspace = account.workspace()
    workflow = workspace.rest.workflows(workspace.workflow(workspace.queue()))
    assert workflow.update(task_reservation_timeout=30).task_reservation_timeout == 30
    changed = workflow.update(
        friendly_name="Phones",
        assignment_callback_url=f"{BASE}/assignment",
        fallback_assignment_callback_url=f"{BASE}/again",
        configuration=into(workspace.queue("Sales")),
    )
    assert (changed.friendly_name, changed.task_reservation_timeout) == ("Phones", 30)
    assert changed.assignment_callback_url == f"{BASE}/assignment"
    assert changed.fallback_assignment_callback_url == f"{BASE}/again"


@pytest.mark.parametrize(
    "configuration",
    [
        "nonsense",
        "[]",
        "{}",
        into("WQ" + NOBODY),
        into("{queue}", expression="worker.level >"),
        into("{queue}", skip_if="workers."),
        into("{queue}", timeout=-1),
        into("{queue}", wait=10),
    ],
)
def test_a_wrong_configuration_is_refused_and_nothing_is_changed(account: EmptyAccount, configuration: str) -> None:
    workspace = account.workspace()
    queue = workspace.queue()
    workflow = workspace.workflow(queue)
    wrong = configuration.replace("{queue}", queue)
    for attempt in (
        partial(workspace.rest.workflows.create, friendly_name="Other", configuration=wrong),
        partial(workspace.rest.workflows(workflow).update, friendly_name="Other", configuration=wrong),
    ):
        with pytest.raises(TwilioRestException) as caught:
            attempt()
        assert refusal(caught) == (400, 20001)
    assert [one.friendly_name for one in workspace.rest.workflows.list()] == ["Calls"]


# Workers


def test_a_worker_has_the_default_activity_unless_it_is_told_another(account: EmptyAccount) -> None:
    workspace = account.workspace()
    made = workspace.rest.workers.create(friendly_name="Bea")
    assert (made.activity_name, made.available, made.attributes) == ("Offline", False, "{}")
    assert workspace.rest.workers(workspace.worker("Carl", "Available")).fetch().available is True
    assert [one.friendly_name for one in workspace.rest.workers.list(available="true")] == ["Carl"]
    assert [one.friendly_name for one in workspace.rest.workers.list(activity_name="Offline")] == ["Bea"]
    found = workspace.rest.workers.list(target_workers_expression=f'contact_uri == "{WORKER}"')
    assert [one.friendly_name for one in found] == ["Carl"]


def test_a_worker_is_renamed_but_not_to_another_workers_name(account: EmptyAccount) -> None:
    workspace = account.workspace()
    bea, carl = workspace.worker("Bea"), workspace.worker("Carl")
    assert workspace.rest.workers(bea).update(friendly_name="Beatrice").friendly_name == "Beatrice"
    with pytest.raises(TwilioRestException) as caught:
        workspace.rest.workers(carl).update(friendly_name="Beatrice")
    assert refusal(caught) == (400, 20001)


# Channels


def test_a_workers_channels_hold_one_task_each_until_they_are_changed(account: EmptyAccount) -> None:
    workspace = account.workspace()
    channels = workspace.rest.workers(workspace.worker()).worker_channels
    assert {one.task_channel_unique_name: one.configured_capacity for one in channels.list()} == dict.fromkeys(
        ("default", "voice", "chat", "sms", "video"), 1
    )
    changed = channels("voice").update(capacity=2, available=False)
    assert (changed.configured_capacity, changed.available) == (2, False)
    assert (changed.assigned_tasks, changed.available_capacity_percentage) == (0, 100)
    assert channels(changed.sid).fetch().configured_capacity == 2
    assert channels(changed.task_channel_sid).fetch().task_channel_unique_name == "voice"


def test_the_capacity_decides_how_many_calls_a_worker_gets(account: EmptyAccount) -> None:
    workspace = account.workspace()
    worker = workspace.rest.workers(workspace.worker(activity="Available"))
    workflow = workspace.workflow(workspace.queue(), assignment_callback_url=f"{BASE}/assignment")
    worker.worker_channels("voice").update(capacity=0)
    account.pages["/incoming"] = f'<Enqueue workflowSid="{workflow}" waitUrl=""/>'
    for _ in range(3):
        account.dial()
    account.run(3)
    assert account.forms("/assignment") == []
    worker.worker_channels("voice").update(capacity=2)
    account.run(3)
    assert len(account.forms("/assignment")) == 2
    assert worker.worker_channels("voice").fetch().available_capacity_percentage == 0


def test_a_channel_that_is_not_available_gets_no_call(account: EmptyAccount) -> None:
    workspace = account.workspace()
    worker = workspace.rest.workers(workspace.worker(activity="Available"))
    workflow = workspace.workflow(workspace.queue(), assignment_callback_url=f"{BASE}/assignment")
    worker.worker_channels("voice").update(available=False)
    account.pages["/incoming"] = f'<Enqueue workflowSid="{workflow}" waitUrl=""/>'
    account.dial()
    account.run(3)
    assert account.forms("/assignment") == []
    worker.worker_channels("voice").update(available=True)
    account.run(3)
    assert len(account.forms("/assignment")) == 1


def test_a_task_channel_of_ones_own_comes_to_every_worker(account: EmptyAccount) -> None:
    workspace = account.workspace()
    worker = workspace.rest.workers(workspace.worker())
    made = workspace.rest.task_channels.create(friendly_name="Fax", unique_name="fax", channel_optimized_routing=True)
    assert (made.unique_name, made.channel_optimized_routing) == ("fax", True)
    assert worker.worker_channels("fax").fetch().configured_capacity == 1
    changed = workspace.rest.task_channels("fax").update(friendly_name="Telefax", channel_optimized_routing=False)
    assert (changed.friendly_name, changed.channel_optimized_routing) == ("Telefax", False)
    with pytest.raises(TwilioRestException) as caught:
        workspace.rest.task_channels.create(friendly_name="Another", unique_name="fax")
    assert refusal(caught) == (400, 20001)
    assert workspace.rest.task_channels(made.sid).delete() is True
    assert "fax" not in {one.task_channel_unique_name for one in worker.worker_channels.list()}


# What every resource has


@pytest.mark.parametrize(
    ("path", "missing"),
    [
        ("", "FriendlyName"),
        ("/{workspace}/Activities", "FriendlyName"),
        ("/{workspace}/TaskQueues", "FriendlyName"),
        ("/{workspace}/Workers", "FriendlyName"),
        ("/{workspace}/Workflows", "FriendlyName"),
        ("/{workspace}/TaskChannels", "FriendlyName"),
    ],
)
def test_what_is_required_must_be_sent(account: EmptyAccount, path: str, missing: str) -> None:
    workspace = account.workspace()
    answer = account.taskrouter("POST", path.format(workspace=workspace.sid))
    assert (answer.status, answer.body["code"]) == (400, 20001)
    assert answer.body["message"] == f"Missing required parameter {missing} in the post body"


def test_a_workflow_needs_a_configuration(account: EmptyAccount) -> None:
    answer = account.taskrouter("POST", f"/{account.workspace().sid}/Workflows", FriendlyName="Calls")
    assert answer.body["message"] == "Missing required parameter Configuration in the post body"


@pytest.mark.parametrize("collection", ["activities", "task_queues", "workflows", "workers"])
def test_two_of_one_name_are_refused_within_a_workspace(account: EmptyAccount, collection: str) -> None:
    engines = [account.workspace("One"), account.workspace("Two")]
    more = [{"configuration": into(workspace.queue())} if collection == "workflows" else {} for workspace in engines]
    for workspace, fields in zip(engines, more, strict=True):
        getattr(workspace.rest, collection).create(friendly_name="Same", **fields)
    with pytest.raises(TwilioRestException) as caught:
        getattr(engines[0].rest, collection).create(friendly_name="Same", **more[0])
    assert refusal(caught) == (400, 20001)
    assert len(getattr(engines[0].rest, collection).list(friendly_name="Same")) == 1


@pytest.mark.parametrize("collection", ["activities", "workers", "task_channels"])
def test_a_name_is_at_most_64_characters_long(account: EmptyAccount, collection: str) -> None:
    more = {"unique_name": "own"} if collection == "task_channels" else {}
    with pytest.raises(TwilioRestException) as caught:
        getattr(account.workspace().rest, collection).create(friendly_name="n" * 65, **more)
    assert refusal(caught) == (400, 20001)


@pytest.mark.parametrize("url", ["app.example.com/events", "ftp://app.example.com", "https://"])
def test_an_url_that_is_none_is_refused(account: EmptyAccount, url: str) -> None:
    with pytest.raises(TwilioRestException) as caught:
        account.client.taskrouter.v1.workspaces.create(friendly_name="Help line", event_callback_url=url)
    assert refusal(caught) == (400, 20001)
    assert account.client.taskrouter.v1.workspaces.list() == []


@pytest.mark.parametrize("path", ["", *(f"/{part}/{{sid}}" for part in ("Activities", "TaskQueues", "Workflows"))])
def test_what_is_not_there_is_20404(account: EmptyAccount, path: str) -> None:
    base = f"/{account.workspace().sid}{path}" if path else f"/WS{NOBODY}"
    for method in ("GET", "POST", "DELETE"):
        answer = account.taskrouter(method, base.format(sid="XX" + NOBODY))
        assert (answer.status, answer.body["code"]) == (404, 20404)


def test_a_method_that_a_path_has_not_is_20004(account: EmptyAccount) -> None:
    answer = account.taskrouter("DELETE", f"/{account.workspace().sid}/Workers")
    assert (answer.status, answer.body["code"]) == (405, 20004)


def test_long_lists_come_page_by_page_with_their_filter(account: EmptyAccount) -> None:
    workspace = account.workspace()
    for number in range(7):
        workspace.rest.activities.create(friendly_name=f"Activity {number}", available=True)
    assert len(workspace.rest.activities.list(page_size=3)) == 10
    available = workspace.rest.activities.list(available="true", page_size=3)
    assert len(available) == 8
    assert all(one.available for one in available)


def test_what_is_made_changed_and_deleted_is_told_as_an_event(account: EmptyAccount) -> None:
    workspace = account.workspace()
    account.pages["/events"] = WebResponse(204, {}, b"")
    workspace.rest.update(event_callback_url=f"{BASE}/events")
    activity = workspace.rest.activities(workspace.rest.activities.create(friendly_name="Lunch").sid)
    queue = workspace.rest.task_queues(workspace.queue())
    workflow = workspace.rest.workflows(workspace.workflow(queue.fetch().sid))
    worker = workspace.rest.workers(workspace.worker())
    activity.update(friendly_name="Break")
    queue.update(target_workers="1==1")
    workflow.update(task_reservation_timeout=30)
    worker.update(attributes="{}")
    for one in (activity, worker, workflow, queue, workspace.rest):
        assert one.delete() is True
    account.run(1)
    kinds = ("activity", "task-queue", "workflow", "worker")
    assert sorted(form["EventType"] for form in account.forms("/events")) == sorted(
        [
            *(f"{kind}.{what}" for kind in kinds for what in ("created", "deleted")),
            *("workspace.updated", "workspace.deleted", "activity.updated", "workflow.updated"),
            *("task-queue.expression.updated", "worker.attributes.update"),
        ]
    )


def test_a_worker_who_was_changed_meanwhile_is_not_deleted_by_an_old_etag(account: EmptyAccount) -> None:
    workspace = account.workspace()
    worker = workspace.worker()
    workspace.rest.workers(worker).update(attributes='{"level": 2}')
    # the official client forgets the header when it deletes
    statuses = [account.taskrouter("DELETE", f"/{workspace.sid}/Workers/{worker}", tag).status for tag in ("0", "1")]
    assert statuses == [412, 204]


def test_a_lifo_queue_serves_its_youngest_caller_first(account: EmptyAccount) -> None:
    workspace = account.workspace()
    workflow = workspace.workflow(workspace.queue(task_order="LIFO"), assignment_callback_url=f"{BASE}/assignment")
    account.pages["/incoming"] = f'<Enqueue workflowSid="{workflow}" waitUrl=""/>'
    callers = []
    for _ in range(2):
        callers.append(account.dial())
        account.run(5)
    workspace.worker(activity="Available")
    account.run(3)
    (form,) = account.forms("/assignment")
    assert json.loads(form["TaskAttributes"])["call_sid"] == callers[1]


# The calls of Python


def test_python_means_the_oldest_workspace_until_it_is_told_another(account: EmptyAccount) -> None:
    with pytest.raises(LookupError, match="no workspace"):
        _ = account.twilio.router.workspace
    first, second = account.workspace("One"), account.workspace("Two")
    assert account.twilio.router.workspace.sid == first.sid
    account.twilio.router.use(second.sid)
    account.twilio.router.create_worker("Bea", {})
    assert [one.friendly_name for one in second.rest.workers.list()] == ["Bea"]
    made = account.twilio.router.create_workspace("Three")
    assert account.twilio.router.workspace is made


def test_the_workers_of_a_queue_are_listed(account: EmptyAccount) -> None:
    workspace = account.workspace()
    queue = workspace.rest.task_queues.create(friendly_name="Sales", target_workers='skills HAS "sales"')
    for name, skill, activity in (
        ("Ann", "sales", "Available"),
        ("Bea", "sales", "Offline"),
        ("Carl", "it", "Available"),
    ):
        workspace.rest.workers(workspace.worker(name, activity)).update(attributes=json.dumps({"skills": [skill]}))
    names = [one.friendly_name for one in workspace.rest.workers.list(task_queue_sid=queue.sid)]
    assert names == ["Ann", "Bea"]
    free = workspace.rest.workers.list(task_queue_sid=queue.sid, available="true")
    assert [one.friendly_name for one in free] == ["Ann"]
    assert workspace.rest.workers.list(task_queue_sid="WQ" + NOBODY) == []

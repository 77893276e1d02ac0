"""An empty account becomes a call centre with the official client; every answer is as Twilio describes it."""

import json
from functools import partial

import pytest
from twilio.base.exceptions import TwilioRestException

from emulator.ports import WebResponse
from tests.emulator.empty import NOBODY, Empty, Space, into, refusal
from tests.emulator.stage import BASE, WORKER

# Workspaces


def test_a_new_account_has_no_workspace(account: Empty) -> None:
    assert account.client.taskrouter.v1.workspaces.list() == []


def test_a_new_workspace_has_three_activities_five_channels_and_is_multitasking(account: Empty) -> None:
    space = account.space()
    shown = space.rest.fetch()
    assert (shown.friendly_name, shown.multi_task_enabled, shown.event_callback_url) == ("Help line", True, None)
    assert (shown.default_activity_name, shown.timeout_activity_name) == ("Offline", "Offline")
    activities = {one.friendly_name: one.available for one in space.rest.activities.list()}
    assert activities == {"Offline": False, "Unavailable": False, "Available": True}
    channels = {one.unique_name for one in space.rest.task_channels.list()}
    assert channels == {"default", "voice", "chat", "sms", "video"}
    assert (space.rest.task_queues.list(), space.rest.workflows.list(), space.rest.workers.list()) == ([], [], [])


def test_a_workspace_is_created_with_its_events_and_changed(account: Empty) -> None:
    made = account.client.taskrouter.v1.workspaces.create(
        friendly_name="Help line",
        event_callback_url=f"{BASE}/events",
        events_filter="task.created,task.canceled",
        multi_task_enabled=True,
    )
    assert (made.event_callback_url, made.events_filter) == (f"{BASE}/events", "task.created,task.canceled")
    space = Space(account.client, made.sid)
    changed = space.rest.update(
        friendly_name="Sales",
        events_filter="task.created",
        default_activity_sid=space.activity("Unavailable"),
        timeout_activity_sid=space.activity("Unavailable"),
    )
    assert (changed.friendly_name, changed.events_filter) == ("Sales", "task.created")
    assert (changed.default_activity_name, changed.timeout_activity_name) == ("Unavailable", "Unavailable")
    assert changed.event_callback_url == f"{BASE}/events"
    assert space.rest.update(event_callback_url="").event_callback_url is None


def test_two_workspaces_of_one_name_are_two(account: Empty) -> None:
    first, second = account.space("Help line"), account.space("Help line")
    account.space("Another")
    found = account.client.taskrouter.v1.workspaces.list(friendly_name="Help line")
    assert [one.sid for one in found] == [first.sid, second.sid]


def test_the_template_fifo_brings_a_queue_and_a_workflow(account: Empty) -> None:
    made = account.client.taskrouter.v1.workspaces.create(friendly_name="Help line", template="FIFO")
    space = Space(account.client, made.sid)
    (queue,), (workflow,) = space.rest.task_queues.list(), space.rest.workflows.list()
    assert queue.sid in workflow.configuration


def test_a_single_tasking_workspace_is_refused(account: Empty) -> None:
    space = account.space()
    with pytest.raises(TwilioRestException) as caught:
        space.rest.update(multi_task_enabled=False)
    assert refusal(caught) == (400, 20001)


@pytest.mark.parametrize(
    "fields", [{"prioritize_queue_order": "RANDOM"}, {"template": "LIFO"}, {"multi_task_enabled": False}]
)
def test_a_wrong_workspace_is_not_made(account: Empty, fields: dict[str, object]) -> None:
    with pytest.raises(TwilioRestException) as caught:
        account.client.taskrouter.v1.workspaces.create(friendly_name="Help line", **fields)
    assert refusal(caught) == (400, 20001)
    assert account.client.taskrouter.v1.workspaces.list() == []


# The happy path of a configuration tool


def test_an_empty_account_becomes_a_call_centre_that_takes_a_call(account: Empty) -> None:
    space = account.space()
    wrap_up = space.rest.activities.create(friendly_name="Wrap up", available=False)
    queue = space.queue(target_workers='queue == "Support"')
    workflow = space.workflow(queue, assignment_callback_url=f"{BASE}/assignment", task_reservation_timeout=60)
    worker = space.worker(activity="Available", queue="Support")
    account.pages["/incoming"] = f'<Enqueue workflowSid="{workflow}" waitUrl=""/>'
    account.dial()
    account.run(3)
    (form,) = account.forms("/assignment")
    assert (form["WorkspaceSid"], form["WorkerSid"], form["WorkflowSid"]) == (space.sid, worker, workflow)
    space.rest.tasks(form["TaskSid"]).reservations(form["ReservationSid"]).update(
        reservation_status="rejected", worker_activity_sid=wrap_up.sid
    )
    assert space.rest.workers(worker).fetch().activity_name == "Wrap up"


def test_a_call_is_routed_in_the_workspace_whose_workflow_enqueue_names(account: Empty) -> None:
    spaces = [account.space("One"), account.space("Two")]
    workflows = [
        space.workflow(space.queue(), assignment_callback_url=f"{BASE}/{place}") for place, space in enumerate(spaces)
    ]
    workers = [space.worker(activity="Available") for space in spaces]
    for workflow in workflows:
        account.pages["/incoming"] = f'<Enqueue workflowSid="{workflow}" waitUrl=""/>'
        account.dial()
        account.run(3)
    assert [account.forms(f"/{place}")[0]["WorkerSid"] for place in (0, 1)] == workers


# Activities


def test_whether_an_activity_is_available_is_settled_when_it_is_created(account: Empty) -> None:
    space = account.space()
    made = space.rest.activities.create(friendly_name="Lunch")
    assert made.available is False
    changed = space.rest.activities(made.sid).update(friendly_name="Break")
    assert (changed.friendly_name, changed.available) == ("Break", False)
    assert [one.friendly_name for one in space.rest.activities.list(available="true")] == ["Available"]


# Task queues


def test_a_task_queue_has_twilios_defaults_and_can_be_changed(account: Empty) -> None:
    space = account.space()
    made = space.rest.task_queues.create(friendly_name="Support")
    assert (made.target_workers, made.max_reserved_workers, made.task_order) == ("1==1", 1, "FIFO")
    assert (made.reservation_activity_sid, made.assignment_activity_name) == (None, None)
    changed = space.rest.task_queues(made.sid).update(
        friendly_name="Sales",
        target_workers='skills HAS "sales"',
        task_order="LIFO",
        max_reserved_workers=2,
        reservation_activity_sid=space.activity("Unavailable"),
    )
    assert (changed.friendly_name, changed.target_workers) == ("Sales", 'skills HAS "sales"')
    assert (changed.task_order, changed.max_reserved_workers) == ("LIFO", 2)
    assert changed.reservation_activity_name == "Unavailable"


@pytest.mark.parametrize(
    "fields",
    [{"target_workers": "skills HAS"}, {"max_reserved_workers": 51}, {"assignment_activity_sid": "WA" + NOBODY}],
)
def test_a_wrong_task_queue_is_refused_and_nothing_is_changed(account: Empty, fields: dict[str, object]) -> None:
    space = account.space()
    queue = space.queue()
    for attempt in (
        partial(space.rest.task_queues.create, friendly_name="Sales", **fields),
        partial(space.rest.task_queues(queue).update, friendly_name="Sales", **fields),
    ):
        with pytest.raises(TwilioRestException) as caught:
            attempt()
        assert refusal(caught) == (400, 20001)
    assert [one.friendly_name for one in space.rest.task_queues.list()] == ["Support"]


# Workflows


def test_a_workflow_gives_back_the_configuration_as_it_was_sent(account: Empty) -> None:
    space = account.space()
    text = into(space.queue(), timeout=60, priority=5)
    made = space.rest.workflows.create(friendly_name="Calls", configuration=text)
    assert (made.configuration, made.task_reservation_timeout) == (text, 120)
    assert (made.assignment_callback_url, made.fallback_assignment_callback_url) == (None, None)


def test_a_workflow_can_be_changed_field_by_field(account: Empty) -> None:
    space = account.space()
    workflow = space.rest.workflows(space.workflow(space.queue()))
    assert workflow.update(task_reservation_timeout=30).task_reservation_timeout == 30
    changed = workflow.update(
        friendly_name="Phones",
        assignment_callback_url=f"{BASE}/assignment",
        fallback_assignment_callback_url=f"{BASE}/again",
        configuration=into(space.queue("Sales")),
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
def test_a_wrong_configuration_is_refused_and_nothing_is_changed(account: Empty, configuration: str) -> None:
    space = account.space()
    queue = space.queue()
    workflow = space.workflow(queue)
    wrong = configuration.replace("{queue}", queue)
    for attempt in (
        partial(space.rest.workflows.create, friendly_name="Other", configuration=wrong),
        partial(space.rest.workflows(workflow).update, friendly_name="Other", configuration=wrong),
    ):
        with pytest.raises(TwilioRestException) as caught:
            attempt()
        assert refusal(caught) == (400, 20001)
    assert [one.friendly_name for one in space.rest.workflows.list()] == ["Calls"]


# Workers


def test_a_worker_has_the_default_activity_unless_it_is_told_another(account: Empty) -> None:
    space = account.space()
    made = space.rest.workers.create(friendly_name="Bea")
    assert (made.activity_name, made.available, made.attributes) == ("Offline", False, "{}")
    assert space.rest.workers(space.worker("Carl", "Available")).fetch().available is True
    assert [one.friendly_name for one in space.rest.workers.list(available="true")] == ["Carl"]
    assert [one.friendly_name for one in space.rest.workers.list(activity_name="Offline")] == ["Bea"]
    found = space.rest.workers.list(target_workers_expression=f'contact_uri == "{WORKER}"')
    assert [one.friendly_name for one in found] == ["Carl"]


def test_a_worker_is_renamed_but_not_to_another_workers_name(account: Empty) -> None:
    space = account.space()
    bea, carl = space.worker("Bea"), space.worker("Carl")
    assert space.rest.workers(bea).update(friendly_name="Beatrice").friendly_name == "Beatrice"
    with pytest.raises(TwilioRestException) as caught:
        space.rest.workers(carl).update(friendly_name="Beatrice")
    assert refusal(caught) == (400, 20001)


# Channels


def test_a_workers_channels_hold_one_task_each_until_they_are_changed(account: Empty) -> None:
    space = account.space()
    channels = space.rest.workers(space.worker()).worker_channels
    assert {one.task_channel_unique_name: one.configured_capacity for one in channels.list()} == dict.fromkeys(
        ("default", "voice", "chat", "sms", "video"), 1
    )
    changed = channels("voice").update(capacity=2, available=False)
    assert (changed.configured_capacity, changed.available) == (2, False)
    assert (changed.assigned_tasks, changed.available_capacity_percentage) == (0, 100)
    assert channels(changed.sid).fetch().configured_capacity == 2
    assert channels(changed.task_channel_sid).fetch().task_channel_unique_name == "voice"


def test_the_capacity_decides_how_many_calls_a_worker_gets(account: Empty) -> None:
    space = account.space()
    worker = space.rest.workers(space.worker(activity="Available"))
    workflow = space.workflow(space.queue(), assignment_callback_url=f"{BASE}/assignment")
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


def test_a_channel_that_is_not_available_gets_no_call(account: Empty) -> None:
    space = account.space()
    worker = space.rest.workers(space.worker(activity="Available"))
    workflow = space.workflow(space.queue(), assignment_callback_url=f"{BASE}/assignment")
    worker.worker_channels("voice").update(available=False)
    account.pages["/incoming"] = f'<Enqueue workflowSid="{workflow}" waitUrl=""/>'
    account.dial()
    account.run(3)
    assert account.forms("/assignment") == []
    worker.worker_channels("voice").update(available=True)
    account.run(3)
    assert len(account.forms("/assignment")) == 1


def test_a_task_channel_of_ones_own_comes_to_every_worker(account: Empty) -> None:
    space = account.space()
    worker = space.rest.workers(space.worker())
    made = space.rest.task_channels.create(friendly_name="Fax", unique_name="fax", channel_optimized_routing=True)
    assert (made.unique_name, made.channel_optimized_routing) == ("fax", True)
    assert worker.worker_channels("fax").fetch().configured_capacity == 1
    changed = space.rest.task_channels("fax").update(friendly_name="Telefax", channel_optimized_routing=False)
    assert (changed.friendly_name, changed.channel_optimized_routing) == ("Telefax", False)
    with pytest.raises(TwilioRestException) as caught:
        space.rest.task_channels.create(friendly_name="Another", unique_name="fax")
    assert refusal(caught) == (400, 20001)
    assert space.rest.task_channels(made.sid).delete() is True
    assert "fax" not in {one.task_channel_unique_name for one in worker.worker_channels.list()}


# What every resource has


@pytest.mark.parametrize(
    ("path", "missing"),
    [
        ("", "FriendlyName"),
        ("/{space}/Activities", "FriendlyName"),
        ("/{space}/TaskQueues", "FriendlyName"),
        ("/{space}/Workers", "FriendlyName"),
        ("/{space}/Workflows", "FriendlyName"),
        ("/{space}/TaskChannels", "FriendlyName"),
    ],
)
def test_what_is_required_must_be_sent(account: Empty, path: str, missing: str) -> None:
    space = account.space()
    answer = account.taskrouter("POST", path.format(space=space.sid))
    assert (answer.status, answer.body["code"]) == (400, 20001)
    assert answer.body["message"] == f"Missing required parameter {missing} in the post body"


def test_a_workflow_needs_a_configuration(account: Empty) -> None:
    answer = account.taskrouter("POST", f"/{account.space().sid}/Workflows", FriendlyName="Calls")
    assert answer.body["message"] == "Missing required parameter Configuration in the post body"


@pytest.mark.parametrize("collection", ["activities", "task_queues", "workflows", "workers"])
def test_two_of_one_name_are_refused_within_a_workspace(account: Empty, collection: str) -> None:
    spaces = [account.space("One"), account.space("Two")]
    more = [{"configuration": into(space.queue())} if collection == "workflows" else {} for space in spaces]
    for space, fields in zip(spaces, more, strict=True):
        getattr(space.rest, collection).create(friendly_name="Same", **fields)
    with pytest.raises(TwilioRestException) as caught:
        getattr(spaces[0].rest, collection).create(friendly_name="Same", **more[0])
    assert refusal(caught) == (400, 20001)
    assert len(getattr(spaces[0].rest, collection).list(friendly_name="Same")) == 1


@pytest.mark.parametrize("collection", ["activities", "workers", "task_channels"])
def test_a_name_is_at_most_64_characters_long(account: Empty, collection: str) -> None:
    more = {"unique_name": "own"} if collection == "task_channels" else {}
    with pytest.raises(TwilioRestException) as caught:
        getattr(account.space().rest, collection).create(friendly_name="n" * 65, **more)
    assert refusal(caught) == (400, 20001)


@pytest.mark.parametrize("url", ["app.example.com/events", "ftp://app.example.com", "https://"])
def test_an_url_that_is_none_is_refused(account: Empty, url: str) -> None:
    with pytest.raises(TwilioRestException) as caught:
        account.client.taskrouter.v1.workspaces.create(friendly_name="Help line", event_callback_url=url)
    assert refusal(caught) == (400, 20001)
    assert account.client.taskrouter.v1.workspaces.list() == []


@pytest.mark.parametrize("path", ["", *(f"/{part}/{{sid}}" for part in ("Activities", "TaskQueues", "Workflows"))])
def test_what_is_not_there_is_20404(account: Empty, path: str) -> None:
    base = f"/{account.space().sid}{path}" if path else f"/WS{NOBODY}"
    for method in ("GET", "POST", "DELETE"):
        answer = account.taskrouter(method, base.format(sid="XX" + NOBODY))
        assert (answer.status, answer.body["code"]) == (404, 20404)


def test_a_method_that_a_path_has_not_is_20004(account: Empty) -> None:
    answer = account.taskrouter("DELETE", f"/{account.space().sid}/Workers")
    assert (answer.status, answer.body["code"]) == (405, 20004)


def test_long_lists_come_page_by_page_with_their_filter(account: Empty) -> None:
    space = account.space()
    for number in range(7):
        space.rest.activities.create(friendly_name=f"Activity {number}", available=True)
    assert len(space.rest.activities.list(page_size=3)) == 10
    available = space.rest.activities.list(available="true", page_size=3)
    assert len(available) == 8
    assert all(one.available for one in available)


def test_what_is_made_changed_and_deleted_is_told_as_an_event(account: Empty) -> None:
    space = account.space()
    account.pages["/events"] = WebResponse(204, {}, b"")
    space.rest.update(event_callback_url=f"{BASE}/events")
    activity = space.rest.activities(space.rest.activities.create(friendly_name="Lunch").sid)
    queue = space.rest.task_queues(space.queue())
    workflow = space.rest.workflows(space.workflow(queue.fetch().sid))
    worker = space.rest.workers(space.worker())
    activity.update(friendly_name="Break")
    queue.update(target_workers="1==1")
    workflow.update(task_reservation_timeout=30)
    worker.update(attributes="{}")
    for one in (activity, worker, workflow, queue, space.rest):
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


def test_a_worker_who_was_changed_meanwhile_is_not_deleted_by_an_old_etag(account: Empty) -> None:
    space = account.space()
    worker = space.worker()
    space.rest.workers(worker).update(attributes='{"level": 2}')
    # the official client forgets the header when it deletes
    statuses = [account.taskrouter("DELETE", f"/{space.sid}/Workers/{worker}", tag).status for tag in ("0", "1")]
    assert statuses == [412, 204]


def test_a_lifo_queue_serves_its_youngest_caller_first(account: Empty) -> None:
    space = account.space()
    workflow = space.workflow(space.queue(task_order="LIFO"), assignment_callback_url=f"{BASE}/assignment")
    account.pages["/incoming"] = f'<Enqueue workflowSid="{workflow}" waitUrl=""/>'
    callers = []
    for _ in range(2):
        callers.append(account.dial())
        account.run(5)
    space.worker(activity="Available")
    account.run(3)
    (form,) = account.forms("/assignment")
    assert json.loads(form["TaskAttributes"])["call_sid"] == callers[1]


# The calls of Python


def test_python_means_the_oldest_workspace_until_it_is_told_another(account: Empty) -> None:
    with pytest.raises(LookupError, match="no workspace"):
        _ = account.twilio.router.workspace
    first, second = account.space("One"), account.space("Two")
    assert account.twilio.router.workspace.sid == first.sid
    account.twilio.router.use(second.sid)
    account.twilio.router.create_worker("Bea", {})
    assert [one.friendly_name for one in second.rest.workers.list()] == ["Bea"]
    made = account.twilio.router.create_workspace("Three")
    assert account.twilio.router.workspace is made

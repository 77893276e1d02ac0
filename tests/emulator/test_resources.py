"""An empty account becomes a call centre with the official client; every answer is as Twilio describes it."""

import json
from collections.abc import Iterator
from functools import partial

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from emulator.openapi import Description, folder
from tests.emulator.official import client_of
from tests.emulator.stage import BASE, WORKER, Stage

NOBODY = "0" * 32


class Empty(Stage):
    """An account that owns nothing yet."""

    def __init__(self) -> None:
        super().__init__({})
        self.twilio.exchange.router = self.twilio.router
        self.client: Client = client_of(self)

    def space(self, name: str = "Help line") -> "Space":
        return Space(self.client, self.client.taskrouter.v1.workspaces.create(friendly_name=name).sid)


class Space:
    """A workspace, by the official client."""

    def __init__(self, client: Client, sid: str) -> None:
        self.sid = sid
        self.rest = client.taskrouter.v1.workspaces(sid)

    def activity(self, name: str) -> str:
        (found,) = self.rest.activities.list(friendly_name=name)
        return str(found.sid)

    def queue(self, name: str = "Support", **fields: object) -> str:
        return str(self.rest.task_queues.create(friendly_name=name, **fields).sid)

    def workflow(self, queue: str, name: str = "Calls", **fields: object) -> str:
        return str(self.rest.workflows.create(friendly_name=name, configuration=into(queue), **fields).sid)

    def worker(self, name: str = "Bea", activity: str = "Offline", **attributes: object) -> str:
        given = json.dumps({"contact_uri": WORKER, **attributes})
        worker = self.rest.workers.create(friendly_name=name, attributes=given, activity_sid=self.activity(activity))
        return str(worker.sid)


def into(queue: str, **target: object) -> str:
    """A workflow's configuration that sends every task to one queue."""
    return json.dumps({"task_routing": {"filters": [{"expression": "1==1", "targets": [{"queue": queue, **target}]}]}})


def refusal(caught: pytest.ExceptionInfo[TwilioRestException]) -> tuple[int, int]:
    return caught.value.status, caught.value.code


@pytest.fixture
def account() -> Iterator[Empty]:
    """After the test, each request and each answer that is no refusal is held against Twilio's own description."""
    stage = Empty()
    yield stage
    path = folder()
    if path is not None:
        description = Description(path)
        problems = [
            (one.method, one.url, found)
            for one in stage.twilio.requests
            if one.answer.status < 400
            for found in (
                *description.check_request(one.method, one.url, one.form),
                *description.check_response(one.method, one.url, one.answer.status, one.answer.body),
            )
        ]
        assert problems == []


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

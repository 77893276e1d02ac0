"""Lists of tasks, workers and task queues: their filters, and their order (contract 5)."""

import json
from collections.abc import Iterable
from types import SimpleNamespace

import pytest
from twilio.base.exceptions import TwilioException, TwilioRestException

from tests.emulator.empty_account import EmptyAccount, Workspace, refusal


def names(found: Iterable[SimpleNamespace]) -> list[object]:
    return [json.loads(task.attributes)["name"] for task in found]


class Waiting(Workspace):
    """Three tasks: Ann's and Bob's calls for Support, a callback for Sales; a second passes after each."""

    def __init__(self, account: EmptyAccount) -> None:
        super().__init__(account.client, account.workspace().sid)
        self.support, self.sales = self.queue("Support"), self.queue("Sales")
        self.calls, self.callbacks = self.workflow(self.support), self.workflow(self.sales, "Callbacks")
        self.ann = self._task(account, self.calls, 0, name="Ann", call_sid="CA1", conference={"sid": "CF1"})
        self.bob = self._task(account, self.calls, 5, name="Bob", call_sid="CA2")
        self.callback = self._task(account, self.callbacks, 1, name="Cy")
        account.run(5)

    def _task(self, account: EmptyAccount, workflow: str, priority: int, **attributes: object) -> str:
        task = self.rest.tasks.create(attributes=json.dumps(attributes), workflow_sid=workflow, priority=priority)
        account.run(1)
        return str(task.sid)


@pytest.mark.parametrize(
    "expression",
    [
        "call_sid == 'CA2'",
        '(call_sid="CA2")',
        "name='Bob'",
        "call_sid != null AND NOT (conference.sid == 'CF1')",
    ],
)
def test_the_task_of_one_call_is_found_by_its_attributes_and_nobody_elses(
    account: EmptyAccount, expression: str
) -> None:
    waiting = Waiting(account)
    assert names(waiting.rest.tasks.list(evaluate_task_attributes=expression)) == ["Bob"]


def test_a_tasks_conference_is_asked_for_by_its_path(account: EmptyAccount) -> None:
    waiting = Waiting(account)
    assert names(waiting.rest.tasks.list(evaluate_task_attributes='conference.sid == "CF1"')) == ["Ann"]
    assert waiting.rest.tasks.list(evaluate_task_attributes='conference.sid == "CF2"') == []


@pytest.mark.parametrize(
    "nonsense",
    [
        {"evaluate_task_attributes": "call_sid =="},
        {"priority": "high"},
        {"ordering": "Age:asc"},
        {"ordering": "Priority"},
        {"ordering": "Priority:asc,,DateCreated:up"},
        {"assignment_status": ["waiting"]},
    ],
)
def test_a_filter_or_an_order_that_is_none_shows_nothing(account: EmptyAccount, nonsense: dict[str, str]) -> None:
    waiting = Waiting(account)
    with pytest.raises(TwilioException, match="HTTP 400"):
        waiting.rest.tasks.list(**nonsense)


def test_a_fourth_question_about_attributes_within_a_second_is_20429(account: EmptyAccount) -> None:
    waiting = Waiting(account)
    for _ in range(3):
        waiting.rest.tasks.list(evaluate_task_attributes="name = 'Ann'")
    with pytest.raises(TwilioException, match="HTTP 429"):
        waiting.rest.tasks.list(evaluate_task_attributes="name = 'Ann'")
    assert len(waiting.rest.tasks.list()) == 3
    account.run(1)
    assert names(waiting.rest.tasks.list(evaluate_task_attributes="name = 'Ann'")) == ["Ann"]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"task_queue_name": "Sales"}, ["Cy"]),
        ({"task_queue_name": "Nobody"}, []),
        ({"workflow_name": "Calls"}, ["Ann", "Bob"]),
        ({"priority": "5"}, ["Bob"]),
        ({"workflow_name": "Calls", "priority": "1"}, []),
        ({"has_addons": "true"}, []),
        ({"has_addons": "false"}, ["Ann", "Bob", "Cy"]),
        ({"routing_target": "WK" + "0" * 32}, []),
        ({"assignment_status": ["pending, reserved"]}, ["Ann", "Bob", "Cy"]),
    ],
)
def test_each_filter_of_tasks_counts(account: EmptyAccount, filters: dict[str, str], found: list[str]) -> None:
    assert names(Waiting(account).rest.tasks.list(**filters)) == found


@pytest.mark.parametrize(
    ("ordering", "found"),
    [
        ("", ["Ann", "Bob", "Cy"]),
        ("DateCreated:asc", ["Ann", "Bob", "Cy"]),
        ("DateCreated:desc", ["Cy", "Bob", "Ann"]),
        ("Priority:desc", ["Bob", "Cy", "Ann"]),
        ("Priority:asc, DateCreated:desc", ["Ann", "Cy", "Bob"]),
        ("VirtualStartTime:desc", ["Cy", "Bob", "Ann"]),
    ],
)
def test_tasks_come_in_the_order_that_is_asked_for(account: EmptyAccount, ordering: str, found: list[str]) -> None:
    assert names(Waiting(account).rest.tasks.list(ordering=ordering)) == found


def test_pages_keep_filter_and_order(account: EmptyAccount) -> None:
    found = Waiting(account).rest.tasks.list(ordering="Priority:desc", page_size=1)
    assert names(found) == ["Bob", "Cy", "Ann"]


def test_a_list_shows_attributes_whole() -> None:
    account = EmptyAccount()
    assert names(Waiting(account).rest.tasks.list()) == ["Ann", "Bob", "Cy"]


def test_in_the_other_world_a_list_shows_no_attributes_and_a_task_alone_does() -> None:
    account = EmptyAccount(listed_attributes="null")
    waiting = Waiting(account)
    assert {task.attributes for task in waiting.rest.tasks.list()} == {None}
    (found,) = waiting.rest.tasks.list(evaluate_task_attributes="name = 'Ann'")
    assert found.attributes is None
    assert names([waiting.rest.tasks(waiting.ann).fetch()]) == ["Ann"]


def test_workers_and_queues_are_found_by_each_other(account: EmptyAccount) -> None:
    workspace = account.workspace()
    ada = workspace.worker("Ada", skill="sales")
    bea = workspace.worker("Bea", skill="support")
    for name in ("sales", "support"):
        workspace.queue(name, target_workers=f"skill == '{name}'")
    workspace.queue("everybody")

    def workers(**filters: str) -> list[str]:
        return [worker.sid for worker in workspace.rest.workers.list(**filters)]

    def queues(**filters: str) -> list[str]:
        return [queue.friendly_name for queue in workspace.rest.task_queues.list(**filters)]

    assert (workers(task_queue_name="sales"), workers(task_queue_name="everybody")) == ([ada], [ada, bea])
    assert workers(task_queue_name="nobody") == []
    assert queues(worker_sid=bea) == ["support", "everybody"]
    assert queues(evaluate_worker_attributes="skill == 'sales'") == ["sales", "everybody"]
    assert queues(evaluate_worker_attributes="skill == 'law'") == []
    with pytest.raises(TwilioException, match="HTTP 400"):
        queues(evaluate_worker_attributes="skill ==")
    with pytest.raises(TwilioException, match="HTTP 400"):
        workers(target_workers_expression="skill ==")
    assert queues(worker_sid="WK" + "0" * 32) == []


def test_a_list_that_is_refused_names_what_is_wrong(account: EmptyAccount) -> None:
    waiting = Waiting(account)
    answer = account.taskrouter("GET", f"/{waiting.sid}/Tasks", EvaluateTaskAttributes="call_sid ==")
    assert (answer.status, answer.body["code"]) == (400, 20001)
    assert answer.body["message"] == "EvaluateTaskAttributes is no expression: Unexpected text at position 11"


def test_a_task_that_is_canceled_was_the_callers_own(account: EmptyAccount) -> None:
    """What a callback application does: the first hit for its call is canceled."""
    waiting = Waiting(account)
    (mine,) = waiting.rest.tasks.list(evaluate_task_attributes='call_sid == "CA2"', page_size=1)
    waiting.rest.tasks(mine.sid).update(assignment_status="canceled", reason="callback")
    states = {task.sid: task.assignment_status for task in waiting.rest.tasks.list()}
    assert states == {waiting.ann: "pending", waiting.bob: "canceled", waiting.callback: "pending"}
    with pytest.raises(TwilioRestException) as caught:
        waiting.rest.tasks(mine.sid).update(assignment_status="canceled")
    assert refusal(caught) == (400, 20001)


def test_workers_come_in_the_order_of_their_activities_and_queues_of_their_changes(account: EmptyAccount) -> None:
    workspace = account.workspace()
    ada, bob = workspace.worker("Ada"), workspace.worker("Bob")
    sales, support = workspace.queue("Sales"), workspace.queue("Support")
    account.run(1)
    workspace.rest.workers(ada).update(activity_sid=workspace.activity("Available"))
    workspace.rest.task_queues(sales).update(friendly_name="Sales II")
    for ordering, workers, queues in (("asc", [bob, ada], [support, sales]), ("desc", [ada, bob], [sales, support])):
        found = workspace.rest.workers.list(ordering=f"DateStatusChanged:{ordering}")
        assert [worker.sid for worker in found] == workers
        assert [queue.sid for queue in workspace.rest.task_queues.list(ordering=f"DateUpdated:{ordering}")] == queues


@pytest.mark.parametrize("ordering", ["Name:asc", "DateStatusChanged", "DateUpdated:up"])
def test_an_order_of_workers_or_queues_that_is_none_is_refused(account: EmptyAccount, ordering: str) -> None:
    workspace = account.workspace()
    for resource in (workspace.rest.workers, workspace.rest.task_queues):
        with pytest.raises(TwilioException, match="HTTP 400"):
            resource.list(ordering=ordering)

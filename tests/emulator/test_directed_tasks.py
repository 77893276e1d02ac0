"""Tasks that are sent past their workflow: to a worker, a task queue or another workflow (contract 5)."""

import json

import pytest
from twilio.base.exceptions import TwilioRestException

from tests.emulator.empty_account import EmptyAccount, Workspace, refusal

NOBODY = "WK" + "0" * 32


class Office(Workspace):
    """Every task goes to Support, which is Ada's alone; Bea belongs to nobody's queue."""

    def __init__(self, account: EmptyAccount) -> None:
        super().__init__(account.client, account.workspace().sid)
        self.support = self.queue("Support", target_workers="team == 'support'")
        self.empty = self.queue("Empty", target_workers="1 == 2")
        self.calls = self.workflow(self.support)
        self.other = self.workflow(self.empty, "Other")
        self.ada = self.worker("Ada", "Available", team="support")
        self.bea = self.worker("Bea", "Available")

    def task(self, **fields: object) -> str:
        return str(self.rest.tasks.create(attributes="{}", **{"workflow_sid": self.calls, **fields}).sid)

    def reserved(self, task: str) -> list[str]:
        return [str(one.worker_sid) for one in self.rest.tasks(task).reservations.list()]

    def refused(self, **fields: object) -> tuple[int, int]:
        with pytest.raises(TwilioRestException) as caught:
            self.task(**fields)
        return refusal(caught)


def test_a_task_for_a_worker_waits_for_nobody_else_and_is_shown_and_found_by_it(account: EmptyAccount) -> None:
    office = Office(account)
    task = office.task(routing_target=office.bea)
    other = office.task()
    account.run(1)
    assert (office.reserved(task), office.reserved(other)) == ([office.bea], [office.ada])
    shown = office.rest.tasks(task).fetch()
    assert (shown.routing_target, shown.ignore_capacity, shown.task_queue_sid) == (office.bea, True, office.support)
    assert [one.sid for one in office.rest.tasks.list(routing_target=office.bea)] == [task]
    assert office.rest.tasks(other).fetch().routing_target is None


def test_such_a_task_asks_neither_for_capacity_nor_for_availability(account: EmptyAccount) -> None:
    office = Office(account)
    first, second = office.task(routing_target=office.bea), office.task(routing_target=office.bea)
    office.rest.workers(office.ada).update(activity_sid=office.activity("Offline"))
    third = office.task(routing_target=office.ada)
    account.run(1)
    assert [office.reserved(one) for one in (first, second, third)] == [[office.bea], [office.bea], [office.ada]]


def test_unless_it_says_so(account: EmptyAccount) -> None:
    office = Office(account)
    given = {"routing_target": office.bea, "ignore_capacity": "false"}
    first, second = office.task(**given), office.task(**given)
    account.run(1)
    assert (office.reserved(first), office.reserved(second)) == ([office.bea], [])
    assert office.rest.tasks(second).fetch().ignore_capacity is False
    office.rest.workers(office.bea).update(activity_sid=office.activity("Offline"))
    account.run(200)
    assert office.reserved(second) == []


def test_events_tell_of_the_capacity_that_does_not_count(account: EmptyAccount) -> None:
    office = Office(account)
    office.task(routing_target=office.bea)
    (event,) = office.rest.events.list(event_type="task.created")
    assert event.event_data["task_ignore_capacity"] == "true"


@pytest.mark.parametrize("field", ["routing_target", "task_queue_sid"])
def test_a_task_for_a_queue_is_there_whatever_the_workflow_says(account: EmptyAccount, field: str) -> None:
    office = Office(account)
    task = office.task(**{field: office.empty})
    account.run(1)
    shown = office.rest.tasks(task).fetch()
    assert (shown.task_queue_sid, shown.workflow_sid, office.reserved(task)) == (office.empty, office.calls, [])
    configuration = office.rest.workflows(office.calls).fetch().configuration
    office.rest.workflows(office.calls).update(configuration=configuration, re_evaluate_tasks=True)
    account.run(1)
    assert office.rest.tasks(task).fetch().task_queue_sid == office.empty


def test_a_task_for_a_worker_belongs_in_the_queue_that_is_named(account: EmptyAccount) -> None:
    office = Office(account)
    task = office.task(routing_target=office.ada, task_queue_sid=office.empty)
    account.run(1)
    assert (office.rest.tasks(task).fetch().task_queue_sid, office.reserved(task)) == (office.empty, [office.ada])


def test_a_task_for_a_workflow_takes_its_way(account: EmptyAccount) -> None:
    office = Office(account)
    task = office.rest.tasks.create(attributes="{}", routing_target=office.other)
    assert (task.workflow_sid, task.routing_target) == (office.other, office.other)


def test_what_is_not_there_or_does_not_fit_is_20001(account: EmptyAccount) -> None:
    office = Office(account)
    for fields in (
        {"routing_target": NOBODY},
        {"task_queue_sid": NOBODY},
        {"routing_target": office.support, "task_queue_sid": office.empty},
        {"routing_target": office.other},
        {"ignore_capacity": "true"},
        {"ignore_capacity": "true", "routing_target": office.support},
    ):
        assert office.refused(**fields) == (400, 20001)
    assert office.rest.tasks.list() == []


def test_a_task_changes_its_channel(account: EmptyAccount) -> None:
    office = Office(account)
    task = office.task(task_channel="voice", task_queue_sid=office.empty)
    changed = office.rest.tasks(task).update(task_channel="chat")
    assert (changed.task_channel_unique_name, json.loads(changed.attributes)) == ("chat", {})
    with pytest.raises(TwilioRestException) as caught:
        office.rest.tasks(task).update(task_channel="fax")
    assert refusal(caught) == (400, 20001)

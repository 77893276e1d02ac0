"""Statistics of a workspace, a workflow, a task queue, its workers and one worker (contract 7.7)."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
import requests
from twilio.base.exceptions import TwilioRestException

from emulator.server import in_real_time, serve
from emulator.voice.parties import answers, hangs_up, joined, talks, waits
from tests.emulator.empty_account import EmptyAccount, Workspace, refusal
from tests.emulator.harness import ACCOUNT, TOKEN, WORKER


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)


NOTHING = {"avg": 0, "min": 0, "max": 0, "total": 0}


class Day(Workspace):
    """Ada takes a call after 10 s and talks for 20; then Bob waits 5 s and hangs up, and Cy waits on."""

    def __init__(self, account: EmptyAccount) -> None:
        super().__init__(account.client, account.workspace().sid)
        self.support = self.queue("Support")
        self.calls = self.workflow(self.support)
        account.pages["/incoming"] = f'<Enqueue workflowSid="{self.calls}" waitUrl=""/>'
        account.twilio.phone(WORKER).will(answers(1, [joined(), talks(20), hangs_up()]))
        account.dial()
        account.run(10)
        self.ada = self.worker("Ada", "Available")
        account.run(1)
        (task,) = self.rest.tasks.list()
        (reservation,) = self.rest.tasks(task.sid).reservations.list()
        account.pages["/answer"] = f"<Dial><Queue reservationSid='{reservation.sid}'/></Dial>"
        account.ring()
        account.run(30)
        self.rest.tasks(task.sid).update(assignment_status="completed", reason="talked")
        self.rest.workers(self.ada).update(activity_sid=self.activity("Offline"))
        account.dial(waits(5.5), hangs_up())
        account.dial(waits(600))
        account.run(20)


def test_a_dashboard_reads_the_present_and_the_last_quarter_of_an_hour(account: EmptyAccount) -> None:
    day = Day(account)
    told = day.rest.statistics().fetch()
    assert (told.realtime["total_tasks"], told.realtime["total_workers"]) == (1, 1)
    assert told.realtime["tasks_by_status"] == {"pending": 1, "reserved": 0, "assigned": 0, "wrapping": 0}
    assert told.realtime["tasks_by_priority"] == {"0": 1}
    workers = {one["friendly_name"]: one["workers"] for one in told.realtime["activity_statistics"]}
    assert workers == {"Offline": 1, "Unavailable": 0, "Available": 0}
    cumulative = told.cumulative
    assert (cumulative["tasks_created"], cumulative["tasks_completed"], cumulative["tasks_canceled"]) == (3, 1, 1)
    assert (cumulative["reservations_created"], cumulative["reservations_accepted"]) == (1, 1)
    assert cumulative["wait_duration_until_canceled"] == {"avg": 5, "min": 5, "max": 5, "total": 5}
    waited = cumulative["wait_duration_until_accepted"]
    assert waited == {"avg": 13, "min": 13, "max": 13, "total": 13}
    assert cumulative["avg_task_acceptance_time"] == waited["avg"]


def test_workflow_and_queue_tell_of_their_own_tasks(account: EmptyAccount) -> None:
    day = Day(account)
    other = day.workflow(day.queue("Sales"), "Leads")
    day.rest.tasks.create(workflow_sid=other, attributes="{}", priority=4)
    account.run(1)
    (leads,) = [one for one in day.rest.tasks.list() if one.workflow_sid == other]
    real = day.rest.workflows(other).real_time_statistics().fetch()
    assert (real.total_tasks, real.tasks_by_priority, real.longest_task_waiting_sid) == (1, {"4": 1}, leads.sid)
    past = day.rest.workflows(other).cumulative_statistics().fetch()
    assert (past.tasks_entered, past.tasks_canceled, past.reservations_created) == (1, 0, 0)
    assert past.wait_duration_until_accepted == NOTHING
    both = day.rest.workflows(day.calls).statistics().fetch()
    assert (both.realtime["total_tasks"], both.cumulative["tasks_entered"]) == (1, 3)
    queue = day.rest.task_queues(day.support)
    real = queue.real_time_statistics().fetch()
    assert (real.total_tasks, real.total_eligible_workers, real.total_available_workers) == (1, 1, 0)
    assert real.longest_relative_task_age_in_queue == real.longest_task_waiting_age == 20
    past = queue.cumulative_statistics().fetch()
    assert (past.tasks_entered, past.reservations_accepted, past.tasks_moved) == (3, 1, 0)
    assert past.wait_duration_in_queue_until_accepted["max"] in {12, 13}  # from whole seconds
    shown = {one.task_queue_sid: one.realtime["total_tasks"] for one in day.rest.task_queues.statistics.list()}
    assert shown[day.support] == 1
    assert len(day.rest.task_queues.statistics.list(friendly_name="Sales")) == 1


def test_workers_tell_of_reservations_and_of_their_activities(account: EmptyAccount) -> None:
    day = Day(account)
    bea = day.worker("Bea", "Available")
    account.run(10)
    told = day.rest.workers.statistics().fetch()
    assert told.realtime["total_workers"] == 2
    assert (told.cumulative["reservations_created"], told.cumulative["reservations_accepted"]) == (2, 1)
    of_ada = day.rest.workers(day.ada).statistics().fetch().cumulative
    seconds = {one["friendly_name"]: one["total"] for one in of_ada["activity_durations"]}
    assert seconds == {"Offline": 30, "Unavailable": 0, "Available": 31}
    of_bea = day.rest.workers(bea).statistics().fetch().cumulative
    assert (of_bea["reservations_created"], of_bea["reservations_accepted"]) == (1, 0)
    by_name = day.rest.workers.statistics().fetch(friendly_name="Bea")
    assert by_name.realtime["total_workers"] == 1
    assert day.rest.workers.statistics().fetch(task_queue_name="Nobody").realtime["total_workers"] == 0
    assert day.rest.workers.real_time_statistics().fetch().total_workers == 2
    assert day.rest.workers.cumulative_statistics().fetch().reservations_created == 2


def test_a_worker_named_statistics_takes_nothing_away(account: EmptyAccount) -> None:
    workspace = account.workspace()
    workspace.worker("Statistics")
    assert workspace.rest.workers.statistics().fetch().realtime["total_workers"] == 1


def test_the_window_and_the_channel_are_those_that_are_asked_for(account: EmptyAccount) -> None:
    day = Day(account)

    def created(**asked: object) -> object:
        return day.rest.cumulative_statistics().fetch(**asked).tasks_created

    began = account.clock.now() - 61
    assert created() == 3
    account.run(300)
    assert (created(minutes=2), created(minutes=10)) == (0, 3)
    account.run(900)
    assert (created(), created(minutes=60)) == (0, 3)
    first = day.rest.cumulative_statistics().fetch(start_date=moment(began - 5), end_date=moment(began + 5))
    assert (first.tasks_created, first.start_time, first.end_time) == (1, moment(began - 5), moment(began + 5))
    assert (created(minutes=60, task_channel="voice"), created(minutes=60, task_channel="chat")) == (3, 0)


def test_callers_are_split_by_how_long_they_waited(account: EmptyAccount) -> None:
    day = Day(account)
    split = day.rest.cumulative_statistics().fetch(split_by_wait_time="5,30").split_by_wait_time
    assert split["5"]["below"] == {"reservations_accepted": 0, "tasks_canceled": 1}
    assert split["5"]["above"] == {"reservations_accepted": 1, "tasks_canceled": 0}
    assert split["30"]["below"] == {"reservations_accepted": 1, "tasks_canceled": 1}


@pytest.mark.parametrize(
    "form", [{"SplitByWaitTime": "soon"}, {"Minutes": "all"}, {"StartDate": "yesterday"}, {"EndDate": "1.1.2027"}]
)
def test_a_window_that_is_none_is_refused(account: EmptyAccount, form: dict[str, str]) -> None:
    answer = account.taskrouter("GET", f"/{account.workspace().sid}/CumulativeStatistics", **form)
    assert (answer.status, answer.body["code"]) == (400, 20001)


def test_nobody_has_statistics_who_is_not_there(account: EmptyAccount) -> None:
    workspace = account.workspace()
    for resource in (
        workspace.rest.workflows("WW" + "0" * 32).statistics(),
        workspace.rest.task_queues("WQ" + "0" * 32).real_time_statistics(),
        workspace.rest.workers("WK" + "0" * 32).statistics(),
    ):
        with pytest.raises(TwilioRestException) as caught:
            resource.fetch()
        assert refusal(caught) == (404, 20404)


@dataclass(frozen=True)
class Queues:
    """The body as the official client wants it."""

    sids: list[str]

    def to_dict(self) -> dict[str, list[str]]:
        return {"queueSids": self.sids}


def test_many_queues_tell_of_the_present_at_once(account: EmptyAccount) -> None:
    day = Day(account)
    empty, elsewhere = day.queue("Empty"), "WQ" + "0" * 32
    told = day.rest.task_queues.bulk_real_time_statistics.create(Queues([day.support, empty, elsewhere]))
    assert told.task_queue_response_count == 3
    support, nothing, unknown = told.task_queue_data
    assert (support["task_queue_sid"], support["total_tasks"], support["total_eligible_workers"]) == (day.support, 1, 1)
    assert support["tasks_by_status"]["pending"] == 1
    assert (nothing["total_tasks"], nothing["total_eligible_workers"]) == (0, 1)
    assert (unknown["task_queue_sid"], unknown["total_eligible_workers"]) == (elsewhere, 0)


def test_no_queue_or_more_than_fifty_or_what_is_no_sid_is_refused(account: EmptyAccount) -> None:
    resource = account.workspace().rest.task_queues.bulk_real_time_statistics
    for sids in ([], ["WQ" + "0" * 32] * 51, ["Support"]):
        with pytest.raises(TwilioRestException) as caught:
            resource.create(Queues(sids))
        assert refusal(caught) == (400, 20001)


def test_a_sixth_question_about_many_queues_within_a_second_is_20429(account: EmptyAccount) -> None:
    workspace = account.workspace()
    resource, asked = workspace.rest.task_queues.bulk_real_time_statistics, Queues([workspace.queue()])
    for _ in range(5):
        resource.create(asked)
    with pytest.raises(TwilioRestException) as caught:
        resource.create(asked)
    assert refusal(caught) == (429, 20429)
    account.run(1)
    assert resource.create(asked).task_queue_response_count == 1


def test_over_http_its_json_is_read_in_every_world() -> None:
    with in_real_time(ACCOUNT, TOKEN) as (twilio, loop):
        server = serve(twilio, loop)
        try:
            workspace = loop.call(lambda: twilio.router.create_workspace("Help line"))
            queue = loop.call(lambda: twilio.router.create_task_queue("Support"))
            url = f"{server.url}/v1/Workspaces/{workspace.sid}/TaskQueues/RealTimeStatistics"
            told = requests.post(url, json={"queueSids": [queue.sid]}, auth=(ACCOUNT, TOKEN), timeout=10)
        finally:
            server.stop()
    assert (told.status_code, told.json()["task_queue_data"][0]["task_queue_sid"]) == (200, queue.sid)

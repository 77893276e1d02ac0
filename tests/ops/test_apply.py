"""Apply makes the account what the files say, whatever it was before and whatever happens on the way."""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
import requests

from emulator.server import in_real_time, serve
from ops import twilio as ops_account
from ops.aws.former import FormerNumbers
from ops.callcenter.apply import Outcome, apply
from ops.callcenter.files import Center
from ops.callcenter.model import Step
from ops.callcenter.plan import as_text_of, has_drift, plan
from ops.callcenter.resources.workspace_settings import EVENTS
from ops.callcenter.state import actual, desired
from ops.errors import OpsError, TwilioError
from tests.emulator.harness import ACCOUNT, TOKEN
from tests.ops.files import API, center
from tests.ops.harness import NUMBERS, Account, Cut, Transport

FORMER = FormerNumbers("test")
AGAIN = "#rc=2&rp=all"


@pytest.fixture
def account() -> Account:
    return Account()


def applied(account: Account, wanted: Center | None = None, prune: bool = False) -> Outcome:
    return apply(account.client, wanted or center(), API, FORMER, prune=prune)


def difference(account: Account, wanted: Center | None = None, prune: bool = False) -> Sequence[Step]:
    wanted = wanted or center()
    return plan(desired(wanted, API), actual(account.client, wanted), prune)


def test_an_empty_account_becomes_the_call_centre_of_the_files(account: Account) -> None:
    outcome = applied(account)
    assert not has_drift(difference(account)), as_text_of(difference(account))
    assert outcome.left == ()
    workspace = account.engine.fetch()
    assert workspace.friendly_name == "Harbour Clinic"
    assert workspace.multi_task_enabled is True
    assert workspace.event_callback_url == f"{API}/taskrouter/events{AGAIN}"
    assert set(workspace.events_filter.split(",")) == set(EVENTS)
    assert (workspace.default_activity_name, workspace.timeout_activity_name) == ("Offline", "Unavailable")
    activities = {one.friendly_name: one.available for one in account.engine.activities.list()}
    assert activities == {"Offline": False, "Unavailable": False, "Available": True, "Wrap up": False}


def test_the_workflow_leads_to_the_assignment_callback_and_its_targets_to_the_queues(account: Account) -> None:
    applied(account)
    (workflow,) = account.engine.workflows.list()
    queues = {queue.friendly_name: queue.sid for queue in account.engine.task_queues.list()}
    assert workflow.assignment_callback_url == f"{API}/taskrouter/assignment{AGAIN}"
    assert workflow.fallback_assignment_callback_url == workflow.assignment_callback_url
    assert workflow.task_reservation_timeout == 60
    first, second = json.loads(workflow.configuration)["task_routing"]["filters"]
    assert [target["queue"] for target in first["targets"]] == [queues["Support"], queues["Sales"]]
    assert first["targets"][0]["timeout"] == 90
    assert second["targets"][0]["known_worker_friendly_name"] == "task.agent"


def test_workers_have_their_attributes_and_their_capacity(account: Account) -> None:
    applied(account)
    workers = {worker.friendly_name: worker for worker in account.engine.workers.list()}
    assert json.loads(workers["Dora"].attributes) == {
        "queues": ["Sales", "Support"],
        "language": "en",
        "contact_uri": "client:dora",
    }
    assert workers["Bea"].activity_name == "Offline"
    voice = account.engine.workers(workers["Dora"].sid).worker_channels("voice").fetch()
    assert voice.configured_capacity == 2


def test_numbers_lead_to_the_application(account: Account) -> None:
    applied(account)
    for number in account.client.incoming_phone_numbers.list():
        assert number.voice_url == f"{API}/voice/incoming{AGAIN}"
        assert number.voice_fallback_url == f"{API}/voice/fallback{AGAIN}"
        assert number.status_callback == ""


def test_the_application_gets_the_sids_of_what_the_files_name(account: Account) -> None:
    environment = applied(account).environment
    engine = account.engine
    assert environment["TWILIO_ACCOUNT_SID"] == ACCOUNT
    assert environment["TWILIO_WORKSPACE_SID"] == engine.fetch().sid
    assert environment["TWILIO_WORKFLOW_SID"] == engine.workflows.list()[0].sid
    assert json.loads(environment["TWILIO_ACTIVITIES"]) == {
        one.friendly_name: one.sid for one in engine.activities.list()
    }
    assert json.loads(environment["TWILIO_TASK_QUEUES"]) == {
        one.friendly_name: one.sid for one in engine.task_queues.list()
    }


def test_a_second_apply_changes_nothing(account: Account) -> None:
    first = applied(account)
    account.transport.sent.clear()
    second = applied(account)
    assert (second.done, second.environment) == ((), first.environment)
    assert account.transport.changes == []


def test_what_was_changed_by_hand_is_shown_and_changed_back(account: Account) -> None:
    applied(account)
    engine = account.engine
    engine.update(event_callback_url="https://elsewhere.example.com/events", events_filter="task.created")
    (bea,) = engine.workers.list(friendly_name="Bea")
    engine.workers(bea.sid).update(attributes=json.dumps({"queues": []}))
    engine.workers(bea.sid).worker_channels("voice").update(capacity=5)
    (support,) = engine.task_queues.list(friendly_name="Support")
    engine.task_queues(support.sid).update(target_workers="1==1")
    shown = as_text_of([step for step in difference(account) if step.is_drift])
    for line in (
        "~ task queue Support",
        '    - target_workers = "1==1"',
        "~ workspace settings Harbour Clinic",
        '    - event_callback_url = "https://elsewhere.example.com/events"',
        "~ worker Bea",
        "    - attributes.queues = []",
        '    + attributes.queues = ["Support"]',
        '    + attributes.contact_uri = "+14155550111"',
        "~ worker channel Bea/voice",
        "    - configured_capacity = 5",
    ):
        assert line in shown.splitlines()
    applied(account)
    assert not has_drift(difference(account))


def test_only_the_fields_that_differ_are_sent(account: Account) -> None:
    applied(account)
    applied(account, center(("timeout = 90", "timeout = 120")))
    (last,) = [one for one in account.twilio.requests if one.method == "POST" and "/Workflows/" in one.url]
    assert list(last.form) == ["Configuration"]


def test_what_the_files_do_not_name_is_left_alone(account: Account) -> None:
    applied(account)
    gil = account.engine.workers.create(friendly_name="Gil", attributes='{"queues": ["Support"]}')
    (bea,) = account.engine.workers.list(friendly_name="Bea")
    attributes = {**json.loads(bea.attributes), "flex": True}
    account.engine.workers(bea.sid).update(attributes=json.dumps(attributes))
    other = account.client.taskrouter.v1.workspaces.create(friendly_name="Somebody else's")
    outcome = applied(account, center(("level = 2", "level = 3")))
    inside = account.client.taskrouter.v1.workspaces(outcome.environment["TWILIO_WORKSPACE_SID"])
    assert inside.workers(gil.sid).fetch().friendly_name == "Gil"
    assert json.loads(inside.workers(bea.sid).fetch().attributes) == {**attributes, "level": 3}
    assert account.client.taskrouter.v1.workspaces(other.sid).workers.list() == []


def test_prune_deletes_what_the_files_do_not_name(account: Account) -> None:
    applied(account)
    account.engine.workers.create(friendly_name="Gil")
    smaller = center(("[workers.Bea]", "[workers.Ada]"), ('"Wrap up" = false', ""), ('after_call = "Wrap up"', ""))
    outcome = applied(account, smaller, prune=True)
    assert [(step.kind, step.name) for step in outcome.done if step.verb == "delete"] == [
        ("worker", "Bea"),
        ("worker", "Gil"),
        ("activity", "Wrap up"),
    ]
    assert sorted(worker.friendly_name for worker in account.engine.workers.list()) == ["Ada", "Dora"]
    assert not difference(account, smaller, prune=True)


def test_what_somebody_deleted_just_before_is_pruned_too(account: Account) -> None:
    applied(account)
    gil = account.engine.workers.create(friendly_name="Gil")

    def delete(method: str, path: str) -> None:
        account.transport.before = lambda method, path: None
        if method == "DELETE":
            gil.delete()
        else:
            account.transport.before = delete

    account.transport.before = delete
    assert [step.name for step in applied(account, prune=True).done] == ["Gil"]
    assert not difference(account, prune=True)


def test_names_and_numbers_that_only_begin_alike_are_somebody_elses(account: Account) -> None:
    """However much of them Twilio's filters let through."""
    alike = f"{NUMBERS[0]}9"
    account.twilio.own(alike)
    other = account.client.taskrouter.v1.workspaces.create(friendly_name="Harbour Clinic 2")
    inner = account.transport.request

    def generous(method: str, url: str, **more: Any) -> Any:
        wanted = {name: value for name, value in (more.pop("params", None) or {}).items() if name == "PageSize"}
        return inner(method, url, params=wanted, **more)

    account.transport.request = generous  # type: ignore[method-assign]
    outcome = applied(account)
    assert not difference(account)
    assert outcome.environment["TWILIO_WORKSPACE_SID"] != other.sid
    assert not account.client.taskrouter.v1.workspaces(other.sid).workers.list()
    assert not account.twilio.numbers[alike].voice_url


def test_an_activity_that_workers_still_use_is_not_pruned_and_they_are_named(account: Account) -> None:
    applied(account)
    (wrap_up,) = account.engine.activities.list(friendly_name="Wrap up")
    (bea,) = account.engine.workers.list(friendly_name="Bea")
    account.engine.workers(bea.sid).update(activity_sid=wrap_up.sid)
    smaller = center(('"Wrap up" = false', ""), ('after_call = "Wrap up"', ""))
    with pytest.raises(OpsError, match="delete activity Wrap up: Bea still use it; move them to another one first"):
        applied(account, smaller, prune=True)
    assert account.engine.activities(wrap_up.sid).fetch().friendly_name == "Wrap up"


def test_a_number_that_the_account_does_not_have_is_left_and_all_else_is_done(account: Account) -> None:
    del account.twilio.numbers[NUMBERS[1]]
    outcome = applied(account)
    assert [(step.verb, step.name) for step in outcome.left] == [("impossible", NUMBERS[1])]
    assert account.client.incoming_phone_numbers.list()[0].voice_url.startswith(API)


def test_the_voice_queue_is_enlarged_by_an_apply_after_the_first_call(account: Account) -> None:
    larger = center(("[workflow]\n", "[voice_queue]\nmax_size = 250\n[workflow]\n"))
    outcome = applied(account, larger)
    assert "apply again after it" in as_text_of(outcome.left)
    workflow = outcome.environment["TWILIO_WORKFLOW_SID"]
    account.pages["/api/voice/incoming"] = f'<Enqueue workflowSid="{workflow}" waitUrl=""/>'
    account.twilio.dial("+12125550171", NUMBERS[0])
    account.run(2)
    assert [step.kind for step in applied(account, larger).done] == ["voice queue"]
    (queue,) = account.client.queues.list()
    assert (queue.friendly_name, queue.max_size) == (workflow, 250)
    assert not difference(account, larger)


# --- What goes wrong


@pytest.mark.parametrize("after", range(12))
def test_a_second_apply_finishes_what_a_broken_network_left(account: Account, after: int) -> None:
    account.transport.before = Cut(after)
    with pytest.raises(
        TwilioError,
        match=r"Twilio cannot be reached \(ConnectionError\): is there a network\? What was done stays done",
    ):
        applied(account)
    account.transport.before = lambda method, path: None
    applied(account)
    assert not has_drift(difference(account))
    assert len(account.client.taskrouter.v1.workspaces.list()) == 1
    assert len(account.engine.workers.list()) == 2


def test_an_answer_that_was_lost_makes_nothing_twice(account: Account) -> None:
    """Twilio has made it, and the answer never came."""
    inner = account.transport.request

    def lose(method: str, url: str, **kwargs: object) -> object:
        answer = inner(method, url, **kwargs)
        if method.upper() == "POST" and url.endswith("/TaskQueues"):
            account.transport.request = inner  # type: ignore[method-assign]
            raise requests.exceptions.ReadTimeout("late")
        return answer

    account.transport.request = lose  # type: ignore[method-assign]
    with pytest.raises(TwilioError, match="create task queue Support: Twilio cannot be reached"):
        applied(account)
    applied(account)
    assert sorted(queue.friendly_name for queue in account.engine.task_queues.list()) == ["Sales", "Support"]


@pytest.mark.parametrize("change", range(12))
def test_two_applies_at_once_make_nothing_twice(account: Account, change: int) -> None:
    """The second runs whole, just before one of the first's changes."""
    other, counted = account.client_of(Transport(account.twilio)), [0]

    def meanwhile(method: str, path: str) -> None:
        if method != "GET":
            counted[0] += 1
            if counted[0] == change + 1:
                apply(other, center(), API, FORMER)

    account.transport.before = meanwhile
    applied(account)
    assert counted[0] > 0
    refused = [one.url for one in account.twilio.requests if one.answer.status >= 400]
    assert (
        len(refused) <= 1
    )  # what it was about to make; after that it looks first, wherever Twilio would refuse or not
    assert not has_drift(difference(account))
    assert len(account.client.taskrouter.v1.workspaces.list()) == 1
    for collection in (
        account.engine.activities,
        account.engine.task_queues,
        account.engine.workflows,
        account.engine.workers,
    ):
        names = [one.friendly_name for one in collection.list()]
        assert sorted(set(names)) == sorted(names)


def test_two_applies_that_race_over_http_end_in_one_call_centre() -> None:
    """Whoever loses says so, or finds nothing to do; nothing is there twice."""
    with in_real_time(ACCOUNT, TOKEN) as (twilio, loop):
        server = serve(twilio, loop)
        for number in NUMBERS:
            loop.call(partial(twilio.own, number))
        credentials = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_API_URL": server.url}

        def race(_number: int) -> str:
            try:
                return apply(ops_account.client(credentials), center(), API, FORMER).environment["TWILIO_WORKSPACE_SID"]
            except OpsError as error:
                assert "two workspaces have the name" in str(error) or "not there any more" in str(error)
                return ""

        with ThreadPoolExecutor(3) as pool:
            ended = set(pool.map(race, range(3)))
        client = ops_account.client(credentials)
        outcome = apply(client, center(), API, FORMER)
        assert ended <= {"", outcome.environment["TWILIO_WORKSPACE_SID"]}
        engine = client.taskrouter.v1.workspaces(outcome.environment["TWILIO_WORKSPACE_SID"])
        assert len(client.taskrouter.v1.workspaces.list()) == 1
        assert sorted(worker.friendly_name for worker in engine.workers.list()) == ["Bea", "Dora"]
        assert sorted(queue.friendly_name for queue in engine.task_queues.list()) == ["Sales", "Support"]
        server.stop()


def test_a_fault_of_twilios_own_is_said_and_a_second_apply_finishes(account: Account) -> None:
    account.twilio.refuse_next("POST", "/Workflows$", 500)
    with pytest.raises(TwilioError, match=r"create workflow Calls: Twilio has a fault of its own \(HTTP 500\)"):
        applied(account)
    applied(account)
    assert not difference(account)


def test_two_workspaces_of_one_name_are_refused_and_named(account: Account) -> None:
    made = [account.client.taskrouter.v1.workspaces.create(friendly_name="Harbour Clinic").sid for _ in range(2)]
    with pytest.raises(OpsError, match="two workspaces have the name 'Harbour Clinic'") as refused:
        applied(account)
    assert all(sid in str(refused.value) for sid in made)
    assert account.transport.changes == ["/v1/Workspaces"] * 2


def test_a_workspace_deleted_meanwhile_is_said_and_made_again_by_the_next_apply(account: Account) -> None:
    def delete(method: str, path: str) -> None:
        if method == "POST" and path.endswith("/Workflows"):
            account.transport.before = lambda method, path: None
            account.engine.delete()

    account.transport.before = delete
    with pytest.raises(TwilioError, match="it is not there any more; was it deleted meanwhile"):
        applied(account)
    applied(account)
    assert not has_drift(difference(account))


def test_wrong_credentials_are_said_without_the_token(account: Account) -> None:
    wrong = account.client_of(account.transport, TWILIO_AUTH_TOKEN="guessed")
    with pytest.raises(TwilioError, match="Twilio refuses the credentials") as refused:
        apply(wrong, center(), API, FORMER)
    assert "guessed" not in str(refused.value)
    assert account.transport.changes == []


def test_credentials_revoked_on_the_way_stop_it_and_the_new_ones_finish(account: Account) -> None:
    def revoke(method: str, path: str) -> None:
        if method == "POST" and path.endswith("/Workers"):
            account.twilio.rotate_auth_token("new")

    account.transport.before = revoke
    with pytest.raises(TwilioError, match="create worker Bea: Twilio refuses the credentials"):
        applied(account)
    account.transport.before = lambda method, path: None
    account.client = account.client_of(account.transport, TWILIO_AUTH_TOKEN="new")
    applied(account)
    assert not has_drift(difference(account))

"""The assignment callback: one reservation, one piece of work, the same answer each time."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import botocore.client
import pytest

from chalicelib import jobs
from chalicelib.config import callcenter, team
from chalicelib.config.answering import Answer
from chalicelib.config.schema import Queue
from chalicelib.links import modes, steps
from chalicelib.links.model import STATES, Link, State
from chalicelib.routing import assignment, instructions
from chalicelib.routing.reservation import Reservation
from tests.conftest import ACTIVITIES
from tests.support.api_gateway import BASE
from tests.support.driver import CALL, CALLER, PHONE, RESERVATION, SUPPORT, TASK, WORKER, Driver, task_attributes

EMPTY = (200, "", "application/json")


def outcome(answer: dict[str, Any]) -> tuple[int, str, str]:
    return answer["statusCode"], answer["body"], answer["headers"]["Content-Type"]


def instruction(answer: dict[str, Any]) -> dict[str, Any]:
    assert answer["statusCode"] == 200 and answer["headers"]["Content-Type"] == "application/json"
    read: dict[str, Any] = json.loads(answer["body"])
    return read


def team_hook(monkeypatch: pytest.MonkeyPatch, assignment: Callable[[Any], Any]) -> None:
    """From now on the team has a hooks.py with this function."""
    monkeypatch.setattr(team, "hooks", lambda: SimpleNamespace(assignment=assignment))


def down(*_: object, **__: object) -> None:
    raise ConnectionError("down")


def test_crm_first_writes_the_link_sends_one_job_and_says_working_on_it(driver: Driver) -> None:
    assert outcome(driver.assign()) == EMPTY
    assert driver.queued() == [jobs.RingWorker(CALL, RESERVATION)]
    link = driver.link
    assert (link["state"], link["mode"], link["queue"], link["worker_name"]) == (
        "reserved",
        "crm-first",
        "Support",
        "Bea",
    )
    assert (link["task_sid"], link["worker_sid"], link["contact_uri"]) == (TASK, WORKER, PHONE)
    assert (link["caller"], link["caller_id"], link["base_url"], link["open"]) == (CALLER, SUPPORT, BASE, "link")
    assert link["deadline"] == pytest.approx(link["reserved_at"] + 120 - 15 - 10)
    assert link["expires_at"] == int(link["reserved_at"]) + 90 * 86400


def test_an_assignment_is_exactly_one_write_and_one_send(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    real = botocore.client.BaseClient._make_api_call

    def count(client: Any, operation: str, given: Any) -> Any:
        made.append(operation)
        return real(client, operation, given)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", count)
    driver.assign()
    assert made == ["PutItem", "SendMessage"]
    assert driver.twilio.requests == []


def test_the_same_callback_again_before_the_job_is_done_rings_one_phone(driver: Driver) -> None:
    assert outcome(driver.assign()) == outcome(driver.assign()) == EMPTY
    first, second = driver.queued()  # the first callback may have died before its message was sent
    driver.work(first)
    driver.work(second)
    assert len(driver.twilio.made("Calls.json")) == 1


def test_the_same_callback_after_the_job_does_nothing_more(driver: Driver) -> None:
    driver.ring()
    assert outcome(driver.assign()) == EMPTY
    assert driver.queued() == []


@pytest.mark.parametrize("state", [state for state in STATES if state != "reserved"])
def test_the_same_callback_while_the_link_goes_on_does_nothing_more(driver: Driver, state: State) -> None:
    steps.reserve(Link(subject=CALL, reservation_sid=RESERVATION, state=state), 1795230000)
    assert outcome(driver.assign()) == EMPTY
    assert driver.queued() == [] and driver.link["state"] == state


@pytest.mark.parametrize(
    ("kind", "mode", "contact", "answer"),
    [
        ("consult", modes.WORK, "client:bea", "at-once"),  # a browser has no keys
        ("consult", modes.WORK, PHONE, "key"),
        ("agenda", modes.WORK, "client:bea", "key"),
        ("lead", modes.WORK, "client:bea", "key"),
        ("lead", modes.WORK, PHONE, "key"),
        ("lead", modes.DESK_WORK, "client:bea", "at-once"),
        ("call", modes.DIRECT, PHONE, "at-once"),
        ("call", modes.CRM_FIRST, PHONE, "detect"),
        ("call", modes.DESK, PHONE, "detect"),
    ],
)
def test_how_a_worker_is_answered_is_a_matter_of_the_work_and_the_phone(
    kind: str, mode: modes.Mode, contact: str, answer: str
) -> None:
    reservation = Reservation(
        reservation_sid=RESERVATION,
        task_sid=TASK,
        call_sid="",
        kind=kind,
        worker_sid=WORKER,
        worker_name="Bea",
        queue="Support",
        task_attributes={},
        worker_attributes={"contact_uri": contact},
    )
    rules = Queue(answer=Answer(mode="detect"))
    assert assignment._answer_mode(reservation, mode, rules) == answer


@pytest.mark.parametrize(("wanted", "warns"), [(None, 0), ("key", 0), ("a key", 1), (7, 1)])
def test_a_worker_whose_way_of_answering_is_none_is_told_of_in_the_log(
    driver: Driver, wanted: object, warns: int
) -> None:
    known = {"contact_uri": PHONE, **({} if wanted is None else {"answer": wanted})}
    driver.assign(WorkerAttributes=json.dumps(known))
    assert driver.log.getvalue().count("worker's attribute answer is no mode") == warns


def test_direct_answers_dequeue_with_every_field_and_the_same_again(driver: Driver) -> None:
    expected = {
        "instruction": "dequeue",
        "to": PHONE,
        "from": SUPPORT,
        "timeout": 15,
        "status_callback_url": f"{BASE}/worker/{CALL}/{RESERVATION}/status#rc=2&rp=all",
        "status_callback_events": "completed",
    }
    assert instruction(driver.assign("Urgent")) == expected
    assert instruction(driver.assign("Urgent")) == expected
    assert (driver.link["state"], driver.link["mode"]) == ("dialing", "direct")
    assert driver.queued() == []


@pytest.mark.parametrize(
    "attributes", ["{}", '{"contact_uri": ""}', '{"contact_uri": 5}', '{"contact_uri": "0415"}', ""]
)
def test_a_worker_without_a_usable_contact_is_rejected_and_moved(driver: Driver, attributes: str) -> None:
    """The link is closed when Twilio says that the rejection counted: the caller may have hung up before it."""
    assert driver.assign(WorkerAttributes=attributes)["body"] == ""
    assert (driver.link["state"], driver.link["reason"]) == ("reserved", "no contact_uri")
    (job,) = driver.queued()
    driver.work(job)
    assert driver.twilio.moves == [ACTIVITIES["Offline"]]
    assert (driver.link["outcome"], driver.link["reason"]) == ("rejected", "no contact_uri")
    assert "open" not in driver.link


def test_a_worker_without_a_contact_is_rejected_at_once_when_no_job_can_do_it(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "send", Mock(side_effect=OSError))
    expected = {"instruction": "reject", "activity_sid": ACTIVITIES["Offline"]}
    assert instruction(driver.assign(WorkerAttributes="{}")) == expected


def test_sqs_down_connects_without_crm_and_the_job_cannot_ring_a_second_phone(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(jobs, "send", down)
        assert instruction(driver.assign())["instruction"] == "dequeue"
    assert (driver.link["state"], driver.link["mode"]) == ("dialing", "direct")
    assert instruction(driver.assign())["instruction"] == "dequeue"
    driver.work(jobs.RingWorker(CALL, RESERVATION))
    assert driver.twilio.requests == []


def test_a_message_that_arrived_although_sqs_did_not_say_so_keeps_the_call_to_its_job(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def arrives_and_says_nothing(job: jobs.RingWorker) -> None:
        steps.claim(job.key, 1795230000, 20)
        raise TimeoutError

    monkeypatch.setattr(jobs, "send", arrives_and_says_nothing)
    assert outcome(driver.assign()) == EMPTY
    assert (driver.link["state"], driver.link["mode"]) == ("preparing", "crm-first")


def test_dynamodb_down_connects_without_crm_and_without_record(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "reserve", down)
    monkeypatch.setattr(steps, "fall_back_to_direct", down)
    assert instruction(driver.assign())["instruction"] == "dequeue"
    assert instruction(driver.assign("Urgent"))["instruction"] == "dequeue"
    assert driver.queued() == []


@pytest.mark.parametrize("gateway", ["links.steps.reserve", "jobs.send"])
def test_an_outage_leads_to_the_fallback_door_when_the_queue_says_so(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, gateway: str
) -> None:
    text = callcenter.source().replace('on_outage = "direct"', 'on_outage = "fallback"')
    monkeypatch.setattr(callcenter, "current", lambda: callcenter.parse(text))
    with monkeypatch.context() as patched:
        patched.setattr(f"chalicelib.{gateway}", down)
        assert driver.assign()["statusCode"] == 503
    assert outcome(driver.assign()) == EMPTY
    assert driver.queued() == [jobs.RingWorker(CALL, RESERVATION)]


@pytest.mark.parametrize("digit", ["0", "9"])
def test_an_assignment_of_a_workflow_that_is_not_ours_is_refused_in_words(driver: Driver, digit: str) -> None:
    answer = driver.assign(WorkflowSid="WW" + digit * 32)
    assert answer["statusCode"] == 404 and f"WW{digit * 3}" in answer["body"]
    assert driver.cloud.rows() == [] and driver.queued() == []


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"TaskAttributes": "not json"}, "TaskAttributes is not a JSON object"),
        ({"TaskAttributes": "[1]"}, "TaskAttributes is not a JSON object"),
        ({"TaskAttributes": "{}"}, "no call_sid and no kind"),
        ({"TaskAttributes": '{"call_sid": 7}'}, "no call_sid and no kind"),
        ({"TaskAttributes": '{"kind": "lead"}'}, "kind 'lead'"),
        ({"WorkerAttributes": "{"}, "WorkerAttributes is not a JSON object"),
        ({"ReservationSid": ""}, "ReservationSid is missing"),
    ],
)
def test_a_malformed_assignment_is_refused_in_words(driver: Driver, changes: dict[str, str], why: str) -> None:
    answer = driver.assign(**changes)
    assert answer["statusCode"] == 400 and why in answer["body"]
    assert driver.cloud.rows() == [] and driver.queued() == []


def test_a_task_without_a_call_is_offered_to_the_teams_hook(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Reservation] = []

    def hook(reservation: Reservation) -> instructions.Instruction:
        asked.append(reservation)
        return instructions.Accept()

    team_hook(monkeypatch, hook)
    answer = driver.assign(TaskAttributes='{"kind": "lead", "name": "Ann"}')
    assert instruction(answer) == {"instruction": "accept"}
    assert [(one.kind, one.call_sid, one.subject, one.queue) for one in asked] == [("lead", "", TASK, "Support")]


def test_a_task_without_a_call_that_no_hook_takes_is_refused_and_logged(driver: Driver) -> None:
    answer = driver.assign(TaskAttributes='{"kind": "lead"}')
    assert answer["statusCode"] == 400 and "neither [work] nor a hook has it" in answer["body"]
    assert '"assignment refused"' in driver.log.getvalue() and TASK in driver.log.getvalue()
    assert driver.cloud.rows() == [] and driver.queued() == []


def test_an_unknown_task_queue_gets_the_default_rules(driver: Driver) -> None:
    assert outcome(driver.assign("Unheard of")) == EMPTY


def test_a_call_to_something_that_is_no_number_shows_the_default_lines_number(driver: Driver) -> None:
    answer = driver.assign("Urgent", TaskAttributes=task_attributes(to="sip:desk@example.com"))
    assert instruction(answer)["from"] == SUPPORT


@pytest.mark.parametrize(
    ("age", "priority", "expected"),
    [("3", "5", (3, 5)), ("1209600", "2147483647", (1209600, 2147483647)), ("", "-1", (0, 0)), ("soon", "1e9", (0, 0))],
)
def test_the_teams_hook_is_told_how_long_the_task_waits_and_how_urgent_it_is(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, age: str, priority: str, expected: tuple[int, int]
) -> None:
    asked: list[Reservation] = []
    team_hook(monkeypatch, asked.append)
    driver.assign(TaskAge=age, TaskPriority=priority)
    assert [(one.task_age, one.task_priority) for one in asked] == [expected]


URL = "https://example.com/x"


@pytest.mark.parametrize(
    "own",
    [
        instructions.Accept(),
        instructions.Reject(activity_sid="WA" + "1" * 32),
        instructions.Call(from_=SUPPORT, url=URL, accept=False),
        instructions.Redirect(call_sid=CALL, url=URL, accept=True),
        instructions.Conference(to=PHONE, from_=SUPPORT, end_conference_on_exit=True, status_callback_event=["join"]),
        instructions.Dequeue(to=PHONE, from_=SUPPORT),
    ],
    ids=lambda own: type(own).__name__,
)
def test_a_teams_own_hook_may_answer_with_any_instruction(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, own: instructions.Instruction
) -> None:
    team_hook(monkeypatch, lambda reservation: own)
    assert instruction(driver.assign())["instruction"] == type(own).__name__.lower()
    assert driver.cloud.rows() == []


@pytest.mark.parametrize("own", [instructions.Reject(activity_sid="nonsense"), RuntimeError("a bug of the team's")])
def test_a_hook_that_fails_costs_nobody_a_worker(driver: Driver, monkeypatch: pytest.MonkeyPatch, own: Any) -> None:
    def hook(_: object) -> Any:
        if isinstance(own, Exception):
            raise own
        return own

    team_hook(monkeypatch, hook)
    assert outcome(driver.assign()) == EMPTY
    assert "own hook failed" in driver.log.getvalue()

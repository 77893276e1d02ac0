"""TaskRouter's events keep the link true: each of them, twice, too early, too late."""

from typing import Any

import pytest

from chalicelib import jobs
from chalicelib.config.environment import AFTER_CALL
from chalicelib.config.schema import Queue
from chalicelib.lifecycle import wrap_up
from chalicelib.links import caller_leg, reading, steps
from chalicelib.links.model import Link, State
from chalicelib.reports import story
from chalicelib.routing import events
from chalicelib.routing.events import Event
from chalicelib.staff import told
from chalicelib.twilio import rest
from tests.conftest import ACTIVITIES, QUEUES
from tests.support.driver import CALL, CALLER, LEG, RESERVATION, SUPPORT, TASK, WORKER, Driver, task_attributes

WHEN = 1795230042.5


def hung_up(driver: Driver) -> int:
    return len(driver.twilio.made(f"/Calls/{LEG}.json"))


def test_a_task_makes_the_call_known(driver: Driver) -> None:
    assert driver.event("task.created") == 204
    call = driver.call
    assert (call["task_sid"], call["line"], call["caller"], call["called"]) == (TASK, "support", CALLER, SUPPORT)
    assert (call["at"], call["day"], call["expires_at"]) == (WHEN, "2026-11-21", int(WHEN) + 90 * 86400)


def test_what_the_caller_chose_in_the_menus_is_in_the_story_of_their_call(driver: Driver) -> None:
    driver.event("task.created", TaskAttributes=task_attributes(menu_choice="Bills > Refunds"))
    assert driver.call["chosen"] == "Bills > Refunds"
    first, *_ = story.known(reading.of_call(CALL))
    assert first.endswith("line support, chose Bills > Refunds")


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        ("reservation.rejected", "rejected"),
        ("reservation.timeout", "timeout"),
        ("reservation.canceled", "canceled"),
        ("reservation.rescinded", "rescinded"),
    ],
)
def test_a_reservation_that_ends_closes_the_link_and_stops_the_phone(driver: Driver, kind: str, outcome: str) -> None:
    driver.ring()
    assert driver.event(kind) == 204
    assert (driver.link["state"], driver.link["outcome"], driver.link["closed_at"]) == ("closed", outcome, WHEN)
    assert "open" not in driver.link
    assert hung_up(driver) == 1
    before = driver.link
    assert driver.event(kind) == 204
    assert driver.link == before  # what ends a leg that has ended does no harm


def test_an_acceptance_is_the_proof_that_the_two_were_joined(driver: Driver) -> None:
    driver.ring()
    driver.answer()
    driver.event("reservation.accepted")
    driver.event("reservation.accepted")
    assert (driver.link["state"], driver.link["bridged_at"], driver.link["worker_call_sid"]) == ("bridged", WHEN, LEG)


def test_in_direct_mode_the_tasks_attributes_tell_the_workers_leg(driver: Driver) -> None:
    driver.assign("Urgent")
    driver.event("reservation.accepted", TaskAttributes=task_attributes(worker_call_sid=LEG))
    assert (driver.link["state"], driver.link["worker_call_sid"]) == ("bridged", LEG)


def test_an_earlier_workers_leg_is_not_taken_for_this_ones(driver: Driver) -> None:
    driver.event("reservation.canceled", TaskAttributes=task_attributes(worker_call_sid=LEG))
    assert "worker_call_sid" not in driver.link and hung_up(driver) == 0


def test_an_event_before_the_assignments_write_makes_the_row_and_stops_the_work(driver: Driver) -> None:
    driver.event("reservation.canceled")
    link = driver.link
    assert (link["state"], link["outcome"], link["worker_sid"], link["queue"]) == (
        "closed",
        "canceled",
        WORKER,
        "Support",
    )
    assert driver.assign()["body"] == ""
    assert driver.queued() == [] and driver.link == link


def test_an_acceptance_after_the_end_only_adds_its_time(driver: Driver) -> None:
    driver.ring()
    driver.event("reservation.completed")
    driver.event("reservation.accepted")
    assert (driver.link["state"], driver.link["outcome"], driver.link["bridged_at"]) == ("closed", "completed", WHEN)


def test_after_wrap_up_the_task_is_completed_once_and_the_worker_goes_back_to_work(driver: Driver) -> None:
    driver.ring()
    driver.answer()
    driver.event("reservation.accepted")
    driver.event("reservation.wrapup")
    driver.event("task.wrapup")
    driver.event("reservation.wrapup")
    delayed = driver.cloud.client("sqs").get_queue_attributes(
        QueueUrl=driver.cloud.queue_url + AFTER_CALL, AttributeNames=["ApproximateNumberOfMessagesDelayed"]
    )
    assert delayed["Attributes"]["ApproximateNumberOfMessagesDelayed"] == "1"
    driver.wrap_up()
    driver.work(jobs.CompleteTask(CALL, TASK))
    assert driver.twilio.made(f"POST /v1/Workspaces/WS{'0' * 32}/Tasks/{TASK}") == [
        {"AssignmentStatus": "completed", "Reason": "wrapped up"}
    ]
    assert driver.twilio.made(f"POST /v1/Workspaces/WS{'0' * 32}/Workers/{WORKER}") == [
        {"ActivitySid": ACTIVITIES["Available"]}
    ]


def test_a_worker_goes_back_to_work_even_when_the_acceptance_was_never_told(driver: Driver) -> None:
    driver.ring()
    driver.answer()
    driver.wrap_up()
    driver.work(jobs.CompleteTask(CALL, TASK))
    assert driver.twilio.activity == ACTIVITIES["Available"]


def test_a_worker_who_has_gone_elsewhere_by_then_is_left_there(driver: Driver) -> None:
    driver.ring()
    driver.event("reservation.accepted")
    driver.wrap_up()
    driver.twilio.activity = ACTIVITIES["Offline"]
    driver.work(jobs.CompleteTask(CALL, TASK))
    assert driver.twilio.made(f"POST /v1/Workspaces/WS{'0' * 32}/Workers") == []


def test_a_queue_without_wrap_up_time_completes_at_once(driver: Driver) -> None:
    driver.event("task.wrapup", TaskQueueSid=QUEUES["Sales"])
    assert driver.queued() == [jobs.CompleteTask(CALL, TASK)]


@pytest.mark.parametrize("failure", [(400, 20001), (404, 20404)])
def test_a_task_that_is_completed_already_is_left_alone(driver: Driver, failure: tuple[int, int]) -> None:
    driver.wrap_up()
    driver.twilio.activity = ACTIVITIES["Available"]
    driver.twilio.failures = {"POST /v1": [failure]}  # it ended between our question and our request
    driver.work(jobs.CompleteTask(CALL, TASK))
    assert driver.twilio.made("POST /v1") == [{"AssignmentStatus": "completed", "Reason": "wrapped up"}]


def test_a_worker_whom_twilio_does_not_move_keeps_the_task_in_wrapping_until_the_job_comes_again(
    driver: Driver,
) -> None:
    driver.ring()
    driver.event("reservation.accepted")
    driver.wrap_up()
    driver.twilio.failures = {f"POST /v1/Workspaces/WS{'0' * 32}/Workers": [503]}
    with pytest.raises(rest.TwilioUnavailable):
        driver.work(jobs.CompleteTask(CALL, TASK))
    assert driver.twilio.tasks[TASK]["assignment_status"] == "wrapping"
    driver.work(jobs.CompleteTask(CALL, TASK), "2")
    assert driver.twilio.tasks[TASK]["assignment_status"] == "completed"
    assert driver.twilio.activity == ACTIVITIES["Available"]


def test_a_completion_that_twilio_does_not_take_comes_again(driver: Driver) -> None:
    driver.twilio.failures = {"/Tasks/": [503]}
    with pytest.raises(rest.TwilioUnavailable):
        driver.work(jobs.CompleteTask(CALL, TASK))


def test_the_end_of_the_task_closes_the_call_and_a_link_whose_own_event_was_lost(driver: Driver) -> None:
    driver.ring()
    driver.event("reservation.accepted")
    driver.event("task.completed")
    assert driver.call["completed_at"] == WHEN
    assert (driver.link["state"], driver.link["outcome"]) == ("closed", "completed")
    assert hung_up(driver) == 0


def test_a_canceled_task_says_why_and_stops_a_phone_whose_own_event_was_lost(driver: Driver) -> None:
    driver.ring()
    driver.twilio.reservation = "canceled"
    driver.event("task.canceled", TaskCanceledReason="hangup")
    assert (driver.call["canceled_at"], driver.call["reason"]) == (WHEN, "hangup")
    assert (driver.link["outcome"], driver.link["reason"]) == ("canceled", "caller gone")
    assert hung_up(driver) == 1


def test_the_queues_own_word_that_the_caller_hung_up_stops_the_phone_too(driver: Driver) -> None:
    driver.ring()
    driver.twilio.reservation = "canceled"
    driver.voice("after", QueueResult="hangup")
    assert driver.link["outcome"] == "canceled" and hung_up(driver) == 1


def test_a_conversation_is_not_ended_by_a_late_word_of_the_queue(driver: Driver) -> None:
    driver.ring()
    driver.event("reservation.accepted")
    driver.voice("after", QueueResult="hangup")
    assert driver.link["state"] == "bridged" and hung_up(driver) == 0


@pytest.mark.parametrize(
    "kind", ["", "task.invented", "worker.activity.update", "reservation.created", "workflow.entered"]
)
def test_an_event_that_is_not_used_or_not_known_yet_changes_nothing(driver: Driver, kind: str) -> None:
    assert driver.event(kind) == 204
    assert driver.cloud.rows() == []


@pytest.mark.parametrize("attributes", ["", "nonsense", "[]", "{}", '{"call_sid": 1}'])
def test_an_event_of_a_task_without_a_call_changes_nothing(driver: Driver, attributes: str) -> None:
    assert driver.event("task.canceled", TaskAttributes=attributes) == 204
    assert driver.cloud.rows() == []


def test_an_event_without_its_own_time_counts_as_now(driver: Driver) -> None:
    driver.event("task.created", TimestampMs="")
    assert driver.call["at"] > 0


def test_a_table_that_is_down_is_told_to_twilio_as_503(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: object, **__: object) -> None:
        raise ConnectionError("no table")

    monkeypatch.setattr(caller_leg, "record", down)
    assert driver.event("task.created") == 503
    assert "webhook failed" in driver.log.getvalue() and RESERVATION not in driver.log.getvalue()


def test_either_legs_sid_finds_the_whole_story(driver: Driver) -> None:
    driver.event("task.created")
    driver.ring()
    link = reading.by_worker_leg(LEG)
    assert link is not None and link.subject == CALL
    story = reading.of_call(link.subject)
    assert story.call is not None and story.call.line == "support"
    assert [known.reservation_sid for known in story.links] == [RESERVATION]


def test_a_caller_who_hangs_up_while_twilio_cannot_be_asked_stops_the_phone_by_a_job(driver: Driver) -> None:
    driver.ring()
    driver.twilio.failures = {"Reservations": [504], "/Calls/": [504]}
    assert driver.event("task.canceled", TaskCanceledReason="hangup") == 204
    assert driver.queued() == [jobs.HangUp(LEG, CALL), jobs.Reject(CALL, RESERVATION, TASK, "caller gone", "", WORKER)]


def test_a_link_whose_own_end_was_never_told_is_not_taken_for_canceled(driver: Driver) -> None:
    driver.ring()
    driver.twilio.reservation = "timeout"
    driver.event("task.canceled", TaskCanceledReason="hangup")
    assert driver.link["outcome"] == "timeout"


def test_the_wrap_up_proves_that_the_two_were_joined(driver: Driver) -> None:
    driver.ring()
    driver.event("reservation.wrapup")
    assert (driver.link["state"], driver.link["bridged_at"]) == ("bridged", WHEN)


def test_a_completed_task_tells_the_leg_of_the_last_worker_alone(driver: Driver) -> None:
    second = "WR" + "b" * 32
    driver.assign("Urgent")
    driver.assign("Urgent", ReservationSid=second)
    driver.event("task.completed", TaskAttributes=task_attributes(worker_call_sid=LEG))
    assert driver.cloud.row(second)["worker_call_sid"] == LEG and "worker_call_sid" not in driver.link


def test_a_completed_task_of_which_no_link_is_known_is_taken(driver: Driver) -> None:
    attributes = task_attributes(worker_call_sid=LEG)
    assert driver.event("task.completed", TaskAttributes=attributes) == 204
    assert "completed_at" in driver.call


def test_a_completed_task_closes_a_link_of_which_no_event_came(driver: Driver) -> None:
    driver.ring()
    driver.twilio.reservation = "completed"
    driver.event("task.completed")
    assert driver.link["outcome"] == "completed"


@pytest.mark.parametrize(
    "kind", ["task.created", "task.wrapup", "task.canceled", "reservation.accepted", "reservation.wrapup"]
)
def test_an_event_of_another_workflow_changes_nothing(driver: Driver, kind: str) -> None:
    assert driver.event(kind, WorkflowSid="WW" + "9" * 32) == 204
    assert driver.cloud.rows() == [] and driver.queued() == []


def test_an_event_that_names_no_workflow_counts(driver: Driver) -> None:
    driver.event("task.wrapup", WorkflowSid="")
    assert driver.call["wrapping_at"] == WHEN


@pytest.mark.parametrize("result", ["leave", "redirected", "error"])
def test_a_caller_who_leaves_the_queue_in_any_way_stops_the_phone_that_rings(driver: Driver, result: str) -> None:
    driver.ring()
    driver.twilio.reservation = "canceled"
    driver.voice("after", QueueResult=result)
    assert driver.twilio.made(f"/Calls/{LEG}.json") == [{"Status": "completed"}]
    assert (driver.link["outcome"], driver.link["reason"]) == ("canceled", "caller gone")


def reserved(state: State, reservation: str = RESERVATION, **fields: Any) -> None:
    """A link of a worker who is reserved for the caller."""
    known = {"task_sid": TASK, "worker_sid": WORKER, "queue": "Support", "worker_call_sid": LEG}
    steps.reserve(
        Link(**{"subject": CALL, "reservation_sid": reservation, "state": state, **known, **fields}), WHEN - 60
    )


@pytest.mark.parametrize(
    ("attributes", "waits"),
    [({"call_sid": CALL}, True), ({"kind": "agenda"}, False), ({"kind": "case"}, False), ({"kind": "lead"}, False)],
)
def test_somebody_waits_for_a_call_and_for_no_other_kind_of_work(attributes: dict[str, str], waits: bool) -> None:
    event = Event("task.created", WHEN, TASK, WHEN, {"TaskSid": TASK}, attributes, "")
    assert event.has_caller is waits


@pytest.mark.parametrize(("late", "begun"), [(0.0, 1), (9.75, 1), (10.0, 0), (10.25, 0)])
def test_a_wrap_up_is_begun_if_its_event_came_in_time(monkeypatch: pytest.MonkeyPatch, late: float, begun: int) -> None:
    workers: list[str] = []
    monkeypatch.setattr(wrap_up, "begin", lambda _task_sid, worker_sid, _rules: workers.append(worker_sid))
    form = {"TaskSid": TASK, "WorkerSid": WORKER}
    events._begin_wrap_up(Event("task.wrapup", WHEN, CALL, WHEN + late, form, {}, ""), TASK, Queue())
    assert workers == [WORKER] * begun


@pytest.mark.parametrize("state", ["reserved", "preparing", "dialing", "ringing", "asked", "answered", "bridged"])
@pytest.mark.parametrize("status", ["canceled", "timeout", "accepted"])
def test_the_end_of_a_task_ends_a_link_as_its_reservation_ended_and_a_talk_as_one(
    driver: Driver, state: State, status: str
) -> None:
    reserved(state)
    driver.twilio.reservation = status
    driver.event("task.completed")
    assert driver.link["outcome"] == ("completed" if "bridged" in state or status == "accepted" else status)
    assert bool(driver.twilio.made("GET /v1")) is (state != "bridged")


@pytest.mark.parametrize("task", ["WT" + "0" * 32, "WT" + "f" * 32])
def test_the_end_of_one_wait_ends_nothing_of_another(driver: Driver, task: str) -> None:
    reserved("bridged", task_sid=task)
    driver.event("task.completed")
    assert driver.link["state"] == "bridged"


@pytest.mark.parametrize(
    ("fields", "leg"),
    [
        ({"mode": "direct", "worker_call_sid": ""}, "CA" + "f" * 32),
        ({"mode": "direct"}, LEG),
        ({"mode": "crm-first"}, LEG),
        ({"mode": "crm-first", "worker_call_sid": ""}, None),
    ],
)
def test_a_completed_task_tells_of_a_leg_that_taskrouter_placed_and_nobody_told_of(
    driver: Driver, fields: dict[str, str], leg: str | None
) -> None:
    reserved("bridged", **fields)
    driver.event("task.completed", TaskAttributes=task_attributes(worker_call_sid="CA" + "f" * 32))
    assert driver.link.get("worker_call_sid") == leg


@pytest.mark.parametrize("ended", ["rejected", "timeout", "canceled", "rescinded", "completed"])
def test_only_who_let_the_time_pass_is_told_that_they_are_off(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, ended: str
) -> None:
    off: list[tuple[str, str, bool]] = []
    monkeypatch.setattr(told, "not_put_through", lambda _key, who, why, _at, is_moved: off.append((who, why, is_moved)))
    driver.event(f"reservation.{ended}")
    assert off == ([(WORKER, "timeout", True)] if ended == "timeout" else [])


NOT_JOINED: list[tuple[str, dict[str, Any], tuple[str, str], list[str]]] = [
    # how the reservation ended, the link, the task and the caller's call, and where the worker is moved
    ("canceled", {"mode": "direct"}, ("pending", "in-progress"), ["Unavailable"]),
    ("canceled", {"mode": "direct"}, ("reserved", "in-progress"), ["Unavailable"]),
    ("canceled", {"mode": "direct"}, ("canceled", "completed"), []),
    ("canceled", {"mode": "direct"}, ("assigned", "in-progress"), []),
    ("canceled", {"mode": "direct"}, ("pending", "completed"), []),
    ("canceled", {"mode": "direct", "bridged_at": WHEN}, ("pending", "in-progress"), []),
    ("rejected", {"mode": "direct"}, ("pending", "in-progress"), []),
    ("rescinded", {"mode": "direct"}, ("pending", "in-progress"), []),
    ("canceled", {"mode": "crm-first", "answered_at": WHEN}, ("pending", "in-progress"), []),
    ("canceled", {"mode": "work"}, ("pending", "in-progress"), []),
]


@pytest.mark.parametrize(("ended", "fields", "statuses", "moved"), NOT_JOINED)
def test_a_worker_is_to_blame_whom_taskrouter_rang_in_vain_while_the_caller_waited(
    driver: Driver, ended: str, fields: dict[str, Any], statuses: tuple[str, str], moved: list[str]
) -> None:
    reserved("dialing", **fields)
    driver.twilio.task, driver.twilio.call = statuses
    driver.event(f"reservation.{ended}")
    assert driver.twilio.moves == [ACTIVITIES[name] for name in moved]


@pytest.mark.parametrize(
    ("fields", "ends"),
    [
        ({"mode": "crm-first", "answered_at": WHEN}, True),
        ({"mode": "crm-first"}, False),
        ({"mode": "work", "answered_at": WHEN}, False),
        ({"mode": "direct"}, True),
    ],
)
def test_a_task_that_twilio_kept_ends_with_its_caller_where_the_reservation_may_tell_of_that(
    driver: Driver, fields: dict[str, Any], ends: bool
) -> None:
    reserved("dialing", **fields)
    driver.twilio.task, driver.twilio.call = "pending", "completed"
    driver.event("reservation.canceled")
    assert (driver.twilio.task == "canceled") is ends

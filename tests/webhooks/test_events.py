"""TaskRouter's events keep the link true: each of them, twice, too early, too late."""

import pytest

from chalicelib import jobs
from chalicelib.links import table
from chalicelib.twilio import rest
from tests.conftest import ACTIVITIES, QUEUES
from tests.support.driver import CALL, CALLER, LEG, RESERVATION, SUPPORT, TASK, WORKER, Switchboard, task_attributes

WHEN = 1795230042.5


def hung_up(board: Switchboard) -> int:
    return len(board.twilio.made(f"/Calls/{LEG}.json"))


def test_a_task_makes_the_call_known(board: Switchboard) -> None:
    assert board.event("task.created") == 204
    call = board.call
    assert (call["task_sid"], call["line"], call["caller"], call["called"]) == (TASK, "support", CALLER, SUPPORT)
    assert (call["at"], call["day"], call["expires_at"]) == (WHEN, "2026-11-21", int(WHEN) + 90 * 86400)


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        ("reservation.rejected", "rejected"),
        ("reservation.timeout", "timeout"),
        ("reservation.canceled", "canceled"),
        ("reservation.rescinded", "rescinded"),
    ],
)
def test_a_reservation_that_ends_closes_the_link_and_stops_the_phone(
    board: Switchboard, kind: str, outcome: str
) -> None:
    board.ring()
    assert board.event(kind) == 204
    assert (board.link["state"], board.link["outcome"], board.link["closed_at"]) == ("closed", outcome, WHEN)
    assert "open" not in board.link
    assert hung_up(board) == 1
    before = board.link
    assert board.event(kind) == 204
    assert board.link == before  # what ends a leg that has ended does no harm


def test_an_acceptance_is_the_proof_that_the_two_were_joined(board: Switchboard) -> None:
    board.ring()
    board.answer()
    board.event("reservation.accepted")
    board.event("reservation.accepted")
    assert (board.link["state"], board.link["bridged_at"], board.link["worker_call_sid"]) == ("bridged", WHEN, LEG)


def test_in_direct_mode_the_tasks_attributes_tell_the_workers_leg(board: Switchboard) -> None:
    board.assign("Urgent")
    board.event("reservation.accepted", TaskAttributes=task_attributes(worker_call_sid=LEG))
    assert (board.link["state"], board.link["worker_call_sid"]) == ("bridged", LEG)


def test_an_earlier_workers_leg_is_not_taken_for_this_ones(board: Switchboard) -> None:
    board.event("reservation.canceled", TaskAttributes=task_attributes(worker_call_sid=LEG))
    assert "worker_call_sid" not in board.link and hung_up(board) == 0


def test_an_event_before_the_assignments_write_makes_the_row_and_stops_the_work(board: Switchboard) -> None:
    board.event("reservation.canceled")
    link = board.link
    assert (link["state"], link["outcome"], link["worker_sid"], link["queue"]) == (
        "closed",
        "canceled",
        WORKER,
        "Support",
    )
    assert board.assign()["body"] == ""
    assert board.queued() == [] and board.link == link


def test_an_acceptance_after_the_end_only_adds_its_time(board: Switchboard) -> None:
    board.ring()
    board.event("reservation.completed")
    board.event("reservation.accepted")
    assert (board.link["state"], board.link["outcome"], board.link["bridged_at"]) == ("closed", "completed", WHEN)


def test_after_wrap_up_the_task_is_completed_once_and_the_worker_goes_back_to_work(board: Switchboard) -> None:
    board.ring()
    board.answer()
    board.event("reservation.accepted")
    board.event("reservation.wrapup")
    board.event("task.wrapup")
    board.event("reservation.wrapup")
    delayed = board.cloud.client("sqs").get_queue_attributes(
        QueueUrl=board.cloud.queue_url, AttributeNames=["ApproximateNumberOfMessagesDelayed"]
    )
    assert delayed["Attributes"]["ApproximateNumberOfMessagesDelayed"] == "1"
    board.wrap_up()
    board.work(jobs.CompleteTask(CALL, TASK))
    assert board.twilio.made(f"POST /v1/Workspaces/WS{'0' * 32}/Tasks/{TASK}") == [
        {"AssignmentStatus": "completed", "Reason": "wrapped up"}
    ]
    assert board.twilio.made(f"POST /v1/Workspaces/WS{'0' * 32}/Workers/{WORKER}") == [
        {"ActivitySid": ACTIVITIES["Available"]}
    ]


def test_a_worker_goes_back_to_work_even_when_the_acceptance_was_never_told(board: Switchboard) -> None:
    board.ring()
    board.answer()
    board.wrap_up()
    board.work(jobs.CompleteTask(CALL, TASK))
    assert board.twilio.activity == ACTIVITIES["Available"]


def test_a_worker_who_has_gone_elsewhere_by_then_is_left_there(board: Switchboard) -> None:
    board.ring()
    board.event("reservation.accepted")
    board.wrap_up()
    board.twilio.activity = ACTIVITIES["Offline"]
    board.work(jobs.CompleteTask(CALL, TASK))
    assert board.twilio.made(f"POST /v1/Workspaces/WS{'0' * 32}/Workers") == []


def test_a_queue_without_wrap_up_time_completes_at_once(board: Switchboard) -> None:
    board.event("task.wrapup", TaskQueueSid=QUEUES["Sales"])
    assert board.queued() == [jobs.CompleteTask(CALL, TASK)]


@pytest.mark.parametrize("failure", [(400, 20001), (404, 20404)])
def test_a_task_that_is_completed_already_is_left_alone(board: Switchboard, failure: tuple[int, int]) -> None:
    board.wrap_up()
    board.twilio.activity = ACTIVITIES["Available"]
    board.twilio.failures = {"POST /v1": [failure]}  # it ended between our question and our request
    board.work(jobs.CompleteTask(CALL, TASK))
    assert board.twilio.made("POST /v1") == [{"AssignmentStatus": "completed", "Reason": "wrapped up"}]


def test_a_worker_whom_twilio_does_not_move_keeps_the_task_in_wrapping_until_the_job_comes_again(
    board: Switchboard,
) -> None:
    board.ring()
    board.event("reservation.accepted")
    board.wrap_up()
    board.twilio.failures = {f"POST /v1/Workspaces/WS{'0' * 32}/Workers": [503]}
    with pytest.raises(rest.Unavailable):
        board.work(jobs.CompleteTask(CALL, TASK))
    assert board.twilio.tasks[TASK]["assignment_status"] == "wrapping"
    board.work(jobs.CompleteTask(CALL, TASK), "2")
    assert board.twilio.tasks[TASK]["assignment_status"] == "completed"
    assert board.twilio.activity == ACTIVITIES["Available"]


def test_a_completion_that_twilio_does_not_take_comes_again(board: Switchboard) -> None:
    board.twilio.failures = {"/Tasks/": [503]}
    with pytest.raises(rest.Unavailable):
        board.work(jobs.CompleteTask(CALL, TASK))


def test_the_end_of_the_task_closes_the_call_and_a_link_whose_own_event_was_lost(board: Switchboard) -> None:
    board.ring()
    board.event("reservation.accepted")
    board.event("task.completed")
    assert board.call["completed_at"] == WHEN
    assert (board.link["state"], board.link["outcome"]) == ("closed", "completed")
    assert hung_up(board) == 0


def test_a_canceled_task_says_why_and_stops_a_phone_whose_own_event_was_lost(board: Switchboard) -> None:
    board.ring()
    board.twilio.reservation = "canceled"
    board.event("task.canceled", TaskCanceledReason="hangup")
    assert (board.call["canceled_at"], board.call["reason"]) == (WHEN, "hangup")
    assert (board.link["outcome"], board.link["reason"]) == ("canceled", "caller gone")
    assert hung_up(board) == 1


def test_the_queues_own_word_that_the_caller_hung_up_stops_the_phone_too(board: Switchboard) -> None:
    board.ring()
    board.twilio.reservation = "canceled"
    board.voice("after", QueueResult="hangup")
    assert board.link["outcome"] == "canceled" and hung_up(board) == 1


def test_a_conversation_is_not_ended_by_a_late_word_of_the_queue(board: Switchboard) -> None:
    board.ring()
    board.event("reservation.accepted")
    board.voice("after", QueueResult="hangup")
    assert board.link["state"] == "bridged" and hung_up(board) == 0


@pytest.mark.parametrize(
    "kind", ["", "task.invented", "worker.activity.update", "reservation.created", "workflow.entered"]
)
def test_an_event_that_is_not_used_or_not_known_yet_changes_nothing(board: Switchboard, kind: str) -> None:
    assert board.event(kind) == 204
    assert board.cloud.rows() == []


@pytest.mark.parametrize("attributes", ["", "nonsense", "[]", "{}", '{"call_sid": 1}'])
def test_an_event_of_a_task_without_a_call_changes_nothing(board: Switchboard, attributes: str) -> None:
    assert board.event("task.canceled", TaskAttributes=attributes) == 204
    assert board.cloud.rows() == []


def test_an_event_without_its_own_time_counts_as_now(board: Switchboard) -> None:
    board.event("task.created", TimestampMs="")
    assert board.call["at"] > 0


def test_a_table_that_is_down_is_told_to_twilio_as_503(board: Switchboard, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: object, **__: object) -> None:
        raise ConnectionError("no table")

    monkeypatch.setattr(table, "record_call", down)
    assert board.event("task.created") == 503
    assert "webhook failed" in board.log.getvalue() and RESERVATION not in board.log.getvalue()


def test_either_legs_sid_finds_the_whole_story(board: Switchboard) -> None:
    board.event("task.created")
    board.ring()
    link = table.by_worker_leg(LEG)
    assert link is not None and link.call_sid == CALL
    story = table.story(link.call_sid)
    assert story.call is not None and story.call.line == "support"
    assert [known.reservation_sid for known in story.links] == [RESERVATION]


def test_a_caller_who_hangs_up_while_twilio_cannot_be_asked_stops_the_phone_by_a_job(board: Switchboard) -> None:
    board.ring()
    board.twilio.failures = {"Reservations": [504], "/Calls/": [504]}
    assert board.event("task.canceled", TaskCanceledReason="hangup") == 204
    assert board.queued() == [jobs.HangUp(LEG, CALL), jobs.GiveUp(CALL, RESERVATION, TASK, "caller gone")]


def test_a_link_whose_own_end_was_never_told_is_not_taken_for_canceled(board: Switchboard) -> None:
    board.ring()
    board.twilio.reservation = "timeout"
    board.event("task.canceled", TaskCanceledReason="hangup")
    assert board.link["outcome"] == "timeout"


def test_the_wrap_up_proves_that_the_two_were_joined(board: Switchboard) -> None:
    board.ring()
    board.event("reservation.wrapup")
    assert (board.link["state"], board.link["bridged_at"]) == ("bridged", WHEN)


def test_a_completed_task_closes_a_link_of_which_no_event_came(board: Switchboard) -> None:
    board.ring()
    board.twilio.reservation = "completed"
    board.event("task.completed")
    assert board.link["outcome"] == "completed"

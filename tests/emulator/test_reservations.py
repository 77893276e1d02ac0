"""What becomes of a reservation, its task and its worker (contract 4.5, 4.6, 5)."""

import pytest

from emulator.ports import TwilioError
from emulator.taskrouter.lifecycle import MOST_CYCLES
from emulator.taskrouter.model import Reservation, Task
from tests.emulator.taskrouter_harness import CallCentre


def reserved() -> tuple[CallCentre, Task, Reservation]:
    centre = CallCentre()
    centre.worker("ada")
    task = centre.call()
    return centre, task, centre.reserved(task)


def statuses(task: Task, reservation: Reservation) -> tuple[str, str]:
    return task.status, reservation.status


def code_of(centre: CallCentre, reservation_sid: str) -> int:
    with pytest.raises(TwilioError) as raised:
        centre.workspaces.begin_accept(reservation_sid)
    return raised.value.code


def test_a_worker_who_does_not_react_gets_the_timeout_activity() -> None:
    centre, task, reservation = reserved()
    centre.run(119.9)
    assert statuses(task, reservation) == ("reserved", "pending")
    centre.run(0.1)
    assert statuses(task, reservation) == ("pending", "timeout")
    assert reservation.worker.activity.friendly_name == "Offline"


def test_the_workflow_says_how_long_a_reservation_lasts() -> None:
    centre = CallCentre()
    workflow = centre.add_workflow({"task_routing": {"default_filter": {"queue": centre.everybody.sid}}}, timeout=15)
    centre.worker("ada")
    reservation = centre.reserved(centre.call(workflow))
    centre.run(15)
    assert reservation.status == "timeout"


def test_after_a_timeout_the_next_worker_is_reserved() -> None:
    centre, task, _ = reserved()
    centre.worker("bob")
    centre.run(120)
    assert centre.reserved(task).worker.friendly_name == "bob"


def test_a_reject_without_an_activity_reserves_the_same_worker_again() -> None:
    centre, task, reservation = reserved()
    centre.router.lifecycle.reject(reservation)
    again = centre.reserved(task)
    assert (again.worker, again.sid != reservation.sid) == (reservation.worker, True)


def test_a_reject_with_an_activity_gives_the_task_to_the_next_worker() -> None:
    centre, task, reservation = reserved()
    centre.worker("bob")
    centre.router.lifecycle.reject(reservation, centre.workspace.activity_named("Unavailable"))
    assert centre.reserved(task).worker.friendly_name == "bob"
    assert reservation.worker.activity.friendly_name == "Unavailable"


def test_a_task_is_canceled_after_a_thousand_reservations() -> None:
    centre, task, reservation = reserved()
    for _ in range(MOST_CYCLES - 1):
        centre.router.lifecycle.reject(reservation)
        reservation = centre.reserved(task)
    centre.router.lifecycle.reject(reservation)
    assert (task.status, task.cycles) == ("canceled", 1000)
    assert centre.voice.canceled == [task.call_sid]


def test_a_caller_who_hangs_up_cancels_task_and_reservation() -> None:
    centre, task, reservation = reserved()
    centre.workspaces.caller_left(task.sid)
    assert statuses(task, reservation) == ("canceled", "canceled")
    assert task.reason == "hangup"
    assert not centre.voice.canceled
    assert reservation.worker.assigned_tasks("voice") == 0


def test_a_caller_who_hangs_up_before_anybody_is_reserved_cancels_the_task() -> None:
    centre = CallCentre()
    task = centre.call()
    centre.workspaces.caller_left(task.sid)
    centre.worker("ada")
    centre.run()
    assert (task.status, task.reservations) == ("canceled", {})


def test_begin_accept_names_the_callers_call_and_stops_the_timer() -> None:
    centre, task, reservation = reserved()
    assert centre.workspaces.begin_accept(reservation.sid) == task.call_sid
    centre.run(500)
    assert statuses(task, reservation) == ("reserved", "pending")


def test_a_join_makes_the_reservation_accepted_and_the_task_assigned() -> None:
    centre, task, reservation = reserved()
    centre.joined(task)
    centre.run(500)
    assert statuses(task, reservation) == ("assigned", "accepted")


def test_an_accept_that_fails_cancels_the_reservation_and_the_task_waits_again() -> None:
    centre, task, reservation = reserved()
    centre.workspaces.begin_accept(reservation.sid)
    centre.workspaces.finish_accept(reservation.sid, False)
    assert statuses(task, reservation) == ("pending", "canceled")
    assert reservation.worker.activity.friendly_name == "Available"
    assert centre.reserved(task).sid != reservation.sid


def test_a_reservation_that_is_being_accepted_cannot_be_accepted_twice() -> None:
    centre, _, reservation = reserved()
    centre.workspaces.begin_accept(reservation.sid)
    assert code_of(centre, reservation.sid) == 14215


def test_a_reservation_that_was_accepted_over_rest_cannot_be_dialed() -> None:
    centre, _, reservation = reserved()
    centre.router.lifecycle.accept(reservation)
    assert code_of(centre, reservation.sid) == 14215


def test_a_reservation_that_timed_out_cannot_be_dialed() -> None:
    centre, _, reservation = reserved()
    centre.run(120)
    assert code_of(centre, reservation.sid) == 14215


def test_a_canceled_or_unknown_reservation_cannot_be_dialed() -> None:
    centre, task, reservation = reserved()
    centre.workspaces.caller_left(task.sid)
    assert code_of(centre, reservation.sid) == 14217
    assert code_of(centre, "WR" + "0" * 32) == 14217


def test_a_task_without_a_call_cannot_be_dialed() -> None:
    centre = CallCentre()
    centre.worker("ada")
    assert code_of(centre, centre.reserved(centre.call(call_sid="")).sid) == 14215


def test_a_join_that_comes_after_the_end_of_the_task_changes_nothing() -> None:
    centre, task, reservation = reserved()
    centre.workspaces.begin_accept(reservation.sid)
    centre.router.lifecycle.cancel(task, "because")
    centre.workspaces.finish_accept(reservation.sid, True)
    assert statuses(task, reservation) == ("canceled", "canceled")


def test_the_end_of_the_conversation_wraps_up_and_keeps_the_capacity() -> None:
    centre, task, reservation = reserved()
    centre.joined(task)
    waiting = centre.call()
    centre.workspaces.conversation_ended(reservation.sid, centre.activity("Unavailable"))
    centre.run(60)
    assert statuses(task, reservation) == ("wrapping", "wrapping")
    assert reservation.worker.activity.friendly_name == "Unavailable"
    assert (reservation.worker.assigned_tasks("voice"), waiting.status) == (1, "pending")


def test_completing_the_task_frees_the_worker_for_the_next_one() -> None:
    centre, task, reservation = reserved()
    centre.joined(task)
    waiting = centre.call()
    centre.complete(task)
    assert statuses(task, reservation) == ("completed", "completed")
    assert centre.reserved(waiting).worker == reservation.worker


def test_an_unknown_post_work_activity_is_told_after_the_wrap_up() -> None:
    centre, task, reservation = reserved()
    centre.joined(task)
    with pytest.raises(TwilioError) as raised:
        centre.workspaces.conversation_ended(reservation.sid, "WA" + "0" * 32)
    assert (raised.value.code, task.status) == (14218, "wrapping")


def test_an_ended_task_is_deleted_after_five_minutes() -> None:
    centre, task, reservation = reserved()
    centre.joined(task)
    centre.complete(task)
    centre.run(299)
    assert task.sid in centre.workspace.tasks
    centre.run(1)
    assert task.sid not in centre.workspace.tasks
    assert reservation.sid not in centre.workspace.reservations


def test_an_assigned_task_that_nobody_completes_is_deleted_after_a_day() -> None:
    centre, task, reservation = reserved()
    centre.joined(task)
    centre.workspaces.conversation_ended(reservation.sid, "")
    centre.run(86_400)
    assert not centre.workspace.tasks
    assert "task.system-deleted" in centre.events()
    assert reservation.worker.assigned_tasks("voice") == 0


def test_an_assigned_task_is_never_canceled() -> None:
    centre, task, _ = reserved()
    centre.joined(task)
    with pytest.raises(TwilioError, match="because it is not pending or reserved") as raised:
        centre.router.lifecycle.cancel(task, "no")
    assert (raised.value.code, task.status) == (20001, "assigned")


def test_a_caller_who_leaves_an_accepted_task_without_a_join_wraps_it_up() -> None:
    centre, task, reservation = reserved()
    centre.router.lifecycle.accept(reservation)
    centre.workspaces.caller_left(task.sid)
    assert statuses(task, reservation) == ("wrapping", "wrapping")


def test_an_unavailable_worker_keeps_the_pending_reservation() -> None:
    centre, task, reservation = reserved()
    centre.router.lifecycle.set_activity(reservation.worker, centre.workspace.activity_named("Offline"))
    centre.run(60)
    assert statuses(task, reservation) == ("reserved", "pending")


def test_every_change_is_told_as_a_fact() -> None:
    centre, task, reservation = reserved()
    centre.joined(task)
    centre.complete(task)
    assert [event["status"] for event in centre.trace("task")] == [
        "pending",
        "reserved",
        "assigned",
        "wrapping",
        "completed",
    ]
    assert centre.trace("reservation")[0] == {
        "sid": reservation.sid,
        "task_sid": task.sid,
        "worker": "ada",
        "worker_sid": reservation.worker.sid,
        "call_sid": task.call_sid,
        "status": "pending",
    }


def test_a_change_of_activity_is_told_as_a_fact() -> None:
    centre, _, reservation = reserved()
    centre.run(120)
    expected = {"sid": reservation.worker.sid, "name": "ada", "activity": "Offline"}
    assert centre.trace("worker") == [expected]

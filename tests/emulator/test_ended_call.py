"""A call ends and TaskRouter does not hear of it: its task stays as it was, as after an outage (contract 12)."""

import pytest

from emulator import __main__ as command
from emulator.ports import WebResponse
from emulator.server import in_real_time
from emulator.taskrouter.model import Reservation, Task
from emulator.voice.parties import Step, answers, hangs_up, joined, talks, waits
from emulator.worlds import EndedCall
from tests.emulator.full_harness import FullHarness
from tests.emulator.harness import ACCOUNT, BASE, TOKEN, WORKER

JSON = {"content-type": "application/json"}
DEQUEUE = WebResponse(200, JSON, f'{{"instruction": "dequeue", "to": "{WORKER}"}}'.encode())


def lost(_call_sid: str) -> EndedCall:
    return "leaves_task"


def harness() -> FullHarness:
    made = FullHarness(ended_call="leaves_task")
    made.pages["/incoming"] = f'<Enqueue workflowSid="{made.workflow.sid}" waitUrl="/wait" action="/after"/>'
    made.pages["/after"] = "<Response/>"
    return made


def nobody_is_there(made: FullHarness) -> None:
    made.twilio.router.lifecycle.set_activity(made.worker, made.workspace.activity_named("Offline"))


def only(made: FullHarness) -> tuple[Task, Reservation | None]:
    (task,) = made.workspace.tasks.values()
    return task, task.open_reservation


def talked(made: FullHarness, *worker: Step) -> str:
    """Two minutes after a conversation of the caller with Ada, whose phone takes the reservation."""
    made.pages["/answer"] = lambda _: f'<Dial><Queue reservationSid="{made.reservation_sid()}"/></Dial>'
    made.twilio.phone(WORKER).will(answers(1, list(worker)))
    caller = made.dial(joined(), talks(20), hangs_up())
    made.run(2)
    made.ring()
    made.run(120)
    return caller


def test_a_waiting_task_stays_pending_until_its_time_to_live_is_over() -> None:
    made = harness()
    nobody_is_there(made)
    caller = made.dial(waits(10), hangs_up())
    made.run(3600)
    task, _ = only(made)
    assert (made.status(caller), task.status) == ("completed", "pending")
    assert [form["QueueResult"] for form in made.forms("/after")] == ["hangup"]
    made.run(86_400 - 3590)
    assert (task.status, task.reason) == ("canceled", "Task TTL Exceeded")


def test_a_reserved_task_stays_reserved_and_after_the_timeout_waits_for_the_next_worker() -> None:
    made = harness()
    made.dial(waits(10), hangs_up())
    made.run(60)
    task, reservation = only(made)
    assert reservation is not None
    assert (task.status, reservation.status) == ("reserved", "pending")
    made.run(70)
    assert (task.status, reservation.status) == ("pending", "timeout")


@pytest.mark.parametrize("worker", [[joined()], [joined(), talks(5), hangs_up()]], ids=["caller", "worker"])
def test_an_assigned_task_stays_assigned_whoever_hangs_up_and_its_worker_gets_nothing_else(worker: list[Step]) -> None:
    made = harness()
    talked(made, *worker)
    (task,) = made.workspace.tasks.values()
    assert task.open_reservation is not None
    assert (task.status, task.open_reservation.status) == ("assigned", "accepted")
    assert [form["QueueResult"] for form in made.forms("/after")] == ["bridged"]
    made.dial()
    made.run(1800)
    assert [one.status for one in made.workspace.tasks.values()] == ["assigned", "pending"]


def test_the_application_ends_what_is_left() -> None:
    made = harness()
    talked(made, joined())
    (task,) = made.workspace.tasks.values()
    made.dial(waits(5), hangs_up())
    made.run(60)
    waiting = next(one for one in made.workspace.tasks.values() if one is not task)
    lifecycle = made.twilio.router.lifecycle
    lifecycle.complete(task, "the call is over")
    lifecycle.cancel(waiting, "the call is over")
    assert (task.status, waiting.status) == ("completed", "canceled")


def test_a_task_that_was_accepted_without_a_join_stays_assigned() -> None:
    made = harness()
    made.pages["/assignment"] = WebResponse(200, JSON, b'{"instruction": "accept"}')
    made.dial(waits(10), hangs_up())
    made.run(60)
    assert only(made)[0].status == "assigned"


def test_a_hang_up_during_the_whisper_leaves_the_reservation_pending_for_ever() -> None:
    made = harness()
    made.pages["/whisper"] = "<Pause length='30'/>"
    made.pages["/answer"] = lambda _: (
        f'<Dial><Queue reservationSid="{made.reservation_sid()}" url="/whisper"/></Dial><Say>Nobody is there</Say>'
    )
    made.twilio.phone(WORKER).will(answers(1, []))
    made.dial(waits(15), hangs_up())
    made.run(2)
    leg = made.ring()
    made.run(3600)
    task, reservation = only(made)
    assert reservation is not None
    assert (task.status, reservation.status) == ("reserved", "pending")
    assert made.heard(leg) == ["Nobody is there"]


def test_the_leg_of_a_dequeue_rings_on_and_finds_nobody() -> None:
    made = harness()
    made.pages["/assignment"] = DEQUEUE
    made.twilio.phone(WORKER).will(answers(20, []))
    made.dial(waits(5), hangs_up())
    made.run(30)
    statuses = [event["status"] for event in made.trace("reservation")]
    assert statuses[:3] == ["pending", "canceled", "pending"]
    assert "14215" in made.warnings()


def test_each_call_is_decided_once() -> None:
    asked: list[str] = []

    def every_other(call_sid: str) -> EndedCall:
        asked.append(call_sid)
        return "leaves_task" if len(asked) % 2 else "ends_task"

    made = FullHarness(ended_call=every_other)
    nobody_is_there(made)
    callers = [made.dial(waits(10 + number), hangs_up()) for number in range(4)]
    made.run(60)
    assert asked == callers
    assert [task.status for task in made.workspace.tasks.values()] == ["pending", "canceled", "pending", "canceled"]


def test_a_caller_who_leaves_or_is_redirected_has_not_ended_the_call() -> None:
    made = harness()
    nobody_is_there(made)
    made.pages["/after"] = made.pages["/elsewhere"] = "<Pause length='60'/>"
    redirected = made.dial()
    made.run(5)
    made.rest("POST", f"/Calls/{redirected}.json", Url=f"{BASE}/elsewhere")
    made.pages["/wait"] = "<Leave/>"
    made.dial()
    made.run(5)
    assert [task.status for task in made.workspace.tasks.values()] == ["canceled", "canceled"]


def test_a_call_ends_its_task_unless_told_otherwise() -> None:
    made = FullHarness()
    made.dial(waits(10), hangs_up())
    made.run(60)
    assert only(made)[0].status == "canceled"


def test_the_server_and_the_command_take_the_switch() -> None:
    with in_real_time(ACCOUNT, TOKEN, ended_call=lost) as (twilio, _):
        assert twilio.context.leaves_task("CA" + "0" * 32)
    with pytest.raises(SystemExit) as stopped:
        command.main(["--ended-call", "sometimes"])
    assert stopped.value.code == 2

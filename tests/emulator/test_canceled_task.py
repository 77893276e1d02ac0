"""A caller waits and the task is canceled: whether the caller leaves is uncertain, both are played (contract 12)."""

import pytest

from emulator import __main__ as command
from emulator.server import in_real_time
from emulator.voice.parties import Step, hangs_up, presses, waits
from emulator.worlds import CanceledTask
from tests.emulator.full_harness import FullHarness
from tests.emulator.harness import ACCOUNT, BASE, TOKEN


def canceled(*steps: Step, canceled_task: CanceledTask = "stays") -> tuple[FullHarness, str]:
    """A caller whose task is canceled after five seconds in the queue."""
    harness = FullHarness(canceled_task=canceled_task)
    harness.pages |= {
        "/incoming": f'<Enqueue workflowSid="{harness.workflow.sid}" waitUrl="/wait" action="/after"/>',
        "/after": "<Say>Nobody is here</Say>",
        "/elsewhere": "<Say>Please call again</Say>",
    }
    sid = harness.dial(*steps)
    harness.run(5)
    (task,) = harness.workspace.tasks.values()
    harness.twilio.router.lifecycle.cancel(task, "over")
    harness.run(1)
    return harness, sid


def test_the_caller_leaves_for_the_action() -> None:
    harness, sid = canceled(canceled_task="leaves")
    assert [form["QueueResult"] for form in harness.forms("/after")] == ["leave"]
    assert harness.heard(sid)[-1] == "Nobody is here"


def test_the_caller_stays_and_hears_the_waiting_document_again_and_again() -> None:
    harness, sid = canceled()
    asked = len(harness.forms("/wait"))
    harness.run(600)
    assert len(harness.forms("/wait")) > asked + 50
    assert harness.forms("/after") == []
    assert harness.status(sid) == "in-progress"


def test_no_worker_is_reserved_for_a_caller_who_stays() -> None:
    harness, _ = canceled()
    harness.run(600)
    assert [event["status"] for event in harness.trace("reservation")] == ["pending", "canceled"]


def test_the_application_leads_out_the_caller_who_stays() -> None:
    harness, sid = canceled()
    harness.rest("POST", f"/Calls/{sid}.json", Url=f"{BASE}/elsewhere")
    harness.run(5)
    assert [form["QueueResult"] for form in harness.forms("/after")] == ["redirected"]
    assert harness.heard(sid)[-1] == "Please call again"
    assert harness.trace("left_queue") == [{"sid": sid, "result": "redirected"}]


def test_the_application_ends_the_call_of_the_caller_who_stays() -> None:
    harness, sid = canceled()
    harness.rest("POST", f"/Calls/{sid}.json", Status="completed")
    harness.run(5)
    assert harness.status(sid) == "completed"
    assert [form["QueueResult"] for form in harness.forms("/after")] == ["hangup"]


def test_the_caller_who_stays_may_hang_up() -> None:
    harness, sid = canceled(waits(20), hangs_up())
    harness.run(30)
    assert harness.status(sid) == "completed"
    assert [event["status"] for event in harness.trace("task")].count("canceled") == 1


def test_the_caller_who_stays_may_leave_by_a_key() -> None:
    harness, sid = canceled(waits(20), presses("1"))
    harness.pages["/wait"] = '<Gather numDigits="1" action="/key" timeout="60"/>'
    harness.pages["/key"] = "<Leave/>"
    harness.run(40)
    assert [form["QueueResult"] for form in harness.forms("/after")] == ["leave"]
    assert harness.heard(sid)[-1] == "Nobody is here"


def test_the_server_and_the_command_take_the_switch() -> None:
    with in_real_time(ACCOUNT, TOKEN, canceled_task="leaves") as (twilio, _):
        assert twilio.worlds["canceled_task"] == "leaves"
    with pytest.raises(SystemExit) as stopped:
        command.main(["--canceled-task", "sometimes"])
    assert stopped.value.code == 2

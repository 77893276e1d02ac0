"""The dequeue instruction: TaskRouter has voice ring the worker and join the two."""

import json
from typing import Unpack

from emulator.ports import WebResponse
from emulator.voice.parties import answers, busy, hangs_up, joined, talks, waits
from emulator.worlds import Worlds
from tests.emulator.full_harness import FullHarness
from tests.emulator.harness import BASE, LINE, WORKER


def dequeueing(**worlds: Unpack[Worlds]) -> FullHarness:
    """The application answers each assignment with a dequeue instruction, and is told of the leg."""
    harness = FullHarness(**worlds)
    instruction = {"instruction": "dequeue", "to": WORKER, "from": LINE, "timeout": 20}
    instruction |= {"status_callback_url": f"{BASE}/status"}
    harness.pages["/assignment"] = WebResponse(
        200, {"content-type": "application/json"}, json.dumps(instruction).encode()
    )
    return harness


def test_dequeue_instruction_rings_the_worker_and_joins_at_the_answer() -> None:
    harness = dequeueing()
    harness.twilio.phone(WORKER).will(answers(3, [joined(), talks(10), hangs_up()]))
    caller = harness.dial()
    harness.run(10)
    task = next(iter(harness.workspace.tasks.values()))
    statuses = [str(task.status)]
    assert [event["caller_sid"] for event in harness.trace("joined")] == [caller]
    assert task.attributes["worker_call_sid"] == harness.trace("joined")[0]["worker_sid"]
    harness.run(20)
    assert [*statuses, task.status] == ["assigned", "wrapping"]


def test_the_legs_status_callback_names_the_callers_call_the_task_and_the_reservation() -> None:
    harness = dequeueing()
    harness.twilio.phone(WORKER).will(busy())
    caller = harness.dial()
    harness.run(3)
    (task,) = harness.workspace.tasks
    form = harness.forms("/status")[0]
    names = (form["taskCallSid"], form["TaskSid"], form["ReservationSid"])
    assert names == (caller, task, harness.reservation_sid())


def test_in_the_documented_world_it_names_the_call_alone() -> None:
    harness = dequeueing(leg_callback="names_call_only")
    harness.twilio.phone(WORKER).will(busy())
    caller = harness.dial()
    harness.run(3)
    form = harness.forms("/status")[0]
    assert (form["taskCallSid"], "TaskSid" in form, "ReservationSid" in form) == (caller, False, False)


def test_dequeue_that_meets_a_busy_phone_leaves_the_caller_waiting() -> None:
    harness = dequeueing()
    harness.twilio.phone(WORKER).will(busy())
    caller = harness.dial()
    harness.run(3)
    reservation = harness.workspace.reservations[harness.reservation_sid()]
    assert reservation.status == "canceled"
    assert harness.status(caller) == "in-progress"


def test_dequeue_whose_caller_hangs_up_stops_ringing() -> None:
    harness = dequeueing()
    harness.twilio.phone(WORKER).will(answers(15))
    harness.dial(waits(6), hangs_up())
    harness.run(10)
    assert sorted(event["status"] for event in harness.trace("ended")) == ["canceled", "completed"]
    assert next(iter(harness.workspace.tasks.values())).status == "canceled"

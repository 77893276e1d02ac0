"""Both halves together, on the paths that need no REST of the application's."""

import json

from emulator.ports import WebResponse
from emulator.voice.parties import answers, busy, hangs_up, joined, talks, waits
from tests.emulator.harness import LINE, WORKER
from tests.emulator.whole import WholeStage


def dequeueing() -> WholeStage:
    """The application answers each assignment with a dequeue instruction."""
    stage = WholeStage()
    instruction = {"instruction": "dequeue", "to": WORKER, "from": LINE, "timeout": 20}
    stage.pages["/assignment"] = WebResponse(
        200, {"content-type": "application/json"}, json.dumps(instruction).encode()
    )
    return stage


def test_dequeue_instruction_rings_the_worker_and_joins_at_the_answer() -> None:
    stage = dequeueing()
    stage.twilio.phone(WORKER).will(answers(3, [joined(), talks(10), hangs_up()]))
    caller = stage.dial()
    stage.run(10)
    task = next(iter(stage.workspace.tasks.values()))
    statuses = [str(task.status)]
    assert [fact["caller_sid"] for fact in stage.trace("joined")] == [caller]
    assert task.attributes["worker_call_sid"] == stage.trace("joined")[0]["worker_sid"]
    stage.run(20)
    assert [*statuses, task.status] == ["assigned", "wrapping"]


def test_dequeue_that_meets_a_busy_phone_leaves_the_caller_waiting() -> None:
    stage = dequeueing()
    stage.twilio.phone(WORKER).will(busy())
    caller = stage.dial()
    stage.run(3)
    reservation = stage.workspace.reservations[stage.reservation_sid()]
    assert reservation.status == "canceled"
    assert stage.status(caller) == "in-progress"


def test_dequeue_whose_caller_hangs_up_stops_ringing() -> None:
    stage = dequeueing()
    stage.twilio.phone(WORKER).will(answers(15))
    stage.dial(waits(6), hangs_up())
    stage.run(10)
    assert sorted(fact["status"] for fact in stage.trace("ended")) == ["canceled", "completed"]
    assert next(iter(stage.workspace.tasks.values())).status == "canceled"

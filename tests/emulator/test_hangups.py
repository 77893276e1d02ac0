"""Whoever hangs up, and whenever: nobody is left in a queue or on a line."""

import random

import pytest

from emulator.voice.parties import Step, answers, hangs_up, joined, no_answer, talks, waits
from tests.emulator.full_harness import FullHarness
from tests.emulator.harness import BASE, WORKER

WHISPERS = ("", ' url="/whisper"')


def someone(draw: random.Random) -> list[Step]:
    """A person who hangs up at a random moment, on the clock or in the conversation."""
    first: Step = joined() if draw.random() < 0.4 else waits(draw.uniform(0, 12))
    return [first, talks(draw.uniform(0, 5)), hangs_up()]


def play(seed: int) -> FullHarness:
    draw = random.Random(seed)
    harness = FullHarness()
    whisper = draw.choice(WHISPERS)
    harness.pages["/whisper"] = "<Say>This call is recorded</Say>"
    caller = harness.dial(*someone(draw), waits(40), hangs_up())
    harness.twilio.phone(WORKER).will(
        answers(draw.uniform(0, 4), someone(draw)) if draw.random() < 0.9 else no_answer()
    )
    harness.run(draw.uniform(0.2, 3))
    if harness.workspace.reservations:
        sid = harness.reservation_sid()
        harness.pages["/answer"] = f'<Dial><Queue reservationSid="{sid}"{whisper}/></Dial>'
        worker = harness.ring(Timeout="8")
        if draw.random() < 0.3:
            harness.run(draw.uniform(0, 8))
            harness.rest("POST", f"/Calls/{draw.choice([caller, worker])}.json", Status="completed")
        elif draw.random() < 0.3:
            harness.run(draw.uniform(0, 8))
            harness.rest("POST", f"/Calls/{draw.choice([caller, worker])}.json", Url=f"{BASE}/elsewhere")
    harness.run(200)
    for leg in list(harness.twilio.context.calls):
        harness.twilio.hang_up(leg)
    harness.run(1)
    return harness


@pytest.mark.parametrize("block", range(4))
def test_nobody_is_left_in_a_queue_or_on_a_line(block: int) -> None:
    for seed in range(block * 75, block * 75 + 75):
        harness = play(seed)
        calls = harness.twilio.context.calls.values()
        assert all(call.is_over and not call.is_joined for call in calls), seed
        assert not harness.twilio.context.queues.members, seed
        assert all(process.done for call in calls for process in call.processes), seed
        assert not any(queue.members for queue in harness.twilio.context.queues.by_name.values()), seed
        assert len(harness.trace("joined")) == len(harness.trace("parted")), seed
        assert len(harness.trace("ended")) == len(calls), seed
        statuses = {task.status for task in harness.workspace.tasks.values()}
        assert statuses <= {"canceled", "wrapping"}, (seed, statuses)


def test_the_random_calls_cover_joins_and_losses() -> None:
    played_calls = [play(seed) for seed in range(60)]
    joins = [len(played.trace("joined")) for played in played_calls]
    assert 0 in joins and 1 in joins
    assert {event["result"] for played in played_calls for event in played.trace("left_queue")} >= {"hangup", "bridged"}

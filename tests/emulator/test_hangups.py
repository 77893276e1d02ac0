"""Whoever hangs up, and whenever: both halves of the emulator end clean."""

import random

import pytest

from emulator.voice.parties import Step, answers, hangs_up, joined, no_answer, talks, waits
from tests.emulator.harness import BASE, WORKER
from tests.emulator.whole import WholeStage

WHISPERS = ("", ' url="/whisper"')


def someone(draw: random.Random) -> list[Step]:
    """A person who hangs up at a random moment, on the clock or in the conversation."""
    first: Step = joined() if draw.random() < 0.4 else waits(draw.uniform(0, 12))
    return [first, talks(draw.uniform(0, 5)), hangs_up()]


def play(seed: int) -> WholeStage:
    draw = random.Random(seed)
    stage = WholeStage()
    whisper = draw.choice(WHISPERS)
    stage.pages["/whisper"] = "<Say>This call is recorded</Say>"
    caller = stage.dial(*someone(draw), waits(40), hangs_up())
    stage.twilio.phone(WORKER).will(answers(draw.uniform(0, 4), someone(draw)) if draw.random() < 0.9 else no_answer())
    stage.run(draw.uniform(0.2, 3))
    if stage.workspace.reservations:
        sid = stage.reservation_sid()
        stage.pages["/answer"] = f'<Dial><Queue reservationSid="{sid}"{whisper}/></Dial>'
        worker = stage.ring(Timeout="8")
        if draw.random() < 0.3:
            stage.run(draw.uniform(0, 8))
            stage.rest("POST", f"/Calls/{draw.choice([caller, worker])}.json", Status="completed")
        elif draw.random() < 0.3:
            stage.run(draw.uniform(0, 8))
            stage.rest("POST", f"/Calls/{draw.choice([caller, worker])}.json", Url=f"{BASE}/elsewhere")
    stage.run(200)
    for leg in list(stage.twilio.context.calls):
        stage.twilio.hang_up(leg)
    stage.run(1)
    return stage


@pytest.mark.parametrize("block", range(4))
def test_nobody_is_left_in_a_queue_or_on_a_line(block: int) -> None:
    for seed in range(block * 75, block * 75 + 75):
        stage = play(seed)
        calls = stage.twilio.context.calls.values()
        assert all(call.is_over and call.bridge is None and call.member is None for call in calls), seed
        assert all(process.done for call in calls for process in call.processes), seed
        assert not any(queue.members for queue in stage.twilio.context.queues.by_name.values()), seed
        assert len(stage.trace("joined")) == len(stage.trace("parted")), seed
        assert len(stage.trace("ended")) == len(calls), seed
        statuses = {task.status for task in stage.workspace.tasks.values()}
        assert statuses <= {"canceled", "wrapping"}, (seed, statuses)


def test_the_random_stories_cover_joins_and_losses() -> None:
    stories = [play(seed) for seed in range(60)]
    joins = [len(story.trace("joined")) for story in stories]
    assert 0 in joins and 1 in joins
    assert {fact["result"] for story in stories for fact in story.trace("left_queue")} >= {"hangup", "bridged"}

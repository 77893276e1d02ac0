"""The stories: each reads as a call, is played over real HTTP, and says what must be seen when it is over."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from emulator.voice.parties import Behaviour, Step, answers, hangs_up, hears, joined, no_answer, presses, talks
from laptop import outcome
from laptop.call_centre import CALLERS, SALES, SUPPORT, URGENT, WORKERS
from laptop.environment import Stage, post_form

LIMIT_SECONDS = 40.0
LOOK_AGAIN_SECONDS = 0.2


@dataclass(frozen=True)
class Story:
    """`play` starts it and returns the caller's CallSid; `seen` tells what has happened so far, one fact a line."""

    letter: str
    title: str
    play: Callable[[Stage], str]
    expected: Sequence[str]
    seen: Callable[[Stage, str], Sequence[str]]


@dataclass(frozen=True)
class Ending:
    call_sid: str
    expected: Sequence[str]
    seen: Sequence[str]

    @property
    def good(self) -> bool:
        return list(self.expected) == list(self.seen)


def tell(stage: Stage, story: Story) -> Ending:
    """Play the story until what is seen is what was expected, or its time is over."""
    call_sid = story.play(stage)
    deadline = time.monotonic() + LIMIT_SECONDS
    seen = story.seen(stage, call_sid)
    while list(seen) != list(story.expected) and time.monotonic() < deadline:
        time.sleep(LOOK_AGAIN_SECONDS)  # nothing to wait for but the outcome itself: look at it again
        seen = story.seen(stage, call_sid)
    return Ending(call_sid, story.expected, seen)


def _dials(stage: Stage, caller: str, number: str, then: Sequence[Step]) -> str:
    return stage.do(lambda: stage.twilio.dial(CALLERS[caller], number, then))


def _on_duty(stage: Stage, **phones: Behaviour) -> None:
    """These workers are at work, the first of them is next in turn, and this is what their phones do."""

    def prepare() -> None:
        for name, behaviour in phones.items():
            stage.twilio.phone(WORKERS[name][0]).will(behaviour)
        stage.town.on_duty(*phones)

    stage.do(prepare)


def _crm_first(stage: Stage) -> str:
    _on_duty(stage, Bea=answers(1, [hears("gold member"), joined(), talks(3), hangs_up()]))
    return _dials(
        stage,
        "Ann",
        SUPPORT,
        [hears("For English press 1"), presses("1"), joined(), hears("How was this call"), presses("5")],
    )


def _crm_fails(stage: Stage) -> str:
    stage.crm.replies = {"": (200, {"name": "Gus Moe", "whisper": "Gus, new patient."}), "Dora": (500, {})}
    _on_duty(stage, Dora=answers(1, [joined()]), Emil=answers(1, [hears("new patient"), joined()]))
    return _dials(stage, "Gus", SALES, [joined(), talks(2), hangs_up()])


def _caller_hangs_up(stage: Stage) -> str:
    _on_duty(stage, Bea=no_answer())
    call_sid = _dials(stage, "Ivy", SUPPORT, [hears("For English press 1"), presses("1")])
    stage.do(lambda: stage.twilio.scheduler.on_event.append(_HangsUpWhenRinging(stage, call_sid, WORKERS["Bea"][0])))
    return call_sid


class _HangsUpWhenRinging:
    """The caller gives up two seconds after the worker's phone begins to ring."""

    def __init__(self, stage: Stage, call_sid: str, phone: str) -> None:
        self._stage, self._call_sid, self._phone = stage, call_sid, phone

    def __call__(self, fact: Any) -> None:
        if fact.kind == "ringing" and fact.detail["to"] == self._phone:
            scheduler = self._stage.twilio.scheduler
            scheduler.on_event.remove(self)
            scheduler.after(2, lambda: self._stage.twilio.hang_up(self._call_sid))


def _no_answer(stage: Stage) -> str:
    _on_duty(stage, Carl=no_answer(), Bea=answers(1, [joined()]))
    return _dials(stage, "Ann", SUPPORT, [hears("press 1"), presses("1"), joined(), talks(2), hangs_up()])


def _direct(stage: Stage) -> str:
    _on_duty(stage, Fay=answers(1, [joined(), talks(2), hangs_up()]))
    return _dials(stage, "Gus", URGENT, [joined(), hears("Goodbye")])


def _forged(stage: Stage) -> str:
    """Somebody who does not have the token posts an assignment; the answer is kept as the story's `sid`."""
    form = {
        "WorkflowSid": stage.town.workflow_sid,
        "ReservationSid": "WR" + "f" * 32,
        "TaskAttributes": f'{{"call_sid": "{FORGED_CALL}"}}',
    }
    return str(post_form(stage, "/taskrouter/assignment", form, "Zm9yZ2VkIHNpZ25hdHVyZQ=="))


FORGED_CALL = "CA" + "f" * 32


def _simple_queue(stage: Stage) -> str:
    """An agent takes one caller after the other. The agent's leg is the one that is dialled in, by itself."""
    agent, agents_number, callers_number = "+14155550190", "+14155550104", "+14155550103"
    call_sid = _dials(stage, "Gus", callers_number, [hears("front desk"), joined(), talks(1), hangs_up()])
    steps: Sequence[Step] = [hears("next caller"), joined(), hears("next caller"), hangs_up()]
    stage.do(lambda: stage.twilio.dial(agent, agents_number, steps))
    return call_sid


def _nobody_free(stage: Stage) -> str:
    """TaskRouter gives up on the task while the caller waits, as a workflow's last timeout makes it do."""
    _on_duty(stage)
    call_sid = _dials(
        stage, "Ivy", SUPPORT, [hears("press 1"), presses("1"), hears("leave a message"), talks(4), presses("#")]
    )

    def give_up(fact: Any) -> None:
        if fact.kind == "enqueued" and fact.detail["sid"] == call_sid:
            stage.twilio.scheduler.on_event.remove(give_up)
            task = stage.twilio.router.workspace.tasks[fact.detail["task_sid"]]
            stage.twilio.scheduler.after(2, lambda: stage.twilio.router.lifecycle.cancel(task, "workflow.timeout"))

    stage.do(lambda: stage.twilio.scheduler.on_event.append(give_up))
    return call_sid


def _forgery_seen(stage: Stage, status: str) -> Sequence[str]:
    rows = outcome.story(stage.aws, FORGED_CALL)
    return [f"answered {status}", f"rows written: {len(rows)}"]


STORIES: Sequence[Story] = (
    Story(
        "a",
        "The CRM knows the caller; the worker hears who it is; the two are joined; wrap-up and survey follow",
        _crm_first,
        (
            "Bea: completed",
            "CRM: Ann Lee",
            "joined: Bea",
            "survey: 5",
            "task: completed",
            "Bea is Available",
            "legs left: 0",
        ),
        lambda stage, sid: outcome.seen(stage, sid, "Bea"),
    ),
    Story(
        "b",
        "The CRM fails for one worker: rejected, and the next worker gets the caller",
        _crm_fails,
        (
            "Dora: rejected (CRM failed: the CRM endpoint answered 500)",
            "Emil: completed",
            "CRM: Gus Moe",
            "joined: Emil",
            "task: completed",
            "Dora is Unavailable",
            "Emil is Available",
            "legs left: 0",
        ),
        lambda stage, sid: outcome.seen(stage, sid, "Dora", "Emil"),
    ),
    Story(
        "c",
        "The caller hangs up while the worker's phone rings: it stops ringing at once",
        _caller_hangs_up,
        ("Bea: canceled", "task: canceled (hangup)", "Bea is Available", "legs left: 0"),
        lambda stage, sid: outcome.seen(stage, sid, "Bea"),
    ),
    Story(
        "d",
        "The first worker does not answer: rejected, and the next worker gets the caller",
        _no_answer,
        (
            "Carl: rejected (no-answer)",
            "Bea: completed",
            "CRM: Ann Lee",
            "joined: Bea",
            "task: completed",
            "Carl is Unavailable",
            "Bea is Available",
            "legs left: 0",
        ),
        lambda stage, sid: outcome.seen(stage, sid, "Carl", "Bea"),
    ),
    Story(
        "e",
        "Direct mode: Twilio rings the worker by itself",
        _direct,
        ("Fay: completed", "joined: Fay", "task: completed", "Fay is Available", "legs left: 0"),
        lambda stage, sid: outcome.seen(stage, sid, "Fay"),
    ),
    Story(
        "f",
        "A forged webhook: refused, and nothing is written",
        _forged,
        ("answered 403", "rows written: 0"),
        _forgery_seen,
    ),
)

# Played by the tests beside the stories of the demo.
MORE_STORIES: Sequence[Story] = (
    Story(
        "g",
        "A simple queue: the agent who dials in gets the caller, and after the call hears that the next one is coming",
        _simple_queue,
        ("queue result: bridged", "joined: +14155550104", "legs left: 0"),
        outcome.seen,
    ),
    Story(
        "h",
        "Nobody is free: the caller leaves a message",
        _nobody_free,
        ("queue result: leave", "voicemail: recorded", "task: canceled (workflow.timeout)", "legs left: 0"),
        outcome.seen,
    ),
)

"""The scenarios: each reads as a call, is played over real HTTP, and says what is to be observed when it is over."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from emulator.voice.parties import (
    Behaviour,
    Step,
    answers,
    hangs_up,
    hears,
    joined,
    no_answer,
    presses,
    talks,
    voicemail,
)
from laptop import outcome
from laptop.call_centre import CALLERS, SALES, SUPPORT, URGENT, WORKERS
from laptop.environment import Laptop, post_form

LIMIT_SECONDS = 40.0
POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Scenario:
    """`start` begins it and returns the caller's CallSid; `observe` returns what has happened so far, a line each."""

    letter: str
    title: str
    start: Callable[[Laptop], str]
    expected: Sequence[str]
    observe: Callable[[Laptop, str], Sequence[str]]


@dataclass(frozen=True)
class Result:
    call_sid: str
    expected: Sequence[str]
    observed: Sequence[str]

    @property
    def good(self) -> bool:
        return list(self.expected) == list(self.observed)


def run(laptop: Laptop, scenario: Scenario) -> Result:
    """Play the scenario until what is observed is what is expected, or LIMIT_SECONDS are over."""
    call_sid = scenario.start(laptop)
    deadline = time.monotonic() + LIMIT_SECONDS
    observed = scenario.observe(laptop, call_sid)
    while list(observed) != list(scenario.expected) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)  # other processes bring it about: look again
        observed = scenario.observe(laptop, call_sid)
    return Result(call_sid, scenario.expected, observed)


def _dials(laptop: Laptop, caller: str, number: str, then: Sequence[Step]) -> str:
    return laptop.do(lambda: laptop.twilio.dial(CALLERS[caller], number, then))


def _on_duty(laptop: Laptop, **phones: Behaviour) -> None:
    """These workers are available, the first of them is next in turn, and each phone behaves as given."""

    def prepare() -> None:
        for name, behaviour in phones.items():
            laptop.twilio.phone(WORKERS[name][0]).will(behaviour)
        laptop.call_centre.on_duty(*phones)

    laptop.do(prepare)


def _crm_first(laptop: Laptop) -> str:
    _on_duty(laptop, Bea=answers(1, [hears("gold member"), joined(), talks(3), hangs_up()]))
    return _dials(
        laptop,
        "Ann",
        SUPPORT,
        [hears("For English press 1"), presses("1"), joined(), hears("How was this call"), presses("5")],
    )


def _crm_declines(laptop: Laptop) -> str:
    laptop.crm.replies = {
        "": (200, {"name": "Gus Moe", "whisper": "Gus, new patient."}),
        "Dora": (409, {"reason": "wants another doctor"}),
    }
    _on_duty(laptop, Dora=answers(1, [joined()]), Emil=answers(1, [hears("new patient"), presses("1"), joined()]))
    return _dials(laptop, "Gus", SALES, [joined(), talks(2), hangs_up()])


def _voicemail_answers(laptop: Laptop) -> str:
    laptop.crm.replies = {"": (200, {"name": "Gus Moe", "whisper": "Gus, new patient."})}
    _on_duty(laptop, Dora=voicemail(1), Emil=answers(1, [hears("Press 1"), presses("1"), joined()]))
    return _dials(laptop, "Gus", SALES, [joined(), talks(2), hangs_up()])


def _caller_hangs_up(laptop: Laptop) -> str:
    _on_duty(laptop, Bea=no_answer())
    call_sid = _dials(laptop, "Ivy", SUPPORT, [hears("For English press 1"), presses("1")])
    laptop.do(lambda: laptop.twilio.scheduler.on_event.append(_HangsUpWhenRinging(laptop, call_sid, WORKERS["Bea"][0])))
    return call_sid


class _HangsUpWhenRinging:
    """The caller hangs up two seconds after the worker's phone begins to ring."""

    def __init__(self, laptop: Laptop, call_sid: str, phone: str) -> None:
        self._laptop, self._call_sid, self._phone = laptop, call_sid, phone

    def __call__(self, event: Any) -> None:
        if event.kind == "ringing" and event.detail["to"] == self._phone:
            scheduler = self._laptop.twilio.scheduler
            scheduler.on_event.remove(self)
            scheduler.after(2, lambda: self._laptop.twilio.hang_up(self._call_sid))


def _called_back(laptop: Laptop) -> str:
    """Ivy waits, presses star and leaves; Gus comes after her. When Emil comes to work, it is Ivy's turn first."""
    laptop.crm.replies = {"": (200, {"name": "Ivy Ray", "whisper": "Ivy, new patient."})}
    _on_duty(laptop)
    steps: Sequence[Step] = [
        hears("press star"),
        presses("*"),
        hears("confirm press 1"),
        presses("1"),
        hears("Goodbye"),
    ]
    call_sid = _dials(laptop, "Ivy", SALES, steps)
    laptop.do(lambda: laptop.twilio.scheduler.on_event.append(_EmilComesToWork(laptop, call_sid)))
    return call_sid


class _EmilComesToWork:
    """Gus dials as soon as Ivy has left; Emil comes when Gus waits, and Ivy's callback is queued."""

    def __init__(self, laptop: Laptop, ivys_call: str) -> None:
        self._laptop, self._ivys_call = laptop, ivys_call
        self._seen: set[str] = set()

    def __call__(self, event: Any) -> None:
        twilio, detail = self._laptop.twilio, event.detail
        if event.kind == "left_queue" and detail["sid"] == self._ivys_call:
            twilio.scheduler.after(0, self._gus_dials)
        elif event.kind == "task" and detail["status"] == "pending":
            self._seen.add("caller" if detail["call_sid"] else "callback")
        if self._seen >= {"caller", "callback"}:
            twilio.scheduler.on_event.remove(self)
            twilio.scheduler.after(1, self._begin)

    def _gus_dials(self) -> None:
        self._laptop.twilio.dial(CALLERS["Gus"], SALES, [joined(), talks(2), hangs_up()])

    def _begin(self) -> None:
        twilio = self._laptop.twilio
        takes: list[Step] = [hears("Press 1"), presses("1")]
        emil = [answers(1, [*takes, hears("If that was a machine"), hangs_up()]), answers(1, [*takes, joined()])]
        twilio.phone(WORKERS["Emil"][0]).will(*emil)
        twilio.phone(CALLERS["Ivy"]).will(answers(1, [joined(), talks(2), hangs_up()]))
        self._laptop.call_centre.on_duty("Emil")


def _callback_observed(laptop: Laptop, call_sid: str) -> Sequence[str]:
    rows = outcome.call_rows(laptop.aws, call_sid)
    callback = next((row for row in rows if row["item"] == "CALLBACK"), {})
    return [f"callback: {callback.get('state')}", *laptop.do(lambda: outcome.joined_with(laptop, "Emil"))]


def _no_answer(laptop: Laptop) -> str:
    _on_duty(laptop, Carl=no_answer(), Bea=answers(1, [joined()]))
    return _dials(laptop, "Ann", SUPPORT, [hears("press 1"), presses("1"), joined(), talks(2), hangs_up()])


def _direct(laptop: Laptop) -> str:
    _on_duty(laptop, Fay=answers(1, [joined(), talks(2), hangs_up()]))
    return _dials(laptop, "Gus", URGENT, [joined(), hears("Goodbye")])


def _forged(laptop: Laptop) -> str:
    """Somebody who does not have the token posts an assignment; the status of the answer stands for the CallSid."""
    form = {
        "WorkflowSid": laptop.call_centre.workflow_sid,
        "ReservationSid": "WR" + "f" * 32,
        "TaskAttributes": f'{{"call_sid": "{FORGED_CALL}"}}',
    }
    return str(post_form(laptop, "/taskrouter/assignment", form, "Zm9yZ2VkIHNpZ25hdHVyZQ=="))


FORGED_CALL = "CA" + "f" * 32


def _simple_queue(laptop: Laptop) -> str:
    """An agent takes one caller after the other. The agent dials in."""
    agent, agents_number, callers_number = "+14155550190", "+14155550104", "+14155550103"
    call_sid = _dials(laptop, "Gus", callers_number, [hears("front desk"), joined(), talks(1), hangs_up()])
    steps: Sequence[Step] = [hears("next caller"), joined(), hears("next caller"), hangs_up()]
    laptop.do(lambda: laptop.twilio.dial(agent, agents_number, steps))
    return call_sid


def _nobody_free(laptop: Laptop) -> str:
    """TaskRouter gives up on the task while the caller waits, as a workflow's last timeout makes it do."""
    _on_duty(laptop)
    call_sid = _dials(
        laptop, "Ivy", SUPPORT, [hears("press 1"), presses("1"), hears("leave a message"), talks(4), presses("#")]
    )

    def give_up(event: Any) -> None:
        if event.kind == "enqueued" and event.detail["sid"] == call_sid:
            laptop.twilio.scheduler.on_event.remove(give_up)
            task = laptop.twilio.router.workspace.tasks[event.detail["task_sid"]]
            laptop.twilio.scheduler.after(2, lambda: laptop.twilio.router.lifecycle.cancel(task, "workflow.timeout"))

    laptop.do(lambda: laptop.twilio.scheduler.on_event.append(give_up))
    return call_sid


def _message_is_work(laptop: Laptop) -> str:
    """The same, and then somebody is there who hears the message and says that it is done."""
    call_sid = _nobody_free(laptop)
    steps: Sequence[Step] = [hears("Press 1"), presses("1"), hears("/voicemail/"), hears("hear it again"), presses("3")]
    laptop.do(lambda: laptop.twilio.phone(WORKERS["Olga"][0]).will(answers(1, steps)))
    laptop.do(lambda: laptop.call_centre.on_duty("Olga"))
    return call_sid


def _message_observed(laptop: Laptop, call_sid: str) -> Sequence[str]:
    rows = outcome.call_rows(laptop.aws, call_sid)
    message = next((row for row in rows if row["item"].startswith("RECORDING#")), {})
    return [f"done by: {message.get('done_by', 'nobody')}", *laptop.do(lambda: outcome.now(laptop))]


def _forgery_observed(laptop: Laptop, status: str) -> Sequence[str]:
    rows = outcome.call_rows(laptop.aws, FORGED_CALL)
    return [f"answered {status}", f"rows written: {len(rows)}"]


SCENARIOS: Sequence[Scenario] = (
    Scenario(
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
        lambda laptop, sid: outcome.observe(laptop, sid, "Bea"),
    ),
    Scenario(
        "b",
        "The CRM declines one worker: rejected, and the next worker gets the caller",
        _crm_declines,
        (
            "Dora: rejected (declined: wants another doctor)",
            "Emil: completed",
            "CRM: Gus Moe",
            "joined: Emil",
            "task: completed",
            "Dora is Unavailable",
            "Emil is Available",
            "legs left: 0",
        ),
        lambda laptop, sid: outcome.observe(laptop, sid, "Dora", "Emil"),
    ),
    Scenario(
        "c",
        "The caller hangs up while the worker's phone rings: it stops ringing at once",
        _caller_hangs_up,
        ("Bea: canceled", "task: canceled (hangup)", "Bea is Available", "legs left: 0"),
        lambda laptop, sid: outcome.observe(laptop, sid, "Bea"),
    ),
    Scenario(
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
        lambda laptop, sid: outcome.observe(laptop, sid, "Carl", "Bea"),
    ),
    Scenario(
        "e",
        "A worker's voicemail answers: nobody is joined to it, and the next worker presses 1",
        _voicemail_answers,
        (
            "Dora: rejected (machine)",
            "Emil: completed",
            "CRM: Gus Moe",
            "joined: Emil",
            "task: completed",
            "Dora is Unavailable",
            "Emil is Available",
            "legs left: 0",
        ),
        lambda laptop, sid: outcome.observe(laptop, sid, "Dora", "Emil"),
    ),
    Scenario(
        "f",
        "Direct mode: Twilio rings the worker by itself",
        _direct,
        ("Fay: completed", "joined: Fay", "task: completed", "Fay is Available", "legs left: 0"),
        lambda laptop, sid: outcome.observe(laptop, sid, "Fay"),
    ),
    Scenario(
        "g",
        "A forged webhook: refused, and nothing is written",
        _forged,
        ("answered 403", "rows written: 0"),
        _forgery_observed,
    ),
    Scenario(
        "h",
        "The caller presses star, leaves, and is called back before the one who came later: the place is kept",
        _called_back,
        ("callback: talked", "Emil with Ivy", "Emil with Gus", "legs left: 0"),
        _callback_observed,
    ),
)

# Played by the tests, beside those of the demo.
MORE_SCENARIOS: Sequence[Scenario] = (
    Scenario(
        "i",
        "A simple queue: the agent who dials in gets the caller, and after the call hears that the next one is coming",
        _simple_queue,
        ("queue result: bridged", "joined: +14155550104", "legs left: 0"),
        outcome.observe,
    ),
    Scenario(
        "j",
        "Nobody is free: the caller leaves a message",
        _nobody_free,
        ("queue result: redirected", "voicemail: recorded", "task: canceled (workflow.timeout)", "legs left: 0"),
        outcome.observe,
    ),
    Scenario(
        "k",
        "A message is work: whoever is free is rung, hears it, and says that it is done",
        _message_is_work,
        ("done by: Olga", "legs left: 0"),
        _message_observed,
    ),
)

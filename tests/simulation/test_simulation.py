"""Nobody is stranded: thousands of calls against the whole application, and a planted defect for each invariant."""

import gc
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest

from chalicelib.config.answering import ModeName
from laptop.package import ROOT
from tests.simulation.defects import DEFECTS, Defect
from tests.simulation.faults import RATES, chosen
from tests.simulation.invariants import Violation, check
from tests.simulation.invocation import Step
from tests.simulation.observed import Observed
from tests.simulation.run import CALLS_A_WORLD, Summary, digest, explain, keep_what_is_loaded, many, one, plans_of
from tests.simulation.world import Plan, World, play

WORLDS_TO_FIND_IT = 6
SMALL_WORLDS, FEW_CALLS = 4, 10
# The world in which a rare one shows first; the others are found from the first world on.
FOUND_FROM = {
    "a caller who has gone is asked about": 15,
    "who hangs up in the middle of a message has heard it": 7,
    "the rota goes before what was said by hand": 22,
    "a caller who is back is called back all the same": 9,
    "who hangs up on hold loses the caller": 17,
    "a machine's verdict joins": 5,
    "who went home by hand is moved": 3,
    "a worker changes while we look": 4,
    "a message is posted by each job anew": 8,
    "a worker on hold is taken for one who hung up": 10,
    "the wrap-up is begun for who went home": 5,
    "the last good secret is not kept": 9,
    "a caller is given away by each request of the desk anew": 10,
    "a task that outlives its call stays": 4,
    "a caller may go up and down for ever": 4,
    "a message that is done is offered on": 3,
    "a wrap-up begins when the worker has said that it is done": 17,
    "who passed is moved before the way back is ordered": 6,
}
OF_WORK = 13  # the promise about work that is no call
OF_AVAILABILITY = 15  # and about who is on
OF_CALLBACKS = 16  # the promise about callbacks
OF_TALKS = 19  # and about recorded talks
OF_HOLD = 17  # the promise about the star key


@pytest.fixture(autouse=True)
def quick() -> None:
    """Whatever is imported by now need not be looked through for garbage in the middle of each world."""
    keep_what_is_loaded()


def play_here(plans: Iterable[Plan], summary: Summary) -> None:
    """In this process, as the tests themselves run on all cores."""
    for plan in plans:
        summary.add(one(plan))
    gc.enable()


def judged(world: World) -> list[Violation]:
    return check(Observed(world))


CRM_IS_OUT = "crm_500=0.95,crm_declines,lambda_dies,webhook_twice,message_twice,dynamodb_answer_lost,caller_hangs_up"


@pytest.mark.parametrize(("faults", "calls"), [("all", 300), ("people", 125), ("none", 50), (CRM_IS_OUT, 125)])
def test_every_invariant_holds(faults: str, calls: int) -> None:
    summary = Summary(1, faults)
    play_here(plans_of(calls, 1, chosen(faults)), summary)
    assert summary.violations == []
    assert summary.calls.total() == calls + summary.faults["caller_calls_again"]


def test_hostile_calls_meet_every_kind_of_fault() -> None:
    summary = Summary(1, "all")
    many(list(plans_of(250, 2000, {kind: rate * 2 for kind, rate in RATES.items()})), summary)
    assert set(RATES) <= set(summary.faults)
    assert summary.violations == []


@pytest.mark.parametrize("name", DEFECTS)
def test_a_planted_defect_is_found(name: str) -> None:
    """In a few small worlds, which are quick, or else in large ones."""
    defect, found = DEFECTS[name], set[int]()
    first = FOUND_FROM.get(name, 1)
    small = [replace(plan_for(defect, seed), calls=FEW_CALLS) for seed in range(first, first + SMALL_WORLDS)]
    large = [plan_for(defect, seed) for seed in dict.fromkeys((first, *range(1, 1 + WORLDS_TO_FIND_IT)))]
    for plan in [*small, *large]:
        with defect.plant():
            found |= {violation.invariant for violation in judged(play(plan))}
        if found & defect.invariants:
            break
    assert found & defect.invariants, f"not found in {WORLDS_TO_FIND_IT * CALLS_A_WORLD} calls; only {sorted(found)}"


def plan_for(defect: Defect, seed: int) -> Plan:
    """A world in which the defect shows; what else is played hides nothing."""
    rates, invariants = chosen(defect.faults), defect.invariants
    if OF_HOLD not in invariants:
        rates.pop("worker_presses_star", None)
    return Plan(
        seed,
        rates,
        orders=4 if OF_WORK in invariants else 0,
        answer=defect.answer,
        asks=(1.0 if defect.away else 0.5) if OF_CALLBACKS in invariants else 0.0,
        away=defect.away,
        texts=OF_AVAILABILITY in invariants,
        hours=defect.hours,
        known=defect.known,
        desk=defect.desk,
        records=None if OF_TALKS in invariants else (),
    )


def test_each_invariant_has_a_defect_that_it_finds() -> None:
    assert {number for defect in DEFECTS.values() for number in defect.invariants} == set(range(1, 26))


def test_callers_of_whom_nobody_takes_a_call_are_called_back() -> None:
    summary, rates = Summary(1, "all"), chosen("all")
    play_here((Plan(seed, rates, away=True, asks=0.9) for seed in range(3000, 3006)), summary)
    assert summary.violations == []
    assert summary.faults["customer_busy"] and summary.faults["caller_calls_again"]


def test_lines_open_and_close_among_the_calls_and_an_admin_switches_one() -> None:
    summary, rates = Summary(1, "all"), chosen("all")
    play_here((Plan(seed, rates, hours=True) for seed in range(4000, 4012)), summary)
    assert summary.violations == []


def test_some_workers_take_their_callers_at_the_desk() -> None:
    """In two tabs too, with events that are late, twice or lost, and tabs that die in the middle."""
    summary, rates = Summary(1, "all"), chosen("all")
    play_here((Plan(seed, rates, desk=True) for seed in range(6000, 6012)), summary)
    assert summary.violations == []
    assert {kind for kind in RATES if kind.startswith("desk_")} <= set(summary.faults)


def test_lines_ask_who_calls_and_some_callers_are_blocked() -> None:
    summary, rates = Summary(1, "all"), chosen("all")
    play_here((Plan(seed, rates, known=True) for seed in range(5000, 5006)), summary)
    assert summary.violations == []


# --- One ordinary call, and a function that dies before and after each of its effects

SUPPORT, SALES, URGENT = 5, 4, 3  # seeds of worlds whose only caller dials this line, and talks to a worker
PASSED_ONCE = 51  # and of one where a worker passes before the next one takes the call


class DiesAt:
    """Dies at one step and lives on after it; without a number it only counts."""

    def __init__(self, number: int = -1) -> None:
        self.number = number
        self.steps: list[Step] = []

    def __call__(self, step: Step) -> bool:
        self.steps.append(step)
        return len(self.steps) - 1 == self.number


@pytest.mark.parametrize(
    ("seed", "answer", "people"),
    [
        (SUPPORT, "at-once", ""),
        (SALES, "at-once", ""),
        (URGENT, "at-once", ""),
        (SALES, "key", ""),
        (SALES, "detect", ""),
        (PASSED_ONCE, "key", "worker_passes=0.5"),
        (SALES, "key+detect", "worker_voicemail=0.5"),
    ],
)
def test_a_function_may_die_at_every_step_of_a_call(seed: int, answer: ModeName, people: str) -> None:
    plan = Plan(seed, chosen(people) if people else {}, calls=1, orders=0, texts=False, records=(), answer=answer)
    world, steps = undisturbed(plan)
    assert any(call.conversations for call in Observed(world).calls.values())
    assert_that_no_death_matters(plan, steps)


def test_a_function_may_die_at_every_step_of_a_piece_of_work() -> None:
    plan = Plan(SUPPORT, {}, calls=0, orders=1, texts=False, records=())
    world, steps = undisturbed(plan)
    assert Observed(world).work.customers
    assert_that_no_death_matters(plan, steps)


def test_a_function_may_die_at_every_step_of_a_chat() -> None:
    """The first worker gives it back, and it is done by the second task."""
    given_back_first = 4
    plan = Plan(given_back_first, chosen("desk_gives_back=0.5"), calls=0, orders=0, chats=1, texts=False, desk=True)
    world, steps = undisturbed(plan)
    assert world.chats is not None and (len(world.chats.given_back), len(world.chats.done)) == (1, 1)
    assert_that_no_death_matters(plan, steps)


def test_a_function_may_die_at_every_step_of_a_callback() -> None:
    """The customer is busy when the first worker presses 1, and talks to the second."""
    busy_first = 9
    plan = Plan(
        busy_first, chosen("customer_busy=0.5"), calls=1, orders=0, texts=False, records=(), asks=1.0, away=True
    )
    world, steps = undisturbed(plan)
    assert [row["state"] for row in world.callbacks().values()] == ["talked"]
    assert len(Observed(world).work.customers) > 1
    assert_that_no_death_matters(plan, steps)


def test_a_function_may_die_at_every_step_of_what_workers_text() -> None:
    plan = Plan(1, {}, calls=0, orders=0, records=())
    world, steps = undisturbed(plan)
    assert any(world.texters.sent.values())
    assert_that_no_death_matters(plan, steps)


def undisturbed(plan: Plan) -> tuple[World, list[Step]]:
    """The world in which nobody dies, which is as it should be, and the steps at which a function might."""
    ordinary = DiesAt()
    world = play(replace(plan, dies=ordinary))
    assert judged(world) == []
    return world, ordinary.steps


def assert_that_no_death_matters(plan: Plan, steps: Sequence[Step]) -> None:
    for number, step in enumerate(steps):
        if number and is_the_same_death(steps[number - 1], step):
            continue
        violations = judged(play(replace(plan, dies=DiesAt(number))))
        assert violations == [], f"after dying {'after' if step.after else 'before'} {step.effect} of {step.invocation}"


def is_the_same_death(before: Step, step: Step) -> bool:
    """After one effect, and before the next one of the same function, which changes nothing in between."""
    is_next = (before.invocation, before.about) == (step.invocation, step.about) and step.number > before.number
    return is_next and before.after and not step.after


# Seeds of worlds whose only caller is put on hold, and what becomes of them.
ON_HOLD = {11: ["queue:Sales"], 40: ["lost"], 103: ["back", "person:Carl"]}


@pytest.mark.parametrize("seed", ON_HOLD)
def test_a_function_may_die_at_every_step_of_a_call_on_hold(seed: int) -> None:
    rates = chosen("worker_presses_star=1")
    plan = Plan(seed, rates, calls=1, orders=0, answer="at-once", asks=0.0, texts=False, records=())
    world, steps = undisturbed(plan)
    links = [row for row in world.rows() if row["item"].startswith("WR")]
    assert sorted(row["transferred_to"] for row in links if "held_at" in row) == ON_HOLD[seed]
    assert_that_no_death_matters(plan, steps)


# --- The same again


def test_one_seed_is_one_course() -> None:
    rates = chosen("all")
    assert digest(play(Plan(7, rates))) == digest(play(Plan(7, rates))) != digest(play(Plan(8, rates)))


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_one_seed_is_one_course_in_every_process(hash_seed: str) -> None:
    code = (
        "from tests.simulation.run import digest; from tests.simulation.world import Plan, play;"
        "from tests.simulation.faults import chosen; print(digest(play(Plan(7, chosen('all')))))"
    )
    environment = os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
    there = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert there.stdout.strip() == digest(play(Plan(7, chosen("all"))))


def test_what_broke_is_shown_with_few_faults_and_the_command_that_plays_it_again() -> None:
    defect = DEFECTS["who did not answer is offered the call again"]
    rates = {"worker_busy": 0.5, "webhook_late": 0.04, "caller_hangs_up": 0.3}
    with defect.plant():
        violation = judged(play(Plan(1, rates)))[0]
        explanation = explain(1, violation, rates)
    assert explanation.startswith(f"invariant {violation.invariant}: ")
    assert "  reservation  sid=R1 task_sid=T worker=" in explanation
    assert explanation.endswith("again: make simulate CALLS=25 SEED=1 FAULTS=worker_busy=0.5")

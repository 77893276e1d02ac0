"""Many worlds on all cores: progress, a summary, and for a violation the shortest trace and its command."""

import gc
import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from multiprocessing import get_context
from typing import NamedTuple

from emulator.voice.interpreter import STOCK_ERROR
from tests.simulation.invariants import Violation, check
from tests.simulation.observed import Called, Observed
from tests.simulation.trace import render
from tests.simulation.world import Plan, World, play

CALLS_A_WORLD = 25
HOURS_EACH = KNOWN_EACH = DESK_EACH = 4
WORLDS_A_PROCESS = 100  # then it is replaced by a fresh one, so that memory stays flat however long the run


class Outcome(NamedTuple):
    """What became of one world, in numbers."""

    seed: int
    calls: Counter[str]
    faults: Counter[str]
    requests: int
    violations: list[Violation]


@dataclass
class Summary:
    seed: int
    faults_asked: str
    worlds: int = 0
    requests: int = 0
    calls: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    violations: list[tuple[int, Violation]] = field(default_factory=list)  # with the seed of the world

    def add(self, outcome: Outcome) -> None:
        self.worlds += 1
        self.requests += outcome.requests
        self.calls.update(outcome.calls)
        self.faults.update(outcome.faults)
        self.violations += [(outcome.seed, violation) for violation in outcome.violations]

    def as_json(self) -> str:
        summary = {
            "seed": self.seed,
            "faults_asked": self.faults_asked,
            "worlds": self.worlds,
            "calls": self.calls.total(),
            "webhooks": self.requests,
            "outcomes": dict(self.calls.most_common()),
            "faults": dict(self.faults.most_common()),
            "violations": [{"seed": seed, **asdict(violation)} for seed, violation in self.violations],
        }
        return json.dumps(summary, indent=2)

    def __str__(self) -> str:
        lines = [f"{self.calls.total()} calls in {self.worlds} worlds from seed {self.seed}, {self.requests} webhooks"]
        for title, counts in (("how the calls ended", self.calls), ("faults", self.faults)):
            lines += ["", f"{title}: {counts.total()}"]
            lines += [f"  {count:>9}  {name}" for name, count in counts.most_common()]
        return "\n".join([*lines, "", f"violations: {len(self.violations)}"])


def seeds_of(calls: int, seed: int) -> range:
    """World number i of a run from `seed` is the world of seed + i."""
    return range(seed, seed + -(-calls // CALLS_A_WORLD))


def one(plan: Plan) -> Outcome:
    """Play one world and judge it."""
    gc.disable()  # what a world makes stays until its end; collecting it in between finds nothing
    world = play(plan)
    observed = Observed(world)
    ends = Counter(_end_of(call) for call in observed.calls.values())
    outcome = Outcome(plan.seed, ends, world.faults.counts, len(world.gateway.deliveries), check(observed))
    del world, observed
    keep_what_is_loaded()
    return outcome


def keep_what_is_loaded() -> None:
    """Free the worlds that are over: greenlets and what they hold are cycles. What is left is never looked through."""
    gc.collect()
    gc.freeze()


def _end_of(call: Called) -> str:
    if call.conversations:
        return "talked to a worker"
    if call.hung_up:
        return "hung up before"
    last = call.sounds[-1][1] if call.sounds else ""
    if last == STOCK_ERROR:
        return "heard Twilio's error message, as no webhook could be reached"
    return "left a message" if "call you back" in last else "heard a goodbye"


def many(plans: Sequence[Plan], summary: Summary, progress: Callable[[Summary], None] = lambda _: None) -> None:
    """Play all worlds on all cores; `progress` is called after each."""
    with get_context("spawn").Pool(os.cpu_count(), maxtasksperchild=WORLDS_A_PROCESS) as pool:
        for outcome in pool.imap_unordered(one, plans):
            summary.add(outcome)
            progress(summary)


# --- What went wrong


def explain(seed: int, violation: Violation, rates: Mapping[str, float]) -> str:
    """The trace of the call that breaks an invariant, with as few faults as it takes, and the command that plays it."""
    rates = shrink(seed, violation, rates)
    world = play(plan_of(seed, rates))
    again = [found for found in check(Observed(world)) if found.invariant == violation.invariant]
    shown = again[0] if again else violation
    return "\n".join(
        [
            f"invariant {shown.invariant}: {shown.text}",
            _trace(world, shown),
            f"again: make simulate CALLS={CALLS_A_WORLD} SEED={seed} FAULTS={_asked(rates)}",
        ]
    )


def shrink(seed: int, violation: Violation, rates: Mapping[str, float]) -> dict[str, float]:
    """Switch off one kind of fault after the other, as long as the same invariant is broken."""
    needed = dict(rates)
    for kind in rates:
        fewer = {name: rate for name, rate in needed.items() if name != kind}
        if any(found.invariant == violation.invariant for found in check(Observed(play(plan_of(seed, fewer))))):
            needed = fewer
    return needed


def _trace(world: World, violation: Violation) -> str:
    return render(world, violation.call_sid) if violation.call_sid else "(it is about no single call)"


def _asked(rates: Mapping[str, float]) -> str:
    return ",".join(f"{kind}={rate}" for kind, rate in rates.items()) or "none"


def plans_of(calls: int, seed: int, rates: Mapping[str, float]) -> Iterator[Plan]:
    for number in seeds_of(calls, seed):
        yield plan_of(number, rates)


def plan_of(seed: int, rates: Mapping[str, float]) -> Plan:
    """Of this seed's world in a run: in one of four lines open and close, in others they know their callers, or some
    workers sit at the desk."""
    known, desk = seed % KNOWN_EACH == KNOWN_EACH // 2, seed % DESK_EACH == 1
    return Plan(seed, rates, CALLS_A_WORLD, hours=seed % HOURS_EACH == 0, known=known, desk=desk)


def digest(world: World) -> str:
    """A hash of everything that happened in a world: equal for two worlds that took the same course."""
    known = hashlib.sha256()
    for event in world.trace:
        known.update(repr((event.at, event.kind, list(event.detail.items()))).encode())
    return known.hexdigest()

"""`make demo`: real calls through the package that would be deployed, on this machine, with no account anywhere.

python -m laptop.demo [LETTERS]     these scenarios only, such as `ab`
"""

import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from emulator.clock.scheduler import TraceEvent
from laptop import environment, outcome
from laptop.environment import Laptop
from laptop.local_aws import LaptopError
from laptop.phases import Phases
from laptop.scenarios import SCENARIOS, Result, Scenario, run
from laptop.screen import BOLD, DIM, GREEN, RED, beside, paint, rendered
from laptop.timeline import Timeline

STEPS = ("reserved", "preparing", "dialing", "ringing", "asked", "answered", "bridged", "closed")
FIRST_CALL = "the first call, until the two are joined"
SET_UP = Path(sys.prefix) / "ready"  # has the seconds that it took


def main(letters: str = "") -> int:
    """Play the scenarios of these letters, or every one; 0 when each ends as expected."""
    scenarios = [scenario for scenario in SCENARIOS if scenario.letter in letters or not letters]
    phases = Phases(time.monotonic)

    def progress(what: str) -> None:
        phases.begin(what)
        print_seconds(phases.seconds, what)

    try:
        with environment.running(progress) as laptop:
            phases.begin(FIRST_CALL)
            results = play(laptop, scenarios, phases)
            show_links(laptop, [result.call_sid for result in results])
            print()
            progress("stopping everything")
    except LaptopError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped")
        return 130
    return conclude(scenarios, results, phases.seconds)


def play(laptop: Laptop, scenarios: Sequence[Scenario], phases: Phases) -> list[Result]:
    timeline, results = Timeline(laptop), []
    laptop.do(lambda: laptop.twilio.scheduler.on_event.append(_EndsWhenJoined(laptop, phases)))
    for number, scenario in enumerate(scenarios):
        print(f"\n{rendered(Text(f'({scenario.letter}) {scenario.title}', BOLD))}", flush=True)
        timeline.start()
        results.append(run(laptop, scenario))
        print_comparison(results[-1])
        if number == 0:
            show_phases(phases)
    return results


class _EndsWhenJoined:
    """Ends the phase when the first two are joined."""

    def __init__(self, laptop: Laptop, phases: Phases) -> None:
        self._on_event, self._phases = laptop.twilio.scheduler.on_event, phases

    def __call__(self, event: TraceEvent) -> None:
        if event.kind == "joined":
            self._on_event.remove(self)
            self._phases.end()


def print_seconds(seconds: float, what: str) -> None:
    print(beside(Text(f"{seconds:6.1f} s", DIM), Text(what, DIM), indent=0), flush=True)


def print_comparison(result: Result) -> None:
    observed = Text("; ".join(result.observed))
    if result.good:
        print(beside(Text("as expected", GREEN), observed), flush=True)
    else:
        print(beside(Text("expected", BOLD), Text("; ".join(result.expected))))
        print(beside(Text("DIFFERENT", RED), observed), flush=True)


def show_phases(phases: Phases) -> None:
    """What the way to the first joined call consisted of, that of the set-up included; nothing if none was joined."""
    taken = dict(phases.taken)
    if FIRST_CALL not in taken:
        return
    print(f"\n{paint('From nothing to the first joined call', BOLD)}")
    taken = {**_set_up(), **taken}
    for what, seconds in (*taken.items(), ("together", sum(taken.values()))):
        print_seconds(seconds, what)


def _set_up() -> dict[str, float]:
    """The seconds that making .venv took; nothing where `make` has not made it."""
    try:
        return {"making .venv, once": float(SET_UP.read_text(encoding="utf-8"))}
    except (OSError, ValueError):
        return {}


def show_links(laptop: Laptop, call_sids: Sequence[str]) -> None:
    print(f"\n{paint('The links as DynamoDB holds them', BOLD)}  (seconds since the reservation)")
    for call_sid in call_sids:
        for link in outcome.links(outcome.call_rows(laptop.aws, call_sid)):
            since = float(link["reserved_at"])
            steps = [f"{step} {float(link[f'{step}_at']) - since:.1f}" for step in STEPS if f"{step}_at" in link]
            at = datetime.fromtimestamp(since, UTC).isoformat(timespec="seconds")
            who = f"{call_sid[:8]}… {link['item'][:8]}…  {at}  {link.get('worker_name', ''):<5} {link['mode']:<9}"
            print(rendered(Padding(Text(who), (0, 0, 0, 2))))
            ended = (
                f"{link.get('outcome') or link['state']}: {link['reason']}" if link.get("reason") else link["outcome"]
            )
            print(rendered(Padding(Text(f"{' · '.join(steps)}  →  {ended}", DIM), (0, 0, 0, 6))))


def conclude(scenarios: Sequence[Scenario], results: Sequence[Result], seconds: float) -> int:
    """Print how each scenario has ended; 0 when all did as expected."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    for scenario, result in zip(scenarios, results, strict=True):
        verdict = Text("as expected", GREEN) if result.good else Text("DIFFERENT", RED)
        table.add_row(f"({scenario.letter})", Text(scenario.title), verdict)
    print(f"\n{rendered(table)}")
    good = sum(result.good for result in results)
    colour = GREEN if good == len(results) else RED
    print(f"\n{paint(f'{good} of {len(results)} scenarios ended as expected', colour)}, in {seconds:.0f} s")
    print(paint("make dev keeps all of it running, with a wallboard in your browser; there you place the calls", DIM))
    return 0 if good == len(results) else 1


if __name__ == "__main__":
    sys.exit(main("".join(sys.argv[1:])))

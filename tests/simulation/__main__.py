"""make simulate CALLS=… SEED=… FAULTS=…"""

import argparse
import sys
import time
from pathlib import Path

from tests.simulation.faults import chosen
from tests.simulation.run import Summary, explain, many, plans_of

MOST_TRACES = 3


def main() -> int:
    asked = _arguments()
    rates = chosen(asked.faults)
    summary = Summary(asked.seed, asked.faults)
    many(list(plans_of(asked.calls, asked.seed, rates)), summary, _Progress(asked.calls))
    print(summary)
    if asked.json:
        asked.json.write_text(summary.as_json() + "\n", encoding="utf-8")
    explained: set[int] = set()
    for seed, violation in summary.violations:
        if violation.invariant not in explained and len(explained) < MOST_TRACES:
            explained.add(violation.invariant)
            print(f"\n{explain(seed, violation, rates)}")
    return 1 if summary.violations else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make simulate", description="Calls against everything that can go wrong.")
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=int(time.time()), help="another one each time, if not given")
    parser.add_argument("--faults", default="all", help="all, people, none, or kinds: rest_429,cold_start=0.5")
    parser.add_argument("--json", type=Path, help="write the summary there as well")
    return parser.parse_args()


class _Progress:
    """A line for each twentieth of the way, on stderr."""

    def __init__(self, calls: int) -> None:
        self._calls = calls
        self._began = time.monotonic()
        self._shown = 0

    def __call__(self, summary: Summary) -> None:
        done = summary.calls.total()
        part = min(20, done * 20 // self._calls)
        if part > self._shown:
            self._shown = part
            seconds = time.monotonic() - self._began
            found = len(summary.violations)
            print(f"{part * 5:>3} %  {done} calls, {seconds:.0f} s, {found} violations", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())

"""make mutants COUNT=… SEED="… …": the tests are measured once, and then held against so many mutants of each seed."""

import argparse
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from os import cpu_count
from pathlib import Path
from queue import SimpleQueue

from tests.mutants.judges import NotGreen, measure
from tests.mutants.population import Mutant, difference, draw
from tests.mutants.trial import Court, Verdict, copy_of

PROJECT = Path(__file__).parents[2]
EQUIVALENT = Path(__file__).with_name("equivalent.toml")
ENOUGH = 0.95  # of the mutants that change something


def main() -> int:
    asked = _arguments()
    print("measuring what each test runs", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        try:
            courts = _courts(Path(folder))
        except NotGreen as problem:
            print(problem, file=sys.stderr)
            return 1
        is_enough = [_hold(courts, asked.count, seed) for seed in asked.seed or [int(time.time())]]
    return 0 if all(is_enough) else 1


def _hold(courts: "SimpleQueue[Court]", count: int, seed: int) -> bool:
    """Whether the tests notice enough of the mutants of this seed; each that lives is told at once."""
    drawn = draw(PROJECT, count, seed)
    excused = {mutant: reason for mutant in drawn if (reason := _reason(mutant))}
    killed, tried = 0, len(drawn) - len(excused)
    for verdict in _verdicts([mutant for mutant in drawn if mutant not in excused], courts):
        killed += verdict.killed
        if not verdict.killed:
            print(f"LIVES       {_told(verdict.mutant)}", flush=True)
    for mutant, reason in excused.items():
        print(f"equivalent  {_told(mutant)}\n            {reason}")
    print(f"seed {seed}: {killed} of {tried} killed, {len(excused)} equivalent", flush=True)
    return killed >= ENOUGH * tried


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutants", description="Does some test notice each small change?")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, nargs="+", help="one or several; a new one if not given")
    return parser.parse_args()


def _courts(folder: Path) -> "SimpleQueue[Court]":
    """As many courts as this machine has processors. Raises NotGreen."""
    copies = [copy_of(PROJECT, folder / str(number)) for number in range(cpu_count() or 1)]
    judges = measure(copies[0], folder / "measured")  # in a copy, where nothing but a mutant may fail a test
    courts: SimpleQueue[Court] = SimpleQueue()
    for copy in copies:
        courts.put(Court(copy, judges))
    return courts


def _verdicts(mutants: list[Mutant], courts: "SimpleQueue[Court]") -> Iterator[Verdict]:
    def judge(mutant: Mutant) -> Verdict:
        court = courts.get()
        try:
            return court.judge(mutant)
        finally:
            courts.put(court)

    with ThreadPoolExecutor(courts.qsize()) as pool:
        yield from pool.map(judge, mutants)


def _told(mutant: Mutant) -> str:
    before, after = difference(PROJECT, mutant)
    return f"{mutant}\n            - {before}\n            + {after}"


def _reason(mutant: Mutant) -> str:
    """Why the mutant does what the original does, from equivalent.toml; empty when it does something else."""
    before, after = difference(PROJECT, mutant)
    for known in tomllib.loads(EQUIVALENT.read_text(encoding="utf-8"))["equivalent"]:
        if (known["module"], known["before"], known["after"]) == (mutant.module, before, after):
            return str(known["reason"])
    return ""


if __name__ == "__main__":
    sys.exit(main())

"""make mutants COUNT=… SEED=…"""

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
    drawn = draw(PROJECT, asked.count, asked.seed)
    excused = {mutant: reason for mutant in drawn if (reason := _reason(mutant))}
    print(
        f"seed {asked.seed}: {len(drawn)} mutants, {len(excused)} of them change nothing; measuring what each test runs"
    )
    with tempfile.TemporaryDirectory() as folder:
        try:
            killed, tried = _try_all([mutant for mutant in drawn if mutant not in excused], Path(folder))
        except NotGreen as problem:
            print(problem, file=sys.stderr)
            return 1
    for mutant, reason in excused.items():
        print(f"equivalent  {_told(mutant)}\n            {reason}")
    print(f"seed {asked.seed}: {killed} of {tried} killed, {len(excused)} equivalent")
    return 0 if killed >= ENOUGH * tried else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutants", description="Does some test notice each small change?")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=int(time.time()), help="another one each time, if not given")
    return parser.parse_args()


def _try_all(mutants: list[Mutant], folder: Path) -> tuple[int, int]:
    """How many were killed of how many; each that lives is told at once."""
    workers = cpu_count() or 1
    copies = [copy_of(PROJECT, folder / str(number)) for number in range(workers)]
    judges = measure(copies[0], folder / "measured")  # in a copy, where nothing but a mutant may fail a test
    courts: SimpleQueue[Court] = SimpleQueue()
    for copy in copies:
        courts.put(Court(copy, judges))
    killed = 0
    for verdict in _verdicts(mutants, courts, workers):
        killed += verdict.killed
        if not verdict.killed:
            print(f"LIVES       {_told(verdict.mutant)}", flush=True)
    return killed, len(mutants)


def _verdicts(mutants: list[Mutant], courts: "SimpleQueue[Court]", workers: int) -> Iterator[Verdict]:
    def judge(mutant: Mutant) -> Verdict:
        court = courts.get()
        try:
            return court.judge(mutant)
        finally:
            courts.put(court)

    with ThreadPoolExecutor(workers) as pool:
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

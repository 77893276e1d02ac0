"""Prints the ratios and the price: `python -m bench`. docs/performance.md says what they mean."""

import os
import sys
from collections.abc import Mapping

from bench.environment import ENVIRONMENT

os.environ.update(ENVIRONMENT)  # before anything imports `app`

from bench import cold_start, cost, counts, memory, money, warm, webhook_timings
from laptop import package

DOOR_GOAL = 0.6


def main() -> None:
    print(f"Python {sys.version.split()[0]}\n")
    for title, seconds in webhook_timings.seconds().items():
        print_door(title, seconds)
    print_hours(webhook_timings.seconds_with_hours())
    print_cold_start()
    print_cost()


def print_hours(seconds: Mapping[str, float]) -> None:
    print("/voice/incoming of a line with hours, and of the same without: in process, median")
    for name, value in seconds.items():
        print(f"  {name:24} {value * 1e6:8.0f} µs")
    print(f"  with / without           {seconds['with hours'] / seconds['without hours']:8.2f}\n")


def print_door(title: str, seconds: Mapping[str, float]) -> None:
    print(f"{title}: in process, AWS stubbed out, median")
    for name, value in seconds.items():
        print(f"  {name:24} {value * 1e6:8.0f} µs")
    print(f"  app / bare handler       {seconds['app'] / seconds['bare handler']:8.2f}")
    print(f"  app / Flask              {verdict(seconds['app'] / seconds['Flask'], DOOR_GOAL)}\n")


def print_cold_start() -> None:
    package.build()
    print("a fresh process on the unzipped archive, median of the processor's time")
    print(*cold_start.lines(cold_start.spent()), "", sep="\n")
    print(*memory.lines(warm.measured()), "", sep="\n")


def print_cost() -> None:
    """The tables of docs/cost.md."""
    calls = {mode: cost.cost(counts.charged(counted)) for mode, counted in counts.CALLS.items()}
    print("1,000 calls at list price of us-east-1 in US dollars")
    print(f"  {'':24}" + "".join(f"{mode:>14}" for mode in calls))
    for item in calls["crm-first"]:
        print(f"  {item:24}" + "".join(f"{dollars[item]:14.4f}" for dollars in calls.values()))
    print(f"  {'together':24}" + "".join(f"{sum(dollars.values()):14.4f}" for dollars in calls.values()))
    print()
    print(*money.lines(), sep="\n")


def verdict(ratio: float, goal: float) -> str:
    return f"{ratio:8.2f}   goal at most {goal}: {'reached' if ratio <= goal else 'MISSED'}"


main()

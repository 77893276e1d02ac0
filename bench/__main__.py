"""Prints the ratios and the price: `python -m bench`. docs/performance.md says what they mean."""

import os
import sys
from collections.abc import Mapping

from bench.environment import ENVIRONMENT

os.environ.update(ENVIRONMENT)  # before anything imports `app`

from bench import cost, counts, doors, imports

DOOR_GOAL = 0.6
IMPORT_GOAL = 1.3


def main() -> None:
    print(f"Python {sys.version.split()[0]}\n")
    for title, seconds in doors.seconds().items():
        print_door(title, seconds)
    print_imports(imports.seconds())
    print_cost(counts.CRM_FIRST_CALL, counts.charged())


def print_door(title: str, seconds: Mapping[str, float]) -> None:
    print(f"{title}: in process, AWS stubbed out, median")
    for name, value in seconds.items():
        print(f"  {name:24} {value * 1e6:8.0f} µs")
    print(f"  app / bare handler       {seconds['app'] / seconds['bare handler']:8.2f}")
    print(f"  app / Flask              {verdict(seconds['app'] / seconds['Flask'], DOOR_GOAL)}\n")


def print_imports(seconds: Mapping[str, float]) -> None:
    bare = seconds["bare interpreter"]
    print("a fresh process that imports, median")
    for name, value in seconds.items():
        print(f"  {name:24} {value * 1e3:8.1f} ms   without the interpreter {(value - bare) * 1e3:6.1f} ms")
    ratio = (seconds["app"] - bare) / (seconds["libraries"] - bare)
    print(f"  app / libraries, whole   {seconds['app'] / seconds['libraries']:8.2f}")
    print(f"  app / libraries, import  {verdict(ratio, IMPORT_GOAL)}\n")


def print_cost(requests: Mapping[str, int], charged: Mapping[str, float]) -> None:
    print("one crm-first call asks for " + ", ".join(f"{count} {name}" for name, count in requests.items()))
    dollars = cost.cost(charged)
    print("a call in AWS's units, and 1,000 calls at list price of us-east-1 in US dollars")
    for item, units in charged.items():
        print(f"  {item:24} {units:12.6f}  {dollars[item]:8.4f}")
    print(f"  {'together':24} {'':12}  {sum(dollars.values()):8.4f}")


def verdict(ratio: float, goal: float) -> str:
    return f"{ratio:8.2f}   goal at most {goal}: {'reached' if ratio <= goal else 'MISSED'}"


main()

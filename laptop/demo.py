"""`make demo`: real calls through the package that would be deployed, on this machine, with no account anywhere."""

import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from laptop import environment, outcome
from laptop.environment import Laptop
from laptop.local_aws import LaptopError
from laptop.scenarios import SCENARIOS, Result, Scenario, run
from laptop.timeline import BOLD, DIM, GREEN, RED, Timeline, paint

STEPS = ("reserved", "preparing", "dialing", "ringing", "answered", "bridged", "closed")


def main() -> int:
    """Play every scenario; 0 when each ends as expected."""
    began = time.monotonic()

    def progress(what: str) -> None:
        print(paint(f"{time.monotonic() - began:6.1f} s  {what}", DIM), flush=True)

    try:
        with environment.running(progress) as laptop:
            progress("ready")
            results = play(laptop)
            show_links(laptop, [result.call_sid for result in results])
            progress("stopping everything")
    except LaptopError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped")
        return 130
    return conclude(results, time.monotonic() - began)


def play(laptop: Laptop, scenarios: Sequence[Scenario] = SCENARIOS) -> list[Result]:
    timeline = Timeline(laptop)
    results = []
    for scenario in scenarios:
        print(f"\n{paint(f'({scenario.letter}) {scenario.title}', BOLD)}")
        timeline.start()
        results.append(run(laptop, scenario))
        print_comparison(results[-1])
    return results


def print_comparison(result: Result) -> None:
    print(f"  expected  {'; '.join(result.expected)}")
    verdict = paint("as expected", GREEN) if result.good else paint("DIFFERENT", RED)
    print(f"  observed  {'; '.join(result.observed)}  {verdict}", flush=True)


def show_links(laptop: Laptop, call_sids: Sequence[str]) -> None:
    print(f"\n{paint('The links as DynamoDB holds them', BOLD)}  (seconds since the reservation)")
    for call_sid in call_sids:
        for link in outcome.links(outcome.call_rows(laptop.aws, call_sid)):
            since = float(link["reserved_at"])
            steps = [f"{step} {float(link[f'{step}_at']) - since:.1f}" for step in STEPS if f"{step}_at" in link]
            at = datetime.fromtimestamp(since, UTC).isoformat(timespec="seconds")
            print(f"  {call_sid[:8]}… {link['item'][:8]}…  {at}  {link.get('worker_name', ''):<5} {link['mode']:<9}")
            ended = (
                f"{link.get('outcome') or link['state']}: {link['reason']}" if link.get("reason") else link["outcome"]
            )
            print(paint(f"      {' · '.join(steps)}  →  {ended}", DIM))


def conclude(results: Sequence[Result], seconds: float) -> int:
    good = sum(result.good for result in results)
    colour = GREEN if good == len(results) else RED
    print(f"\n{paint(f'{good} of {len(results)} scenarios ended as expected', colour)}, in {seconds:.0f} s")
    return 0 if good == len(results) else 1


if __name__ == "__main__":
    sys.exit(main())

"""`make load CALLS=10,30`: bursts of calls through the package that would be deployed, with SQS delivering twice.

Every call is checked against what the emulator knows; the exit code is 0 when none of them breaks a check.
"""

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import quantiles

from laptop import environment
from laptop.environment import Laptop
from laptop.local_aws import LaptopError
from load import redelivery, run, timings
from load.checks import Observed, joined_callers, violations
from load.redelivery import Deliveries
from load.run import LoadRun, Plan

SIZES = "10,30,100,300"
MOST_CALLS = 300  # more takes time and memory: --most-calls


@dataclass(frozen=True)
class Report:
    """One size. A spread is the median, 95 and 99 of a hundred, and the worst; `late` are parts of the deadline."""

    calls: int
    workers: int
    seconds: float
    outcomes: Mapping[str, int]
    per_call: Mapping[str, float]
    reserved_to_ringing: Mapping[str, float]
    late: Mapping[str, Mapping[str, float]]
    violations: Sequence[str]


def report(played: LoadRun, database: Mapping[str, int]) -> Report:
    """The run in numbers; `database` are the requests to DynamoDB by operation."""
    observed, calls = played.observed, played.plan.calls
    waiting = sum(webhook.route == "wait" for webhook in observed.sent)
    counts = {
        "seconds": played.seconds,
        "webhooks": len(observed.sent) - waiting,
        "webhooks while waiting": waiting,
        "requests to Twilio": played.requests,
        "requests to DynamoDB": sum(database.values()),
        "SQS messages": played.messages,
        "copies by SQS": played.copies,
    }
    return Report(
        calls=calls,
        workers=played.plan.workers,
        seconds=played.seconds,
        outcomes=outcomes(observed),
        per_call={name: count / calls for name, count in counts.items()},
        reserved_to_ringing=spread(seconds_to_phone(observed)),
        late={
            "assignment": spread(
                [sent.seconds / sent.deadline for sent in observed.sent if sent.route == "assignment"]
            ),
            "other webhooks": spread(
                [sent.seconds / sent.deadline for sent in observed.sent if sent.route != "assignment"]
            ),
        },
        violations=violations(observed),
    )


def outcomes(observed: Observed) -> dict[str, int]:
    joined = joined_callers(observed)
    recorded = {event.detail["sid"] for event in observed.trace if event.kind == "recording"}
    ways = ("joined" if sid in joined else "voicemail" if sid in recorded else "goodbye" for sid in observed.callers)
    return {"joined": 0, "voicemail": 0, "goodbye": 0} | Counter(ways)


def seconds_to_phone(observed: Observed) -> list[float]:
    """From each reservation to the ringing of that worker's phone: the CRM work and everything around it."""
    reserved: dict[str, float] = {}
    waits = []
    for event in observed.trace:
        sid = event.detail.get("sid", "")
        if event.kind == "reservation":
            reserved.setdefault(sid, event.at)
        elif event.kind == "ringing" and sid in observed.legs:
            waits.append(event.at - reserved[observed.legs[sid].reservation_sid])
    return waits


def spread(values: Sequence[float]) -> dict[str, float]:
    cuts = quantiles(values, n=100, method="inclusive") if len(values) > 1 else [max(values, default=0.0)] * 99
    return {"p50": cuts[49], "p95": cuts[94], "p99": cuts[98], "worst": max(values, default=0.0)}


# --- The command


def main(given: Sequence[str] | None = None) -> int:
    """0 when every call of every size ended as it should."""
    wanted = arguments(given)
    os.environ.update(timings.KEPT)  # the local AWS inherits it
    try:
        reports = list(play(plans(wanted), progress, copied=wanted.copied, seed=wanted.seed))
    except LaptopError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        return 130
    print(json.dumps([asdict(one) for one in reports], indent=2) if wanted.json else table(reports))
    wrong = [f"{one.calls} calls: {sentence}" for one in reports for sentence in one.violations]
    print("".join(f"{sentence}\n" for sentence in wrong), end="", file=sys.stderr)
    return 1 if wrong else 0


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m load", description=__doc__)
    parser.add_argument("calls", nargs="?", default=SIZES, help=f"sizes, with commas between them; {SIZES}")
    parser.add_argument("--workers", type=int, default=Plan.workers)
    parser.add_argument("--queue-size", type=int, default=Plan.queue_size, help="how many may wait")
    parser.add_argument("--dials-per-second", type=float, default=Plan.dials_per_second, help="that Twilio allows")
    parser.add_argument("--most-calls", type=int, default=MOST_CALLS, help="a larger size is refused")
    parser.add_argument("--seed", type=int, default=0, help="decides which messages come twice, and when")
    parser.add_argument("--copied", type=float, default=redelivery.COPIED, help="part of the messages that come twice")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args(given)


def plans(wanted: argparse.Namespace) -> list[Plan]:
    """Raises LaptopError for a size that is none, or is too large."""
    sizes = [int(size) if size.isdecimal() else 0 for size in wanted.calls.split(",")]
    if not all(0 < size <= wanted.most_calls for size in sizes):
        raise LaptopError(f"sizes are numbers from 1 to {wanted.most_calls} with commas between them: {wanted.calls}")
    return [
        Plan(size, wanted.workers, dials_per_second=wanted.dials_per_second, queue_size=wanted.queue_size)
        for size in sizes
    ]


def progress(what: str) -> None:
    print(f"  {what}", file=sys.stderr, flush=True)


def play(
    sizes: Sequence[Plan], report_progress: Callable[[str], None], *, copied: float, seed: int
) -> Iterator[Report]:
    """Start an environment, play one size after the other, and stop everything, also on failure."""
    with environment.running(report_progress) as laptop:
        report_progress("starting more function processes")
        run.warm(laptop)
        with redelivery.delivering_twice(laptop.aws, copied, seed) as deliveries, timings.recording(laptop.aws):
            for plan in sizes:
                report_progress(f"{plan.calls} calls for {plan.workers} workers")
                yield measure(laptop, plan, deliveries)


def measure(laptop: Laptop, plan: Plan, deliveries: Deliveries) -> Report:
    played = run.play(laptop, plan, deliveries)
    return report(played, timings.database_requests(laptop.aws, played.began))


def table(reports: Sequence[Report]) -> str:
    """A column for each size."""
    columns = [dict(cells(one)) for one in reports]
    return "\n".join(f"{name:34}" + "".join(f"{column[name]:>10}" for column in columns) for name in columns[0])


def cells(one: Report) -> Iterator[tuple[str, str]]:
    yield "calls", str(one.calls)
    yield "workers", str(one.workers)
    yield from ((f"  {name}", str(count)) for name, count in one.outcomes.items())
    yield "seconds in all", f"{one.seconds:.1f}"
    yield from ((f"{name} a call", f"{value:.2f}") for name, value in one.per_call.items())
    yield from ((f"reserved to ringing, s, {name}", f"{value:.2f}") for name, value in one.reserved_to_ringing.items())
    for kind, parts in one.late.items():
        yield from ((f"{kind} / deadline, {name}", f"{value:.3f}") for name, value in parts.items())
    yield "violations", str(len(one.violations))


if __name__ == "__main__":
    sys.exit(main())

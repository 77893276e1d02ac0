"""`python -m load.scale`: how many rings a minute, and how many open talks, the deployed numbers carry, simulated."""

import argparse
import sys
from collections.abc import Iterator, Sequence

from bench.counts import CALLS
from chalicelib.config import capacity
from chalicelib.config.schema import CallCenter, Crm, Line, Queue
from load.counts import JOBS
from load.queueing import Answers, Load, after_call_waits, most_rings, sweeps, waits

ACCOUNT = {"CONCURRENT_EXECUTIONS": "1000"}
SIZES = (10, 100, 1000)  # calls a minute
TALKS = (500, 1000, 2500, 5000, 10_000, 20_000)
FORMER_SLOTS = 5  # one queue for all jobs, before
CALL = CALLS["crm-first"]


def main(given: Sequence[str] | None = None) -> int:
    wanted = arguments(given)
    answers = Answers(twilio=wanted.twilio, aws=wanted.aws, crm=wanted.crm)
    for line in said(answers, wanted.rings, wanted.talks, wanted.seed):
        print(line)
    return 0


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m load.scale", description=__doc__)
    parser.add_argument("--rings", type=int, default=600, help="a minute")
    parser.add_argument("--talks", type=int, nargs="*", default=TALKS, help="that are open at a time")
    parser.add_argument("--crm", type=float, default=Answers.crm, help="seconds until the CRM answers")
    parser.add_argument("--twilio", type=float, default=Answers.twilio, help="seconds until Twilio answers")
    parser.add_argument("--aws", type=float, default=Answers.aws, help="seconds until DynamoDB and SQS answer")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args(given)


def center(calls: int) -> CallCenter:
    """A call centre that expects so many calls a minute, with the CRM that the defaults have, told of each talk."""
    queues = {"Support": Queue(crm="http", workers="1==1")}
    return CallCenter(
        "main", {"main": Line(greeting="Hello.")}, queues=queues, crm=Crm(after=True), calls_per_minute=calls
    )


def said(answers: Answers, rings: int, talks: Sequence[int], seed: int) -> Iterator[str]:
    yield from _jobs(answers)
    at_once = capacity.allowed(center(int(rings / capacity.RINGS_A_CALL)), ACCOUNT)
    yield from _rings(rings, at_once, answers, seed)
    yield from _sweeps(talks, at_once.after_call, answers)
    yield from _sizes()


def _jobs(answers: Answers) -> Iterator[str]:
    yield f"answers after: Twilio {answers.twilio} s, AWS {answers.aws} s, CRM {answers.crm} s"
    yield f"{'what':18}{'Twilio':>8}{'AWS':>6}{'seconds':>9}"
    for what, asked in JOBS.items():
        yield f"{what:18}{asked.twilio:8}{asked.aws:6}{answers.takes(what):9.2f}"


def _rings(rings: int, at_once: capacity.AtOnce, answers: Answers, seed: int) -> Iterator[str]:
    yield f"\n{rings} rings a minute{'slots':>24}{'median':>9}{'95 %':>9}{'worst, s':>10}{'most a minute':>15}"
    cases = {
        "one queue, five slots": (FORMER_SLOTS, None),
        "a queue of their own": (at_once.rings, at_once.after_call),
    }
    for name, (slots, after_call) in cases.items():
        found = waits(Load(rings, slots, after_call, seed=seed), answers)
        most = most_rings(slots, after_call, answers)
        yield f"{name:28}{slots:12}{found.median:9.2f}{found.p95:9.2f}{found.worst:10.2f}{most:15}"
    after = after_call_waits(Load(rings, at_once.rings, at_once.after_call, seed=seed), answers)
    yield f"{'after-call work':28}{at_once.after_call:12}{after.median:9.2f}{after.p95:9.2f}{after.worst:10.2f}"


def _sweeps(talks: Sequence[int], slots: int, answers: Answers) -> Iterator[str]:
    yield f"\n{'open talks':28}{'slots':>12}{'sweep, s':>10}{'late, s':>9}{'looks a minute':>16}  in time"
    for count in talks:
        for at_work in (0, slots):
            found = sweeps(count, at_work, answers)
            verdict = "yes" if found.in_time else "no"
            yield f"{count:<28}{at_work:12}{found.seconds:10.1f}{found.late:9.0f}{found.looked_at:16}  {verdict}"


def _sizes() -> Iterator[str]:
    yield f"\n{'calls a minute':28}" + "".join(f"{calls:>10}" for calls in SIZES)
    needed = [capacity.needed(center(calls)) for calls in SIZES]
    rows: dict[str, list[float]] = {
        "jobs that ring, at once": [one.rings for one in needed],
        "after-call work, at once": [one.after_call for one in needed],
        "webhooks, at once": [one.webhooks for one in needed],
        "Lambda together": [one.together for one in needed],
        "calls placed a second": [calls * capacity.RINGS_A_CALL / 60 for calls in SIZES],
        "webhooks a second": [calls * CALL["webhooks"] / 60 for calls in SIZES],
        "requests to Twilio a second": [calls * CALL["twilio"] / 60 for calls in SIZES],
        "talks of five minutes": [calls * 5 for calls in SIZES],
    }
    for name, values in rows.items():
        yield f"{name:28}" + "".join(f"{value:10.1f}" if value % 1 else f"{value:10.0f}" for value in values)


if __name__ == "__main__":
    sys.exit(main())

"""What a thousand crm-first calls cost before webhooks, indexes and starts were made fewer and smaller, and now; and
what a month does. `python -m bench.money` prints it.

Both sums are worked out of the same list, with the same prices. What a call asks for is counted (bench/counts.py);
what is assumed stands here under its own name.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from bench import cost, counts

THOUSAND = 1000
GOAL = 0.7

# Assumed, for a thousand calls: a day of them, on three processes of the API and two of the jobs that AWS makes anew
# every two hours; each reads the secret every five minutes of ten hours.
API_STARTS, JOB_STARTS = 36, 24
SECRETS = (3 + 2) * 10 * 12

# Assumed: what goes out to the Internet, the frames of TLS included.
ANSWER_BYTES, REQUEST_BYTES = 1500, 3000

TALK_CHECKS = 1  # of a talk of five minutes: the sweep looks at it every four
CHECK_SECONDS = 0.3  # most of it Twilio's answer


class Kept(NamedTuple):
    """What differs between the two. The seconds are billed, of a process from its start to the end of its first work.

    While a process starts it has a whole processor; what is loaded later has the part that its memory buys, 0.58 of one
    for 1,024 MB and 0.29 for 512.
    """

    call: Mapping[str, int | float]
    webhook: float  # GB-seconds of one
    api_gigabytes: float
    check_write_units: int  # of one check of a talk: the table, and each index
    api_seconds: float
    job_seconds: float


# Before: commit 2db08be. The seconds of a processor are those of docs/performance.md.
CALL_BEFORE: Mapping[str, int | float] = {
    "webhooks": 17,
    "jobs": 2,
    "twilio": 10,
    "SendMessage": 2,
    "write_units": 51,
    "read_units": 1.5,
    "log_lines": 9,
    "log_bytes": 2280,
}
BEFORE = Kept(CALL_BEFORE, 0.05, 1.0, 5, 0.16 + (0.59 - 0.16) / 0.58, 0.16 + (1.12 - 0.16) / 0.29)
NOW = Kept(counts.CALLS["crm-first"], counts.WEBHOOK, counts.WEBHOOK_GIGABYTES, 3, 0.25, 0.34)


def dollars(kept: Kept) -> dict[str, float]:
    """US dollars of each item for a thousand calls."""
    units = {item: count * THOUSAND for item, count in counts.charged(kept.call, kept.webhook).items()}
    out = kept.call["webhooks"] * ANSWER_BYTES + (kept.call["twilio"] + TALK_CHECKS) * REQUEST_BYTES
    more = {
        "lambda_gb_seconds_arm64": _starts(kept) + THOUSAND * TALK_CHECKS * CHECK_SECONDS * counts.SWEEP_GIGABYTES,
        "dynamodb_write_units": THOUSAND * TALK_CHECKS * kept.check_write_units,
        "kms_requests": SECRETS,
        "out_gigabytes": THOUSAND * out / 1e9,
    }
    return cost.cost(
        {item: units.get(item, 0) + more.get(item, 0) for item in (*units, "kms_requests", "out_gigabytes")}, 1
    )


def _starts(kept: Kept) -> float:
    return API_STARTS * kept.api_seconds * kept.api_gigabytes + JOB_STARTS * kept.job_seconds * counts.JOB_GIGABYTES


def ratio() -> float:
    """Now to before."""
    return sum(dollars(NOW).values()) / sum(dollars(BEFORE).values())


CALLS_A_DAY = (100, 1_000, 10_000)
FIXED_GOAL = 5.00  # dollars of a month
DASHBOARD = {"dashboards": 1.0}  # asked for, or not


def fixed() -> float:
    """US dollars of 30 days for what is there anyhow, at most: as if each metric came in each hour."""
    return sum(cost.cost(counts.month(), 1).values())


def month(calls_a_day: int) -> tuple[float, float]:
    """US dollars of 30 days: of what is there anyhow, and of the calls."""
    return fixed(), sum(dollars(NOW).values()) / THOUSAND * calls_a_day * 30


def lines() -> Iterator[str]:
    """Both sums item by item, and the months."""
    before, now = dollars(BEFORE), dollars(NOW)
    yield f"1,000 crm-first calls, US dollars{'before':>17}{'now':>10}"
    for item in before:
        yield f"  {item:36}{before[item]:12.4f}{now[item]:10.4f}"
    yield f"  {'together':36}{sum(before.values()):12.4f}{sum(now.values()):10.4f}"
    yield f"  {'now / before':36}{ratio():22.2f}   goal at most {GOAL}: {'reached' if ratio() <= GOAL else 'MISSED'}"
    for calls_a_day in CALLS_A_DAY:
        stays, calls = month(calls_a_day)
        yield f"a month at {calls_a_day:6} calls a day: {stays:.2f} fixed, {calls:.2f} for calls, {stays + calls:.2f}"
    yield from fixed_lines()


def fixed_lines() -> Iterator[str]:
    """What is there anyhow, item by item: at list price, and what is left of it beyond what AWS gives."""
    asked = {**counts.month(), **DASHBOARD}
    listed, left = cost.cost(asked, 1), cost.cost(cost.beyond_free(asked), 1)
    yield f"a month without a call, at most{'':>19}list  beyond the free tier"
    for item, count in counts.month().items():
        yield f"  {item:24}{count:16,.2f}{listed[item]:12.2f}{left[item]:12.2f}"
    yield f"  {'together':40}{fixed():12.2f}{sum(left.values()) - left['dashboards']:12.2f}"
    yield f"  goal at most {FIXED_GOAL:.2f}: {'reached' if fixed() <= FIXED_GOAL else 'MISSED'}"
    yield f"  {'a dashboard, if it is asked for':40}{listed['dashboards']:12.2f}{left['dashboards']:12.2f}"


if __name__ == "__main__":
    print(*lines(), sep="\n")

"""Calls counted by line, menu choice, queue, worker, day or hour (pure)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Literal, NamedTuple, get_args

import msgspec

from chalicelib.config.reports import Reports
from chalicelib.links.model import Call, CallRecord, Link
from chalicelib.reports.outcome import MISSED, Outcome, WhyNot, joined_at, outcome, talked, waited, why_not

By = Literal["line", "choice", "queue", "worker", "day", "hour"]
GROUPINGS: tuple[By, ...] = get_args(By)
TOTAL = "total"
NOBODY = "-"  # of a call without a worker, say


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What is counted of some calls. Seconds are sums, but for the longest wait; `why_not` is of reservations."""

    offered: int = 0
    answered: int = 0
    answered_in_time: int = 0
    abandoned: int = 0
    short: int = 0
    voicemail: int = 0
    callback: int = 0
    led_out: int = 0
    other: int = 0
    open: int = 0
    unknown: int = 0
    to_answer_seconds: float = 0.0
    longest_wait_seconds: float = 0.0
    rung: int = 0  # reservations of workers that have ended, or become a talk
    talks: int = 0
    talk_seconds: float = 0.0
    why_not: Mapping[str, int] = {}

    @property
    def service_level(self) -> float | None:
        """Answered in time, in percent of what was offered without the short ones; None where that is nothing."""
        counted = self.offered - self.short
        return 100 * self.answered_in_time / counted if counted else None

    @property
    def time_to_answer(self) -> float | None:
        """The mean of the seconds that answered callers waited."""
        return self.to_answer_seconds / self.answered if self.answered else None

    @property
    def talk_time(self) -> float | None:
        """The mean of a talk's seconds."""
        return self.talk_seconds / self.talks if self.talks else None

    @property
    def missed(self) -> int:
        """The reservations that a worker has missed."""
        return sum(self.why_not.get(why, 0) for why in MISSED)


class Report(NamedTuple):
    """The figures of each group, in order, and of all calls together."""

    groups: Mapping[str, Figures]
    total: Figures


class Counting(NamedTuple):
    """How is counted: `at`, in epoch seconds, is when; days and hours are those of `zone`."""

    by: By
    rules: Reports
    zone: tzinfo
    at: float


def report(records: Iterable[CallRecord], how: Counting) -> Report:
    """The calls of these records, counted. A call and each of its reservations is in one group."""
    parts: dict[str, list[Figures]] = {}
    for record in records:
        if record.call is None:
            continue
        parts.setdefault(_group_of_call(record, record.call, how), []).append(_of_call(record, how))
        for link in record.links:
            parts.setdefault(_group_of_link(link, record, record.call, how), []).append(_of_link(link, record.call))
    groups = {name: total(parts[name]) for name in sorted(parts)}
    return Report(groups, total(list(groups.values())))


def total(parts: Sequence[Figures]) -> Figures:
    """The figures of all these together."""
    names = [name for name in Figures.__struct_fields__ if name not in ("longest_wait_seconds", "why_not")]
    sums = {name: sum(getattr(part, name) for part in parts) for name in names}
    reasons: dict[str, int] = {}
    for part in parts:
        for why, count in part.why_not.items():
            reasons[why] = reasons.get(why, 0) + count
    longest = max((part.longest_wait_seconds for part in parts), default=0.0)
    return Figures(**sums, longest_wait_seconds=longest, why_not=reasons)


def together(before: Mapping[str, Figures], then: Report) -> Report:
    """The report of all these days, which have no call in common."""
    names = sorted({*before, *then.groups})
    groups = {name: total([one[name] for one in (before, then.groups) if name in one]) for name in names}
    return Report(groups, total(list(groups.values())))


def _of_call(record: CallRecord, how: Counting) -> Figures:
    ended: Outcome = outcome(record, how.at, how.rules.short_seconds)
    seconds = waited(record)
    is_answered = ended == "answered"
    return msgspec.structs.replace(
        Figures(offered=1, longest_wait_seconds=seconds),
        **{ended.replace(" ", "_"): 1},
        answered_in_time=int(is_answered and seconds <= how.rules.answered_within),
        to_answer_seconds=seconds if is_answered else 0.0,
    )


def _of_link(link: Link, call: Call) -> Figures:
    why: WhyNot | None = why_not(link)
    if why is None and not link.bridged_at:
        return Figures()
    seconds = talked(link, call)
    return Figures(rung=1, talks=int(bool(seconds)), talk_seconds=seconds, why_not={why: 1} if why else {})


def _group_of_call(record: CallRecord, call: Call, how: Counting) -> str:
    return _GROUPS[how.by](record, call, how) or NOBODY


def _group_of_link(link: Link, record: CallRecord, call: Call, how: Counting) -> str:
    """That of its call; of workers and queues each reservation has its own."""
    own = {"worker": worker_of(link), "queue": link.queue}
    return own.get(how.by) or _group_of_call(record, call, how)


def worker_of(link: Link) -> str:
    return link.worker_name or link.worker_sid


def _queue(record: CallRecord, call: Call, how: Counting) -> str:
    """That of the talk, else of the first reservation, else the one in which the caller began to wait."""
    links = sorted(record.links, key=lambda link: not link.bridged_at)
    return next((link.queue for link in links if link.queue), call.queue)


def _worker(record: CallRecord, call: Call, how: Counting) -> str:
    """Whoever talked to the caller first."""
    return next((worker_of(link) for link in record.links if link.bridged_at), "")


def _day(record: CallRecord, call: Call, how: Counting) -> str:
    return datetime.fromtimestamp(joined_at(call), how.zone).date().isoformat()


def _hour(record: CallRecord, call: Call, how: Counting) -> str:
    return f"{datetime.fromtimestamp(joined_at(call), how.zone).hour:02}"


_GROUPS: Mapping[By, Callable[[CallRecord, Call, Counting], str]] = {
    "line": lambda record, call, how: call.line,
    "choice": lambda record, call, how: f"{call.line}: {call.chosen}" if call.chosen else "",
    "queue": _queue,
    "worker": _worker,
    "day": _day,
    "hour": _hour,
}

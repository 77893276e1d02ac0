"""Many calls in a simulation of the queues: jobs that wait for a slot, and sweeps that look at open talks. Pure.

How long a job takes follows from what the handlers really ask for (load/counts.py), and from how long each answer
takes, which is given. What a slot is paid for beside that, a cold start for one, is not in it.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import heapify, heapreplace
from statistics import quantiles

from chalicelib.lifecycle.looking import PAGE_SECONDS, STALE_SECONDS
from chalicelib.lifecycle.paging import LATE_SECONDS, MOST_PAGES, PAGES_APART_SECONDS, PAGES_AT_ONCE
from chalicelib.lifecycle.reconcile import LINKS_SECONDS, PERIOD_SECONDS
from chalicelib.links.steps import CHECK_TALK_SECONDS
from chalicelib.links.table import DUE_PAGE
from load.counts import JOBS

TALKS_A_RING = 2 / 3  # of the workers who are rung, those who take the call
TALK_SECONDS, WRAP_UP_SECONDS = 180.0, 30.0
TOLD_AFTER_SECONDS = 5.0


@dataclass(frozen=True)
class Answers:
    """Seconds until each of them answers."""

    twilio: float = 0.1
    aws: float = 0.01
    crm: float = 2.0

    def takes(self, what: str) -> float:
        """One job, or one look."""
        asked = JOBS[what]
        crm = self.crm if what in ("ring", "told to the CRM") else 0.0
        return asked.twilio * self.twilio + asked.aws * self.aws + crm


@dataclass(frozen=True)
class Load:
    """`rings` come in a minute, for so many minutes. `after_call` is None where all jobs share the slots of rings."""

    rings: int
    slots: int
    after_call: int | None
    minutes: int = 15
    seed: int = 0
    told: bool = True  # the CRM hears of each talk


@dataclass(frozen=True)
class Waits:
    """Seconds in the queue."""

    median: float
    p95: float
    worst: float


@dataclass(frozen=True)
class Job:
    at: float
    seconds: float
    is_ring: bool


def waits(load: Load, answers: Answers) -> Waits:
    """How long rings wait for a slot."""
    arrived = list(_jobs(load, answers))
    if load.after_call is not None:
        arrived = [job for job in arrived if job.is_ring]
    found = [wait for job, wait in zip(arrived, _waits(arrived, load.slots), strict=True) if job.is_ring]
    cuts = quantiles(found, n=100, method="inclusive")
    return Waits(cuts[49], cuts[94], max(found))


def after_call_waits(load: Load, answers: Answers) -> Waits:
    """The same for after-call work, in its own slots."""
    arrived = [job for job in _jobs(load, answers) if not job.is_ring]
    cuts = quantiles(found := _waits(arrived, load.after_call or load.slots), n=100, method="inclusive")
    return Waits(cuts[49], cuts[94], max(found))


def most_rings(slots: int, after_call: int | None, answers: Answers, within: float = 5.0) -> int:
    """The most rings a minute of which 95 of a hundred wait no longer than this, to ten."""
    fewest, most = 0, int(60 * slots / answers.takes("ring")) // 10 * 10 + 10
    while most - fewest > 10:
        tried = (fewest + most) // 20 * 10
        is_quick = waits(Load(tried, slots, after_call), answers).p95 <= within if tried else True
        fewest, most = (tried, most) if is_quick and tried > fewest else (fewest, tried)
    return fewest


def _jobs(load: Load, answers: Answers) -> list[Job]:
    """In the order in which they come; calls have come like that for long."""
    chance = random.Random(load.seed)  # noqa: S311 - no secret
    found, at, a_second = [], -TALK_SECONDS - WRAP_UP_SECONDS, load.rings / 60
    while (at := at + chance.expovariate(a_second)) < load.minutes * 60:
        found.append(Job(at, answers.takes("ring"), is_ring=True))
        if chance.random() < TALKS_A_RING:
            over = at + chance.expovariate(1 / TALK_SECONDS) + WRAP_UP_SECONDS
            found.append(Job(over, answers.takes("wrap-up"), is_ring=False))
            if load.told:
                found.append(Job(over + TOLD_AFTER_SECONDS, answers.takes("told to the CRM"), is_ring=False))
    return sorted((job for job in found if 0 <= job.at < load.minutes * 60), key=lambda job: job.at)


def _waits(arrived: Sequence[Job], slots: int) -> list[float]:
    """First come, first served."""
    free = [0.0] * slots
    found = []
    for job in arrived:
        begins = max(job.at, free[0])
        heapreplace(free, begins + job.seconds)
        found.append(begins - job.at)
    return found


# --- The sweep


@dataclass(frozen=True)
class Swept:
    """Over the last sweeps: the longest that one took until its last page was done, and the latest look at a talk.

    `late` is how long after it was due; a talk that has just been missed waits a minute anyhow.
    """

    seconds: float
    late: float
    looked_at: int  # in a minute

    @property
    def in_time(self) -> bool:
        """Whether no alarm rings."""
        return self.late < LATE_SECONDS


def sweeps(talks: int, slots: int, answers: Answers, minutes: int = 60) -> Swept:
    """So many talks that go on, looked at by a sweep a minute whose pages have these slots; 0: it does all itself."""
    check_at = [CHECK_TALK_SECONDS * number / talks for number in range(talks)]  # as they began
    late: dict[int, float] = {}
    looked: list[int] = []
    took: list[float] = []
    for minute in range(minutes):
        at = float(minute * PERIOD_SECONDS)
        done = list(_sweep(sorted((due, talk) for talk, due in enumerate(check_at) if due <= at), at, slots, answers))
        for talk, when in done:
            late[minute] = max(late.get(minute, 0.0), when - check_at[talk])
            check_at[talk] = when + CHECK_TALK_SECONDS
        looked.append(len(done))
        took.append(max((when for _, when in done), default=at) - at)
    last = range(minutes // 2, minutes)
    return Swept(max(took[n] for n in last), max(late.get(n, 0.0) for n in last), max(looked[n] for n in last))


def _sweep(due: Sequence[tuple[float, int]], at: float, slots: int, answers: Answers) -> Iterator[tuple[int, float]]:
    """Each talk that is looked at, and when."""
    look, send = answers.takes("look at a talk"), answers.aws
    pages = [due[first : first + DUE_PAGE] for first in range(0, len(due), DUE_PAGE)]
    now, until, free = at, at + LINKS_SECONDS, [at] * slots
    heapify(free)
    for number, page in enumerate(pages):
        if now >= until:
            return
        now += send  # the page is read
        if slots and 0 < number <= MOST_PAGES:
            now += send
            wanted = now + (number - 1) // PAGES_AT_ONCE * PAGES_APART_SECONDS
            begins = max(wanted, free[0])
            if begins - wanted > STALE_SECONDS:
                continue
            looked = page[: int(PAGE_SECONDS / look) + 1]
            heapreplace(free, begins + look * len(looked))
            yield from ((talk, begins + look * (place + 1)) for place, (_, talk) in enumerate(looked))
            continue
        for _, talk in page:
            if now >= until:
                return
            now += look
            yield talk, now

"""What is due, page by page: the sweep looks at the first page itself, and jobs look at the further ones."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from typing import TypeVar

from chalicelib import jobs
from chalicelib.lifecycle import looking
from chalicelib.lifecycle.looking import guarded
from chalicelib.links import table
from chalicelib.observability import log, metrics

T = TypeVar("T")

Clock = Callable[[], float]  # gives epoch seconds

LATE_SECONDS = 120  # after that what is due is late: a talk is no longer looked at in the five minutes (contract 5)
# Pages that begin at once, the next ones so much later, as a page takes: Twilio is asked for no more at a time.
PAGES_AT_ONCE, PAGES_APART_SECONDS = 16, 6
MOST_PAGES = 144  # that one sweep hands over: the last of them begin in its minute
HANDED_OVER = "handed over"


class OutOfTime(Exception):
    """The time of a pass is used up."""


def in_time(found: Iterable[T], clock: Clock, until: float) -> Iterator[T]:
    """What was found, one after the other. Raises OutOfTime when there is more than can be begun."""
    for one in found:
        if clock() >= until:
            raise OutOfTime
        yield one


def due_pages(what: table.Watched, clock: Clock) -> Iterator[Sequence[table.Due]]:
    """What is due, page by page, longest first. Says when that is too long."""
    for number, page in enumerate(table.due(what, clock())):
        late = clock() - page[0].check_at
        if number == 0 and late >= LATE_SECONDS:
            log.warning("sweep is late", metrics.of(metrics.SWEEP_LATE, round(late)), what=what)
        yield page


def look_by_pages(what: jobs.Looked, pages: Iterable[Sequence[table.Due]], clock: Clock, until: float) -> Iterator[str]:
    """The first page is looked at here, further ones by jobs, several at once: each request to Twilio is a wait.

    They begin spread over the minute, so that Twilio is not asked for all at a time, and no wrap-up waits for them all.
    """
    for number, page in enumerate(in_time(pages, clock, until)):
        later = (number - 1) // PAGES_AT_ONCE * PAGES_APART_SECONDS
        if 0 < number <= MOST_PAGES and _handed_over(what, page, clock(), later):
            yield from [HANDED_OVER] * len(page)
            continue
        for due in in_time(page, clock, until):
            yield looking.look(what, due, clock())


def _handed_over(what: jobs.Looked, page: Sequence[table.Due], now: float, later: int) -> bool:
    rows = tuple(jobs.Row(due.key.subject, due.key.reservation_sid, due.check_at) for due in page)
    try:
        jobs.send(jobs.LookAt(what, rows, now + later), delay_seconds=later)
    except Exception as error:
        log.error("page is not handed over", why=type(error).__name__)
        return False
    return True


def look_at_each(
    what: table.Watched,
    look: Callable[[table.Due, float], str],
    clock: Clock,
    until: float,
) -> Iterator[str]:
    for due in in_time(chain.from_iterable(due_pages(what, clock)), clock, until):
        yield guarded(partial(look, due, clock()), {"call_sid": due.key.subject})

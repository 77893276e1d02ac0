"""The sweep keeps the wallboard right: whom Twilio has in which activity, and the day's figures.

The events of workers tell at once; this is for what they miss. The calls of a day are counted once: what is settled
stands in the row, and each minute only what is younger is read.
"""

from collections.abc import Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from chalicelib.config import callcenter, days
from chalicelib.links import board, reading
from chalicelib.links.board import Today, Worker
from chalicelib.links.model import CallRecord
from chalicelib.reports import figures, history
from chalicelib.reports.figures import Counting, Figures
from chalicelib.reports.outcome import ended
from chalicelib.staff import people
from chalicelib.twilio import rest

LATE_SECONDS = 900  # an event may be so late, and a message so long after the call
MOST_MESSAGES = 50  # that are looked at each minute
MOST_IN_QUEUE = 50  # callers of a simple queue that are shown
CLOCKS_SECONDS = 2
UNDER_WAY = ("talking", "in progress")


def refresh_workers(now: float) -> Iterator[str]:
    """Each worker whose row was not what Twilio says. Raises TwilioRejected, NotDone."""
    there = {one.sid: _of(one) for one in rest.workers.matching("1==1")}
    for known in board.workers():
        if known.sid not in there:
            board.forget_worker(known.sid)
            yield "a worker is gone"
        elif _is_as_known(there[known.sid], known):
            del there[known.sid]
    for worker in there.values():
        if board.note_worker(worker, now):
            yield "a worker is elsewhere"


def _of(worker: rest.workers.Worker) -> Worker:
    return Worker(
        sid=worker.sid,
        name=worker.name,
        activity=people.activity_name(worker),
        available=worker.available,
        since=int(worker.since),
    )


def _is_as_known(worker: Worker, known: Worker) -> bool:
    """Whether the row says the same. The event's clock may be a second before Twilio's list, or behind it."""
    return msgspec.structs.replace(worker, since=known.since) == known and worker.since <= known.since + CLOCKS_SECONDS


def refresh_queues(now: float) -> Iterator[str]:
    """Keep who waits in the simple queues, of which no event tells; nothing where there is none, or nobody waits.

    Raises TwilioRejected, NotDone.
    """
    if names := callcenter.current().simple_queues:
        found = rest.calls.waiting_in(names, MOST_IN_QUEUE)
        waiting = tuple(board.InQueue(one.queue, one.since) for one in found)
        if waiting or board.queued().waiting:
            board.note_queued(board.Queued(counted_at=now, waiting=waiting), now)
    yield from ()


def refresh_today(now: float) -> Iterator[str]:
    """Count the day so far, and keep its figures; says nothing, as that is done each time."""
    zone = ZoneInfo(callcenter.current().time_zone)
    today = days.of(now, zone)
    day = today.isoformat()
    anew = Today(day=day, counted_at=now, since=days.midnight(today, zone))
    kept = board.today() or anew
    if kept.day != day:  # what nobody has seen to is left from the day before
        kept = msgspec.structs.replace(anew, messages=kept.messages)
    records = history.known_since(kept.since, now)
    since = _settled_until(records, now, kept.since)
    how = Counting("line", callcenter.current().reports, zone, now)
    settled = _counted([one for one in records if one.call and one.call.at < since], how, kept.settled)
    whole = _counted([one for one in records if one.call and one.call.at >= since], how, msgspec.to_builtins(settled))
    board.note_today(
        Today(
            day=day,
            counted_at=now,
            since=since,
            settled=msgspec.to_builtins(settled),
            figures=msgspec.to_builtins(whole),
            messages=_open_messages(kept.messages, records),
            callbacks=board.open_callbacks() if callcenter.current().calls_back else 0,
        ),
        now,
    )
    yield from ()


def _settled_until(records: list[CallRecord], now: float, since: float) -> float:
    """Until when nothing changes any more: the first call that is under way, and some minutes for what is late."""
    under_way = [one.call.at for one in records if one.call and ended(one, now) in UNDER_WAY]
    return max(since, min([*under_way, now - LATE_SECONDS]))


def _counted(records: list[CallRecord], how: Counting, before: Any) -> Figures:
    already = msgspec.convert(before, Figures)
    return figures.total([already, figures.report(records, how).total])


def _open_messages(known: Sequence[str], records: Sequence[CallRecord]) -> tuple[str, ...]:
    """The calls, of those that were known or are among the records, on which a message waits for somebody."""
    new = [one.call.call_sid for one in records if one.call and one.call.voicemail_url]
    return tuple(filter(_has_open_message, list(dict.fromkeys((*known, *new)))[-MOST_MESSAGES:]))


def _has_open_message(call_sid: str) -> bool:
    return any(not (one.is_seen_to or one.dropped_at) for one in reading.of_call(call_sid).messages)

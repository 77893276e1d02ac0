"""The rows of the wallboard that no call has: who is in which activity, and the day's figures. Partition "BOARD".

Callers who wait and talks are no rows of it: the index `open` has them as it is. A row never goes back: each is written
under the condition that what stands is older.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from chalicelib.config.schema import DAY_SECONDS
from chalicelib.links import table
from chalicelib.links.model import Call, Key, Link, link_of
from chalicelib.links.table import ConditionFailed

BOARD = "BOARD"
TODAY = "TODAY"
QUEUED = "QUEUED"
WORKER = "WORKER#"
KEPT_DAYS = 2  # of a row that nobody writes; of a worker who is still there the sweep makes a new one


class Worker(msgspec.Struct, frozen=True, kw_only=True):
    """A worker as the board shows them. `since`, in whole epoch seconds, is when they got into the activity."""

    sid: str
    name: str
    activity: str
    available: bool
    since: int


class Today(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of a day that is under way. `day` is that of the team's time zone, times are epoch seconds.

    `settled` are the figures of the calls before `since`, which nothing changes any more; `figures` those of all.
    """

    day: str
    counted_at: float
    since: float
    settled: Mapping[str, Any] = {}
    figures: Mapping[str, Any] = {}
    messages: tuple[str, ...] = ()  # the calls on which one was left that nobody has seen to
    callbacks: int = 0  # open


class InQueue(msgspec.Struct, frozen=True):
    """A caller in a simple queue. `since` is when they began to wait, in epoch seconds."""

    queue: str
    since: float


class Queued(msgspec.Struct, frozen=True, kw_only=True):
    """Who waited in the simple queues at `counted_at`, in epoch seconds, as Twilio has them."""

    counted_at: float = 0.0
    waiting: tuple[InQueue, ...] = ()


class Board(NamedTuple):
    """All that the wallboard shows, as the table has it. `today` is None while nothing is counted."""

    workers: tuple[Worker, ...]
    today: Today | None
    queued: Queued
    calls: tuple[Call, ...]  # that are open: callers who wait, or talk
    links: tuple[Link, ...]  # that are open


def note_worker(worker: Worker, now: float) -> bool:
    """Keep where this worker is. Whether that could be: what stands may be later."""
    fields = {"name": worker.name, "activity": worker.activity, "available": worker.available, "since": worker.since}
    changes = {**fields, "expires_at": _expires_at(now)}
    try:
        table.update_row(_key(worker.sid), changes, "attribute_not_exists(#since) OR #since <= :since", {})
    except ConditionFailed:
        return False
    return True


def forget_worker(sid: str) -> None:
    """Twilio has this worker no more."""
    table.delete_row(_key(sid))


def note_today(today: Today, now: float) -> bool:
    """Keep the day's figures. Whether they were news: another sweep may have counted later."""
    return _note_counted(Key(BOARD, TODAY), msgspec.to_builtins(today), now)


def note_queued(queued: Queued, now: float) -> bool:
    """Keep who waits in the simple queues. Whether it was news."""
    return _note_counted(Key(BOARD, QUEUED), msgspec.to_builtins(queued), now)


def _note_counted(key: Key, counted: Mapping[str, Any], now: float) -> bool:
    condition = "attribute_not_exists(#counted_at) OR #counted_at < :counted_at"
    try:
        table.update_row(key, {**counted, "expires_at": _expires_at(now)}, condition, {})
    except ConditionFailed:
        return False
    return True


def today() -> Today | None:
    """The day that was counted last; None when its row is lost."""
    row = table.find_row(Key(BOARD, TODAY))
    return msgspec.convert(row, Today) if row else None


def queued() -> Queued:
    """Who waited in the simple queues when they were looked at last."""
    return msgspec.convert(table.find_row(Key(BOARD, QUEUED)) or {}, Queued)


def workers() -> tuple[Worker, ...]:
    """The workers of the board's rows."""
    return _of_rows(table.rows_of(BOARD))[0]


def read() -> Board:
    """The board as it is now, in three queries: of the index, which is a moment behind, and of its own rows."""
    known, counted, queued = _of_rows(table.rows_of(BOARD))
    calls = tuple(msgspec.convert(row, Call) for row in table.open_rows("call"))
    links = tuple(map(link_of, table.open_rows("link")))
    return Board(known, counted, queued, calls, links)


def open_callbacks() -> int:
    """How many callers are to be called back."""
    return sum(1 for _ in table.open_rows("callback"))


def _of_rows(rows: Iterable[Mapping[str, Any]]) -> tuple[tuple[Worker, ...], Today | None, Queued]:
    known, counted, queued = [], None, Queued()
    for row in rows:
        if row["item"] == TODAY:
            counted = msgspec.convert(row, Today)
        elif row["item"] == QUEUED:
            queued = msgspec.convert(row, Queued)
        elif row["item"].startswith(WORKER):
            known.append(msgspec.convert({**row, "sid": row["item"].removeprefix(WORKER)}, Worker))
    return tuple(known), counted, queued


def _key(sid: str) -> Key:
    return Key(BOARD, f"{WORKER}{sid}")


def _expires_at(now: float) -> int:
    return int(now) + KEPT_DAYS * DAY_SECONDS

"""The wallboard: who waits, who talks, who works, and how the day has been so far (pure but for `show`)."""

import time
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from chalicelib.config import callcenter
from chalicelib.config.console import Console
from chalicelib.config.schema import CallCenter
from chalicelib.console.answers import Asked
from chalicelib.links import board
from chalicelib.links.board import Board, Worker
from chalicelib.links.model import Call, Link
from chalicelib.observability.masking import mask
from chalicelib.reports.figures import Figures

STALE_SECONDS = 180.0  # of what each sweep finds out anew
AGAIN_SECONDS = 1.0  # several screens that ask at once are answered from one reading


class Waiting(msgspec.Struct, frozen=True):
    """A caller who waits. `since` is epoch seconds; the number is masked."""

    since: float
    line: str
    queue: str
    caller: str


class Talking(msgspec.Struct, frozen=True):
    since: float
    line: str
    queue: str
    worker: str


class Shown(msgspec.Struct, frozen=True):
    """What a screen gets. Times are epoch seconds, so that it is the same while nothing happens."""

    waiting: tuple[Waiting, ...]
    talking: tuple[Talking, ...]
    workers: tuple[Worker, ...]
    today: Mapping[str, Any]
    limits: Console


class _Kept:
    """What this process has read last, and when."""

    def __init__(self) -> None:
        self.at = float("-inf")
        self.board: Board | None = None


_kept = _Kept()


def show(asked: Asked) -> Shown:
    """The board as it is now, or was a moment ago."""
    now = time.monotonic()
    if _kept.board is None or now - _kept.at >= AGAIN_SECONDS:
        _kept.board, _kept.at = board.read(), now
    return shown(_kept.board, callcenter.current(), asked.at)


def shown(known: Board, center: CallCenter, at: float) -> Shown:
    """What is shown of this board at that time."""
    talks = {link.subject: link for link in known.links if _is_talk(link)}
    calls = [call for call in known.calls if call.call_sid.startswith("CA") and not _has_left(call)]
    return Shown(
        tuple(_by_time([*(_waiting(call) for call in calls if call.call_sid not in talks), *_queued(known, at)])),
        tuple(_by_time(_talking(talks[call.call_sid], call) for call in calls if call.call_sid in talks)),
        tuple(sorted(known.workers, key=lambda worker: (not worker.available, worker.name.casefold()))),
        _today(known),
        center.console,
    )


def _is_talk(link: Link) -> bool:
    return link.state == "bridged" and not link.is_given_away and link.is_of_the_caller


def _has_left(call: Call) -> bool:
    """The row of who left stays open for a while, as their task may have to be ended."""
    return bool(call.left_queue_at or call.canceled_at or call.completed_at)


def _by_time(rows: Iterable[Any]) -> list[Any]:
    return sorted(rows, key=lambda row: row.since)


def _waiting(call: Call) -> Waiting:
    return Waiting(call.at, call.line, call.queue, mask(call.caller))


def _queued(known: Board, at: float) -> list[Waiting]:
    """Who waits in a simple queue, whose name stands for the line; nobody while no sweep has looked for a while."""
    if at - known.queued.counted_at > STALE_SECONDS:
        return []
    return [Waiting(one.since, one.queue, "", "") for one in known.queued.waiting]


def _talking(link: Link, call: Call) -> Talking:
    return Talking(link.bridged_at, call.line, link.queue, link.worker_name)


def _today(known: Board) -> dict[str, Any]:
    """Nothing while the sweep has not counted yet."""
    if known.today is None:
        return {}
    figures = msgspec.convert(known.today.figures, Figures)
    level = figures.service_level
    return {
        "day": known.today.day,
        "offered": figures.offered,
        "answered": figures.answered,
        "abandoned": figures.abandoned,
        "service_level": None if level is None else round(level, 1),
        "longest_wait": round(figures.longest_wait_seconds),
        "messages": len(known.today.messages),
        "callbacks": known.today.callbacks,
    }

"""What became of an attempt to call back: talked, once more later, or given up; and people are told of the last."""

from typing import Any

from chalicelib.config import callcenter
from chalicelib.config.callbacks import Callback as Rules
from chalicelib.links import callbacks as rows
from chalicelib.links.callbacks import HELD_SECONDS, QUEUED_SECONDS
from chalicelib.links.model import Callback, Notice
from chalicelib.links.table import ConditionFailed
from chalicelib.observability import log
from chalicelib.tell import outbox
from chalicelib.twilio import rest

NO_RULES = Rules(countries=("+1",))  # of a line that has none any more: how often, and how long after
WITHDRAWN = "withdrawn"
ANSWERED = ("in-progress", "completed")  # of the customer's call; it may be over a moment after the worker's


def take(about: str, task_sid: str, reservation_sid: str, worker_call_sid: str, now: float) -> Callback | None:
    """A worker pressed 1, and dials the customer now; the same worker again finds the same.

    None when nobody is to be dialled: this task is not the callback's, or the caller is on the line, or it is over.
    """
    callback = rows.find(about)
    if callback is None:
        return None
    if callback.state == "taken":
        return callback if callback.reservation_sid == reservation_sid else None
    if callback.state != "queued" or callback.task_sid != task_sid:
        return None
    known: dict[str, Any] = {"reservation_sid": reservation_sid, "worker_call_sid": worker_call_sid, "taken_at": now}
    try:
        return rows.change(
            callback, now, QUEUED_SECONDS, state="taken", attempts=callback.attempts + 1, reason="", **known
        )
    except ConditionFailed:
        standing = rows.find(about)
        return standing if standing and standing.reservation_sid == reservation_sid else None


def is_wanted(about: str, work_key: str, task_sid: str, now: float) -> bool:
    """Whether a worker may be rung for this task: it is the callback's own, and nothing has come between.

    The first task of a round that a worker is reserved for is the callback's, if it came before its sid was kept; every
    other one is a twin, or has been replaced.
    """
    callback = rows.find(about)
    if callback is None or callback.state != "queued" or callback.work_key != work_key:
        return False
    if not callback.task_sid:
        try:
            callback = rows.change(callback, now, QUEUED_SECONDS, task_sid=task_sid)
        except ConditionFailed:
            return is_wanted(about, work_key, task_sid, now)
    return callback.task_sid == task_sid


def reached(callback: Callback, now: float) -> str:
    """The two talked. Raises ConditionFailed."""
    rows.change(callback, now, state="talked", reason="")
    log.info("called back", callback=callback.call_sid, attempts=callback.attempts)
    return "talked"


def not_reached(callback: Callback, why: str, now: float) -> str:
    """Once more later, or given up. A worker who did not even dial has had an attempt too. Raises ConditionFailed."""
    rules = _rules(callback)
    attempts = callback.attempts + (callback.state != "taken")
    if attempts >= rules.attempts:
        return give_up(callback, why, now)
    held = bool(callback.on_line)
    rows.change(
        callback,
        now,
        HELD_SECONDS if held else rules.retry_after,
        state="held" if held else "waiting",
        attempts=attempts,
        round=callback.round + 1,
        retry_at=now + rules.retry_after,
        reason=why,
        task_sid="",
        reservation_sid="",
        worker_call_sid="",
    )
    log.info("customer is not reached", callback=callback.call_sid, attempts=attempts, why=why)
    return "once more later"


def give_up(callback: Callback, why: str, now: float) -> str:
    """Nobody calls any more, and people are told. Raises ConditionFailed."""
    _tell(callback, now)  # first: who dies in between tells it again, and it is told once
    rows.change(callback, now, state="given up", reason=why)
    log.warning("callback is given up", callback=callback.call_sid, attempts=callback.attempts, why=why)
    return "given up"


def task_canceled(about: str, task_sid: str, reason: str, now: float) -> None:
    """The callback's task ended without a worker; one that we replaced is not its task any more."""
    callback = rows.find(about)
    if callback and callback.state == "queued" and callback.task_sid == task_sid:
        try:
            give_up(callback, reason or "its task ended", now)
        except ConditionFailed:
            log.info("somebody was faster", callback=about)


def find_out(callback: Callback, now: float) -> str:
    """The end of the attempt is lost: Twilio knows whether the customer answered. Raises ConditionFailed, NotDone."""
    dialled = rest.calls.dialled_by(callback.worker_call_sid) if callback.worker_call_sid else ""
    return reached(callback, now) if dialled in ANSWERED else not_reached(callback, dialled or "not dialled", now)


def _rules(callback: Callback) -> Rules:
    line = callcenter.current().lines.get(callback.line)
    return (line.callback if line else None) or NO_RULES


def _tell(callback: Callback, now: float) -> None:
    outbox.order(
        Notice(
            what="callback",
            about=callback.call_sid,
            line=callback.line,
            at=now,
            caller=callback.number,
            seconds=int(now - callback.since),
        )
    )

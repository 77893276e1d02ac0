"""A caller who waits asks to be called back, or is on the line again while a callback of theirs is open.

The callback is written while the caller still keeps the place in the queue: where that fails they wait on. It is held
for as long as this call lasts, so that a worker who is joined after all, or at that very moment, ends it.
"""

from collections.abc import Mapping
from typing import Any, Literal

from chalicelib.callbacks import numbers
from chalicelib.config import callcenter
from chalicelib.config.callbacks import Callback as Rules
from chalicelib.links import callbacks as rows
from chalicelib.links.callbacks import HELD_SECONDS
from chalicelib.links.model import Callback
from chalicelib.links.table import ConditionFailed
from chalicelib.observability import log
from chalicelib.twilio import rest
from chalicelib.twilio.values import person

Answer = Literal["asked", "not allowed", "too often"]

BACK_ON_THE_LINE = "on the line again"
BY_THE_CALLER = "the caller canceled it"

# What a task has of its own call, which the task of the callback must not have (contract 3.1).
OF_THE_CALL = frozenset(
    {"call_sid", "conference", "worker_call_sid", "call_status", "direction", "caller", "called", "from", "to"}
    | {"account_sid", "api_version", "kind", "work_key", "callback_id", "asked_by", "attempt"}
    | {"transferred_from", "round", "first_worker", "first_wait", "person_queue"}
)


class Busy(Exception):
    """Others change the same callback again and again."""


def ask(wanted: Callback, rules: Rules, now: float) -> tuple[Answer, str]:
    """Keep this callback, unless the number may not be called; and the call whose callback it is, empty without one.

    A caller who has an open one on this line keeps that one, with its place; it calls the number that is wanted now.
    Raises Busy, and what AWS raises.
    """
    if not numbers.is_allowed(wanted.number, rules.countries, callcenter.current().own_numbers()):
        return "not allowed", ""
    if not _is_within_limits(wanted, rules, now):
        return "too often", ""
    for _ in range(rows.TRIES):
        about, standing = rows.open_of(wanted.phone, wanted.line)
        if standing and standing.call_sid != wanted.call_sid:
            if _held_here(standing, wanted, now):
                return "asked", standing.call_sid
            continue
        kept = rows.create(wanted, now)
        if rows.claim(wanted.phone, wanted.line, wanted.call_sid, about, now) and _held_here(kept, wanted, now):
            return "asked", wanted.call_sid
    raise Busy


def _is_within_limits(wanted: Callback, rules: Rules, now: float) -> bool:
    """Each request counts once for the number and once for who asks, however often Twilio sends it."""
    if not rows.take_turn("CALLED", wanted.number, wanted.call_sid, rules.per_number, now):
        return False
    return not wanted.caller or rows.take_turn("ASKED", wanted.caller, wanted.call_sid, rules.per_caller, now)


def _held_here(standing: Callback, wanted: Callback, now: float) -> bool:
    """Whether it is held for this call now, and calls that number."""
    if (standing.state, standing.on_line, standing.number) == ("held", wanted.call_sid, wanted.number):
        return True
    if standing.state == "taken" or standing.is_over:
        return standing.state == "taken"  # a worker dials already: what becomes of that decides
    return hold(standing, wanted.call_sid, now, number=wanted.number)


def hold(standing: Callback, call_sid: str, now: float, **changes: str) -> bool:
    """The caller is on the line: nobody calls back until that call is over. Whether it is held for it now.

    While a worker dials, it is only kept in mind. The task that waits is canceled; where that fails, it is no longer
    the callback's own, and is canceled when a worker is reserved for it.
    """
    taken = standing.state == "taken"
    moved: dict[str, Any] = {} if taken else {"state": "held", "task_sid": "", "round": standing.round + 1}
    try:
        rows.change(standing, now, HELD_SECONDS, on_line=call_sid, **moved, **changes)
    except ConditionFailed:
        return False
    log.info("callback is held", callback=standing.call_sid, call_sid=call_sid)
    if standing.task_sid and not taken:
        cancel(standing.task_sid, BACK_ON_THE_LINE)
    return True


def cancel(task_sid: str, reason: str) -> None:
    """End a task that nobody is to take, if possible."""
    try:
        rest.tasks.cancel(task_sid, reason)
    except rest.NotDone as error:
        log.warning("a task is left to its assignment", task_sid=task_sid, why=str(error))


def is_back(phone: str, line: str, call_sid: str, now: float) -> str:
    """A caller joins the queue: the call that asked for the callback which is now held for this one; empty for none."""
    if not person(phone):
        return ""
    for _ in range(rows.TRIES):
        about, standing = rows.open_of(phone, line)
        if standing is None or about == call_sid:
            return ""
        if standing.on_line == call_sid or hold(standing, call_sid, now):
            return about
    return ""


def open_of(phone: str, line: str, where: str = "") -> Callback | None:
    """What this caller has asked for on this line, and may cancel. Raises what AWS raises."""
    return rows.open_of(phone, line, where)[1] if person(phone) else None


def withdraw(phone: str, line: str, now: float, reason: str = BY_THE_CALLER, where: str = "") -> None:
    """The caller is called back no more. Again is like once. Raises Busy, and what AWS raises.

    A worker who dials already finds the customer busy, and need not try again. `where` is the table, for an operator,
    who leaves the task to its assignment.
    """
    for _ in range(rows.TRIES):
        standing = open_of(phone, line, where)
        if standing is None:
            return
        try:
            rows.change(standing, now, where=where, state="withdrawn", reason=reason)
        except ConditionFailed:
            continue
        log.info("callback is withdrawn", callback=standing.call_sid, why=reason)
        if standing.task_sid and standing.state != "taken" and not where:
            cancel(standing.task_sid, "withdrawn")
        return
    raise Busy


def attributes_of(task_attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a callback's task takes over of the call's: all that routes it, and is not blank."""
    return {name: value for name, value in task_attributes.items() if name not in OF_THE_CALL and value != ""}

"""Invariant 25: a caller on hold, while a worker talks to a colleague first, is never left to nobody.

Once the worker is gone the colleague who is there has the caller, or the caller waits where the worker wanted. Silence
on hold is one as any other (4).
"""

from collections.abc import Iterator
from typing import NamedTuple

from chalicelib.caller.hold import LOOK_AT_LEG_EACH
from tests.simulation.invariants.terms import LATER, PEOPLE, SOON, WEBHOOK, Found, Violation
from tests.simulation.observed import FOREVER, Observed

ROUND = 6.0  # of words, and the pause after them
IN_TIME = (LOOK_AT_LEG_EACH + 1) * ROUND + SOON
SWEEPS = 60.0 + LATER  # the next one, and what it takes
GOES_ON = 20.0  # from the conference to a queue


class Alone(NamedTuple):
    """A caller in a conference of the desk with nobody who hears them; `until` somebody does, or they are out of it."""

    call_sid: str
    since: float
    until: float
    was_held: bool


def nobody_is_left_alone(observed: Observed) -> Found:
    for alone in _alone(observed):
        troubled = observed.faults_about((alone.call_sid,)) or _outages(observed)
        bound = SWEEPS + 3 * WEBHOOK + LATER if troubled else IN_TIME
        if alone.until - alone.since > bound:
            yield Violation(25, alone.call_sid, f"the caller is left to nobody for {alone.until - alone.since:.0f} s")


def who_is_left_on_hold_goes_where_the_worker_wanted(observed: Observed) -> Found:
    """To the colleague, or into a queue; nobody is thanked for a talk that they did not have."""
    for alone in _alone(observed):
        call = observed.calls[alone.call_sid]
        if not alone.was_held or call.ended < alone.until + GOES_ON or _troubled(observed, alone.call_sid):
            continue
        waits = [at for at, _ in call.waits if alone.since <= at <= alone.until + GOES_ON]
        talks = [talk for talk in call.conversations if alone.since <= talk.start <= alone.until + GOES_ON]
        if not (waits or talks):
            yield Violation(25, alone.call_sid, "the caller was left on hold, and sent away")


def _troubled(observed: Observed, call_sid: str) -> bool:
    return any(not fault.kind.startswith(PEOPLE) for fault in observed.faults_about((call_sid,)))


def _outages(observed: Observed) -> bool:
    return any(fault.kind.endswith("_down") for fault in observed.faults)


def _alone(observed: Observed) -> Iterator[Alone]:
    """By the rooms of TaskRouter's, from what the emulator tells of them."""
    calls = observed.world.twilio.context.calls
    rooms: dict[str, set[str]] = {}
    held: set[str] = set()
    since: dict[str, tuple[float, bool]] = {}
    for event in observed.world.trace:
        if event.kind != "conference" or not event.detail["name"].startswith("WT"):
            continue
        here, sid = rooms.setdefault(event.detail["sid"], set()), event.detail.get("call_sid", "")
        _move(event.detail["event"], sid, here, held)
        callers = [one for one in here if calls[one].direction == "inbound"]
        workers = [one for one in here if calls[one].direction != "inbound"]
        gone = sid if calls.get(sid) and calls[sid].direction == "inbound" and sid not in here else ""
        for caller in (*callers, *([gone] if gone else [])):
            agents = [one for one in workers if calls[one].dequeues]
            is_alone = caller in here and not agents and (caller in held or not workers) and caller in observed.calls
            was = since.pop(caller, None) if not is_alone or caller in since else None
            if is_alone:
                since[caller] = was or (event.at, caller in held)
            elif was is not None:
                yield Alone(caller, was[0], event.at, was[1])
    for caller, (at, was_held) in since.items():
        ended = observed.calls[caller].ended
        yield Alone(caller, at, ended if ended < FOREVER else FOREVER, was_held)


def _move(what: str, sid: str, here: set[str], held: set[str]) -> None:
    match what:
        case "participant-join":
            here.add(sid)
        case "participant-leave":
            here.discard(sid)
            held.discard(sid)
        case "participant-hold":
            held.add(sid)
        case "participant-unhold":
            held.discard(sid)

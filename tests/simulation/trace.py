"""One call of a world as a person reads it: what was sent, in which order, at what virtual second."""

import json
from collections.abc import Mapping

from emulator.clock.scheduler import TraceEvent
from tests.simulation.truth import Truth
from tests.simulation.world import START, World


def tell(world: World, call_sid: str) -> str:
    """The call's story, a line a fact. Sids are given short names: C is the caller, W1 its first reservation, …"""
    names = _names(Truth(world), call_sid)
    lines = [_line(world, fact) for fact in world.trace if _concerns(fact, names)]
    text = "\n".join(lines)
    for sid, name in names.items():
        text = text.replace(sid, name)
    return text


def _names(truth: Truth, call_sid: str) -> Mapping[str, str]:
    names = {call_sid: "C"}
    reservations = [known for known in truth.reservations.values() if known.call_sid == call_sid]
    for number, reservation in enumerate(reservations, 1):
        names[reservation.sid] = f"R{number}"
        names[reservation.task_sid] = "T"
    legs = [leg.sid for leg in truth.legs.values() if leg.call_sid == call_sid]
    names.update({sid: f"L{number}" for number, sid in enumerate(legs, 1)})
    return names


def _concerns(fact: TraceEvent, names: Mapping[str, str]) -> bool:
    text = " ".join(fact.detail.values())
    return fact.kind != "webhook" and any(sid in text for sid in names)


def _line(world: World, fact: TraceEvent) -> str:
    shown = _log_line(fact) if fact.kind == "log" else " ".join(f"{name}={text}" for name, text in fact.detail.items())
    return f"{fact.at - START:8.2f}  {fact.kind:12} {shown}"


def _log_line(fact: TraceEvent) -> str:
    try:
        line = json.loads(fact.detail["line"])
    except ValueError:
        return fact.detail["line"]
    trace = str(line.pop("traceback", "")).strip().splitlines()[-1:]
    return " ".join([f"{name}={value}" for name, value in line.items()] + trace)

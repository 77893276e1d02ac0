"""One call of a world for a person to read: what was sent, in which order, at which virtual second."""

import json
from collections.abc import Mapping

from emulator.clock.scheduler import TraceEvent
from tests.simulation.observed import Observed
from tests.simulation.world import START, World


def render(world: World, call_sid: str) -> str:
    """The trace of one call, a line an event. Short names stand for sids: C the caller, R1 its first reservation, …"""
    names = _names(Observed(world), call_sid)
    lines = [_line(world, event) for event in world.trace if _concerns(event, names)]
    text = "\n".join(lines)
    for sid, name in names.items():
        text = text.replace(sid, name)
    return text


def _names(observed: Observed, call_sid: str) -> Mapping[str, str]:
    names = {call_sid: "C"}
    reservations = [known for known in observed.reservations.values() if known.call_sid == call_sid]
    for number, reservation in enumerate(reservations, 1):
        names[reservation.sid] = f"R{number}"
        names[reservation.task_sid] = "T"
    legs = [leg.sid for leg in observed.legs.values() if leg.call_sid == call_sid]
    names.update({sid: f"L{number}" for number, sid in enumerate(legs, 1)})
    return names


def _concerns(event: TraceEvent, names: Mapping[str, str]) -> bool:
    text = " ".join(event.detail.values())
    return event.kind != "webhook" and any(sid in text for sid in names)


def _line(world: World, event: TraceEvent) -> str:
    shown = (
        _log_line(event) if event.kind == "log" else " ".join(f"{name}={text}" for name, text in event.detail.items())
    )
    return f"{event.at - START:8.2f}  {event.kind:12} {shown}"


def _log_line(event: TraceEvent) -> str:
    try:
        line = json.loads(event.detail["line"])
    except ValueError:
        return event.detail["line"]
    trace = str(line.pop("traceback", "")).strip().splitlines()[-1:]
    return " ".join([f"{name}={value}" for name, value in line.items()] + trace)

"""The clock of the rota: at its boundaries workers are put on and off, and before a shift they are reminded.

Worked out anew by each sweep from the package and the workers' rows, so that what one sweep could not do the next one
does. A worker is moved first, and the boundary noted as applied after that: two sweeps, or one that dies in between,
do it twice, and whoever has changed since the boundary is left alone.
"""

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from chalicelib.config import callcenter
from chalicelib.links.model import Notice
from chalicelib.links.table import ConditionFailed
from chalicelib.observability import log
from chalicelib.staff import commands, duty, packaged, people
from chalicelib.staff.duty import Duty
from chalicelib.staff.rota import Boundary, Packaged, State
from chalicelib.tell import outbox
from chalicelib.twilio import rest

# A rota that is new begins with each worker's next boundary, and one of some minutes ago was missed.
NEW_SECONDS = 3600
MOVED_WITHIN_SECONDS = 15  # of what they texted, which is as old as the text: so long a webhook may take


class Due(NamedTuple):
    worker: str
    boundary: Boundary
    seen: Duty


def is_on() -> bool:
    """Whether there is a rota, or workers may say until when they are off. Where there is neither nothing is asked."""
    return callcenter.current().staff.is_on or bool(packaged.current().shifts)


def due(now: float) -> Iterator[Due]:
    """The boundaries that are to be applied, and on the way the reminders are ordered."""
    if not is_on():
        return
    rota, rows = packaged.current(), duty.all_rows()
    for worker in sorted(_everybody(rota, rows)):
        seen = rows.get(worker.casefold(), Duty())
        _remind(rota, worker, seen, now)
        if boundary := _boundary(rota, worker, seen, now):
            yield Due(worker, boundary, seen)


def _everybody(rota: Packaged, rows: Mapping[str, Duty]) -> set[str]:
    """Those in the rota, and who has said until when."""
    named = rota.workers()
    known = {name.casefold() for name in named}
    return {*named, *(row.worker for row in rows.values() if row.until and row.worker not in known)}


def _boundary(rota: Packaged, worker: str, seen: Duty, now: float) -> Boundary | None:
    """What is over, and has not been applied. What was set by hand with an end goes before the rota until then."""
    last = rota.last_boundary(worker, now)
    if seen.until > now:
        return None
    if seen.until:
        at = max(seen.until, last.at) if last else seen.until
        return Boundary(int(at), _after_until(rota, worker, seen, now))
    if last is None or last.at <= seen.applied_at:
        return None
    if not seen.applied_at and last.at < now - NEW_SECONDS:
        return None
    return last if last.at > seen.hand_at else _said_since(seen, last)


def _said_since(seen: Duty, last: Boundary) -> Boundary | None:
    """What was said by hand goes before the rota. Whoever said it may not have got it done, and a sweep that did not
    know of it yet may have moved the worker after that.
    """
    return Boundary(last.at, seen.hand) if seen.hand else None


def _after_until(rota: Packaged, worker: str, seen: Duty, now: float) -> State:
    """Then it is as the rota says; for who is not in it, the other way round."""
    if worker in rota.workers():
        return rota.state(worker, now)
    return "on" if seen.hand == "off" else "off"


def apply(one: Due, now: float) -> str:
    """Put the worker on or off, unless they have changed since. Says what it did. Raises TwilioRejected, NotDone."""
    worker = rest.workers.of_name(one.worker)
    if worker is None:
        log.error("nobody of that name", worker=one.worker)
        did = "left unknown"
    else:
        did = f"put {one.boundary.to}" if _move(worker.sid, one) else "left as they are"
    kept = {"applied_to": one.boundary.to, "until": 0, "hand": _hand_after(one)}
    try:
        duty.note_applied(one.worker, one.boundary.at, now, one.seen, kept)
    except ConditionFailed as failed:
        hand = failed.row.get("hand", "")
        if worker and hand and failed.row["hand_at"] > one.seen.hand_at:  # said meanwhile: that counts
            commands.move_by_hand(worker.sid, hand)
        return "taken"
    log.info("shift", worker=one.worker, to=one.boundary.to, did=did)
    return did


def _hand_after(one: Due) -> State | Literal[""]:
    """What was said by hand ends with a later boundary."""
    return "" if one.boundary.at > one.seen.hand_at else one.seen.hand


def _move(worker_sid: str, one: Due) -> bool:
    """A talk goes on all the same: an activity only says who gets the next one (contract 4.6)."""
    boundary, done_by = one.boundary, one.seen.hand_at + MOVED_WITHIN_SECONDS

    def is_wanted(worker: rest.workers.Worker) -> bool:
        is_back_soon, is_older = people.is_on_the_way_back(worker), worker.since <= max(boundary.at, done_by)
        if boundary.to == "on":
            return not worker.available and is_older and not is_back_soon
        return is_back_soon or (worker.available and is_older)

    return rest.workers.move(worker_sid, people.activity_sid(boundary.to), is_wanted)


def _remind(rota: Packaged, worker: str, seen: Duty, now: float) -> None:
    rules = callcenter.current().staff
    shift = rota.next_shift(worker, now) if rules.is_on and rules.remind_minutes else None
    if shift is None or now < shift.start - rules.remind_minutes * 60 or seen.until > shift.start:
        return
    if seen.reminded_of < shift.start and duty.note_reminded(worker, shift.start, now):
        outbox.order(Notice(what="reminder", at=now, worker=worker))


def may_come_back(worker: rest.workers.Worker, now: float) -> bool:
    """Whether a rule may put the worker back, which has taken them off the phones for a while. Raises as AWS.

    Not when they said meanwhile that they are off, nor when a shift of theirs has ended that the sweep has not got to.
    """
    if not is_on():
        return True
    rota, seen = packaged.current(), duty.find(worker.name)
    name = commands.rota_name(worker.name)
    if boundary := _boundary(rota, name, seen, now):
        return boundary.to == "on"
    said = [(seen.hand_at, seen.hand), (seen.applied_at, seen.applied_to)]
    at, last = max(said, key=lambda one: one[0])
    return not (last == "off" and at >= worker.since)

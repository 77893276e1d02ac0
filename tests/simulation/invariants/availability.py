"""Invariant 15: workers are on and off as they, or the rota, said last."""

from collections.abc import Iterable
from itertools import pairwise

from chalicelib.twilio import rest
from tests.simulation.call_centre import TEXTERS
from tests.simulation.invariants.terms import SOON, Found, Violation
from tests.simulation.invariants.workers import has_a_reason
from tests.simulation.observed import FOREVER, Move, Observed
from tests.simulation.texters import Decided

A_MOMENT = 2.0 + rest.client.TIMEOUT_SECONDS  # where no answer comes to a move nobody can know sooner
IN_FLIGHT = 60.0  # a text is done by then, Twilio's tries and its fallback among it


def what_was_said_last_holds(observed: Observed) -> Found:
    """Nobody is put on whose last word, or last boundary, was off; nor off, without a reason, if it was on.

    Of two commands at once the later one may be put right a moment after the earlier one's move.
    """
    for name in TEXTERS:
        moves = observed.moves.get(observed.world.call_centre.workers[name].sid, [])
        for move, after in pairwise([*moves, Move(FOREVER, "", by_hand=False)]):
            to = {"Available": "on", "Offline": "off"}.get(move.activity)
            if to and after.at - move.at > A_MOMENT and not _was_said(observed, name, to, move.at):
                worker_sid = observed.world.call_centre.workers[name].sid
                if to == "on" or not has_a_reason(observed, worker_sid, move.at):
                    yield Violation(15, "", f"{name} is put {to} at {move.at:.2f}, and was to be otherwise")


def _was_said(observed: Observed, name: str, to: str, at: float) -> bool:
    """Whether the latest word was this, by when it was sent, or one that was under way; or was, a moment before.

    Until a text is done, which may take Twilio's three tries, the word before it holds, too.
    """
    texters = observed.world.texters
    sent = [one for one in texters.sent[name] if one.at <= at]
    done = [one for one in sent if _is_done(observed, name, one, at + SOON)]
    before = [one for one in done if _is_done(observed, name, one, at)]
    under_way = [one for one in sent if one.to == to and at - IN_FLIGHT < one.at]
    open_yet = any(not any(other.at > one.at for other in before) for one in under_way)
    holds = [_latest([*texters.boundaries(name, since), *done], since) for since in (at, at - SOON)]
    return (
        open_yet
        or _was_kept(observed, name, to, at)
        or to in (*holds, _latest([*texters.boundaries(name, at), *before], at))
    )


def _was_kept(observed: Observed, name: str, to: str, at: float) -> bool:
    """Whether the latest word was this and could not be done when it came: it is kept, and done after a wrap-up."""
    texters = observed.world.texters
    said = [*texters.boundaries(name, at), *(one for one in texters.sent[name] if one.at <= at)]
    latest = max(said, key=lambda one: one.at, default=None)
    return latest is not None and latest.by_hand and latest.to == to and not _is_done(observed, name, latest, at)


def _latest(said: Iterable[Decided], until: float) -> str:
    """All begin on the phones."""
    return max(((one.at, one.to) for one in said if one.at <= until), default=(0.0, "on"))[1]


def _is_done(observed: Observed, name: str, text: Decided, until: float) -> bool:
    return any(to == text.to and text.at <= at <= until for at, to in observed.world.texters.done[name])


def who_is_off_is_off_in_the_end(observed: Observed) -> Found:
    """When all is quiet: whoever was off by the last boundary, or by the last text, which was done."""
    for name in TEXTERS:
        texters, worker = observed.world.texters, observed.world.call_centre.workers[name]
        said = [*texters.boundaries(name, observed.world.quiet_at), *texters.sent[name]]
        latest = max(said, key=lambda one: one.at, default=None)
        if latest is None or latest.to == "on" or not worker.activity.available:
            continue
        was_done = any(to == "off" and at >= latest.at for at, to in texters.done[name])
        unclear = [one for one in texters.sent[name] if latest.at - IN_FLIGHT < one.at < latest.at]
        if was_done if latest.by_hand else not unclear:
            yield Violation(15, "", f"{name} was off at {latest.at:.2f}, and is {worker.activity.friendly_name}")


def no_shifts_end_throws_out_a_talk(observed: Observed) -> Found:
    sids = {observed.world.call_centre.workers[name].sid for name in TEXTERS}
    for leg in observed.legs.values():
        talked = any(talk.start < leg.ended <= talk.end for talk in leg.conversations)
        if talked and leg.ended_by == "rest" and observed.reservations[leg.reservation_sid].worker_sid in sids:
            yield Violation(15, leg.call_sid, f"{leg.sid} is hung up on in the middle of the talk")

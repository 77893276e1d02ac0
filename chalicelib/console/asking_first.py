"""A worker at the desk talks to a colleague first, while the caller hears music, and then says who gets the caller."""

from collections.abc import Callable, Mapping
from typing import Literal

import msgspec

from chalicelib.console import access, giving_away
from chalicelib.console.answers import Asked, Changed
from chalicelib.lifecycle import consulting, giving
from chalicelib.links import caller_leg, consults, reading
from chalicelib.links.model import ConsultState, Link
from chalicelib.observability import log
from chalicelib.twilio import rest

Step = Literal["ask", "back", "both", "hand over"]
OVER = "the talk is over"


class Consult(msgspec.Struct, frozen=True):
    """Whom the worker talks to first, as a card shows it: the queue or person they asked, and who took it."""

    to: str
    state: ConsultState
    name: str


def shown(link: Link) -> Consult | None:
    """None where nobody is asked, or the caller has been given away."""
    if not link.consults or not link.consult_state or link.transferred_to:
        return None
    return Consult(giving_away.named(link.consults), link.consult_state, link.consult_name)


def act(asked: Asked) -> Mapping[str, str]:
    """Do this step of it, once; the same again says the same.

    Raises NotAllowed, NotFound, Wrong, Changed, NotDone.
    """
    step = asked.one_of("do", [*_STEPS])
    return {"said": _STEPS[step](asked, access.own_link(asked))}


def _ask(asked: Asked, link: Link) -> str:
    """The caller on hold first, then the colleague's task: what fails in between is done by the next press."""
    to = asked.one_of("to", giving_away.ways(link))
    link = giving_away.with_leg(link)
    if not link.worker_call_sid or link.state == "closed":
        raise Changed("there is no talk with this caller now")
    link = _begun(link, to, asked.at)
    _not_decided(link)
    if link.consults != to:
        raise Changed(f"{giving_away.named(link.consults)} is asked already")
    if link.consult_state == "over":
        raise Changed("go back to the caller first")
    if link.consult_state == "asking":
        _hold_and_post(asked, link)
    return f"The caller hears music. {giving_away.named(to)} is asked."


def _hold_and_post(asked: Asked, link: Link) -> None:
    """Raises Changed, NotDone: then the next press does it."""
    # Where the talk ends on the way, the caller's own document reads the link.
    caller_leg.record(link.subject, {"star": link.reservation_sid}, asked.at)
    if not consulting.hold(link):
        consults.back(link)
        raise Changed(OVER)
    consulting.post(link, asked.at)


def _begun(link: Link, to: str, now: float) -> Link:
    if link.consults or link.transferred_to:
        return link
    room_sid = rest.conferences.of_task(link.task_sid)
    if not room_sid:
        raise Changed(OVER)
    known = {**giving.further(link, reading.of_call(link.subject).call), "room_sid": room_sid}
    link = giving.talked(consults.begin(link, to, now, known), now)
    log.info("caller is on hold", **link.key.sids, asks=to)
    return link


def _back(asked: Asked, link: Link) -> str:
    """The talk ends with the worker again, the colleague's leg ends, and the caller is off hold."""
    _not_decided(link)
    if not (link.room_sid and rest.conferences.end_with(link.room_sid, link.worker_call_sid, ends=True)):
        raise Changed(OVER)
    before, link = link, consults.back(link)
    _not_decided(link)
    if before.consults:
        consulting.withdraw(before)
    if not rest.conferences.unhold(link.room_sid, link.subject):
        raise Changed(OVER)
    log.info("back to the caller", **link.key.sids)
    return "You talk to the caller."


def _both(asked: Asked, link: Link) -> str:
    _not_decided(link)
    link = consults.join(link)
    _not_decided(link)
    if link.consult_state != "both":
        raise Changed(_nobody(link))
    if not rest.conferences.unhold(link.room_sid, link.subject):
        raise Changed(OVER)
    log.info("all three talk", **link.key.sids)
    return f"You, {link.consult_name} and the caller talk."


def _hand_over(asked: Asked, link: Link) -> str:
    """The colleague has the caller, and the worker leaves."""
    if not link.transferred_to:
        if link.consult_state not in ("talking", "both") or not rest.conferences.is_in(link.room_sid, link.consult_leg):
            raise Changed(_nobody(link))
        link = consults.hand_over(link, asked.at)
    if not link.is_handed_over:
        _not_decided(link)
        raise Changed(_nobody(link))
    link = consulting.finish(link, asked.at)
    if not link.is_handed_over:
        raise Changed(f"{link.consult_name} has hung up: the caller goes to {giving_away.named(link.consults)}")
    return f"{link.consult_name} has the caller."


def _nobody(link: Link) -> str:
    return f"{link.consult_name} has left" if link.consult_name else "nobody has taken it yet"


def _not_decided(link: Link) -> None:
    """Raises Changed once the caller is not this worker's any more."""
    if link.is_handed_over:
        raise Changed(f"{link.consult_name} has the caller")
    if link.transferred_to:
        raise Changed(f"the caller goes to {giving_away.named(link.transferred_to)} already")


_STEPS: Mapping[Step, Callable[[Asked, Link], str]] = {
    "ask": _ask,
    "back": _back,
    "both": _both,
    "hand over": _hand_over,
}

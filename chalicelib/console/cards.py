"""A card of the agent desk: one caller who is offered to the worker, with the CRM's word, and how it is wrapped up."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from chalicelib import jobs
from chalicelib.callers import profile
from chalicelib.config import callcenter
from chalicelib.console import access, asking_first, giving_away, orders
from chalicelib.console.answers import Asked, Changed, Wrong
from chalicelib.lifecycle import refusal
from chalicelib.lifecycle import wrap_up as ending
from chalicelib.links import steps, table
from chalicelib.links.model import Link
from chalicelib.observability import log
from chalicelib.observability.masking import mask
from chalicelib.twilio import rest

# `phone`: somebody else rings the worker, as nothing could be recorded at first.
Standing = Literal["asking", "yes", "phone", "talk", "over"]


class Talk(msgspec.Struct, frozen=True):
    """An earlier talk of the caller: with whom, on which line, and when, in epoch seconds."""

    at: float
    line: str
    worker: str


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """What the worker sees. `caller_id` is the number that the worker's phone shows; `data` is the CRM's own.

    `ways` are where the caller may be given: `queue:` or `person:`, and the name. `consult` is whom they ask first.
    """

    state: Standing
    caller: str
    caller_id: str
    line: str
    queue: str
    name: str
    text: str
    data: Mapping[str, Any]
    transferred_from: str
    earlier: tuple[Talk, ...]
    dispositions: tuple[str, ...]
    ways: tuple[str, ...]
    consult: asking_first.Consult | None
    disposition: str
    note: str


def show(asked: Asked) -> Card | orders.Order:
    """The card of this reservation. Raises NotAllowed, NotFound: there is none, or it is another worker's."""
    link = access.own_link(asked)
    if link.work:
        return orders.card(link, standing(link), dispositions(link))
    return card(link, _earlier(link, asked.at))


def reject(asked: Asked) -> Mapping[str, str]:
    """The worker does not take this caller, as who presses 2 on a phone: they are left out for a while.

    The same again says the same. Raises NotAllowed, NotFound, Changed, NotDone.
    """
    link = access.own_link(asked)
    if link.work:
        orders.check_offered(link)
    try:
        link = steps.refuse(link.key, link.worker_call_sid, "passed", asked.at, {})
    except table.ConditionFailed as failed:
        link = failed.current or link
        if link.reason != "passed":
            raise Changed("this caller is not offered to you any more") from None
    if link.state != "closed":
        refusal.give_back(link, asked.at)
    log.info("rejected at the desk", **link.key.sids)
    return {"said": f"{'It' if link.work else 'The caller'} is offered to somebody else."}


def wrap_up(asked: Asked) -> Mapping[str, str]:
    """Keep what became of the call; when the talk is over its task is completed, and the worker is free again.

    The same again keeps the same. Raises NotAllowed, NotFound, Wrong, NotDone.
    """
    link = access.own_link(asked)
    disposition, note = _disposition(asked, link), asked.order.get("note", "").strip()
    link = _kept(link, disposition, note)
    log.info("wrapped up at the desk", **link.key.sids, disposition=disposition, characters=len(note))
    if not link.policy.needs_phone:
        return orders.finish(link, asked.at)
    if link.state == "closed":
        return {"said": "Kept."}
    if rest.reservations.status(link.task_sid, link.reservation_sid) != "wrapping":
        return {"said": "Kept. The talk goes on."}
    ending.finish_early(link, asked.at)
    return {"said": "Done."}


def _kept(link: Link, disposition: str, note: str) -> Link:
    """The CRM hears of it once more where it has heard of the call already."""
    is_new = (disposition, note) != (link.disposition, link.note)
    kept = steps.wrap_up(link.key, disposition, note) if is_new else link
    if is_new and kept.state == "closed" and callcenter.current().crm.after:
        jobs.send(jobs.TellCrm(link.subject, link.reservation_sid))
    return kept


def _disposition(asked: Asked, link: Link) -> str:
    """One of those of the queue, or none. Raises Wrong."""
    said, allowed = asked.order.get("disposition", ""), dispositions(link)
    if said and said not in allowed:
        raise Wrong(f"disposition is one of {', '.join(allowed)}" if allowed else "this queue has no dispositions")
    return said


def dispositions(link: Link) -> tuple[str, ...]:
    """What may become of a call of this queue."""
    rules = callcenter.current().queue(link.queue).after_talk
    return tuple(rules.keys.values()) if rules else ()


def standing(link: Link) -> Standing:
    """How far it is."""
    if link.state == "closed":
        return "over"
    if link.bridged_at:
        return "talk"
    if not link.policy.by_worker:
        return "phone"
    return "yes" if link.approved_at else "asking"


def card(link: Link, earlier: tuple[Talk, ...]) -> Card:
    """What is shown of this link."""
    return Card(
        state=standing(link),
        caller=mask(link.caller),
        caller_id=link.caller_id,
        line=callcenter.current().line_of(link.caller_id)[0],
        queue=link.queue,
        name=link.crm_name,
        text=link.crm_whisper,
        data=link.crm_data,
        transferred_from=link.transferred_from,
        earlier=earlier,
        dispositions=dispositions(link),
        ways=giving_away.ways(link),
        consult=asking_first.shown(link),
        disposition=link.disposition,
        note=link.note,
    )


def _earlier(link: Link, now: float) -> tuple[Talk, ...]:
    """Whom the caller talked to last, on each line that remembers it."""
    known = profile.of(link.caller, now).workers
    talks = (Talk(talked.at, line, talked.worker) for line, talked in known.items())
    return tuple(sorted(talks, key=lambda talk: -talk.at))

"""Work that is no call, at the desk: its card, and what the worker says of it. It is taken by accepting it there."""

from collections.abc import Mapping
from typing import Any

import msgspec

from chalicelib.console import access
from chalicelib.console.answers import Asked, Changed
from chalicelib.lifecycle import orders
from chalicelib.links import table
from chalicelib.links.model import GIVEN_BACK, LEFT_UNDONE, Link
from chalicelib.observability import log
from chalicelib.twilio import rest

TAKEN = ("accepted", "wrapping")
NOT_TAKEN = "take it first"


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What the worker sees of it, beside the task's attributes, which TaskRouter's library has.

    `data` is the CRM's own, `link` the page on which it is done; `state` is as that of a caller's card. Where it is not
    `is_at_desk` the worker's phone rings for it.
    """

    state: str
    is_at_desk: bool
    kind: str
    queue: str
    say: str
    link: str
    name: str
    text: str
    data: Mapping[str, Any]
    dispositions: tuple[str, ...]
    disposition: str
    note: str


def card(link: Link, state: str, dispositions: tuple[str, ...]) -> Order:
    """What is shown of this link."""
    return Order(
        state=state,
        is_at_desk=not link.policy.needs_phone,
        kind=link.work,
        queue=link.queue,
        say=link.work_say,
        link=link.work_link,
        name=link.crm_name,
        text=link.crm_whisper,
        data=link.crm_data,
        dispositions=dispositions,
        disposition=link.disposition,
        note=link.note,
    )


def check_offered(link: Link) -> None:
    """Raises Changed: it is taken, or is not offered to the worker any more; NotDone."""
    status = rest.reservations.status(link.task_sid, link.reservation_sid)
    if link.state != "closed" and status != "pending":
        raise Changed("this is not offered to you any more")


def finish(link: Link, now: float) -> Mapping[str, str]:
    """It is done: the task is completed, and the worker's place is free for another. The same again says the same.

    Raises Changed, NotDone.
    """
    if link.state == "closed" and link.reason in (GIVEN_BACK, LEFT_UNDONE):
        raise Changed(_standing(link))
    if link.state == "closed":
        return {"said": "Kept."}
    status = rest.reservations.status(link.task_sid, link.reservation_sid)
    if status not in TAKEN:
        raise Changed(NOT_TAKEN if status == "pending" else "it is over: what was written is kept")
    try:
        did = orders.finish(link, now)
    except table.ConditionFailed as failed:
        raise Changed(_standing(failed.current)) from None
    log.info("work is done at the desk", **link.key.sids, did=did)
    return {"said": "Done."}


def give_back(asked: Asked) -> Mapping[str, str]:
    """The worker has taken it, and leaves it to somebody else. The same again says the same.

    Raises NotAllowed, NotFound, Changed, NotDone.
    """
    link = access.own_link(asked)
    if link.policy.needs_phone:
        raise Changed("this is not work of the desk")
    if link.state != "closed":
        _pass_on(link, asked.at)
    elif link.reason != GIVEN_BACK:
        raise Changed("it is over")
    return {"said": "It is offered to somebody else."}


def _pass_on(link: Link, now: float) -> None:
    if rest.reservations.status(link.task_sid, link.reservation_sid) not in TAKEN:
        raise Changed(NOT_TAKEN)
    try:
        did = orders.give_back(link, now)
    except table.ConditionFailed as failed:
        raise Changed(_standing(failed.current)) from None
    if did == LEFT_UNDONE:
        raise Changed("Twilio takes no further task of it: it is ended, and reported")
    log.info("given back at the desk", **link.key.sids, did=did)


def _standing(link: Link | None) -> str:
    is_done = link is None or link.reason not in (GIVEN_BACK, LEFT_UNDONE)
    return "it is done already" if is_done else "it goes to somebody else already"

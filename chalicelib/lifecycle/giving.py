"""A worker gives the caller away: what the star key and the desk have in common.

The link says that the caller is on hold, and then where they go; the first word counts. The caller's own document reads
it, and begins the further wait.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from chalicelib.callbacks import asking
from chalicelib.config import callcenter
from chalicelib.config.star import PERSON, queue_of
from chalicelib.links import steps, table
from chalicelib.links.model import Call, Link
from chalicelib.observability import log
from chalicelib.twilio import rest

TO_A_PERSON = "agent"  # the attribute of a caller who was given to one


def hold(link: Link, call: Call | None, now: float) -> Link:
    """The caller is on hold from now on. That the two talked is written too, if its event has not come yet.

    Returns the link as it stands. Raises ConditionFailed: another leg has it.
    """
    if not link.held_at:
        link = steps.hold(link.key, link.worker_call_sid, now, further(link, call))
        log.info("caller is on hold", **link.key.sids)
    return talked(link, now)


def talked(link: Link, now: float) -> Link:
    """The link, in which it stands that the two talked."""
    if not link.bridged_at:
        with suppress(table.ConditionFailed):
            link = steps.upsert_state(link.key, "bridged", now, {})
    return link


def further(link: Link, call: Call | None) -> dict[str, object]:
    """What a further wait of this caller needs, to be kept with the link."""
    return {"next_round": (call.round if call and call.round else 1) + 1, "attributes": _attributes(link)}


def route(to: str) -> Mapping[str, Any]:
    """By what the workflow puts a task where it is to go."""
    if name := queue_of(to):
        return callcenter.current().queue(name).attributes
    return {TO_A_PERSON: to.removeprefix(f"{PERSON}:")} if to.startswith(PERSON) else {}


def _attributes(link: Link) -> Mapping[str, Any]:
    """What routed the caller here; where Twilio does not say it now, the line's own attributes do."""
    try:
        task = rest.tasks.fetch(link.task_sid)
    except (rest.NotDone, rest.TwilioRejected) as error:
        log.warning("the attributes of the task are not known", **link.key.sids, why=str(error))
        return {}
    known = asking.attributes_of(task.attributes) if task else {}
    return {name: value for name, value in known.items() if name != TO_A_PERSON}

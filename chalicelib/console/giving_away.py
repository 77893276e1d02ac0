"""A worker at the desk gives the caller to another queue or to a person, as the star key does on a phone."""

from collections.abc import Mapping

from chalicelib.config import callcenter
from chalicelib.config.star import PERSON, queue_of
from chalicelib.console import access
from chalicelib.console.answers import Asked, Changed
from chalicelib.lifecycle import consulting, giving
from chalicelib.links import caller_leg, reading, steps
from chalicelib.links.model import Call, Link
from chalicelib.observability import log
from chalicelib.staff import packaged
from chalicelib.twilio import rest
from chalicelib.twilio.values import sid


def ways(link: Link) -> tuple[str, ...]:
    """Where this caller may be given: the queues and the people of the star menu of the queue, in its order.

    Nowhere from work that is no call, a colleague's who was asked first among it.
    """
    star = callcenter.current().queue(link.queue).star if link.policy.has_caller else None
    people = sorted({name for name in packaged.current().extensions.values() if name != link.worker_name})
    found: list[str] = []
    for entry in star.menu if star else ():
        found += [entry] if queue_of(entry) else [f"{PERSON}:{name}" for name in people] if entry == PERSON else []
    return tuple(found)


def give(asked: Asked) -> Mapping[str, str]:
    """Give the caller away: they leave the conference, hear music, and wait as the first of their new place.

    The first word counts, and the same again says the same. Raises NotAllowed, NotFound, Wrong, Changed, NotDone.
    """
    link = access.own_link(asked)
    to = asked.one_of("to", ways(link))
    link, call = with_leg(link), reading.of_call(link.subject).call
    if not link.worker_call_sid or link.state == "closed":
        raise Changed("there is no talk with this caller now")
    link = steps.transfer(giving.hold(link, call, asked.at).key, to, asked.at)
    if link.transferred_to != to:
        raise Changed(f"the caller goes to {named(link.transferred_to)} already")
    _lead(link, call, asked.at)
    if link.consults:
        consulting.withdraw(link)
    return {"said": f"The caller goes to {named(to)}."}


def _lead(link: Link, call: Call | None, now: float) -> None:
    """Out of the conference, once: a second time they would leave the queue that they wait in, and begin anew."""
    if call and call.round >= link.next_round:
        return
    if consulting.is_at_work(link, now):
        raise Changed("the caller is being given away: look again in a moment")
    # Where they are not brought out of the conference now, they go on to there at the end of the talk.
    caller_leg.record(link.subject, {"star": link.reservation_sid}, now)
    if not consulting.lead_on(link, now):
        raise Changed("the caller is gone")
    log.info("given away at the desk", **link.key.sids, to=link.transferred_to)


def with_leg(link: Link) -> Link:
    """The link with its leg: Twilio names it in the task, as the event that tells us may be late. Raises NotDone."""
    if link.worker_call_sid:
        return link
    task = rest.tasks.fetch(link.task_sid)
    leg = sid(task.attributes.get("worker_call_sid")) if task else ""
    return steps.record_leg(link.key, leg) if leg and rest.calls.is_live(leg) else link


def named(to: str) -> str:
    """The name alone of a queue or a person."""
    return queue_of(to) or to.removeprefix(f"{PERSON}:")

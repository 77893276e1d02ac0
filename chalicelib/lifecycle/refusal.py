"""A worker who is asked does not get the caller: they passed, pressed no key, or a machine answered."""

from chalicelib import jobs
from chalicelib.config import callcenter, environment
from chalicelib.jobs import Reject
from chalicelib.lifecycle import activity, closing
from chalicelib.links.model import Link
from chalicelib.observability import log
from chalicelib.twilio import rest


def give_back(link: Link, now: float, *, leg_ended: bool = False) -> None:
    """Give the caller of a link that is refused to the next worker, now or by a job; done twice it is done once.

    Who passed is put back after a while; where that cannot be ordered nobody is moved.
    """
    order = _order(link)
    try:
        closing.reject_as_ordered(order, now, leg_ended=leg_ended)
    except rest.NotDone:
        jobs.send(order)
    except activity.NotOrdered as error:
        log.error("worker not moved", **link.key.sids, worker_sid=link.worker_sid, why=str(error))
        _reject_unmoved(link, now, leg_ended=leg_ended)


def _order(link: Link) -> Reject:
    rules = callcenter.current().queue(link.queue)
    passed = link.reason == "passed"
    name = rules.activities.of_passed if passed else rules.activities.no_answer
    back_after = rules.answering.passed_seconds if passed else 0
    return Reject.of(link, link.reason, environment.current().activity_sid(name), back_after)


def _reject_unmoved(link: Link, now: float, *, leg_ended: bool) -> None:
    """Later, as the same worker would be offered the caller again at once; but not never, when SQS is down."""
    try:
        closing.reject_later(link, link.reason, now)
    except Exception:
        closing.reject_as_ordered(Reject.of(link, link.reason), now, leg_ended=leg_ended)

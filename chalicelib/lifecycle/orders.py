"""Work that a worker has taken at the desk: it is done, or goes to somebody else, by their word or as its time is over.

TaskRouter knows nothing of it but that it is assigned: whoever takes it says what becomes of it, and where they say
nothing for as long as the kind allows, the sweep gives it to somebody else; the second time it is ended, and reported.
"""

from chalicelib.config import callcenter, environment
from chalicelib.config.schema import Work
from chalicelib.jobs import Reject
from chalicelib.lifecycle import activity, closing, wrap_up
from chalicelib.links import steps
from chalicelib.links.model import DECISIONS, DONE, GIVEN_BACK, LEFT_UNDONE, Decision, Link, Notice
from chalicelib.observability import log
from chalicelib.tell import outbox
from chalicelib.twilio import rest
from chalicelib.work import again, posting

TAKEN = ("assigned", "wrapping")


def finish(link: Link, now: float) -> str:
    """The worker says that it is done. Says what it did. Raises table.ConditionFailed: it was given back; NotDone."""
    return wrap_up.finish_early(steps.decide(link.key, DONE, now), now)


def give_back(link: Link, now: float) -> str:
    """The worker leaves it to somebody else, and is left out for a while, as who passes. Says what it did.

    Raises table.ConditionFailed: it is done already; rest.TwilioRejected, rest.NotDone.
    """
    task = rest.tasks.fetch(link.task_sid)
    link = steps.decide(link.key, GIVEN_BACK, now, task.attributes if task else None)
    rules = callcenter.current().queue(link.queue)
    passed = environment.current().activity_sid(rules.activities.of_passed)
    try:
        activity.leave_out_for_a_while(Reject.of(link, GIVEN_BACK, passed, rules.answering.passed_seconds), now)
    except activity.NotOrdered as error:
        log.error("worker not moved", **link.key.sids, worker_sid=link.worker_sid, why=str(error))
    return _pass_on(link, task, now)


def is_over(link: Link, now: float) -> bool:
    """Whether its time is, or what was said of it was not done."""
    return _decision(link) is not None or now >= (link.bridged_at or now) + _rules(link).give_back_after


def end(link: Link, now: float) -> str:
    """The sweep does what was said of it, or what its time says. Says what it did. Raises what `give_back` raises."""
    said = _decision(link)
    if said == DONE:
        return wrap_up.finish_task(link.task_sid, DONE, now)
    task = rest.tasks.fetch(link.task_sid)
    return _pass_on(steps.decide(link.key, said or LEFT_UNDONE, now, task.attributes if task else None), task, now)


def _decision(link: Link) -> Decision | None:
    return next((said for said in DECISIONS if said == link.reason), None)


def _pass_on(link: Link, task: rest.tasks.Task | None, now: float) -> str:
    """The further task comes first: where its maker dies, the sweep finds the first one, and makes no second one."""
    if task is None or task.status not in TAKEN:
        closing.close_ended(link, now)
        return "left ended"
    if link.reason == LEFT_UNDONE and link.attributes.get(again.LEFT_UNDONE):
        return _leave_undone(link, now)
    try:
        posted = again.post(link, task, _rules(link), now)
    except posting.AtWork:
        return "left to whoever passes it on"
    except rest.TwilioRejected as error:
        log.error("work cannot be passed on", **link.key.sids, why=str(error))
        return _leave_undone(link, now)
    log.info("work is passed on", **link.key.sids, to_task_sid=posted, reason=link.reason)
    wrap_up.finish_task(link.task_sid, link.reason, now)
    return "passed on"


def _leave_undone(link: Link, now: float) -> str:
    """People are told first: who dies in between tells it again, and it is told once."""
    seconds = int(now - (link.bridged_at or now))
    outbox.order(
        Notice(what="left-undone", about=link.subject, line=link.work, at=now, worker=link.worker_name, seconds=seconds)
    )
    log.error("work is left undone", **link.key.sids, task_sid=link.task_sid, kind=link.work)
    wrap_up.finish_task(link.task_sid, LEFT_UNDONE, now)
    return LEFT_UNDONE


def _rules(link: Link) -> Work:
    return callcenter.current().work_of(link.work)

"""A worker at the desk talks to a colleague first: the conference and the colleague's task, as the link has it.

The link is written first (`links.consults`); what is done here follows from it, and done again does no harm. So each
request that asks about the link finishes what another one began: the caller's own document on hold, the worker's next
press, TaskRouter's event of the worker's end, and the sweep.
"""

import msgspec

from chalicelib import jobs
from chalicelib.config import callcenter
from chalicelib.config.schema import CONSULT, CONSULT_WORK, Line, Work
from chalicelib.config.star import priority_of_wait
from chalicelib.lifecycle import closing, giving, lead_out
from chalicelib.links import consults, reading, steps
from chalicelib.links.model import Key, Link, is_over
from chalicelib.observability import log
from chalicelib.twilio import rest, urls
from chalicelib.twilio.values import CONSULT_CALL
from chalicelib.work import posting
from chalicelib.work.order import LONGEST_ATTRIBUTES, Order

NOT_NEEDED = "not needed any more"
IN_PROGRESS_SECONDS = 20  # a request to Twilio is over by then, and may be made again
LOOK_AGAIN_SECONDS = IN_PROGRESS_SECONDS + 5  # after a request that Twilio did not take


def hold(link: Link) -> bool:
    """The caller hears music, and the worker may leave the conference without ending it; False: the caller has left.

    In this order, as in `take_back`: a caller who is not on hold is with a worker who ends it. Raises NotDone.
    """
    path = {"subject": link.subject, "reservation_sid": link.reservation_sid, "attempt": "1"}
    if not rest.conferences.hold(link.room_sid, link.subject, urls.HELD.url(_base_url(link), **path)):
        return False
    rest.conferences.end_with(link.room_sid, link.worker_call_sid, ends=False)
    return True


def post(link: Link, now: float) -> Link:
    """The task by which the colleague is asked, once. Raises NotDone, TwilioRejected, and what AWS raises."""
    if link.consult_task or not link.consults:
        return link
    try:
        posted = posting.post(_order(link), _rules(link), now)
    except posting.AtWork:
        raise rest.NotDone("the colleague is being asked") from None
    log.info("colleague is asked first", **link.key.sids, to=link.consults)
    return consults.posted(link, posted.task_sid)


def _order(link: Link) -> Order:
    own = {
        "from": link.caller,
        "to": link.caller_id,
        "transferred_from": link.worker_name,
        CONSULT_CALL: link.subject,
        "consult_of": link.reservation_sid,
        "consult_number": link.consult_number,
    }
    order = Order(kind=CONSULT, key=f"{link.reservation_sid}-{link.consult_number}")
    routed = {**link.attributes, **giving.route(link.consults), **own}
    whole = msgspec.structs.replace(order, attributes=routed)
    if len(whole.task_attributes) <= LONGEST_ATTRIBUTES:
        return whole
    return msgspec.structs.replace(order, attributes={**giving.route(link.consults), **own})


def _rules(link: Link) -> Work:
    """It goes before those who wait, as the caller would who is given away."""
    line = callcenter.current().treatment_of(link.caller_id)
    priority = line.priority if isinstance(line, Line) else 0
    return msgspec.structs.replace(CONSULT_WORK, priority=priority_of_wait(priority, link.next_round))


def withdraw(link: Link) -> None:
    """Nobody is asked any more: the task is canceled, whose event stops a phone that rings, or the colleague let go.

    What fails is logged: whoever takes it all the same hears that they are not needed.
    """
    try:
        if link.consult_task:
            rest.tasks.cancel(link.consult_task, NOT_NEEDED)
        for one in reading.of_call(link.subject).links:
            if one.consult_of == link.reservation_sid and one.bridged_at and one.own_leg and not is_over(one):
                closing.end_leg(one.own_leg, one.subject)
    except (rest.NotDone, rest.TwilioRejected) as error:
        log.warning("the colleague's task is left", **link.key.sids, why=str(error))


def take_back(link: Link) -> bool:
    """The talk ends with the worker again, and the caller is off hold. False: the talk is over. Raises NotDone."""
    is_there = rest.conferences.end_with(link.room_sid, link.worker_call_sid, ends=True)
    return unhold(link) and is_there


def unhold(link: Link) -> bool:
    """The caller is off hold, unless the worker has asked somebody anew meanwhile. False: the caller has left.

    Raises NotDone.
    """
    is_there = rest.conferences.unhold(link.room_sid, link.subject)
    now = reading.find_link(link.key)
    if is_there and now and now.is_consulting:
        hold(now)
    return is_there


def finish(link: Link, now: float) -> Link:
    """The colleague has the caller: the talk ends with them from now on, and the worker is out of it.

    One who has left at this very moment does not get the caller, who then goes where the worker wanted. Raises NotDone.
    """
    if not rest.conferences.end_with(link.room_sid, link.consult_leg, ends=True):
        if not rest.conferences.is_in(link.room_sid, link.subject):
            return link
        link = steps.transfer(link.key, link.consults, now, instead_of=link.transferred_to)
        _out(link, now)
        return link
    consults.took_over(Key(link.subject, link.consult_reservation), now)
    rest.conferences.unhold(link.room_sid, link.subject)
    rest.calls.hang_up(link.worker_call_sid)
    log.info("handed over at the desk", **link.key.sids, to=link.consult_name)
    return link


def settle(link: Link, now: float) -> None:
    """The worker has left the talk, whatever became of the caller: nobody stays alone. Raises NotDone.

    A colleague who talks to the worker has the caller; where there is none the caller goes where the worker wanted.
    """
    link = _decided(link, now)
    if link.is_handed_over and not is_at_work(link, now):
        finish(link, now)
    elif not link.is_handed_over:
        if not is_at_work(link, now):
            _out(link, now)
        withdraw(link)


def _decided(link: Link, now: float) -> Link:
    if link.transferred_to or not link.consults:
        return link
    if link.consult_state in ("talking", "both") and rest.conferences.is_in(link.room_sid, link.consult_leg):
        link = consults.hand_over(link, now)
    if link.is_consulting:
        link = steps.transfer(link.key, link.consults, now)
    return link


def is_at_work(link: Link, now: float) -> bool:
    """Whether the request that decided where the caller goes may still be doing it."""
    return link.transferred_at < now < link.transferred_at + IN_PROGRESS_SECONDS


def _out(link: Link, now: float) -> None:
    """Out of the conference, once: the caller's document reads the link, and goes on as it says."""
    if not link.room_sid or not rest.conferences.is_in(link.room_sid, link.subject):
        return
    lead_on(link, now)
    log.info("caller is led on", **link.key.sids, to=link.transferred_to)


def lead_on(link: Link, now: float) -> bool:
    """Send the caller to their own document. False: the call is over. Raises NotDone."""
    path = {"reservation_sid": link.reservation_sid, "since": str(int(now)), "attempt": "1"}
    return rest.calls.redirect(link.subject, urls.HOLD.url(_base_url(link), **path))


def go_on(link: Link, now: float) -> None:
    """The caller is on hold, and the link says that they should not be: what was begun is done. Raises NotDone."""
    if link.is_handed_over and not is_at_work(link, now):
        finish(link, now)
    elif link.transferred_to and not is_at_work(link, now):
        _out(link, now)
    elif link.transferred_to:
        log.info("the caller is being led on", **link.key.sids)
    elif not rest.calls.is_live(link.worker_call_sid):
        settle(link, now)
    elif link.consult_state == "both":
        unhold(link)
    else:
        take_back(link)


def has_left(link: Link) -> bool:
    """Whether the worker is out of the talk; in doubt they are not. Never raises."""
    try:
        return not (link.worker_call_sid and rest.calls.is_live(link.worker_call_sid))
    except (rest.NotDone, rest.TwilioRejected) as error:
        log.warning("nobody knows whether the worker is on the phone", **link.key.sids, why=str(error))
        return False


def worker_left(link: Link, now: float) -> None:
    """An event tells that the worker has left. What Twilio does not take now is done by a job. Never raises."""
    try:
        settle(link, now)
    except Exception as error:
        log.warning("the caller is led on later", **link.key.sids, why=type(error).__name__)
        _look_again(link, now)


def _look_again(link: Link, now: float) -> None:
    row = jobs.Row(link.subject, link.reservation_sid, link.check_at)
    try:
        jobs.send(jobs.LookAt("link", (row,), now + LOOK_AGAIN_SECONDS), delay_seconds=LOOK_AGAIN_SECONDS)
    except Exception as error:
        log.warning("the caller is left to the sweep", **link.key.sids, why=type(error).__name__)


def colleague_left(colleague: Link, now: float) -> None:
    """The colleague is off the phone: a caller whom they had is not left alone; else the worker is told.

    Raises NotDone.
    """
    key = Key(colleague.subject, colleague.consult_of)
    link = reading.find_link(key)
    if link is None or link.consult_reservation != colleague.reservation_sid:
        return
    if link.is_handed_over and colleague.took_over_at:
        _out(link, now)
    elif link.is_handed_over:
        finish(link, now)
    elif link.consult_state == "both":
        if not rest.conferences.end_with(link.room_sid, link.worker_call_sid, ends=True):
            _out(link, now)  # the worker has left, too
        consults.back(link)
    else:
        consults.over(key, colleague.consult_number_of, colleague.reservation_sid)


def nobody_takes_it(call_sid: str, reservation_sid: str, number: int) -> None:
    """The task has ended without a worker: the one who asks sees that."""
    if reading.find_link(Key(call_sid, reservation_sid)):
        consults.over(Key(call_sid, reservation_sid), number)


def look(link: Link, now: float) -> None:
    """The sweep: a worker who has left, or a task that could not be made. Raises NotDone."""
    if not rest.calls.is_live(link.worker_call_sid):
        settle(link, now)
    elif link.is_handed_over and not is_at_work(link, now):
        finish(link, now)
    elif link.is_consulting and not link.consult_task:
        post(link, now)


def _base_url(link: Link) -> str:
    return lead_out.base_url_for(link.base_url, link.caller_id, link.attributes)

"""Work that is no call: the worker has taken it, hears what it is, and is connected with whomever it is about.

TaskRouter follows no call of ours (contract 4.2): we accept the reservation, and when the worker's leg has ended we
put the task into wrapping. From there on it ends as a call's does.
"""

from chalicelib.config.schema import MESSAGE_KIND
from chalicelib.lifecycle import closing, consulting
from chalicelib.links import steps, table
from chalicelib.links.model import Link
from chalicelib.observability import log
from chalicelib.twilio import rest
from chalicelib.worker import calling_back, consulted, hearing, twiml, words

TAKEN_BACK = "This has been given to somebody else. Goodbye."
NOT_NOW = "This cannot be begun at the moment. Goodbye."


def begin(link: Link, now: float) -> str:
    """The worker pressed 1: TwiML with the work, or with a sentence. The same leg hears the same again."""
    if link.consult_of and not consulted.is_wanted(link):
        return twiml.say_goodbye(consulted.NOT_NEEDED, words.treatment(link))
    try:
        if not rest.reservations.accept(link.task_sid, link.reservation_sid):
            return twiml.say_goodbye(TAKEN_BACK)
    except rest.NotDone as error:  # the leg's end finds out whether Twilio did it
        log.error("work is not accepted", **link.key.sids, why=str(error))
        return twiml.say_goodbye(NOT_NOW)
    try:
        steps.upsert_state(link.key, "bridged", now, {})
    except table.ConditionFailed:
        log.info("the event was faster", **link.key.sids)
    return _document(link, now)


def _document(link: Link, now: float) -> str:
    """What is heard of the work."""
    if link.work == MESSAGE_KIND:
        return hearing.begin(link)
    if link.callback:
        return calling_back.begin(link, now)
    if link.consult_of:
        return consulted.begin(link)
    return twiml.work(link.work_say, link.work_dial, link.caller_id, words.treatment(link))


def leg_ended(link: Link, now: float) -> None:
    """The worker is off the phone: the work is done, and is wrapped up; or was never begun, and goes on to the next.

    Nobody is moved who took the work, and whom Twilio or we let down.
    """
    try:
        status = rest.reservations.status(link.task_sid, link.reservation_sid)
        if status == "accepted":
            rest.tasks.begin_wrapping(link.task_sid)
            if link.callback:
                calling_back.leg_ended(link, now)
            if link.consult_of:
                consulting.colleague_left(link, now)
            return
    except rest.NotDone as error:
        log.warning("the sweep ends this work", **link.key.sids, why=str(error))
        return
    if status == "pending":
        closing.reject_after_leg(link, "not begun", "", now)
    else:
        closing.close_as(link.key, status, "", now, leg_ended=True)

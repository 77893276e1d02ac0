"""A worker who pressed 1 calls a customer back: dials, says what came of it, and hangs up.

Whether the two talked is known by the Dial's action; when that is lost, Twilio's list of the calls knows it.
"""

from chalicelib.callbacks import outcome
from chalicelib.links import callbacks as rows
from chalicelib.links import reading, steps
from chalicelib.links.model import Callback, Link
from chalicelib.links.table import ConditionFailed
from chalicelib.observability import log
from chalicelib.twilio import rest, urls
from chalicelib.twilio.request import Webhook
from chalicelib.twilio.values import sid, text
from chalicelib.worker import after_talk, twiml, words
from chalicelib.worker.request import key_of

NOT_WANTED = "This caller need not be called back any more. Goodbye."
AGAIN = "They were not reached, and are called again later. Goodbye."
GIVEN_UP = "They were not reached. That was the last attempt. Goodbye."
MACHINE_KEY = "2"
ASK_FOR_MACHINE = "If that was a machine, or the wrong person, press 2. Otherwise hang up."


def is_wanted(link: Link, work_key: str, now: float) -> bool:
    """Whether a worker is to be rung for this; a task that is a twin, or was replaced, is ended. Raises NotDone."""
    if outcome.is_wanted(link.callback, work_key, link.task_sid, now):
        return True
    steps.set_reason_once(link.key, outcome.WITHDRAWN)
    rest.tasks.cancel(link.task_sid, outcome.WITHDRAWN)
    return False


def begin(link: Link, now: float) -> str:
    """The reservation is accepted: TwiML that dials the customer. The same leg hears the same again."""
    callback = outcome.take(link.callback, link.task_sid, link.reservation_sid, link.worker_call_sid, now)
    if callback is None:
        return twiml.say_goodbye(NOT_WANTED, words.treatment(link))
    log.info("customer is dialled", **link.key.sids, callback=callback.call_sid, attempt=callback.attempts)
    said = f"Calling {link.crm_name or 'the caller'} back."
    return twiml.call_back(said, callback.number, link.caller_id, _url(link, urls.WORKER_CALLED), words.treatment(link))


def called(webhook: Webhook) -> str:
    """The Dial is over. Only DialBridged says that the two talked, and it may be missing (contract 3.2)."""
    form = webhook.form
    link, callback = _found(webhook)
    if link is None or callback is None:
        return twiml.say_goodbye(twiml.DONE)
    status = text(form.get("DialCallStatus"))
    if form.get("DialBridged", "true" if status in ("completed", "answered") else "") != "true":
        return _not_reached(link, callback, status or "not dialled", webhook.at)
    if form.get("CallStatus") == "completed":  # the worker has hung up
        _reached(link, callback, webhook.at)
        return twiml.say_goodbye(twiml.DONE, words.treatment(link))
    return twiml.ask_for_key(ASK_FOR_MACHINE, _url(link, urls.WORKER_CALLED_KEY), words.treatment(link))


def key(webhook: Webhook) -> str:
    """The customer's side is over, and the worker says that it was a machine, or says nothing."""
    link, callback = _found(webhook)
    if link is None or callback is None:
        return twiml.say_goodbye(twiml.DONE)
    if webhook.form.get("Digits") == MACHINE_KEY:
        return _not_reached(link, callback, "machine", webhook.at)
    _reached(link, callback, webhook.at)
    return after_talk.ask(webhook, link)


def without_record(_webhook: Webhook) -> str:
    """The table is down: the sweep finds out what became of it."""
    return twiml.say_goodbye(twiml.DONE)


def leg_ended(link: Link, now: float) -> None:
    """The worker is off the phone, and had taken it: what nobody has said by now Twilio knows. Raises NotDone."""
    callback = rows.find(link.callback)
    if callback is None:
        return
    try:
        if callback.state == "taken" and callback.reservation_sid == link.reservation_sid:
            outcome.find_out(callback, now)
        elif callback.state == "queued" and callback.task_sid == link.task_sid:
            outcome.not_reached(callback, "not begun", now)
    except ConditionFailed:
        log.info("somebody was faster", **link.key.sids)


def _reached(link: Link, callback: Callback, now: float) -> None:
    try:
        outcome.reached(callback, now)
    except ConditionFailed:
        log.info("somebody was faster", **link.key.sids)


def _not_reached(link: Link, callback: Callback, why: str, now: float) -> str:
    try:
        did = outcome.not_reached(callback, why, now)
    except ConditionFailed:
        did = ""
    return twiml.say_goodbye(GIVEN_UP if did == "given up" else AGAIN, words.treatment(link))


def _found(webhook: Webhook) -> tuple[Link | None, Callback | None]:
    """The link of this leg, and the callback that it has taken and that is not decided; None where there is none."""
    link_key, leg = key_of(webhook), sid(webhook.form.get("CallSid"))
    link = reading.of_call(link_key.subject).link(link_key) if link_key and leg else None
    if link is None or not link.callback or link.worker_call_sid != leg:
        return None, None
    callback = rows.find(link.callback)
    undecided = callback and callback.state == "taken" and callback.reservation_sid == link.reservation_sid
    return link, callback if undecided else None


def _url(link: Link, route: urls.Route) -> str:
    return route.url(link.base_url, subject=link.subject, reservation_sid=link.reservation_sid)

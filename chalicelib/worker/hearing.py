"""A worker hears a message that a caller left, and says by a key what becomes of it."""

from collections.abc import Callable, Mapping

from chalicelib.config import callcenter
from chalicelib.links import messages
from chalicelib.links.model import Link, Message
from chalicelib.observability import log
from chalicelib.storage import bucket, offering
from chalicelib.twilio import urls
from chalicelib.twilio.request import Webhook
from chalicelib.twilio.values import count, text
from chalicelib.worker import twiml, words
from chalicelib.worker.request import link_of

MOST_ASKS = 3  # silences and keys that mean nothing, then the worker is let go
SEEN_TO = "Somebody has seen to this message. Goodbye."
NOT_THERE = "This message is no longer there. Goodbye."
NOT_NOW = "This cannot be done at the moment. Please try again."
LEFT = "It is left for somebody else. Goodbye."


def begin(link: Link) -> str:
    """The worker took it: its sound, during which the keys count already."""
    message = offering.find(link.message_of, link.recording_sid)
    if message is None or not message.stored_as:
        return twiml.say_goodbye(NOT_THERE)
    if message.is_seen_to and message.taken_by != link.worker_name:
        return twiml.say_goodbye(SEEN_TO)
    return _play(link, message, 1)


def choose(webhook: Webhook) -> str:
    """The worker pressed a key, or the sound is over, or the call to whom it is from."""
    link = link_of(webhook)
    message = offering.find(link.message_of, link.recording_sid) if link else None
    if link is None or message is None:
        return twiml.say_goodbye(NOT_THERE)
    attempt = count(webhook.path.get("attempt")) or 1
    if "DialCallStatus" in webhook.form:
        talked = webhook.form.get("DialBridged") == "true"
        return _done(link, message, attempt, webhook.at) if talked else _ask(link, attempt)
    act = _ON_KEY.get(text(webhook.form.get("Digits")), _nothing)
    return act(link, message, attempt, webhook.at)


def not_now(_webhook: Webhook) -> str:
    """The table is down: the message is offered again by the sweep, unless it was seen to before."""
    return twiml.say_goodbye(NOT_NOW)


def _play(link: Link, message: Message, attempt: int) -> str:
    url = _url(link, attempt)
    return twiml.play_message(bucket.url(message.stored_as), _keys(), url, words.treatment(link))


def _again(link: Link, message: Message, attempt: int, _now: float) -> str:
    return _play(link, message, attempt)


def _call_back(link: Link, message: Message, attempt: int, now: float) -> str:
    if not link.work_dial:
        return _ask(link, attempt)
    messages.take(message.key, link.worker_name, now)
    return twiml.dial(link.work_dial, link.caller_id, _url(link, attempt))


def _done(link: Link, message: Message, _attempt: int, now: float) -> str:
    messages.finish(message.key, link.worker_name, now)
    log.info("message is done", recording_sid=message.recording_sid)
    return twiml.say_goodbye(twiml.DONE)


def _leave(link: Link, message: Message, _attempt: int, now: float) -> str:
    messages.leave(message, link.worker_name, now)
    log.info("message is left for another", recording_sid=message.recording_sid)
    return twiml.say_goodbye(LEFT)


def _nothing(link: Link, message: Message, attempt: int, now: float) -> str:
    """The sound is over, or a key means nothing: it is this worker's from now on, who is asked a few times."""
    messages.take(message.key, link.worker_name, now)
    return _ask(link, attempt + 1) if attempt < MOST_ASKS else twiml.say_goodbye(twiml.DONE)


_ON_KEY: Mapping[str, Callable[[Link, Message, int, float], str]] = {
    "1": _again,
    "2": _call_back,
    "3": _done,
    "4": _leave,
}


def _ask(link: Link, attempt: int) -> str:
    return twiml.ask_for_key(_keys(), _url(link, attempt), words.treatment(link))


def _keys() -> str:
    return callcenter.current().messages.keys


def _url(link: Link, attempt: int) -> str:
    sids = {"subject": link.subject, "reservation_sid": link.reservation_sid}
    return urls.WORKER_MESSAGE.url(link.base_url, **sids, attempt=str(attempt))

"""A colleague who is asked about a caller first: into the conference of the worker who asks.

The caller is on hold in it. The worker's link says whether the colleague is still wanted.
"""

from chalicelib.lifecycle import consulting
from chalicelib.links import consults, reading
from chalicelib.links.model import Key, Link
from chalicelib.observability import log
from chalicelib.twilio import rest, urls
from chalicelib.twilio.request import Webhook
from chalicelib.worker import after_talk, twiml, words
from chalicelib.worker.request import key_of, link_of

NOT_NEEDED = "You are not needed any more. Goodbye."


def is_wanted(colleague: Link) -> bool:
    """Whether this is still asked of this colleague, who is not the one who asks."""
    link = _asking(colleague)
    if link is None or not _is_asked(link, colleague):
        return False
    return colleague.worker_sid != link.worker_sid and link.consult_reservation in ("", colleague.reservation_sid)


def begin(colleague: Link) -> str:
    """The colleague has taken it: into the conference, or, for who comes too late, a sentence."""
    link = consults.answered(_key(colleague), colleague, colleague.worker_call_sid)
    if link.consult_reservation != colleague.reservation_sid or not _is_asked(link, colleague):
        return twiml.say_goodbye(NOT_NEEDED, words.treatment(colleague))
    log.info("colleague is asked about a caller", **colleague.key.sids)
    sids = {"subject": colleague.subject, "reservation_sid": colleague.reservation_sid}
    action = urls.WORKER_CONSULT.url(colleague.base_url, **sids)
    alone_url = urls.WORKER_CONSULT_ALONE.url(colleague.base_url, **sids)
    return twiml.join_room(link.task_sid, action, alone_url, ends_it=False)


def parted(webhook: Webhook) -> str:
    """The colleague is out of the conference: who had the caller says what became of the talk."""
    if webhook.form.get("CallStatus") == "completed":
        return twiml.hang_up()
    colleague = link_of(webhook)
    if colleague is None:
        return without_record(webhook)
    if colleague.took_over_at:
        return after_talk.begin(webhook, colleague)
    link = _asking(colleague)
    has_gone = link is not None and _is_asked(link, colleague)  # nobody let the colleague go: the conference is over
    return twiml.say_goodbye(twiml.CALLER_GONE if has_gone else NOT_NEEDED, words.treatment(colleague))


def alone(webhook: Webhook) -> str:
    """The colleague came when the talk was over, and is let go; or another one is about to come."""
    key = key_of(webhook)
    colleague = reading.find_link(key) if key else None
    if colleague and colleague.own_leg and not _has_company(colleague):
        sids = {"subject": colleague.subject, "reservation_sid": colleague.reservation_sid}
        rest.calls.redirect(colleague.own_leg, urls.WORKER_CONSULT.url(colleague.base_url, **sids))
    return alone_without_record(webhook)


def alone_without_record(webhook: Webhook) -> str:
    key = key_of(webhook) or Key("unknown", "unknown")
    sids = {"subject": key.subject, "reservation_sid": key.reservation_sid}
    return twiml.try_again(urls.WORKER_CONSULT_ALONE.url(webhook.base_url, **sids))


def without_record(_webhook: Webhook) -> str:
    return twiml.say_goodbye(twiml.DONE)


def _has_company(colleague: Link) -> bool:
    link = _asking(colleague)
    return link is not None and _is_asked(link, colleague) and not consulting.has_left(link)


def _is_asked(link: Link, colleague: Link) -> bool:
    return bool(link.consults) and link.consult_number == colleague.consult_number_of and not link.transferred_to


def _asking(colleague: Link) -> Link | None:
    return reading.find_link(_key(colleague))


def _key(colleague: Link) -> Key:
    return Key(colleague.subject, colleague.consult_of)

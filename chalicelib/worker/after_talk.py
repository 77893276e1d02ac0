"""After the talk: the caller has hung up first, and the worker's document goes on, with keys and a spoken note."""

from chalicelib.config import callcenter
from chalicelib.config.after_talk import AfterTalk
from chalicelib.links import messages, steps
from chalicelib.links.model import Key, Link
from chalicelib.observability import log
from chalicelib.twilio import urls
from chalicelib.twilio.request import Webhook
from chalicelib.twilio.values import count, sid, text
from chalicelib.worker import twiml, words
from chalicelib.worker.request import key_of, link_of


def after(webhook: Webhook) -> str:
    """The Dial is over. A worker who was joined to nobody hears that the caller is gone.

    Only DialBridged=true says that the two talked, and it may be missing (contract 3.2, 12): then the link says it.
    """
    link = link_of(webhook)
    if link is None or not (webhook.form.get("DialBridged") == "true" or link.bridged_at):
        return _unrecorded(link, twiml.say_goodbye(twiml.CALLER_GONE))
    return _unrecorded(link, begin(webhook, link))


def _unrecorded(link: Link | None, document: str) -> str:
    """What the worker hears alone is in no recording."""
    return twiml.unrecorded(document) if link and link.recorded else document


def begin(webhook: Webhook, link: Link, first: str = "") -> str:
    """The worker is asked what became of the talk, after what is said `first`."""
    if callcenter.current().staff.is_on and webhook.form.get("CallStatus") != "completed":
        steps.note_of_leg(link.key, link.worker_call_sid, {"asked_after_at": webhook.at})
    return ask(webhook, link, first)


def disposition(webhook: Webhook) -> str:
    """The worker pressed a key: what became of the call, or a note; another key asks again."""
    link = link_of(webhook)
    rules = _rules(link) if link else None
    if link is None or rules is None:
        return twiml.say_goodbye(twiml.DONE)
    pressed = text(webhook.form.get("Digits"))
    if rules.note_seconds and pressed == rules.note_key:
        return twiml.record_note(rules.note_seconds, _url(webhook, urls.WORKER_NOTE), words.treatment(link))
    if pressed not in rules.keys:
        return ask(webhook, link)
    steps.note_of_leg(link.key, link.worker_call_sid, {"disposition": rules.keys[pressed]})
    log.info("disposition", **link.key.sids, disposition=rules.keys[pressed])
    return twiml.say_goodbye(rules.thanks, words.treatment(link))


def note(webhook: Webhook) -> str:
    """The worker has spoken a note: it is kept as long as the call's records are."""
    recording_sid, seconds = sid(webhook.form.get("RecordingSid")), count(webhook.form.get("RecordingDuration"))
    link = link_of(webhook) if recording_sid else None
    if link:
        steps.note_of_leg(link.key, link.worker_call_sid, {"note_sid": recording_sid, "note_seconds": seconds})
        messages.record_note(link.subject, recording_sid, webhook.at)
    rules = _rules(link) if link else None
    return twiml.say_goodbye(rules.thanks if rules else twiml.DONE, words.treatment(link))


def without_record(_webhook: Webhook) -> str:
    """The table is down: nothing can be kept, and the worker need not wait for that."""
    return twiml.say_goodbye(twiml.NOT_KEPT)


def ask(webhook: Webhook, link: Link, first: str = "") -> str:
    """What became of it, where the queue wants to know, after what is said `first`."""
    rules = _rules(link)
    if rules is None:
        return twiml.say_goodbye(twiml.DONE)
    said = f"{first} {rules.said}".strip()
    return twiml.ask_for_disposition(said, _url(webhook, urls.WORKER_DISPOSITION), words.treatment(link))


def _rules(link: Link) -> AfterTalk | None:
    return callcenter.current().queue(link.queue).after_talk


def _url(webhook: Webhook, route: urls.Route) -> str:
    key = key_of(webhook) or Key("", "")
    return route.url(webhook.base_url, subject=key.subject, reservation_sid=key.reservation_sid)

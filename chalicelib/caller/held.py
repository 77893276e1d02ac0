"""The caller is on hold in the conference of the desk, while the worker talks to a colleague first.

Each round asks again: whatever could not be done about the caller when it was decided is done here.
"""

from chalicelib.caller import called, twiml
from chalicelib.caller.hold import LOOK_AT_LEG_EACH
from chalicelib.config import callcenter
from chalicelib.lifecycle import consulting
from chalicelib.links import reading
from chalicelib.links.model import Key, Link
from chalicelib.observability import log
from chalicelib.twilio import urls
from chalicelib.twilio.request import Webhook
from chalicelib.twilio.values import count, sid


def held(webhook: Webhook) -> str:
    """One round of music, of a document that may play and ask for the next one, and nothing else (contract 14.2)."""
    key = Key(sid(webhook.path["subject"]), sid(webhook.path["reservation_sid"]))
    link = reading.find_link(key) if key.subject and key.reservation_sid else None
    if link:
        try:
            _look(link, _attempt(webhook), webhook.at)
        except Exception as error:
            log.warning("the caller is on hold for another round", **link.key.sids, why=type(error).__name__)
    return _round(webhook, link)


def without_record(webhook: Webhook) -> str:
    """The table is down: the caller holds on."""
    return _round(webhook, None)


def _look(link: Link, attempt: int, now: float) -> None:
    if not link.is_consulting:
        consulting.go_on(link, now)
    elif not attempt % LOOK_AT_LEG_EACH and consulting.has_left(link):
        consulting.settle(link, now)


def _round(webhook: Webhook, link: Link | None) -> str:
    rules = callcenter.current().queue(link.queue).star if link else None
    path = {name: sid(webhook.path[name]) or "unknown" for name in ("subject", "reservation_sid")}
    next_url = urls.HELD.url(webhook.base_url, **path, attempt=str(_attempt(webhook) + 1))
    return twiml.hold_on(called.treatment(webhook), rules, _attempt(webhook), next_url)


def _attempt(webhook: Webhook) -> int:
    return count(webhook.path.get("attempt")) or 1

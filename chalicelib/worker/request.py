"""What a request on a worker's leg says of its link."""

from chalicelib.links import reading
from chalicelib.links.model import CallRecord, Key, Link
from chalicelib.observability import log
from chalicelib.twilio.request import Webhook
from chalicelib.twilio.values import sid


def key_of(webhook: Webhook) -> Key | None:
    """The link that the path names; None when these are no sids."""
    key = Key(sid(webhook.path["subject"]), sid(webhook.path["reservation_sid"]))
    return key if key.subject and key.reservation_sid else None


def link_of(webhook: Webhook) -> Link | None:
    """The link of this leg; None where the leg has none."""
    found = record_of(webhook)
    return found[1] if found else None


def record_of(webhook: Webhook) -> tuple[CallRecord, Link] | None:
    """The same, and all that is known of the call."""
    key, leg = key_of(webhook), sid(webhook.form.get("CallSid"))
    if not (key and leg):
        return None
    record = reading.of_call(key.subject)
    link = record.link(key)
    if link is None or link.worker_call_sid != leg:
        log.info("a leg without a link", **key.sids)
        return None
    return record, link

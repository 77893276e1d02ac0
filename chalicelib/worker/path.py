"""Which link a request on a worker's leg is about: its path says so."""

from chalicelib.links.model import Key
from chalicelib.twilio.request import Webhook
from chalicelib.twilio.values import sid


def key_of(webhook: Webhook) -> Key | None:
    """The link that the path names; None when these are no sids."""
    key = Key(sid(webhook.path["subject"]), sid(webhook.path["reservation_sid"]))
    return key if key.subject and key.reservation_sid else None

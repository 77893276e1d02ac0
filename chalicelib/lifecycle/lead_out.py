"""A caller whose task ended without a worker: Twilio may leave them in the queue for ever (contract 3.1, 12)."""

from collections.abc import Mapping
from typing import Any

from chalicelib import jobs
from chalicelib.config import callcenter
from chalicelib.jobs import LeadOut
from chalicelib.links import caller_leg, table
from chalicelib.observability import log
from chalicelib.twilio import rest, urls

# In the world in which Twilio itself leads the caller out, Enqueue's action has come by then.
GRACE_SECONDS = 5


def base_url_for(base_url: str, called: str, attributes: Mapping[str, Any]) -> str:
    """The base URL for a caller of this number whose task has these attributes: it says their language."""
    return urls.in_language(base_url, callcenter.current().language_of(called, attributes))


def lead_out_soon(call_sid: str, base_url: str) -> None:
    """Lead the caller out in a moment, if Twilio does not."""
    jobs.send(LeadOut(call_sid, base_url), delay_seconds=GRACE_SECONDS)


def lead_out(call_sid: str, base_url: str, now: float) -> str:
    """Redirect the caller to a document that ends the wait, once. Says what it did. Raises NotDone."""
    return _redirect(call_sid, urls.MOVED.url(base_url), now, {})


def decline(call_sid: str, base_url: str, say: str, then: str, now: float) -> str:
    """The CRM says no to this caller: the same, with a sentence of its own. Says what it did. Raises NotDone."""
    kept = {"declined_say": say, "declined_then": then}
    return _redirect(call_sid, urls.DECLINED.url(base_url), now, kept)


def _redirect(call_sid: str, url: str, now: float, kept: Mapping[str, object]) -> str:
    try:
        caller_leg.claim(call_sid, now, jobs.LEASE_SECONDS, kept)
    except table.ConditionFailed:
        return "left by itself"
    did = "led out" if rest.calls.redirect(call_sid, url) else "has gone"
    log.info("caller led out of the queue", did=did)
    return did

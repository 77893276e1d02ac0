"""What a process of the application reads once, and how a test has it read again."""

from chalicelib import aws
from chalicelib.callers import waits
from chalicelib.config import callcenter, environment, secrets, team
from chalicelib.console import wallboard
from chalicelib.crm import http as crm_http
from chalicelib.hours import switch
from chalicelib.lifecycle import unserved
from chalicelib.twilio import rest
from chalicelib.worker import breaker

# The functions themselves: a test may have put something else in their place.
CACHED = (
    team.hooks,
    environment.current,
    callcenter.current,
    aws.client,
    rest.client._client_with,
    crm_http._endpoint,
    breaker.known,
)


def forget_everything() -> None:
    """The next use of each reads it again."""
    for cached in CACHED:
        cached.cache_clear()
    secrets._kept = secrets._Kept()
    unserved._of_work.clear()
    switch._known.clear()
    waits._known.clear()
    wallboard._kept = wallboard._Kept()

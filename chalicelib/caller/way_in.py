"""The way of a caller into the queue: what the task knows, and what is heard before it."""

from collections.abc import Mapping
from typing import Any

from chalicelib.caller.twiml import Queueing
from chalicelib.callers.known import Known, of_token
from chalicelib.config import callcenter, environment
from chalicelib.config.callcenter import Line
from chalicelib.twilio.request import Webhook


def queueing(webhook: Webhook, line: Line, chosen: Mapping[str, Any], known: Known | None = None) -> Queueing:
    """The way of a caller who made this choice, and what they hear before it.

    What is `known` of the caller is in the path from the second document on.
    """
    notices = callcenter.current().notices({**line.attributes, **chosen})
    known = of_token(webhook.path.get("caller", "")) if known is None else known
    return Queueing(environment.current().workflow_sid, webhook.base_url, notices, known)

"""The way of a caller into the queue: what the task knows, and what is heard before it."""

from collections.abc import Mapping
from typing import Any

from chalicelib.caller import called
from chalicelib.caller.twiml import Queueing
from chalicelib.callers.known import Known
from chalicelib.config import callcenter, environment
from chalicelib.config.schema import Line
from chalicelib.twilio.request import Webhook


def queueing(webhook: Webhook, line: Line, chosen: Mapping[str, Any], *, known: Known) -> Queueing:
    """The way of a caller who made these choices, and what they hear before it."""
    notices = callcenter.current().notices({**line.attributes, **line.language_attribute, **chosen})
    return Queueing(environment.current().workflow_sid, called.base_url(webhook, line), notices, known)

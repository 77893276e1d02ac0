"""Somebody follows the link of a mail: looking at the page marks nothing, as scanners of mails do that too."""

import re
from collections.abc import Callable

from chalicelib import budget
from chalicelib.config import callcenter
from chalicelib.config import messages as settings
from chalicelib.links import messages, reading
from chalicelib.links.model import Message
from chalicelib.observability import log
from chalicelib.observability.masking import mask
from chalicelib.storage import bucket, page
from chalicelib.storage.page import Page
from chalicelib.twilio import urls
from chalicelib.twilio.request import Request

BY_LINK = "by the link of a mail"

_is_token = re.compile("[0-9a-f]{32}").fullmatch


def answer(request: Request, token: str) -> Page:
    """The page for GET, the sound for POST. The token is in no line of the log, nor is the URL of the sound."""
    route = urls.MESSAGE_PAGE
    act = _play if request.event["httpMethod"] == "POST" else _show
    with budget.Until(request.began + route.seconds), log.Context(route=route.path, request_id=request.request_id):
        try:
            return _of_link(token, request.at, act)
        except Exception as error:
            log.error("message cannot be shown", why=type(error).__name__)
            return page.not_now()


def _of_link(token: str, now: float, act: Callable[[Message, float], Page]) -> Page:
    message = messages.find_by_link(token, now) if settings.bucket() and _is_token(token) else None
    if message is None:
        return page.nowhere()
    log.bind(call_sid=message.subject, recording_sid=message.recording_sid)
    return act(message, now)


def _show(message: Message, _now: float) -> Page:
    call = reading.of_call(message.subject).call
    caller = call.caller if call else ""
    shown = caller if callcenter.current().tell.numbers else mask(caller)
    return page.of(message, shown, bucket.url(message.stored_as) if message.kept_at else "")


def _play(message: Message, now: float) -> Page:
    if not message.kept_at:
        return _show(message, now)
    if messages.mark_heard(message.key, BY_LINK, now):
        log.info("message is heard")
    return page.to_sound(bucket.url(message.stored_as))

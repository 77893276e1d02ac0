"""Whom a caller called, in the language that the caller hears."""

from chalicelib.caller.twiml import Way
from chalicelib.config import callcenter, messages
from chalicelib.config.schema import Line, Treatment
from chalicelib.twilio import urls
from chalicelib.twilio.request import Webhook


def treatment(webhook: Webhook) -> Treatment:
    """The line, or simple queue, of the dialled number."""
    found = callcenter.current().treatment_of(webhook.form.get("To", ""))
    return found.in_language(urls.language_of(webhook.base_url))


def line(webhook: Webhook) -> tuple[str, Line]:
    """Name and line of the dialled number."""
    name, found = callcenter.current().line_of(webhook.form.get("To", ""))
    return name, found.in_language(urls.language_of(webhook.base_url))


def base_url(webhook: Webhook, line: Treatment) -> str:
    """For what is asked for next: it says the language in which the line is heard now."""
    return urls.in_language(webhook.base_url, line.spoken)


def way(webhook: Webhook, line: Treatment) -> Way:
    return Way(base_url(webhook, line), bool(messages.bucket()))

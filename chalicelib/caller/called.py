"""Whom a caller called, in the language that the caller hears."""

from chalicelib.config import callcenter
from chalicelib.config.callcenter import Line, Treatment
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

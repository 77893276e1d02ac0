"""The page that a mail leads to: who left the message, and a button that plays it (pure)."""

from collections.abc import Mapping
from html import escape
from typing import NamedTuple
from urllib.parse import urlsplit

from chalicelib.links.model import Message
from chalicelib.tell.mail import moment


class Page(NamedTuple):
    status: int
    body: str
    headers: Mapping[str, str]


# The link is the secret: no cache, no search engine, and no other site may come to know it.
_PRIVATE = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}


def of(message: Message, caller: str, sound_url: str) -> Page:
    """Who and when, and the button. Without `sound_url` the message is not in the bucket yet."""
    length = f" of {message.seconds} s" if message.seconds >= 0 else ""
    on_line = f" on line {message.line}" if message.line else ""
    told = [f"{caller or 'A caller without a number'} left a message{length}{on_line} at {moment(message.at)}."]
    if message.text:
        told.append(f"As text: {message.text}")
    if message.heard_at:
        told.append(f"Heard at {moment(message.heard_at)} ({message.heard_by}).")
    if message.done_at:
        told.append(f"Done at {moment(message.done_at)} ({message.done_by}).")
    if not sound_url:
        told.append("It is still on its way: load this page again in a minute.")
    button = '<form method="post"><button>Play</button></form>' if sound_url else ""
    return _page(200, "".join(f"<p>{escape(line)}</p>" for line in told) + button, _origin(sound_url))


def nowhere() -> Page:
    return _page(404, "<p>This link leads nowhere: it is not whole, or older than a week.</p>")


def not_now() -> Page:
    return _page(503, "<p>This cannot be shown now. Please try again in a minute.</p>")


def to_sound(sound_url: str) -> Page:
    return Page(303, "", {**_PRIVATE, "Location": sound_url})


def _page(status: int, inside: str, origin: str = "") -> Page:
    # A browser holds the redirect of a form against form-action, too.
    policy = f"default-src 'none'; form-action 'self' {origin}".rstrip() + "; base-uri 'none'; frame-ancestors 'none'"
    head = '<meta charset="utf-8"><meta name="robots" content="noindex"><title>Message</title>'
    body = f'<!doctype html><html lang="en"><head>{head}</head><body>{inside}</body></html>'
    return Page(status, body, {**_PRIVATE, "Content-Security-Policy": policy})


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if url else ""

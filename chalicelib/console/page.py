"""The console's page and its files, as they stand in the folder `static`."""

from collections.abc import Mapping
from functools import cache
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

_STATIC = Path(__file__).parent / "static"
SCRIPTS = (
    "console",
    "session",
    "draw",
    "acting",
    "board",
    "messages",
    "calls",
    "report",
    "lines",
    "workers",
    "blocked",
)
FILES = frozenset({"console.css", *(f"{name}.js" for name in SCRIPTS)})


def shell(sign_in_url: str, client: str) -> str:
    """The page. Its scripts learn from it where people sign in, and as whose client."""
    where = {"{sign_in_url}": sign_in_url, "{client}": client}
    text = _text("console.html")
    for placeholder, value in where.items():
        text = text.replace(placeholder, escape(value))
    return text


def file(name: str) -> str | None:
    """The text of this file; None when there is no such one."""
    return _text(name) if name in FILES else None


def headers(sign_in_url: str) -> Mapping[str, str]:
    """What the browser lets the page do: run its own scripts, and ask this application and the sign-in."""
    parts = urlsplit(sign_in_url)
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
        f" connect-src 'self' {parts.scheme}://{parts.netloc};"
        # Messages: from the team's bucket, or from Twilio, which sends on to hosts of its own. A local AWS has no TLS.
        f" media-src https: {parts.scheme}://{parts.netloc};"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-cache",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex, nofollow",
    }


@cache
def _text(name: str) -> str:
    return (_STATIC / name).read_text(encoding="utf-8")

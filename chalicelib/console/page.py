"""The pages of the console and the desk, and their files, as they stand in the folder `static`."""

from collections.abc import Mapping
from functools import cache
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

from chalicelib.console import twilio_hosts

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
    "chart",
    "lines",
    "workers",
    "blocked",
)
DESK_SCRIPTS = ("desk", "card", "card_parts", "order", "consult", "phone", "library", "plain", "supervising")
# The libraries for browsers, which `python -m tools.desk` puts there: without them there is no desk, and no chart.
SDKS = frozenset({"taskrouter.js", "voice.js", "d3.js"})
FILES = SDKS | {"console.css", *(f"{name}.js" for name in (*SCRIPTS, *DESK_SCRIPTS))}


def shell(sign_in_url: str, client: str) -> str:
    """The page. Its scripts learn from it where people sign in, and as whose client."""
    return _page("console.html", sign_in_url, client)


def desk(sign_in_url: str, client: str) -> str:
    """The agent desk, which learns the same."""
    return _page("desk.html", sign_in_url, client)


def _page(name: str, sign_in_url: str, client: str) -> str:
    where = {"{sign_in_url}": sign_in_url, "{client}": client}
    text = _text(name)
    for placeholder, value in where.items():
        text = text.replace(placeholder, escape(value))
    return text


def file(name: str) -> str | None:
    """The text of this file; None when there is no such one, or the package was made without it."""
    if name in SDKS:
        return _text(f"sdks/{name}") if (_STATIC / "sdks" / name).is_file() else None
    return _text(name) if name in FILES else None


def headers(sign_in_url: str, *more: str) -> Mapping[str, str]:
    """What the browser lets the page do: run its own scripts, and ask this application, the sign-in and `more`."""
    parts = urlsplit(sign_in_url)
    asked = " ".join(("'self'", f"{parts.scheme}://{parts.netloc}", *more))
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
        f" connect-src {asked};"
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


def desk_headers(sign_in_url: str, api_url: str) -> Mapping[str, str]:
    """The same for the desk, which asks Twilio as well. `api_url` is empty but on a laptop."""
    return headers(sign_in_url, *twilio_hosts.of(api_url).origins)


@cache
def _text(name: str) -> str:
    return (_STATIC / name).read_text(encoding="utf-8")

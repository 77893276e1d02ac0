"""Whether a request is meant for this machine's own page: not from another site, nor by another name. Pure.

A page of the internet may let its visitor's browser ask 127.0.0.1, either as it is (cross-site request forgery) or by
a name of its own that leads there (DNS rebinding). A browser says so in `Host`, `Origin` and `Sec-Fetch-Site`; curl
sends neither of the last two.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
OWN_SITES = frozenset({"same-origin", "none"})  # none: a person typed the address


def foreign(headers: Mapping[str, str], *, changes: bool) -> str:
    """Why the request is refused, in one sentence; empty when it is not. `headers` have names in lower case.

    Whoever only looks (not `changes`) may come from anywhere, as a link does, but by a name of this machine.
    """
    host = headers.get("host", "")
    if host and _name(host) not in LOOPBACK:
        return f"{host} is no name of this machine: ask 127.0.0.1 or localhost"
    if not changes:
        return ""
    origin, site = headers.get("origin"), headers.get("sec-fetch-site", "none")
    if origin is not None and origin != f"http://{host}":
        return f"a page of {origin} may not do this"
    return "" if site in OWN_SITES else "a page of another site may not do this"


def _name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""

"""Public names of hosts: Twilio asks `https://shop.example.com/…`, and a port of this machine answers. Pure."""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit, urlunsplit

PUBLIC = re.compile(r"https://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:443)?/?", re.IGNORECASE)


class HostError(ValueError):
    """What is wrong with a map of names, in one sentence."""


def host_map(pairs: Iterable[tuple[str, int]]) -> Mapping[str, int]:
    """Names of hosts in lower case, and the port behind each, of `https://name` and a port. HostError."""
    ports: dict[str, int] = {}
    for url, port in pairs:
        if not PUBLIC.fullmatch(url):
            raise HostError(f"{url} is no public name: it must be https:// and a host, like https://shop.example.com")
        name = str(urlsplit(url).hostname)
        if name in ports:
            raise HostError(f"https://{name} is mapped twice: to {ports[name]} and to {port}")
        ports[name] = port
    return ports


def local(url: str, ports: Mapping[str, int]) -> tuple[str, Mapping[str, str]]:
    """Where the request really goes, and the headers that a tunnel adds; `url` itself when its host is not mapped."""
    parts = urlsplit(url)
    port = ports.get(parts.hostname or "") if parts.scheme == "https" and _is_https(parts.netloc) else None
    if port is None:
        return url, {}
    name = str(parts.hostname)
    to = urlunsplit(parts._replace(scheme="http", netloc=f"127.0.0.1:{port}"))
    return to, {"Host": name, "X-Forwarded-Host": name, "X-Forwarded-Proto": "https"}


def _is_https(netloc: str) -> bool:
    """No port, or https's own."""
    return re.search(r":(?!443$)\d+$", netloc) is None

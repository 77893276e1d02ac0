"""Time zones by their IANA names: which there are, and which one this machine is in."""

import os
import zoneinfo
from difflib import get_close_matches
from functools import cache
from pathlib import Path

UTC = "UTC"
LOCALTIME = Path("/etc/localtime")  # where Linux and macOS link to the zone's file


@cache
def _known() -> frozenset[str]:
    return frozenset({UTC, *zoneinfo.available_timezones()} - {"localtime", "posixrules", "Factory"})


def is_known(name: str) -> bool:
    return name in _known()


def allowed(name: str) -> str:
    """What is allowed in place of this name, with the names that are near it."""
    by_end = [known for known in sorted(_known()) if known.rpartition("/")[2].casefold() == name.casefold()]
    near = by_end or get_close_matches(name, sorted(_known()), n=3)
    return f"allowed is an IANA name such as {' or '.join(near[:3]) or 'Europe/Berlin'}"


def of_this_machine(localtime: Path = LOCALTIME) -> str:
    """The zone that TZ names, else that of the machine; UTC when neither can be told."""
    for name in (os.environ.get("TZ", "").lstrip(":"), str(localtime.resolve()).partition("zoneinfo/")[2]):
        if name and is_known(name):
            return name
    return UTC

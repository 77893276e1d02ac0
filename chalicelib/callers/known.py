"""What a line knows of the caller of one call, on the way into its queue (pure)."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import msgspec

from chalicelib.config.schema import Line

FIRST_WORKER, FIRST_WAIT = "first_worker", "first_wait"  # the attributes by which the workflow offers a call to one
LANGUAGE, VIP = "language", "vip"
NOBODY = "-"  # in a path: nothing is known


class Known(msgspec.Struct, frozen=True, array_like=True):
    """`worker` is whom the caller talked to last; where it is empty, nobody is to be asked first."""

    vip: bool = False
    language: str = ""
    worker: str = ""

    @property
    def token(self) -> str:
        """The same for a path, so that the profile is read once a call: Twilio signs the paths that it is given."""
        if self == UNKNOWN:
            return NOBODY
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).decode().rstrip("=")

    def priority(self, line: Line) -> int:
        """Of the caller's task."""
        rules = line.know_caller
        return line.priority + (rules.vip_priority if rules and self.vip else 0)

    def attributes(self, line: Line) -> Mapping[str, Any]:
        """Of the caller's task, beside the line's and those of a choice."""
        found: dict[str, Any] = {}
        if self.vip:
            found[VIP] = True
        if self.language:
            found[LANGUAGE] = self.language
        if self.worker and line.know_caller and line.know_caller.same_worker:
            found |= {FIRST_WORKER: self.worker, FIRST_WAIT: line.know_caller.same_worker.wait}
        return found


UNKNOWN = Known()


def of_token(token: str) -> Known:
    """What a path says of the caller; nothing for one that is no token."""
    if token in ("", NOBODY):
        return UNKNOWN
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(f"{token}=="), type=Known)
    except (binascii.Error, ValueError):
        return UNKNOWN

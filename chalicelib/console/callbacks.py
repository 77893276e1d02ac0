"""The callbacks that are open: who is to be called back, and taken back by somebody who knows better."""

from collections.abc import Mapping
from typing import Any

import msgspec

from chalicelib.callbacks import asking
from chalicelib.console.answers import Asked, Changed, NotFound
from chalicelib.links import callbacks as rows
from chalicelib.links import table
from chalicelib.links.model import Callback
from chalicelib.observability import log
from chalicelib.observability.masking import mask

DOES = ("withdraw",)


class Shown(msgspec.Struct, frozen=True):
    """A callback as a browser shows it. Times are epoch seconds, 0 for none; numbers are masked."""

    call_sid: str
    at: float
    line: str
    number: str
    state: str
    attempts: int
    retry_at: float


def listed(asked: Asked) -> Mapping[str, Any]:
    """All that are open, who joined the queue first first (from an index: one of the last second may be missing)."""
    found = sorted((msgspec.convert(row, Callback) for row in table.open_rows("callback")), key=lambda one: one.since)
    log.info("callbacks are seen", count=len(found))
    return {"callbacks": [_shown(one) for one in found]}


def act(asked: Asked) -> Mapping[str, str]:
    """Take a callback back. Raises NotFound, Changed."""
    asked.one_of("did", DOES)
    callback = rows.find(asked.path.get("subject", ""))
    if callback is None:
        raise NotFound("there is no such callback")
    if callback.is_over:
        raise Changed("this callback is over")
    try:
        asking.withdraw(callback.phone, callback.line, asked.at, f"by {asked.person.mail}")
    except asking.Busy:
        raise Changed("others change this callback at the same moment: look again") from None
    return {"said": "The caller is called back no more."}


def _shown(one: Callback) -> Shown:
    return Shown(one.call_sid, one.at, one.line, mask(one.number), one.state, one.attempts, one.retry_at)

"""Talks are recorded: [queues.NAME.recording], and which queues a caller may get to (pure)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from chalicelib.config.texts import Text

ELSEWHERE = "elsewhere"  # the notice is given by something else, such as a switchboard in front of us
NOTICE_ATTRIBUTE = "recording_notice"  # of a task: the queues whose notice its caller has heard

# How the names of the attributes begin that Twilio gives to the task of a call (contract 3.1), and of some more.
OF_THE_CALL = ("account", "api", "call", "conference", "direction", "from", "taskrouter", "to", "worker")

_COMPARED = re.compile(
    r"""\s*(?P<name>[A-Za-z_]\w*)\s*(?P<operator>==|!=|=)\s*(null|(?P<quote>['"])(?P<text>[^'"]*)(?P=quote))\s*"""
)


class Recording(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Both are recorded from the moment in which they are joined. `notice` is what callers hear before they wait.

    `who_may_listen` are names of workers, who hear recordings on the phone.
    """

    record: Literal["both"]
    notice: Text = ""
    keep_days: Annotated[int, Meta(ge=1, le=3650)] = 30
    who_may_listen: tuple[Annotated[str, Meta(min_length=1, max_length=64)], ...] = ()

    @property
    def is_told_by_us(self) -> bool:
        return self.notice != ELSEWHERE

    def may_listen(self, worker: str) -> bool:
        """Whether this worker may; Twilio takes names in any case for the same."""
        return worker.casefold() in map(str.casefold, self.who_may_listen)


def reachable(workflow: Mapping[str, Any], attributes: Mapping[str, Any]) -> frozenset[str] | None:
    """The queues that a task with these attributes may get to by this table [workflow]; None: any.

    It errs on the side of one too many: what only TaskRouter can decide may come to anything.
    """
    filters, default = workflow.get("filters", []), str(workflow.get("default_queue", ""))
    if not (filters or default):
        return None  # it is looked after elsewhere
    found: set[str] = set()
    for given in filters:
        holds = _holds(str(given.get("when", "")), attributes)
        if holds is not False:
            found |= {str(target.get("queue", "")) for target in _tables(given.get("targets"))}
        if holds:
            return frozenset(found)
    return frozenset({*found, default})


def _tables(given: object) -> Iterator[Mapping[str, Any]]:
    yield from (one for one in given if isinstance(one, Mapping)) if isinstance(given, Sequence) else ()


def _holds(expression: str, attributes: Mapping[str, Any]) -> bool | None:
    """What comparisons of texts that are all joined by AND, or all by OR, come to; None where that cannot be said."""
    for word, decides in (("AND", False), ("OR", True)):
        parts = re.split(rf"\s{word}\s", expression)
        if len(parts) > 1:
            each = [_compared(part, attributes) for part in parts]
            return decides if decides in each else None if None in each else not decides
    return _compared(expression, attributes)


def _compared(part: str, attributes: Mapping[str, Any]) -> bool | None:
    """An attribute that neither the file nor Twilio gives is null, and no text."""
    found = _COMPARED.fullmatch(part)
    if found is None or (found["name"] not in attributes and found["name"].startswith(OF_THE_CALL)):
        return None
    value = attributes.get(found["name"])
    if not isinstance(value, str | None):
        return None
    return (value == found["text"]) is (found["operator"] != "!=")

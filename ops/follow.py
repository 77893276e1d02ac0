"""Calls while they happen: what is new of them at each look. Each look reads a bounded part of the table."""

from collections.abc import Callable, Iterator

from chalicelib.links.model import CallRecord, is_over
from chalicelib.reports import story
from ops.records import Condition, Records

LOOK_SECONDS = 2.0
LATE_SECONDS = 60  # what an index, and an event, may be behind
MOST_CALLS = 25  # followed at a time; those that came first


class Followed:
    """One call: what has been told of it."""

    def __init__(self) -> None:
        self._told: set[tuple[float, str]] = set()
        self.over = False

    def news(self, record: CallRecord) -> list[tuple[float, str]]:
        """What happened since the last look, by time."""
        self.over = _is_over(record)
        new = [moment for moment in story.moments(record) if moment not in self._told]
        self._told.update(new)
        return new


def _is_over(record: CallRecord) -> bool:
    call = record.call
    ended = call is not None and (call.completed_at or call.canceled_at or (call.left_queue_at and not record.links))
    return bool(ended) and all(is_over(link) for link in record.links)


def one(records: Records, subject: str, pause: Callable[[], None]) -> Iterator[str]:
    """What happens on this call, a line each, until it is over."""
    call = Followed()
    while True:
        yield from _lines(subject, call.news(records.one(subject)), with_sid=False)
        if call.over:
            return
        pause()


def line(
    records: Records, condition: Condition, clock: Callable[[], float], pause: Callable[[], None]
) -> Iterator[str]:
    """What happens on the calls that fulfil this and begin from now on, a line each. It has no end of its own."""
    since, calls = clock(), dict[str, Followed]()
    while True:
        for subject in reversed(_begun(records, condition, since, clock())):
            calls.setdefault(subject, Followed())
        followed = [(subject, call) for subject, call in calls.items() if not call.over][:MOST_CALLS]
        for (subject, call), record in zip(followed, records.whole([one for one, _ in followed]), strict=True):
            yield from _lines(subject, call.news(record), with_sid=True)
        pause()


def _begun(records: Records, condition: Condition, since: float, now: float) -> list[str]:
    """The calls of the last minute, latest first."""
    found = records.between(max(since, now - LATE_SECONDS), now + LATE_SECONDS, condition)
    return [call.call_sid for call in found]


def _lines(subject: str, moments: list[tuple[float, str]], *, with_sid: bool) -> Iterator[str]:
    for at, what in moments:
        yield f"{story.iso(at)}  {f'{subject}  ' if with_sid else ''}{what}"

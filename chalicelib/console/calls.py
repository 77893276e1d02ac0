"""Calls in the browser: those of a day, and the story of one; the same as `./cordboard calls list` and `calls show`."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec

from chalicelib.config import callcenter, environment
from chalicelib.console import days
from chalicelib.console.answers import Asked, NotFound, Wrong
from chalicelib.links import reading
from chalicelib.links.model import CallRecord
from chalicelib.observability import log
from chalicelib.observability.masking import mask
from chalicelib.reports import elsewhere, history, rows, story
from chalicelib.reports.elsewhere import Place, Where
from chalicelib.reports.rows import Row

MOST_CALLS = 200  # of a list; who wants more narrows it down
SHORTEST_NUMBER = 4  # digits of a phone number by which its calls are found

_is_subject = re.compile("(CA|WT)[0-9a-f]{32}").fullmatch


class Moment(msgspec.Struct, frozen=True):
    """A step of a call. `at` is epoch seconds; `who` is the caller, or the worker whose leg it is of."""

    at: float
    who: str
    what: str


class Sound(msgspec.Struct, frozen=True):
    """A message of the caller, or a recorded talk. `at` is epoch seconds, `seconds` -1 where nobody knows."""

    kind: Literal["message", "talk"]
    recording_sid: str
    at: float
    seconds: int


def search(asked: Asked) -> Mapping[str, Any]:
    """The latest calls of `day` that are of this `line` and `worker`, of a number with these last digits, `missed` or
    not; numbers are masked. Raises Wrong."""
    zone, query = ZoneInfo(callcenter.current().time_zone), asked.query
    day, keep = days.of(query, "day"), _wanted(query)
    since, until = days.span(day, day, zone)
    log.info("calls are searched", day=day.isoformat(), line=query.get("line"), worker=query.get("worker"))
    found = [
        one
        for record in history.calls(since, until, asked.at)
        if _is_of(record, query.get("number", "")) and keep(one := rows.row(record, asked.at))
    ]
    return {"zone": zone.key, "calls": found[-MOST_CALLS:], "more": len(found) > MOST_CALLS}


def show(asked: Asked) -> Mapping[str, Any]:
    """The whole story of one call: what is known of it, and each step by time. Raises NotFound."""
    subject = asked.path.get("subject", "")
    record = reading.of_call(subject) if _is_subject(subject) else None
    if record is None or (record.call is None and not record.links):
        raise NotFound("there is no such call")
    log.info("call is seen", call_sid=subject)
    return {
        "call_sid": subject,
        "known": [mask(line) for line in story.known(record)],
        "moments": [_moment(at, what) for at, what in story.moments(record)],
        "sounds": sorted(_sounds(record), key=lambda sound: sound.at),
        "places": _places(record),
    }


def _places(record: CallRecord) -> tuple[Place, ...]:
    """Twilio's and AWS's own pages about it; none where both are imitated."""
    current = environment.current()
    if current.twilio_api_url:
        return ()
    return elsewhere.places(record, Where(current.workspace_sid, current.stage, current.region))


def _sounds(record: CallRecord) -> Iterator[Sound]:
    """What can be listened to, by `talks.hear` and `messages.act`: messages, and recorded talks."""
    for message in record.messages:
        if not message.dropped_at:
            yield Sound("message", message.recording_sid, message.at, message.seconds)
    for talk in record.talks:
        if not (talk.dropped_at or talk.ending_at):
            yield Sound("talk", talk.recording_sid, talk.at, talk.seconds)


def _moment(at: float, what: str) -> Moment:
    """A step of a worker's leg begins with the name and a colon."""
    who, colon, step = what.partition(": ")
    return Moment(at, who, mask(step)) if colon else Moment(at, "", mask(what))


def _wanted(query: Mapping[str, str]) -> Callable[[Row], bool]:
    line, worker, missed = query.get("line", ""), query.get("worker", "").casefold(), query.get("missed") == "yes"
    return lambda one: (
        line in ("", one.line)
        and worker in f"{one.worker} {one.tried}".casefold()
        and (not missed or rows.is_missed(one))
    )


def _is_of(record: CallRecord, number: str) -> bool:
    """Whether the caller's number ends in these digits. Raises Wrong for too few: that would be guessing."""
    digits = re.sub(r"\D", "", number)
    if number and len(digits) < SHORTEST_NUMBER:
        raise Wrong(f"of a number {SHORTEST_NUMBER} digits are needed")
    return record.call is not None and record.call.caller.endswith(digits)

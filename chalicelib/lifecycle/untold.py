"""Recordings that Twilio has and of which neither action nor callback ever came: nobody here knows of them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from chalicelib.config import callcenter
from chalicelib.config import messages as settings
from chalicelib.config.schema import DAY_SECONDS
from chalicelib.links import messages, reading, table, talks
from chalicelib.links.model import NOTE, Key, Link, message_key, talk_key
from chalicelib.twilio import rest

BY_RECORD = "RecordVerb"  # messages and notes
# Made in ways that are not ours. What <Start><Recording> is called is not certain (contract 14.3): any other name may
# be it, if the leg is one whose talk is to be recorded.
BY_OTHERS = frozenset({"DialVerb", "Conference", "OutboundAPI", "Trunking", "StartConferenceRecordingAPI"})
TOLD_SECONDS = 900  # by then Twilio has told of a recording, as often as it tries, or never will
MOST_RECORDINGS = 500


def recordings(now: float) -> Iterator[rest.recordings.Recorded]:
    """What was recorded in the last day, and would have been told by now. Raises TwilioRejected, NotDone."""
    since = datetime.fromtimestamp(now, UTC).date() - timedelta(days=1)
    for one in rest.recordings.since(since, MOST_RECORDINGS):
        if one.call_sid and _may_be_ours(one) and now - DAY_SECONDS <= one.created_at <= now - TOLD_SECONDS:
            yield one


def _may_be_ours(one: rest.recordings.Recorded) -> bool:
    if one.source == BY_RECORD:
        return bool(settings.bucket())
    return one.source not in BY_OTHERS and callcenter.current().records


def take_in(one: rest.recordings.Recorded, now: float) -> str:
    """A caller's message and a talk are kept as any other; a worker's note has its end. Says what it did."""
    if one.source != BY_RECORD:
        return _take_in_talk(one, now)
    record, key = reading.of_call(one.call_sid), message_key(one.call_sid, one.sid)
    if record.message(key):
        return "left known"
    if record.call:
        known = {"line": "", "base_url": record.call.base_url, "seconds": one.seconds}
        messages.record(key, known, now)
        return "message found"
    return _take_in_note(one, now)


def _take_in_note(one: rest.recordings.Recorded, now: float) -> str:
    link = reading.by_worker_leg(one.call_sid)
    if link is None or table.find_row(Key(link.subject, NOTE + one.sid)):
        return "left known" if link else "left to whoever recorded it"
    messages.record_note(link.subject, one.sid, now)
    return "note found"


def _take_in_talk(one: rest.recordings.Recorded, now: float) -> str:
    link = reading.by_worker_leg(one.call_sid) or _of_caller(one.call_sid)
    if link is None or not link.recorded:
        return "left to whoever recorded it"
    if reading.of_call(link.subject).talk(talk_key(link.subject, one.sid)):
        return "left known"
    talks.record(link, one.sid, {"seconds": one.seconds}, now)
    return "talk found"


def _of_caller(call_sid: str) -> Link | None:
    """The talk of this caller that is recorded, should the recording be said to be of the caller's leg."""
    return next((link for link in reading.of_call(call_sid).links if link.recorded and link.bridged_at), None)

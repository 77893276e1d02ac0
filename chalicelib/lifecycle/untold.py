"""Recordings that Twilio has and of which neither action nor callback ever came: nobody here knows of them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from chalicelib.config.callcenter import DAY_SECONDS
from chalicelib.links import messages, table
from chalicelib.links.model import NOTE, Key, message_key
from chalicelib.twilio import rest

BY_RECORD = "RecordVerb"  # messages and notes; others record calls in other ways
TOLD_SECONDS = 900  # by then Twilio has told of a recording, as often as it tries, or never will
MOST_RECORDINGS = 500


def recordings(now: float) -> Iterator[rest.Recorded]:
    """What was recorded in the last day, and would have been told by now. Raises TwilioRejected, NotDone."""
    since = datetime.fromtimestamp(now, UTC).date() - timedelta(days=1)
    for one in rest.recordings(since, MOST_RECORDINGS):
        is_ours = one.source == BY_RECORD and one.call_sid
        if is_ours and now - DAY_SECONDS <= one.created_at <= now - TOLD_SECONDS:
            yield one


def take_in(one: rest.Recorded, now: float) -> str:
    """A caller's message is kept as any other; a worker's note has its end. Says what it did."""
    record, key = table.find_call(one.call_sid), message_key(one.call_sid, one.sid)
    if record.message(key):
        return "left known"
    if record.call:
        known = {"line": "", "base_url": record.call.base_url, "seconds": one.seconds}
        messages.record(key, known, now)
        return "message found"
    return _take_in_note(one, now)


def _take_in_note(one: rest.Recorded, now: float) -> str:
    link = table.by_worker_leg(one.call_sid)
    if link is None or table.find_row(Key(link.subject, NOTE + one.sid)):
        return "left known" if link else "left to whoever recorded it"
    messages.record_note(link.subject, one.sid, now)
    return "note found"

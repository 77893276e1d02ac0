"""Invariant 14: no message is lost, and none is left at Twilio after a day."""

from collections.abc import Iterator

from chalicelib.links.model import MESSAGE, SHORTEST_MESSAGE_SECONDS
from chalicelib.twilio import urls
from emulator.voice.recordings import Recording, mp3
from tests.simulation.invariants.terms import AWS, Found, Violation, answered, answered_well
from tests.simulation.observed import Observed


def no_message_is_lost(observed: Observed) -> Found:
    """It is in the bucket, whole, or still at Twilio, whatever was told of it."""
    for sid, recording_sid in messages_left(observed):
        if not _is_in_bucket(observed, recording_sid) and _at_twilio(observed, recording_sid) is None:
            yield Violation(14, sid, f"the message {recording_sid} is lost")


def no_message_stays_at_twilio(observed: Observed) -> Found:
    """Where we were told of it: by the callback, or by the action while the table could be written."""
    for sid, recording_sid in messages_left(observed):
        called_back = [
            one
            for one in answered_well(observed, urls.RECORDING)
            if one.form.get("RecordingSid") == recording_sid and one.form.get("RecordingStatus") == "completed"
        ]
        acted = [one for one in answered(observed, urls.VOICEMAIL) if one.form["RecordingSid"] == recording_sid]
        told = called_back or [one for one in acted if not any(fault.startswith(AWS) for fault in one.troubles)]
        if told and _at_twilio(observed, recording_sid) is not None:
            yield Violation(14, sid, f"the message {recording_sid} is still at Twilio")


def the_table_knows_each_message(observed: Observed) -> Found:
    rows = {row["item"]: row for row in observed.world.rows() if row["item"].startswith(MESSAGE)}
    for sid, recording_sid in messages_left(observed):
        row = rows.get(f"{MESSAGE}{recording_sid}", {})
        if _at_twilio(observed, recording_sid) is None and row.get("stored_as") not in observed.world.objects:
            yield Violation(14, sid, f"the table does not know where the message {recording_sid} is")
    for item, row in rows.items():
        if (row.get("deleted_at") or row.get("dropped_at")) and ("open" in row or "check_at" in row):
            yield Violation(14, row["call_sid"], f"{item} is over, and still in the open index")


def messages_left(observed: Observed) -> Iterator[tuple[str, str]]:
    """The caller and the recording of each message that is one."""
    for event in observed.world.trace:
        if event.kind == "recording" and event.detail["sid"] in observed.calls:
            recording_sid = event.detail["url"].rpartition("/")[2]
            if observed.world.seconds_of[recording_sid] >= SHORTEST_MESSAGE_SECONDS:
                yield event.detail["sid"], recording_sid


def _is_in_bucket(observed: Observed, recording_sid: str) -> bool:
    whole = mp3(observed.world.seconds_of[recording_sid])
    return any(name.endswith(f"/{recording_sid}.mp3") and it == whole for name, it in observed.world.objects.items())


def _at_twilio(observed: Observed, recording_sid: str) -> Recording | None:
    return observed.world.twilio.context.recordings.all.get(recording_sid)

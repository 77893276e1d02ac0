"""Invariant 14: no message is lost, and none is left at Twilio after a day."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from chalicelib.links.model import MESSAGE, SHORTEST_MESSAGE_SECONDS
from chalicelib.twilio import urls
from emulator.voice.recordings import Recording, mp3
from tests.simulation.invariants.terms import AWS, LATER, Found, Violation, answered, answered_well
from tests.simulation.observed import FOREVER, Leg, Observed


def no_message_is_lost(observed: Observed) -> Found:
    """It is in the bucket, whole, or still at Twilio, whatever was told of it."""
    for sid, recording_sid in messages_left(observed):
        if not _is_in_bucket(observed, recording_sid) and _at_twilio(observed, recording_sid) is None:
            yield Violation(14, sid, f"the message {recording_sid} is lost")


def no_message_stays_at_twilio(observed: Observed) -> Found:
    """Of a caller whom the table knows; or where we were told by the callback, or by the action, and it was written."""
    known = {row["call_sid"] for row in observed.world.rows() if row["item"] == "CALL"}
    for sid, recording_sid in messages_left(observed):
        called_back = [
            one
            for one in answered_well(observed, urls.RECORDING)
            if one.form.get("RecordingSid") == recording_sid and one.form.get("RecordingStatus") == "completed"
        ]
        acted = [one for one in answered(observed, urls.VOICEMAIL) if one.form["RecordingSid"] == recording_sid]
        told = called_back or [one for one in acted if not any(fault.startswith(AWS) for fault in one.troubles)]
        if (told or sid in known) and _at_twilio(observed, recording_sid) is not None:
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


def each_message_is_seen_to(observed: Observed) -> Found:
    """By one of whoever heard it, within hours in which the workers are there."""
    for row in _kept(observed):
        if not (row.get("taken_at") or row.get("done_at")):
            yield Violation(14, row["call_sid"], f"nobody has seen to {row['item']}")
        by = row.get("done_by") or row.get("taken_by")
        if by and not any(leg.keys_told or _pressed(leg, "3", FOREVER) for leg in _legs(observed, row, by)):
            yield Violation(14, row["call_sid"], f"{by} has {row['item']} and has not heard it")


def nobody_is_rung_for_a_message_that_is_done(observed: Observed) -> Found:
    for row in _offered(observed):
        for leg in _legs(observed, row):
            if row.get("done_at") and leg.dialed > row["done_at"] + LATER:
                yield Violation(14, row["call_sid"], f"{leg.sid} rings for {row['item']}, which is done")


def a_message_is_offered_to_one_at_a_time(observed: Observed) -> Found:
    for row in _offered(observed):
        spans = sorted(_waiting(observed.work.tasks[sid]) for sid in _tasks(observed, row))
        for (_, end), (begin, _) in pairwise(spans):
            if begin < end:
                yield Violation(14, row["call_sid"], f"two tasks offer {row['item']} at {begin:.0f}")


def _waiting(history: list[tuple[float, str]]) -> tuple[float, float]:
    """From when to when a task was open, until a worker took it."""
    return history[0][0], next((at for at, status in history if status not in ("pending", "reserved")), FOREVER)


def _kept(observed: Observed) -> Iterator[dict[str, Any]]:
    """Of the one line whose callers may leave messages, and whose messages are offered; where the table knows it."""
    rows = observed.world.rows()
    known = {row["call_sid"] for row in rows if row["item"] == "CALL" and row.get("line")}
    return (
        row for row in rows if row["item"].startswith(MESSAGE) and row.get("deleted_at") and row["call_sid"] in known
    )


def _offered(observed: Observed) -> Iterator[dict[str, Any]]:
    return (row for row in observed.world.rows() if row["item"].startswith(MESSAGE) and row.get("offers"))


def _tasks(observed: Observed, row: dict[str, Any]) -> list[str]:
    tasks, recording_sid = observed.world.attributes_of, row["item"].removeprefix(MESSAGE)
    return [sid for sid, attributes in tasks.items() if attributes.get("recording_sid") == recording_sid]


def _legs(observed: Observed, row: dict[str, Any], worker: str = "") -> list[Leg]:
    tasks = _tasks(observed, row)
    legs = [leg for leg in observed.work.legs.values() if leg.call_sid in tasks]
    return [leg for leg in legs if worker in ("", observed.work.reservations[leg.reservation_sid].worker)]


def _pressed(leg: Leg, key: str, until: float) -> bool:
    return any(at <= until and what == key for at, what in leg.replies)


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

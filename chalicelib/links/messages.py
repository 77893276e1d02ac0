"""The rows of the messages that callers left: beside the call, one for each recording.

Twilio's action and its status callback tell of a recording, each perhaps twice, late or never, and in any order: the
first makes the row, the other adds what it knows. Each later step is one conditional write.
"""

from collections.abc import Mapping
from hashlib import sha256
from secrets import token_hex
from typing import Any

import msgspec

from chalicelib.config import callcenter, messages
from chalicelib.config.schema import DAY_SECONDS
from chalicelib.links import reading, table
from chalicelib.links.model import LINKS, NOTE, RECORDING_GRACE_SECONDS, Key, Message
from chalicelib.links.table import ConditionFailed

# Where messages are kept: the sweep looks so long after one was left whether Twilio's status callback was lost.
CALLBACK_SECONDS = 120

UNKNOWN = ("seconds", -1)

TOKEN_BYTES = 16
LINK_SECONDS = 7 * DAY_SECONDS

# The sweep looks so often whether a message that is offered to workers has been seen to, while its task waits and while
# a worker has it. A task that is deleted has ended.
CHECK_OFFER_SECONDS = 3600
CHECK_TAKEN_SECONDS = 300


def record(key: Key, known: Mapping[str, object], now: float) -> Message:
    """A message was left; `known` is what the caller of this knows of it. Returns the message as it stands.

    What is empty is not known, nor are -1 `seconds`.
    """
    known = {name: value for name, value in known.items() if value not in ("", None) and (name, value) != UNKNOWN}
    delete_at = callcenter.current().expires_at(now)
    check_at = int(now) + CALLBACK_SECONDS if messages.bucket() else delete_at
    new = {"at": now, "open": "recording", "check_at": check_at, "expires_at": delete_at + RECORDING_GRACE_SECONDS}
    try:
        return _message(table.update_row(key, {**known, **new}, "attribute_not_exists(#at)", {}))
    except ConditionFailed as failed:
        if failed.row.keys() >= known.keys():
            return _message(failed.row)
    return _message(table.update_row(key, {}, "", {}, defaults=known))


def record_note(subject: str, recording_sid: str, now: float) -> None:
    """A worker spoke a note: it stays at Twilio, and is deleted there when the call's records are."""
    delete_at = callcenter.current().expires_at(now)
    row = {"open": "recording", "check_at": delete_at, "expires_at": delete_at + RECORDING_GRACE_SECONDS}
    table.update_row(Key(subject, NOTE + recording_sid), row, "", {}, defaults={"at": now})


def mark_kept(key: Key, stored_as: str, size: int, now: float) -> Message:
    """It is in the bucket, whole. Again is like once. Raises ConditionFailed: there is no such message."""
    changes: dict[str, object] = {"stored_as": stored_as, "size": size}
    return _message(table.update_row(key, changes, "attribute_exists(call_sid)", {}, defaults={"kept_at": now}))


def note_transcribing(key: Key, job: str, check_at: float) -> Message:
    """Amazon Transcribe is at work on it: the sweep looks at `check_at`. Raises ConditionFailed: it is over."""
    changes, values = {"transcription_job": job, "check_at": int(check_at)}, {":open": "recording"}
    return _message(table.update_row(key, changes, "#open = :open", values, defaults={"open": "recording"}))


def note_text(key: Key, text: str, now: float) -> Message:
    """What was said; empty: there will be no text. The first one counts. Raises ConditionFailed: no such message."""
    known = {"texted_at": now, "text": text} if text else {"texted_at": now}
    return _message(table.update_row(key, {}, "attribute_exists(call_sid)", {}, defaults=known))


def close(message: Message, now: float) -> None:
    """It is kept, and Twilio has no more of it: the row goes when the object in the bucket does.

    The sweep looks at it on only where it is offered to workers. Raises ConditionFailed: there is no such message.
    """
    ends_at = int(message.at) + callcenter.current().keep_days * DAY_SECONDS
    changes: dict[str, object] = {"deleted_at": now, "expires_at": ends_at}
    if message.task_sid:
        changes |= {"open": "message", "check_at": int(now) + CHECK_OFFER_SECONDS}
    remove = () if message.task_sid else ("open", "check_at")
    table.update_row(message.key, changes, "attribute_exists(call_sid)", {}, remove=remove)


def drop(key: Key, now: float) -> bool:
    """It is nothing. The row stays, so that what tells of it later finds it over. Whether it was not dropped before."""
    expires_at = callcenter.current().expires_at(now)
    try:
        table.update_row(
            key,
            {"dropped_at": now},
            "attribute_not_exists(#dropped_at)",
            {},
            defaults={"at": now, "expires_at": expires_at},
            remove=("open", "check_at"),
        )
    except ConditionFailed:
        return False
    return True


def reschedule(key: Key, expected: float, check_at: float) -> Message:
    """Have the sweep look at the message at `check_at`, if its next check is still the `expected` one.

    Returns the message as it stands. Raises ConditionFailed: it is over, or another sweep has it.
    """
    changes, values = {"check_at": int(check_at)}, {":expected": expected}
    return _message(table.update_row(key, changes, "#check_at = :expected", values))


def fix_routing(key: Key, attributes: str) -> Message:
    """By which attributes, as JSON, it is offered to workers: the first ones stay. Raises ConditionFailed."""
    return _message(table.update_row(key, {}, "attribute_exists(call_sid)", {}, defaults={"routed_by": attributes}))


def note_offer(message: Message, task_sid: str) -> Message:
    """A task offers it to workers now. Raises ConditionFailed: another one does, or there is no such message."""
    changes = {"offers": message.offers + 1, "task_sid": task_sid}
    condition, seen = "#offers = :seen", {":seen": message.offers}
    if not message.offers:
        condition, seen = "attribute_exists(call_sid) AND attribute_not_exists(#offers)", {}
    return _message(table.update_row(message.key, changes, condition, seen))


def take(key: Key, by: str, now: float) -> None:
    """A worker has heard it as their work. Raises ConditionFailed: there is no such message."""
    seen = {"taken_at": now, "taken_by": by, "heard_at": now, "heard_by": by}
    table.update_row(key, {}, "attribute_exists(call_sid)", {}, defaults=seen)


def finish(key: Key, by: str, now: float) -> None:
    """It is done; the first one counts. Raises ConditionFailed: there is no such message."""
    seen = {"done_at": now, "done_by": by, "heard_at": now, "heard_by": by}
    table.update_row(key, {}, "attribute_exists(call_sid)", {}, defaults=seen)


def leave(message: Message, by: str, now: float) -> None:
    """Its worker leaves it for another: the sweep offers it anew. Raises ConditionFailed: there is no such message.

    The task that was left counts as one that was, even if its own job has not come to note it.
    """
    changes = {"left_by": by, "offers": message.offers + 1, "check_at": int(now)}
    seen = {"heard_at": now, "heard_by": by}
    remove = ("task_sid", "taken_at", "taken_by")
    table.update_row(message.key, changes, "attribute_exists(call_sid)", {}, defaults=seen, remove=remove)


def look_no_more(key: Key) -> None:
    """Somebody has seen to it: the sweep leaves it alone. Raises ConditionFailed: there is no such message."""
    table.update_row(key, {}, "attribute_exists(call_sid)", {}, remove=("open", "check_at"))


def forget(key: Key) -> None:
    """The recording is deleted at Twilio, and its row goes too; twice is like once."""
    table.delete_row(key)


def mark_heard(key: Key, by: str, now: float) -> bool:
    """Somebody begins to hear it: the first one counts. Whether this is the first time.

    Raises ConditionFailed: there is no such message.
    """
    condition = "attribute_exists(call_sid) AND attribute_not_exists(#heard_at)"
    try:
        table.update_row(key, {"heard_at": now, "heard_by": by}, condition, {})
    except ConditionFailed as failed:
        if not failed.row:
            raise
        return False
    return True


def make_link(key: Key, now: float) -> str:
    """A secret that leads to this message for LINK_SECONDS: only its hash is kept."""
    token = token_hex(TOKEN_BYTES)
    leads_to = {"about": key.subject, "message": key.reservation_sid, "expires_at": int(now) + LINK_SECONDS}
    table.update_row(_link_key(token), leads_to, "", {})
    return token


def find_by_link(token: str, now: float) -> Message | None:
    """The message that this secret leads to; None when it leads nowhere, or no longer."""
    link = table.find_row(_link_key(token))
    if not link or link["expires_at"] <= now:
        return None
    return reading.of_call(link["about"]).message(Key(link["about"], link["message"]))


def _link_key(token: str) -> Key:
    return Key(LINKS, sha256(token.encode()).hexdigest())


def _message(row: Mapping[str, Any]) -> Message:
    return msgspec.convert(row, Message)

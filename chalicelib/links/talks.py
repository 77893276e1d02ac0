"""The rows of recorded talks: beside the links, one for each recording; each step is one conditional write.

Twilio's callback tells of one, perhaps twice, late or never, and the sweep then: whoever is first makes the row.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from chalicelib.config import callcenter
from chalicelib.config import messages as settings
from chalicelib.config.schema import DAY_SECONDS
from chalicelib.links import reading, table
from chalicelib.links.messages import CALLBACK_SECONDS, UNKNOWN
from chalicelib.links.model import HEARD, NUMBER, RECORDING_GRACE_SECONDS, TALK, Key, Link, Talk, talk_key
from chalicelib.links.table import ConditionFailed

HEARD_DAYS = 365
LATEST_DAYS = 7  # so far back the latest one is looked for


def record(link: Link, recording_sid: str, known: Mapping[str, object], now: float) -> Talk:
    """The talk of this link was recorded; `known` is what is told of it. Returns its row as it stands.

    What is empty is not known, nor are -1 `seconds`.
    """
    known = {name: value for name, value in known.items() if value not in ("", None) and (name, value) != UNKNOWN}
    row = {**known, **_of_link(link), **_times(link, now)}
    key = talk_key(link.subject, recording_sid)
    try:
        return _talk(table.update_row(key, row, "attribute_not_exists(#at)", {}))
    except ConditionFailed as failed:
        if failed.row.keys() >= known.keys():
            return _talk(failed.row)
    return _talk(table.update_row(key, {}, "", {}, defaults=known))


def _of_link(link: Link) -> dict[str, object]:
    return {
        "reservation_sid": link.reservation_sid,
        "queue": link.queue,
        "worker": link.worker_name,
        "caller": link.caller,
        "base_url": link.base_url,
    }


def _times(link: Link, now: float) -> dict[str, object]:
    """The sweep looks after it in a moment where talks are kept in the bucket, else when it is deleted at Twilio."""
    rules = callcenter.current().queue(link.queue).recording
    days = rules.keep_days if rules else callcenter.current().keep_days
    ends_at = int(now) + days * DAY_SECONDS
    check_at = int(now) + CALLBACK_SECONDS if settings.bucket() else ends_at
    times: dict[str, object] = {"at": now, "day": day_of(now), "ends_at": ends_at, "open": "recording"}
    return times | {"check_at": check_at, "expires_at": ends_at + RECORDING_GRACE_SECONDS}


def mark_kept(talk: Talk, stored_as: str, size: int, now: float) -> None:
    """It is in the bucket, whole; its number leads to it. Again is like once. Raises ConditionFailed."""
    leads_to = {"about": talk.subject, "expires_at": int(talk.ends_at) + RECORDING_GRACE_SECONDS}
    table.update_row(_number_key(talk.number, talk.recording_sid), leads_to, "", {})
    kept = {"stored_as": stored_as, "size": size}
    table.update_row(talk.key, kept, "attribute_exists(call_sid)", {}, defaults={"kept_at": now})


def close(talk: Talk, now: float) -> None:
    """Twilio has no more of it: the sweep looks at it next when its time is over. Raises ConditionFailed."""
    changes = {"deleted_at": now, "check_at": int(talk.ends_at)}
    table.update_row(talk.key, changes, "attribute_exists(call_sid)", {})


def drop(key: Key, now: float) -> bool:
    """It is nothing. The row stays for a while, so that what tells of it later finds it over. Whether it was new."""
    defaults = {"at": now, "expires_at": callcenter.current().expires_at(now)}
    condition, gone = "attribute_not_exists(#dropped_at)", ("open", "check_at", "day")
    try:
        table.update_row(key, {"dropped_at": now}, condition, {}, defaults=defaults, remove=gone)
    except ConditionFailed:
        return False
    return True


def reschedule(key: Key, expected: float, check_at: float) -> Talk:
    """Have the sweep look at it at `check_at`, if its next check is still the `expected` one.

    Returns it as it stands. Raises ConditionFailed: it is over, or another sweep has it.
    """
    changes, values = {"check_at": int(check_at)}, {":expected": expected}
    return _talk(table.update_row(key, changes, "#check_at = :expected", values))


def look_no_more(key: Key) -> None:
    """It is held: the sweep leaves it alone. Raises ConditionFailed: it is not any more, or gone."""
    table.update_row(key, {}, "attribute_exists(held_at)", {}, remove=("open", "check_at"))


def begin_end(key: Key, now: float) -> None:
    """From now on it cannot be held, and is deleted. Raises ConditionFailed: it is held."""
    table.update_row(key, {"ending_at": now}, "attribute_exists(call_sid) AND attribute_not_exists(held_at)", {})


def forget(talk: Talk) -> None:
    """It is deleted, and its rows go too; twice is like once."""
    table.delete_row(_number_key(talk.number, talk.recording_sid))
    table.delete_row(talk.key)


def note_heard(talk: Talk, by: str, now: float) -> None:
    """Somebody hears it: each time is a row beside it, for a year."""
    table.update_row(heard_key(talk, now), {"by": by, "at": now, "expires_at": heard_until(now)}, "", {})


def heard_key(talk: Talk, now: float) -> Key:
    return Key(talk.subject, f"{HEARD}{talk.recording_sid}#{int(now * 1000)}")


def heard_until(now: float) -> int:
    return int(now) + HEARD_DAYS * DAY_SECONDS


def of_number(number: str) -> list[Talk]:
    """The recorded talks that have this number; several only by chance."""
    found = table.rows_of(f"{NUMBER}{number}")
    records = [(reading.of_call(row["about"]), talk_key(row["about"], row["item"])) for row in found]
    return [talk for record, key in records if (talk := record.talk(key))]


def latest(now: float) -> Iterator[Talk]:
    """The recorded talks of the last days, the newest first (from an index: one of the last second may be missing)."""
    today = datetime.fromtimestamp(now, UTC)
    for number in range(LATEST_DAYS):
        day = day_of((today - timedelta(days=number)).timestamp())
        yield from map(_talk, table.rows_of_day(day))


def day_of(now: float) -> str:
    """What the index by_day has in place of the day: recorded talks are no calls, and stand by themselves."""
    return f"{TALK}{datetime.fromtimestamp(now, UTC).date().isoformat()}"


def _number_key(number: str, recording_sid: str) -> Key:
    return Key(f"{NUMBER}{number}", recording_sid)


def _talk(row: Mapping[str, Any]) -> Talk:
    return msgspec.convert(row, Talk)

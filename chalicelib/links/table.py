"""The table of links and calls. Every step is one conditional write that says what it expects.

Keys: partition `call_sid`, the subject: the caller's CallSid, or the TaskSid of a task without a call. Sort `item`:
"CALL" for what is known of the caller's own leg, the ReservationSid for a link, "RECORDING#" and the RecordingSid for a
voicemail that Twilio keeps, "TELL#" and the RecordingSid for the notice of one, "TALK#" and the RecordingSid for a
talk that was recorded, "HEARD#" for each time that one was heard. Beside the calls, the partition "CRM" has a circuit
breaker for each adapter, and "TELL" for each line the latest notice that nobody is available; an order of work is alone
in a partition, which is called "WORK#" and then its kind and key; "STAFF" has a row for each worker who has said that
they work, or is in the rota; "SWITCH" one for each line that somebody closed or opened at once, "BOARD" what the
wallboard shows beside the calls. A callback is "CALLBACK" beside the call that asked for it; the partition "PHONE#" and
a number says which one is open, and how many there were in a day, and has "PROFILE", what is known of whoever calls
from there; "NUMBER#" and a recorded talk's number leads to it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

import msgspec

from chalicelib import aws
from chalicelib.config import callcenter, environment
from chalicelib.links.attributes import decode, encode
from chalicelib.links.model import (
    CALLBACK_ITEM,
    DECISIONS,
    MESSAGE,
    NOTICE,
    TALK,
    Breaker,
    Call,
    Callback,
    CallRecord,
    Decision,
    Key,
    Link,
    Message,
    Notice,
    Outcome,
    Refusal,
    State,
    Talk,
    before,
)
from chalicelib.links.modes import DIRECT

# The sweep looks at a link this long after it was due: crm-first its job's begin, then the last moment to dial; direct
# the reservation's end.
CHECK_AFTER_SECONDS = 10
# A talk is looked at this often: less than the five minutes for which Twilio knows a task after its end (contract 5).
CHECK_TALK_SECONDS = 240
# A caller who waits is looked at this often, for the same reason.
CHECK_CALLER_SECONDS = 240
# A caller whom the worker does not get is at the next one by then.
CHECK_REFUSED_SECONDS = 10
DUE_PAGE = 25
BREAKERS = "CRM"
WORK = "WORK"


# What the sweep looks after: links, callers who wait, recordings at Twilio, messages on offer, callbacks, notices.
Watched = Literal["link", "call", "recording", "message", "callback", "notice"]


class ConditionFailed(Exception):
    """The conditional write found something else than it expects: `row`, empty if none stands; `current` if a link."""

    def __init__(self, row: Mapping[str, Any]) -> None:
        self.row = row
        self.current = _link(row) if row and _is_link(row["item"]) else None
        super().__init__(f"the link is {self.current.state if self.current else 'missing'}")


class Due(NamedTuple):
    """What is open and whose time has come, by the index; the row itself says what is true."""

    key: Key
    check_at: float
    expires_at: float = 0


class _Write(NamedTuple):
    """One UpdateItem. `changes` are set; `defaults` only where the row has nothing; empty values are left out."""

    changes: Mapping[str, object]
    condition: str
    values: Mapping[str, object] = {}
    names: Mapping[str, str] = {"#state": "state"}
    defaults: Mapping[str, object] = {}
    remove: Sequence[str] = ()


def reserve(link: Link, now: float) -> Link:
    """Write a new link; returns the one that stands, which is another when this reservation was written before."""
    row = _row(link) | {"reserved_at": now} | _expiry(now)
    if link.state != "closed":
        row |= {"open": "link", "check_at": _check_at(link, now)}
    else:
        row |= _of_day(now)
    try:
        aws.request(
            "dynamodb",
            "put_item",
            TableName=environment.current().links_table,
            Item=encode(row),
            ConditionExpression="attribute_not_exists(call_sid)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    except aws.client("dynamodb").exceptions.ConditionalCheckFailedException as error:
        return _link(decode(error.response["Item"]))
    return msgspec.structs.replace(link, reserved_at=now)


def claim(key: Key, now: float, lease_seconds: float) -> Link:
    """Take the link for its CRM work, or take it over from a job that died. Raises ConditionFailed."""
    changes = {"state": "preparing", "preparing_at": now, "leased_until": now + lease_seconds}
    condition = "#state = :reserved OR (#state = :preparing AND leased_until < :now)"
    values = {":reserved": "reserved", ":preparing": "preparing", ":now": now}
    return _write_link(key, _Write(changes, condition, values))


def begin_dial(key: Key, now: float, changes: Mapping[str, object]) -> Link:
    """A job is about to place the worker leg. Raises ConditionFailed: it is placed already, over, or missing."""
    condition, values = _is_in(before("dialing"))
    condition += " AND attribute_not_exists(worker_call_sid)"
    return _write_link(key, _Write({**changes, "state": "dialing", "dialing_at": now}, condition, values))


def approve(key: Key, now: float, known: Mapping[str, object]) -> Link:
    """The CRM says yes to a worker at the desk; `known` is kept with it. Raises ConditionFailed: it went on meanwhile.

    No job is at work on it any more, and none takes it over.
    """
    changes = {**known, "approved_at": now}
    return _write_link(
        key, _Write(changes, "#state = :preparing", {":preparing": "preparing"}, remove=("leased_until",))
    )


def wrap_up(key: Key, disposition: str, words: str) -> Link:
    """What became of the call, and a note, in the worker's words. Raises ConditionFailed: there is no link."""
    said = {"disposition": disposition, "note": words}
    gone = [name for name, value in said.items() if not value]
    return _write_link(key, _Write(said, "attribute_exists(#state)", remove=gone))


def decide(key: Key, decision: Decision, attributes: Mapping[str, Any] | None = None) -> Link:
    """Work that was taken at the desk is done, or goes to somebody else: the first word counts, as the link's reason.

    `attributes` are the task's, for the one that follows: the first ones are kept. Raises ConditionFailed: another word
    was said, or the link is closed.
    """
    others = {f":other{number}": other for number, other in enumerate(DECISIONS) if other != decision}
    condition = " AND ".join(
        ("attribute_exists(#state)", "#state <> :closed", *(f"reason <> {name}" for name in others))
    )
    kept = {"attributes": attributes or None}
    return _write_link(key, _Write({"reason": decision}, condition, {":closed": "closed", **others}, defaults=kept))


def fall_back_to_direct(key: Key, now: float) -> Link:
    """Hand a link to Twilio's own dequeue, unless a job is at work on it. Raises ConditionFailed."""
    changes = {"state": "dialing", "dialing_at": now, "mode": "direct"}
    return _write_link(key, _Write(changes, "#state = :reserved", {":reserved": "reserved"}))


def follow_leg(key: Key, state: State, worker_call_sid: str, now: float) -> Link:
    """The worker leg got to `state`; only one leg ever gets a link. Raises ConditionFailed."""
    changes = {"state": state, f"{state}_at": now, "worker_call_sid": worker_call_sid}
    return _write_link(key, _Write(changes, *_before(state, worker_call_sid)))


def follow_asked(
    key: Key, state: Literal["asked", "answered"], worker_call_sid: str, now: float, known: Mapping[str, object]
) -> Link:
    """The same for a worker who is asked, unless the caller has been refused. Raises ConditionFailed.

    `known` is kept with it. Answered may come before asked, as the ask is not recorded while the table is down.
    """
    condition, values = _before(state, worker_call_sid)
    changes = {**known, "state": state, f"{state}_at": now, "worker_call_sid": worker_call_sid}
    return _write_link(key, _Write(changes, f"{condition} AND attribute_not_exists(reason)", values))


def refuse(key: Key, worker_call_sid: str, reason: Refusal, now: float, known: Mapping[str, object]) -> Link:
    """Who is asked does not get the caller: one of this and `answered` is written. Raises ConditionFailed.

    The sweep looks at it soon, in case that its reservation is not rejected.
    """
    condition, values = _before("answered", worker_call_sid)
    check_at = int(now) + CHECK_REFUSED_SECONDS
    changes = {**known, "reason": reason, "worker_call_sid": worker_call_sid, "check_at": check_at}
    return _write_link(key, _Write(changes, f"{condition} AND attribute_not_exists(reason)", values))


def note_of_leg(key: Key, worker_call_sid: str, known: Mapping[str, object]) -> Link:
    """Something more is known of this leg, whatever state the link is in. Raises ConditionFailed: it has another."""
    condition = "attribute_exists(#state) AND worker_call_sid = :leg"
    return _write_link(key, _Write(known, condition, {":leg": worker_call_sid}))


def hold(key: Key, worker_call_sid: str, now: float, known: Mapping[str, object]) -> Link:
    """The worker puts the caller on hold, once. Returns the link as it stands. Raises ConditionFailed: another leg's.

    A caller who has waited long enough by then is not held any more.
    """
    free = "attribute_not_exists(held_at) AND attribute_not_exists(transferred_to)"
    write = _Write({**known, "held_at": now}, f"worker_call_sid = :leg AND {free}", {":leg": worker_call_sid}, {})
    try:
        return _write_link(key, write)
    except ConditionFailed as failed:
        if failed.current is None or failed.current.worker_call_sid != worker_call_sid:
            raise
        return failed.current


def transfer(key: Key, to: str, now: float, instead_of: str = "") -> Link:
    """Where the caller goes after the talk: the first word counts, or the one `instead_of` which this one is said.

    Returns the link as it stands. Raises ConditionFailed: there is no link.
    """
    before = "transferred_to = :before" if instead_of else "attribute_not_exists(transferred_to)"
    values = {":before": instead_of} if instead_of else {}
    write = _Write({"transferred_to": to, "transferred_at": now}, f"attribute_exists(#state) AND {before}", values)
    try:
        return _write_link(key, write)
    except ConditionFailed as failed:
        if failed.current is None:
            raise
        return failed.current


def _before(state: State, worker_call_sid: str) -> tuple[str, dict[str, object]]:
    """The condition of a link that has not got to `state`, and that no leg has, or this one."""
    condition, values = _is_in(before(state))
    condition += " AND (attribute_not_exists(worker_call_sid) OR worker_call_sid = :leg)"
    return condition, {**values, ":leg": worker_call_sid}


def record_leg(key: Key, worker_call_sid: str, *, by_taskrouter: bool = False) -> Link:
    """Keep the sid of the worker leg, whatever state the link is in; returns the link. Raises ConditionFailed.

    `by_taskrouter`: TaskRouter placed it, so that the link is a direct one, whatever was intended.
    """
    condition = "attribute_exists(#state) AND (attribute_not_exists(worker_call_sid) OR worker_call_sid = :leg)"
    changes = {"worker_call_sid": worker_call_sid, "mode": DIRECT.name if by_taskrouter else ""}
    return _write_link(key, _Write(changes, condition, {":leg": worker_call_sid}))


def record_unknown_leg(key: Key, worker_call_sid: str, now: float) -> Link:
    """TaskRouter rings a worker, and no row says so: the assignment could not write it. Raises ConditionFailed."""
    link = Link(
        subject=key.subject,
        reservation_sid=key.reservation_sid,
        state="dialing",
        mode=DIRECT.name,
        worker_call_sid=worker_call_sid,
        dialing_at=now,
    )
    standing = reserve(link, now)
    if standing.worker_call_sid != worker_call_sid:
        raise ConditionFailed(_row(standing))
    return standing


def upsert_state(key: Key, state: State, now: float, known_fields: Mapping[str, object]) -> Link:
    """An event says that the link got to `state`; a first event makes the row. Raises ConditionFailed.

    `known_fields` are the event's identifying fields: they fill what the row does not know yet, and change nothing.
    """
    condition, values = _is_in(before(state))
    defaults = {**known_fields, "reserved_at": now, "open": "link", **_expiry(now)}
    changes = {"state": state, f"{state}_at": now, "check_at": int(now) + CHECK_TALK_SECONDS}
    condition = f"attribute_not_exists(#state) OR {condition}"
    return _write_link(key, _Write(changes, condition, values, defaults=defaults))


def close(
    key: Key, outcome: Outcome, reason: str, now: float, known_fields: Mapping[str, object] | None = None
) -> Link:
    """The link has ended; like `upsert_state` it may make the row. Raises ConditionFailed: it is closed already.

    It gets into the index by_day with this write, once, so that a day's reports find it.
    """
    condition, values = _is_in(before("closed"))
    changes = {"state": "closed", "closed_at": now, "outcome": outcome, "reason": reason}
    defaults = {**(known_fields or {}), "reserved_at": now, **_of_day(now), **_expiry(now)}
    condition = f"attribute_not_exists(#state) OR {condition}"
    return _write_link(
        key, _Write(changes, condition, values, defaults=defaults, remove=("open", "check_at", "leased_until"))
    )


def due(what: Watched, now: float) -> Iterator[Sequence[Due]]:
    """What is open and whose time has come, longest due first, page by page.

    They come from an index, which may be a moment behind: `reschedule_check` reads the row itself.
    """
    request: dict[str, Any] = {
        "TableName": environment.current().links_table,
        "IndexName": "open",
        "KeyConditionExpression": "#open = :what AND check_at <= :now",
        "ExpressionAttributeNames": {"#open": "open"},
        "ExpressionAttributeValues": encode({":what": what, ":now": now}),
        "Limit": DUE_PAGE,
    }
    for rows in _pages(request):
        yield [Due(Key(row["call_sid"], row["item"]), row["check_at"], row.get("expires_at", 0)) for row in rows]


def reschedule_check(key: Key, expected: float, check_at: float) -> Link:
    """Have the sweep look at the link at `check_at`, if its next check is still the `expected` one.

    Returns the link as it stands. Raises ConditionFailed: it is closed, or somebody else is looking at it.
    """
    return _write_link(key, _reschedule(expected, check_at))


def set_reason_once(key: Key, reason: str) -> bool:
    """Write why a link ended, or will end, unless a reason stands there; returns whether it was written."""
    if not reason:
        return False
    try:
        _write_link(key, _Write({"reason": reason}, "attribute_exists(#state) AND attribute_not_exists(reason)"))
    except ConditionFailed:
        return False
    return True


def set_note(key: Key, words: str) -> None:
    """The worker's own words about the call, in place of earlier ones. Raises ConditionFailed: there is no link."""
    _write_link(key, _Write({"note": words}, "attribute_exists(#state)"))


def note_time(key: Key, step: str, at: float) -> None:
    """The time of a step that became known after the link was closed."""
    _write_link(key, _Write({}, "attribute_exists(#state)", defaults={step: at}))


def record_call(
    subject: str,
    changes: Mapping[str, object],
    now: float,
    *,
    defaults: Mapping[str, object] | None = None,
    once: str = "",
    left_queue: bool = False,
    of_round: int = 0,
) -> bool:
    """Keep something of the caller's own leg; with `once` only if that attribute is not there yet, else False.

    `left_queue`: the sweep no longer looks at this caller. `of_round` counts the waits of this caller: of one that a
    later one has followed nothing is kept.
    """
    try:
        _update(subject, "CALL", _of_call(changes, now, defaults or {}, once, left_queue=left_queue, of_round=of_round))
    except ConditionFailed:
        return False
    return True


def record_and_read_call(
    subject: str,
    changes: Mapping[str, object],
    now: float,
    *,
    defaults: Mapping[str, object] | None = None,
    left_queue: bool = False,
    of_round: int = 0,
) -> Call:
    """The same, and what is known of the leg then. Raises ConditionFailed: a later wait has begun."""
    write = _of_call(changes, now, defaults or {}, left_queue=left_queue, of_round=of_round)
    return msgspec.convert(_update(subject, "CALL", write), Call)


def _of_call(
    changes: Mapping[str, object],
    now: float,
    defaults: Mapping[str, object],
    once: str = "",
    *,
    left_queue: bool = False,
    of_round: int = 0,
) -> _Write:
    conditions, names, values = [], {}, {}
    if once:
        conditions, names = ["attribute_not_exists(#once)"], {"#once": once}
    if of_round:
        conditions.append("(attribute_not_exists(#round) OR #round <= :of_round)")
        names, values = {**names, "#round": "round"}, {":of_round": of_round}
    remove = ("open", "check_at") if left_queue else ()
    defaults = {**defaults, **_of_day(now), **_expiry(now)}
    return _Write(changes, " AND ".join(conditions), values, names, defaults, remove)


def record_waiting(subject: str, known_fields: Mapping[str, object], now: float, of_round: int = 1) -> None:
    """A caller waits in the queue from now on, and the sweep looks after them, unless they have left it already.

    `of_round` is which wait of this caller that is, counted from 1.
    """
    watched = {**known_fields, "open": "call", "check_at": int(now) + CHECK_CALLER_SECONDS}
    if not record_call(subject, watched, now, once="left_queue_at", of_round=of_round):
        record_call(subject, known_fields, now, of_round=of_round)


# What is known of one wait, and of no other.
_OF_A_ROUND = (
    *("star", "left_queue_at", "queue_result", "queue_seconds", "moved_at", "wish", "wished_at", "task_sid"),
    *("canceled_at", "completed_at", "reason", "declined_say", "declined_then", "open", "check_at"),
)


def begin_round(subject: str, number: int, now: float) -> Call | None:
    """The caller waits in a queue once more: it is the wait of this number. None when it has begun before."""
    condition = "attribute_not_exists(#round) OR #round < :round"
    write = _of_call({"round": number}, now, {})._replace(condition=condition, remove=_OF_A_ROUND)
    try:
        return msgspec.convert(_update(subject, "CALL", write), Call)
    except ConditionFailed:
        return None


def reschedule_caller(due: Due, check_at: float) -> Call:
    """Have the sweep look at this caller at `check_at`, if the next check is still the expected one.

    Raises ConditionFailed: the caller left the queue, or somebody else is looking.
    """
    written = _update(due.key.subject, "CALL", _reschedule(due.check_at, check_at))
    return msgspec.convert(written, Call)


def _reschedule(expected: float, check_at: float) -> _Write:
    return _Write({"check_at": int(check_at)}, "#check_at = :expected", {":expected": expected}, names={})


def claim_caller(subject: str, now: float, lease_seconds: float, changes: Mapping[str, object] | None = None) -> None:
    """Take the caller, to lead them out of the queue, and keep `changes`; again when a lease ran out.

    Raises ConditionFailed: they left the queue, or another job is at work.
    """
    free = "attribute_not_exists(moved_at) OR moved_at < :lapsed"
    condition = f"attribute_not_exists(left_queue_at) AND ({free})"
    changes = {**(changes or {}), "moved_at": now}
    write = _Write(changes, condition, {":lapsed": now - lease_seconds}, {}, _expiry(now))
    _update(subject, "CALL", write)


def order_notice(notice: Notice, again_before: float) -> bool:
    """Keep a notice until it is told; whether it is a new one.

    It is not when the same has been kept before, unless that was at `again_before`, in epoch seconds, or earlier.
    """
    fields = {**msgspec.to_builtins(notice), "open": "notice", "check_at": int(notice.at), **_expiry(notice.at)}
    changes = {name: value for name, value in fields.items() if value not in ("", 0)}
    remove = tuple(set(fields) - set(changes))  # what an older notice of this line had
    condition, expected = "attribute_not_exists(#at) OR #at <= :before", {":before": again_before}
    try:
        _update(*_place(notice.key), _Write(changes, condition, expected, names={}, remove=remove))
    except ConditionFailed:
        return False
    return True


def take_notice(due: Due, check_at: float) -> Notice:
    """Take a notice to tell it; one that is not closed is due again at `check_at`.

    Raises ConditionFailed: another sweep has it.
    """
    return msgspec.convert(_update(*_place(due.key), _reschedule(due.check_at, check_at)), Notice)


def close_notice(key: Key, check_at: float, now: float) -> None:
    """It is told; `check_at` is what it was taken with. Raises ConditionFailed: there is a newer one meanwhile."""
    taken = {":taken": int(check_at)}
    write = _Write({"told_at": now}, "#check_at = :taken", taken, names={}, remove=("open", "check_at"))
    _update(*_place(key), write)


class Ordered(NamedTuple):
    """An order of work as it stands. `is_claimed`: whoever asked for it posts the task now."""

    digest: str
    task_sid: str
    is_claimed: bool
    was_claimed_before: bool = False


def claim_order(work_key: str, digest: str, now: float, lease_seconds: float) -> Ordered:
    """Take this order of work, to make its task, unless that is done, or somebody else is at work on it.

    An order that was claimed before, and whose lease ran out, is claimed again: nobody knows whether there is a task.
    """
    free = "attribute_not_exists(task_sid) AND leased_until < :now AND digest = :digest"
    condition = f"attribute_not_exists(digest) OR ({free})"
    write = _Write(
        {"digest": digest, "leased_until": now + lease_seconds},
        condition,
        {":now": now, ":digest": digest},
        names={},
        defaults={"ordered_at": now, **_expiry(now)},
    )
    try:
        row = _update(_order(work_key), WORK, write)
    except ConditionFailed as failed:
        return Ordered(failed.row["digest"], failed.row.get("task_sid", ""), is_claimed=False)
    return Ordered(digest, "", is_claimed=True, was_claimed_before=row["ordered_at"] != now)


def keep_order(work_key: str, task_sid: str) -> None:
    """The order's task is made. Raises ConditionFailed: its row has expired."""
    write = _Write({"task_sid": task_sid}, "attribute_exists(digest)", names={}, remove=("leased_until",))
    _update(_order(work_key), WORK, write)


def release_order(work_key: str) -> None:
    """The order's task is not made, and may be ordered again."""
    condition = "attribute_exists(digest) AND attribute_not_exists(task_sid)"
    write = _Write({"leased_until": 0}, condition, names={})
    with suppress(ConditionFailed):
        _update(_order(work_key), WORK, write)


def _order(work_key: str) -> str:
    return f"{WORK}#{work_key}"


def _place(key: Key) -> tuple[str, str]:
    return key.subject, key.reservation_sid


def swap_breaker(adapter: str, seen: Breaker, new: Breaker, now: float) -> Breaker:
    """Write the breaker of this adapter, if it is as it was `seen`. Returns the one that stands then."""
    condition = " AND ".join(f"{name} = :seen_{name}" for name in Breaker.__struct_fields__)
    if seen == Breaker():
        condition = f"attribute_not_exists(failures) OR ({condition})"
    expected = {f":seen_{name}": value for name, value in msgspec.to_builtins(seen).items()}
    try:
        _update(BREAKERS, adapter, _Write({**msgspec.to_builtins(new), **_expiry(now)}, condition, expected, names={}))
    except ConditionFailed as failed:
        return msgspec.convert(failed.row, Breaker)
    return new


def find_call(subject: str, table: str = "") -> CallRecord:
    """All that is known of this subject; `table` if it is another than this process's own."""
    rows = _query(table, subject, KeyConditionExpression="call_sid = :sid", ConsistentRead=True)
    links = sorted((_link(row) for row in rows if _is_link(row["item"])), key=lambda link: link.reserved_at)
    calls = [msgspec.convert(row, Call) for row in rows if row["item"] == "CALL"]
    notices = [msgspec.convert(row, Notice) for row in rows if row["item"].startswith(f"{NOTICE}#")]
    messages = [msgspec.convert(row, Message) for row in rows if row["item"].startswith(MESSAGE)]
    callback = next((msgspec.convert(row, Callback) for row in rows if row["item"] == CALLBACK_ITEM), None)
    talks = [msgspec.convert(row, Talk) for row in rows if row["item"].startswith(TALK)]
    call = calls[0] if calls else None
    return CallRecord(call, tuple(links), tuple(notices), tuple(messages), callback, tuple(talks))


def find_link(key: Key, table: str = "") -> Link | None:
    """The link as it is now; None when there is none."""
    row = find_row(key, table)
    return _link(row) if row else None


def by_worker_leg(worker_call_sid: str, table: str = "") -> Link | None:
    """The link of this worker leg (by an index: a leg of the last second may be missing)."""
    condition = "worker_call_sid = :sid"
    rows = _query(table, worker_call_sid, KeyConditionExpression=condition, IndexName="keys_by_worker_leg")
    return next(_links_of(rows, table), None)


def latest_links(worker_sid: str, most: int) -> Iterator[Link]:
    """The links of this worker, the newest first (by an index: one of the last second may be missing).

    Each is read when it is taken.
    """
    request = {
        "TableName": environment.current().links_table,
        "IndexName": "keys_by_worker",
        "KeyConditionExpression": "worker_sid = :sid",
        "ExpressionAttributeValues": encode({":sid": worker_sid}),
        "ScanIndexForward": False,
        "Limit": most,
    }
    yield from _links_of(next(_pages(request), []))


def _links_of(keys: Iterable[Mapping[str, Any]], table: str = "") -> Iterator[Link]:
    """The links themselves that an index has the keys of."""
    for key in keys:
        if link := find_link(Key(key["call_sid"], key["item"]), table):
            yield link


def rows_of_day(day: str) -> Iterator[dict[str, Any]]:
    """The rows that the index by_day has under this day, the newest first; they are read as far as they are taken."""
    for rows in _pages(_latest_of_day(day, DUE_PAGE)):
        yield from rows


def rows_between(day: str, since: float, until: float, table: str = "") -> Iterator[dict[str, Any]]:
    """The rows that the index by_day has under this UTC day from `since` to `until`, in as few requests as can be."""
    if until < since:  # as when two clocks differ; DynamoDB refuses to look
        return
    request = {
        "TableName": table or environment.current().links_table,
        "IndexName": "by_day",
        "KeyConditionExpression": "#day = :day AND #at BETWEEN :since AND :until",
        "ExpressionAttributeNames": {"#day": "day", "#at": "at"},
        "ExpressionAttributeValues": encode({":day": day, ":since": since, ":until": until}),
    }
    for rows in _pages(request):
        yield from rows


def open_rows(what: str, table: str = "") -> Iterator[dict[str, Any]]:
    """Every row that is open as this, its time come or not, the earliest first (from an index: a moment behind)."""
    request = {
        "TableName": table or environment.current().links_table,
        "IndexName": "open",
        "KeyConditionExpression": "#open = :what",
        "ExpressionAttributeNames": {"#open": "open"},
        "ExpressionAttributeValues": encode({":what": what}),
    }
    for rows in _pages(request):
        yield from rows


def latest_of_day_quickly(day: str, most: int) -> list[dict[str, Any]]:
    """At most so many rows that the index by_day has under this day, the newest first, for whoever can do without."""
    found = aws.quick_request("dynamodb", "query", **_latest_of_day(day, most))
    return [decode(item) for item in found["Items"]]


def _latest_of_day(day: str, at_once: int) -> dict[str, Any]:
    """The query of the index by_day, the newest first."""
    return {
        "TableName": environment.current().links_table,
        "IndexName": "by_day",
        "KeyConditionExpression": "#day = :day",
        "ExpressionAttributeNames": {"#day": "day"},
        "ExpressionAttributeValues": encode({":day": day}),
        "ScanIndexForward": False,
        "Limit": at_once,
    }


def rows_of(subject: str) -> list[dict[str, Any]]:
    """Every row of this partition as it is now."""
    return _query("", subject, KeyConditionExpression="call_sid = :sid", ConsistentRead=True)


def _query(table: str, sid: str, **request: Any) -> list[dict[str, Any]]:
    request["TableName"] = table or environment.current().links_table
    request["ExpressionAttributeValues"] = encode({":sid": sid})
    return [row for rows in _pages(request) for row in rows]


def _pages(request: Mapping[str, Any]) -> Iterator[list[dict[str, Any]]]:
    """The rows that this query finds, page by page."""
    more: dict[str, Any] = {}
    while True:
        page = aws.request("dynamodb", "query", **request, **more)
        if page["Items"]:  # the last page may be empty: DynamoDB does not know that it is the last one
            yield [decode(item) for item in page["Items"]]
        if "LastEvaluatedKey" not in page:
            return
        more = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def _is_in(states: Sequence[State]) -> tuple[str, dict[str, object]]:
    values: dict[str, object] = {f":state{number}": state for number, state in enumerate(states)}
    return f"#state IN ({', '.join(values)})", values


def _write_link(key: Key, write: _Write) -> Link:
    try:
        return _link(_update(key.subject, key.reservation_sid, write))
    except ConditionFailed as failed:
        if failed.current and _is_ours(failed.current, write.changes):
            return failed.current
        raise


def _is_ours(link: Link, changes: Mapping[str, object]) -> bool:
    """Whether what stands is this very write, which was sent again as the connection broke off."""
    marked = "state" in changes or {"reason", "check_at"} <= changes.keys()
    return marked and all(getattr(link, name) == value for name, value in changes.items() if value)


def _update(subject: str, item: str, write: _Write, table: str = "") -> dict[str, Any]:
    changes = {name: value for name, value in write.changes.items() if value not in ("", None)}
    known = {*changes, *write.remove}
    defaults = {name: value for name, value in write.defaults.items() if value not in ("", None) and name not in known}
    sets = [f"#{name} = :{name}" for name in changes]
    sets += [f"#{name} = if_not_exists(#{name}, :{name})" for name in defaults]
    parts = [("SET", sets), ("REMOVE", [f"#{name}" for name in write.remove])]
    used = {**changes, **defaults}
    values = {**{f":{name}": value for name, value in used.items()}, **write.values}
    request: dict[str, Any] = {"ConditionExpression": write.condition} if write.condition else {}
    if values:
        request["ExpressionAttributeValues"] = encode(values)
    try:
        answer = aws.request(
            "dynamodb",
            "update_item",
            TableName=table or environment.current().links_table,
            Key=encode({"call_sid": subject, "item": item}),
            UpdateExpression=" ".join(f"{verb} {', '.join(what)}" for verb, what in parts if what),
            ExpressionAttributeNames={**{f"#{name}": name for name in [*used, *write.remove]}, **write.names},
            ReturnValues="ALL_NEW",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
            **request,
        )
    except aws.client("dynamodb").exceptions.ConditionalCheckFailedException as error:
        raise ConditionFailed(decode(error.response.get("Item", {}))) from None
    return decode(answer["Attributes"])


def _check_at(link: Link, now: float) -> int:
    due_at = link.policy.due_at(now, link.deadline, callcenter.current().reservation_timeout)
    return int(due_at) + CHECK_AFTER_SECONDS


def _of_day(now: float) -> dict[str, object]:
    """Where the index by_day has a row of this moment."""
    return {"day": datetime.fromtimestamp(now, UTC).date().isoformat(), "at": now}


def _expiry(now: float) -> dict[str, object]:
    return {"expires_at": callcenter.current().expires_at(now)}


def _row(link: Link) -> dict[str, object]:
    fields: dict[str, object] = msgspec.to_builtins(link)
    reservation_sid = fields.pop("reservation_sid")
    return {"item": reservation_sid} | {name: value for name, value in fields.items() if value not in ("", 0, {})}


def _is_link(item: str) -> bool:
    """Whether this sort key is a ReservationSid."""
    return item.startswith("WR")


def _link(row: Mapping[str, Any]) -> Link:
    return msgspec.convert({**row, "reservation_sid": row["item"]}, Link)


def update_row(
    key: Key,
    changes: Mapping[str, object],
    condition: str,
    values: Mapping[str, object],
    *,
    defaults: Mapping[str, object] | None = None,
    remove: Sequence[str] = (),
    table: str = "",
) -> dict[str, Any]:
    """Change a row of another kind than the above, if the condition holds; returns it. Raises ConditionFailed.

    The condition names attributes as `#name`, each of them one that is changed, defaulted or removed.
    """
    return _update(*_place(key), _Write(changes, condition, values, {}, defaults or {}, remove), table)


def delete_row(key: Key) -> None:
    """Twice is like once."""
    where = encode({"call_sid": key.subject, "item": key.reservation_sid})
    aws.request("dynamodb", "delete_item", TableName=environment.current().links_table, Key=where)


def find_row(key: Key, table: str = "") -> dict[str, Any]:
    """The row of this key as it is now; empty when there is none."""
    request = {**_only(key, table), "ConsistentRead": True}
    return next((row for rows in _pages(request) for row in rows), {})


def find_row_quickly(key: Key) -> dict[str, Any]:
    """The row of this key as it was a moment ago, for whoever decides without it when it is not there in time."""
    found = aws.quick_request("dynamodb", "query", **_only(key))["Items"]
    return decode(found[0]) if found else {}


def _only(key: Key, table: str = "") -> dict[str, Any]:
    return {
        "TableName": table or environment.current().links_table,
        "KeyConditionExpression": "call_sid = :sid AND #item = :item",
        "ExpressionAttributeNames": {"#item": "item"},
        "ExpressionAttributeValues": encode({":sid": key.subject, ":item": key.reservation_sid}),
    }

"""The steps of a link: each is one conditional write that says what it expects, and returns what stands then."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from chalicelib import aws
from chalicelib.config import callcenter, environment
from chalicelib.links import table
from chalicelib.links.attributes import decode, encode
from chalicelib.links.model import DECISIONS, Decision, Key, Link, Outcome, Refusal, State, before, link_of
from chalicelib.links.modes import DIRECT

# The sweep looks at a link this long after it was due: crm-first its job's begin, then the last moment to dial; direct
# the reservation's end.
CHECK_AFTER_SECONDS = 10
# A talk is looked at this often: less than the five minutes for which Twilio knows a task after its end (contract 5).
CHECK_TALK_SECONDS = 240
# A caller whom the worker does not get is at the next one by then.
CHECK_REFUSED_SECONDS = 10
# Whoever passes work on is done by then; a task that was made meanwhile is still known to Twilio (contract 5).
CHECK_DECIDED_SECONDS = 40


def reserve(link: Link, now: float) -> Link:
    """Write a new link; returns the one that stands, which is another when this reservation was written before."""
    row = _row(link) | {"reserved_at": now} | table.expiry(now)
    if link.state != "closed":
        row |= {"open": "link", "check_at": _check_at(link, now)}
    else:
        row |= table.of_day(now)
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
        return link_of(decode(error.response["Item"]))
    return msgspec.structs.replace(link, reserved_at=now)


def claim(key: Key, now: float, lease_seconds: float) -> Link:
    """Take the link for its CRM work, or take it over from a job that died. Raises ConditionFailed."""
    changes = {"state": "preparing", "preparing_at": now, "leased_until": now + lease_seconds}
    condition = "#state = :reserved OR (#state = :preparing AND leased_until < :now)"
    values = {":reserved": "reserved", ":preparing": "preparing", ":now": now}
    return _write_link(key, table.Write(changes, condition, values))


def begin_dial(key: Key, now: float, changes: Mapping[str, object]) -> Link:
    """A job is about to place the worker leg. Raises ConditionFailed: it is placed already, over, or missing."""
    condition, values = _is_in(before("dialing"))
    condition += " AND attribute_not_exists(worker_call_sid)"
    return _write_link(key, table.Write({**changes, "state": "dialing", "dialing_at": now}, condition, values))


def approve(key: Key, now: float, known: Mapping[str, object]) -> Link:
    """The CRM says yes to a worker at the desk; `known` is kept with it. Raises ConditionFailed: it went on meanwhile.

    No job is at work on it any more, and none takes it over.
    """
    changes = {**known, "approved_at": now}
    return _write_link(
        key, table.Write(changes, "#state = :preparing", {":preparing": "preparing"}, remove=("leased_until",))
    )


def wrap_up(key: Key, disposition: str, words: str) -> Link:
    """What became of the call, and a note, in the worker's words. Raises ConditionFailed: there is no link."""
    said = {"disposition": disposition, "note": words}
    gone = [name for name, value in said.items() if not value]
    return _write_link(key, table.Write(said, "attribute_exists(#state)", remove=gone))


def decide(key: Key, decision: Decision, now: float, attributes: Mapping[str, Any] | None = None) -> Link:
    """Work that was taken at the desk is done, or goes to somebody else: the first word counts, as the link's reason.

    `attributes` are the task's, for the one that follows: the first ones are kept. The sweep looks at it soon, in
    case that what was said is not done. Raises ConditionFailed: another word was said, or the link is closed.
    """
    others = {f":other{number}": other for number, other in enumerate(DECISIONS) if other != decision}
    condition = " AND ".join(
        ("attribute_exists(#state)", "#state <> :closed", *(f"reason <> {name}" for name in others))
    )
    changes = {"reason": decision, "check_at": int(now) + CHECK_DECIDED_SECONDS}
    kept = {"attributes": attributes or None}
    return _write_link(key, table.Write(changes, condition, {":closed": "closed", **others}, defaults=kept))


def fall_back_to_direct(key: Key, now: float) -> Link:
    """Hand a link to Twilio's own dequeue, unless a job is at work on it. Raises ConditionFailed."""
    changes = {"state": "dialing", "dialing_at": now, "mode": "direct"}
    return _write_link(key, table.Write(changes, "#state = :reserved", {":reserved": "reserved"}))


def follow_leg(key: Key, state: State, worker_call_sid: str, now: float) -> Link:
    """The worker leg got to `state`; only one leg ever gets a link. Raises ConditionFailed."""
    changes = {"state": state, f"{state}_at": now, "worker_call_sid": worker_call_sid}
    return _write_link(key, table.Write(changes, *_before(state, worker_call_sid)))


def follow_asked(
    key: Key, state: Literal["asked", "answered"], worker_call_sid: str, now: float, known: Mapping[str, object]
) -> Link:
    """The same for a worker who is asked, unless the caller has been refused. Raises ConditionFailed.

    `known` is kept with it. Answered may come before asked, as the ask is not recorded while the table is down.
    """
    condition, values = _before(state, worker_call_sid)
    changes = {**known, "state": state, f"{state}_at": now, "worker_call_sid": worker_call_sid}
    return _write_link(key, table.Write(changes, f"{condition} AND attribute_not_exists(reason)", values))


def refuse(key: Key, worker_call_sid: str, reason: Refusal, now: float, known: Mapping[str, object]) -> Link:
    """Who is asked does not get the caller: one of this and `answered` is written. Raises ConditionFailed.

    The sweep looks at it soon, in case that its reservation is not rejected.
    """
    condition, values = _before("answered", worker_call_sid)
    check_at = int(now) + CHECK_REFUSED_SECONDS
    refused = {"reason": reason, "refused_at": now, "worker_call_sid": worker_call_sid, "check_at": check_at}
    return _write_link(key, table.Write({**known, **refused}, f"{condition} AND attribute_not_exists(reason)", values))


def note_of_leg(key: Key, worker_call_sid: str, known: Mapping[str, object]) -> Link:
    """Something more is known of this leg, whatever state the link is in. Raises ConditionFailed: it has another."""
    condition = "attribute_exists(#state) AND worker_call_sid = :leg"
    return _write_link(key, table.Write(known, condition, {":leg": worker_call_sid}))


def hold(key: Key, worker_call_sid: str, now: float, known: Mapping[str, object]) -> Link:
    """The worker puts the caller on hold, once. Returns the link as it stands. Raises ConditionFailed: another leg's.

    A caller who has waited long enough by then is not held any more.
    """
    free = "attribute_not_exists(held_at) AND attribute_not_exists(transferred_to)"
    write = table.Write({**known, "held_at": now}, f"worker_call_sid = :leg AND {free}", {":leg": worker_call_sid})
    try:
        return _write_link(key, write)
    except table.ConditionFailed as failed:
        if failed.current is None or failed.current.worker_call_sid != worker_call_sid:
            raise
        return failed.current


def transfer(key: Key, to: str, now: float, instead_of: str = "") -> Link:
    """Where the caller goes after the talk: the first word counts, or the one `instead_of` which this one is said.

    Returns the link as it stands. Raises ConditionFailed: there is no link.
    """
    before = "transferred_to = :before" if instead_of else "attribute_not_exists(transferred_to)"
    values = {":before": instead_of} if instead_of else {}
    write = table.Write({"transferred_to": to, "transferred_at": now}, f"attribute_exists(#state) AND {before}", values)
    try:
        return _write_link(key, write)
    except table.ConditionFailed as failed:
        if failed.current is None:
            raise
        return failed.current


def record_leg(key: Key, worker_call_sid: str, *, by_taskrouter: bool = False) -> Link:
    """Keep the sid of the worker leg, whatever state the link is in; returns the link. Raises ConditionFailed.

    `by_taskrouter`: TaskRouter placed it, so that the link is a direct one, whatever was intended.
    """
    condition = "attribute_exists(#state) AND (attribute_not_exists(worker_call_sid) OR worker_call_sid = :leg)"
    changes = {"worker_call_sid": worker_call_sid, "mode": DIRECT.name if by_taskrouter else ""}
    return _write_link(key, table.Write(changes, condition, {":leg": worker_call_sid}))


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
        raise table.ConditionFailed(_row(standing))
    return standing


def upsert_state(key: Key, state: State, now: float, known_fields: Mapping[str, object]) -> Link:
    """An event says that the link got to `state`; a first event makes the row. Raises ConditionFailed.

    `known_fields` are the event's identifying fields: they fill what the row does not know yet, and change nothing.
    Where something was decided before the event came, the sweep looks as soon as that asks for.
    """
    condition, values = _is_in(before(state))
    condition = f"(attribute_not_exists(#state) OR {condition})"
    defaults = {**known_fields, "reserved_at": now, "open": "link", **table.expiry(now)}
    reached: dict[str, object] = {"state": state, f"{state}_at": now}
    later = {**reached, "check_at": int(now) + CHECK_TALK_SECONDS}
    undecided = f"{condition} AND attribute_not_exists(reason)"
    try:
        return _write_link(key, table.Write(later, undecided, values, defaults=defaults))
    except table.ConditionFailed as failed:
        if failed.current is None or not failed.current.reason or failed.current.state not in before(state):
            raise
    return _write_link(key, table.Write(reached, condition, values, defaults=defaults))


def close(
    key: Key, outcome: Outcome, reason: str, now: float, known_fields: Mapping[str, object] | None = None
) -> Link:
    """The link has ended; like `upsert_state` it may make the row. Raises ConditionFailed: it is closed already.

    It gets into the index by_day with this write, once, so that a day's reports find it.
    """
    condition, values = _is_in(before("closed"))
    changes = {"state": "closed", "closed_at": now, "outcome": outcome, "reason": reason}
    defaults = {**(known_fields or {}), "reserved_at": now, **table.of_day(now), **table.expiry(now)}
    condition = f"attribute_not_exists(#state) OR {condition}"
    return _write_link(
        key, table.Write(changes, condition, values, defaults=defaults, remove=("open", "check_at", "leased_until"))
    )


def reschedule_check(key: Key, expected: float, check_at: float) -> Link:
    """Have the sweep look at the link at `check_at`, if its next check is still the `expected` one.

    Returns the link as it stands. Raises ConditionFailed: it is closed, or somebody else is looking at it.
    """
    return _write_link(key, table.rescheduled(expected, check_at))


def set_reason_once(key: Key, reason: str) -> bool:
    """Write why a link ended, or will end, unless a reason stands there; returns whether it was written."""
    if not reason:
        return False
    try:
        _write_link(key, table.Write({"reason": reason}, "attribute_exists(#state) AND attribute_not_exists(reason)"))
    except table.ConditionFailed:
        return False
    return True


def set_note(key: Key, words: str) -> None:
    """The worker's own words about the call, in place of earlier ones. Raises ConditionFailed: there is no link."""
    _write_link(key, table.Write({"note": words}, "attribute_exists(#state)"))


def note_time(key: Key, step: str, at: float) -> None:
    """The time of a step that became known after the link was closed."""
    _write_link(key, table.Write({}, "attribute_exists(#state)", defaults={step: at}))


def _before(state: State, worker_call_sid: str) -> tuple[str, dict[str, object]]:
    """The condition of a link that has not got to `state`, and that no leg has, or this one."""
    condition, values = _is_in(before(state))
    condition += " AND (attribute_not_exists(worker_call_sid) OR worker_call_sid = :leg)"
    return condition, {**values, ":leg": worker_call_sid}


def _check_at(link: Link, now: float) -> int:
    due_at = link.policy.due_at(now, link.deadline, callcenter.current().reservation_timeout)
    return int(due_at) + CHECK_AFTER_SECONDS


def _row(link: Link) -> dict[str, object]:
    fields: dict[str, object] = msgspec.to_builtins(link)
    reservation_sid = fields.pop("reservation_sid")
    return {"item": reservation_sid} | {name: value for name, value in fields.items() if value not in ("", 0, {})}


def _is_in(states: Sequence[State]) -> tuple[str, dict[str, object]]:
    values: dict[str, object] = {f":state{number}": state for number, state in enumerate(states)}
    return f"#state IN ({', '.join(values)})", values


def _write_link(key: Key, write: table.Write) -> Link:
    try:
        return link_of(table.write(key, write))
    except table.ConditionFailed as failed:
        if failed.current and _is_ours(failed.current, write.changes):
            return failed.current
        raise


def _is_ours(link: Link, changes: Mapping[str, object]) -> bool:
    """Whether what stands is this very write, which was sent again as the connection broke off."""
    marked = "state" in changes or {"reason", "check_at"} <= changes.keys()
    return marked and all(getattr(link, name) == value for name, value in changes.items() if value)

"""A worker at the desk talks to a colleague first: what stands of it in the worker's link, each step once.

The caller is on hold from `begin` on. One conditional write decides what becomes of them: back to the worker, handed
over to the colleague, or, where the worker is gone, given away as `table.transfer` does it. Whoever is second reads
what stands.
"""

from collections.abc import Mapping, Sequence

from chalicelib.links import table
from chalicelib.links.model import HANDED, Key, Link, link_of
from chalicelib.links.table import ConditionFailed

CHECK_SECONDS = 45  # less than a minute: a sweep of the next minute looks at the link
_NOT_DECIDED = "attribute_not_exists(transferred_to)"
_OF_ONE = ("consult_task", "consult_name", "consult_reservation", "consult_leg")  # what is known of one that is asked


def begin(link: Link, to: str, now: float, known: Mapping[str, object]) -> Link:
    """The worker asks `to` first, and the caller is on hold. `known` is kept with it.

    Returns the link as it stands, which may say something else. Raises ConditionFailed: there is no link of this leg.
    """
    asked = {"consults": to, "consult_number": link.consult_number + 1, "consult_state": "asking", "held_at": now}
    condition = (
        "attribute_not_exists(#consults) AND attribute_not_exists(closed_at) AND worker_call_sid = :leg"
        f" AND (attribute_not_exists(#consult_number) OR #consult_number = :before) AND {_NOT_DECIDED}"
    )
    values = {":leg": link.worker_call_sid, ":before": link.consult_number}
    return _write(link.key, {**known, **asked, "check_at": int(now) + CHECK_SECONDS}, condition, values, remove=_OF_ONE)


def posted(link: Link, task_sid: str) -> Link:
    """The task by which the colleague is asked is made."""
    return _of_this(link, {"consult_task": task_sid}, "attribute_exists(consults)")


def answered(key: Key, colleague: Link, leg: str) -> Link:
    """A colleague has taken it: the two talk. Returns the worker's link as it stands."""
    known = {
        "consult_state": "talking",
        "consult_name": colleague.worker_name,
        "consult_reservation": colleague.reservation_sid,
        "consult_leg": leg,
    }
    condition = f"consult_number = :number AND #consult_state = :asking AND {_NOT_DECIDED}"
    return _write(key, known, condition, {":number": colleague.consult_number_of, ":asking": "asking"})


def over(key: Key, number: int, reservation_sid: str = "") -> Link:
    """The colleague has left, or, without a reservation, nobody takes it any more: the worker sees that."""
    of_them = "consult_reservation = :them" if reservation_sid else "attribute_not_exists(consult_reservation)"
    values = {":number": number, ":both": "both"} | ({":them": reservation_sid} if reservation_sid else {})
    stands = "attribute_exists(consults) AND consult_number = :number AND #consult_state <> :both"
    condition = f"{stands} AND {of_them} AND {_NOT_DECIDED}"
    return _write(key, {"consult_state": "over"}, condition, values)


def join(link: Link) -> Link:
    """The caller is off hold: all three talk."""
    condition = f"#consult_state = :talking AND consult_number = :number AND {_NOT_DECIDED}"
    values = {":talking": "talking", ":number": link.consult_number}
    return _write(link.key, {"consult_state": "both"}, condition, values, remove=("held_at",))


def back(link: Link) -> Link:
    """The worker has the caller back, and nobody is asked any more."""
    gone = ("consults", "consult_state", "held_at", *_OF_ONE)
    return _of_this(link, {}, "attribute_exists(#consults)", gone)


def hand_over(link: Link, now: float) -> Link:
    """The colleague gets the caller; the worker leaves the talk."""
    to = {"transferred_to": f"{HANDED}{link.consult_name}", "transferred_at": now}
    values = {":number": link.consult_number, ":them": link.consult_reservation, ":over": "over"}
    condition = (
        "consult_number = :number AND consult_reservation = :them AND consult_state <> :over"
        " AND attribute_not_exists(#transferred_to)"
    )
    return _write(link.key, to, condition, values, defaults={"held_at": now})


def took_over(key: Key, now: float) -> None:
    """The colleague has the caller. Raises ConditionFailed: there is no link of theirs."""
    check = {"check_at": int(now) + CHECK_SECONDS}
    table.update_row(key, check, "attribute_exists(consult_of)", {}, defaults={"took_over_at": now})


def _of_this(link: Link, changes: Mapping[str, object], condition: str, remove: Sequence[str] = ()) -> Link:
    expected = f"{condition} AND consult_number = :number AND {_NOT_DECIDED}"
    return _write(link.key, changes, expected, {":number": link.consult_number}, remove=remove)


def _write(
    key: Key,
    changes: Mapping[str, object],
    condition: str,
    values: Mapping[str, object],
    *,
    remove: Sequence[str] = (),
    defaults: Mapping[str, object] | None = None,
) -> Link:
    """The link as it stands, whether this wrote it or somebody was faster. Raises ConditionFailed: there is none."""
    try:
        return link_of(table.update_row(key, changes, condition, values, defaults=defaults, remove=remove))
    except ConditionFailed as failed:
        if failed.current is None:
            raise
        return failed.current

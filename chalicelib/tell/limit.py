"""How much one target is told in an hour: what is more is counted, and told as one number when the hour is over.

The row of a target and an hour has a short name of each notice, in the order in which they came: the first ones are
told, and a notice that comes twice has its place already.
"""

from datetime import UTC, datetime
from hashlib import sha256

from chalicelib.config import callcenter
from chalicelib.config.schema import DAY_SECONDS
from chalicelib.links import notices, table
from chalicelib.links.model import Key, Notice

HOUR_SECONDS = 3600
AFTER_THE_HOUR_SECONDS = 60  # longer than a sweep that began before its end
MOST_COUNTED = 1000  # so that the row stays small
TOLD = "TOLD"
TRIES = 3


class Busy(Exception):
    """Other sweeps count for the same target again and again: the notice is told a minute later."""


def is_within(target: str, notice: Notice, now: float) -> bool:
    """Whether this target may be told of this now; else it is counted as one more, once.

    Raises Busy, and what AWS raises.
    """
    if has_place(_row(target, now), _name(notice), now):
        return True
    _have_told(target, now)
    return False


def has_place(key: Key, name: str, now: float) -> bool:
    """Whether it is among the first of the hour. Whoever has no place yet gets the next one."""
    for _ in range(TRIES):
        row = table.find_row(key)
        names = [*row.get("by", ())]
        if name not in names and len(names) < MOST_COUNTED:
            known = {"by": [*names, name], "count": len(names) + 1, "expires_at": int(now) + 2 * DAY_SECONDS}
            try:
                table.update_row(key, known, "attribute_not_exists(#count) OR #count = :seen", {":seen": len(names)})
            except table.ConditionFailed:
                continue
            names.append(name)
        return name in names[: callcenter.current().tell.per_hour]
    raise Busy


def more(notice: Notice) -> int:
    """How many notices this target was not told of in the hour that this one is about."""
    # `at` is a minute after the hour: an hour before it is a minute after its begin.
    counted = len(table.find_row(_row(notice.target, notice.at - HOUR_SECONDS)).get("by", ()))
    return max(counted - callcenter.current().tell.per_hour, 0)


def said(count: int, notice: Notice) -> str:
    """The words of what is told after the hour."""
    since = datetime.fromtimestamp(notice.at - AFTER_THE_HOUR_SECONDS - HOUR_SECONDS, UTC)
    until = datetime.fromtimestamp(notice.at - AFTER_THE_HOUR_SECONDS, UTC)
    least = " or" if count + callcenter.current().tell.per_hour >= MOST_COUNTED else ""
    return f"And {count}{least} more from {since:%Y-%m-%d %H:%M} to {until:%H:%M} UTC, too many to be told one by one."


def _have_told(target: str, now: float) -> None:
    """The number is told after the hour: a notice of its own, which comes due then."""
    ends = (now // HOUR_SECONDS + 1) * HOUR_SECONDS
    notices.order(Notice(what="more", at=ends + AFTER_THE_HOUR_SECONDS, target=target), 0)


def _row(target: str, now: float) -> Key:
    return Key(TOLD, f"{target}#{now // HOUR_SECONDS:.0f}")


def _name(notice: Notice) -> str:
    whole = f"{notice.key.subject}/{notice.key.reservation_sid}/{int(notice.at)}"
    return sha256(whole.encode()).hexdigest()[:12]

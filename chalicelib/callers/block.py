"""A caller is blocked, and let in again, on every line that asks who calls. Who is blocked is not called back."""

from collections.abc import Mapping

import msgspec

from chalicelib.callbacks import asking
from chalicelib.config import callcenter, schema
from chalicelib.config.schema import CallCenter
from chalicelib.links import profiles
from chalicelib.links.profiles import KEPT_DAYS, KNOWN_CHANGES, Change, Profile
from chalicelib.observability import log
from chalicelib.twilio.values import person

BLOCKED = "the caller is blocked"
NO_LINE = "no line asks who calls: give one a table [lines.NAME.know_caller], and deploy"


def why_not(number: str, center: CallCenter) -> str:
    """Why nobody can block this number; empty if they can."""
    if not person(number):
        return f"{number!r} is no caller's number: write it as +14155550100"
    if number in center.own_numbers():
        return f"{number} is one of your own lines"
    return "" if center.asks_who_calls else NO_LINE


def ends_at(now: float) -> float:
    """When a block ends for which nobody says so."""
    return now + KEPT_DAYS * schema.DAY_SECONDS


def add(number: str, change: Change, now: float, where: str = "") -> Profile:
    """Block this number until the change's `until`. Returns the profile as it stands.

    `where` is the table, if it is another than this process's own. The same request again changes nothing, nor does one
    that was made before another that has been done. Raises ConditionFailed, asking.Busy, and what AWS raises.
    """
    blocks = {"blocked_until": change.until, "open": profiles.OPEN, "check_at": int(change.until)}
    standing = _change(number, change, blocks, now, where)
    if standing.is_blocked(now):
        _end_callbacks(number, now, where)
    return standing


def remove(number: str, change: Change, now: float, where: str = "") -> Profile:
    """Let this number in again. Raises ConditionFailed, and what AWS raises."""
    return _change(number, change, {"blocked_until": 0, "open": "", "check_at": ""}, now, where)


def _change(number: str, change: Change, made: Mapping[str, object], now: float, where: str) -> Profile:
    """Write it, with who did it and why, unless it is done already."""

    def changes(standing: Profile) -> Mapping[str, object]:
        if any(one.sid == change.sid or one.at > change.at for one in standing.changes):
            return {}
        known = [msgspec.to_builtins(one) for one in (change, *standing.changes)][:KNOWN_CHANGES]
        return {**made, "changes": known}

    standing = profiles.change(number, changes, now, max(ends_at(now), change.until), where)
    log.info("caller by hand", caller=number, did=change.did, by=change.by, until=int(change.until), why=change.reason)
    return standing


def set_known(number: str, change: Change, made: Mapping[str, object], now: float, where: str = "") -> Profile:
    """Somebody says by hand what else is known of this caller. Raises ConditionFailed, and what AWS raises."""
    return _change(number, change, made, now, where)


def _end_callbacks(number: str, now: float, where: str) -> None:
    for name, line in callcenter.current().lines.items():
        if line.callback:
            asking.withdraw(number, name, now, BLOCKED, where)

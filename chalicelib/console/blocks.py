"""The callers who are blocked: blocked by their number or by a call of theirs, and let in again."""

from collections.abc import Mapping
from typing import Any

from chalicelib.callbacks.asking import Busy
from chalicelib.callers import block
from chalicelib.config import callcenter
from chalicelib.config.schema import DAY_SECONDS
from chalicelib.console.answers import Asked, Changed, NotFound, Wrong
from chalicelib.links import profiles, reading
from chalicelib.links.profiles import KEPT_DAYS, Change, Did, Profile
from chalicelib.links.table import ConditionFailed
from chalicelib.observability.masking import mask
from chalicelib.twilio.values import count

DOES = ("block", "unblock")


def listed(asked: Asked) -> Mapping[str, Any]:
    """Who is blocked now, the first to end first; numbers are masked, and `block` tells one from another."""
    return {
        "blocked": [_shown(one) for one in _blocked(asked.at)],
        "possible": callcenter.current().asks_who_calls,
    }


def act(asked: Asked) -> Mapping[str, str]:
    """Block the caller of a `call_sid`, or a `number`, for so many `days`; or end the `block`.

    Raises NotFound, Wrong, Changed.
    """
    try:
        if asked.one_of("did", DOES) == "block":
            return _block(asked, _number(asked))
        return _unblock(asked)
    except (ConditionFailed, Busy):
        raise Changed("others change this caller at the same moment: look again") from None


def _block(asked: Asked, number: str) -> Mapping[str, str]:
    why_not = block.why_not(number, callcenter.current())
    if why_not:
        raise Wrong(why_not)
    days = count(asked.order.get("days", ""))
    if not 0 <= days <= KEPT_DAYS:
        raise Wrong(f"days are 1 to {KEPT_DAYS}")
    until = asked.at + days * DAY_SECONDS if days else block.ends_at(asked.at)
    block.add(number, _change(asked, "blocked", until, asked.order.get("reason", "")), asked.at)
    return {"said": f"{mask(number)} is blocked."}


def _unblock(asked: Asked) -> Mapping[str, str]:
    wanted = asked.order.get("block", "")
    found = next((one for one in _blocked(asked.at) if one.block and one.block.sid == wanted), None)
    if found is None:
        raise NotFound("there is no such block, or it has ended")
    block.remove(found.number, _change(asked, "unblocked"), asked.at)
    return {"said": f"{mask(found.number)} is let in again."}


def _number(asked: Asked) -> str:
    """Raises NotFound."""
    call_sid = asked.order.get("call_sid", "")
    if not call_sid:
        return asked.order.get("number", "").replace(" ", "")
    call = reading.of_call(call_sid).call
    if call is None:
        raise NotFound("there is no such call")
    return call.caller


def _blocked(now: float) -> list[Profile]:
    return [one for one in profiles.blocked() if one.is_blocked(now)]


def _shown(one: Profile) -> Mapping[str, Any]:
    by, reason, sid = (one.block.by, one.block.reason, one.block.sid) if one.block else ("", "", "")
    return {"block": sid, "number": mask(one.number), "until": one.blocked_until, "by": by, "reason": mask(reason)}


def _change(asked: Asked, did: Did, until: float = 0, reason: str = "") -> Change:
    return Change(did=did, at=float(int(asked.at)), by=asked.person.mail, sid=asked.sid, until=until, reason=reason)

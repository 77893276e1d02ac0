"""The worker of a talk is remembered at the link's end, on lines that offer a caller to the same worker again."""

from collections.abc import Mapping

import msgspec

from chalicelib.config import callcenter
from chalicelib.config.schema import DAY_SECONDS
from chalicelib.links import callbacks, profiles
from chalicelib.links.model import Link
from chalicelib.links.profiles import Profile, Talked
from chalicelib.observability import log
from chalicelib.twilio.values import person

MOST_LINES = 50  # of one caller, the latest


def remember(link: Link) -> None:
    """Keep whose worker it was, if the line wants that and if possible. A talk that began earlier changes nothing."""
    name, line = callcenter.current().line_of(link.caller_id)
    rules, number = line.know_caller, person(link.caller)
    if rules is None or rules.same_worker is None or not (number and link.worker_name and link.bridged_at):
        return
    needed = link.bridged_at + rules.same_worker.days * DAY_SECONDS
    try:
        if link.is_of_the_caller or _was_reached(link):
            profiles.change(number, lambda standing: _with(standing, name, link), link.bridged_at, needed)
    except Exception as error:
        log.error("the caller's last worker is not kept", **link.key.sids, why=type(error).__name__)


def _was_reached(link: Link) -> bool:
    """Who takes a callback talks to the caller if that one answers; of other work nobody knows. Raises as AWS."""
    callback = callbacks.find(link.callback) if link.callback else None
    return bool(callback and callback.state == "talked" and callback.reservation_sid == link.reservation_sid)


def _with(standing: Profile, line: str, link: Link) -> Mapping[str, object]:
    before = standing.workers.get(line)
    if before and before.at >= link.bridged_at:
        return {}
    known = {**standing.workers, line: Talked(link.worker_name, link.bridged_at)}
    latest = sorted(known.items(), key=lambda one: one[1].at, reverse=True)[:MOST_LINES]
    return {"workers": {name: msgspec.to_builtins(talked) for name, talked in latest}}

"""Gives numbers back: each leads again where it led before the stage took it over."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from twilio.rest import Client

from ops.aws.former import Former, FormerNumbers
from ops.callcenter import takeover
from ops.callcenter.model import Change, Step
from ops.callcenter.resources.number import Numbers, fields_of, find_number
from ops.errors import OpsError
from ops.twilio import plain_errors

NOT_HERE = "it leads to {} by now, which is left as it is"
KEPT = "; where it led before stays kept"


@dataclass(frozen=True)
class Lead:
    """Where a number leads `now`, and where it led `before` the stage took it over at `since`; empty: nowhere, or
    not known."""

    number: str
    now: str
    is_ours: bool
    is_owned: bool
    before: str = ""
    since: str = ""


def lead(client: Client, number: str, api_url: str, kept: Former | None) -> Lead:
    """Raises OpsError."""
    with plain_errors(f"looking the number {number} up"):
        found = find_number(client, number)
    fields = fields_of(found) if found else takeover.NOWHERE
    before = (takeover.leads_to(kept.fields) or "nothing", kept.at.isoformat()) if kept else ()
    now, is_ours = takeover.leads_to(fields), takeover.is_ours(fields, api_url, kept)
    return Lead(number, now, is_ours, found is not None, *before)


def plan(client: Client, numbers: Iterable[str], api_url: str, kept: Iterable[Former]) -> tuple[Step, ...]:
    """A step for each number that leads here; of one that is kept and does not, why not. Raises OpsError.

    `api_url` is empty when the application is gone.
    """
    known = {former.number: former for former in kept}
    return tuple(step for number in numbers for step in _step(client, number, api_url, known.get(number)))


def _step(client: Client, number: str, api_url: str, kept: Former | None) -> Iterator[Step]:
    with plain_errors(f"looking the number {number} up"):
        found = find_number(client, number)
    if found is None:
        return
    fields = fields_of(found)
    target = takeover.given_back(fields, api_url, kept)
    is_left = target is None or takeover.leads_to(target) == takeover.leads_to(fields)
    left = NOT_HERE.format(takeover.leads_to(fields) or "nothing") + (KEPT if kept else "")
    if target is not None:
        yield Step("restore", Numbers.name, number, found.sid, _changes(fields, target), left if is_left else "")
    elif kept:
        yield Step("impossible", Numbers.name, number, found.sid, why=left)


def do(client: Client, step: Step, api_url: str, former: FormerNumbers) -> None:
    """Take this step, unless the number leads elsewhere meanwhile. Raises OpsError."""
    kept = former.get(step.name)
    with plain_errors(f"giving the number {step.name} back"):
        number = client.incoming_phone_numbers(step.sid)
        fields = fields_of(number.fetch())
        target = takeover.given_back(fields, api_url, kept)
        if target is None:
            return
        changed = {change.field: change.new for change in _changes(fields, target)}
        after = fields_of(number.update(**changed)) if changed else fields
    if takeover.leads_to(after) != takeover.leads_to(target):
        raise OpsError(f"Twilio does not keep where {step.name} is to lead: it leads to {takeover.leads_to(after)}")
    if kept and takeover.leads_to(after) == takeover.leads_to(kept.fields):
        former.forget(step.name)


def _changes(fields: takeover.Fields, target: takeover.Fields) -> tuple[Change, ...]:
    return tuple(Change(name, fields[name], target[name]) for name in target if fields[name] != target[name])

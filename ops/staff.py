"""The workers at Twilio: in which activity each is, and since when; put on and off the phones by an operator."""

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, NamedTuple

import msgspec

from chalicelib.links.model import Link
from ops.errors import OpsError, TwilioError, UsageError
from ops.twilio import plain_errors

USUAL = "Available"
PAGE_SIZE = 100
AT_ONCE_SECONDS = 10  # between the end of a reservation and the change of activity that follows from it
# How a link ends, or why, after which a rule may have taken the worker off the phones; in direct mode TaskRouter takes
# the reservation of who does not answer back.
NOT_TAKEN = frozenset({"rejected", "timeout"})
UNANSWERED = frozenset({"busy", "no-answer", "failed"})


class Worker(msgspec.Struct, frozen=True):
    """`since`, in epoch seconds, is when the worker got into the activity."""

    name: str
    activity: str
    available: bool
    since: float
    contact_uri: str
    sid: str


class Activity(NamedTuple):
    name: str
    sid: str
    available: bool


class Staff:
    """The workers of one workspace of Twilio's. Every method raises OpsError."""

    def __init__(self, client: Any, workspace_sid: str) -> None:
        if not workspace_sid:
            raise OpsError("the stage has no workspace yet: run apply first")
        self._workspace = client.taskrouter.v1.workspaces(workspace_sid)

    def all(self) -> list[Worker]:
        """Every worker, by name."""
        with plain_errors("read the workers"):
            found = self._workspace.workers.list(page_size=PAGE_SIZE)
        return sorted(map(_worker, found), key=lambda worker: worker.name.lower())

    def find(self, name: str) -> Worker:
        """The worker of this name, in any case, or of this sid. Raises UsageError that says who may be meant."""
        workers = self.all()
        for worker in workers:
            if name in (worker.sid, worker.name) or name.lower() == worker.name.lower():
                return worker
        raise UsageError(unknown("worker", name, [worker.name for worker in workers]))

    def activity(self, name: str, *, available: bool) -> Activity:
        """The activity of this name, or without one the usual one of those in which a worker takes calls, or not.

        Raises UsageError.
        """
        with plain_errors("read the activities"):
            listed = self._workspace.activities.list(page_size=PAGE_SIZE)
            default = "" if available or name else str(self._workspace.fetch().default_activity_sid)
        known = [Activity(str(one.friendly_name), str(one.sid), bool(one.available)) for one in listed]
        fitting = [one for one in known if one.available == available]
        return _named(name, known, available) if name else _usual(fitting, default)

    def move(self, worker: Worker, activity: Activity) -> None:
        """Put the worker into the activity, unless somebody else has moved them since."""
        with plain_errors(f"move {worker.name}"):
            now = self._workspace.workers(worker.sid).fetch_with_http_info()
        if now.data.activity_name != worker.activity:
            raise OpsError(f"{worker.name} is {now.data.activity_name} meanwhile: look again")
        etag = now.headers.get("ETag", "")
        try:
            with plain_errors(f"move {worker.name}"):
                expected = {"if_match": etag} if etag else {}
                self._workspace.workers(worker.sid).update(activity_sid=activity.sid, **expected)
        except TwilioError as error:
            raise (
                OpsError(f"{worker.name} was changed meanwhile: look again") if error.status == 412 else error
            ) from None


def _usual(fitting: Sequence[Activity], default: str) -> Activity:
    """The workspace's default, the one that is called as usual, or the only one."""
    for one in fitting:
        if one.sid == default or (one.available and one.name == USUAL):
            return one
    if len(fitting) == 1:
        return fitting[0]
    raise UsageError(f"give --activity: {', '.join(one.name for one in fitting) or 'there is none'}")


def _named(name: str, known: Sequence[Activity], available: bool) -> Activity:
    found = next((one for one in known if one.name.lower() == name.lower()), None)
    if found is None:
        raise UsageError(unknown("activity", name, [one.name for one in known if one.available == available]))
    if found.available != available:
        raise UsageError(f"who is {found.name} gets {'calls' if found.available else 'no calls'}")
    return found


def unknown(what: str, name: str, known: Sequence[str]) -> str:
    """There is nothing of this name; which may be meant, or which there are."""
    lower = {one.lower(): one for one in known}
    near = [lower[one] for one in get_close_matches(name.lower(), lower, n=1)]
    hint = f"did you mean {near[0]!r}?" if near else f"there is {', '.join(known) or 'none'}"
    return f"there is no {what} {name!r}; {hint}"


def missed_call(worker: Worker, links: Callable[[float, float], Sequence[Link]]) -> Link | None:
    """The call for which a rule took this worker off the phones; None where a person did it, as far as is known.

    `links` gives the worker's links that were reserved in this time.
    """
    hour = 3600
    for link in links(worker.since - hour, worker.since + AT_ONCE_SECONDS):
        not_taken = link.outcome in NOT_TAKEN or link.reason in UNANSWERED
        if not_taken and abs(link.closed_at - worker.since) <= AT_ONCE_SECONDS:
            return link
    return None


def _worker(found: Any) -> Worker:
    return Worker(
        name=str(found.friendly_name),
        activity=str(found.activity_name),
        available=bool(found.available),
        since=found.date_status_changed.timestamp() if found.date_status_changed else 0.0,
        contact_uri=_contact_uri(found.attributes),
        sid=str(found.sid),
    )


def _contact_uri(attributes: str | None) -> str:
    try:
        known = msgspec.json.decode(attributes or "{}", type=Mapping[str, Any])
    except msgspec.DecodeError:
        return ""
    return str(known.get("contact_uri", ""))

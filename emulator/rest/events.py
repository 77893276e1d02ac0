"""REST on a workspace's events: what its callback was told, or would have been (contract 6)."""

from collections.abc import Callable, Iterable

from emulator.rest.collection import TASKROUTER, Collection
from emulator.rest.fields import window
from emulator.rest.framework import Body, Request, parameters
from emulator.taskrouter.model import Told

KEPT_SECONDS = 30 * 86_400
_OTHERS = {"EventType": "EventType", "Sid": "Sid", "TaskChannel": "TaskChannelUniqueName"}  # parameter -> field
_SIDS = ("ReservationSid", "TaskQueueSid", "TaskSid", "WorkerSid", "WorkflowSid")


def _all(request: Request) -> Iterable[Told]:
    """The newest first."""
    oldest = request.now() - KEPT_SECONDS
    return [event for event in reversed(request.engine.workspace.told) if event.at >= oldest]


def _wanted(request: Request) -> Callable[[Told], bool]:
    """Of the last 15 minutes, unless Minutes or StartDate say otherwise. TwilioError 20001 for a date that is none."""
    since, end = window(request)
    fields = {name: request.text(name) for name in _SIDS if request.text(name)}
    fields |= {form: request.text(name) for name, form in _OTHERS.items() if request.text(name)}

    def wanted(event: Told) -> bool:
        in_time = since <= event.at and (end is None or event.at <= end)
        return in_time and all(event.form.get(name) == value for name, value in fields.items())

    return wanted


def _body(request: Request, event: Told) -> Body:
    return request.representations.event(event.at, event.form)


ROUTES = Collection(
    api=TASKROUTER,
    path="/v1/Workspaces/{workspace}/Events",
    key="events",
    items=_all,
    body=_body,
    wanted=_wanted,
    lists=parameters(f"EndDate StartDate Minutes {' '.join((*_SIDS, *_OTHERS))}"),
).routes()

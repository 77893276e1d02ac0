"""REST on activities (contract 7.5)."""

from collections.abc import Callable, Iterable

from emulator.rest.collection import TASKROUTER, Collection
from emulator.rest.fields import called, changed_name
from emulator.rest.framework import Body, Request, parameters
from emulator.taskrouter.model import Activity


def _all(request: Request) -> Iterable[Activity]:
    return request.engine.workspace.activities.values()


def _body(request: Request, activity: Activity) -> Body:
    return request.representations.activity(activity)


def _wanted(request: Request) -> Callable[[Activity], bool]:
    is_called, any_will_do, available = called(request), not request.gives("Available"), request.flag("Available")
    return lambda activity: is_called(activity) and (any_will_do or activity.available == available)


def _create(request: Request) -> Activity:
    """Not available unless it is said (contract 7.5)."""
    return request.engine.create_activity(changed_name(request, "Activities", _all(request)), request.flag("Available"))


def _update(request: Request, activity: Activity) -> None:
    """Only the name: whether an activity is available is settled when it is created."""
    activity.friendly_name = changed_name(request, "Activities", _all(request), activity.friendly_name)
    activity.updated = request.now()
    request.engine.events.resource("activity.updated", activity.sid, activity.friendly_name)


def _delete(request: Request, activity: Activity) -> None:
    engine = request.engine
    engine.check_unused_activity(activity)
    del engine.workspace.activities[activity.sid]
    engine.events.resource("activity.deleted", activity.sid, activity.friendly_name)


ROUTES = Collection(
    api=TASKROUTER,
    path="/v1/Workspaces/{workspace}/Activities",
    key="activities",
    items=_all,
    body=_body,
    wanted=_wanted,
    create=_create,
    update=_update,
    delete=_delete,
    lists=parameters("FriendlyName Available"),
    creates=parameters("FriendlyName Available"),
    updates=parameters("FriendlyName"),
).routes()

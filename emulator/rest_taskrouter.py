"""REST on TaskRouter's resources: tasks, reservations, workers, activities (contract 4.4, 5, 7.5)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from emulator import rest_tasks
from emulator.ports import TwilioError
from emulator.rest_answer import RestAnswer, refusal
from emulator.rest_request import Request, check_version, named_activity, not_found, page
from emulator.taskrouter import TaskRouter
from emulator.taskrouter_json import etag
from emulator.workspace import Worker, parsed_attributes


def handle(
    router: TaskRouter, method: str, path: str, form: Mapping[str, list[str]], headers: Mapping[str, str]
) -> RestAnswer:
    """One authenticated request to taskrouter.twilio.com.

    `path` begins with /v1/Workspaces; `form` holds the fields of the query or of the body, each with all its values;
    `headers` may be written in any case. Errors are answers too: 20404, 20001, 412, instruction codes.
    """
    request = Request(router, path, form, {name.lower(): value for name, value in headers.items()})
    try:
        return _dispatch(request, method)
    except TwilioError as error:
        return refusal(error)


def _dispatch(request: Request, method: str) -> RestAnswer:
    for route_method, pattern, door in _DOORS:
        found = re.fullmatch(pattern, request.path)
        if found and route_method == method:
            if found["workspace"] != request.router.workspace.sid:
                break
            parts = found.groupdict("")
            item, child, parent = (parts.get(name, "") for name in ("item", "child", "parent"))
            return door(replace(request, item=item, child=child, parent=parent))
    raise not_found(request)


def _worker(request: Request) -> Worker:
    worker = request.router.workspace.workers.get(request.item)
    if worker is None:
        raise not_found(request)
    return worker


def _worker_answer(request: Request, worker: Worker) -> RestAnswer:
    return RestAnswer(200, request.shapes.worker(worker), {"ETag": etag(worker.version)})


def _get_worker(request: Request) -> RestAnswer:
    return _worker_answer(request, _worker(request))


def _update_worker(request: Request) -> RestAnswer:
    worker, lifecycle = _worker(request), request.router.lifecycle
    check_version(request, worker.version)
    attributes = parsed_attributes(request.text("Attributes")) if request.text("Attributes") else None
    activity = named_activity(request, "ActivitySid")
    worker.friendly_name = request.text("FriendlyName") or worker.friendly_name
    if attributes is not None:
        lifecycle.set_worker_attributes(worker, attributes)
    if activity is not None:
        lifecycle.set_activity(worker, activity)
        if request.text("RejectPendingReservations").lower() == "true":
            lifecycle.reject_pending(worker)
    return _worker_answer(request, worker)


def _list_workers(request: Request) -> RestAnswer:
    asked_name, asked_activity = request.text("FriendlyName").lower(), request.text("ActivitySid")
    workers = [
        request.shapes.worker(worker)
        for worker in request.router.workspace.workers.values()
        if asked_name in {"", worker.friendly_name.lower()} and asked_activity in {"", worker.activity.sid}
    ]
    return page(request, "workers", workers)


def _list_activities(request: Request) -> RestAnswer:
    asked_name = request.text("FriendlyName")
    known = request.router.workspace.activities.values()
    shown = [request.shapes.activity(activity) for activity in known if asked_name in {"", activity.friendly_name}]
    return page(request, "activities", shown)


def _get_activity(request: Request) -> RestAnswer:
    if request.item not in request.router.workspace.activities:
        raise not_found(request)
    return RestAnswer(200, request.shapes.activity(request.router.workspace.activities[request.item]))


_WORKSPACE = r"/v1/Workspaces/(?P<workspace>\w+)"
_TASK = _WORKSPACE + r"/Tasks/(?P<item>\w+)"
_WORKER = _WORKSPACE + r"/Workers/(?P<item>\w+)"
_RESERVATIONS = _WORKSPACE + r"/(?P<parent>Tasks|Workers)/(?P<item>\w+)/Reservations"
_RESERVATION = _RESERVATIONS + r"/(?P<child>\w+)"

_DOORS: tuple[tuple[str, str, Callable[[Request], RestAnswer]], ...] = (
    ("GET", _WORKSPACE + "/Tasks", rest_tasks.list_tasks),
    ("POST", _WORKSPACE + "/Tasks", rest_tasks.create_task),
    ("GET", _TASK, rest_tasks.get_task),
    ("POST", _TASK, rest_tasks.update_task),
    ("GET", _RESERVATIONS, rest_tasks.list_reservations),
    ("GET", _RESERVATION, rest_tasks.get_reservation),
    ("POST", _RESERVATION, rest_tasks.update_reservation),
    ("GET", _WORKSPACE + "/Workers", _list_workers),
    ("GET", _WORKER, _get_worker),
    ("POST", _WORKER, _update_worker),
    ("GET", _WORKSPACE + "/Activities", _list_activities),
    ("GET", _WORKSPACE + r"/Activities/(?P<item>\w+)", _get_activity),
)

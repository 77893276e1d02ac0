"""REST on TaskRouter's resources: which door a request goes to (contract 4.4, 5, 7.5)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from emulator import rest_routing, rest_tasks, rest_workers, rest_workspaces
from emulator.ports import TwilioError
from emulator.rest_answer import RestAnswer, refusal
from emulator.rest_request import Request, not_found
from emulator.taskrouter import TaskRouter

Door = Callable[[Request], RestAnswer]


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
    """20404 for a path or a workspace that is not there, 20004 for a method that the path has not."""
    for pattern, doors in _DOORS:
        found = re.fullmatch(pattern, request.path)
        if found is None:
            continue
        parts = found.groupdict("")
        workspace, item, child, parent = (parts.get(name, "") for name in ("workspace", "item", "child", "parent"))
        asked = replace(request, workspace=workspace, item=item, child=child, parent=parent)
        if method not in doors:
            raise TwilioError(20004, f"Method {method} is not allowed", 405)
        if asked.workspace and asked.workspace not in request.router.spaces:
            break
        return doors[method](asked)
    raise not_found(request)


_ALL = r"/v1/Workspaces"
_WORKSPACE = _ALL + r"/(?P<workspace>\w+)"
_ITEM, _CHILD = r"/(?P<item>\w+)", r"/(?P<child>\w+)"
_RESERVATIONS = _WORKSPACE + r"/(?P<parent>Tasks|Workers)" + _ITEM + "/Reservations"
_CHANNELS = _WORKSPACE + "/Workers" + _ITEM + "/Channels"


def _doors(name: str, many: tuple[Door, Door], one: tuple[Door, Door, Door]) -> tuple[tuple[str, dict[str, Door]], ...]:
    """The usual five: list and create; fetch, update and delete."""
    collection = f"{_WORKSPACE}/{name}"
    return (
        (collection, dict(zip(("GET", "POST"), many, strict=True))),
        (collection + _ITEM, dict(zip(("GET", "POST", "DELETE"), one, strict=True))),
    )


_DOORS: tuple[tuple[str, Mapping[str, Door]], ...] = (
    (_ALL, {"GET": rest_workspaces.list_workspaces, "POST": rest_workspaces.create_workspace}),
    (
        _WORKSPACE,
        {
            "GET": rest_workspaces.get_workspace,
            "POST": rest_workspaces.update_workspace,
            "DELETE": rest_workspaces.delete_workspace,
        },
    ),
    *_doors(
        "Activities",
        (rest_workspaces.list_activities, rest_workspaces.create_activity),
        (rest_workspaces.get_activity, rest_workspaces.update_activity, rest_workspaces.delete_activity),
    ),
    *_doors(
        "TaskChannels",
        (rest_workspaces.list_task_channels, rest_workspaces.create_task_channel),
        (rest_workspaces.get_task_channel, rest_workspaces.update_task_channel, rest_workspaces.delete_task_channel),
    ),
    *_doors(
        "TaskQueues",
        (rest_routing.list_task_queues, rest_routing.create_task_queue),
        (rest_routing.get_task_queue, rest_routing.update_task_queue, rest_routing.delete_task_queue),
    ),
    *_doors(
        "Workflows",
        (rest_routing.list_workflows, rest_routing.create_workflow),
        (rest_routing.get_workflow, rest_routing.update_workflow, rest_routing.delete_workflow),
    ),
    *_doors(
        "Workers",
        (rest_workers.list_workers, rest_workers.create_worker),
        (rest_workers.get_worker, rest_workers.update_worker, rest_workers.delete_worker),
    ),
    (_CHANNELS, {"GET": rest_workers.list_worker_channels}),
    (
        _CHANNELS + _CHILD,
        {"GET": rest_workers.get_worker_channel, "POST": rest_workers.update_worker_channel},
    ),
    (_WORKSPACE + "/Tasks", {"GET": rest_tasks.list_tasks, "POST": rest_tasks.create_task}),
    (_WORKSPACE + "/Tasks" + _ITEM, {"GET": rest_tasks.get_task, "POST": rest_tasks.update_task}),
    (_RESERVATIONS, {"GET": rest_tasks.list_reservations}),
    (_RESERVATIONS + _CHILD, {"GET": rest_tasks.get_reservation, "POST": rest_tasks.update_reservation}),
)

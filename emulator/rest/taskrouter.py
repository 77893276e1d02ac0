"""REST on TaskRouter's resources: which door a request goes to (contract 4.4, 5, 7.5)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from emulator.ports import TwilioError
from emulator.rest import task_queues, tasks, workers, workspaces
from emulator.rest.answer import RestAnswer, refusal
from emulator.rest.request import Request, not_found
from emulator.taskrouter.service import TaskRouter

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
        if asked.workspace and asked.workspace not in request.router.engines:
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
    (_ALL, {"GET": workspaces.list_workspaces, "POST": workspaces.create_workspace}),
    (
        _WORKSPACE,
        {
            "GET": workspaces.get_workspace,
            "POST": workspaces.update_workspace,
            "DELETE": workspaces.delete_workspace,
        },
    ),
    *_doors(
        "Activities",
        (workspaces.list_activities, workspaces.create_activity),
        (workspaces.get_activity, workspaces.update_activity, workspaces.delete_activity),
    ),
    *_doors(
        "TaskChannels",
        (workspaces.list_task_channels, workspaces.create_task_channel),
        (workspaces.get_task_channel, workspaces.update_task_channel, workspaces.delete_task_channel),
    ),
    *_doors(
        "TaskQueues",
        (task_queues.list_task_queues, task_queues.create_task_queue),
        (task_queues.get_task_queue, task_queues.update_task_queue, task_queues.delete_task_queue),
    ),
    *_doors(
        "Workflows",
        (task_queues.list_workflows, task_queues.create_workflow),
        (task_queues.get_workflow, task_queues.update_workflow, task_queues.delete_workflow),
    ),
    *_doors(
        "Workers",
        (workers.list_workers, workers.create_worker),
        (workers.get_worker, workers.update_worker, workers.delete_worker),
    ),
    (_CHANNELS, {"GET": workers.list_worker_channels}),
    (
        _CHANNELS + _CHILD,
        {"GET": workers.get_worker_channel, "POST": workers.update_worker_channel},
    ),
    (_WORKSPACE + "/Tasks", {"GET": tasks.list_tasks, "POST": tasks.create_task}),
    (_WORKSPACE + "/Tasks" + _ITEM, {"GET": tasks.get_task, "POST": tasks.update_task}),
    (_RESERVATIONS, {"GET": tasks.list_reservations}),
    (_RESERVATIONS + _CHILD, {"GET": tasks.get_reservation, "POST": tasks.update_reservation}),
)

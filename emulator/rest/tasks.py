"""REST on tasks (contract 5)."""

from collections.abc import Callable, Iterable

from emulator.ports import TwilioError
from emulator.rest.collection import TASKROUTER, Collection
from emulator.rest.fields import number
from emulator.rest.framework import Body, Request, parameters
from emulator.taskrouter.model import Task, parsed_attributes

TASK_STATUSES = ("pending", "reserved", "assigned", "canceled", "completed", "wrapping")


def _all(request: Request) -> Iterable[Task]:
    return request.engine.workspace.tasks.values()


def _body(request: Request, task: Task) -> Body:
    return request.representations.task(task, request.now())


def _summary(request: Request, task: Task) -> Body:
    return request.representations.task(task, request.now(), with_attributes=False)


def _wanted(request: Request) -> Callable[[Task], bool]:
    """TwilioError 20001 for a status that there is not."""
    statuses = _asked_statuses(request)
    workflow_sid, queue_sid = request.text("WorkflowSid"), request.text("TaskQueueSid")
    return lambda task: (
        (not statuses or task.status in statuses)
        and workflow_sid in {"", task.workflow.sid}
        and queue_sid in {"", task.queue.sid}
    )


def _asked_statuses(request: Request) -> set[str]:
    """AssignmentStatus may be repeated or hold a list with commas."""
    statuses = {status for value in request.fields.get("AssignmentStatus", ()) for status in value.split(",")}
    unknown = statuses - set(TASK_STATUSES)
    if unknown:
        raise TwilioError(20001, f"Unknown AssignmentStatus: {', '.join(sorted(unknown))}")
    return statuses


def _create(request: Request) -> Task:
    workspace = request.engine.workspace
    workflow_sid = request.text("WorkflowSid") or next(iter(workspace.workflows), "")
    attributes = parsed_attributes(request.text("Attributes") or "{}")
    priority, timeout = number(request, "Priority") or 0, number(request, "Timeout")
    try:
        sid = request.engine.create_task(workflow_sid, attributes, priority, timeout, _channel(request))
    except TwilioError as error:  # 14220 to 14222 are <Enqueue>'s codes; that REST says 20001 is uncertain
        raise TwilioError(20001, error.message) from error
    return workspace.tasks[sid]


def _channel(request: Request) -> str:
    """The unique name of the TaskChannel that the field names by sid or unique name. TwilioError 20001."""
    channel, known = request.text("TaskChannel") or "default", request.engine.workspace.task_channels
    name = {one.sid: name for name, one in known.items()}.get(channel, channel)
    if name not in known:
        raise TwilioError(20001, f"TaskChannel {channel} does not exist")
    return name


def _update(request: Request, task: Task) -> None:
    """Status and attributes need two requests (contract 5)."""
    if not request.text("AssignmentStatus"):
        _change(request, task)
    elif request.text("Attributes"):
        raise TwilioError(20001, "AssignmentStatus and Attributes cannot be updated in one request")
    else:
        _change_status(request, task)


def _change_status(request: Request, task: Task) -> None:
    status, reason = request.text("AssignmentStatus"), request.text("Reason")
    lifecycle = request.engine.lifecycle
    changes: dict[str, Callable[[], None]] = {
        "canceled": lambda: lifecycle.cancel(task, reason),
        "wrapping": lambda: lifecycle.wrap(task, reason),
        "completed": lambda: lifecycle.complete(task, reason),
    }
    if status not in changes:
        raise TwilioError(20001, f"AssignmentStatus cannot be set to {status}")
    changes[status]()


def _change(request: Request, task: Task) -> None:
    priority = number(request, "Priority")
    if priority is not None:
        task.priority = priority
    if request.text("Attributes"):
        task.attributes = parsed_attributes(request.text("Attributes"))
    if priority is not None or request.text("Attributes"):
        request.engine.lifecycle.updated(task)


ROUTES = Collection(
    api=TASKROUTER,
    path="/v1/Workspaces/{workspace}/Tasks",
    key="tasks",
    items=_all,
    body=_body,
    summary=_summary,
    wanted=_wanted,
    version=lambda task: task.version,
    create=_create,
    update=_update,
    lists=parameters(
        "AssignmentStatus WorkflowSid TaskQueueSid",
        refuses="Priority WorkflowName TaskQueueName EvaluateTaskAttributes RoutingTarget HasAddons=false "
        "Ordering=DateCreated:asc",
    ),
    creates=parameters(
        "Attributes WorkflowSid Priority Timeout TaskChannel",
        refuses="VirtualStartTime RoutingTarget IgnoreCapacity=false TaskQueueSid",
    ),
    updates=parameters("Attributes AssignmentStatus Reason Priority", refuses="TaskChannel VirtualStartTime"),
    unimitated=frozenset({"DELETE"}),
).routes()

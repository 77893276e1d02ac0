"""REST on tasks (contract 5)."""

from collections.abc import Callable, Iterable, Mapping

from emulator.ports import TwilioError
from emulator.rest import task_lists
from emulator.rest.collection import TASKROUTER, Collection
from emulator.rest.fields import moment, number
from emulator.rest.framework import Body, Request, parameters
from emulator.taskrouter.model import Directed, Task, parsed_attributes

EARLIEST_START = -2_208_988_800.0  # 1 January 1900


def _all(request: Request) -> Iterable[Task]:
    return request.engine.workspace.tasks.values()


def _body(request: Request, task: Task) -> Body:
    return request.representations.task(task, request.now())


def _create(request: Request) -> Task:
    workspace = request.engine.workspace
    directed = _directed(request)
    workflow_sid = _workflow_sid(request, directed) or next(iter(workspace.workflows), "")
    attributes = parsed_attributes(request.text("Attributes") or "{}")
    priority, timeout = number(request, "Priority") or 0, number(request, "Timeout")
    channel, start = _channel(request), _virtual_start(request)
    try:
        sid = request.engine.create_task(
            workflow_sid, attributes, priority, timeout, channel, virtual_start=start, directed=directed
        )
    except TwilioError as error:  # 14220 to 14222 are <Enqueue>'s codes; that REST says 20001 is uncertain
        raise TwilioError(20001, error.message) from error
    return workspace.tasks[sid]


def _directed(request: Request) -> Directed:
    """Where the task is sent past its workflow. TwilioError 20001 (uncertain) for what is not there or does not fit."""
    workspace, target, queue_sid = request.engine.workspace, request.text("RoutingTarget"), request.text("TaskQueueSid")
    queues, ignores = workspace.task_queues, request.flag("IgnoreCapacity")
    if target and not any(target in known for known in (workspace.workers, queues, workspace.workflows)):
        raise TwilioError(20001, f"RoutingTarget is no worker, task queue or workflow: {target}")
    if queue_sid and queue_sid not in queues:
        raise TwilioError(20001, f"TaskQueueSid {queue_sid} does not exist")
    if target in queues and queue_sid not in {"", target}:
        raise TwilioError(20001, f"RoutingTarget and TaskQueueSid are two task queues: {target} and {queue_sid}")
    if ignores and target not in workspace.workers:
        raise TwilioError(20001, "IgnoreCapacity can only be used when RoutingTarget is a worker")
    ignored = target in workspace.workers and (ignores or not request.text("IgnoreCapacity"))
    return Directed(target, ignored, target if target in queues else queue_sid)


def _workflow_sid(request: Request, directed: Directed) -> str:
    """The one that is named by WorkflowSid, or by RoutingTarget. TwilioError 20001 when they name two."""
    named, target = request.text("WorkflowSid"), directed.target
    if target not in request.engine.workspace.workflows:
        return named
    if named not in {"", target}:
        raise TwilioError(20001, f"RoutingTarget and WorkflowSid are two workflows: {target} and {named}")
    return target


def _channel(request: Request) -> str:
    """The unique name of the TaskChannel that the field names by sid or unique name. TwilioError 20001."""
    channel, known = request.text("TaskChannel") or "default", request.engine.workspace.task_channels
    name = {one.sid: name for name, one in known.items()}.get(channel, channel)
    if name not in known:
        raise TwilioError(20001, f"TaskChannel {channel} does not exist")
    return name


def _virtual_start(request: Request) -> float | None:
    """VirtualStartTime in epoch seconds, None when it was not sent. TwilioError 20001; the code is uncertain."""
    start = moment(request, "VirtualStartTime")
    if start is not None and not EARLIEST_START <= start <= request.now():
        raise TwilioError(
            20001, f"VirtualStartTime is in the future or before 1900: {request.text('VirtualStartTime')}"
        )
    return start


def _update(request: Request, task: Task) -> None:
    """A status and fields in one request are both done, or neither; not every status takes attributes."""
    status, fields = request.text("AssignmentStatus"), _fields(request)
    if status in {"wrapping", "completed"} and "attributes" in fields:
        raise TwilioError(20001, f"AssignmentStatus={status} and Attributes cannot be updated in one request")
    before = {name: getattr(task, name) for name in fields}
    vars(task).update(fields)
    if status:
        try:
            _change_status(request, task)
        except TwilioError:
            vars(task).update(before)
            raise
    elif fields:
        request.engine.lifecycle.updated(task)
        if "attributes" in fields and request.voice.context.worlds["new_attributes"] == "move":
            request.engine.routing.evaluate_anew(task)


def _fields(request: Request) -> Mapping[str, object]:
    """What the request changes beside the status. TwilioError 20001."""
    attributes, channels = request.text("Attributes"), request.engine.workspace.task_channels
    fields = {
        "attributes": parsed_attributes(attributes) if attributes else None,
        "priority": number(request, "Priority"),
        "virtual_start": _virtual_start(request),
        "channel": channels[_channel(request)] if request.text("TaskChannel") else None,
    }
    return {name: value for name, value in fields.items() if value is not None}


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


def _delete(request: Request, task: Task) -> None:
    cancels = request.voice.context.worlds["deleted_task"] == "cancels_reservation"
    request.engine.lifecycle.remove(task, cancels_reservation=cancels)


ROUTES = Collection(
    api=TASKROUTER,
    path="/v1/Workspaces/{workspace}/Tasks",
    key="tasks",
    items=_all,
    body=_body,
    summary=task_lists.summary,
    wanted=task_lists.wanted,
    order=task_lists.ordered,
    version=lambda task: task.version,
    create=_create,
    update=_update,
    delete=_delete,
    lists=task_lists.PARAMETERS,
    creates=parameters(
        "Attributes WorkflowSid Priority Timeout TaskChannel VirtualStartTime RoutingTarget IgnoreCapacity TaskQueueSid"
    ),
    updates=parameters("Attributes AssignmentStatus Reason Priority VirtualStartTime TaskChannel"),
).routes()

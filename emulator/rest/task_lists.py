"""The list of tasks: which of them, in which order, and what it shows of each (contract 5)."""

from collections.abc import Callable

from emulator.ports import TwilioError
from emulator.rest.fields import expression, number
from emulator.rest.framework import Body, Request, parameters
from emulator.taskrouter.model import Task
from taskrouter_expressions import evaluate

EVALUATIONS_PER_SECOND = 3
STATUSES = ("pending", "reserved", "assigned", "canceled", "completed", "wrapping")
ORDERINGS: dict[str, Callable[[Task], float]] = {
    "DateCreated": lambda task: task.created,
    "Priority": lambda task: task.priority,
    "VirtualStartTime": lambda task: task.virtual_start,
}


def summary(request: Request, task: Task) -> Body:
    """Whether a list shows attributes is uncertain (contract 12)."""
    whole = request.voice.context.worlds["listed_attributes"] == "whole"
    return request.representations.task(task, request.now(), with_attributes=whole)


def wanted(request: Request) -> Callable[[Task], bool]:
    """TwilioError 20001 for a status, a number or an expression that is none."""
    statuses, priority = _asked_statuses(request), number(request, "Priority")
    attributes = expression(request, "EvaluateTaskAttributes")
    if attributes is not None:
        _count(request)

    def wanted(task: Task) -> bool:
        return (
            (not statuses or task.status in statuses)
            and priority in {None, task.priority}
            and _is_there(request, task)
            and not _has_what_none_has(request)
            and (attributes is None or evaluate(attributes, task.attributes))
        )

    return wanted


def _count(request: Request) -> None:
    """TwilioError 20429 for the fourth list within a second that is asked for by attributes (contract 5)."""
    now, times = request.now(), request.engine.evaluations
    while times and times[0] <= now - 1:
        times.popleft()
    if len(times) >= EVALUATIONS_PER_SECOND:
        raise TwilioError(20429, "Too Many Requests", 429)
    times.append(now)


def _asked_statuses(request: Request) -> set[str]:
    """AssignmentStatus may be repeated or hold a list with commas, and blanks after them."""
    given = request.fields.get("AssignmentStatus", ())
    statuses = {status.strip() for value in given for status in value.split(",")} - {""}
    unknown = statuses - set(STATUSES)
    if unknown:
        raise TwilioError(20001, f"Unknown AssignmentStatus: {', '.join(sorted(unknown))}")
    return statuses


def _is_there(request: Request, task: Task) -> bool:
    """Whether the task is in the workflow and the queue that the list is asked for, by sid or name."""
    return (
        request.text("WorkflowSid") in {"", task.workflow.sid}
        and request.text("WorkflowName") in {"", task.workflow.friendly_name}
        and request.text("TaskQueueSid") in {"", task.queue.sid}
        and request.text("TaskQueueName") in {"", task.queue.friendly_name}
    )


def _has_what_none_has(request: Request) -> bool:
    """No task here has add-ons, or was created with a RoutingTarget."""
    return request.flag("HasAddons") or request.text("RoutingTarget") != ""


def ordered(request: Request, tasks: list[Task]) -> list[Task]:
    """By `Attribute:asc|desc`, several with commas; by DateCreated unless it is said. TwilioError 20001."""
    for part in reversed(request.text("Ordering").split(",")):
        name, _, direction = part.strip().partition(":")
        if part.strip() and (name not in ORDERINGS or direction not in {"asc", "desc"}):
            raise TwilioError(
                20001, f"Ordering is no list of Attribute:asc or Attribute:desc: {request.text('Ordering')}"
            )
        if part.strip():
            tasks = sorted(tasks, key=ORDERINGS[name], reverse=direction == "desc")
    return tasks


PARAMETERS = parameters(
    "AssignmentStatus WorkflowSid WorkflowName TaskQueueSid TaskQueueName Priority EvaluateTaskAttributes "
    "RoutingTarget HasAddons Ordering"
)

"""The list of tasks: which of them, in which order, and what it shows of each (contract 5)."""

from collections.abc import Callable

from emulator.ports import TwilioError
from emulator.rest.fields import expression, in_order, limit, number
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
        limit(request.engine.evaluations, request.now(), EVALUATIONS_PER_SECOND)

    def wanted(task: Task) -> bool:
        return (
            (not statuses or task.status in statuses)
            and priority in {None, task.priority}
            and _is_there(request, task)
            and request.text("RoutingTarget") in {"", task.directed.target}
            and not request.flag("HasAddons")  # no task here has any
            and (attributes is None or evaluate(attributes, task.attributes))
        )

    return wanted


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


def ordered(request: Request, tasks: list[Task]) -> list[Task]:
    """By DateCreated unless Ordering says else. TwilioError 20001."""
    return in_order(request, tasks, ORDERINGS)


PARAMETERS = parameters(
    "AssignmentStatus WorkflowSid WorkflowName TaskQueueSid TaskQueueName Priority EvaluateTaskAttributes "
    "RoutingTarget HasAddons Ordering"
)

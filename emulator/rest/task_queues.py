"""REST on task queues and workflows (contract 7.5)."""

import json

from emulator.ports import TwilioError
from emulator.rest.answer import RestAnswer
from emulator.rest.request import (
    Request,
    called,
    changed_name,
    changed_url,
    named_activity,
    not_found,
    number,
    one_of,
    page,
    required,
)
from emulator.rest.workspaces import NO_CONTENT, ORDERS
from emulator.taskrouter.model import TaskQueue, Workflow, task_order
from emulator.taskrouter.workspace import RESERVATION_TIMEOUT, checked_reservation_timeout, target_expression

MOST_RESERVED_WORKERS = 50
LONGEST_CONFIGURATION = 1_000_000  # characters, contract 7.5

# Task queues


def list_task_queues(request: Request) -> RestAnswer:
    queues = request.engine.workspace.task_queues.values()
    shown = [request.representations.task_queue(queue) for queue in queues if called(request, queue.friendly_name)]
    return page(request, "task_queues", shown)


def create_task_queue(request: Request) -> RestAnswer:
    engine = request.engine
    name = changed_name(request, "TaskQueues", engine.workspace.task_queues.values())
    target_workers = request.text("TargetWorkers") if request.gives("TargetWorkers") else "1==1"
    _check_task_queue(request)
    queue = engine.create_task_queue(name, target_workers)
    _change_task_queue(request, queue)
    return RestAnswer(201, request.representations.task_queue(queue))


def _check_task_queue(request: Request) -> None:
    """Everything that can be wrong, before anything is changed."""
    if request.gives("TargetWorkers"):
        target_expression(request.text("TargetWorkers"))
    one_of(request, "TaskOrder", ORDERS, "FIFO")
    most = number(request, "MaxReservedWorkers")
    if most is not None and not 1 <= most <= MOST_RESERVED_WORKERS:
        raise TwilioError(20001, f"MaxReservedWorkers must be between 1 and {MOST_RESERVED_WORKERS}, not {most}")
    named_activity(request, "ReservationActivitySid")
    named_activity(request, "AssignmentActivitySid")


def _change_task_queue(request: Request, queue: TaskQueue) -> None:
    queue.task_order = task_order(request.text("TaskOrder") or queue.task_order)
    queue.max_reserved_workers = number(request, "MaxReservedWorkers") or queue.max_reserved_workers
    if request.gives("ReservationActivitySid"):
        queue.reservation_activity = named_activity(request, "ReservationActivitySid")
    if request.gives("AssignmentActivitySid"):
        queue.assignment_activity = named_activity(request, "AssignmentActivitySid")


def _task_queue(request: Request) -> TaskQueue:
    queue = request.engine.workspace.task_queues.get(request.item)
    if queue is None:
        raise not_found(request)
    return queue


def get_task_queue(request: Request) -> RestAnswer:
    return RestAnswer(200, request.representations.task_queue(_task_queue(request)))


def update_task_queue(request: Request) -> RestAnswer:
    queue, engine = _task_queue(request), request.engine
    _check_task_queue(request)
    known = engine.workspace.task_queues.values()
    queue.friendly_name = changed_name(request, "TaskQueues", known, queue.friendly_name)
    _change_task_queue(request, queue)
    if request.gives("TargetWorkers"):
        queue.target_workers = request.text("TargetWorkers")
        queue.expression = target_expression(queue.target_workers)
        engine.events.resource("task-queue.expression.updated", queue.sid, queue.friendly_name)
    queue.updated = engine.scheduler.now()
    engine.routing.wake()
    return get_task_queue(request)


def delete_task_queue(request: Request) -> RestAnswer:
    queue, engine = _task_queue(request), request.engine
    engine.check_unused_queue(queue)
    del engine.workspace.task_queues[queue.sid]
    engine.events.resource("task-queue.deleted", queue.sid, queue.friendly_name)
    return NO_CONTENT


# Workflows


def list_workflows(request: Request) -> RestAnswer:
    workflows = request.engine.workspace.workflows.values()
    shown = [
        request.representations.workflow(workflow) for workflow in workflows if called(request, workflow.friendly_name)
    ]
    return page(request, "workflows", shown)


def create_workflow(request: Request) -> RestAnswer:
    engine = request.engine
    name = changed_name(request, "Workflows", engine.workspace.workflows.values())
    text = required(request, "Configuration")
    url = changed_url(request, "AssignmentCallbackUrl")
    fallback_url = changed_url(request, "FallbackAssignmentCallbackUrl")
    timeout = _reservation_timeout(request, RESERVATION_TIMEOUT)
    workflow = engine.create_workflow(name, _document(text), url, fallback_url, timeout)
    workflow.document = text
    return RestAnswer(201, request.representations.workflow(workflow))


def _document(text: str) -> dict[str, object]:
    """TwilioError 20001 when the configuration is too long or no JSON object."""
    if len(text) > LONGEST_CONFIGURATION:
        raise TwilioError(20001, f"Configuration is longer than {LONGEST_CONFIGURATION} characters")
    try:
        document = json.loads(text)
    except ValueError as error:
        raise TwilioError(20001, f"Configuration is not valid JSON: {error}") from error
    if not isinstance(document, dict):
        raise TwilioError(20001, "Configuration must be a JSON object")
    return document


def _reservation_timeout(request: Request, current: int) -> int:
    asked = number(request, "TaskReservationTimeout")
    return current if asked is None else checked_reservation_timeout(asked)


def _workflow(request: Request) -> Workflow:
    workflow = request.engine.workspace.workflows.get(request.item)
    if workflow is None:
        raise not_found(request)
    return workflow


def get_workflow(request: Request) -> RestAnswer:
    return RestAnswer(200, request.representations.workflow(_workflow(request)))


def update_workflow(request: Request) -> RestAnswer:
    """A task that is on its way goes on by the rules it began with: ReEvaluateTasks is not imitated."""
    workflow, engine = _workflow(request), request.engine
    text = request.text("Configuration") or workflow.document
    configuration = engine.configuration(_document(text))
    url = changed_url(request, "AssignmentCallbackUrl", workflow.assignment_callback_url)
    fallback_url = changed_url(request, "FallbackAssignmentCallbackUrl", workflow.fallback_assignment_callback_url)
    timeout = _reservation_timeout(request, workflow.task_reservation_timeout)
    known = engine.workspace.workflows.values()
    workflow.friendly_name = changed_name(request, "Workflows", known, workflow.friendly_name)
    workflow.configuration, workflow.document = configuration, text
    workflow.assignment_callback_url, workflow.fallback_assignment_callback_url = url, fallback_url
    workflow.task_reservation_timeout = timeout
    workflow.updated = engine.scheduler.now()
    engine.events.resource("workflow.updated", workflow.sid, workflow.friendly_name)
    return get_workflow(request)


def delete_workflow(request: Request) -> RestAnswer:
    workflow, engine = _workflow(request), request.engine
    engine.check_unused_workflow(workflow)
    del engine.workspace.workflows[workflow.sid]
    engine.events.resource("workflow.deleted", workflow.sid, workflow.friendly_name)
    return NO_CONTENT

"""REST on task queues (contract 7.5)."""

from collections.abc import Callable, Iterable

from emulator.ports import TwilioError
from emulator.rest.collection import TASKROUTER, Collection
from emulator.rest.fields import ORDERS, called, changed_name, expression, in_order, named_activity, number, one_of
from emulator.rest.framework import Body, Request, parameters
from emulator.taskrouter.model import TaskQueue, task_order
from emulator.taskrouter.workspace import target_expression
from taskrouter_expressions import evaluate

MOST_RESERVED_WORKERS = 50


def _all(request: Request) -> Iterable[TaskQueue]:
    return request.engine.workspace.task_queues.values()


def _body(request: Request, queue: TaskQueue) -> Body:
    return request.representations.task_queue(queue)


def _wanted(request: Request) -> Callable[[TaskQueue], bool]:
    """EvaluateWorkerAttributes and WorkerSid ask for the queues that take such a worker. TwilioError 20001."""
    is_called, sid, asked = called(request), request.text("WorkerSid"), expression(request, "EvaluateWorkerAttributes")
    workers = [
        worker
        for worker in request.engine.workspace.workers.values()
        if sid in {"", worker.sid} and (asked is None or evaluate(asked, worker.variables()))
    ]
    of_workers = bool(sid) or asked is not None
    return lambda queue: is_called(queue) and (not of_workers or any(queue.takes(worker) for worker in workers))


def _ordered(request: Request, queues: list[TaskQueue]) -> list[TaskQueue]:
    """By the one attribute that the library for browsers knows."""
    return in_order(request, queues, {"DateUpdated": lambda queue: queue.updated})


def _create(request: Request) -> TaskQueue:
    name = changed_name(request, "TaskQueues", _all(request))
    _check(request)
    queue = request.engine.create_task_queue(name, request.text("TargetWorkers", "1==1"))
    _change(request, queue)
    return queue


def _check(request: Request) -> None:
    """Everything that can be wrong, before anything is changed."""
    target_expression(request.text("TargetWorkers"))
    one_of(request, "TaskOrder", ORDERS, "FIFO")
    most = number(request, "MaxReservedWorkers")
    if most is not None and not 1 <= most <= MOST_RESERVED_WORKERS:
        raise TwilioError(20001, f"MaxReservedWorkers must be between 1 and {MOST_RESERVED_WORKERS}, not {most}")
    named_activity(request, "ReservationActivitySid")
    named_activity(request, "AssignmentActivitySid")


def _change(request: Request, queue: TaskQueue) -> None:
    queue.task_order = task_order(request.text("TaskOrder") or queue.task_order)
    queue.max_reserved_workers = number(request, "MaxReservedWorkers") or queue.max_reserved_workers
    if request.gives("ReservationActivitySid"):
        queue.reservation_activity = named_activity(request, "ReservationActivitySid")
    if request.gives("AssignmentActivitySid"):
        queue.assignment_activity = named_activity(request, "AssignmentActivitySid")


def _update(request: Request, queue: TaskQueue) -> None:
    engine = request.engine
    _check(request)
    queue.friendly_name = changed_name(request, "TaskQueues", _all(request), queue.friendly_name)
    _change(request, queue)
    if request.gives("TargetWorkers"):
        queue.target_workers = request.text("TargetWorkers")
        queue.expression = target_expression(queue.target_workers)
        engine.events.resource("task-queue.expression.updated", queue.sid, queue.friendly_name)
    queue.updated = request.now()
    engine.routing.wake()


def _delete(request: Request, queue: TaskQueue) -> None:
    engine = request.engine
    engine.check_unused_queue(queue)
    del engine.workspace.task_queues[queue.sid]
    engine.events.resource("task-queue.deleted", queue.sid, queue.friendly_name)


# What is ignored is kept and shown, so that a tool that sets it finds it so.
_FIELDS = parameters(
    "FriendlyName TargetWorkers TaskOrder",
    ignores="MaxReservedWorkers=1 ReservationActivitySid AssignmentActivitySid",
)
ROUTES = Collection(
    api=TASKROUTER,
    path="/v1/Workspaces/{workspace}/TaskQueues",
    key="task_queues",
    items=_all,
    body=_body,
    wanted=_wanted,
    order=_ordered,
    create=_create,
    update=_update,
    delete=_delete,
    lists=parameters("FriendlyName EvaluateWorkerAttributes WorkerSid Ordering"),
    creates=_FIELDS,
    updates=_FIELDS,
).routes()

"""REST on workers (contract 4.6, 5, 7.5)."""

from collections.abc import Callable, Iterable

from emulator.rest import fields
from emulator.rest.collection import TASKROUTER, Collection
from emulator.rest.fields import named_activity, required
from emulator.rest.framework import Body, Request, parameters
from emulator.taskrouter.model import Worker, parsed_attributes
from taskrouter_expressions import Expression, evaluate


def _all(request: Request) -> Iterable[Worker]:
    return request.engine.workspace.workers.values()


def _body(request: Request, worker: Worker) -> Body:
    return request.representations.worker(worker)


def _wanted(request: Request) -> Callable[[Worker], bool]:
    """TwilioError 20001 when TargetWorkersExpression is no expression."""
    expression = fields.expression(request, "TargetWorkersExpression")
    sid, name = request.text("TaskQueueSid"), request.text("TaskQueueName")
    queues = [
        queue
        for queue in request.engine.workspace.task_queues.values()
        if sid in {"", queue.sid} and name in {"", queue.friendly_name}
    ]

    def wanted(worker: Worker) -> bool:
        serves = (not sid and not name) or any(queue.takes(worker) for queue in queues)
        return serves and _has_fields(request, worker) and _fulfils(worker, expression)

    return wanted


def _has_fields(request: Request, worker: Worker) -> bool:
    """The name is compared in any case."""
    activity = worker.activity
    return (
        request.text("FriendlyName").lower() in {"", worker.friendly_name.lower()}
        and request.text("ActivitySid") in {"", activity.sid}
        and request.text("ActivityName") in {"", activity.friendly_name}
        and (not request.gives("Available") or activity.available == request.flag("Available"))
    )


def _fulfils(worker: Worker, expression: Expression | None) -> bool:
    seen = worker.variables()
    return expression is None or evaluate(expression, {**seen, "worker": seen})


def _ordered(request: Request, workers: list[Worker]) -> list[Worker]:
    """By the one attribute that the library for browsers knows."""
    return fields.in_order(request, workers, {"DateStatusChanged": lambda worker: worker.activity_since})


def _create(request: Request) -> Worker:
    name = required(request, "FriendlyName")
    attributes = parsed_attributes(request.text("Attributes") or "{}")
    return request.engine.create_worker(name, attributes, request.text("ActivitySid"))


def _update(request: Request, worker: Worker) -> None:
    lifecycle = request.engine.lifecycle
    attributes = parsed_attributes(request.text("Attributes")) if request.text("Attributes") else None
    activity = named_activity(request, "ActivitySid")
    _rename(request, worker)
    if attributes is not None:
        lifecycle.set_worker_attributes(worker, attributes)
    if activity is not None:
        lifecycle.set_activity(worker, activity)
        if request.flag("RejectPendingReservations"):
            lifecycle.reject_pending(worker)


def _rename(request: Request, worker: Worker) -> None:
    name = request.text("FriendlyName") or worker.friendly_name
    if name != worker.friendly_name:
        request.engine.check_worker_name(name)
        worker.friendly_name = name
        worker.version += 1
        worker.updated = request.now()


def _delete(request: Request, worker: Worker) -> None:
    engine = request.engine
    engine.check_idle_worker(worker)
    del engine.workspace.workers[worker.sid]
    engine.events.worker("worker.deleted", worker)


ROUTES = Collection(
    api=TASKROUTER,
    path="/v1/Workspaces/{workspace}/Workers",
    key="workers",
    items=_all,
    body=_body,
    wanted=_wanted,
    order=_ordered,
    version=lambda worker: worker.version,
    create=_create,
    update=_update,
    delete=_delete,
    lists=parameters(
        "FriendlyName ActivitySid ActivityName Available TargetWorkersExpression TaskQueueSid TaskQueueName Ordering"
    ),
    creates=parameters("FriendlyName Attributes ActivitySid"),
    updates=parameters("FriendlyName Attributes ActivitySid RejectPendingReservations"),
).routes()

"""REST on workers and their channels (contract 4.6, 5, 7.5)."""

from emulator.ports import TwilioError
from emulator.rest.answer import RestAnswer
from emulator.rest.representations import etag
from emulator.rest.request import Request, check_version, named_activity, not_found, number, page, required
from emulator.rest.workspaces import NO_CONTENT
from emulator.taskrouter.model import Worker, WorkerChannel, parsed_attributes
from emulator.taskrouter.workspace import target_expression
from taskrouter_expressions import Expression, evaluate

LARGEST_CAPACITY = 50  # uncertain


def _worker(request: Request) -> Worker:
    worker = request.engine.workspace.workers.get(request.item)
    if worker is None:
        raise not_found(request)
    return worker


def _worker_answer(request: Request, worker: Worker, status: int = 200) -> RestAnswer:
    return RestAnswer(status, request.representations.worker(worker), {"ETag": etag(worker.version)})


def list_workers(request: Request) -> RestAnswer:
    expression = _asked_expression(request)
    workers = [
        request.representations.worker(worker)
        for worker in request.engine.workspace.workers.values()
        if _is_asked_for(request, worker) and _fulfils(worker, expression)
    ]
    return page(request, "workers", workers)


def _asked_expression(request: Request) -> Expression | None:
    text = request.text("TargetWorkersExpression")
    return target_expression(text) if text else None


def _fulfils(worker: Worker, expression: Expression | None) -> bool:
    seen = worker.variables()
    return expression is None or evaluate(expression, {**seen, "worker": seen})


def _is_asked_for(request: Request, worker: Worker) -> bool:
    """The name is compared in any case."""
    activity = worker.activity
    return (
        request.text("FriendlyName").lower() in {"", worker.friendly_name.lower()}
        and request.text("ActivitySid") in {"", activity.sid}
        and request.text("ActivityName") in {"", activity.friendly_name}
        and (not request.gives("Available") or activity.available == request.flag("Available"))
    )


def create_worker(request: Request) -> RestAnswer:
    name = required(request, "FriendlyName")
    attributes = parsed_attributes(request.text("Attributes") or "{}")
    worker = request.engine.create_worker(name, attributes, request.text("ActivitySid"))
    return _worker_answer(request, worker, 201)


def get_worker(request: Request) -> RestAnswer:
    return _worker_answer(request, _worker(request))


def update_worker(request: Request) -> RestAnswer:
    worker, lifecycle = _worker(request), request.engine.lifecycle
    check_version(request, worker.version)
    attributes = parsed_attributes(request.text("Attributes")) if request.text("Attributes") else None
    activity = named_activity(request, "ActivitySid")
    _rename(request, worker)
    if attributes is not None:
        lifecycle.set_worker_attributes(worker, attributes)
    if activity is not None:
        lifecycle.set_activity(worker, activity)
        if request.flag("RejectPendingReservations"):
            lifecycle.reject_pending(worker)
    return _worker_answer(request, worker)


def _rename(request: Request, worker: Worker) -> None:
    name = request.text("FriendlyName") or worker.friendly_name
    if name != worker.friendly_name:
        request.engine.check_worker_name(name)
        worker.friendly_name = name
        worker.version += 1
        worker.updated = request.engine.scheduler.now()


def delete_worker(request: Request) -> RestAnswer:
    worker, engine = _worker(request), request.engine
    check_version(request, worker.version)
    engine.check_idle_worker(worker)
    del engine.workspace.workers[worker.sid]
    engine.events.worker("worker.deleted", worker)
    return NO_CONTENT


# Channels


def list_worker_channels(request: Request) -> RestAnswer:
    worker = _worker(request)
    shown = [request.representations.worker_channel(worker, channel) for channel in worker.channels.values()]
    return page(request, "channels", shown)


def _worker_channel(request: Request) -> tuple[Worker, WorkerChannel]:
    """By its sid, its task channel's sid, or the unique name."""
    worker = _worker(request)
    for name, channel in worker.channels.items():
        if request.child in {channel.sid, channel.task_channel.sid, name}:
            return worker, channel
    raise not_found(request)


def get_worker_channel(request: Request) -> RestAnswer:
    return RestAnswer(200, request.representations.worker_channel(*_worker_channel(request)))


def update_worker_channel(request: Request) -> RestAnswer:
    worker, channel = _worker_channel(request)
    capacity = number(request, "Capacity")
    if capacity is not None and capacity > LARGEST_CAPACITY:
        raise TwilioError(20001, f"Capacity is larger than {LARGEST_CAPACITY}: {capacity}")
    lifecycle = request.engine.lifecycle
    if request.gives("Available"):
        lifecycle.set_channel_available(worker, channel, request.flag("Available"))
    if capacity is not None:
        lifecycle.set_capacity(worker, channel, capacity)
    return get_worker_channel(request)

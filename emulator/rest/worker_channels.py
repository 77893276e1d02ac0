"""REST on the channels of a worker (contract 5, 7.5)."""

from collections.abc import Iterable

from emulator.ports import TwilioError
from emulator.rest.collection import TASKROUTER, Collection
from emulator.rest.fields import number
from emulator.rest.framework import Body, Request, not_found, parameters
from emulator.taskrouter.model import Worker, WorkerChannel

LARGEST_CAPACITY = 50  # uncertain


def _worker(request: Request) -> Worker:
    """The worker in the path. TwilioError 20404."""
    worker = request.engine.workspace.workers.get(request.parts["worker"])
    if worker is None:
        raise not_found(request)
    return worker


def _all(request: Request) -> Iterable[WorkerChannel]:
    return _worker(request).channels.values()


def _body(request: Request, channel: WorkerChannel) -> Body:
    return request.representations.worker_channel(_worker(request), channel)


def _update(request: Request, channel: WorkerChannel) -> None:
    worker, lifecycle = _worker(request), request.engine.lifecycle
    capacity = number(request, "Capacity")
    if capacity is not None and capacity > LARGEST_CAPACITY:
        raise TwilioError(20001, f"Capacity is larger than {LARGEST_CAPACITY}: {capacity}")
    if request.gives("Available"):
        lifecycle.set_channel_available(worker, channel, request.flag("Available"))
    if capacity is not None:
        lifecycle.set_capacity(worker, channel, capacity)


ROUTES = Collection(
    api=TASKROUTER,
    path="/v1/Workspaces/{workspace}/Workers/{worker}/Channels",
    key="channels",
    items=_all,
    body=_body,
    names=lambda channel: (channel.sid, channel.task_channel.sid, channel.task_channel.unique_name),
    update=_update,
    updates=parameters("Capacity Available"),
).routes()

"""REST on task channels (contract 7.5)."""

from collections.abc import Iterable

from emulator.ports import TwilioError
from emulator.rest.collection import TASKROUTER, Collection
from emulator.rest.fields import changed_name, required
from emulator.rest.framework import Body, Request, parameters
from emulator.taskrouter.model import TaskChannel


def _all(request: Request) -> Iterable[TaskChannel]:
    return request.engine.workspace.task_channels.values()


def _body(request: Request, channel: TaskChannel) -> Body:
    return request.representations.task_channel(channel)


def _create(request: Request) -> TaskChannel:
    name, unique_name = changed_name(request, "TaskChannels", ()), required(request, "UniqueName")
    if unique_name in request.engine.workspace.task_channels:
        raise TwilioError(20001, f"There is a TaskChannel {unique_name} already")
    channel = request.engine.create_task_channel(name, unique_name)
    channel.channel_optimized_routing = request.flag("ChannelOptimizedRouting")
    return channel


def _update(request: Request, channel: TaskChannel) -> None:
    channel.friendly_name = changed_name(request, "TaskChannels", (), channel.friendly_name)
    if request.gives("ChannelOptimizedRouting"):
        channel.channel_optimized_routing = request.flag("ChannelOptimizedRouting")
    channel.updated = request.now()
    request.engine.events.resource("task-channel.updated", channel.sid, channel.friendly_name)


def _delete(request: Request, channel: TaskChannel) -> None:
    engine = request.engine
    engine.check_unused_channel(channel)
    del engine.workspace.task_channels[channel.unique_name]
    for worker in engine.workspace.workers.values():
        worker.channels.pop(channel.unique_name, None)
    engine.events.resource("task-channel.deleted", channel.sid, channel.friendly_name)


ROUTES = Collection(
    api=TASKROUTER,
    path="/v1/Workspaces/{workspace}/TaskChannels",
    key="channels",
    items=_all,
    body=_body,
    names=lambda channel: (channel.sid, channel.unique_name),
    create=_create,
    update=_update,
    delete=_delete,
    creates=parameters("FriendlyName UniqueName", ignores="ChannelOptimizedRouting=false"),  # it is kept and shown
    updates=parameters("FriendlyName", ignores="ChannelOptimizedRouting=false"),
).routes()

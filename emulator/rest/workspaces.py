"""REST on workspaces, activities and task channels (contract 7.5)."""

from emulator.ports import TwilioError
from emulator.rest.answer import RestAnswer
from emulator.rest.representations import Representations
from emulator.rest.request import (
    Request,
    called,
    changed_name,
    changed_url,
    named_activity,
    not_found,
    one_of,
    page,
    required,
)
from emulator.taskrouter.model import Activity, TaskChannel, task_order
from emulator.taskrouter.workspace import WorkspaceEngine

NO_CONTENT = RestAnswer(204, {})
ORDERS = ("FIFO", "LIFO")

# Workspaces


def list_workspaces(request: Request) -> RestAnswer:
    engines = [engine.workspace for engine in request.router.engines.values()]
    shown = [Representations(engine).workspace() for engine in engines if called(request, engine.friendly_name)]
    return page(request, "workspaces", shown)


def create_workspace(request: Request) -> RestAnswer:
    """Two workspaces may have one name: Twilio documents no rule against it, so that is uncertain."""
    name = changed_name(request, "Workspaces", ())
    template = one_of(request, "Template", ("NONE", "FIFO"), "NONE")
    _check_multitasking(request)
    changed_url(request, "EventCallbackUrl")  # whatever can be wrong, before the workspace is there
    one_of(request, "PrioritizeQueueOrder", ORDERS, "FIFO")
    engine = request.router.add_workspace(name)
    if template == "FIFO":
        _fill_first_in_first_out(engine)
    _change_workspace(request, engine)
    engine.events.resource("workspace.created", engine.workspace.sid, name)
    return RestAnswer(201, Representations(engine.workspace).workspace())


def _fill_first_in_first_out(engine: WorkspaceEngine) -> None:
    """What the template's queue and workflow are called is uncertain."""
    queue = engine.create_task_queue("Sample Queue")
    engine.create_workflow("Default Fifo Workflow", {"task_routing": {"default_filter": {"queue": queue.sid}}})


def _check_multitasking(request: Request) -> None:
    """Single-tasking is a legacy that is not imitated, and a multitasking workspace cannot become single-tasking."""
    if request.gives("MultiTaskEnabled") and not request.flag("MultiTaskEnabled"):
        raise TwilioError(20001, "A workspace cannot be single-tasking: MultiTaskEnabled must be true")


def _change_workspace(request: Request, engine: WorkspaceEngine) -> None:
    workspace = engine.workspace
    url = changed_url(request, "EventCallbackUrl", workspace.event_callback_url)
    order = task_order(one_of(request, "PrioritizeQueueOrder", ORDERS, workspace.prioritize_queue_order))
    workspace.event_callback_url, workspace.prioritize_queue_order = url, order
    if request.gives("EventsFilter"):
        workspace.events_filter = request.text("EventsFilter")


def get_workspace(request: Request) -> RestAnswer:
    return RestAnswer(200, request.representations.workspace())


def update_workspace(request: Request) -> RestAnswer:
    engine = request.engine
    workspace = engine.workspace
    _check_multitasking(request)
    name = changed_name(request, "Workspaces", (), workspace.friendly_name)
    default = named_activity(request, "DefaultActivitySid")
    timeout = named_activity(request, "TimeoutActivitySid")
    _change_workspace(request, engine)
    workspace.friendly_name = name
    workspace.default_activity = default or workspace.default_activity
    workspace.timeout_activity = timeout or workspace.timeout_activity
    workspace.updated = engine.scheduler.now()
    engine.events.resource("workspace.updated", workspace.sid, name)
    return get_workspace(request)


def delete_workspace(request: Request) -> RestAnswer:
    """With everything in it, whatever state that is in."""
    request.router.remove_workspace(request.engine.workspace.sid)
    return NO_CONTENT


# Activities


def list_activities(request: Request) -> RestAnswer:
    known = request.engine.workspace.activities.values()
    shown = [
        request.representations.activity(activity)
        for activity in known
        if called(request, activity.friendly_name)
        and (not request.gives("Available") or activity.available == request.flag("Available"))
    ]
    return page(request, "activities", shown)


def create_activity(request: Request) -> RestAnswer:
    """Not available unless it is said (contract 7.5)."""
    name = changed_name(request, "Activities", request.engine.workspace.activities.values())
    activity = request.engine.create_activity(name, request.flag("Available"))
    return RestAnswer(201, request.representations.activity(activity))


def _activity(request: Request) -> Activity:
    activity = request.engine.workspace.activities.get(request.item)
    if activity is None:
        raise not_found(request)
    return activity


def get_activity(request: Request) -> RestAnswer:
    return RestAnswer(200, request.representations.activity(_activity(request)))


def update_activity(request: Request) -> RestAnswer:
    """Only the name: whether it is available is settled when it is created; a field Available is not looked at."""
    activity, engine = _activity(request), request.engine
    known = engine.workspace.activities.values()
    activity.friendly_name = changed_name(request, "Activities", known, activity.friendly_name)
    activity.updated = engine.scheduler.now()
    engine.events.resource("activity.updated", activity.sid, activity.friendly_name)
    return get_activity(request)


def delete_activity(request: Request) -> RestAnswer:
    activity, engine = _activity(request), request.engine
    engine.check_unused_activity(activity)
    del engine.workspace.activities[activity.sid]
    engine.events.resource("activity.deleted", activity.sid, activity.friendly_name)
    return NO_CONTENT


# Task channels


def list_task_channels(request: Request) -> RestAnswer:
    channels = request.engine.workspace.task_channels.values()
    return page(request, "channels", [request.representations.task_channel(channel) for channel in channels])


def create_task_channel(request: Request) -> RestAnswer:
    name, unique_name = changed_name(request, "TaskChannels", ()), required(request, "UniqueName")
    if unique_name in request.engine.workspace.task_channels:
        raise TwilioError(20001, f"There is a TaskChannel {unique_name} already")
    channel = request.engine.create_task_channel(name, unique_name)
    channel.channel_optimized_routing = request.flag("ChannelOptimizedRouting")
    return RestAnswer(201, request.representations.task_channel(channel))


def _task_channel(request: Request) -> TaskChannel:
    """By sid or unique name."""
    for channel in request.engine.workspace.task_channels.values():
        if request.item in {channel.sid, channel.unique_name}:
            return channel
    raise not_found(request)


def get_task_channel(request: Request) -> RestAnswer:
    return RestAnswer(200, request.representations.task_channel(_task_channel(request)))


def update_task_channel(request: Request) -> RestAnswer:
    channel, engine = _task_channel(request), request.engine
    channel.friendly_name = changed_name(request, "TaskChannels", (), channel.friendly_name)
    if request.gives("ChannelOptimizedRouting"):
        channel.channel_optimized_routing = request.flag("ChannelOptimizedRouting")
    channel.updated = engine.scheduler.now()
    engine.events.resource("task-channel.updated", channel.sid, channel.friendly_name)
    return get_task_channel(request)


def delete_task_channel(request: Request) -> RestAnswer:
    channel, engine = _task_channel(request), request.engine
    engine.check_unused_channel(channel)
    del engine.workspace.task_channels[channel.unique_name]
    for worker in engine.workspace.workers.values():
        worker.channels.pop(channel.unique_name, None)
    engine.events.resource("task-channel.deleted", channel.sid, channel.friendly_name)
    return NO_CONTENT

"""REST on workspaces (contract 7.5)."""

from collections.abc import Iterable

from emulator.ports import TwilioError
from emulator.rest.collection import TASKROUTER, Collection
from emulator.rest.fields import ORDERS, called, changed_name, changed_url, named_activity, one_of
from emulator.rest.framework import Body, Request, parameters
from emulator.rest.representations import Representations
from emulator.taskrouter.model import Workspace, task_order
from emulator.taskrouter.workspace import WorkspaceEngine


def _all(request: Request) -> Iterable[Workspace]:
    return [engine.workspace for engine in request.router.engines.values()]


def _body(_request: Request, workspace: Workspace) -> Body:
    return Representations(workspace).workspace()


def _create(request: Request) -> Workspace:
    """Two workspaces may have one name: Twilio documents no rule against it, so that is uncertain."""
    name = changed_name(request, "Workspaces", ())
    template = one_of(request, "Template", ("NONE", "FIFO"), "NONE")
    _check_multitasking(request)
    changed_url(request, "EventCallbackUrl")  # whatever can be wrong, before the workspace is there
    one_of(request, "PrioritizeQueueOrder", ORDERS, "FIFO")
    engine = request.router.add_workspace(name)
    if template == "FIFO":
        _fill_first_in_first_out(engine)
    _change(request, engine.workspace)
    engine.events.resource("workspace.created", engine.workspace.sid, name)
    return engine.workspace


def _fill_first_in_first_out(engine: WorkspaceEngine) -> None:
    """What the template's queue and workflow are called is uncertain."""
    queue = engine.create_task_queue("Sample Queue")
    engine.create_workflow("Default Fifo Workflow", {"task_routing": {"default_filter": {"queue": queue.sid}}})


def _check_multitasking(request: Request) -> None:
    """Single-tasking is a legacy that is not imitated, and a multitasking workspace cannot become single-tasking."""
    if request.gives("MultiTaskEnabled") and not request.flag("MultiTaskEnabled"):
        raise TwilioError(20001, "A workspace cannot be single-tasking: MultiTaskEnabled must be true")


def _change(request: Request, workspace: Workspace) -> None:
    url = changed_url(request, "EventCallbackUrl", workspace.event_callback_url)
    order = task_order(one_of(request, "PrioritizeQueueOrder", ORDERS, workspace.prioritize_queue_order))
    workspace.event_callback_url, workspace.prioritize_queue_order = url, order
    workspace.events_filter = request.text("EventsFilter", workspace.events_filter)


def _update(request: Request, workspace: Workspace) -> None:
    engine = request.engine
    _check_multitasking(request)
    name = changed_name(request, "Workspaces", (), workspace.friendly_name)
    default = named_activity(request, "DefaultActivitySid")
    timeout = named_activity(request, "TimeoutActivitySid")
    _change(request, workspace)
    workspace.friendly_name = name
    workspace.default_activity = default or workspace.default_activity
    workspace.timeout_activity = timeout or workspace.timeout_activity
    workspace.updated = request.now()
    engine.events.resource("workspace.updated", workspace.sid, name)


def _delete(request: Request, workspace: Workspace) -> None:
    """With everything in it, whatever state that is in."""
    request.router.remove_workspace(workspace.sid)


ROUTES = Collection(
    api=TASKROUTER,
    path="/v1/Workspaces",
    key="workspaces",
    part="workspace",
    items=_all,
    body=_body,
    wanted=called,
    create=_create,
    update=_update,
    delete=_delete,
    lists=parameters("FriendlyName"),
    creates=parameters(
        "FriendlyName EventCallbackUrl EventsFilter MultiTaskEnabled Template",
        ignores="PrioritizeQueueOrder=FIFO",  # it is kept and shown
    ),
    updates=parameters(
        "FriendlyName EventCallbackUrl EventsFilter MultiTaskEnabled DefaultActivitySid TimeoutActivitySid",
        ignores="PrioritizeQueueOrder=FIFO",
    ),
).routes()

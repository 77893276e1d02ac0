"""What Twilio has, as resources that can be compared with those of the files."""

import json
from collections.abc import Container, Iterator, Sequence
from typing import Any

from twilio.rest import Client

from ops.callcenter.files import Center
from ops.callcenter.resources import Resource, State, number_fields, renamed_queues, state
from ops.errors import OpsError
from ops.twilio import plain_errors

PAGE_SIZE = 500


def read(client: Client, center: Center) -> State:
    """What the account has of this call centre. Raises OpsError, also when two workspaces have the name."""
    with plain_errors("reading what Twilio has"):
        workspace = find_workspace(client, center.workspace.name)
        inside = [*inside_of(client, workspace, center.workers or {})] if workspace else []
        return state(iter([*inside, *_numbers(client, center.numbers())]))


def find_workspace(client: Client, name: str) -> Any:
    """The workspace of this name, None when there is none. Raises OpsError when there are two."""
    named = workspaces(client, name)
    if len(named) > 1:
        sids = " and ".join(sorted(workspace.sid for workspace in named))
        raise OpsError(
            f"two workspaces have the name {name!r} ({sids}): rename or delete the one that is not meant in Twilio"
        )
    return named[0] if named else None


def workspaces(client: Client, name: str) -> list[Any]:
    """Every workspace of exactly this name; Twilio's own filter may be more generous."""
    found = client.taskrouter.v1.workspaces.list(friendly_name=name, page_size=PAGE_SIZE)
    return [workspace for workspace in found if workspace.friendly_name == name]


def inside_of(client: Client, workspace: Any, people: Container[str] | None) -> Iterator[Resource]:
    """Everything in the workspace. Channels of these people only, for each takes a request; None: of everybody."""
    name, inside = workspace.friendly_name, client.taskrouter.v1.workspaces(workspace.sid)
    yield Resource("workspace", name, {"multi_task_enabled": workspace.multi_task_enabled}, workspace.sid)
    activities = inside.activities.list(page_size=PAGE_SIZE)
    names = {activity.sid: activity.friendly_name for activity in activities}
    yield from (Resource("activity", one.friendly_name, {"available": one.available}, one.sid) for one in activities)
    yield _settings(workspace, name, names)
    queues = inside.task_queues.list(page_size=PAGE_SIZE)
    yield from (_task_queue(queue) for queue in queues)
    queue_names = {queue.sid: queue.friendly_name for queue in queues}
    workflows = [_workflow(workflow, queue_names) for workflow in inside.workflows.list(page_size=PAGE_SIZE)]
    yield from workflows
    yield from _voice_queues(client, workflows)
    yield from _workers(inside, people)


def _settings(workspace: Any, name: str, activities: dict[str, str]) -> Resource:
    fields = {
        "default_activity": activities.get(workspace.default_activity_sid, ""),
        "timeout_activity": activities.get(workspace.timeout_activity_sid, ""),
        "event_callback_url": workspace.event_callback_url or "",
        "events_filter": sorted(filter(None, (workspace.events_filter or "").replace(" ", "").split(","))),
    }
    return Resource("workspace settings", name, fields, workspace.sid)


def _task_queue(queue: Any) -> Resource:
    fields = {
        "target_workers": queue.target_workers or "1==1",
        "max_reserved_workers": queue.max_reserved_workers,
        "task_order": queue.task_order or "FIFO",
    }
    return Resource("task queue", queue.friendly_name, fields, queue.sid)


def _workflow(workflow: Any, queues: dict[str, str]) -> Resource:
    fields = {
        "assignment_callback_url": workflow.assignment_callback_url or "",
        "fallback_assignment_callback_url": workflow.fallback_assignment_callback_url or "",
        "task_reservation_timeout": workflow.task_reservation_timeout,
        "configuration": renamed_queues(_document(workflow.configuration), queues),
    }
    return Resource("workflow", workflow.friendly_name, fields, workflow.sid)


def _document(text: str | None) -> Any:
    """JSON that Twilio keeps as text; somebody may have put anything there."""
    try:
        return json.loads(text or "{}")
    except ValueError:
        return {"unreadable": text}


def _voice_queues(client: Client, workflows: Sequence[Resource]) -> Iterator[Resource]:
    """The queue in which a workflow's calls wait has the workflow's sid as its name (contract 7.4)."""
    names = {workflow.sid: workflow.name for workflow in workflows}
    for queue in client.queues.list(page_size=PAGE_SIZE) if names else ():
        if queue.friendly_name in names:
            yield Resource("voice queue", names[queue.friendly_name], {"max_size": queue.max_size}, queue.sid)


def _workers(inside: Any, people: Container[str] | None) -> Iterator[Resource]:
    for worker in inside.workers.list(page_size=PAGE_SIZE):
        attributes = _document(worker.attributes)
        fields = {"attributes": attributes if isinstance(attributes, dict) else {}}
        yield Resource("worker", worker.friendly_name, fields, worker.sid)
        if people is None or worker.friendly_name in people:
            for channel in inside.workers(worker.sid).worker_channels.list(page_size=PAGE_SIZE):
                name = f"{worker.friendly_name}/{channel.task_channel_unique_name}"
                fields = {"configured_capacity": channel.configured_capacity}
                yield Resource("worker channel", name, fields, channel.sid)


def _numbers(client: Client, wanted: Sequence[str]) -> Iterator[Resource]:
    for number in wanted:
        for found in client.incoming_phone_numbers.list(phone_number=number, page_size=PAGE_SIZE):
            if found.phone_number == number:  # the filter takes parts of numbers too
                fields = {name: getattr(found, name, None) or "" for name in number_fields("")}
                yield Resource("number", number, fields, found.sid)

"""The workflow: which task goes to which queue."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.twilio import urls
from ops.callcenter.files import Center, Filter, Target
from ops.callcenter.model import Resource, State
from ops.callcenter.resources.kind import PAGE_SIZE, Execution, Reading, WorkspaceKind
from ops.callcenter.resources.task_queue import TaskQueues


class Workflows(WorkspaceKind):
    """Its document is compared with names of task queues, and sent with their sids."""

    name = "workflow"
    collection = "workflows"

    def desired(self, center: Center, api_url: str) -> Iterator[Resource]:
        url = urls.ASSIGNMENT.url(api_url)
        fields = {
            "assignment_callback_url": url,
            "fallback_assignment_callback_url": url,  # the handler decides the same when it is asked again
            "task_reservation_timeout": center.application.reservation_timeout,
            "configuration": configuration(center),
        }
        yield Resource(self.name, center.workflow.name, fields)

    def read(self, reading: Reading) -> Iterator[Resource]:
        queues = {sid: name for name, sid in reading.found.sids(TaskQueues.name).items()}
        for workflow in reading.inside.workflows.list(page_size=PAGE_SIZE) if reading.workspace else ():
            fields = {
                "assignment_callback_url": workflow.assignment_callback_url or "",
                "fallback_assignment_callback_url": workflow.fallback_assignment_callback_url or "",
                "task_reservation_timeout": workflow.task_reservation_timeout,
                "configuration": renamed_queues(document(workflow.configuration), queues),
            }
            yield Resource(self.name, workflow.friendly_name, fields, workflow.sid)

    def payload(self, execution: Execution, resource: Resource) -> dict[str, Any]:
        with_sids = renamed_queues(resource.fields["configuration"], execution.sids_of(TaskQueues.name))
        return {**resource.fields, "configuration": json.dumps(with_sids)}

    def environment(self, center: Center, found: State) -> dict[str, str]:
        workflow = found.get(self.name, center.workflow.name)
        return {"TWILIO_WORKFLOW_SID": workflow.sid if workflow else ""}


def document(text: str | None) -> Any:
    """JSON that Twilio keeps as text, as which anybody may have written anything."""
    try:
        return json.loads(text or "{}")
    except ValueError:
        return {"unreadable": text}


def configuration(center: Center) -> dict[str, Any]:
    """The workflow's document with names of task queues in place of their sids (contract 7.5)."""
    routing: dict[str, Any] = {"filters": [_filter(given) for given in center.workflow.filters]}
    if center.workflow.default_queue:
        routing["default_filter"] = {"queue": center.workflow.default_queue}
    return {"task_routing": routing}


def _filter(given: Filter) -> dict[str, Any]:
    targets = [_target(target) for target in given.targets]
    return {"filter_friendly_name": given.name, "expression": given.when, "targets": targets}


def _target(given: Target) -> dict[str, Any]:
    fields = {
        "queue": given.queue,
        "expression": given.when,
        "priority": given.priority,
        "timeout": given.timeout,
        "order_by": given.order_by,
        "skip_if": given.skip_if,
        "known_worker_friendly_name": given.known_worker,
        "known_worker_sid": given.known_worker_sid,
    }
    return {name: value for name, value in fields.items() if value not in (None, "")}


def renamed_queues(document: Any, names: Mapping[str, str]) -> Any:
    """The workflow's document with each `queue` replaced by what `names` has for it, if it has anything."""
    match document:
        case dict():
            return {
                key: names.get(value, value)
                if key == "queue" and isinstance(value, str)
                else renamed_queues(value, names)
                for key, value in document.items()
            }
        case list():
            return [renamed_queues(item, names) for item in document]
        case _:
            return document

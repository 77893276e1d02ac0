"""The workflow: which task goes to which queue."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.twilio import urls
from ops.callcenter import persons
from ops.callcenter.files import Center, Filter, Target
from ops.callcenter.model import Resource, State
from ops.callcenter.resources.kind import PAGE_SIZE, Execution, Reading, WorkspaceKind
from ops.callcenter.resources.task_queue import TaskQueues

RESERVATION_TIMEOUT = 120  # seconds, of a workflow that says nothing (contract 4)
NUMBERS = ("priority", "timeout")


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
                "task_reservation_timeout": workflow.task_reservation_timeout or RESERVATION_TIMEOUT,
                "configuration": renamed_queues(normal(document(workflow.configuration)), queues),
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


def normal(given: Any) -> dict[str, Any]:
    """The document as `configuration` writes one that says the same (contract 7.5).

    What is null or empty is left out, each target has its queue, a whole number is one, and a filter without a name has
    its place for one.
    """
    said = _said(given if isinstance(given, dict) else {"unreadable": given})
    routing = said.get("task_routing")
    routing = dict(routing) if isinstance(routing, dict) else {}
    if not isinstance(routing.get("default_filter"), dict):
        routing.pop("default_filter", None)
    filters = [_normal_filter(one, number) for number, one in enumerate(_objects(routing.get("filters")), 1)]
    return {**said, "task_routing": {**routing, "filters": filters}}


def _said(given: Any) -> Any:
    """Without null, empty texts and empty objects. A zero says something, and so does an empty list."""
    match given:
        case dict():
            pairs = ((key, _said(value)) for key, value in given.items())
            return {key: value for key, value in pairs if value not in (None, "", {})}
        case list():
            return [_said(item) for item in given if item is not None]
        case _:
            return given


def _normal_filter(given: dict[str, Any], number: int) -> dict[str, Any]:
    older = given.get("friendly_name") or f"filter {number}"
    named = {"filter_friendly_name": older, **given}
    return {**{key: value for key, value in named.items() if key != "friendly_name"}, "targets": [*_targets(given)]}


def _targets(given: dict[str, Any]) -> Iterator[dict[str, Any]]:
    queue: dict[str, Any] = {}
    for target in _objects(given.get("targets")):
        queue = {"queue": target["queue"]} if "queue" in target else queue  # a later target inherits it (contract 7.5)
        yield queue | {key: _whole(value) if key in NUMBERS else value for key, value in target.items()}


def _objects(given: Any) -> list[dict[str, Any]]:
    return [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []


def _whole(value: Any) -> Any:
    """A whole number that was written as text or with a fraction of nothing; anything else as it is."""
    if isinstance(value, str) and value.isdecimal():
        return int(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def configuration(center: Center) -> dict[str, Any]:
    """The workflow's document with names of task queues in place of their sids (contract 7.5)."""
    routing: dict[str, Any] = {"filters": [_filter(given) for given in persons.filters(center)]}
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

"""Resources as both sides see them, the files and Twilio: names in place of sids, so that the two can be compared."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from chalicelib.twilio import urls
from ops.callcenter.files import Center, Filter, Target, Worker

# In the order in which they are made: each may need those before it.
Kind = Literal[
    "workspace",
    "activity",
    "task queue",
    "workflow",
    "workspace settings",
    "worker",
    "worker channel",
    "number",
    "voice queue",
]
KINDS: tuple[Kind, ...] = (
    "workspace",
    "activity",
    "task queue",
    "workflow",
    "workspace settings",
    "worker",
    "worker channel",
    "number",
    "voice queue",
)

Key = tuple[Kind, str]

# The events that the application uses: each of the others would be a request for nothing.
EVENTS = (
    "task.created",
    "task.wrapup",
    "task.completed",
    "task.canceled",
    "reservation.accepted",
    "reservation.rejected",
    "reservation.timeout",
    "reservation.canceled",
    "reservation.rescinded",
    "reservation.wrapup",
    "reservation.completed",
)


@dataclass(frozen=True)
class Resource:
    """One resource. `fields` have Twilio's names; `sid` is empty when it is only wished for."""

    kind: Kind
    name: str
    fields: Mapping[str, Any]
    sid: str = ""

    @property
    def key(self) -> Key:
        return self.kind, self.name


@dataclass(frozen=True)
class State:
    """The resources of one side. `managed` are the kinds that this side says everything about."""

    resources: Mapping[Key, Resource] = field(default_factory=dict)
    managed: frozenset[Kind] = frozenset(KINDS)

    def get(self, kind: Kind, name: str) -> Resource | None:
        return self.resources.get((kind, name))

    def of(self, kind: Kind) -> tuple[Resource, ...]:
        return tuple(resource for resource in self.resources.values() if resource.kind == kind)

    def sids(self, kind: Kind) -> dict[str, str]:
        """Name to sid of each resource of this kind."""
        return {resource.name: resource.sid for resource in self.of(kind)}


def state(resources: Iterator[Resource], managed: frozenset[Kind] = frozenset(KINDS)) -> State:
    return State({resource.key: resource for resource in resources}, managed)


def desired(center: Center, api_url: str) -> State:
    """What Twilio should have. `api_url` is the deployed application's, without a slash at its end."""
    managed = frozenset(KINDS) - (frozenset() if center.workers is not None else {"worker", "worker channel"})
    return state(_desired(center, api_url), managed)


def _desired(center: Center, api_url: str) -> Iterator[Resource]:
    name = center.workspace.name
    yield Resource("workspace", name, {"multi_task_enabled": center.workspace.multitasking})
    for activity, available in center.activities.items():
        yield Resource("activity", activity, {"available": available})
    for queue, rules in center.application.queues.items():
        fields = {"target_workers": rules.workers, "max_reserved_workers": rules.max_reserved_workers}
        yield Resource("task queue", queue, {**fields, "task_order": rules.task_order})
    yield _workflow(center, api_url)
    yield Resource("workspace settings", name, _settings(center, api_url))
    for person, worker in (center.workers or {}).items():
        yield Resource("worker", person, {"attributes": worker.all_attributes()})
        yield from _channels(person, worker)
    for number in center.numbers():
        yield Resource("number", number, number_fields(api_url))
    yield Resource("voice queue", center.workflow.name, {"max_size": center.voice_queue.max_size})


def _settings(center: Center, api_url: str) -> dict[str, Any]:
    return {
        "default_activity": center.workspace.default_activity,
        "timeout_activity": center.workspace.timeout_activity,
        "event_callback_url": urls.EVENTS.url(api_url),
        "events_filter": sorted(EVENTS),
    }


def _workflow(center: Center, api_url: str) -> Resource:
    url = urls.ASSIGNMENT.url(api_url)
    fields = {
        "assignment_callback_url": url,
        "fallback_assignment_callback_url": url,  # the door decides the same when it is asked again
        "task_reservation_timeout": center.application.reservation_timeout,
        "configuration": configuration(center),
    }
    return Resource("workflow", center.workflow.name, fields)


def _channels(person: str, worker: Worker) -> Iterator[Resource]:
    for channel in worker.capacity.__struct_fields__:
        capacity = getattr(worker.capacity, channel)
        if capacity is not None:
            yield Resource("worker channel", f"{person}/{channel}", {"configured_capacity": capacity})


def number_fields(api_url: str) -> dict[str, str]:
    """How a number has to lead to the application. An application sid would win over the urls (contract 7.5)."""
    return {
        "voice_application_sid": "",
        "voice_url": urls.INCOMING.url(api_url),
        "voice_method": "POST",
        "voice_fallback_url": urls.FALLBACK.url(api_url),
        "voice_fallback_method": "POST",
        "status_callback": "",
    }


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


def flat(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Nested fields by their path: `attributes.contact_uri`, `configuration.task_routing.filters[0].targets[0].queue`.

    A list of plain values is one value.
    """
    found: dict[str, Any] = {}
    for name, value in fields.items():
        _flatten(name, value, found)
    return found


def _flatten(path: str, value: Any, found: dict[str, Any]) -> None:
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            _flatten(f"{path}.{name}", inner, found)
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        for number, item in enumerate(value):
            _flatten(f"{path}[{number}]", item, found)
    else:
        found[path] = value


def as_text(value: Any) -> str:
    """A value as a person reads it in a difference."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)

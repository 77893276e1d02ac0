"""A workflow's configuration, read once into typed values (contract 7.5)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from emulator.ports import TwilioError
from taskrouter_expressions import Expression, ExpressionError, SortKey, parse, parse_order

ALWAYS = parse("1==1")
Seconds = Annotated[int, Meta(gt=0)]


class _TargetDocument(msgspec.Struct, forbid_unknown_fields=True):
    queue: str | None = None
    expression: str | None = None
    priority: int | None = None
    timeout: Seconds | None = None
    order_by: str = ""
    skip_if: str | None = None
    known_worker_sid: str = ""
    known_worker_friendly_name: str = ""


class _FilterDocument(msgspec.Struct):
    expression: str
    targets: Annotated[list[_TargetDocument], Meta(min_length=1)]
    filter_friendly_name: str = ""
    friendly_name: str = ""


class _DefaultDocument(msgspec.Struct):
    queue: str


class _RoutingDocument(msgspec.Struct):
    filters: list[_FilterDocument] = []
    default_filter: _DefaultDocument | None = None


class _Document(msgspec.Struct):
    task_routing: _RoutingDocument


@dataclass(frozen=True)
class Target:
    """One step of a filter. `timeout` counts seconds; None waits until the task's time to live is over."""

    queue_sid: str
    expression: Expression = ALWAYS
    priority: int | None = None
    timeout: int | None = None
    order_by: tuple[SortKey, ...] = ()
    skip_if: Expression | None = None
    known_worker_sid: Expression | None = None
    known_worker_friendly_name: Expression | None = None


@dataclass(frozen=True)
class Filter:
    friendly_name: str
    expression: Expression
    targets: tuple[Target, ...]


@dataclass(frozen=True)
class Configuration:
    filters: tuple[Filter, ...]
    default_queue_sid: str = ""

    def queue_sids(self) -> set[str]:
        """The task queues that it names."""
        named = {target.queue_sid for known in self.filters for target in known.targets}
        return (named | {self.default_queue_sid}) - {""}


def read_configuration(document: Mapping[str, object]) -> Configuration:
    """The configuration in the JSON document. TwilioError 20001 names what is wrong, unknown keys of a target too."""
    try:
        routing = msgspec.convert(document, _Document, strict=False).task_routing
        filters = tuple(_filter(given) for given in routing.filters)
    except (msgspec.ValidationError, ExpressionError) as error:
        raise TwilioError(20001, f"Invalid workflow configuration: {error}") from error
    return Configuration(filters, routing.default_filter.queue if routing.default_filter else "")


def not_imitated(document: Mapping[str, Any]) -> list[str]:
    """The keys that nothing here reads, of a configuration that could be read. Those of a target were refused."""
    routing = document["task_routing"]
    default = routing.get("default_filter") or {}
    return [
        *_unread(document, _Document, ""),
        *_unread(routing, _RoutingDocument, "task_routing."),
        *(key for given in routing.get("filters", ()) for key in _unread(given, _FilterDocument, "filters.")),
        *_unread(default, _DefaultDocument, "default_filter."),
    ]


def _unread(given: Mapping[str, Any], struct: type[msgspec.Struct], where: str) -> Iterator[str]:
    """A null asks for nothing."""
    return (where + key for key, value in given.items() if value is not None and key not in struct.__struct_fields__)


def _filter(given: _FilterDocument) -> Filter:
    targets = []
    queue = ""
    for target in given.targets:
        queue = target.queue or queue  # a later target inherits the queue
        targets.append(_target(target, queue))
    name = given.filter_friendly_name or given.friendly_name
    return Filter(name, parse(given.expression), tuple(targets))


def _target(given: _TargetDocument, queue_sid: str) -> Target:
    if not queue_sid:
        raise msgspec.ValidationError("The first target of a filter needs a queue")
    return Target(
        queue_sid=queue_sid,
        expression=_optional(given.expression) or ALWAYS,
        priority=given.priority,
        timeout=given.timeout,
        order_by=parse_order(given.order_by),
        skip_if=_optional(given.skip_if),
        known_worker_sid=_optional(given.known_worker_sid),
        known_worker_friendly_name=_optional(given.known_worker_friendly_name),
    )


def _optional(text: str | None) -> Expression | None:
    return parse(text) if text else None

"""Resources as the files and Twilio both describe them, with names in place of sids, and the steps between the two."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Key = tuple[str, str]  # kind and name
Verb = Literal["create", "update", "delete", "restore", "keep", "later", "impossible"]

MISSING: Any = ...  # a field that one side does not have


@dataclass(frozen=True)
class Resource:
    """One resource. `fields` have Twilio's names; `sid` is empty when only the files have it."""

    kind: str
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
    managed: frozenset[str] = frozenset()

    def get(self, kind: str, name: str) -> Resource | None:
        return self.resources.get((kind, name))

    def of(self, kind: str) -> tuple[Resource, ...]:
        return tuple(resource for resource in self.resources.values() if resource.kind == kind)

    def sids(self, kind: str) -> dict[str, str]:
        """Name to sid of each resource of this kind."""
        return {resource.name: resource.sid for resource in self.of(kind)}


@dataclass(frozen=True)
class Change:
    """One field. MISSING stands for no value on that side."""

    field: str
    old: Any
    new: Any


@dataclass(frozen=True)
class Step:
    """`create`, `update` and `delete` are done by apply; `restore` gives a number back.

    `keep` is a resource that the files do not name and that is not to be pruned; `later` and `impossible` say in `why`
    what has to come first. `sid` is that of the resource in Twilio, empty when there is none.
    """

    verb: Verb
    kind: str
    name: str
    sid: str = ""
    changes: tuple[Change, ...] = ()
    why: str = ""

    @property
    def is_drift(self) -> bool:
        return self.verb in ("create", "update", "delete", "impossible")

    @property
    def can_be_done(self) -> bool:
        return self.verb in ("create", "update", "delete", "restore")


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

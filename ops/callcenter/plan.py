"""The difference between two states, as steps in the order in which they can be done. Pure."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from ops.callcenter.resources import KINDS, Kind, Resource, State, as_text, flat

Verb = Literal["create", "update", "delete", "keep", "later", "impossible"]

MISSING: Any = ...  # a field that one side does not have

# What a new workspace brings with it, or takes with it, is made and deleted by nobody.
NEVER_DELETED: tuple[Kind, ...] = ("workspace", "workspace settings", "worker channel", "number", "voice queue")

AS_TWILIO_MAKES_IT = {"max_size": 100}  # a workflow's voice queue (contract 3.1)
LATER = "Twilio makes the queue at the workflow's first call: apply again after it"
NOT_OURS = "the account has no such number: buy it, or take it out of callcenter.toml"
FIXED = "Twilio cannot change this later: give the activity another name, or delete it in Twilio"


@dataclass(frozen=True)
class Change:
    """One field. MISSING stands for no value on that side."""

    field: str
    old: Any
    new: Any


@dataclass(frozen=True)
class Step:
    """`create`, `update` and `delete` are done by apply.

    `keep` is a resource that the files do not name and nobody asked to prune; `later` and `impossible` say in `why`
    what has to come first. `sid` is that of the resource in Twilio, empty when there is none.
    """

    verb: Verb
    kind: Kind
    name: str
    sid: str = ""
    changes: tuple[Change, ...] = ()
    why: str = ""

    @property
    def is_drift(self) -> bool:
        return self.verb in ("create", "update", "delete", "impossible")

    @property
    def can_be_done(self) -> bool:
        return self.verb in ("create", "update", "delete")


def plan(wanted: State, found: State, prune: bool = False) -> tuple[Step, ...]:
    """What makes `found` into `wanted`. Deleting is last and backwards: what uses a resource goes before it."""
    steps = [step for kind in KINDS for resource in wanted.of(kind) for step in _step(resource, found, prune)]
    surplus = [
        Step("delete" if prune else "keep", kind, resource.name, resource.sid)
        for kind in reversed(KINDS)
        if kind in wanted.managed and kind not in NEVER_DELETED
        for resource in found.of(kind)
        if resource.key not in wanted.resources
    ]
    return (*steps, *surplus)


def _step(wanted: Resource, found: State, prune: bool) -> Iterator[Step]:
    there = found.get(wanted.kind, wanted.name)
    if there is None:
        if wanted.kind != "voice queue" or wanted.fields != AS_TWILIO_MAKES_IT:
            yield _missing(wanted)
        return
    changes = tuple(_changes(wanted, there, prune))
    if changes and wanted.kind == "activity":
        yield Step("impossible", wanted.kind, wanted.name, there.sid, changes, FIXED)
    elif changes:
        yield Step("update", wanted.kind, wanted.name, there.sid, changes)


def _missing(wanted: Resource) -> Step:
    changes = tuple(Change(name, MISSING, value) for name, value in flat(wanted.fields).items())
    if wanted.kind == "number":
        return Step("impossible", wanted.kind, wanted.name, why=NOT_OURS)
    if wanted.kind == "voice queue":
        return Step("later", wanted.kind, wanted.name, changes=changes, why=LATER)
    # Both come with what they belong to, in whatever state Twilio makes them.
    verb: Verb = "update" if wanted.kind in ("workspace settings", "worker channel") else "create"
    return Step(verb, wanted.kind, wanted.name, changes=changes)


def _changes(wanted: Resource, there: Resource, prune: bool) -> Iterator[Change]:
    old, new = flat(_ours(wanted, there, prune)), flat(wanted.fields)
    for name in (*new, *(name for name in old if name not in new)):
        before, after = old.get(name, MISSING), new.get(name, MISSING)
        if not _same(before, after):
            yield Change(name, before, after)


def _ours(wanted: Resource, there: Resource, prune: bool) -> Mapping[str, Any]:
    """The fields of `there` that are the files' business: a worker's other attributes belong to somebody else."""
    fields = {name: value for name, value in there.fields.items() if name in wanted.fields}
    if wanted.kind == "worker" and not prune:
        kept = wanted.fields["attributes"]
        fields["attributes"] = {name: value for name, value in fields["attributes"].items() if name in kept}
    return fields


def _same(before: Any, after: Any) -> bool:
    return isinstance(before, bool) == isinstance(after, bool) and bool(before == after)


def has_drift(steps: Sequence[Step]) -> bool:
    return any(step.is_drift for step in steps)


_SIGNS: Mapping[Verb, str] = {"create": "+", "update": "~", "delete": "-", "keep": "·", "later": "…", "impossible": "!"}


def as_text_of(steps: Sequence[Step]) -> str:
    """As a person reads a difference, a resource a paragraph: what is there has -, what comes has +."""
    return "\n".join(line for step in steps for line in _lines(step)) if steps else "Nothing differs."


def _lines(step: Step) -> Iterator[str]:
    what = {"keep": "  (not in the files; --prune deletes it)"}.get(step.verb, f"  ({step.why})" if step.why else "")
    yield f"{_SIGNS[step.verb]} {step.kind} {step.name}{what}"
    for change in step.changes:
        if change.old is not MISSING:
            yield f"    - {change.field} = {as_text(change.old)}"
        if change.new is not MISSING:
            yield f"    + {change.field} = {as_text(change.new)}"


def as_json(steps: Sequence[Step]) -> str:
    """For a pipeline: every step with its changes. A side without a value leaves `old` or `new` out."""
    documents = []
    for step in steps:
        document = asdict(step)
        document["changes"] = [
            {name: value for name, value in asdict(change).items() if value is not MISSING} for change in step.changes
        ]
        documents.append(document)
    return json.dumps({"drift": has_drift(steps), "steps": documents}, ensure_ascii=False, indent=2)

"""The difference between two states, as steps in the order in which they can be done. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

from ops.callcenter import resources, takeover
from ops.callcenter.model import MISSING, Change, Resource, State, Step, Verb, as_text, flat
from ops.callcenter.resources.kind import Kind
from ops.callcenter.resources.number import Numbers


def plan(wanted: State, found: State, prune: bool = False) -> tuple[Step, ...]:
    """What makes `found` into `wanted`. Deletions come last, what uses a resource before the resource."""
    steps = [
        step
        for kind in resources.KINDS
        for resource in wanted.of(kind.name)
        for step in _step(kind, resource, found, prune)
    ]
    surplus = [
        Step("delete" if prune else "keep", kind.name, resource.name, resource.sid)
        for kind in reversed(resources.KINDS)
        if kind.is_prunable and kind.name in wanted.managed
        for resource in found.of(kind.name)
        if resource.key not in wanted.resources
    ]
    return (*steps, *surplus)


def _step(kind: Kind, wanted: Resource, found: State, prune: bool) -> Iterator[Step]:
    there = found.get(kind.name, wanted.name)
    if there is None:
        yield from _missing(kind, wanted)
    elif changes := tuple(_changes(wanted, kind.compared(wanted, there, prune))):
        verb: Verb = "impossible" if kind.fixed else "update"
        yield Step(verb, kind.name, wanted.name, there.sid, changes, kind.fixed)


def _missing(kind: Kind, wanted: Resource) -> Iterator[Step]:
    if missing := kind.missing(wanted):
        changes = () if missing.verb == "impossible" else tuple(_changes(wanted, {}))
        yield Step(missing.verb, kind.name, wanted.name, changes=changes, why=missing.why)


def _changes(wanted: Resource, there: Mapping[str, Any]) -> Iterator[Change]:
    old, new = flat(there), flat(wanted.fields)
    for name in (*new, *(name for name in old if name not in new)):
        before, after = old.get(name, MISSING), new.get(name, MISSING)
        if not _same(before, after):
            yield Change(name, before, after)


def _same(before: Any, after: Any) -> bool:
    return isinstance(before, bool) == isinstance(after, bool) and bool(before == after)


def has_drift(steps: Sequence[Step]) -> bool:
    return any(step.is_drift for step in steps)


class Loss(NamedTuple):
    """What is not there any more after the steps: a resource, or `where` a number leads today."""

    kind: str
    name: str
    where: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.name} {f'leads to {self.where} today' if self.where else 'is deleted'}"


def losses(steps: Sequence[Step], api_url: str) -> list[Loss]:
    """What a person has to know before they agree to these steps. `api_url` is the application's, if it has one yet."""
    found = [Loss(step.kind, step.name) for step in steps if step.verb == "delete"]
    for step in steps:
        if step.kind == Numbers.name and step.verb == "update":
            there = {change.field: change.old for change in step.changes}
            if (where := takeover.leads_to(there)) and not takeover.is_ours(there, api_url):
                found.append(Loss(step.kind, step.name, where))
    return found


def overview(steps: Sequence[Step], api_url: str) -> str:
    """The steps in numbers, and line by line what they cost."""
    count = Counter(step.verb for step in steps)
    counted = f"{count['create']} to make, {count['update']} to change, {count['delete']} to delete"
    back = [f"number {step.name} {_new_lead(step)}" for step in steps if step.verb == "restore" and not step.why]
    left = [
        f"{step.kind} {step.name}: {step.why}" for step in steps if step.verb in ("impossible", "restore") and step.why
    ]
    lines = [*map(str, losses(steps, api_url)), *back, *left]
    return "\n".join((f"{counted}, {len(back)} to give back" if back else counted, *(f"  {line}" for line in lines)))


def _new_lead(step: Step) -> str:
    where = takeover.leads_to({change.field: change.new for change in step.changes})
    return f"leads to {where} again" if where else "leads to nothing then"


_SIGNS: Mapping[Verb, str] = {
    "create": "+",
    "update": "~",
    "delete": "-",
    "restore": "<",
    "keep": "·",
    "later": "…",
    "impossible": "!",
}


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


def document(steps: Sequence[Step]) -> dict[str, Any]:
    """For a pipeline: every step with its changes. A side without a value leaves `old` or `new` out."""
    documents = []
    for step in steps:
        document = asdict(step)
        document["changes"] = [
            {name: value for name, value in asdict(change).items() if value is not MISSING} for change in step.changes
        ]
        documents.append(document)
    return {"drift": has_drift(steps), "steps": documents}

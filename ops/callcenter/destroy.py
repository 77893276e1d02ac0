"""Undoes what apply has made: the numbers lead nowhere again, and the workspace is deleted."""

from collections.abc import Iterator

from twilio.rest import Client

from ops.callcenter import resources
from ops.callcenter.apply import OnStep, carry_out, execution_of, ignore, sids
from ops.callcenter.files import Center
from ops.callcenter.model import Resource, State, Step
from ops.callcenter.state import actual, desired
from ops.errors import OpsError


def plan(client: Client, center: Center, api_url: str, prune: bool = False) -> tuple[Step, ...]:
    """The steps. Raises OpsError when the workspace has what the files do not name, unless that is to be pruned."""
    found = actual(client, center)
    surplus = [*_surplus(center, api_url, found)]
    if surplus and not prune:
        raise OpsError(
            f"the workspace has what the files do not name: {', '.join(surplus)}; with --prune it is deleted, too"
        )
    return tuple(step for kind in reversed(resources.KINDS) for step in kind.destroy(found, api_url))


def do(client: Client, center: Center, steps: tuple[Step, ...], on_step: OnStep = ignore) -> dict[str, str]:
    """Take these steps; returns the variables by which the application then knows no sids.

    Raises OpsError; a second destroy then does what is left.
    """
    execution = execution_of(client, center, State(), prune=True)
    for step in steps:
        execution.sids[step.kind, step.name] = step.sid
        carry_out(execution, step, None if step.verb == "delete" else _cleared(step))
        on_step(step)
    return sids(center, State())


def _cleared(step: Step) -> Resource:
    """The resource with the values that the step gives it."""
    return Resource(step.kind, step.name, {change.field: change.new for change in step.changes}, step.sid)


def _surplus(center: Center, api_url: str, found: State) -> Iterator[str]:
    named = desired(center, api_url).resources
    for kind in reversed(resources.KINDS):
        for resource in found.of(kind.name) if kind.is_prunable else ():
            if resource.key not in named and not kind.is_default(resource):
                yield f"{kind.name} {resource.name}"

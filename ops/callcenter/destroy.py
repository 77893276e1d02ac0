"""Undoes what apply has made: the numbers lead where they led before, and the workspace is deleted."""

from collections.abc import Iterator

from twilio.rest import Client

from ops.aws.former import FormerNumbers
from ops.callcenter import giving_back, resources
from ops.callcenter.apply import OnStep, carry_out, execution_of, ignore, sids
from ops.callcenter.files import Center
from ops.callcenter.model import State, Step
from ops.callcenter.state import actual, desired
from ops.errors import OpsError


def plan(client: Client, center: Center, api_url: str, former: FormerNumbers, prune: bool = False) -> tuple[Step, ...]:
    """The steps. Raises OpsError when the workspace has what the files do not name, unless that is to be pruned."""
    found = actual(client, center)
    surplus = [*_surplus(center, api_url, found)]
    if surplus and not prune:
        raise OpsError(
            f"the workspace has what the files do not name: {', '.join(surplus)}; with --prune it is deleted, too"
        )
    kept = former.all()
    numbers = dict.fromkeys((*center.numbers(), *(one.number for one in kept)))
    deleted = [step for kind in reversed(resources.KINDS) for step in kind.destroy(found)]
    return (*giving_back.plan(client, numbers, api_url, kept), *deleted)


def do(
    client: Client,
    center: Center,
    steps: tuple[Step, ...],
    *,
    api_url: str,
    former: FormerNumbers,
    on_step: OnStep = ignore,
) -> dict[str, str]:
    """Take these steps; returns the variables by which the application then knows no sids.

    Raises OpsError; a second destroy then does what is left.
    """
    execution = execution_of(client, center, State(), api_url=api_url, former=former, prune=True)
    for step in steps:
        if step.verb == "restore":
            giving_back.do(client, step, api_url, former)
        elif step.verb == "delete":
            carry_out(execution, step, None)
        on_step(step)
    return sids(center, State())


def _surplus(center: Center, api_url: str, found: State) -> Iterator[str]:
    named = desired(center, api_url).resources
    for kind in reversed(resources.KINDS):
        for resource in found.of(kind.name) if kind.is_prunable else ():
            if resource.key not in named and not kind.is_default(resource):
                yield f"{kind.name} {resource.name}"

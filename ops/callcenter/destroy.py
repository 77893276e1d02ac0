"""Takes back what apply made: the numbers lead nowhere again, and the workspace is gone."""

from collections.abc import Iterator
from typing import Any

from twilio.rest import Client

from ops.callcenter import actual
from ops.callcenter.apply import OnStep, ignore
from ops.callcenter.files import DEFAULT_ACTIVITIES, Center
from ops.callcenter.plan import Change, Step
from ops.callcenter.resources import Kind, State, desired
from ops.errors import OpsError
from ops.twilio import plain_errors

# What the application knew of the account, as it is before the first apply.
FORGOTTEN = {
    "TWILIO_WORKSPACE_SID": "",
    "TWILIO_WORKFLOW_SID": "",
    "TWILIO_ACTIVITIES": "{}",
    "TWILIO_TASK_QUEUES": "{}",
}

_IN_A_WORKSPACE: tuple[Kind, ...] = ("worker", "workflow", "task queue", "activity")


def plan(client: Client, center: Center, api_url: str, prune: bool = False) -> tuple[Step, ...]:
    """What destroying takes. Raises OpsError when the workspace has what the files do not name, unless pruning."""
    found = actual.read(client, center)
    surplus = [*_surplus(center, api_url, found)]
    if surplus and not prune:
        raise OpsError(
            f"the workspace has what the files do not name: {', '.join(surplus)}; with --prune it goes with the rest"
        )
    workspaces = [Step("delete", one.kind, one.name, one.sid) for one in found.of("workspace")]
    return (*_numbers(found, api_url), *workspaces)


def do(client: Client, steps: tuple[Step, ...], on_step: OnStep = ignore) -> None:
    """Take these steps. Raises OpsError; then a second destroy goes on."""
    for step in steps:
        with plain_errors(f"{step.verb} {step.kind} {step.name}"):
            if step.kind == "number":
                fields: dict[str, Any] = {change.field: change.new for change in step.changes}
                client.incoming_phone_numbers(step.sid).update(**fields)
            else:
                client.taskrouter.v1.workspaces(step.sid).delete()
        on_step(step)


def _surplus(center: Center, api_url: str, found: State) -> Iterator[str]:
    named = desired(center, api_url).resources
    for kind in _IN_A_WORKSPACE:
        for resource in found.of(kind):
            if resource.key not in named and not (kind == "activity" and resource.name in DEFAULT_ACTIVITIES):
                yield f"{kind} {resource.name}"


def _numbers(found: State, api_url: str) -> Iterator[Step]:
    """Only urls of this application: whatever else a number does is somebody else's."""
    for number in found.of("number"):
        ours = [name for name, value in number.fields.items() if api_url and value.startswith(f"{api_url}/")]
        if ours:
            yield Step(
                "update",
                "number",
                number.name,
                number.sid,
                tuple(Change(name, number.fields[name], "") for name in ours),
            )

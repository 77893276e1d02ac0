"""Both sides of a plan: what Twilio should have, and what it has."""

from typing import Any

from twilio.rest import Client

from ops.callcenter import resources
from ops.callcenter.files import Center
from ops.callcenter.model import State
from ops.callcenter.resources.kind import Reading
from ops.callcenter.resources.workspace import find_workspace
from ops.twilio import plain_errors


def desired(center: Center, api_url: str) -> State:
    """What Twilio should have. `api_url` is the deployed application's, without a slash at its end."""
    found = [resource for kind in resources.KINDS for resource in kind.desired(center, api_url)]
    managed = frozenset(kind.name for kind in resources.KINDS if kind.is_managed(center))
    return State({resource.key: resource for resource in found}, managed)


def actual(client: Client, center: Center) -> State:
    """What the account has of this call centre. Raises OpsError, also when two workspaces have the name."""
    with plain_errors("reading what Twilio has"):
        return _read(Reading(client, find_workspace(client, center.workspace.name), center))


def inside(client: Client, workspace: Any) -> State:
    """Everything in this workspace, which is as Twilio's client has it. Raises what the client raises."""
    return _read(Reading(client, workspace, None))


def _read(reading: Reading) -> State:
    for kind in resources.KINDS:
        read = {resource.key: resource for resource in kind.read(reading)}
        reading.found = State({**reading.found.resources, **read})
    return reading.found

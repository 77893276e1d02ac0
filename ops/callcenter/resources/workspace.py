"""The workspace, in which all else of TaskRouter is."""

from collections.abc import Iterator, Mapping
from typing import Any

from twilio.rest import Client

from ops.callcenter.files import Center
from ops.callcenter.model import Resource, State, Step
from ops.callcenter.resources.kind import PAGE_SIZE, Execution, Kind, Missing, Reading
from ops.errors import OpsError


class Workspaces(Kind):
    """A workspace is never pruned: only `destroy` deletes it, and all that is in it."""

    name = "workspace"

    def desired(self, center: Center, api_url: str) -> Iterator[Resource]:
        yield Resource(self.name, center.workspace.name, {"multi_task_enabled": center.workspace.multitasking})

    def read(self, reading: Reading) -> Iterator[Resource]:
        if workspace := reading.workspace:
            fields = {"multi_task_enabled": workspace.multi_task_enabled is not False}  # which is the default
            yield Resource(self.name, workspace.friendly_name, fields, workspace.sid)

    def missing(self, wanted: Resource) -> Missing | None:
        return Missing("create")

    def create(self, execution: Execution, resource: Resource) -> str:
        """Twilio is not known to keep these names unique, so two applies at once may both have made one.

        Whoever sees another that is not younger gives way. When both do, both end with a 404 and a second run is clean.
        """
        collection = execution.client.taskrouter.v1.workspaces
        ours = collection.create(friendly_name=resource.name, template="NONE", **resource.fields)
        others = [
            other
            for other in _named(execution.client, resource.name)
            if other.sid != ours.sid and other.date_created <= ours.date_created
        ]
        if others:
            ours.delete()  # made a moment ago, by us: nothing is in it
        return str(min(others, key=lambda other: other.date_created, default=ours).sid)

    def update(self, execution: Execution, resource: Resource, fields: Mapping[str, Any]) -> None:
        execution.inside.update(**fields)

    def delete(self, execution: Execution, name: str, sid: str) -> None:
        execution.client.taskrouter.v1.workspaces(sid).delete()

    def environment(self, center: Center, found: State) -> dict[str, str]:
        workspace = found.get(self.name, center.workspace.name)
        return {"TWILIO_WORKSPACE_SID": workspace.sid if workspace else ""}

    def destroy(self, found: State) -> Iterator[Step]:
        for workspace in found.of(self.name):
            yield Step("delete", self.name, workspace.name, workspace.sid)


def find_workspace(client: Client, name: str) -> Any:
    """The workspace of this name, None when there is none. Raises OpsError when there are two."""
    named = _named(client, name)
    if len(named) > 1:
        sids = " and ".join(sorted(workspace.sid for workspace in named))
        raise OpsError(
            f"two workspaces have the name {name!r} ({sids}): rename or delete the one that is not meant in Twilio"
        )
    return named[0] if named else None


def _named(client: Client, name: str) -> list[Any]:
    """Every workspace of exactly this name; Twilio's own filter may be more generous."""
    found = client.taskrouter.v1.workspaces.list(friendly_name=name, page_size=PAGE_SIZE)
    return [workspace for workspace in found if workspace.friendly_name == name]

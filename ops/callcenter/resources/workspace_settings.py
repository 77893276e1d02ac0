"""What a workspace says about its own resources and events: it can be set only when those are there."""

from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.twilio import urls
from ops.callcenter.files import Center
from ops.callcenter.model import Resource
from ops.callcenter.resources.activity import Activities
from ops.callcenter.resources.kind import Execution, Kind, Missing, Reading

# The events that decide something: each of the others would be a request for nothing. What reservation.completed and
# task.wrapup say, task.completed and reservation.wrapup say too, and of what is lost the sweep asks.
EVENTS = (
    "task.created",
    "task.completed",
    "task.canceled",
    "reservation.accepted",
    "reservation.rejected",
    "reservation.timeout",
    "reservation.canceled",
    "reservation.rescinded",
    "reservation.wrapup",
    "workflow.timeout",
)

OF_THE_CONSOLE = ("worker.activity.update",)


class WorkspaceSettings(Kind):
    """They come with the workspace, in whatever state Twilio makes them."""

    name = "workspace settings"

    def desired(self, center: Center, api_url: str) -> Iterator[Resource]:
        fields = {
            "default_activity": center.workspace.default_activity,
            "timeout_activity": center.workspace.timeout_activity,
            "event_callback_url": urls.EVENTS.url(api_url),
            "events_filter": sorted((*EVENTS, *(OF_THE_CONSOLE if center.has_console else ()))),
        }
        yield Resource(self.name, center.workspace.name, fields)

    def read(self, reading: Reading) -> Iterator[Resource]:
        if (workspace := reading.workspace) is None:
            return
        names = {sid: name for name, sid in reading.found.sids(Activities.name).items()}
        fields = {
            "default_activity": names.get(workspace.default_activity_sid, ""),
            "timeout_activity": names.get(workspace.timeout_activity_sid, ""),
            "event_callback_url": workspace.event_callback_url or "",
            "events_filter": sorted(filter(None, (workspace.events_filter or "").replace(" ", "").split(","))),
        }
        yield Resource(self.name, workspace.friendly_name, fields, workspace.sid)

    def missing(self, wanted: Resource) -> Missing | None:
        return Missing("update")

    def payload(self, execution: Execution, resource: Resource) -> dict[str, Any]:
        return {**resource.fields, "events_filter": ",".join(resource.fields["events_filter"])}

    def update(self, execution: Execution, resource: Resource, fields: Mapping[str, Any]) -> None:
        sids = execution.sids_of(Activities.name)
        sent = {
            f"{name}_sid" if name.endswith("_activity") else name: sids[value] if name.endswith("_activity") else value
            for name, value in fields.items()
        }
        execution.inside.update(**sent)

"""The activities of workers."""

import json
from collections.abc import Iterator
from typing import Any

from ops.callcenter.files import DEFAULT_ACTIVITIES, Center
from ops.callcenter.model import Resource, State
from ops.callcenter.resources.kind import PAGE_SIZE, Execution, Reading, WorkspaceKind
from ops.errors import OpsError


class Activities(WorkspaceKind):
    """Whether an activity is available is fixed when it is made, and one that workers are in cannot be deleted."""

    name = "activity"
    collection = "activities"
    fixed = "Twilio cannot change this later: give the activity another name, or delete it in Twilio"

    def desired(self, center: Center, api_url: str) -> Iterator[Resource]:
        for activity, available in center.activities.items():
            yield Resource(self.name, activity, {"available": available})

    def read(self, reading: Reading) -> Iterator[Resource]:
        for one in reading.inside.activities.list(page_size=PAGE_SIZE) if reading.workspace else ():
            yield Resource(self.name, one.friendly_name, {"available": bool(one.available)}, one.sid)

    def explain_undeleted(self, execution: Execution, name: str, sid: str) -> None:
        if workers := [str(worker.friendly_name) for worker in execution.inside.workers.list(activity_sid=sid)]:
            raise OpsError(
                f"delete activity {name}: {', '.join(workers)} still use it; move them to another one first"
            ) from None

    def environment(self, center: Center, found: State) -> dict[str, str]:
        return {"TWILIO_ACTIVITIES": named_sids(found.sids(self.name), center.activities)}

    def is_default(self, resource: Resource) -> bool:
        return resource.name in DEFAULT_ACTIVITIES


def named_sids(sids: dict[str, str], names: Any) -> str:
    """JSON with the sid of each of these names that has one."""
    return json.dumps({name: sids[name] for name in names if name in sids}, ensure_ascii=False, separators=(",", ":"))

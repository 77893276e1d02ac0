"""The voice queue in which a workflow's callers wait."""

from collections.abc import Iterator, Mapping
from typing import Any

from ops.callcenter.files import Center
from ops.callcenter.model import Resource
from ops.callcenter.resources.kind import PAGE_SIZE, Execution, Kind, Missing, Reading
from ops.callcenter.resources.workflow import Workflows

AS_TWILIO_MAKES_IT = {"max_size": 100}  # (contract 3.1)
LATER = "Twilio makes the queue at the workflow's first call: apply again after it"


class VoiceQueues(Kind):
    """Twilio makes the queue at the first call and names it by the workflow's sid (contract 7.4)."""

    name = "voice queue"

    def desired(self, center: Center, api_url: str) -> Iterator[Resource]:
        yield Resource(self.name, center.workflow.name, {"max_size": center.voice_queue.max_size})

    def read(self, reading: Reading) -> Iterator[Resource]:
        names = {sid: name for name, sid in reading.found.sids(Workflows.name).items()}
        for queue in reading.client.queues.list(page_size=PAGE_SIZE) if names else ():
            if queue.friendly_name in names:
                yield Resource(self.name, names[queue.friendly_name], {"max_size": queue.max_size}, queue.sid)

    def missing(self, wanted: Resource) -> Missing | None:
        return None if wanted.fields == AS_TWILIO_MAKES_IT else Missing("later", LATER)

    def update(self, execution: Execution, resource: Resource, fields: Mapping[str, Any]) -> None:
        execution.client.queues(execution.sids[resource.key]).update(**fields)

"""How many tasks of a channel a worker takes at once."""

from collections.abc import Iterator, Mapping
from typing import Any

from ops.callcenter.files import Center
from ops.callcenter.model import Resource
from ops.callcenter.resources.kind import PAGE_SIZE, Execution, Kind, Missing, Reading
from ops.callcenter.resources.worker import Workers


class WorkerChannels(Kind):
    """They come with the worker, in whatever state Twilio makes them. Their name is worker/channel."""

    name = "worker channel"

    def desired(self, center: Center, api_url: str) -> Iterator[Resource]:
        for person, worker in (center.workers or {}).items():
            for channel in worker.capacity.__struct_fields__:
                capacity = getattr(worker.capacity, channel)
                if capacity is not None:
                    yield Resource(self.name, f"{person}/{channel}", {"configured_capacity": capacity})

    def is_managed(self, center: Center) -> bool:
        return center.workers is not None

    def read(self, reading: Reading) -> Iterator[Resource]:
        """Those of the file's workers only, as each worker takes a request."""
        for worker in reading.found.of(Workers.name):
            if reading.center is None or worker.name in (reading.center.workers or {}):
                for channel in reading.inside.workers(worker.sid).worker_channels.list(page_size=PAGE_SIZE):
                    name = f"{worker.name}/{channel.task_channel_unique_name}"
                    fields = {"configured_capacity": channel.configured_capacity}
                    yield Resource(self.name, name, fields, channel.sid)

    def missing(self, wanted: Resource) -> Missing | None:
        return Missing("update")

    def update(self, execution: Execution, resource: Resource, fields: Mapping[str, Any]) -> None:
        person, _, channel = resource.name.rpartition("/")
        worker = execution.inside.workers(execution.sids[Workers.name, person])
        worker.worker_channels(channel).update(capacity=fields["configured_capacity"])

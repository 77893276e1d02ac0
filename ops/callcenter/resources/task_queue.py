"""The task queues."""

from collections.abc import Iterator

from ops.callcenter.files import Center
from ops.callcenter.model import Resource, State
from ops.callcenter.resources.activity import named_sids
from ops.callcenter.resources.kind import PAGE_SIZE, Reading, WorkspaceKind

NOBODY = "1==2"  # serves a queue whose TargetWorkers are empty: its tasks wait


class TaskQueues(WorkspaceKind):
    name = "task queue"
    collection = "task_queues"

    def desired(self, center: Center, api_url: str) -> Iterator[Resource]:
        for queue, rules in center.application.queues.items():
            fields = {"target_workers": rules.workers, "max_reserved_workers": rules.max_reserved_workers}
            yield Resource(self.name, queue, {**fields, "task_order": rules.task_order})

    def read(self, reading: Reading) -> Iterator[Resource]:
        for queue in reading.inside.task_queues.list(page_size=PAGE_SIZE) if reading.workspace else ():
            fields = {
                "target_workers": queue.target_workers or NOBODY,
                "max_reserved_workers": queue.max_reserved_workers or 1,
                "task_order": queue.task_order or "FIFO",
            }
            yield Resource(self.name, queue.friendly_name, fields, queue.sid)

    def environment(self, center: Center, found: State) -> dict[str, str]:
        return {"TWILIO_TASK_QUEUES": named_sids(found.sids(self.name), center.application.queues)}

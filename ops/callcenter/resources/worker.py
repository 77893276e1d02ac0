"""The workers, where there is a workers.toml."""

import json
from collections.abc import Iterator
from typing import Any

from ops.callcenter.files import Center
from ops.callcenter.model import Resource
from ops.callcenter.resources.kind import PAGE_SIZE, Execution, Reading, WorkspaceKind
from ops.callcenter.resources.workflow import document


class Workers(WorkspaceKind):
    """Attributes that the file does not name are left as they are, unless they are pruned."""

    name = "worker"
    collection = "workers"

    def desired(self, center: Center, api_url: str) -> Iterator[Resource]:
        for person, worker in (center.workers or {}).items():
            yield Resource(self.name, person, {"attributes": worker.all_attributes()})

    def is_managed(self, center: Center) -> bool:
        return center.workers is not None

    def read(self, reading: Reading) -> Iterator[Resource]:
        for worker in reading.inside.workers.list(page_size=PAGE_SIZE) if reading.workspace else ():
            attributes = document(worker.attributes)
            fields = {"attributes": attributes if isinstance(attributes, dict) else {}}
            yield Resource(self.name, worker.friendly_name, fields, worker.sid)

    def compared(self, wanted: Resource, there: Resource, prune: bool) -> dict[str, Any]:
        if prune:
            return super().compared(wanted, there, prune)
        named = wanted.fields["attributes"]
        return {"attributes": {name: value for name, value in there.fields["attributes"].items() if name in named}}

    def payload(self, execution: Execution, resource: Resource) -> dict[str, Any]:
        there = execution.found.get(self.name, resource.name)
        kept = there.fields["attributes"] if there and not execution.prune else {}
        return {"attributes": json.dumps({**kept, **resource.fields["attributes"]})}

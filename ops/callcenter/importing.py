"""The files for a workspace that is there already: what Twilio knows of it, and a line to be filled in by a person."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tomlkit.exceptions import TOMLKitError
from twilio.rest import Client

from chalicelib.config.toml_errors import NAME
from chalicelib.routing.instructions import is_contact
from ops.callcenter import check, files, state, toml_writer
from ops.callcenter.files import Channels, Texts
from ops.callcenter.model import Resource, State
from ops.callcenter.persons import is_made
from ops.callcenter.resources.workspace import find_workspace
from ops.errors import OpsError
from ops.twilio import plain_errors

NEW = """# Imported from the workspace {name}. What callers hear, Twilio does not know: fill in the line below, then
# run `./cordboard check` and `./cordboard plan`.

default_line = "main"
reservation_timeout = {timeout}

# The account's numbers: {numbers}
[lines.main]
numbers = []
greeting = "Hello."
attributes = {{}}
"""


@dataclass(frozen=True)
class Imported:
    """What Twilio has, as tables of callcenter.toml and workers.toml; `new` is what the first begins with.

    `left_out` is what Twilio has and the files cannot say.
    """

    new: str
    center: Mapping[str, Any]
    workers: Mapping[str, Any]
    left_out: tuple[str, ...] = ()

    def write(self, folder: Path) -> tuple[list[str], list[str]]:
        """Write both files into this folder. In a file that is there only what Twilio has otherwise is changed.

        Returns what has become of each, and what a person has to settle. Raises OpsError when a file is no TOML.
        """
        folder.mkdir(parents=True, exist_ok=True)
        done, texts = [], []
        for file, new, tables in ((NAME, self.new, self.center), (files.WORKERS, "", self.workers)):
            path = folder / file
            before = path.read_text(encoding="utf-8") if path.exists() else None
            texts.append(_merged(path, new if before is None else before, tables))
            done.append(f"{_did(before, texts[-1])} {path}")
        for file, text in zip((NAME, files.WORKERS), texts, strict=True):
            (folder / file).write_text(text, encoding="utf-8")
        return done, [*self.left_out, *map(str, check.mistakes(Texts(*texts)))]


def _merged(path: Path, text: str, tables: Mapping[str, Any]) -> str:
    try:
        return toml_writer.merged(text, tables)
    except TOMLKitError as error:
        raise OpsError(f"{path} is no TOML: {error}") from error


def _did(before: str | None, after: str) -> str:
    if before is None:
        return "wrote"
    return "left as it is" if before == after else "updated"


def read(client: Client, workspace: str, workflow: str = "") -> Imported:
    """The files of this workspace; `workflow` has to be said when there are several. Raises OpsError."""
    with plain_errors("reading what Twilio has"):
        found = find_workspace(client, workspace)
        if found is None:
            there = sorted(str(one.friendly_name) for one in client.taskrouter.v1.workspaces.list())
            raise OpsError(f"there is no workspace {workspace!r}; there are: {', '.join(there) or 'none'}")
        inside = state.inside(client, found)
        numbers = [str(number.phone_number) for number in client.incoming_phone_numbers.list()]
    chosen = _chosen(inside, workflow)
    timeout = chosen.fields["task_reservation_timeout"]
    new = NEW.format(name=toml_writer.quoted(workspace), numbers=", ".join(numbers) or "none", timeout=timeout)
    return Imported(new, _center(inside, chosen), {"workers": _workers(inside)}, tuple(_left_out(inside, chosen)))


def _chosen(inside: State, name: str) -> Resource:
    workflows = {workflow.name: workflow for workflow in inside.of("workflow")}
    if not name and len(workflows) == 1:
        return next(iter(workflows.values()))
    if name not in workflows:
        named = ", ".join(sorted(workflows)) or "none"
        raise OpsError(f"say with --workflow which workflow calls take; there are: {named}")
    return workflows[name]


def _center(inside: State, workflow: Resource) -> dict[str, Any]:
    (workspace,), (settings,) = inside.of("workspace"), inside.of("workspace settings")
    voice_queue = inside.get("voice queue", workflow.name)
    routing = workflow.fields["configuration"]["task_routing"]
    return {
        "reservation_timeout": workflow.fields["task_reservation_timeout"],
        "queues": {queue.name: _queue(queue) for queue in inside.of("task queue")},
        "workspace": _workspace(workspace, settings),
        "activities": {one.name: one.fields["available"] for one in inside.of("activity")},
        "workflow": {
            "name": workflow.name,
            "default_queue": routing.get("default_filter", {}).get("queue"),
            "filters": [_filter(given) for given in routing["filters"] if not is_made(given["expression"])],
        },
        "voice_queue": {"max_size": voice_queue.fields["max_size"] if voice_queue else 100},
    }


def _queue(queue: Resource) -> dict[str, Any]:
    fields = queue.fields
    return {
        "workers": fields["target_workers"],
        "max_reserved_workers": fields["max_reserved_workers"],
        "task_order": fields["task_order"],
    }


def _workspace(workspace: Resource, settings: Resource) -> dict[str, Any]:
    return {
        "name": workspace.name,
        "default_activity": settings.fields["default_activity"],
        "timeout_activity": settings.fields["timeout_activity"],
        "multitasking": bool(workspace.fields["multi_task_enabled"]),
    }


def _filter(given: Mapping[str, Any]) -> dict[str, Any]:
    fields = {ours: given[name] for name, ours in _FILTER.items() if name in given}
    return fields | {"targets": [_target(one) for one in given["targets"]]}


_FILTER = {"filter_friendly_name": "name", "expression": "when"}
_TARGET = {
    "queue": "queue",
    "timeout": "timeout",
    "priority": "priority",
    "expression": "when",
    "order_by": "order_by",
    "skip_if": "skip_if",
    "known_worker_friendly_name": "known_worker",
    "known_worker_sid": "known_worker_sid",
}


def _target(given: Mapping[str, Any]) -> dict[str, Any]:
    return {ours: given[name] for name, ours in _TARGET.items() if name in given}


def _left_out(inside: State, workflow: Resource) -> Iterator[str]:
    """What the files have no place for. A plan shows it, and apply takes it away."""
    document = workflow.fields["configuration"]
    routing = document["task_routing"]
    yield from _unknown("workflow", document, {"task_routing"})
    yield from _unknown("workflow", routing, {"filters", "default_filter"})
    yield from _unknown("workflow.default_queue", routing.get("default_filter", {}), {"queue"})
    for number, given in enumerate(routing["filters"]):
        yield from _unknown(f"workflow.filters[{number}]", given, {*_FILTER, "targets"})
        for position, target in enumerate(given["targets"]):
            yield from _unknown(f"workflow.filters[{number}].targets[{position}]", target, _TARGET)
    for worker in inside.of("worker"):
        for path in _nulls(f"workers.{worker.name}.attributes", worker.fields["attributes"]):
            yield f"{files.WORKERS}: {path} is null in Twilio, and left out: TOML has no null"


def _unknown(key: str, given: Mapping[str, Any], known: Collection[str]) -> Iterator[str]:
    for name in given:
        if name not in known:
            yield f"{NAME}: {key} has {name} in Twilio, which is left out: the file has no such key"


def _nulls(path: str, value: Any) -> Iterator[str]:
    match value:
        case None:
            yield path
        case dict():
            for name, inner in value.items():
                yield from _nulls(f"{path}.{name}", inner)
        case list():
            for number, inner in enumerate(value):
                yield from _nulls(f"{path}[{number}]", inner)


def _workers(inside: State) -> dict[str, dict[str, Any]]:
    return {worker.name: _worker(worker, inside) for worker in inside.of("worker")}


def _worker(worker: Resource, inside: State) -> dict[str, Any]:
    attributes = dict(worker.fields["attributes"])
    contact = attributes.pop("contact_uri") if is_contact(attributes.get("contact_uri")) else None
    capacity = {
        name: channel.fields["configured_capacity"]
        for name in Channels.__struct_fields__
        if (channel := inside.get("worker channel", f"{worker.name}/{name}"))
    }
    return {"contact_uri": contact, "attributes": attributes, "capacity": capacity}

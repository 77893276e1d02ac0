"""Makes Twilio what the files say, step by step. Nothing is noted anywhere in between: a second apply reads again
what Twilio has and does what is left, whatever became of the first."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from twilio.base.exceptions import TwilioException
from twilio.rest import Client

from ops.callcenter import actual
from ops.callcenter.files import Center
from ops.callcenter.plan import Step, as_text_of, plan
from ops.callcenter.resources import Resource, State, desired, renamed_queues
from ops.errors import OpsError
from ops.twilio import plain_errors

# The first does everything; the next proves it, or mends what somebody else did at the same time.
ROUNDS = 4

OnStep = Callable[[Step], None]


def ignore(step: Step) -> None:
    """For whoever does not want to hear of each step."""


@dataclass(frozen=True)
class Outcome:
    """`done` are the steps that were taken; `left` those that apply cannot take, each with its reason.

    `environment` is what the application has to know of the account: variables of the stage's configuration.
    """

    done: tuple[Step, ...]
    left: tuple[Step, ...]
    environment: Mapping[str, str]


def apply(client: Client, center: Center, api_url: str, *, prune: bool = False, on_step: OnStep = ignore) -> Outcome:
    """Make Twilio what the files say. `on_step` is called with each step when it is done.

    Raises OpsError; a second apply then does what is left.
    """
    wanted = desired(center, api_url)
    done: list[Step] = []
    for _ in range(ROUNDS):
        found = actual.read(client, center)
        steps = plan(wanted, found, prune)
        todo = [step for step in steps if step.can_be_done]
        if not todo:
            return Outcome(tuple(done), steps, environment(client, center, found))
        hands = _Hands(client, center, wanted, found, prune)
        for step in todo:
            hands.do(step)
            on_step(step)
            done.append(step)
    raise OpsError("Twilio does not keep what it was told, or somebody else changes it at the same time: see plan")


def summary(outcome: Outcome) -> str:
    """What apply has done, after each step was reported."""
    lines = [as_text_of(outcome.left)] if outcome.left else []
    did = f"{len(outcome.done)} changes" if outcome.done else "Twilio is as the files say: nothing was changed"
    return "\n".join([*lines, did])


def environment(client: Client, center: Center, found: State) -> dict[str, str]:
    """The sids that the application needs, of what the files name."""
    workflow = found.get("workflow", center.workflow.name)
    workspace = found.get("workspace", center.workspace.name)
    activities, queues = found.sids("activity"), found.sids("task queue")
    return {
        "TWILIO_ACCOUNT_SID": str(client.account_sid),
        "TWILIO_WORKSPACE_SID": workspace.sid if workspace else "",
        "TWILIO_WORKFLOW_SID": workflow.sid if workflow else "",
        "TWILIO_ACTIVITIES": _named(activities, center.activities),
        "TWILIO_TASK_QUEUES": _named(queues, center.application.queues),
    }


def _named(sids: Mapping[str, str], names: Mapping[str, Any]) -> str:
    return json.dumps({name: sids[name] for name in names if name in sids}, ensure_ascii=False, separators=(",", ":"))


class _Hands:
    """Does the steps of one plan. What is made on the way is known to the steps after it."""

    def __init__(self, client: Client, center: Center, wanted: State, found: State, prune: bool) -> None:
        self._client = client
        self._workspace_name = center.workspace.name
        self._wanted, self._found, self._prune = wanted, found, prune
        self._sids = {key: resource.sid for key, resource in found.resources.items()}

    def do(self, step: Step) -> None:
        """Raises OpsError."""
        with plain_errors(f"{step.verb} {step.kind} {step.name}"):
            if step.verb == "delete":
                self._delete(step)
                return
            resource = self._wanted.resources[step.kind, step.name]
            if step.verb == "create":
                self._sids[resource.key] = self._create(resource)
            else:
                changed = {change.field.partition(".")[0].partition("[")[0] for change in step.changes}
                fields = {name: value for name, value in self._fields(resource).items() if name in changed}
                self._update(resource, fields)

    # What is sent

    def _fields(self, resource: Resource) -> dict[str, Any]:
        """The resource's fields with sids in place of names and texts in place of documents."""
        fields = dict(resource.fields)
        match resource.kind:
            case "workflow":
                fields["configuration"] = json.dumps(renamed_queues(fields["configuration"], self._queue_sids()))
            case "worker":
                fields["attributes"] = json.dumps(self._attributes(resource))
            case "workspace settings":
                fields["events_filter"] = ",".join(fields["events_filter"])
        return fields

    def _queue_sids(self) -> dict[str, str]:
        return {name: sid for (kind, name), sid in self._sids.items() if kind == "task queue"}

    def _attributes(self, resource: Resource) -> dict[str, Any]:
        """The file's attributes; those that it does not name stay, unless they are pruned."""
        there = self._found.get("worker", resource.name)
        known = there.fields["attributes"] if there and not self._prune else {}
        return {**known, **resource.fields["attributes"]}

    # Where it is sent

    @property
    def _inside(self) -> Any:
        return self._client.taskrouter.v1.workspaces(self._sids["workspace", self._workspace_name])

    def _collection(self, resource: Resource | Step) -> Any:
        names = {"activity": "activities", "task queue": "task_queues", "workflow": "workflows", "worker": "workers"}
        return getattr(self._inside, names[resource.kind])

    def _create(self, resource: Resource) -> str:
        """The sid of the resource. What somebody else has made meanwhile is taken as it is, the next round mends it."""
        if resource.kind == "workspace":
            return self._create_workspace(resource)
        collection, name = self._collection(resource), resource.name
        there = _called(collection, name)
        if there is None:
            try:
                there = collection.create(friendly_name=name, **self._fields(resource))
            except TwilioException:
                there = _called(collection, name)
                if there is None:
                    raise
        return str(there.sid)

    def _create_workspace(self, resource: Resource) -> str:
        """Twilio is not known to keep these names unique, so two applies at once may both have made one.

        Whoever sees another that is not younger gives way. When both do, both end with a 404 and a second run is clean.
        """
        all_of_them = self._client.taskrouter.v1.workspaces
        ours = all_of_them.create(friendly_name=resource.name, template="NONE", **resource.fields)
        others = [
            other
            for other in actual.workspaces(self._client, resource.name)
            if other.sid != ours.sid and other.date_created <= ours.date_created
        ]
        if others:
            ours.delete()  # made a moment ago, by us: nothing is in it
        return str(min(others, key=lambda other: other.date_created, default=ours).sid)

    def _update(self, resource: Resource, fields: dict[str, Any]) -> None:
        sid = self._sids.get(resource.key, "")
        match resource.kind:
            case "workspace":
                self._inside.update(**fields)
            case "workspace settings":
                self._inside.update(**{_sid_field(name): self._value(name, value) for name, value in fields.items()})
            case "worker channel":
                person, _, channel = resource.name.rpartition("/")
                worker = self._inside.workers(self._sids["worker", person])
                worker.worker_channels(channel).update(capacity=fields["configured_capacity"])
            case "number":
                self._client.incoming_phone_numbers(sid).update(**fields)
            case "voice queue":
                self._client.queues(sid).update(**fields)
            case _:
                self._collection(resource)(sid).update(**fields)

    def _value(self, name: str, value: Any) -> Any:
        return self._sids["activity", value] if name.endswith("_activity") else value

    def _delete(self, step: Step) -> None:
        try:
            self._collection(step)(step.sid).delete()
        except TwilioException as error:
            if getattr(error, "status", 0) == 404:
                return  # gone already
            if step.kind == "activity" and (people := self._people_in(step.sid)):
                raise OpsError(
                    f"delete activity {step.name}: {', '.join(people)} still use it; move them to another one first"
                ) from None
            raise

    def _people_in(self, activity_sid: str) -> list[str]:
        return [str(worker.friendly_name) for worker in self._inside.workers.list(activity_sid=activity_sid)]


def _called(collection: Any, name: str) -> Any:
    """The resource of exactly this name, None when there is none."""
    return next((one for one in collection.list(friendly_name=name) if one.friendly_name == name), None)


def _sid_field(name: str) -> str:
    return f"{name}_sid" if name.endswith("_activity") else name

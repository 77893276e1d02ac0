"""What a kind of resource has to say: what the files want of it, what Twilio has of it, and how the one becomes the
other."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

from twilio.base.exceptions import TwilioException
from twilio.rest import Client

from ops.aws.former import FormerNumbers
from ops.callcenter.files import Center
from ops.callcenter.model import Key, Resource, State, Step, Verb

PAGE_SIZE = 500


@dataclass
class Reading:
    """Twilio while it is read, kind by kind: each kind finds those before it in `found`.

    `workspace` is as Twilio's client has it, None when there is none. Without a `center` everything in the workspace
    is read, and nothing outside of it.
    """

    client: Client
    workspace: Any
    center: Center | None
    found: State = field(default_factory=State)

    @property
    def inside(self) -> Any:
        """What is in the workspace, by Twilio's client."""
        return self.client.taskrouter.v1.workspaces(self.workspace.sid)


@dataclass
class Execution:
    """A plan while it is carried out. `sids` has every resource that is there, also those made on the way.

    `api_url` is the application's, and `former` where the numbers led before it.
    """

    client: Client
    workspace: Key
    found: State
    prune: bool
    sids: dict[Key, str]
    api_url: str
    former: FormerNumbers

    @property
    def inside(self) -> Any:
        """What is in the workspace, by Twilio's client."""
        return self.client.taskrouter.v1.workspaces(self.sids[self.workspace])

    def sids_of(self, kind: str) -> dict[str, str]:
        """Name to sid of each resource of this kind."""
        return {name: sid for (other, name), sid in self.sids.items() if other == kind}


class Missing(NamedTuple):
    """What to do about a resource that the files want and Twilio does not have; `why` nothing can be done yet."""

    verb: Verb
    why: str = ""


class Kind(ABC):
    """One kind of resource. It has no state; the table of kinds holds one instance of each."""

    name: ClassVar[str]
    is_prunable: ClassVar[bool] = False  # whether --prune deletes what the files do not name
    fixed: ClassVar[str] = ""  # why a difference cannot be made up for, where it cannot

    @abstractmethod
    def desired(self, center: Center, api_url: str) -> Iterator[Resource]:
        """What the files want. `api_url` is the deployed application's, without a slash at its end."""

    @abstractmethod
    def read(self, reading: Reading) -> Iterator[Resource]:
        """What Twilio has."""

    @abstractmethod
    def missing(self, wanted: Resource) -> Missing | None:
        """What to do about a wanted resource that Twilio does not have; None when nothing differs all the same."""

    @abstractmethod
    def update(self, execution: Execution, resource: Resource, fields: Mapping[str, Any]) -> None:
        """Send these fields of the resource, which are as `payload` made them."""

    def create(self, execution: Execution, resource: Resource) -> str:
        """Make the resource and return its sid. Asked for only where `missing` says create."""
        raise NotImplementedError(f"a {self.name} is not created")

    def delete(self, execution: Execution, name: str, sid: str) -> None:
        """Delete the resource. Asked for only of a kind that is prunable, and by `destroy`."""
        raise NotImplementedError(f"a {self.name} is not deleted")

    def is_managed(self, center: Center) -> bool:
        """Whether the files say everything about this kind."""
        return True

    def compared(self, wanted: Resource, there: Resource, prune: bool) -> dict[str, Any]:
        """The fields of `there` that the files decide about."""
        return {name: value for name, value in there.fields.items() if name in wanted.fields}

    def payload(self, execution: Execution, resource: Resource) -> dict[str, Any]:
        """The fields as Twilio takes them: sids in place of names, texts in place of documents."""
        return dict(resource.fields)

    def environment(self, center: Center, found: State) -> dict[str, str]:
        """The variables by which the application knows this kind's sids; with nothing found, those of no sids."""
        return {}

    def is_default(self, resource: Resource) -> bool:
        """Whether every new workspace has this resource."""
        return False

    def destroy(self, found: State) -> Iterator[Step]:
        """The steps of `destroy`. What is in the workspace is deleted with it, and numbers are given back."""
        yield from ()


class WorkspaceKind(Kind):
    """A kind that is a collection in the workspace, in which Twilio allows a name once."""

    collection: ClassVar[str]  # as Twilio's client names it
    is_prunable = True

    def missing(self, wanted: Resource) -> Missing | None:
        return Missing("create")

    def create(self, execution: Execution, resource: Resource) -> str:
        """What somebody else has made meanwhile is taken as it is; the next round of apply corrects it."""
        collection = getattr(execution.inside, self.collection)
        there = _find(collection, resource.name)
        if there is None:
            try:
                there = collection.create(friendly_name=resource.name, **self.payload(execution, resource))
            except TwilioException:
                there = _find(collection, resource.name)
                if there is None:
                    raise
        return str(there.sid)

    def update(self, execution: Execution, resource: Resource, fields: Mapping[str, Any]) -> None:
        sid = execution.sids[resource.key]
        getattr(execution.inside, self.collection)(sid).update(**fields)

    def delete(self, execution: Execution, name: str, sid: str) -> None:
        try:
            getattr(execution.inside, self.collection)(sid).delete()
        except TwilioException as error:
            if getattr(error, "status", 0) != 404:  # deleted already
                self.explain_undeleted(execution, name, sid)
                raise

    def explain_undeleted(self, execution: Execution, name: str, sid: str) -> None:
        """Raises OpsError where it is known why Twilio refused to delete the resource."""


def _find(collection: Any, name: str) -> Any:
    """The resource of exactly this name, None when there is none."""
    return next((one for one in collection.list(friendly_name=name) if one.friendly_name == name), None)

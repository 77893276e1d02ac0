"""TaskRouter: makes the account's workspaces, all of which run, and what is in them (contract 4 to 7)."""

from collections.abc import Mapping

from emulator.clock.scheduler import Scheduler
from emulator.ports import VoicePort, Webhooks
from emulator.taskrouter.assignment import Assignment
from emulator.taskrouter.events import Events, Listener
from emulator.taskrouter.lifecycle import LifeCycle
from emulator.taskrouter.model import Activity, TaskQueue, Worker, Workflow, Workspace
from emulator.taskrouter.routing import Routing
from emulator.taskrouter.workspace import RESERVATION_TIMEOUT, WorkspaceEngine, new_workspace
from emulator.taskrouter.workspaces import Workspaces


class TaskRouter:
    """Adds to `workspaces` each workspace that it makes; their reservations ring workers by `voice`.

    A new account has no workspace. `create_workspace` makes one that all the other calls mean from then on. When the
    workspaces were made over REST they mean the oldest of them, or the one that was given to `use`.
    `listeners` hear of the events of them all.
    """

    def __init__(
        self, scheduler: Scheduler, account_sid: str, webhooks: Webhooks, voice: VoicePort, workspaces: Workspaces
    ) -> None:
        self.scheduler = scheduler
        self.account_sid = account_sid
        self._webhooks = webhooks
        self._voice = voice
        self._workspaces = workspaces
        self._used = ""
        self.listeners: list[Listener] = []

    # Workspaces

    @property
    def engines(self) -> dict[str, WorkspaceEngine]:
        """By the sid of the workspace, the oldest first."""
        return self._workspaces.engines

    def add_workspace(self, friendly_name: str) -> WorkspaceEngine:
        """One more workspace, as Twilio makes it; names need not differ."""
        workspace = new_workspace(self.scheduler, self.account_sid, friendly_name)
        engine = WorkspaceEngine(self.scheduler, workspace, self._webhooks, self._voice, self.listeners)
        self.engines[workspace.sid] = engine
        return engine

    def remove_workspace(self, sid: str) -> None:
        """The workspace and all that is in it."""
        self.engines.pop(sid).close()

    def use(self, sid: str) -> WorkspaceEngine:
        """The workspace that Python calls mean from now on."""
        self._used = sid
        return self.engines[sid]

    @property
    def engine(self) -> WorkspaceEngine:
        """The workspace that Python calls mean. LookupError when the account has none."""
        found = self.engines.get(self._used) or next(iter(self.engines.values()), None)
        if found is None:
            raise LookupError("the account has no workspace")
        return found

    @property
    def workspace(self) -> Workspace:
        return self.engine.workspace

    @property
    def events(self) -> Events:
        return self.engine.events

    @property
    def lifecycle(self) -> LifeCycle:
        return self.engine.lifecycle

    @property
    def routing(self) -> Routing:
        return self.engine.routing

    @property
    def assignment(self) -> Assignment:
        return self.engine.assignment

    # Seeding

    def create_workspace(self, friendly_name: str, event_callback_url: str = "", events_filter: str = "") -> Workspace:
        """The workspace with its default activities and task channels; the calls below mean it from now on.

        `events_filter` is a list with commas (EventsFilter); an empty one means all events.
        """
        workspace = self.add_workspace(friendly_name).workspace
        workspace.event_callback_url, workspace.events_filter = event_callback_url, events_filter
        self.use(workspace.sid)
        return workspace

    def create_activity(self, friendly_name: str, available: bool) -> Activity:
        return self.engine.create_activity(friendly_name, available)

    def create_task_queue(self, friendly_name: str, target_workers: str = "1==1") -> TaskQueue:
        """TwilioError 20001 when `target_workers` is no expression."""
        return self.engine.create_task_queue(friendly_name, target_workers)

    def create_workflow(
        self,
        friendly_name: str,
        configuration: Mapping[str, object],
        assignment_callback_url: str = "",
        fallback_url: str = "",
        task_reservation_timeout: int = RESERVATION_TIMEOUT,
    ) -> Workflow:
        """`configuration` is the document of contract 7.5, with sids of queues. TwilioError 20001 when it is wrong."""
        return self.engine.create_workflow(
            friendly_name, configuration, assignment_callback_url, fallback_url, task_reservation_timeout
        )

    def create_worker(
        self, friendly_name: str, attributes: Mapping[str, object], activity_sid: str = "", voice_capacity: int = 1
    ) -> Worker:
        """Without `activity_sid` the worker has the workspace's default activity. TwilioError 20001."""
        return self.engine.create_worker(friendly_name, attributes, activity_sid, voice_capacity)

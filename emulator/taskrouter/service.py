"""TaskRouter: the account's workspaces, all of which run, and the port that the voice half uses (contract 4 to 7)."""

from collections.abc import Mapping

from emulator.clock.scheduler import Scheduler
from emulator.ports import TwilioError, VoicePort, Webhooks
from emulator.taskrouter.assignment import Assignment
from emulator.taskrouter.events import Events
from emulator.taskrouter.lifecycle import LifeCycle
from emulator.taskrouter.model import Activity, Reservation, TaskQueue, Worker, Workflow, Workspace
from emulator.taskrouter.routing import Routing
from emulator.taskrouter.workspace import RESERVATION_TIMEOUT, WorkspaceEngine


class TaskRouter:
    """Implements `TaskRouterPort`: a call is routed in the workspace whose workflow <Enqueue> names.

    A new account has no workspace. `create_workspace` makes one that all the other calls mean from then on. When the
    workspaces were made over REST they mean the oldest of them, or the one that was given to `use`. Set `voice` before
    anything is reserved.
    """

    def __init__(self, scheduler: Scheduler, account_sid: str, webhooks: Webhooks) -> None:
        self.scheduler = scheduler
        self.account_sid = account_sid
        self.engines: dict[str, WorkspaceEngine] = {}  # by the sid of the workspace, the oldest first
        self._webhooks = webhooks
        self._voice: VoicePort | None = None
        self._used = ""

    @property
    def voice(self) -> VoicePort:
        assert self._voice is not None, "TaskRouter.voice was not set"
        return self._voice

    @voice.setter
    def voice(self, voice: VoicePort) -> None:
        self._voice = voice
        for engine in self.engines.values():
            engine.connect(voice)

    # Workspaces

    def add_workspace(self, friendly_name: str) -> WorkspaceEngine:
        """One more workspace, as a new one of Twilio's is; names need not differ."""
        engine = WorkspaceEngine(self.scheduler, self.account_sid, self._webhooks, friendly_name)
        self.engines[engine.workspace.sid] = engine
        if self._voice is not None:
            engine.connect(self._voice)
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

    # The port

    def create_task(
        self,
        workflow_sid: str,
        attributes: Mapping[str, object],
        priority: int = 0,
        timeout: int | None = None,
    ) -> str:
        """In the workspace that has the workflow. TwilioError 14220, 14221 or 14222 (contract 3.1)."""
        for engine in self.engines.values():
            if workflow_sid in engine.workspace.workflows:
                return engine.create_task(workflow_sid, attributes, priority, timeout)
        raise TwilioError(14220, f"There is no workflow {workflow_sid}")

    def caller_gone(self, task_sid: str, reason: str = "hangup") -> None:
        for engine in self.engines.values():
            engine.caller_gone(task_sid, reason)

    def begin_accept(self, reservation_sid: str) -> str:
        engine, reservation = self._reservation(reservation_sid)
        if engine is None or reservation is None:
            raise TwilioError(14217, f"Reservation {reservation_sid} was not found")
        return engine.begin_accept(reservation)

    def finish_accept(self, reservation_sid: str, joined: bool) -> None:
        engine, reservation = self._reservation(reservation_sid)
        if engine is not None and reservation is not None:
            engine.finish_accept(reservation, joined)

    def set_worker_call_sid(self, task_sid: str, call_sid: str) -> None:
        for engine in self.engines.values():
            engine.set_worker_call_sid(task_sid, call_sid)

    def conversation_ended(self, reservation_sid: str, post_work_activity_sid: str) -> None:
        engine, reservation = self._reservation(reservation_sid)
        if engine is not None and reservation is not None:
            engine.conversation_ended(reservation, post_work_activity_sid)

    def _reservation(self, sid: str) -> tuple[WorkspaceEngine, Reservation] | tuple[None, None]:
        for engine in self.engines.values():
            if sid in engine.workspace.reservations:
                return engine, engine.workspace.reservations[sid]
        return None, None

"""TaskRouter: the resources somebody seeds, and the port that the voice half uses (contract 4 to 7)."""

from collections.abc import Mapping

from emulator.assignment import Assignment
from emulator.events import Events
from emulator.expressions import ExpressionError, parse
from emulator.kernel import Kernel
from emulator.lifecycle import LifeCycle
from emulator.ports import TwilioError, VoicePort, Webhooks
from emulator.routing import Routing, find_route
from emulator.workflow import read_configuration
from emulator.workspace import (
    CHANNELS,
    LONGEST_TASK_TIMEOUT,
    TASK_TIMEOUT,
    Activity,
    Reservation,
    Task,
    TaskChannel,
    TaskQueue,
    Worker,
    WorkerChannel,
    Workflow,
    Workspace,
    checked_attributes,
)

DEFAULT_ACTIVITIES = {"Offline": False, "Unavailable": False, "Available": True}  # contract 7.5
RESERVATION_TIMEOUT = 120
LONGEST_RESERVATION_TIMEOUT = 86_400
LONGEST_WORKER_NAME = 64


class TaskRouter:
    """Implements `TaskRouterPort` for one workspace, a multitasking one. Set `voice` before anything is reserved.

    `create_workspace` is the first call to make; everything else needs the workspace.
    """

    workspace: Workspace
    events: Events
    lifecycle: LifeCycle
    routing: Routing
    assignment: Assignment

    def __init__(self, kernel: Kernel, account_sid: str, webhooks: Webhooks) -> None:
        self.kernel = kernel
        self.account_sid = account_sid
        self._webhooks = webhooks
        self._voice: VoicePort | None = None

    @property
    def voice(self) -> VoicePort:
        assert self._voice is not None, "TaskRouter.voice was not set"
        return self._voice

    @voice.setter
    def voice(self, voice: VoicePort) -> None:
        self._voice = voice
        self._connect()

    def _connect(self) -> None:
        if self._voice is not None and hasattr(self, "lifecycle"):
            self.lifecycle.voice = self.assignment.voice = self._voice

    # Seeding

    def create_workspace(self, friendly_name: str, event_callback_url: str = "", events_filter: str = "") -> Workspace:
        """The workspace with its default activities and task channels.

        Default and timeout activity are Offline, as in a new workspace of Twilio's; both are plain attributes to set.
        `events_filter` is a list with commas (EventsFilter); an empty one means all events.
        """
        now = self.kernel.now()
        activities = [
            Activity(self.kernel.sid("WA"), name, available, now) for name, available in DEFAULT_ACTIVITIES.items()
        ]
        self.workspace = Workspace(
            sid=self.kernel.sid("WS"),
            account_sid=self.account_sid,
            operating_unit_sid=self.kernel.sid("OU"),
            friendly_name=friendly_name,
            event_callback_url=event_callback_url,
            events_filter=frozenset(filter(None, events_filter.replace(" ", "").split(","))),
            default_activity=activities[0],
            timeout_activity=activities[0],
            created=now,
            activities={activity.sid: activity for activity in activities},
            task_channels={name: TaskChannel(self.kernel.sid("TC"), name) for name in CHANNELS},
        )
        self._assemble()
        return self.workspace

    def _assemble(self) -> None:
        """Routing asks for life cycles and life cycles wake routing: the circle is closed here."""
        self.events = Events(self.kernel, self._webhooks, self.workspace)
        self.routing = Routing(self.kernel, self.workspace, self.events, self._reserved)
        self.lifecycle = LifeCycle(self.kernel, self.workspace, self.events, self.routing.wake)
        self.routing.lifecycle = self.lifecycle
        self.assignment = Assignment(
            self.kernel, self.workspace, self.lifecycle, self._webhooks, self.set_worker_call_sid
        )
        self._connect()

    def _reserved(self, reservation: Reservation) -> None:
        self.assignment.call_back(reservation)

    def create_activity(self, friendly_name: str, available: bool) -> Activity:
        activity = Activity(self.kernel.sid("WA"), friendly_name, available, self.kernel.now())
        self.workspace.activities[activity.sid] = activity
        self.events.activity("activity.created", activity.sid, friendly_name)
        return activity

    def create_task_queue(self, friendly_name: str, target_workers: str = "1==1") -> TaskQueue:
        """TwilioError 20001 when `target_workers` is no expression."""
        try:
            expression = parse(target_workers)
        except ExpressionError as error:
            raise TwilioError(20001, f"Invalid TargetWorkers: {error}") from error
        queue = TaskQueue(self.kernel.sid("WQ"), friendly_name, target_workers, expression, self.kernel.now())
        self.workspace.task_queues[queue.sid] = queue
        return queue

    def create_workflow(
        self,
        friendly_name: str,
        configuration: Mapping[str, object],
        assignment_callback_url: str = "",
        fallback_url: str = "",
        task_reservation_timeout: int = RESERVATION_TIMEOUT,
    ) -> Workflow:
        """`configuration` is the document of contract 7.5, with sids of queues. TwilioError 20001 when it is wrong."""
        read = read_configuration(configuration)
        named = {target.queue_sid for known in read.filters for target in known.targets}
        missing = {*named, read.default_queue_sid} - {*self.workspace.task_queues, ""}
        if missing:
            raise TwilioError(20001, f"Invalid workflow configuration: no task queue {', '.join(sorted(missing))}")
        if not 0 < task_reservation_timeout <= LONGEST_RESERVATION_TIMEOUT:
            raise TwilioError(20001, f"Invalid TaskReservationTimeout: {task_reservation_timeout}")
        workflow = Workflow(
            self.kernel.sid("WW"),
            friendly_name,
            read,
            assignment_callback_url,
            fallback_url,
            task_reservation_timeout,
            self.kernel.now(),
        )
        self.workspace.workflows[workflow.sid] = workflow
        return workflow

    def create_worker(
        self,
        friendly_name: str,
        attributes: Mapping[str, object],
        activity_sid: str = "",
        voice_capacity: int = 1,
    ) -> Worker:
        """Without `activity_sid` the worker has the workspace's default activity. TwilioError 20001."""
        if len(friendly_name) > LONGEST_WORKER_NAME or self.workspace.worker_named(friendly_name):
            raise TwilioError(20001, f"The worker's name is taken or too long: {friendly_name}")
        workspace, now = self.workspace, self.kernel.now()
        worker = Worker(
            sid=self.kernel.sid("WK"),
            friendly_name=friendly_name,
            attributes=checked_attributes(attributes, 20001),
            activity=workspace.activity(activity_sid) if activity_sid else workspace.default_activity,
            channels={name: self._worker_channel(name, voice_capacity) for name in CHANNELS},
            created=now,
            updated=now,
            activity_since=now,
            idle_since=now,
        )
        workspace.workers[worker.sid] = worker
        self.events.worker("worker.created", worker)
        self.routing.wake()
        return worker

    def _worker_channel(self, name: str, voice_capacity: int) -> WorkerChannel:
        """The default capacity of 1 is uncertain (contract 5)."""
        capacity = voice_capacity if name == "voice" else 1
        return WorkerChannel(self.kernel.sid("WC"), self.workspace.task_channels[name], capacity)

    # The port

    def create_task(
        self,
        workflow_sid: str,
        attributes: Mapping[str, object],
        priority: int = 0,
        timeout: int | None = None,
        channel: str = "voice",
    ) -> str:
        """A pending task on its way; a worker is looked for in the kernel's next turn.

        `timeout` is the time to live in seconds. TwilioError 14220, 14221 or 14222 (contract 3.1).
        """
        workflow = self.workspace.workflows.get(workflow_sid)
        if workflow is None:
            raise TwilioError(14220, f"There is no workflow {workflow_sid}")
        checked = checked_attributes(attributes, 14221)
        live = TASK_TIMEOUT if timeout is None else timeout
        if not 0 < live <= LONGEST_TASK_TIMEOUT:
            raise TwilioError(14222, f"A task's timeout is no number of seconds up to {LONGEST_TASK_TIMEOUT}: {live}")
        route, now = find_route(workflow, checked), self.kernel.now()
        task = Task(
            sid=self.kernel.sid("WT"),
            attributes=checked,
            workflow=workflow,
            queue=self.workspace.task_queues[route.target.queue_sid],
            channel=self.workspace.task_channels[channel],
            priority=priority,
            timeout=live,
            created=now,
            updated=now,
            queue_entered=now,
            route=route,
        )
        self.lifecycle.start(task)
        self.routing.enter(task)
        return task.sid

    def caller_gone(self, task_sid: str, reason: str = "hangup") -> None:
        """Cancels the task, or wraps it up when it was accepted without a join (accept instruction, REST)."""
        task = self.workspace.tasks.get(task_sid)
        if task is None or task.redirected:
            return
        if task.status in {"pending", "reserved"}:
            self.lifecycle.cancel(task, reason, caller_waits=False)
        elif task.status == "assigned":
            self.lifecycle.wrap(task)

    def begin_accept(self, reservation_sid: str) -> str:
        reservation = self.workspace.reservations.get(reservation_sid)
        if reservation is None or reservation.status in {"canceled", "rescinded"}:
            raise TwilioError(14217, f"Reservation {reservation_sid} was not found or is canceled")
        if reservation.status != "pending" or reservation.held:
            raise TwilioError(14215, f"Reservation {reservation_sid} is not pending any more")
        if not reservation.task.call_sid:
            raise TwilioError(14215, f"The task of {reservation_sid} has no call")
        self.lifecycle.hold(reservation)
        return reservation.task.call_sid

    def finish_accept(self, reservation_sid: str, joined: bool) -> None:
        """Also told, with `joined` false, when the worker of a dequeue did not answer.

        Nothing happens when the reservation has ended by other means in the meantime.
        """
        reservation = self.workspace.reservations.get(reservation_sid)
        if reservation is None or reservation.status != "pending":
            return
        reservation.leg_sid = ""  # whatever becomes of the leg now, its own program decides
        if joined:
            self.lifecycle.accept(reservation)
        else:
            self.lifecycle.fail_accept(reservation)

    def set_worker_call_sid(self, task_sid: str, call_sid: str) -> None:
        task = self.workspace.tasks.get(task_sid)
        if task is not None and task.attributes.get("worker_call_sid") != call_sid:
            self.lifecycle.set_attributes(task, {**task.attributes, "worker_call_sid": call_sid})

    def conversation_ended(self, reservation_sid: str, post_work_activity_sid: str) -> None:
        reservation = self.workspace.reservations.get(reservation_sid)
        if reservation is None or not reservation.is_open:
            return
        if reservation.task.status == "assigned":
            self.lifecycle.wrap(reservation.task)
        if not post_work_activity_sid:
            return
        if post_work_activity_sid not in self.workspace.activities:
            raise TwilioError(14218, f"Activity {post_work_activity_sid} does not exist")
        self.lifecycle.set_activity(reservation.worker, self.workspace.activities[post_work_activity_sid])

"""One workspace that runs: how its resources are made, and what becomes of the tasks in it (contract 4 to 7)."""

import json
from collections import deque
from collections.abc import Iterable, Mapping

from emulator.clock.scheduler import Scheduler
from emulator.ports import TwilioError, VoicePort, Webhooks
from emulator.taskrouter.assignment import Assignment
from emulator.taskrouter.configuration import Configuration, not_imitated, read_configuration
from emulator.taskrouter.events import Events, Listener
from emulator.taskrouter.lifecycle import LifeCycle
from emulator.taskrouter.model import (
    CHANNELS,
    LONGEST_TASK_TIMEOUT,
    TASK_TIMEOUT,
    UNDIRECTED,
    Activity,
    Directed,
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
from emulator.taskrouter.routing import Routing, find_route, given_route
from taskrouter_expressions import Expression, ExpressionError, parse

DEFAULT_ACTIVITIES = {"Offline": False, "Unavailable": False, "Available": True}  # contract 7.5
RESERVATION_TIMEOUT = 120
LONGEST_RESERVATION_TIMEOUT = 86_400
LONGEST_NAME = 64
NOBODY = "1==0"  # a task queue whose TargetWorkers is empty


class WorkspaceEngine:
    """Runs `workspace`: makes its resources, and hands its tasks to routing, assignment and life cycle."""

    def __init__(
        self,
        scheduler: Scheduler,
        workspace: Workspace,
        webhooks: Webhooks,
        voice: VoicePort,
        listeners: Iterable[Listener] = (),
    ) -> None:
        self.scheduler = scheduler
        self.workspace = workspace
        # When, in the last second, tasks were asked for by their attributes, and the statistics of many queues.
        self.evaluations: deque[float] = deque()
        self.bulk_statistics: deque[float] = deque()
        self.events = Events(scheduler, webhooks, workspace, listeners)
        self.lifecycle = LifeCycle(scheduler, workspace, self.events, voice, self.wake)
        self.assignment = Assignment(scheduler, workspace, self.lifecycle, webhooks, voice)
        self.routing = Routing(scheduler, workspace, self.events, self.lifecycle, self.assignment.call_back)

    def wake(self) -> None:
        """Somebody may be able to serve somebody now: routing looks for workers in the scheduler's next turn."""
        self.routing.wake()

    # Resources

    def create_activity(self, friendly_name: str, available: bool) -> Activity:
        now = self.scheduler.now()
        activity = Activity(self.scheduler.sid("WA"), friendly_name, available, now, now)
        self.workspace.activities[activity.sid] = activity
        self.events.resource("activity.created", activity.sid, friendly_name)
        return activity

    def create_task_channel(self, friendly_name: str, unique_name: str) -> TaskChannel:
        """Every worker gets it, with a capacity of 1 (uncertain, as that of the other channels)."""
        now = self.scheduler.now()
        channel = TaskChannel(self.scheduler.sid("TC"), unique_name, friendly_name, now, now)
        self.workspace.task_channels[unique_name] = channel
        for worker in self.workspace.workers.values():
            worker.channels[unique_name] = self._worker_channel(channel, 1)
        self.events.resource("task-channel.created", channel.sid, friendly_name)
        return channel

    def create_task_queue(self, friendly_name: str, target_workers: str = "1==1") -> TaskQueue:
        """TwilioError 20001 when `target_workers` is no expression."""
        expression, now = target_expression(target_workers), self.scheduler.now()
        queue = TaskQueue(self.scheduler.sid("WQ"), friendly_name, target_workers, expression, now, now)
        self.workspace.task_queues[queue.sid] = queue
        self.events.resource("task-queue.created", queue.sid, friendly_name)
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
        read, now = self.configuration(configuration), self.scheduler.now()
        workflow = Workflow(
            sid=self.scheduler.sid("WW"),
            friendly_name=friendly_name,
            configuration=read,
            document=json.dumps(configuration),
            assignment_callback_url=assignment_callback_url,
            fallback_assignment_callback_url=fallback_url,
            task_reservation_timeout=checked_reservation_timeout(task_reservation_timeout),
            created=now,
            updated=now,
        )
        self.workspace.workflows[workflow.sid] = workflow
        self.events.resource("workflow.created", workflow.sid, friendly_name)
        return workflow

    def configuration(self, document: Mapping[str, object]) -> Configuration:
        """The workflow configuration in `document`. TwilioError 20001: wrong, or a queue that is not there."""
        read = read_configuration(document)
        missing = read.queue_sids() - set(self.workspace.task_queues)
        if missing:
            raise TwilioError(20001, f"Invalid workflow configuration: no task queue {', '.join(sorted(missing))}")
        for key in not_imitated(document):
            self.scheduler.not_imitated(f"{key} of a workflow's configuration", self.workspace.sid)
        return read

    def create_worker(
        self,
        friendly_name: str,
        attributes: Mapping[str, object],
        activity_sid: str = "",
        voice_capacity: int = 1,
    ) -> Worker:
        """Without `activity_sid` the worker has the workspace's default activity. TwilioError 20001."""
        self.check_worker_name(friendly_name)
        workspace, now = self.workspace, self.scheduler.now()
        channels = workspace.task_channels.values()
        worker = Worker(
            sid=self.scheduler.sid("WK"),
            friendly_name=friendly_name,
            attributes=checked_attributes(attributes, 20001),
            activity=workspace.activity(activity_sid) if activity_sid else workspace.default_activity,
            channels={of.unique_name: self._worker_channel(of, voice_capacity) for of in channels},
            created=now,
            updated=now,
            activity_since=now,
            idle_since=now,
        )
        workspace.workers[worker.sid] = worker
        self.events.worker("worker.created", worker)
        self.wake()
        return worker

    def check_worker_name(self, friendly_name: str) -> None:
        """TwilioError 20001 when another worker has the name, or it is too long (contract 7.5)."""
        if len(friendly_name) > LONGEST_NAME or self.workspace.worker_named(friendly_name):
            raise TwilioError(20001, f"The worker's name is taken or too long: {friendly_name}")

    def _worker_channel(self, channel: TaskChannel, voice_capacity: int) -> WorkerChannel:
        """The default capacity of 1 is uncertain (contract 5)."""
        capacity, now = voice_capacity if channel.unique_name == "voice" else 1, self.scheduler.now()
        return WorkerChannel(self.scheduler.sid("WC"), channel, capacity, now, now)

    # Tasks, as the port `TaskRouterPort` has them

    def create_task(
        self,
        workflow_sid: str,
        attributes: Mapping[str, object],
        priority: int = 0,
        timeout: int | None = None,
        channel: str = "voice",
        *,
        virtual_start: float | None = None,
        directed: Directed = UNDIRECTED,
    ) -> str:
        """A pending task on its way; a worker is looked for in the scheduler's next turn.

        `timeout` is the time to live in seconds, `virtual_start` in epoch seconds. TwilioError 14220, 14221 or 14222
        (contract 3.1).
        """
        workflow = self.workspace.workflows.get(workflow_sid)
        if workflow is None:
            raise TwilioError(14220, f"There is no workflow {workflow_sid}")
        checked = checked_attributes(attributes, 14221)
        live = TASK_TIMEOUT if timeout is None else timeout
        if not 0 < live <= LONGEST_TASK_TIMEOUT:
            raise TwilioError(14222, f"A task's timeout is no number of seconds up to {LONGEST_TASK_TIMEOUT}: {live}")
        now = self.scheduler.now()
        route = given_route(directed.queue_sid) if directed.queue_sid else find_route(workflow, checked, now)
        task = Task(
            sid=self.scheduler.sid("WT"),
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
            virtual_start=now if virtual_start is None else virtual_start,
            directed=directed,
        )
        self.lifecycle.start(task)
        self.routing.enter(task)
        return task.sid

    def caller_left(self, task_sid: str, reason: str = "hangup") -> None:
        """Cancels the task, or wraps it up when it was accepted without a join (accept instruction, REST)."""
        task = self.workspace.tasks.get(task_sid)
        if task is None or task.redirected:
            return
        if task.status in {"pending", "reserved"}:
            self.lifecycle.cancel(task, reason, caller_waits=False)
        elif task.status == "assigned":
            self.lifecycle.wrap(task)

    def begin_accept(self, reservation: Reservation, *, outbound: bool = False) -> str:
        if reservation.status in {"canceled", "rescinded"}:
            raise TwilioError(14217, f"Reservation {reservation.sid} is canceled")
        if reservation.status != "pending" or reservation.held:
            raise TwilioError(14215, f"Reservation {reservation.sid} is not pending any more")
        if not reservation.task.call_sid and not outbound:
            raise TwilioError(14215, f"The task of {reservation.sid} has no call")
        self.lifecycle.hold(reservation)
        return reservation.task.call_sid

    def finish_accept(self, reservation: Reservation, joined: bool) -> None:
        """`joined` is also false when the worker of a dequeue did not answer.

        Nothing happens when the reservation has ended by other means in the meantime.
        """
        if reservation.status != "pending":
            return
        reservation.leg_sid = ""  # from now on the leg ends by its own program
        if joined:
            self.lifecycle.accept(reservation)
        else:
            self.lifecycle.fail_accept(reservation)

    def leg_failed(self, reservation: Reservation) -> None:
        """It can be accepted or rejected again, as long as it is pending."""
        reservation.leg_sid = ""

    def give_up_leg(self, reservation: Reservation) -> None:
        """The same as an accept that failed, unless another leg has been rung since."""
        if not reservation.leg_sid:
            self.finish_accept(reservation, False)

    def conference_began(self, reservation: Reservation, conference: Mapping[str, object]) -> None:
        """Contract 4.3: the task's attribute `conference` beside what the application put there itself."""
        task = reservation.task
        self.lifecycle.set_attributes(task, {**task.attributes, "conference": dict(conference)})

    def conversation_ended(self, reservation: Reservation, post_work_activity_sid: str) -> None:
        if not reservation.is_open:
            return
        if reservation.task.status == "assigned":
            self.lifecycle.wrap(reservation.task)
        if not post_work_activity_sid:
            return
        if post_work_activity_sid not in self.workspace.activities:
            raise TwilioError(14218, f"Activity {post_work_activity_sid} does not exist")
        self.lifecycle.set_activity(reservation.worker, self.workspace.activities[post_work_activity_sid])

    # What is in use stays. Only for a task queue and an activity is that commonly said; each of the rules below is
    # uncertain in its details and its code, and careful: it refuses rather than breaks what runs.

    def check_unused_activity(self, activity: Activity) -> None:
        """TwilioError 20001 while workers, the workspace or a task queue use it."""
        workspace, queues = self.workspace, self.workspace.task_queues.values()
        workers = [worker.friendly_name for worker in workspace.workers.values() if worker.activity is activity]
        if workers:
            raise self._in_use("activity", activity.sid, f"workers are in it: {', '.join(workers)}")
        if activity in (workspace.default_activity, workspace.timeout_activity):
            raise self._in_use("activity", activity.sid, "it is the workspace's default or timeout activity")
        if any(activity in (queue.reservation_activity, queue.assignment_activity) for queue in queues):
            raise self._in_use("activity", activity.sid, "a task queue names it")

    def check_unused_queue(self, queue: TaskQueue) -> None:
        """TwilioError 20001 while a workflow names it, or a task is in it or on its way to it."""
        for workflow in self.workspace.workflows.values():
            if queue.sid in workflow.configuration.queue_sids():
                raise self._in_use("task queue", queue.sid, f"workflow {workflow.friendly_name} names it")
        for task in self._live_tasks():
            if queue.sid in {task.queue.sid, *task.route.queue_sids()}:
                raise self._in_use("task queue", queue.sid, f"task {task.sid} is in it")

    def check_unused_workflow(self, workflow: Workflow) -> None:
        """TwilioError 20001 while a task of it is not over."""
        if any(task.workflow is workflow for task in self._live_tasks()):
            raise self._in_use("workflow", workflow.sid, "tasks of it are not over")

    def check_unused_channel(self, channel: TaskChannel) -> None:
        """TwilioError 20001 for those that every workspace has, and while a task of it is not over."""
        if channel.unique_name in CHANNELS:
            raise self._in_use("task channel", channel.sid, "it is one of the default channels")
        if any(task.channel is channel for task in self._live_tasks()):
            raise self._in_use("task channel", channel.sid, "tasks of it are not over")

    def check_idle_worker(self, worker: Worker) -> None:
        """TwilioError 20001 while the worker has a reservation that is not over."""
        if any(reservation.is_open for reservation in worker.reservations.values()):
            raise self._in_use("worker", worker.sid, "it has reservations that are not over")

    def _live_tasks(self) -> list[Task]:
        return [task for task in self.workspace.tasks.values() if task.status not in {"completed", "canceled"}]

    def _in_use(self, kind: str, sid: str, because: str) -> TwilioError:
        return TwilioError(20001, f"Cannot delete {kind} {sid} in workspace {self.workspace.sid} because {because}.")

    def close(self) -> None:
        """The workspace is deleted: its waiting tasks are canceled, and nothing of it goes on."""
        for task in list(self.workspace.tasks.values()):
            if task.status in {"pending", "reserved"}:
                self.lifecycle.cancel(task, "The workspace was deleted")
            self.lifecycle.delete(task)
        self.events.resource("workspace.deleted", self.workspace.sid, self.workspace.friendly_name)


def new_workspace(scheduler: Scheduler, account_sid: str, friendly_name: str) -> Workspace:
    """A workspace as Twilio makes it (contract 7.5); default and timeout activity are Offline."""
    now = scheduler.now()
    activities = [
        Activity(scheduler.sid("WA"), name, available, now, now) for name, available in DEFAULT_ACTIVITIES.items()
    ]
    channels = [TaskChannel(scheduler.sid("TC"), name, _channel_title(name), now, now) for name in CHANNELS]
    return Workspace(
        sid=scheduler.sid("WS"),
        account_sid=account_sid,
        operating_unit_sid=scheduler.sid("OU"),
        friendly_name=friendly_name,
        event_callback_url="",
        events_filter="",
        default_activity=activities[0],
        timeout_activity=activities[0],
        created=now,
        updated=now,
        activities={activity.sid: activity for activity in activities},
        task_channels={channel.unique_name: channel for channel in channels},
    )


def _channel_title(unique_name: str) -> str:
    return unique_name.upper() if unique_name == "sms" else unique_name.capitalize()


def target_expression(target_workers: str) -> Expression:
    """A task queue's expression; an empty one lets its tasks wait for nobody. TwilioError 20001."""
    try:
        return parse(target_workers or NOBODY)
    except ExpressionError as error:
        raise TwilioError(20001, f"Invalid TargetWorkers: {error}") from error


def checked_reservation_timeout(seconds: int) -> int:
    """TwilioError 20001 when a reservation cannot last as long."""
    if not 0 < seconds <= LONGEST_RESERVATION_TIMEOUT:
        raise TwilioError(20001, f"Invalid TaskReservationTimeout: {seconds}")
    return seconds

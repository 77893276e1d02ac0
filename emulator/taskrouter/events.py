"""Event callbacks: one form for each thing that happens in the workspace (contract 6)."""

import json
from collections.abc import Callable, Iterable, Mapping

from emulator.clock.scheduler import Scheduler
from emulator.ports import Form, Webhooks, WebResult
from emulator.taskrouter.model import Reservation, Task, Told, Worker, Workspace

DEADLINE = 15.0

Subject = Task | Reservation | Worker
Listener = Callable[[str, Subject, Form], None]


class Events:
    """Keeps each event and sends it to the workspace's EventCallbackUrl, whose answer it does not look at.

    `listeners` hear of what happens to tasks, reservations and workers: the event's type, whom it is about, its fields.
    """

    def __init__(
        self, scheduler: Scheduler, webhooks: Webhooks, workspace: Workspace, listeners: Iterable[Listener] = ()
    ) -> None:
        self._scheduler = scheduler
        self._webhooks = webhooks
        self._workspace = workspace
        self._listeners = listeners

    def task(self, event_type: str, task: Task, **more: str) -> None:
        self._send(event_type, "task", task.sid, {**self._task(task), **more}, task)

    def workflow(self, event_type: str, task: Task) -> None:
        """`workflow.*` is about a task on its way through its workflow."""
        self._send(event_type, "workflow", task.workflow.sid, self._task(task))

    def task_queue(self, event_type: str, task: Task) -> None:
        self._send(event_type, "task-queue", task.queue.sid, self._task(task))

    def reservation(self, event_type: str, reservation: Reservation) -> None:
        channel = reservation.task.channel.unique_name
        fields = {
            **self._task(reservation.task),
            **self._worker(reservation.worker),
            "ReservationSid": reservation.sid,
            "ReservationVersion": str(reservation.version),
            "WorkerChannelCapacity": str(reservation.worker.channels[channel].capacity),
            "WorkerChannelConsumedCapacity": str(reservation.worker.assigned_tasks(channel)),
        }
        self._send(event_type, "reservation", reservation.sid, fields, reservation)

    def worker(self, event_type: str, worker: Worker, **more: str) -> None:
        self._send(event_type, "worker", worker.sid, {**self._worker(worker), **more}, worker)

    def resource(self, event_type: str, sid: str, friendly_name: str) -> None:
        """An activity, a task queue, … was created, updated or deleted: `activity.created` (contract 6).

        The names of the two fields follow those of an activity; for the other kinds they are uncertain.
        """
        kind = event_type.partition(".")[0]
        name = "".join(word.capitalize() for word in kind.split("-"))
        self._send(event_type, kind, sid, {f"{name}Sid": sid, f"{name}Name": friendly_name})

    def _send(
        self, event_type: str, resource_type: str, resource_sid: str, fields: Form, subject: Subject | None = None
    ) -> None:
        form = {**self._common(event_type, resource_type, resource_sid), **fields}
        self._workspace.told.append(Told(self._scheduler.now(), form))
        if subject is not None:
            for hear in self._listeners:
                hear(event_type, subject, form)
        if not self._workspace.wants(event_type):
            return
        self._webhooks.send(self._workspace.event_callback_url, form, _ignore, deadline=DEADLINE)

    def _common(self, event_type: str, resource_type: str, resource_sid: str) -> Form:
        now = self._scheduler.now()
        return {
            "Sid": self._scheduler.sid("EV"),
            "EventType": event_type,
            "EventDescription": f"{event_type} {resource_sid}",  # the wording of two kinds alone is known (contract 6)
            "AccountSid": self._workspace.account_sid,
            "WorkspaceSid": self._workspace.sid,
            "WorkspaceName": self._workspace.friendly_name,
            "OperatingUnitSid": self._workspace.operating_unit_sid,
            "ResourceType": resource_type,
            "ResourceSid": resource_sid,
            "Timestamp": str(int(now)),
            "TimestampMs": str(int(now * 1000)),
        }

    def _task(self, task: Task) -> Form:
        return {
            "TaskSid": task.sid,
            "TaskAttributes": task.attributes_json,
            "TaskAge": str(int(self._scheduler.now() - task.created)),
            "TaskPriority": str(task.priority),
            "TaskAssignmentStatus": task.status,
            "TaskVersion": str(task.version),
            "TaskDateCreated": str(int(task.created)),
            "TaskVirtualStartTime": str(int(task.virtual_start)),
            "TaskIgnoreCapacity": str(task.directed.ignores_capacity).lower(),
            "TaskChannelSid": task.channel.sid,
            "TaskChannelUniqueName": task.channel.unique_name,
            "TaskQueueSid": task.queue.sid,
            "TaskQueueName": task.queue.friendly_name,
            "TaskQueueTargetExpression": task.queue.target_workers,
            "TaskQueueEnteredDate": str(int(task.queue_entered)),
            "WorkflowSid": task.workflow.sid,
            "WorkflowName": task.workflow.friendly_name,
            **_reason(task),
        }

    def _worker(self, worker: Worker) -> Form:
        return {
            "WorkerSid": worker.sid,
            "WorkerName": worker.friendly_name,
            "WorkerAttributes": json.dumps(worker.attributes),
            "WorkerActivitySid": worker.activity.sid,
            "WorkerActivityName": worker.activity.friendly_name,
            "WorkerVersion": str(worker.version),
        }


def _reason(task: Task) -> Mapping[str, str]:
    names = {"canceled": "TaskCanceledReason", "completed": "TaskCompletedReason"}
    return {names[task.status]: task.reason, "Reason": task.reason} if task.status in names else {}


def _ignore(_result: WebResult) -> None:
    """Nobody repeats an event."""

"""What TaskRouter has to do, and who does it: queues, tasks, workers, workflows."""

import json

from emulator.inspector import page
from emulator.inspector.page import Link
from emulator.inspector.talks import queue_label
from emulator.taskrouter.model import Reservation, Task, TaskQueue, Worker, Workflow, Workspace
from emulator.twilio import Twilio
from emulator.voice.queues import VoiceQueue

OVER = frozenset({"completed", "canceled"})


def workspaces(twilio: Twilio) -> list[Workspace]:
    return [engine.workspace for engine in twilio.router.engines.values()]


def queues(twilio: Twilio) -> list[page.Queue]:
    """Those of voice, in which callers wait, and those of TaskRouter, in which tasks do."""
    voice = [_voice_queue(twilio, queue) for queue in twilio.context.queues.by_name.values()]
    return voice + [
        _task_queue(queue, workspace) for workspace in workspaces(twilio) for queue in workspace.task_queues.values()
    ]


def _voice_queue(twilio: Twilio, queue: VoiceQueue) -> page.Queue:
    waiting = [(Link(member.call.sid, twilio.who(member.call.sid)), member.since) for member in queue.members]
    return page.Queue(queue.sid, queue_label(twilio, queue.friendly_name), "of callers", waiting)


def _task_queue(queue: TaskQueue, workspace: Workspace) -> page.Queue:
    tasks = [task for task in workspace.waiting_tasks() if task.queue is queue]
    waiting = [(Link(task.sid, task.sid), task.queue_entered) for task in tasks]
    return page.Queue(queue.sid, queue.friendly_name, "of tasks", waiting)


def tasks(twilio: Twilio) -> list[Task]:
    """Those that are not over first, the newest first among them and among the others."""
    every = [task for workspace in workspaces(twilio) for task in workspace.tasks.values()]
    every.sort(key=lambda task: (task.status in OVER, -task.created))
    return every


def show_task(twilio: Twilio, task: Task) -> page.Task:
    return page.Task(
        sid=task.sid,
        status=task.status,
        reason=task.reason,
        priority=task.priority,
        created=task.created,
        queue=Link(task.queue.sid, task.queue.friendly_name),
        workflow=Link(task.workflow.sid, task.workflow.friendly_name),
        call=Link(task.call_sid, twilio.who(task.call_sid)) if task.call_sid else None,
        reservations=[
            page.Reservation(one.sid, Link(one.worker.sid, one.worker.friendly_name), one.status)
            for one in task.reservations.values()
        ],
        attributes=task.attributes_json,
    )


def workers(twilio: Twilio) -> list[Worker]:
    return [worker for workspace in workspaces(twilio) for worker in workspace.workers.values()]


def show_worker(worker: Worker) -> page.Worker:
    return page.Worker(
        sid=worker.sid,
        name=worker.friendly_name,
        activity=worker.activity.friendly_name,
        available=worker.activity.available,
        since=worker.activity_since,
        reservations=[_of_worker(one) for one in worker.reservations.values() if one.is_open],
        attributes=json.dumps(worker.attributes),
    )


def _of_worker(reservation: Reservation) -> page.Reservation:
    return page.Reservation(reservation.sid, Link(reservation.task.sid, reservation.task.sid), reservation.status)


def workflows(twilio: Twilio) -> list[page.Workflow]:
    return [_workflow(one, workspace) for workspace in workspaces(twilio) for one in workspace.workflows.values()]


def _workflow(one: Workflow, workspace: Workspace) -> page.Workflow:
    return page.Workflow(
        one.sid,
        one.friendly_name,
        workspace.friendly_name,
        one.assignment_callback_url,
        one.fallback_assignment_callback_url,
        one.task_reservation_timeout,
    )

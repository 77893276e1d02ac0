"""TaskRouter's resources as the event bridge shows them (contract 15.7), which is not how REST does. Pure.

Times are epoch seconds. The library refuses what lacks one of these fields, whatever its value.
"""

import json
from collections.abc import Iterable, Mapping

from emulator.taskrouter.model import (
    Activity,
    Reservation,
    Task,
    TaskQueue,
    Worker,
    WorkerChannel,
    Workspace,
)

Payload = dict[str, object]


class Shapes:
    """Those of one workspace; `now` in epoch seconds is for the age of tasks."""

    def __init__(self, workspace: Workspace, now: float) -> None:
        self._workspace = workspace
        self._now = now

    def worker(self, worker: Worker) -> Payload:
        return {
            **self._owner(),
            "sid": worker.sid,
            "friendly_name": worker.friendly_name,
            "attributes": json.dumps(worker.attributes),
            "activity_sid": worker.activity.sid,
            "activity_name": worker.activity.friendly_name,
            "available": worker.activity.available,
            **_dates(worker.created, worker.updated),
            "date_status_changed": int(worker.activity_since),
            "version": worker.version,
        }

    def activity(self, activity: Activity) -> Payload:
        return {
            **self._owner(),
            "sid": activity.sid,
            "friendly_name": activity.friendly_name,
            "available": activity.available,
            **_dates(activity.created, activity.updated),
        }

    def worker_channel(self, worker: Worker, channel: WorkerChannel) -> Payload:
        name = channel.task_channel.unique_name
        reserved = [one.created for one in worker.reservations.values() if one.task.channel is channel.task_channel]
        return {
            **self._owner(),
            "sid": channel.sid,
            "worker_sid": worker.sid,
            "task_channel_sid": channel.task_channel.sid,
            "task_channel_unique_name": name,
            "available": channel.available,
            "configured_capacity": channel.capacity,
            "assigned_tasks": worker.assigned_tasks(name),
            "available_capacity_percentage": worker.available_capacity_percentage(name),
            "last_reserved_time": int(max(reserved) * 1000) if reserved else None,
            **_dates(channel.created, channel.updated),
        }

    def reservation(self, reservation: Reservation) -> Payload:
        """Whole, as events and lists have it."""
        return {
            **self.short_reservation(reservation),
            "reservation_timeout": reservation.task.workflow.task_reservation_timeout,
            "task": self.task(reservation.task),
        }

    def short_reservation(self, reservation: Reservation) -> Payload:
        """As the answer to an action has it: without the task and the time-out."""
        return {
            **self._owner(),
            "sid": reservation.sid,
            "task_sid": reservation.task.sid,
            "worker_sid": reservation.worker.sid,
            "worker_name": reservation.worker.friendly_name,
            "reservation_status": reservation.status,
            **_dates(reservation.created, reservation.updated),
            "version": reservation.version,
        }

    def task(self, task: Task) -> Payload:
        return {
            **self._owner(),
            "sid": task.sid,
            "age": int(self._now - task.created),
            "attributes": task.attributes_json,
            "addons": "{}",
            "assignment_status": task.status,
            "priority": task.priority,
            "reason": task.reason or None,
            "routing_target": task.directed.target or None,
            "queue_sid": task.queue.sid,
            "queue_name": task.queue.friendly_name,
            "workflow_sid": task.workflow.sid,
            "workflow_name": task.workflow.friendly_name,
            "task_channel_sid": task.channel.sid,
            "task_channel_unique_name": task.channel.unique_name,
            "timeout": task.timeout,
            "virtual_start_time": int(task.virtual_start),
            **_dates(task.created, task.updated),
            "version": task.version,
        }

    def task_queue(self, queue: TaskQueue) -> Payload:
        reserved, assigned = queue.reservation_activity, queue.assignment_activity
        return {
            **self._owner(),
            "sid": queue.sid,
            "friendly_name": queue.friendly_name,
            "target_workers": queue.target_workers,
            "task_order": queue.task_order,
            "lifo_queue": queue.task_order == "LIFO",
            "max_reserved_workers": queue.max_reserved_workers,
            "reservation_activity_sid": reserved.sid if reserved else None,
            "reservation_activity_name": reserved.friendly_name if reserved else None,
            "assignment_activity_sid": assigned.sid if assigned else None,
            "assignment_activity_name": assigned.friendly_name if assigned else None,
            **_dates(queue.created, queue.updated),
        }

    def _owner(self) -> Payload:
        return {"account_sid": self._workspace.account_sid, "workspace_sid": self._workspace.sid}


def page(items: Iterable[Payload], params: Mapping[str, object]) -> Payload:
    """One page of a list: what comes after `AfterSid` or `NextToken`, `PageSize` of it (contract 15.6)."""
    shown, size = list(items), params.get("PageSize")
    after = params.get("NextToken") or params.get("AfterSid")
    sids = [item["sid"] for item in shown]
    start = sids.index(after) + 1 if after in sids else 0
    end = start + (size if isinstance(size, int) and size > 0 else len(shown))
    following = sids[end - 1] if end < len(shown) else None
    return {
        "contents": shown[start:end],
        "after_sid": following,
        "total": len(shown),
        "meta": {"next_token": following},
    }


def _dates(created: float, updated: float) -> Payload:
    return {"date_created": int(created), "date_updated": int(updated)}

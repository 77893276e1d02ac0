"""TaskRouter's resources as REST shows them (contract 7.5 and the published schemas)."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from emulator.names import snake_case
from emulator.taskrouter.model import (
    Activity,
    Reservation,
    Task,
    TaskChannel,
    TaskQueue,
    Worker,
    WorkerChannel,
    Workflow,
    Workspace,
)

BASE = "https://taskrouter.twilio.com/v1/Workspaces"


def iso(when: float) -> str:
    """ISO 8601 in whole seconds, as TaskRouter writes times."""
    return datetime.fromtimestamp(int(when), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def etag(version: int) -> str:
    """What a resource's ETag header says of its version."""
    return f'"{version}"'


class Representations:
    """Every field of the schemas, for one workspace. `now` of a task is needed for its age."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.url = f"{BASE}/{workspace.sid}"

    def task(self, task: Task, now: float, *, with_attributes: bool = True) -> dict[str, object]:
        """Lists show no attributes (contract 5)."""
        url = f"{self.url}/Tasks/{task.sid}"
        return {
            **self._owner(),
            "sid": task.sid,
            "age": int(now - task.created),
            "assignment_status": task.status,
            "attributes": task.attributes_json if with_attributes else None,
            "addons": "{}",
            "date_created": iso(task.created),
            "date_updated": iso(task.updated),
            "task_queue_entered_date": iso(task.queue_entered),
            "virtual_start_time": iso(task.virtual_start),
            "priority": task.priority,
            "reason": task.reason or None,
            "task_queue_sid": task.queue.sid,
            "task_queue_friendly_name": task.queue.friendly_name,
            "task_channel_sid": task.channel.sid,
            "task_channel_unique_name": task.channel.unique_name,
            "timeout": task.timeout,
            "workflow_sid": task.workflow.sid,
            "workflow_friendly_name": task.workflow.friendly_name,
            "ignore_capacity": task.directed.ignores_capacity,
            "routing_target": task.directed.target or None,
            "url": url,
            "links": {
                "task_queue": f"{self.url}/TaskQueues/{task.queue.sid}",
                "workflow": f"{self.url}/Workflows/{task.workflow.sid}",
                "workspace": self.url,
                "reservations": f"{url}/Reservations",
            },
        }

    def reservation(self, reservation: Reservation, parent: str) -> dict[str, object]:
        """`parent` is Tasks or Workers, by which path it was asked for."""
        task, worker = reservation.task, reservation.worker
        task_url, worker_url = f"{self.url}/Tasks/{task.sid}", f"{self.url}/Workers/{worker.sid}"
        return {
            **self._owner(),
            "sid": reservation.sid,
            "reservation_status": reservation.status,
            "task_sid": task.sid,
            "worker_name": worker.friendly_name,
            "worker_sid": worker.sid,
            "date_created": iso(reservation.created),
            "date_updated": iso(reservation.updated),
            "url": f"{worker_url if parent == 'Workers' else task_url}/Reservations/{reservation.sid}",
            "links": {"task": task_url, "worker": worker_url, "workspace": self.url},
        }

    def worker(self, worker: Worker) -> dict[str, object]:
        url = f"{self.url}/Workers/{worker.sid}"
        return {
            **self._owner(),
            "sid": worker.sid,
            "friendly_name": worker.friendly_name,
            "attributes": json.dumps(worker.attributes),
            "activity_name": worker.activity.friendly_name,
            "activity_sid": worker.activity.sid,
            "available": worker.activity.available,
            "date_created": iso(worker.created),
            "date_status_changed": iso(worker.activity_since),
            "date_updated": iso(worker.updated),
            "url": url,
            "links": {
                "channels": f"{url}/Channels",
                "activity": f"{self.url}/Activities/{worker.activity.sid}",
                "workspace": self.url,
                "worker_statistics": f"{url}/Statistics",
                "real_time_statistics": f"{self.url}/Workers/RealTimeStatistics",
                "cumulative_statistics": f"{self.url}/Workers/CumulativeStatistics",
                "worker_reservations": f"{url}/Reservations",
                "reservations": f"{url}/Reservations",
            },
        }

    def activity(self, activity: Activity) -> dict[str, object]:
        return {
            **self._owner(),
            "sid": activity.sid,
            "friendly_name": activity.friendly_name,
            "available": activity.available,
            "date_created": iso(activity.created),
            "date_updated": iso(activity.updated),
            "url": f"{self.url}/Activities/{activity.sid}",
            "links": {"workspace": self.url},
        }

    def workspace(self) -> dict[str, object]:
        engine = self._workspace
        parts = {
            **{"activities": "Activities", "task_queues": "TaskQueues", "task_channels": "TaskChannels"},
            **{"workers": "Workers", "workflows": "Workflows", "tasks": "Tasks", "events": "Events"},
            **{"statistics": "Statistics", "real_time_statistics": "RealTimeStatistics"},
            **{"cumulative_statistics": "CumulativeStatistics"},
        }
        return {
            "account_sid": engine.account_sid,
            "sid": engine.sid,
            "friendly_name": engine.friendly_name,
            "default_activity_sid": engine.default_activity.sid,
            "default_activity_name": engine.default_activity.friendly_name,
            "timeout_activity_sid": engine.timeout_activity.sid,
            "timeout_activity_name": engine.timeout_activity.friendly_name,
            "event_callback_url": engine.event_callback_url or None,
            "events_filter": engine.events_filter or None,
            "multi_task_enabled": True,
            "prioritize_queue_order": engine.prioritize_queue_order,
            **_dates(engine.created, engine.updated),
            "url": self.url,
            "links": {name: f"{self.url}/{part}" for name, part in parts.items()},
        }

    def task_queue(self, queue: TaskQueue) -> dict[str, object]:
        url = f"{self.url}/TaskQueues/{queue.sid}"
        reserved, assigned = queue.reservation_activity, queue.assignment_activity
        activities = {"reservation_activity": reserved, "assignment_activity": assigned}
        links = {name: f"{self.url}/Activities/{one.sid}" for name, one in activities.items() if one is not None}
        return {
            **self._owner(),
            "sid": queue.sid,
            "friendly_name": queue.friendly_name,
            "target_workers": queue.target_workers,
            "task_order": queue.task_order,
            "max_reserved_workers": queue.max_reserved_workers,
            "reservation_activity_sid": reserved.sid if reserved else None,
            "reservation_activity_name": reserved.friendly_name if reserved else None,
            "assignment_activity_sid": assigned.sid if assigned else None,
            "assignment_activity_name": assigned.friendly_name if assigned else None,
            **_dates(queue.created, queue.updated),
            "url": url,
            "links": {
                **links,
                "workspace": self.url,
                "statistics": f"{url}/Statistics",
                "real_time_statistics": f"{url}/RealTimeStatistics",
                "cumulative_statistics": f"{url}/CumulativeStatistics",
                "list_statistics": f"{self.url}/TaskQueues/Statistics",
                "bulk_real_time_statistics": f"{self.url}/TaskQueues/RealTimeStatistics",
            },
        }

    def workflow(self, workflow: Workflow) -> dict[str, object]:
        url = f"{self.url}/Workflows/{workflow.sid}"
        return {
            **self._owner(),
            "sid": workflow.sid,
            "friendly_name": workflow.friendly_name,
            "configuration": workflow.document,
            "document_content_type": "application/json",
            "assignment_callback_url": workflow.assignment_callback_url or None,
            "fallback_assignment_callback_url": workflow.fallback_assignment_callback_url or None,
            "task_reservation_timeout": workflow.task_reservation_timeout,
            **_dates(workflow.created, workflow.updated),
            "url": url,
            "links": {
                "workspace": self.url,
                "statistics": f"{url}/Statistics",
                "real_time_statistics": f"{url}/RealTimeStatistics",
                "cumulative_statistics": f"{url}/CumulativeStatistics",
            },
        }

    def task_channel(self, channel: TaskChannel) -> dict[str, object]:
        return {
            **self._owner(),
            "sid": channel.sid,
            "friendly_name": channel.friendly_name,
            "unique_name": channel.unique_name,
            "channel_optimized_routing": channel.channel_optimized_routing,
            **_dates(channel.created, channel.updated),
            "url": f"{self.url}/TaskChannels/{channel.sid}",
            "links": {"workspace": self.url},
        }

    def worker_channel(self, worker: Worker, channel: WorkerChannel) -> dict[str, object]:
        name = channel.task_channel.unique_name
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
            **_dates(channel.created, channel.updated),
            "url": f"{self.url}/Workers/{worker.sid}/Channels/{channel.sid}",
        }

    def event(self, at: float, form: Mapping[str, str]) -> dict[str, object]:
        """`form` are the fields of its callback; how `event_data` names them is inferred."""
        return {
            **self._owner(),
            "sid": form["Sid"],
            "actor_sid": None,
            "actor_type": None,
            "actor_url": None,
            "description": form["EventDescription"],
            "event_data": {snake_case(name): value for name, value in form.items()},
            "event_date": iso(at),
            "event_date_ms": int(form["TimestampMs"]),
            "event_type": form["EventType"],
            "resource_sid": form["ResourceSid"],
            "resource_type": form["ResourceType"],
            "resource_url": None,
            "source": "twilio",
            "source_ip_address": None,
            "url": f"{self.url}/Events/{form['Sid']}",
        }

    def _owner(self) -> dict[str, object]:
        return {"account_sid": self._workspace.account_sid, "workspace_sid": self._workspace.sid}


def _dates(created: float, updated: float) -> dict[str, object]:
    return {"date_created": iso(created), "date_updated": iso(updated)}

"""What a workspace's dashboard is told: how it stands now, and what has happened in a window (contract 7.7). Pure.

What has happened is counted in the workspace's events.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from emulator.taskrouter.model import Activity, Task, Told, Worker, Workspace

Statistics = dict[str, object]

LIVE = ("pending", "reserved", "assigned", "wrapping")
COUNTED = {
    "reservations_created": ("reservation.created",),
    "reservations_accepted": ("reservation.accepted",),
    "reservations_rejected": ("reservation.rejected",),
    "reservations_timed_out": ("reservation.timeout",),
    "reservations_canceled": ("reservation.canceled",),
    "reservations_rescinded": ("reservation.rescinded",),
    "tasks_created": ("task.created",),
    "tasks_canceled": ("task.canceled",),
    "tasks_completed": ("task.completed",),
    "tasks_deleted": ("task.deleted", "task.system-deleted"),
    "tasks_moved": ("task-queue.moved",),
    "tasks_timed_out_in_workflow": ("workflow.timeout",),
}


@dataclass(frozen=True)
class Scope:
    """Whose statistics: an empty field asks for no more than the others do; `channel` is a unique name."""

    workflow_sid: str = ""
    queue_sid: str = ""
    channel: str = ""
    worker_sids: frozenset[str] | None = None

    def has_task(self, task: Task) -> bool:
        return (
            self.workflow_sid in {"", task.workflow.sid}
            and self.queue_sid in {"", task.queue.sid}
            and self.channel in {"", task.channel.unique_name}
        )

    def has_event(self, form: Mapping[str, str]) -> bool:
        return (
            self.workflow_sid in {"", form.get("WorkflowSid")}
            and self.queue_sid in {"", form.get("TaskQueueSid")}
            and self.channel in {"", form.get("TaskChannelUniqueName")}
            and (self.worker_sids is None or form.get("WorkerSid") in self.worker_sids)
        )


@dataclass(frozen=True)
class Window:
    """In epoch seconds."""

    since: float
    until: float

    def has(self, at: float) -> bool:
        return self.since <= at <= self.until


# How it stands now


def tasks(all_tasks: Iterable[Task], scope: Scope, now: float) -> Statistics:
    """Those that are not over. Who waits is pending or reserved."""
    live = [task for task in all_tasks if task.status in LIVE and scope.has_task(task)]
    statuses, priorities = Counter(str(task.status) for task in live), Counter(str(task.priority) for task in live)
    waiting = [task for task in live if task.status in {"pending", "reserved"}]
    oldest = min(waiting, key=lambda task: task.created, default=None)
    longest_here = min(waiting, key=lambda task: task.queue_entered, default=None)
    return {
        "total_tasks": len(live),
        "tasks_by_status": {status: statuses[status] for status in LIVE},
        "tasks_by_priority": dict(priorities),
        "longest_task_waiting_age": int(now - oldest.created) if oldest else 0,
        "longest_task_waiting_sid": oldest.sid if oldest else None,
        "longest_relative_task_age_in_queue": int(now - longest_here.queue_entered) if longest_here else 0,
        "longest_relative_task_sid_in_queue": longest_here.sid if longest_here else None,
    }


def workers(of: Sequence[Worker], activities: Iterable[Activity]) -> Statistics:
    counted = Counter(worker.activity.sid for worker in of)
    return {
        "total_workers": len(of),
        "total_eligible_workers": len(of),
        "total_available_workers": sum(worker.activity.available for worker in of),
        "activity_statistics": [
            {"sid": activity.sid, "friendly_name": activity.friendly_name, "workers": counted[activity.sid]}
            for activity in activities
        ],
    }


# What has happened


def happened(workspace: Workspace, scope: Scope, window: Window, thresholds: Sequence[int] = ()) -> Statistics:
    """Counts and waiting times; `thresholds` are the seconds by which those who waited are split."""
    told = [event for event in workspace.told if window.has(event.at) and scope.has_event(event.form)]
    counted = Counter(event.form["EventType"] for event in told)
    accepted, canceled = _ages(told, "reservation.accepted"), _ages(told, "task.canceled")
    entered = "task-queue.entered" if scope.queue_sid else "workflow.entered"
    return {
        **{name: sum(counted[kind] for kind in kinds) for name, kinds in COUNTED.items()},
        "tasks_entered": counted[entered],
        "avg_task_acceptance_time": _spread(accepted)["avg"],
        "wait_duration_until_accepted": _spread(accepted),
        "wait_duration_until_canceled": _spread(canceled),
        "wait_duration_in_queue_until_accepted": _spread(_ages_in_queue(told)),
        "split_by_wait_time": {str(seconds): _split(seconds, accepted, canceled) for seconds in thresholds},
    }


def _ages(told: Iterable[Told], event_type: str) -> list[int]:
    """How old the tasks were, in seconds, when it happened."""
    return [int(event.form["TaskAge"]) for event in told if event.form["EventType"] == event_type]


def _ages_in_queue(told: Iterable[Told]) -> list[int]:
    accepted = (event.form for event in told if event.form["EventType"] == "reservation.accepted")
    return [int(form["Timestamp"]) - int(form["TaskQueueEnteredDate"]) for form in accepted]


def _spread(seconds: Sequence[int]) -> dict[str, int]:
    """Zeros when nobody waited."""
    total = sum(seconds)
    average = round(total / len(seconds)) if seconds else 0
    return {"avg": average, "min": min(seconds, default=0), "max": max(seconds, default=0), "total": total}


def _split(threshold: int, accepted: Iterable[int], canceled: Iterable[int]) -> Statistics:
    """Whoever waited exactly as long as the threshold is below it (inferred)."""
    of = {"reservations_accepted": list(accepted), "tasks_canceled": list(canceled)}
    return {
        "below": {name: sum(age <= threshold for age in ages) for name, ages in of.items()},
        "above": {name: sum(age > threshold for age in ages) for name, ages in of.items()},
    }


def activity_durations(workspace: Workspace, of: Iterable[Worker], window: Window, now: float) -> list[Statistics]:
    """How long the workers were in each activity, stay by stay, each as much of it as lies in the window."""
    stays: dict[str, list[int]] = {sid: [] for sid in workspace.activities}
    sids = set()
    for worker in of:
        sids.add(worker.sid)
        _add_stay(stays, worker.activity.sid, worker.activity_since, now, window)
    for event in workspace.told:
        form = event.form
        if form["EventType"] == "worker.activity.update" and form["WorkerSid"] in sids:
            began = event.at - int(form["WorkerTimeInPreviousActivityMs"]) / 1000
            _add_stay(stays, form["WorkerPreviousActivitySid"], began, event.at, window)
    return [
        {"sid": activity.sid, "friendly_name": activity.friendly_name, **_spread(stays[activity.sid])}
        for activity in workspace.activities.values()
    ]


def _add_stay(stays: dict[str, list[int]], activity_sid: str, began: float, ended: float, window: Window) -> None:
    """Not of an activity that is deleted, nor when it lies outside."""
    seconds = min(ended, window.until) - max(began, window.since)
    if seconds > 0 and activity_sid in stays:
        stays[activity_sid].append(round(seconds))

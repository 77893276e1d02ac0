"""What expressions see, by where they stand: a filter, a target, a skip_if (contract 7.5). Pure.

What a task queue's expression sees is `TaskQueue.takes`.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from emulator.taskrouter.model import Task, Worker

Variables = dict[str, object]

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def of_filter(attributes: Mapping[str, object], now: float) -> Variables:
    """The task's attributes bare, and the time of day."""
    return {**attributes, "taskrouter": time_of_day(now)}


def of_target(task: Task, worker: Worker, now: float) -> Variables:
    return {"task": task.attributes, "worker": worker.variables(), "taskrouter": time_of_day(now)}


def of_skip_if(task: Task, workers: Iterable[Worker], activity_sids: Iterable[str]) -> Variables:
    """How many of the task's queue are available, unavailable, in each activity; what the target asks is no matter."""
    activities = [worker.activity for worker in workers if task.queue.takes(worker)]
    available = sum(activity.available for activity in activities)
    each = {sid: sum(activity.sid == sid for activity in activities) for sid in activity_sids}
    counted = {"available": available, "unavailable": len(activities) - available, **each}
    return {"workers": counted, "task": task.attributes}


def time_of_day(now: float) -> Variables:
    """In UTC. Twilio calls the hour a string, and compares it with numbers: here it is a number (contract 13)."""
    at = datetime.fromtimestamp(now, UTC)
    return {
        "currentTime": at.hour * 100 + at.minute,
        "currentHour": at.hour,
        "currentMin": at.minute,
        "dayOfWeek": DAYS[at.weekday()],
    }

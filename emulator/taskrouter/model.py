"""TaskRouter's resources as plain data (contract 4.5, 5, 7.5). What happens to them is in `lifecycle` and `routing`."""

import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from emulator.clock.scheduler import Timer
from emulator.ports import TwilioError
from emulator.taskrouter.configuration import Configuration, Filter, Target
from taskrouter_expressions import Expression, evaluate

TaskStatus = Literal["pending", "reserved", "assigned", "wrapping", "completed", "canceled"]
ReservationStatus = Literal[
    "pending", "accepted", "wrapping", "completed", "rejected", "timeout", "canceled", "rescinded"
]

TaskOrder = Literal["FIFO", "LIFO"]

OPEN_RESERVATION = frozenset({"pending", "accepted", "wrapping"})
CHANNELS = ("default", "voice", "chat", "sms", "video")
ATTRIBUTES_LIMIT = 4096  # characters of JSON, contract 3.1
TASK_TIMEOUT = 86_400
MOST_EVENTS = 100_000  # that are kept; what came before them is forgotten
LONGEST_TASK_TIMEOUT = 1_209_600


@dataclass
class Activity:
    sid: str
    friendly_name: str
    available: bool
    created: float
    updated: float


@dataclass
class TaskChannel:
    sid: str
    unique_name: str
    friendly_name: str
    created: float
    updated: float
    channel_optimized_routing: bool = False


@dataclass
class TaskQueue:
    sid: str
    friendly_name: str
    target_workers: str
    expression: Expression
    created: float
    updated: float
    task_order: TaskOrder = "FIFO"
    max_reserved_workers: int = 1  # kept and shown: a task is reserved for one worker at a time
    reservation_activity: Activity | None = None  # these two are kept and shown: only single-tasking would use them
    assignment_activity: Activity | None = None

    def takes(self, worker: "Worker") -> bool:
        """Whether the worker belongs to the queue: the expression sees the worker's attributes bare."""
        seen = worker.variables()
        return evaluate(self.expression, {**seen, "worker": seen})


@dataclass
class Workflow:
    """`task_reservation_timeout` is in seconds; `document` is the configuration's JSON, as it was given."""

    sid: str
    friendly_name: str
    configuration: Configuration
    document: str
    assignment_callback_url: str
    fallback_assignment_callback_url: str
    task_reservation_timeout: int
    created: float
    updated: float


@dataclass
class WorkerChannel:
    sid: str
    task_channel: TaskChannel
    capacity: int
    created: float
    updated: float
    available: bool = True


@dataclass
class Worker:
    """`idle_since` is when the worker last had an assignment or became available: the longest idle is first."""

    sid: str
    friendly_name: str
    attributes: dict[str, object]
    activity: Activity
    channels: dict[str, WorkerChannel]
    created: float
    updated: float
    activity_since: float
    idle_since: float
    version: int = 0
    reservations: dict[str, "Reservation"] = field(default_factory=dict)

    def assigned_tasks(self, channel: str) -> int:
        """How much of the channel's capacity is taken; a pending reservation counts too (contract 4.6)."""
        return sum(
            1
            for reservation in self.reservations.values()
            if reservation.is_open and reservation.task.channel.unique_name == channel
        )

    def has_capacity(self, channel: str) -> bool:
        of = self.channels[channel]
        return of.available and self.assigned_tasks(channel) < of.capacity

    def variables(self) -> dict[str, object]:
        """What expressions see of a worker: its attributes, and what TaskRouter itself knows of it."""
        known = {
            "sid": self.sid,
            "friendly_name": self.friendly_name,
            "activity_sid": self.activity.sid,
            "activity_name": self.activity.friendly_name,
        }
        return {**known, **self.attributes, "channel": {name: self._channel(name) for name in self.channels}}

    def available_capacity_percentage(self, channel: str) -> int:
        """Whole percent; 0 without any capacity, and when a smaller capacity than what is taken was set."""
        capacity = self.channels[channel].capacity
        return max(0, 100 * (capacity - self.assigned_tasks(channel)) // capacity) if capacity else 0

    def _channel(self, name: str) -> dict[str, object]:
        """In expressions `assigned_tasks` counts accepted reservations alone, the percentage all (contract 5)."""
        reservations = self.reservations.values()
        accepted = [one for one in reservations if one.status == "accepted" and one.task.channel.unique_name == name]
        return {
            "configured_capacity": self.channels[name].capacity,
            "assigned_tasks": len(accepted),
            "available_capacity_percentage": self.available_capacity_percentage(name),
        }


@dataclass
class Route:
    """Where a task stands in its workflow, as that was when the task came.

    `ends` is the target's end in seconds of task age, None without one.
    """

    filters: tuple[Filter, ...]  # those that have not been looked at
    default_queue_sid: str = ""  # empty when there is none, or not for this task any more
    targets: tuple[Target, ...] = ()
    index: int = 0
    ends: int | None = None
    used: int = 0  # the timeouts of the targets entered so far
    fresh: bool = True  # the target was just entered: its skip_if has not been looked at
    is_given: bool = False  # the task queue was named when the task was made: no filter moves it
    timer: Timer | None = None

    @property
    def target(self) -> Target:
        return self.targets[self.index]

    @property
    def has_more(self) -> bool:
        return self.index + 1 < len(self.targets)

    def queue_sids(self) -> set[str]:
        """The task queues that the task is in, or may come to."""
        return Configuration(self.filters, self.default_queue_sid).queue_sids() | {
            target.queue_sid for target in self.targets
        }


@dataclass(frozen=True)
class Directed:
    """How a new task is sent past its workflow: to a worker, a task queue or another workflow, by `target`'s sid.

    `ignores_capacity` is for a worker: neither capacity nor availability counts. `queue_sid` is where the task belongs.
    """

    target: str = ""
    ignores_capacity: bool = False
    queue_sid: str = ""


UNDIRECTED = Directed()


@dataclass
class Task:
    """`timeout` is the time to live in seconds; `cycles` counts how often the task went from pending to reserved."""

    sid: str
    attributes: dict[str, object]
    workflow: Workflow
    queue: TaskQueue
    channel: TaskChannel
    priority: int
    timeout: int
    created: float
    updated: float
    queue_entered: float
    route: Route
    virtual_start: float  # its place among those of one priority: as if it had been created then
    status: TaskStatus = "pending"
    reason: str = ""
    version: int = 0
    cycles: int = 0
    directed: Directed = UNDIRECTED
    redirected: bool = False  # the redirect instruction took the caller out of the queue
    reservations: dict[str, "Reservation"] = field(default_factory=dict)
    timer: Timer | None = None  # time to live, then the 24 hours of an assignment, then the deletion

    @property
    def call_sid(self) -> str:
        """The caller's CallSid, empty for a task that <Enqueue> did not make."""
        return str(self.attributes.get("call_sid", ""))

    @property
    def outbound_to(self) -> str:
        """The number that a conference instruction dials, empty for a task with a call."""
        return "" if self.call_sid else str(self.attributes.get("outbound_to") or "")

    @property
    def attributes_json(self) -> str:
        return json.dumps(self.attributes)

    @property
    def open_reservation(self) -> "Reservation | None":
        """A task has one at most: several reservations for one task are not imitated."""
        return next((reservation for reservation in self.reservations.values() if reservation.is_open), None)


@dataclass
class Reservation:
    """`held`: an accept has begun, so the timer stands still.

    `leg_sid` is the worker leg that TaskRouter placed and would join itself; it ends with the reservation.
    """

    sid: str
    task: Task
    worker: Worker
    created: float
    updated: float
    status: ReservationStatus = "pending"
    version: int = 0
    held: bool = False
    leg_sid: str = ""
    timer: Timer | None = None

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_RESERVATION


@dataclass(frozen=True)
class Told:
    """One event: when it happened, and the fields of its callback."""

    at: float
    form: Mapping[str, str]

    @property
    def sid(self) -> str:
        return self.form["Sid"]


@dataclass
class Workspace:
    """`told` are its events, the oldest first, whether or not anybody asked to be sent them."""

    sid: str
    account_sid: str
    operating_unit_sid: str
    friendly_name: str
    event_callback_url: str
    events_filter: str  # a list with commas; empty means all events
    default_activity: Activity
    timeout_activity: Activity
    created: float
    updated: float
    activities: dict[str, Activity]
    task_channels: dict[str, TaskChannel]  # by unique name
    task_queues: dict[str, TaskQueue] = field(default_factory=dict)
    workflows: dict[str, Workflow] = field(default_factory=dict)
    workers: dict[str, Worker] = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)
    reservations: dict[str, Reservation] = field(default_factory=dict)
    prioritize_queue_order: TaskOrder = "FIFO"
    told: deque[Told] = field(default_factory=lambda: deque(maxlen=MOST_EVENTS))

    def wants(self, event_type: str) -> bool:
        """Whether the event is to be sent."""
        wanted = {event.strip() for event in self.events_filter.split(",") if event.strip()}
        return self.event_callback_url != "" and (not wanted or event_type in wanted)

    def activity(self, sid: str) -> Activity:
        """The activity with that sid. TwilioError 20001 when there is none."""
        if sid not in self.activities:
            raise TwilioError(20001, f"Activity {sid} does not exist in workspace {self.sid}")
        return self.activities[sid]

    def activity_named(self, friendly_name: str) -> Activity:
        """The activity with that name. KeyError when there is none."""
        return {activity.friendly_name: activity for activity in self.activities.values()}[friendly_name]

    def worker_named(self, friendly_name: str) -> Worker | None:
        return next((worker for worker in self.workers.values() if worker.friendly_name == friendly_name), None)

    def waiting_tasks(self) -> list[Task]:
        """Pending tasks in the order in which they are served: priority, then age; the youngest first in LIFO."""
        pending = (task for task in self.tasks.values() if task.status == "pending")
        return sorted(pending, key=_rank)


def _rank(task: Task) -> tuple[int, float]:
    return -task.priority, -task.virtual_start if task.queue.task_order == "LIFO" else task.virtual_start


def task_order(text: str) -> TaskOrder:
    return "LIFO" if text == "LIFO" else "FIFO"


def checked_attributes(attributes: object, code: int) -> dict[str, object]:
    """A task's or worker's attributes. TwilioError `code` when they are no JSON object or too long (contract 3.1)."""
    if not isinstance(attributes, Mapping):
        raise TwilioError(code, "Attributes must be a JSON object")
    if len(json.dumps(attributes)) > ATTRIBUTES_LIMIT:
        raise TwilioError(code, f"Attributes must not exceed {ATTRIBUTES_LIMIT} characters")
    return dict(attributes)


def parsed_attributes(text: str) -> dict[str, object]:
    """The attributes that a REST request brings. TwilioError 20001 when they are no JSON object."""
    try:
        given = json.loads(text)
    except ValueError as error:
        raise TwilioError(20001, f"Attributes are not valid JSON: {error}") from error
    return checked_attributes(given, 20001)

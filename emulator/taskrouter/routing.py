"""Who serves whom: the way of a task through its workflow and the choice of a worker (contract 4.6, 5, 7.5)."""

from collections.abc import Callable, Mapping

from emulator.clock.scheduler import Scheduler, Timer
from emulator.ports import TwilioError
from emulator.taskrouter import variables
from emulator.taskrouter.configuration import Filter, Target
from emulator.taskrouter.events import Events
from emulator.taskrouter.lifecycle import WORKFLOW_TIMEOUT, LifeCycle
from emulator.taskrouter.model import Reservation, Route, Task, Worker, Workflow, Workspace
from taskrouter_expressions import evaluate, sort_value, sorts, value_of

SKIPPED_TO_NOTHING = "Task canceled on Workflow skip"  # uncertain, the text alone


def find_route(workflow: Workflow, attributes: Mapping[str, object], now: float) -> Route:
    """To the first filter that matches, else to the default queue. TwilioError 14222 when there is neither."""
    route = Route(workflow.configuration.filters, workflow.configuration.default_queue_sid)
    if not turn(route, variables.of_filter(attributes, now)):
        raise TwilioError(14222, f"No filter of workflow {workflow.sid} matches the task")
    return route


def given_route(queue_sid: str) -> Route:
    """The task belongs in this task queue, until its time to live is over."""
    return Route((), targets=(Target(queue_sid),), is_given=True)


def turn(route: Route, seen: Mapping[str, object]) -> bool:
    """On to the next filter that matches, else to the default queue; whether there was one (contract 7.5)."""
    number = _next_match(route.filters, seen)
    if number is not None:
        route.targets, route.filters = route.filters[number].targets, route.filters[number + 1 :]
    elif route.default_queue_sid:
        route.targets, route.filters = (Target(route.default_queue_sid),), ()
        route.default_queue_sid = ""
    else:
        return False
    route.index = 0
    return True


def _next_match(filters: tuple[Filter, ...], seen: Mapping[str, object]) -> int | None:
    return next((number for number, one in enumerate(filters) if evaluate(one.expression, seen)), None)


def _is_free(worker: Worker, task: Task) -> bool:
    return worker.activity.available and worker.has_capacity(task.channel.unique_name)


class Routing:
    """Reserves workers for the tasks that wait. `reserved` is called with every new reservation."""

    def __init__(
        self,
        scheduler: Scheduler,
        workspace: Workspace,
        events: Events,
        lifecycle: LifeCycle,
        reserved: Callable[[Reservation], None],
    ) -> None:
        self._scheduler = scheduler
        self._workspace = workspace
        self._events = events
        self._lifecycle = lifecycle
        self._reserved = reserved
        self._planned: Timer | None = None

    def wake(self) -> None:
        """Look for workers in a turn of its own, after whoever changed something has finished."""
        if self._planned is None:
            self._planned = self._scheduler.after(0.0, self._look)

    def enter(self, task: Task) -> None:
        """A task starts on its route."""
        self._events.workflow("workflow.entered", task)
        self._enter_target(task)

    def evaluate_anew(self, task: Task) -> None:
        """A pending task goes through its workflow from the beginning; one that fits nowhere ends (uncertain)."""
        if task.status != "pending" or task.route.is_given:
            return
        if task.route.timer is not None:
            task.route.timer.cancel()
        try:
            task.route = find_route(task.workflow, task.attributes, self._scheduler.now())
        except TwilioError:
            self._exhausted(task)
        else:
            self._enter_target(task)

    def _look(self) -> None:
        self._planned = None
        for task in self._workspace.waiting_tasks():
            while task.status == "pending" and not self._serve(task) and self._moves_on(task):
                pass

    def _serve(self, task: Task) -> bool:
        """Reserve the best worker for the task; whether there was one."""
        worker = None if self._is_over(task) else self._choose(task)
        if worker is not None:
            self._reserved(self._lifecycle.reserve(task, worker))
        return worker is not None

    # Targets

    def _enter_target(self, task: Task) -> None:
        """The target's timeout counts from the task's creation, after those of the targets before (contract 7.5)."""
        route, target = task.route, task.route.target
        route.fresh = True
        self._enter_queue(task, target.queue_sid)
        if target.priority is not None:
            task.priority = target.priority
        if route.timer is not None:
            route.timer.cancel()
        route.ends = None
        if target.timeout is not None:
            route.used += target.timeout
            route.ends = route.used
            route.timer = self._scheduler.at(task.created + route.ends, lambda: self._timed_out(task))
        self._events.workflow("workflow.target-matched", task)
        self._events.task_queue("task-queue.entered", task)
        self._warn_of_known_worker(task)
        self.wake()

    def _warn_of_known_worker(self, task: Task) -> None:
        """Nobody can serve a target whose known worker is not in the workspace, or not in the queue (contract 7.5)."""
        named = self._known_worker(task)
        if named is None:
            return
        known = [one for one in self._workspace.workers.values() if named in (one.sid, one.friendly_name)]
        if not known:
            self._scheduler.warn(40155, "Invalid Workspace for Known Worker", task.sid)
        elif not any(map(task.queue.takes, known)):
            self._scheduler.warn(40152, "Invalid Queue for Known Worker", task.sid)

    def _enter_queue(self, task: Task, sid: str) -> None:
        """`task-queue.moved` names the queue that the task leaves, and comes when the next is another (contract 6)."""
        if sid != task.queue.sid:
            self._events.task_queue("task-queue.moved", task)
        task.queue = self._workspace.task_queues[sid]
        task.queue_entered = self._scheduler.now()

    def _is_over(self, task: Task) -> bool:
        return task.route.ends is not None and self._scheduler.now() >= task.created + task.route.ends

    def _timed_out(self, task: Task) -> None:
        """A reserved task moves on when its reservation has failed; at the end of its way it is canceled at once.

        That a pending reservation does not save the task there is uncertain. An accept that has begun is waited for.
        """
        reservation = task.open_reservation
        if task.status == "reserved" and not self._leads_on(task) and reservation and not reservation.held:
            self._events.task_queue("task-queue.timeout", task)
            self._exhausted(task)
        self.wake()

    def _leads_on(self, task: Task) -> bool:
        """Whether a target or a filter comes after one that has timed out."""
        return task.route.has_more or _next_match(task.route.filters, self._seen_by_filters(task)) is not None

    def _moves_on(self, task: Task) -> bool:
        """To the next target, by timeout or by skip_if; whether the task is somewhere else now."""
        if self._is_over(task):
            self._events.task_queue("task-queue.timeout", task)
            task.route.default_queue_sid = ""  # is for tasks that were skipped or fit no filter, never after a timeout
            return self._next_target(task) or self._exhausted(task)
        return self._skips(task) and (self._next_target(task) or self._skipped_out(task))

    def _next_target(self, task: Task) -> bool:
        """The next of this filter, else the first of the next filter that matches, else the default queue."""
        if task.route.has_more:
            task.route.index += 1
        elif not turn(task.route, self._seen_by_filters(task)):
            return False
        self._enter_target(task)
        return True

    def _seen_by_filters(self, task: Task) -> Mapping[str, object]:
        return variables.of_filter(task.attributes, self._scheduler.now())

    def _exhausted(self, task: Task) -> bool:
        self._events.workflow("workflow.timeout", task)
        self._lifecycle.cancel(task, WORKFLOW_TIMEOUT)
        return False

    def _skipped_out(self, task: Task) -> bool:
        """Skipped in the final step of all: `workflow.skipped` comes then only (contract 6)."""
        self._events.workflow("workflow.skipped", task)
        self._lifecycle.cancel(task, SKIPPED_TO_NOTHING)
        return False

    def _skips(self, task: Task) -> bool:
        """skip_if is looked at once for each target, when no worker could be reserved at once (contract 7.5).

        Whether a skipped target's timeout counts for the next one is uncertain: here it does not.
        """
        target, fresh = task.route.target, task.route.fresh
        task.route.fresh = False
        if not fresh or target.skip_if is None:
            return False
        workers = self._workspace.workers.values()
        if not evaluate(target.skip_if, variables.of_skip_if(task, workers, self._workspace.activities)):
            return False
        task.route.used -= target.timeout or 0
        return True

    # Workers

    def _choose(self, task: Task) -> Worker | None:
        """The first of those who fit, by `order_by`, then the longest idle."""
        if task.directed.target in self._workspace.workers:
            return self._named_worker(task)
        target, now = task.route.target, self._scheduler.now()
        seen = {worker.sid: variables.of_target(task, worker, now) for worker in self._able(task)}
        fit = [
            worker
            for worker in (self._workspace.workers[sid] for sid in seen)
            if evaluate(target.expression, seen[worker.sid]) and self._is_known_worker(task, worker)
        ]
        order = target.order_by if sorts(target.order_by, (seen[worker.sid] for worker in fit)) else ()

        def rank(worker: Worker) -> tuple[list[tuple[int, int]], float]:
            return [sort_value(key, seen[worker.sid]) for key in order], worker.idle_since

        return min(fit, key=rank, default=None)

    def _named_worker(self, task: Task) -> Worker | None:
        """RoutingTarget's: whether the task queue or the target takes this worker is no matter (uncertain)."""
        worker = self._workspace.workers[task.directed.target]
        return worker if task.directed.ignores_capacity or _is_free(worker, task) else None

    def _able(self, task: Task) -> list[Worker]:
        """The workers of the task's queue who are available, with capacity left on the task's channel."""
        workers = self._workspace.workers.values()
        return [worker for worker in workers if _is_free(worker, task) and task.queue.takes(worker)]

    def _is_known_worker(self, task: Task, worker: Worker) -> bool:
        target = task.route.target
        if target.known_worker_sid is not None:
            return worker.sid == self._known_worker(task)
        if target.known_worker_friendly_name is not None:
            return worker.friendly_name == self._known_worker(task)
        return True

    def _known_worker(self, task: Task) -> object:
        """What the task says where its target names the attribute with a sid or friendly name: `task.agent_sid`."""
        target = task.route.target
        named = target.known_worker_sid or target.known_worker_friendly_name
        return value_of(named, {"task": task.attributes}) if named is not None else None

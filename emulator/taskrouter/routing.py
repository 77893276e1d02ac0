"""Who serves whom: the way of a task through its workflow and the choice of a worker (contract 4.6, 5, 7.5)."""

from collections.abc import Callable, Mapping

from emulator.clock.scheduler import Scheduler, Timer
from emulator.ports import TwilioError
from emulator.taskrouter.configuration import Target
from emulator.taskrouter.events import Events
from emulator.taskrouter.lifecycle import WORKFLOW_TIMEOUT, LifeCycle
from emulator.taskrouter.model import Reservation, Route, Task, Worker, Workflow, Workspace
from taskrouter_expressions import evaluate, sort_value, value_of

SKIPPED_TO_NOTHING = "Task canceled: every target was skipped"  # uncertain, the text and the cancelation


def find_route(workflow: Workflow, attributes: Mapping[str, object]) -> Route:
    """The first filter that matches, else the default queue. TwilioError 14222 when there is neither."""
    for candidate in workflow.configuration.filters:
        if evaluate(candidate.expression, attributes):
            return Route(candidate.targets)
    if not workflow.configuration.default_queue_sid:
        raise TwilioError(14222, f"No filter of workflow {workflow.sid} matches the task")
    return _default_route(workflow)


def _default_route(workflow: Workflow) -> Route:
    return Route((Target(workflow.configuration.default_queue_sid),))


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
        task.queue = self._workspace.task_queues[target.queue_sid]
        task.queue_entered = self._scheduler.now()
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
        self.wake()

    def _is_over(self, task: Task) -> bool:
        return task.route.ends is not None and self._scheduler.now() >= task.created + task.route.ends

    def _timed_out(self, task: Task) -> None:
        """A reserved task moves on when its reservation has failed; at the last target it is canceled at once.

        That a pending reservation does not save the task at the last target is uncertain. An accept that has begun
        is waited for.
        """
        reservation = task.open_reservation
        if task.status == "reserved" and not task.route.has_more and reservation and not reservation.held:
            self._exhausted(task)
        self.wake()

    def _moves_on(self, task: Task) -> bool:
        """To the next target, by timeout or by skip_if; whether the task is somewhere else now."""
        if self._is_over(task):
            self._events.task_queue("task-queue.timeout", task)
            return self._next_target(task) or self._exhausted(task)
        return self._skips(task) and (self._next_target(task) or self._all_skipped(task))

    def _next_target(self, task: Task) -> bool:
        if not task.route.has_more:
            return False
        task.route.index += 1
        self._enter_target(task)
        return True

    def _exhausted(self, task: Task) -> bool:
        self._events.workflow("workflow.timeout", task)
        self._lifecycle.cancel(task, WORKFLOW_TIMEOUT)
        return False

    def _skips(self, task: Task) -> bool:
        """skip_if is looked at once for each target, when no worker could be reserved at once (contract 7.5).

        Whether a skipped target's timeout counts for the next one is uncertain: here it does not.
        """
        target, fresh = task.route.target, task.route.fresh
        task.route.fresh = False
        if not fresh or target.skip_if is None or not evaluate(target.skip_if, self._counted(task)):
            return False
        task.route.used -= target.timeout or 0
        self._events.workflow("workflow.skipped", task)
        return True

    def _all_skipped(self, task: Task) -> bool:
        """The default queue is the last resort of a task whose targets were all skipped."""
        if task.route.timer is not None:
            task.route.timer.cancel()
        if not task.workflow.configuration.default_queue_sid:
            self._lifecycle.cancel(task, SKIPPED_TO_NOTHING)
            return False
        task.route = _default_route(task.workflow)
        self._enter_target(task)
        return True

    def _counted(self, task: Task) -> dict[str, object]:
        """What skip_if sees: how many of the target's workers are available, unavailable, in each activity."""
        matching = self._matching(task)
        available = sum(worker.activity.available for worker in matching)
        workers = dict.fromkeys(self._workspace.activities, 0)
        for worker in matching:
            workers[worker.activity.sid] += 1
        counted = {"available": available, "unavailable": len(matching) - available, **workers}
        return {"workers": counted, "task": task.attributes}

    # Workers

    def _choose(self, task: Task) -> Worker | None:
        """Available, with capacity left on the task's channel; by `order_by`, then longest idle first."""
        channel = task.channel.unique_name
        able = [
            worker
            for worker in self._workspace.workers.values()
            if worker.activity.available and worker.has_capacity(channel) and self._matches(task, worker)
        ]
        return min(able, key=lambda worker: self._rank(task, worker), default=None)

    def _rank(self, task: Task, worker: Worker) -> tuple[list[tuple[int, float, str]], float]:
        variables = _variables(task, worker)
        return [sort_value(key, variables) for key in task.route.target.order_by], worker.idle_since

    def _matching(self, task: Task) -> list[Worker]:
        return [worker for worker in self._workspace.workers.values() if self._matches(task, worker)]

    def _matches(self, task: Task, worker: Worker) -> bool:
        target = task.route.target
        return (
            task.queue.takes(worker)
            and evaluate(target.expression, _variables(task, worker))
            and self._is_known_worker(task, worker)
        )

    def _is_known_worker(self, task: Task, worker: Worker) -> bool:
        """A target for a known worker names the attribute with its sid or friendly name: `task.agent_sid`."""
        target, variables = task.route.target, {"task": task.attributes}
        if target.known_worker_sid is not None:
            return worker.sid == value_of(target.known_worker_sid, variables)
        if target.known_worker_friendly_name is not None:
            return worker.friendly_name == value_of(target.known_worker_friendly_name, variables)
        return True


def _variables(task: Task, worker: Worker) -> dict[str, object]:
    return {"task": task.attributes, "worker": worker.variables()}

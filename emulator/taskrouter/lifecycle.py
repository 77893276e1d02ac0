"""What may become of a task, a reservation and a worker, and the events that say so (contract 4.5, 4.6, 5)."""

from collections.abc import Callable, Mapping

from emulator.clock.scheduler import Scheduler
from emulator.ports import TwilioError, VoicePort
from emulator.taskrouter.events import Events
from emulator.taskrouter.model import (
    Activity,
    Reservation,
    ReservationStatus,
    Task,
    TaskStatus,
    Worker,
    WorkerChannel,
    Workspace,
)

MOST_CYCLES = 1000  # from pending to reserved, contract 5
KEEP_ENDED_SECONDS = 300.0
KEEP_ASSIGNED_SECONDS = 86_400.0

# Twilio's texts for these three are uncertain but for the first.
TIME_TO_LIVE_OVER = "Task TTL Exceeded"
WORKFLOW_TIMEOUT = "Task canceled on Workflow timeout"
TOO_MANY_CYCLES = "Task reservation limit exceeded"


class LifeCycle:
    """Changes states, one method a change. `wake` has routing look for workers again."""

    def __init__(
        self,
        scheduler: Scheduler,
        workspace: Workspace,
        events: Events,
        voice: VoicePort,
        wake: Callable[[], None],
    ) -> None:
        self._scheduler = scheduler
        self._workspace = workspace
        self._events = events
        self._voice = voice
        self._wake = wake

    # Reservations

    def reserve(self, task: Task, worker: Worker) -> Reservation:
        """A pending task gets a pending reservation with its timer (the workflow's TaskReservationTimeout)."""
        now = self._scheduler.now()
        reservation = Reservation(self._scheduler.sid("WR"), task, worker, now, now)
        for kept in (task.reservations, worker.reservations, self._workspace.reservations):
            kept[reservation.sid] = reservation
        task.cycles += 1
        worker.version += 1
        self._set_task_status(task, "reserved")
        seconds = task.workflow.task_reservation_timeout
        reservation.timer = self._scheduler.after(seconds, lambda: self.time_out(reservation))
        self._emit_reservation(reservation)
        self._events.reservation("reservation.created", reservation)
        return reservation

    def accept(self, reservation: Reservation) -> None:
        self._set_reservation_status(reservation, "accepted")
        self._set_task_status(reservation.task, "assigned")
        reservation.worker.idle_since = self._scheduler.now()
        self._events.reservation("reservation.accepted", reservation)
        self._delete_after(reservation.task, KEEP_ASSIGNED_SECONDS, "task.system-deleted")

    def hold(self, reservation: Reservation) -> None:
        """An accept has begun: the timer stands still until it succeeds or fails (contract 4.5, 12)."""
        reservation.held = True
        self._stop_timer(reservation)

    def reject(self, reservation: Reservation, activity: Activity | None = None) -> None:
        """The task goes to the next worker; without an activity that may be the same one again (contract 4.6)."""
        self._set_reservation_status(reservation, "rejected")
        self._events.reservation("reservation.rejected", reservation)
        if activity is not None:
            self.set_activity(reservation.worker, activity)
        self._hang_up_leg(reservation)
        self._release(reservation.task)

    def time_out(self, reservation: Reservation) -> None:
        """The worker did not react: the workspace's TimeoutActivity is assigned (contract 4.6)."""
        self._set_reservation_status(reservation, "timeout")
        self._events.reservation("reservation.timeout", reservation)
        self.set_activity(reservation.worker, self._workspace.timeout_activity)
        self._hang_up_leg(reservation)
        self._release(reservation.task)

    def fail_accept(self, reservation: Reservation) -> None:
        """An accept that began did not end in a join, or the worker of a dequeue did not answer.

        Contract 4.5 says `canceled` for a failed accept. For a dequeue that nobody answers this is uncertain, and so
        is that the worker keeps its activity; this is the one place that decides it.
        """
        self._cancel_reservation(reservation)
        self._release(reservation.task)

    def _cancel_reservation(self, reservation: Reservation) -> None:
        self._set_reservation_status(reservation, "canceled")
        self._events.reservation("reservation.canceled", reservation)
        self._hang_up_leg(reservation)

    def _hang_up_leg(self, reservation: Reservation) -> None:
        """The leg of a dequeue has nobody left to be joined with."""
        leg_sid, reservation.leg_sid = reservation.leg_sid, ""
        if leg_sid:
            self._voice.hang_up(leg_sid)

    def _set_reservation_status(self, reservation: Reservation, status: ReservationStatus) -> None:
        self._stop_timer(reservation)
        reservation.status = status
        reservation.held = False
        reservation.version += 1
        reservation.updated = self._scheduler.now()
        self._emit_reservation(reservation)

    def _stop_timer(self, reservation: Reservation) -> None:
        if reservation.timer is not None:
            reservation.timer.cancel()

    # Tasks

    def start(self, task: Task) -> None:
        """A new task: pending, with its time to live."""
        self._workspace.tasks[task.sid] = task
        task.timer = self._scheduler.after(task.timeout, lambda: self._time_to_live_over(task))
        self._emit_task(task)
        self._events.task("task.created", task)

    def _time_to_live_over(self, task: Task) -> None:
        reservation = task.open_reservation
        if reservation is None or not reservation.held:  # an accept that has begun is waited for
            self.cancel(task, TIME_TO_LIVE_OVER)

    def _release(self, task: Task) -> None:
        """The reservation came to nothing: the task waits again, if it may."""
        self._set_task_status(task, "pending")
        if task.cycles >= MOST_CYCLES:
            self.cancel(task, TOO_MANY_CYCLES)
        elif self._scheduler.now() >= task.created + task.timeout:
            self.cancel(task, TIME_TO_LIVE_OVER)
        self._wake()

    def cancel(self, task: Task, reason: str, *, caller_waits: bool = True) -> None:
        """A pending or reserved task ends. TwilioError 20001.

        With `caller_waits` voice hears of it, and decides whether the caller leaves the queue (contract 12).
        """
        if task.status not in {"pending", "reserved"}:
            raise self._refusal("cancel", task, "it is not pending or reserved")
        reservation = task.open_reservation
        task.reason = reason
        self._set_task_status(task, "canceled")
        if reservation is not None:
            self._cancel_reservation(reservation)
        described = {"EventDescription": reason} if reason == TIME_TO_LIVE_OVER else {}
        self._events.task("task.canceled", task, **described)
        self._end(task)
        if caller_waits and task.call_sid:
            self._voice.task_canceled(task.call_sid)

    def wrap(self, task: Task, reason: str = "") -> None:
        """The conversation is over, the worker's capacity still taken (contract 4.6). TwilioError 20001."""
        if task.status != "assigned":
            raise self._refusal("wrap up", task, "it is not currently assigned")
        reservation = task.open_reservation
        task.reason = reason
        self._set_task_status(task, "wrapping")
        if reservation is not None:
            self._set_reservation_status(reservation, "wrapping")
            self._events.reservation("reservation.wrapup", reservation)
        self._events.task("task.wrapup", task)

    def complete(self, task: Task, reason: str) -> None:
        """An assigned or wrapping task ends and the worker's capacity is free again. TwilioError 20001."""
        if task.status not in {"assigned", "wrapping"}:
            raise self._refusal("complete", task, "it is not currently assigned or wrapping")
        reservation = task.open_reservation
        task.reason = reason
        self._set_task_status(task, "completed")
        if reservation is not None:
            self._set_reservation_status(reservation, "completed")
            reservation.worker.idle_since = self._scheduler.now()
            self._events.reservation("reservation.completed", reservation)
        self._events.task("task.completed", task)
        self._end(task)

    def _refusal(self, verb: str, task: Task, because: str) -> TwilioError:
        where = f"in workspace {self._workspace.sid} for account {self._workspace.account_sid}"
        return TwilioError(20001, f"Cannot {verb} task {task.sid} {where} because {because}.")

    def set_attributes(self, task: Task, attributes: dict[str, object]) -> None:
        task.attributes = attributes
        self.updated(task)

    def updated(self, task: Task) -> None:
        """The task was changed in something else than its status."""
        task.version += 1
        task.updated = self._scheduler.now()
        self._events.task("task.updated", task)
        self._wake()

    def _set_task_status(self, task: Task, status: TaskStatus) -> None:
        task.status = status
        task.version += 1
        task.updated = self._scheduler.now()
        self._emit_task(task)

    def _end(self, task: Task) -> None:
        if task.route.timer is not None:
            task.route.timer.cancel()
        self._delete_after(task, KEEP_ENDED_SECONDS)
        self._wake()

    def _delete_after(self, task: Task, seconds: float, event_type: str = "") -> None:
        if task.timer is not None:
            task.timer.cancel()
        task.timer = self._scheduler.after(seconds, lambda: self.delete(task, event_type))

    def remove(self, task: Task, *, cancels_reservation: bool) -> None:
        """DELETE over REST, in any state. What becomes of a pending reservation is uncertain (contract 12).

        The caller of a task that waits is told of as when it is canceled.
        """
        reservation, waits = task.open_reservation, task.status in {"pending", "reserved"}
        if reservation is not None and reservation.status == "pending" and cancels_reservation:
            self._cancel_reservation(reservation)
        self.delete(task, "task.deleted")
        if waits and task.call_sid:
            self._voice.task_canceled(task.call_sid)

    def delete(self, task: Task, event_type: str = "") -> None:
        """The record goes, its reservations with it, and any capacity they took.

        That an ended task is forgotten after five minutes is no event (contract 6).
        """
        del self._workspace.tasks[task.sid]
        for reservation in task.reservations.values():
            self._stop_timer(reservation)
            del self._workspace.reservations[reservation.sid]
            del reservation.worker.reservations[reservation.sid]
        for timer in (task.timer, task.route.timer):
            if timer is not None:
                timer.cancel()
        self._scheduler.emit("task", sid=task.sid, call_sid=task.call_sid, status="deleted", reason=event_type)
        if event_type:
            self._events.task(event_type, task)
        self._wake()

    # Workers

    def set_activity(self, worker: Worker, activity: Activity) -> None:
        before, now = worker.activity, self._scheduler.now()
        if activity is before:
            return
        milliseconds = int((now - worker.activity_since) * 1000)
        worker.activity = activity
        worker.activity_since = worker.updated = now
        worker.version += 1
        if activity.available and not before.available:
            worker.idle_since = now
        self._scheduler.emit("worker", sid=worker.sid, name=worker.friendly_name, activity=activity.friendly_name)
        previous = {
            "WorkerPreviousActivitySid": before.sid,
            "WorkerPreviousActivityName": before.friendly_name,
            "WorkerTimeInPreviousActivity": str(milliseconds // 1000),
            "WorkerTimeInPreviousActivityMs": str(milliseconds),
            "EventDescription": f"Worker {worker.friendly_name} updated to {activity.friendly_name} Activity",
        }
        self._events.worker("worker.activity.update", worker, **previous)
        self._wake()

    def reject_pending(self, worker: Worker) -> None:
        """RejectPendingReservations: those whose accept has begun are not pending in this sense."""
        for reservation in list(worker.reservations.values()):
            if reservation.status == "pending" and not reservation.held:
                self.reject(reservation)

    def set_worker_attributes(self, worker: Worker, attributes: dict[str, object]) -> None:
        worker.attributes = attributes
        worker.version += 1
        worker.updated = self._scheduler.now()
        self._events.worker("worker.attributes.update", worker)
        self._wake()

    def set_capacity(self, worker: Worker, channel: WorkerChannel, capacity: int) -> None:
        """How many tasks of the channel the worker gets at a time. What is taken already stays taken."""
        if capacity != channel.capacity:
            previous, channel.capacity = channel.capacity, capacity
            more = {"WorkerChannelPreviousCapacity": str(previous)}
            self._channel_changed("worker.capacity.update", worker, channel, more)

    def set_channel_available(self, worker: Worker, channel: WorkerChannel, available: bool) -> None:
        if available != channel.available:
            channel.available = available
            self._channel_changed("worker.channel.availability.update", worker, channel, {})

    def _channel_changed(
        self, event_type: str, worker: Worker, channel: WorkerChannel, more: Mapping[str, str]
    ) -> None:
        channel.updated, name = self._scheduler.now(), channel.task_channel.unique_name
        worker.version += 1
        taken = worker.assigned_tasks(name)
        shown = {
            "WorkerChannelAvailable": str(channel.available).lower(),
            "WorkerChannelAvailableCapacity": str(max(0, channel.capacity - taken)),
            "WorkerChannelTaskCount": str(taken),
            "TaskChannelSid": channel.task_channel.sid,
            "TaskChannelUniqueName": name,
        }
        self._events.worker(event_type, worker, **shown, **more)
        self._wake()

    # The trace

    def _emit_reservation(self, reservation: Reservation) -> None:
        self._scheduler.emit(
            "reservation",
            sid=reservation.sid,
            task_sid=reservation.task.sid,
            worker=reservation.worker.friendly_name,
            worker_sid=reservation.worker.sid,
            call_sid=reservation.task.call_sid,
            status=reservation.status,
        )

    def _emit_task(self, task: Task) -> None:
        self._scheduler.emit("task", sid=task.sid, call_sid=task.call_sid, status=task.status, reason=task.reason)

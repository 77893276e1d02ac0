"""REST on tasks and reservations (contract 4.4, 5)."""

import re
from collections.abc import Callable, Mapping

from emulator.ports import TwilioError
from emulator.rest.answer import RestAnswer
from emulator.rest.representations import etag
from emulator.rest.request import Request, check_version, named_activity, not_found, number, page
from emulator.taskrouter.model import Reservation, Task, Worker, parsed_attributes

TASK_STATUSES = ("pending", "reserved", "assigned", "canceled", "completed", "wrapping")

# REST's field names that the assignment answer's names do not follow from by prefix and snake case (contract 4.4).
_PREFIXES = {"dequeue": "Dequeue", "call": "Call", "redirect": "Redirect", "conference": ""}
_RENAMED = {"status_callback_event": "status_callback_events"}


# Tasks


def _task(request: Request) -> Task:
    task = request.engine.workspace.tasks.get(request.item)
    if task is None:
        raise not_found(request)
    return task


def _task_answer(request: Request, task: Task, status: int = 200) -> RestAnswer:
    body = request.representations.task(task, request.engine.scheduler.now())
    return RestAnswer(status, body, {"ETag": etag(task.version)})


def get_task(request: Request) -> RestAnswer:
    return _task_answer(request, _task(request))


def create_task(request: Request) -> RestAnswer:
    workspace = request.engine.workspace
    channel = request.text("TaskChannel") or "default"
    by_sid = {known.sid: name for name, known in workspace.task_channels.items()}
    name = by_sid.get(channel, channel)
    if name not in workspace.task_channels:
        raise TwilioError(20001, f"TaskChannel {channel} does not exist")
    workflow_sid = request.text("WorkflowSid") or next(iter(workspace.workflows), "")
    attributes = parsed_attributes(request.text("Attributes") or "{}")
    priority = number(request, "Priority") or 0
    try:
        sid = request.engine.create_task(workflow_sid, attributes, priority, number(request, "Timeout"), name)
    except TwilioError as error:  # 14220 to 14222 are <Enqueue>'s codes; that REST says 20001 is uncertain
        raise TwilioError(20001, error.message) from error
    return _task_answer(request, workspace.tasks[sid], 201)


def update_task(request: Request) -> RestAnswer:
    """Status and attributes need two requests (contract 5)."""
    task = _task(request)
    check_version(request, task.version)
    if request.text("AssignmentStatus"):
        if request.text("Attributes"):
            raise TwilioError(20001, "AssignmentStatus and Attributes cannot be updated in one request")
        _change_status(request, task)
    else:
        _change_task(request, task)
    return _task_answer(request, task)


def _change_status(request: Request, task: Task) -> None:
    status, reason = request.text("AssignmentStatus"), request.text("Reason")
    lifecycle = request.engine.lifecycle
    changes: dict[str, Callable[[], None]] = {
        "canceled": lambda: lifecycle.cancel(task, reason),
        "wrapping": lambda: lifecycle.wrap(task, reason),
        "completed": lambda: lifecycle.complete(task, reason),
    }
    if status not in changes:
        raise TwilioError(20001, f"AssignmentStatus cannot be set to {status}")
    changes[status]()


def _change_task(request: Request, task: Task) -> None:
    priority = number(request, "Priority")
    if priority is not None:
        task.priority = priority
    if request.text("Attributes"):
        task.attributes = parsed_attributes(request.text("Attributes"))
    if priority is not None or request.text("Attributes"):
        request.engine.lifecycle.updated(task)


def list_tasks(request: Request) -> RestAnswer:
    statuses = _asked_statuses(request)
    asked = {"workflow": request.text("WorkflowSid"), "queue": request.text("TaskQueueSid")}
    tasks = [
        request.representations.task(task, request.engine.scheduler.now(), with_attributes=False)
        for task in request.engine.workspace.tasks.values()
        if (not statuses or task.status in statuses)
        and asked["workflow"] in {"", task.workflow.sid}
        and asked["queue"] in {"", task.queue.sid}
    ]
    return page(request, "tasks", tasks)


def _asked_statuses(request: Request) -> set[str]:
    """AssignmentStatus may be repeated or hold a list with commas."""
    statuses = {status for value in request.fields.get("AssignmentStatus", ()) for status in value.split(",")}
    unknown = statuses - set(TASK_STATUSES)
    if unknown:
        raise TwilioError(20001, f"Unknown AssignmentStatus: {', '.join(sorted(unknown))}")
    return statuses


# Reservations


def _reservations(request: Request) -> dict[str, Reservation]:
    workspace = request.engine.workspace
    owners: Mapping[str, Task | Worker] = workspace.tasks if request.parent == "Tasks" else workspace.workers
    if request.item not in owners:
        raise not_found(request)
    return owners[request.item].reservations


def _reservation(request: Request) -> Reservation:
    reservation = _reservations(request).get(request.child)
    if reservation is None:
        raise not_found(request)
    return reservation


def _reservation_answer(request: Request, reservation: Reservation) -> RestAnswer:
    body = request.representations.reservation(reservation, request.parent)
    return RestAnswer(200, body, {"ETag": etag(reservation.version)})


def get_reservation(request: Request) -> RestAnswer:
    return _reservation_answer(request, _reservation(request))


def list_reservations(request: Request) -> RestAnswer:
    asked_status, asked_worker = request.text("ReservationStatus"), request.text("WorkerSid")
    shown = [
        request.representations.reservation(reservation, request.parent)
        for reservation in _reservations(request).values()
        if asked_status in {"", reservation.status} and asked_worker in {"", reservation.worker.sid}
    ]
    return page(request, "reservations", shown)


def update_reservation(request: Request) -> RestAnswer:
    """Either an instruction or a status (contract 4.4)."""
    reservation = _reservation(request)
    check_version(request, reservation.version)
    if request.text("Instruction"):
        request.engine.assignment.perform(reservation, _instruction(request))
    else:
        _change_reservation(request, reservation)
    return _reservation_answer(request, reservation)


def _instruction(request: Request) -> dict[str, object]:
    """The form's fields under the names that an assignment answer has for them."""
    instruction = request.text("Instruction")
    fields: dict[str, object] = {"instruction": instruction, "activity_sid": request.text("WorkerActivitySid")}
    prefix = _PREFIXES.get(instruction, "")
    for name, values in request.fields.items():
        snake = re.sub(r"(?<!^)([A-Z])", r"_\1", name.removeprefix(prefix)).lower()
        if name.startswith(prefix) and name != "Instruction":
            fields[_RENAMED.get(snake, snake)] = ",".join(values)
    return fields


def _change_reservation(request: Request, reservation: Reservation) -> None:
    status, lifecycle = request.text("ReservationStatus"), request.engine.lifecycle
    if status in {"accepted", "rejected"}:
        instruction = "accept" if status == "accepted" else "reject"
        activity = named_activity(request, "WorkerActivitySid")
        fields = {"instruction": instruction, "activity_sid": activity.sid if activity else ""}
        request.engine.assignment.perform(reservation, fields)
    elif status == "wrapping":
        _expect(reservation, status, "accepted")
        lifecycle.wrap(reservation.task)
    elif status == "completed":
        _expect(reservation, status, "accepted", "wrapping")
        lifecycle.complete(reservation.task, request.text("Reason"))
    else:
        raise TwilioError(20001, f"ReservationStatus cannot be set to {status or 'nothing'}")


def _expect(reservation: Reservation, wanted: str, *statuses: str) -> None:
    if reservation.status not in statuses:
        raise TwilioError(20001, f"Reservation {reservation.sid} is {reservation.status} and cannot become {wanted}")

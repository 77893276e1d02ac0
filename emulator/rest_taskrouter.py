"""REST on TaskRouter's resources: tasks, reservations, workers, activities (contract 4.4, 5, 7.5)."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from emulator.ports import TwilioError
from emulator.rest_answer import RestAnswer, refusal
from emulator.taskrouter import TaskRouter
from emulator.taskrouter_json import Shapes, etag
from emulator.workspace import Activity, Reservation, Task, Worker, parsed_attributes

Form = Mapping[str, Sequence[str]]
PAGE_SIZE, LARGEST_PAGE = 50, 1000
TASK_STATUSES = ("pending", "reserved", "assigned", "canceled", "completed", "wrapping")

# REST's field names that the assignment answer's names do not follow from by prefix and snake case (contract 4.4).
_PREFIXES = {"dequeue": "Dequeue", "call": "Call", "redirect": "Redirect", "conference": ""}
_RENAMED = {"status_callback_event": "status_callback_events"}


@dataclass(frozen=True)
class _Request:
    """`fields` are those of the query and the body; `item` and `child` are the sids in the path, empty in a list."""

    router: TaskRouter
    path: str
    fields: Form
    headers: Mapping[str, str]
    item: str = ""
    child: str = ""
    parent: str = ""

    @property
    def shapes(self) -> Shapes:
        return Shapes(self.router.workspace)

    def text(self, name: str) -> str:
        """The field's last value, empty when it was not sent."""
        values = self.fields.get(name, ())
        return values[-1] if values else ""


def handle(
    router: TaskRouter, method: str, path: str, form: Mapping[str, list[str]], headers: Mapping[str, str]
) -> RestAnswer:
    """One authenticated request to taskrouter.twilio.com.

    `path` begins with /v1/Workspaces; `form` holds the fields of the query or of the body, each with all its values;
    `headers` may be written in any case. Errors are answers too: 20404, 20001, 412, instruction codes.
    """
    request = _Request(router, path, form, {name.lower(): value for name, value in headers.items()})
    try:
        return _dispatch(request, method)
    except TwilioError as error:
        return refusal(error)


def _dispatch(request: _Request, method: str) -> RestAnswer:
    for route_method, pattern, door in _DOORS:
        found = re.fullmatch(pattern, request.path)
        if found and route_method == method:
            if found["workspace"] != request.router.workspace.sid:
                break
            parts = found.groupdict("")
            named = {name: parts.get(name, "") for name in ("item", "child", "parent")}
            return door(replace(request, **named))
    raise _not_found(request)


def _not_found(request: _Request) -> TwilioError:
    return TwilioError(20404, f"The requested resource {request.path} was not found", 404)


# Tasks


def _task(request: _Request) -> Task:
    task = request.router.workspace.tasks.get(request.item)
    if task is None:
        raise _not_found(request)
    return task


def _task_answer(request: _Request, task: Task, status: int = 200) -> RestAnswer:
    body = request.shapes.task(task, request.router.kernel.now())
    return RestAnswer(status, body, {"ETag": etag(task.version)})


def _get_task(request: _Request) -> RestAnswer:
    return _task_answer(request, _task(request))


def _create_task(request: _Request) -> RestAnswer:
    workspace = request.router.workspace
    channel = request.text("TaskChannel") or "default"
    by_sid = {known.sid: name for name, known in workspace.task_channels.items()}
    name = by_sid.get(channel, channel)
    if name not in workspace.task_channels:
        raise TwilioError(20001, f"TaskChannel {channel} does not exist")
    workflow_sid = request.text("WorkflowSid") or next(iter(workspace.workflows), "")
    attributes = parsed_attributes(request.text("Attributes") or "{}")
    priority = _number(request, "Priority") or 0
    try:
        sid = request.router.create_task(workflow_sid, attributes, priority, _number(request, "Timeout"), name)
    except TwilioError as error:  # 14220 to 14222 are <Enqueue>'s codes; that REST says 20001 is uncertain
        raise TwilioError(20001, error.message) from error
    return _task_answer(request, workspace.tasks[sid], 201)


def _number(request: _Request, name: str) -> int | None:
    text = request.text(name)
    if text and not text.isdigit():
        raise TwilioError(20001, f"{name} is no number: {text}")
    return int(text) if text else None


def _update_task(request: _Request) -> RestAnswer:
    """Status and attributes need two requests (contract 5)."""
    task = _task(request)
    _check_version(request, task.version)
    if request.text("AssignmentStatus"):
        if request.text("Attributes"):
            raise TwilioError(20001, "AssignmentStatus and Attributes cannot be updated in one request")
        _change_status(request, task)
    else:
        _change_task(request, task)
    return _task_answer(request, task)


def _check_version(request: _Request, version: int) -> None:
    """An If-Match that does not match is refused; clients send the ETag with or without its quotes."""
    wanted = request.headers.get("if-match", "").strip()
    if wanted and wanted != "*" and wanted.removeprefix("W/").strip('"') != str(version):
        raise TwilioError(20412, "The resource was changed: If-Match does not match its ETag", 412)


def _change_status(request: _Request, task: Task) -> None:
    status, reason = request.text("AssignmentStatus"), request.text("Reason")
    lifecycle = request.router.lifecycle
    changes: dict[str, Callable[[], None]] = {
        "canceled": lambda: lifecycle.cancel(task, reason),
        "wrapping": lambda: lifecycle.wrap(task, reason),
        "completed": lambda: lifecycle.complete(task, reason),
    }
    if status not in changes:
        raise TwilioError(20001, f"AssignmentStatus cannot be set to {status}")
    changes[status]()


def _change_task(request: _Request, task: Task) -> None:
    priority = _number(request, "Priority")
    if priority is not None:
        task.priority = priority
    if request.text("Attributes"):
        task.attributes = parsed_attributes(request.text("Attributes"))
    if priority is not None or request.text("Attributes"):
        request.router.lifecycle.updated(task)


def _list_tasks(request: _Request) -> RestAnswer:
    statuses = _asked_statuses(request)
    asked = {"workflow": request.text("WorkflowSid"), "queue": request.text("TaskQueueSid")}
    tasks = [
        request.shapes.task(task, request.router.kernel.now(), with_attributes=False)
        for task in request.router.workspace.tasks.values()
        if (not statuses or task.status in statuses)
        and asked["workflow"] in {"", task.workflow.sid}
        and asked["queue"] in {"", task.queue.sid}
    ]
    return _page(request, "tasks", tasks)


def _asked_statuses(request: _Request) -> set[str]:
    """AssignmentStatus may be repeated or hold a list with commas."""
    statuses = {status for value in request.fields.get("AssignmentStatus", ()) for status in value.split(",")}
    unknown = statuses - set(TASK_STATUSES)
    if unknown:
        raise TwilioError(20001, f"Unknown AssignmentStatus: {', '.join(sorted(unknown))}")
    return statuses


# Reservations


def _reservations(request: _Request) -> dict[str, Reservation]:
    workspace = request.router.workspace
    owners: Mapping[str, Task | Worker] = workspace.tasks if request.parent == "Tasks" else workspace.workers
    if request.item not in owners:
        raise _not_found(request)
    return owners[request.item].reservations


def _reservation(request: _Request) -> Reservation:
    reservation = _reservations(request).get(request.child)
    if reservation is None:
        raise _not_found(request)
    return reservation


def _reservation_answer(request: _Request, reservation: Reservation) -> RestAnswer:
    body = request.shapes.reservation(reservation, request.parent)
    return RestAnswer(200, body, {"ETag": etag(reservation.version)})


def _get_reservation(request: _Request) -> RestAnswer:
    return _reservation_answer(request, _reservation(request))


def _list_reservations(request: _Request) -> RestAnswer:
    asked_status, asked_worker = request.text("ReservationStatus"), request.text("WorkerSid")
    shown = [
        request.shapes.reservation(reservation, request.parent)
        for reservation in _reservations(request).values()
        if asked_status in {"", reservation.status} and asked_worker in {"", reservation.worker.sid}
    ]
    return _page(request, "reservations", shown)


def _update_reservation(request: _Request) -> RestAnswer:
    """Either an instruction or a status (contract 4.4)."""
    reservation = _reservation(request)
    _check_version(request, reservation.version)
    if request.text("Instruction"):
        request.router.assignment.perform(reservation, _instruction(request))
    else:
        _change_reservation(request, reservation)
    return _reservation_answer(request, reservation)


def _instruction(request: _Request) -> dict[str, object]:
    """The form's fields under the names that an assignment answer has for them."""
    instruction = request.text("Instruction")
    fields: dict[str, object] = {"instruction": instruction, "activity_sid": request.text("WorkerActivitySid")}
    prefix = _PREFIXES.get(instruction, "")
    for name, values in request.fields.items():
        snake = re.sub(r"(?<!^)([A-Z])", r"_\1", name.removeprefix(prefix)).lower()
        if name.startswith(prefix) and name != "Instruction":
            fields[_RENAMED.get(snake, snake)] = ",".join(values)
    return fields


def _change_reservation(request: _Request, reservation: Reservation) -> None:
    status, lifecycle = request.text("ReservationStatus"), request.router.lifecycle
    if status in {"accepted", "rejected"}:
        instruction = "accept" if status == "accepted" else "reject"
        activity_sid = _activity(request, "WorkerActivitySid").sid if request.text("WorkerActivitySid") else ""
        request.router.assignment.perform(reservation, {"instruction": instruction, "activity_sid": activity_sid})
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


# Workers and activities


def _activity(request: _Request, field: str) -> Activity:
    return request.router.workspace.activity(request.text(field))


def _worker(request: _Request) -> Worker:
    worker = request.router.workspace.workers.get(request.item)
    if worker is None:
        raise _not_found(request)
    return worker


def _worker_answer(request: _Request, worker: Worker) -> RestAnswer:
    return RestAnswer(200, request.shapes.worker(worker), {"ETag": etag(worker.version)})


def _get_worker(request: _Request) -> RestAnswer:
    return _worker_answer(request, _worker(request))


def _update_worker(request: _Request) -> RestAnswer:
    worker, lifecycle = _worker(request), request.router.lifecycle
    _check_version(request, worker.version)
    attributes = parsed_attributes(request.text("Attributes")) if request.text("Attributes") else None
    activity = _activity(request, "ActivitySid") if request.text("ActivitySid") else None
    worker.friendly_name = request.text("FriendlyName") or worker.friendly_name
    if attributes is not None:
        lifecycle.set_worker_attributes(worker, attributes)
    if activity is not None:
        lifecycle.set_activity(worker, activity)
        if request.text("RejectPendingReservations").lower() == "true":
            lifecycle.reject_pending(worker)
    return _worker_answer(request, worker)


def _list_workers(request: _Request) -> RestAnswer:
    asked_name, asked_activity = request.text("FriendlyName").lower(), request.text("ActivitySid")
    workers = [
        request.shapes.worker(worker)
        for worker in request.router.workspace.workers.values()
        if asked_name in {"", worker.friendly_name.lower()} and asked_activity in {"", worker.activity.sid}
    ]
    return _page(request, "workers", workers)


def _list_activities(request: _Request) -> RestAnswer:
    asked_name = request.text("FriendlyName")
    known = request.router.workspace.activities.values()
    shown = [request.shapes.activity(activity) for activity in known if asked_name in {"", activity.friendly_name}]
    return _page(request, "activities", shown)


def _get_activity(request: _Request) -> RestAnswer:
    if request.item not in request.router.workspace.activities:
        raise _not_found(request)
    return RestAnswer(200, request.shapes.activity(request.router.workspace.activities[request.item]))


# Lists


def _page(request: _Request, key: str, items: Sequence[dict[str, object]]) -> RestAnswer:
    """One page of a list; the next one is asked for with `PageToken` (contract 7.5)."""
    size = min(_number(request, "PageSize") or PAGE_SIZE, LARGEST_PAGE)
    token = request.text("PageToken").removeprefix("PT")
    page = int(token) if token.isdigit() else 0
    shown = items[page * size : (page + 1) * size]
    base = f"https://taskrouter.twilio.com{request.path}"

    def url(number: int) -> str:
        return f"{base}?PageSize={size}&Page={number}&PageToken=PT{number}"

    meta: dict[str, object] = {
        "page": page,
        "page_size": size,
        "first_page_url": f"{base}?PageSize={size}&Page=0",
        "previous_page_url": url(page - 1) if page else None,
        "url": url(page),
        "next_page_url": url(page + 1) if len(items) > (page + 1) * size else None,
        "key": key,
    }
    return RestAnswer(200, {key: list(shown), "meta": meta})


_WORKSPACE = r"/v1/Workspaces/(?P<workspace>\w+)"
_TASK = _WORKSPACE + r"/Tasks/(?P<item>\w+)"
_WORKER = _WORKSPACE + r"/Workers/(?P<item>\w+)"
_RESERVATIONS = _WORKSPACE + r"/(?P<parent>Tasks|Workers)/(?P<item>\w+)/Reservations"
_RESERVATION = _RESERVATIONS + r"/(?P<child>\w+)"

_DOORS: tuple[tuple[str, str, Callable[[_Request], RestAnswer]], ...] = (
    ("GET", _WORKSPACE + "/Tasks", _list_tasks),
    ("POST", _WORKSPACE + "/Tasks", _create_task),
    ("GET", _TASK, _get_task),
    ("POST", _TASK, _update_task),
    ("GET", _RESERVATIONS, _list_reservations),
    ("GET", _RESERVATION, _get_reservation),
    ("POST", _RESERVATION, _update_reservation),
    ("GET", _WORKSPACE + "/Workers", _list_workers),
    ("GET", _WORKER, _get_worker),
    ("POST", _WORKER, _update_worker),
    ("GET", _WORKSPACE + "/Activities", _list_activities),
    ("GET", _WORKSPACE + r"/Activities/(?P<item>\w+)", _get_activity),
)

"""REST on reservations, under their tasks and under their workers (contract 4.4)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from emulator.names import snake_case
from emulator.ports import TwilioError
from emulator.rest.collection import TASKROUTER, Collection
from emulator.rest.fields import named_activity
from emulator.rest.framework import Body, Parameters, Request, Route, not_found, parameters
from emulator.taskrouter.model import Reservation, Task, Worker

# REST's field names that the assignment answer's names do not follow from by prefix and snake case (contract 4.4).
_PREFIXES = {"dequeue": "Dequeue", "call": "Call", "redirect": "Redirect", "conference": ""}
_RENAMED = {"status_callback_event": "status_callback_events"}


def _of_task(request: Request) -> Iterable[Reservation]:
    return _of(request, request.engine.workspace.tasks)


def _of_worker(request: Request) -> Iterable[Reservation]:
    return _of(request, request.engine.workspace.workers)


def _of(request: Request, owners: Mapping[str, Task] | Mapping[str, Worker]) -> Iterable[Reservation]:
    """Those of the task or worker in the path. TwilioError 20404."""
    if request.parts["owner"] not in owners:
        raise not_found(request)
    return owners[request.parts["owner"]].reservations.values()


def _wanted(request: Request) -> Callable[[Reservation], bool]:
    status, worker_sid = request.text("ReservationStatus"), request.text("WorkerSid")
    return lambda one: status in {"", one.status} and worker_sid in {"", one.worker.sid}


def _update(request: Request, reservation: Reservation) -> None:
    """Either an instruction or a status (contract 4.4)."""
    if request.text("Instruction") == "supervise":
        request.engine.assignment.supervise(reservation, _instruction(request))
    elif request.text("Instruction"):
        request.engine.assignment.perform(reservation, _instruction(request))
    else:
        _change_status(request, reservation)


def _instruction(request: Request) -> dict[str, object]:
    """The form's fields under the names that an assignment answer has for them."""
    instruction = request.text("Instruction")
    fields: dict[str, object] = {"instruction": instruction, "activity_sid": request.text("WorkerActivitySid")}
    prefix = _PREFIXES.get(instruction, "")
    for name, values in request.fields.items():
        snake = snake_case(name.removeprefix(prefix))
        if name.startswith(prefix) and name != "Instruction":
            fields[_RENAMED.get(snake, snake)] = ",".join(values)
    return fields


def _change_status(request: Request, reservation: Reservation) -> None:
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


_UPDATES = parameters(
    "ReservationStatus WorkerActivitySid Instruction "
    "DequeueTo DequeueFrom DequeueTimeout DequeuePostWorkActivitySid DequeueStatusCallbackUrl "
    "DequeueStatusCallbackEvent CallTo CallFrom CallTimeout CallUrl CallAccept CallStatusCallbackUrl "
    "RedirectCallSid RedirectUrl RedirectAccept "
    "To From Timeout PostWorkActivitySid StatusCallback StatusCallbackMethod StatusCallbackEvent "
    "Muted StartConferenceOnEnter EndConferenceOnExit EndConferenceOnCustomerExit WaitUrl WaitMethod MaxParticipants "
    "ConferenceStatusCallback ConferenceStatusCallbackMethod ConferenceStatusCallbackEvent ConferenceRecord "
    "ConferenceRecordingStatusCallback ConferenceRecordingStatusCallbackMethod DequeueRecord CallRecord Record "
    "RecordingChannels RecordingStatusCallback RecordingStatusCallbackMethod",
    ignores="Beep BeepOnCustomerEntrance EarlyMedia ConferenceTrim Region SipAuthUsername SipAuthPassword "
    "JitterBufferSize",
)
_UPDATES_OF_TASK = replace(_UPDATES, takes=_UPDATES.takes | {"Supervisor", "SupervisorMode"})


def _routes(
    parent: str, items: Callable[[Request], Iterable[Reservation]], lists: str, updates: Parameters
) -> tuple[Route, ...]:
    def body(request: Request, reservation: Reservation) -> Body:
        return request.representations.reservation(reservation, parent)

    return Collection(
        api=TASKROUTER,
        path=f"/v1/Workspaces/{{workspace}}/{parent}/{{owner}}/Reservations",
        key="reservations",
        items=items,
        body=body,
        wanted=_wanted,
        version=lambda reservation: reservation.version,
        update=_update,
        lists=parameters(lists),
        updates=updates,
    ).routes()


ROUTES = (
    *_routes("Tasks", _of_task, "ReservationStatus WorkerSid", _UPDATES_OF_TASK),
    *_routes("Workers", _of_worker, "ReservationStatus", _UPDATES),
)

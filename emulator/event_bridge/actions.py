"""What each path of the event bridge does, by what REST does, and what it answers (contract 15.6)."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from emulator.event_bridge.envelope import Envelope, as_form
from emulator.event_bridge.shapes import Payload, Shapes, page
from emulator.ports import TwilioError
from emulator.rest.framework import Body, RestAnswer, not_imitated
from emulator.taskrouter.model import Reservation, Task, Worker
from emulator.taskrouter.workspace import WorkspaceEngine
from emulator.worlds import Worlds

T = TypeVar("T")

# Asks REST: method, path, fields and headers, whose names are in lower case. TwilioError for every refusal.
Rest = Callable[[str, str, Mapping[str, Sequence[str]], Mapping[str, str]], RestAnswer]

RINGING = frozenset({"call", "conference", "dequeue"})
# Where the library's names are not those of REST.
_OF_RESERVATION = {"DequeueStatusCallbackEvents": "DequeueStatusCallbackEvent"}
_OF_NEW_TASK = {"TaskChannelUniqueName": "TaskChannel", "TaskChannelSid": "TaskChannel"}
_OF_PARTICIPANT = {"Mute": "Muted"}
_NOT_PASSED_ON = frozenset({"TaskSid", "ReservationSid", "TargetWorkerSid"})
_PAGING = frozenset({"PageSize", "AfterSid", "NextToken", "MaxWorkers"})
REST_PAGE = 1000


@dataclass(frozen=True)
class Action:
    """One request of a worker's browser, allowed already; `headers` are those that REST is to see as well."""

    asked: Envelope
    worker: Worker
    engine: WorkspaceEngine
    rest: Rest
    headers: Mapping[str, str]
    account_sid: str
    worlds: Worlds

    @property
    def shapes(self) -> Shapes:
        return Shapes(self.engine.workspace, self.engine.scheduler.now())

    def perform(self) -> Payload:
        """TwilioError 20404 for a path that there is not, 20501 for one that is not imitated, and REST's own."""
        for method, pattern, do in _ROUTES:
            found = re.fullmatch(pattern, self.asked.path)
            if found and method == self.asked.method:
                return do(self, *found.groups())
        raise self._not_found()

    # Workers

    def worker_of(self, sid: str) -> Payload:
        return self.shapes.worker(self._worker(sid))

    def update_worker(self, sid: str) -> Payload:
        self._post(f"Workers/{sid}")
        return self.worker_of(sid)

    def workers(self) -> Payload:
        return page([self.worker_of(sid) for sid in self._listed("Workers", "workers")], self.asked.params)

    def activities(self) -> Payload:
        known = self.engine.workspace.activities.values()
        return page(map(self.shapes.activity, known), self.asked.params)

    def channels(self, sid: str) -> Payload:
        worker = self._worker(sid)
        shown = (self.shapes.worker_channel(worker, channel) for channel in worker.channels.values())
        return page(shown, self.asked.params)

    # Task queues

    def task_queues(self) -> Payload:
        return page([self.task_queue(sid) for sid in self._listed("TaskQueues", "task_queues")], self.asked.params)

    def task_queue(self, sid: str) -> Payload:
        if sid not in self.engine.workspace.task_queues:
            raise self._not_found()
        return self.shapes.task_queue(self.engine.workspace.task_queues[sid])

    # Reservations

    def reservations(self, sid: str) -> Payload:
        """Those that are open."""
        known = self._worker(sid).reservations.values()
        return page((self.shapes.reservation(one) for one in known if one.is_open), self.asked.params)

    def reservation(self, worker_sid: str, sid: str) -> Payload:
        self._worker(worker_sid)
        return self.shapes.reservation(self._reservation(sid))

    def update_reservation(self, worker_sid: str, sid: str) -> Payload:
        """What an instruction answers while the worker's phone rings is uncertain (contract 12)."""
        reservation = self._reservation(sid)
        self._post(f"Workers/{worker_sid}/Reservations/{sid}", _OF_RESERVATION)
        shown = self.shapes.short_reservation(reservation)
        rings = self.asked.params.get("Instruction") in RINGING and reservation.status == "pending"
        if rings and self.worlds["ringing_instruction"] == "accepted":
            shown["reservation_status"] = "accepted"
        return shown

    def supervise(self, task_sid: str, sid: str) -> Payload:
        reservation = self._reservation(sid)
        self._post(f"Tasks/{task_sid}/Reservations/{sid}")
        return self.shapes.short_reservation(reservation)

    # Tasks

    def create_task(self) -> Payload:
        made = self._post("Tasks", _OF_NEW_TASK).body
        return self.task(str(made["sid"]))

    def task(self, sid: str) -> Payload:
        return self.shapes.task(self._task(sid))

    def update_task(self, sid: str) -> Payload:
        task = self._task(sid)
        self._post(f"Tasks/{sid}")
        return self.shapes.task(task)

    # Participants of the task's conference

    def worker_participant(self) -> Payload:
        reservation = self._reservation(str(self.asked.params.get("ReservationSid")))
        self._participant(reservation.task, "worker")
        return self.shapes.short_reservation(reservation)

    def customer_participant(self) -> Payload:
        task = self._task(str(self.asked.params.get("TaskSid")))
        self._participant(task, "customer")
        return self.shapes.task(task)

    def hold_worker(self) -> Payload:
        task = self._task_of_target()
        self._participant(task, "worker")
        return self.shapes.task(task)

    def kick_worker(self) -> Payload:
        task = self._task_of_target()
        self.rest("DELETE", self._participant_path(task, "worker"), {}, {})
        return self.shapes.task(task)

    def _task_of_target(self) -> Task:
        """TwilioError 20404 when the target is not the worker who has the task."""
        task = self._task(str(self.asked.params.get("TaskSid")))
        reservation = task.open_reservation
        if reservation is None or reservation.worker.sid != self.asked.params.get("TargetWorkerSid"):
            raise self._not_found()
        return task

    def _participant(self, task: Task, who: str) -> None:
        params = {name: value for name, value in self.asked.params.items() if name not in _NOT_PASSED_ON}
        self.rest("POST", self._participant_path(task, who), as_form(params, _OF_PARTICIPANT), {})

    def _participant_path(self, task: Task, who: str) -> str:
        """TwilioError 20404 when the task has no conference."""
        match task.attributes.get("conference"):
            case {"sid": str(sid), "participants": {**participants}} if participants.get(who):
                base = f"/2010-04-01/Accounts/{self.account_sid}/Conferences/{sid}"
                return f"{base}/Participants/{participants[who]}.json"
        raise self._not_found()

    def transfer(self, *_sids: str) -> Payload:
        raise not_imitated("A transfer of a task")

    # What they share

    def _post(self, path: str, renamed: Mapping[str, str] | None = None) -> RestAnswer:
        where = f"/v1/Workspaces/{self.engine.workspace.sid}/{path}"
        return self.rest("POST", where, as_form(self.asked.params, renamed), self.headers)

    def _listed(self, kind: str, key: str) -> Iterator[str]:
        """The sids of REST's whole list of this kind, with the filters that were asked for."""
        filters = as_form({name: value for name, value in self.asked.params.items() if name not in _PAGING})
        where, token = f"/v1/Workspaces/{self.engine.workspace.sid}/{kind}", 0
        while True:
            fields = {**filters, "PageSize": [str(REST_PAGE)], "PageToken": [f"PT{token}"]}
            body = self.rest("GET", where, fields, {}).body
            yield from (str(one["sid"]) for one in _objects(body[key]))
            if not _object(body["meta"])["next_page_url"]:
                return
            token += 1

    def _worker(self, sid: str) -> Worker:
        return self._found(self.engine.workspace.workers, sid)

    def _task(self, sid: str) -> Task:
        return self._found(self.engine.workspace.tasks, sid)

    def _reservation(self, sid: str) -> Reservation:
        return self._found(self.engine.workspace.reservations, sid)

    def _found(self, known: Mapping[str, T], sid: str) -> T:
        if sid not in known:
            raise self._not_found()
        return known[sid]

    def _not_found(self) -> TwilioError:
        return TwilioError(20404, f"The requested resource {self.asked.path} was not found", 404)


def _object(value: object) -> Body:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> list[Body]:
    return [_object(one) for one in value] if isinstance(value, list) else []


_ROUTES: tuple[tuple[str, str, Callable[..., Payload]], ...] = (
    ("GET", r"Workers", Action.workers),
    ("GET", r"Workers/(\w+)", Action.worker_of),
    ("POST", r"Workers/(\w+)", Action.update_worker),
    ("GET", r"Activities", Action.activities),
    ("GET", r"Workers/(\w+)/WorkerChannels", Action.channels),
    ("GET", r"Workers/(\w+)/Reservations", Action.reservations),
    ("GET", r"Workers/(\w+)/Reservations/(\w+)", Action.reservation),
    ("POST", r"Workers/(\w+)/Reservations/(\w+)", Action.update_reservation),
    ("POST", r"Workers/\w+/WorkerParticipant", Action.worker_participant),
    ("POST", r"Workers/\w+/CustomerParticipant", Action.customer_participant),
    ("POST", r"Workers/\w+/HoldWorkerParticipant", Action.hold_worker),
    ("POST", r"Workers/\w+/KickWorkerParticipant", Action.kick_worker),
    ("POST", r"Workers/(\w+)/Transfers", Action.transfer),
    ("POST", r"Workers/(\w+)/Transfers/(\w+)", Action.transfer),
    ("GET", r"TaskQueues", Action.task_queues),
    ("GET", r"TaskQueues/(\w+)", Action.task_queue),
    ("POST", r"Tasks", Action.create_task),
    ("GET", r"Tasks/(\w+)", Action.task),
    ("POST", r"Tasks/(\w+)", Action.update_task),
    ("POST", r"Tasks/(\w+)/Reservations/(\w+)", Action.supervise),
)

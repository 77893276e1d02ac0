"""The WebSockets of workers' browsers: what they are told, and what their end does (contract 15.4, 15.8)."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from emulator.clock.scheduler import Scheduler, Timer
from emulator.event_bridge.shapes import Payload, Shapes
from emulator.ports import Form, Socket
from emulator.taskrouter.events import Subject
from emulator.taskrouter.model import Activity, Reservation, Task, Worker, Workspace
from emulator.taskrouter.workspace import WorkspaceEngine
from emulator.tokens import AccessToken
from emulator.worlds import Worlds

NORMAL, EXPIRED, REPLACED = 1000, 4000, 4001  # but for the first uncertain (contract 12)
OFFLINE = "Offline"
OFFLINE_SECONDS = 10.0
RESERVATION_EVENTS = frozenset(
    f"reservation.{what}"
    for what in ("created", "accepted", "wrapup", "completed", "rejected", "timeout", "canceled", "rescinded")
)
TASK_EVENTS = frozenset(f"task.{what}" for what in ("updated", "canceled", "completed", "wrapup"))
WORKER_EVENTS = frozenset({"worker.activity.update", "worker.attributes.update"})
CHANNEL_EVENTS = frozenset({"worker.capacity.update", "worker.channel.availability.update"})
HAVING = frozenset({"pending", "accepted", "wrapping", "completed", "canceled"})


@dataclass(eq=False)
class Session:
    """One open socket; `sets_offline` when the worker goes offline with the last one."""

    token: AccessToken
    engine: WorkspaceEngine
    worker: Worker
    socket: Socket
    sets_offline: bool
    expires: Timer | None = None
    is_open: bool = True


class Sessions:
    """Every open one. `deliver` sends a frame to a socket, now or when its time has come."""

    def __init__(self, scheduler: Scheduler, worlds: Worlds, deliver: Callable[[Socket, str], None]) -> None:
        self.all: list[Session] = []
        self._scheduler = scheduler
        self._worlds = worlds
        self._deliver = deliver

    def open(self, session: Session, *, closes_others: bool) -> None:
        """Tell the socket that it may begin; with `closes_others` the worker's other sockets are closed."""
        if closes_others:
            self._replace(session.worker)
        self.all.append(session)
        if self._worlds["expired_socket"] == "is_closed":
            expire = partial(self._shut, session, EXPIRED, "Access Token expired")
            session.expires = self._scheduler.at(session.token.expires, expire)
        self._emit(session, "connected")
        lifetime = session.token.expires - self._scheduler.now()
        workspace = session.engine.workspace
        self._send(
            session,
            "init",
            {
                "channel_id": session.worker.sid,
                "account_sid": workspace.account_sid,
                "workspace_sid": workspace.sid,
                "token_lifetime": int(lifetime * 1000),
            },
        )

    def gone(self, session: Session) -> None:
        """The connection is over; with the worker's last one the worker goes offline, unless that was not wanted."""
        if not session.is_open:
            return
        self._forget(session)
        if session.sets_offline:
            delay = 0.0 if self._worlds["offline_delay"] == "at_once" else OFFLINE_SECONDS
            self._scheduler.after(delay, partial(self._set_offline, session))

    def hear(self, event_type: str, subject: Subject, form: Form) -> None:
        """An event of TaskRouter's, for whom it concerns (contract 15.8)."""
        if event_type == "worker.deleted" and isinstance(subject, Worker):
            self._worker_deleted(subject)
        for session in list(self.all):
            payload = self._payload(session, event_type, subject, form)
            if payload is not None:
                self._send(session, event_type, payload)

    # What an event is to a session

    def _payload(self, session: Session, event_type: str, subject: Subject, form: Form) -> Payload | None:
        """None when the session does not hear of it."""
        workspace, worker = session.engine.workspace, session.worker
        shapes = Shapes(workspace, self._scheduler.now())
        match subject:
            case Reservation() if event_type in RESERVATION_EVENTS and subject.worker is worker:
                return shapes.reservation(subject)
            case Task() if event_type in TASK_EVENTS and self._concerns(subject, session):
                return shapes.task(subject)
            case Worker() if event_type in WORKER_EVENTS and subject is worker:
                return shapes.worker(subject)
            case Worker() if event_type in CHANNEL_EVENTS and subject is worker:
                return shapes.worker_channel(subject, subject.channels[form["TaskChannelUniqueName"]])
        return None

    def _concerns(self, task: Task, session: Session) -> bool:
        if self._worlds["task_events"] == "to_all":
            return task.sid in session.engine.workspace.tasks
        newest = next(reversed(task.reservations.values()), None)
        return newest is not None and newest.worker is session.worker and newest.status in HAVING

    # Ends

    def _replace(self, worker: Worker) -> None:
        tells = self._worlds["replaced_socket"] == "is_told"
        code, reason = (REPLACED, "another session") if tells else (NORMAL, "")
        for session in [one for one in self.all if one.worker is worker]:
            self._close(session, code, reason)

    def _worker_deleted(self, worker: Worker) -> None:
        if self._worlds["deleted_worker"] == "is_disconnected":
            for session in [one for one in self.all if one.worker is worker]:
                self._close(session, NORMAL, "")

    def _shut(self, session: Session, code: int, reason: str) -> None:
        """As `gone`, but we end it."""
        session.socket.close(code, reason)
        self.gone(session)

    def _close(self, session: Session, code: int, reason: str) -> None:
        """It is followed by another one: the worker stays as they are."""
        self._forget(session)
        session.socket.close(code, reason)

    def _forget(self, session: Session) -> None:
        session.is_open = False
        self.all.remove(session)
        if session.expires is not None:
            session.expires.cancel()
        self._emit(session, "disconnected")

    def _set_offline(self, session: Session) -> None:
        workspace, worker = session.engine.workspace, session.worker
        if any(one.worker is worker for one in self.all) or worker.sid not in workspace.workers:
            return
        session.engine.lifecycle.set_activity(worker, _offline(workspace))

    def _send(self, session: Session, event_type: str, payload: Mapping[str, object]) -> None:
        self._deliver(session.socket, json.dumps({"event_type": event_type, "payload": payload}))

    def _emit(self, session: Session, what: str) -> None:
        self._scheduler.emit("browser", sid=session.worker.sid, name=session.worker.friendly_name, event=what)


def _offline(workspace: Workspace) -> Activity:
    """The activity of that name, or the workspace's default where there is none (uncertain)."""
    named = (one for one in workspace.activities.values() if one.friendly_name == OFFLINE)
    return next(named, workspace.default_activity)

"""The event bridge: who may open a WebSocket, and what becomes of a POST (contract 15)."""

from collections.abc import Mapping
from dataclasses import dataclass

from emulator.clock.scheduler import Scheduler
from emulator.event_bridge import envelope, rights
from emulator.event_bridge.actions import Action, Rest
from emulator.event_bridge.sessions import NORMAL, Session, Sessions
from emulator.ports import Peer, Socket, TwilioError
from emulator.rest.credentials import Account
from emulator.rest.framework import RestAnswer, refusal
from emulator.taskrouter.model import Worker
from emulator.taskrouter.service import TaskRouter
from emulator.taskrouter.workspace import WorkspaceEngine
from emulator.tokens import GRANTS, AccessToken, read
from emulator.worlds import Worlds

PATH = "/v1/wschannels"
PREFLIGHT = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "apiversion, clientversion, if-match, content-type",
}
_STATUS = {"is_403": 403, "is_401": 401}


@dataclass(frozen=True)
class Holder:
    """Whose token it is."""

    token: AccessToken
    engine: WorkspaceEngine
    worker: Worker
    role: str


class EventBridge:
    """Use from one thread, as `Twilio`. `rest` carries out what a POST asks for."""

    def __init__(self, scheduler: Scheduler, account: Account, router: TaskRouter, rest: Rest, worlds: Worlds) -> None:
        self.sessions = Sessions(scheduler, worlds, self._deliver)
        self._scheduler = scheduler
        self._account = account
        self._router = router
        self._rest = rest
        self._worlds = worlds
        self._answering = 0  # POSTs whose answer is not with the browser yet
        self._held: list[tuple[Socket, str]] = []
        router.listeners.append(self.sessions.hear)

    def connect(self, query: Mapping[str, str], socket: Socket) -> Peer:
        """A WebSocket with these parameters in its URL; what becomes of a bad token is uncertain (contract 12).

        TwilioError when the handshake is refused.
        """
        try:
            holder = self._holder(query.get("token", ""))
        except TwilioError as error:
            return self._refused(socket, error)
        sets_offline = query.get("setWorkerOfflineIfDisconnected", "true") != "false"
        session = Session(holder.token, holder.engine, holder.worker, socket, sets_offline)
        self.sessions.open(session, closes_others=query.get("closeExistingSessions") == "true")
        return _Browser(self.sessions, session)

    def asked(self) -> None:
        """A POST has come: what it does is told of when `answered` says that the browser has its answer."""
        self._answering += self._worlds["bridge_order"] == "answer_first"

    def answer(self, body: bytes, headers: Mapping[str, str]) -> RestAnswer:
        """What a POST gets; `headers` have names in lower case."""
        asked = "?"
        try:
            given = envelope.read(body)
            asked = f"{given.method} {given.path}"
            answer = RestAnswer(200, {"payload": self._perform(given, headers)}, PREFLIGHT)
        except TwilioError as error:
            answer = self.refused(error)
        self._emit(asked, answer)
        return answer

    def answered(self) -> None:
        """The browser has its answer, or never gets one."""
        self._answering = max(0, self._answering - 1)
        if not self._answering:
            held, self._held = self._held, []
            for socket, frame in held:
                socket.send(frame)

    def preflight(self) -> RestAnswer:
        """A page of any origin may ask: it has to show a token."""
        return RestAnswer(204, {}, PREFLIGHT)

    def refused(self, error: TwilioError) -> RestAnswer:
        """An error, as the bridge writes it."""
        body = refusal(error).body
        shown = {"message": body["message"]} if self._worlds["bridge_error"] == "message_only" else body
        return RestAnswer(error.status, shown, PREFLIGHT)

    def _perform(self, given: envelope.Envelope, headers: Mapping[str, str]) -> dict[str, object]:
        holder = self._holder(given.token)
        workspace = holder.engine.workspace
        if given.workspace_sid != workspace.sid:
            raise TwilioError(rights.FORBIDDEN, f"The token is not for workspace {given.workspace_sid}", 403)
        if holder.role != "supervisor" and self._worlds["browser_rights"] == "own":
            rights.check(holder.worker, given.path, given.params)
        passed = {name: value for name, value in headers.items() if name == "if-match"}
        action = Action(given, holder.worker, holder.engine, self._rest, passed, self._account.sid, self._worlds)
        return action.perform()

    def _holder(self, token: str) -> Holder:
        """TwilioError, status 401, for a token that is not good, and for one whose worker is not there any more."""
        read_token = read(token, self._account, self._scheduler.now())
        grant = read_token.grant("task_router")
        engine = self._router.engines.get(str(grant.get("workspace_sid")))
        worker = engine.workspace.workers.get(str(grant.get("worker_sid"))) if engine else None
        if engine is None or worker is None:
            raise TwilioError(GRANTS, "Invalid Access Token grants: no such worker", 401)
        return Holder(read_token, engine, worker, str(grant.get("role") or "worker"))

    def _refused(self, socket: Socket, error: TwilioError) -> Peer:
        world = self._worlds["refused_socket"]
        self._scheduler.emit("rest", method="GET", path=PATH, status="refused", error=error.message)
        if world in _STATUS:
            raise TwilioError(error.code, error.message, _STATUS[world]) from error
        socket.close(NORMAL, "")
        return _Nobody()

    def _deliver(self, socket: Socket, frame: str) -> None:
        if self._answering:
            self._held.append((socket, frame))
        else:
            socket.send(frame)

    def _emit(self, asked: str, answer: RestAnswer) -> None:
        method, _, path = asked.partition(" ")
        error = str(answer.body.get("message", "")) if answer.status >= 400 else ""
        self._scheduler.emit("rest", method=method, path=f"{PATH} {path}", status=str(answer.status), error=error)


class _Nobody:
    """Implements `Peer`: a socket that is closed as soon as it is open."""

    def received(self, text: str) -> None: ...

    def closed(self) -> None: ...


class _Browser:
    """Implements `Peer`: the library sends nothing, and nothing is expected of it."""

    def __init__(self, sessions: Sessions, session: Session) -> None:
        self._sessions = sessions
        self._session = session

    def received(self, text: str) -> None: ...

    def closed(self) -> None:
        self._sessions.gone(self._session)

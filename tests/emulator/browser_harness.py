"""Browsers in virtual time: sockets that keep what they were sent, and tokens as AccessToken makes them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Unpack

import jwt

from emulator.ports import Peer
from emulator.rest.framework import RestAnswer
from emulator.taskrouter.model import Task, Worker
from emulator.worlds import Worlds
from tests.emulator.full_harness import FullHarness
from tests.emulator.harness import ACCOUNT

KEY, SECRET = "SK" + "a1" * 16, "an API key's secret of 32 letters"


def access_token(grants: Mapping[str, object], now: float, seconds: float = 3600, **more: object) -> str:
    claims = {"jti": f"{KEY}-1", "iss": KEY, "sub": ACCOUNT, "exp": now + seconds, "nbf": int(now), "grants": grants}
    return jwt.encode({**claims, **more}, SECRET, "HS256", {"cty": "twilio-fpa;v=1"})


@dataclass
class FakeSocket:
    """Implements the port `Socket`."""

    texts: list[str] = field(default_factory=list)
    ended: tuple[int, str] | None = None

    def send(self, text: str) -> None:
        self.texts.append(text)

    def close(self, code: int, reason: str) -> None:
        self.ended = (code, reason)

    def frames(self) -> list[dict[str, Any]]:
        return [json.loads(text) for text in self.texts]

    def events(self) -> list[str]:
        """The types of the event bridge's frames."""
        return [frame["event_type"] for frame in self.frames()]

    def kinds(self) -> list[str]:
        """The types of the signalling's frames."""
        return [frame["type"] for frame in self.frames()]

    def last(self, kind: str) -> dict[str, Any]:
        """The payload of the last frame of this type."""
        found = [one for one in self.frames() if kind in (one.get("event_type"), one.get("type"))]
        payload: dict[str, Any] = found[-1]["payload"]
        return payload


class Browsers(FullHarness):
    """A workspace with one worker, and the browsers of people."""

    def __init__(self, **worlds: Unpack[Worlds]) -> None:
        super().__init__(**worlds)
        self.twilio.account.api_keys[KEY] = SECRET

    def token(self, worker: Worker, role: str = "worker", seconds: float = 3600) -> str:
        workspace = self.twilio.router.workspace.sid
        grant = {"workspace_sid": workspace, "worker_sid": worker.sid, "role": role}
        grants = {"identity": worker.friendly_name, "task_router": grant}
        return access_token(grants, self.clock.now(), seconds)

    def open(self, worker: Worker, seconds: float = 3600, **query: str) -> tuple[FakeSocket, Peer]:
        """A desk's socket of the event bridge."""
        socket = FakeSocket()
        given = {"token": self.token(worker, seconds=seconds), **query}
        return socket, self.twilio.connect("/v1/wschannels", given, socket)

    def ask(
        self,
        worker: Worker,
        method: str,
        path: str,
        params: Mapping[str, object] | None = None,
        *,
        role: str = "worker",
        **headers: str,
    ) -> RestAnswer:
        """A POST of a desk's, up to its answer."""
        url = f"Workspaces/{self.twilio.router.workspace.sid}/{path}"
        body = {"url": url, "method": method, "params": params or {}, "token": self.token(worker, role)}
        answer = self.twilio.bridged(json.dumps(body).encode(), headers)
        self.twilio.bridge.answered()
        return answer

    def payload(self, *given: Any, **more: Any) -> dict[str, Any]:
        """Of an answer that is no refusal."""
        answer = self.ask(*given, **more)
        assert answer.status == 200, answer.body
        payload: dict[str, Any] = answer.body["payload"]  # type: ignore[assignment]
        return payload

    def task(self, channel: str = "default", **attributes: object) -> Task:
        engine = self.twilio.router.engine
        workflow = next(iter(engine.workspace.workflows))
        sid = engine.create_task(workflow, attributes, channel=channel)
        self.clock.run(self.twilio.scheduler, 0)
        return engine.workspace.tasks[sid]

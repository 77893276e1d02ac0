"""Desks for tests: Twilio's own library for browsers in Node, against the emulator over HTTP."""

import json
import queue
import subprocess
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Unpack

import pytest

from emulator.http.realtime import RealtimeClock, RealtimeLoop
from emulator.server import Server, in_real_time, serve
from emulator.taskrouter.model import Activity, Task, Worker, Workflow
from emulator.twilio import Twilio
from emulator.worlds import Worlds
from tests.emulator.browser_harness import KEY, SECRET, access_token
from tests.emulator.harness import ACCOUNT, TOKEN
from tools import sdks

PROGRAM = Path(__file__).with_name("desk.cjs")
SECONDS = 20.0  # that anything is waited for
NOT_THERE = "make test fetches Twilio's libraries for browsers"


@dataclass
class Centre:
    """A workspace of one queue that everybody serves, over HTTP; touch `twilio` through `loop` alone."""

    twilio: Twilio
    loop: RealtimeLoop
    server: Server
    workflow: Workflow
    activities: Mapping[str, Activity]

    def worker(self, name: str, activity: str = "Available", **attributes: object) -> Worker:
        given = {"contact_uri": "+14155550111", **attributes}
        sid = self.activities[activity].sid
        return self.loop.call(lambda: self.twilio.router.create_worker(name, given, sid))

    def task(self, channel: str = "default", **attributes: object) -> Task:
        engine = self.twilio.router.engine
        sid = self.loop.call(lambda: engine.create_task(self.workflow.sid, attributes, channel=channel))
        return engine.workspace.tasks[sid]

    def grants(self, worker: Worker, role: str = "worker") -> dict[str, object]:
        workspace = self.twilio.router.workspace.sid
        return {
            "identity": worker.friendly_name,
            "task_router": {"workspace_sid": workspace, "worker_sid": worker.sid, "role": role},
        }

    def restart(self) -> None:
        """The server was gone, and is there again."""
        port = int(self.server.url.rsplit(":", 1)[1])
        self.server.stop()
        self.server = serve(self.twilio, self.loop, port)

    @contextmanager
    def desk(self, worker: Worker, role: str = "worker", seconds: float = 3600, **options: object) -> Iterator["Desk"]:
        with desk(self.server.url, access_token(self.grants(worker, role), time.time(), seconds), **options) as opened:
            yield opened


@contextmanager
def centre(**worlds: Unpack[Worlds]) -> Iterator[Centre]:
    with in_real_time(ACCOUNT, TOKEN, clock=RealtimeClock(), calls_per_second=100, **worlds) as (twilio, loop):
        twilio.account.api_keys[KEY] = SECRET
        server = serve(twilio, loop)
        made = loop.call(lambda: _build(twilio, loop, server))
        try:
            yield made
        finally:
            made.server.stop()


def _build(twilio: Twilio, loop: RealtimeLoop, server: Server) -> Centre:
    workspace = twilio.router.create_workspace("Desk")
    line = twilio.router.create_task_queue("Everybody")
    routing = {"task_routing": {"default_filter": {"queue": line.sid}}}
    workflow = twilio.router.create_workflow("Calls", routing)
    activities = {one.friendly_name: one for one in workspace.activities.values()}
    return Centre(twilio, loop, server, workflow, activities)


@dataclass
class Desk:
    """One page of a worker's. What comes is taken in its order; what nobody waits for is passed over."""

    process: subprocess.Popen[str]
    lines: "queue.Queue[dict[str, Any]]" = field(default_factory=queue.Queue)
    seen: list[dict[str, Any]] = field(default_factory=list)
    kept: deque[dict[str, Any]] = field(default_factory=deque)  # events that came before a method's result

    def listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.put(json.loads(line))

    def expect(self, event: str, **having: object) -> dict[str, Any]:
        """The next event of this name, with these fields."""
        return self._next(lambda line: line.get("event") == event and having.items() <= line.items())

    def saw(self, event: str) -> bool:
        return any(line.get("event") == event for line in self.seen)

    def call(self, on: str, method: str, *args: object, sid: str = "") -> dict[str, Any]:
        """The method's result, and its refusal as `refused`."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"on": on, "sid": sid, "call": method, "args": args}) + "\n")
        self.process.stdin.flush()
        line = self._read()
        while "result" not in line:
            self.kept.append(line)
            line = self._read()
        return line

    def _next(self, wanted: Any) -> dict[str, Any]:
        while not wanted(line := self._take()):
            pass
        return line

    def _take(self) -> dict[str, Any]:
        return self.kept.popleft() if self.kept else self._read()

    def _read(self) -> dict[str, Any]:
        try:
            line = self.lines.get(timeout=SECONDS)
        except queue.Empty:
            pytest.fail(f"nothing came any more after {self.seen}")
        self.seen.append(line)
        return line


@contextmanager
def desk(server: str, token: str, **options: object) -> Iterator[Desk]:
    """Until the block ends: then its tab is closed."""
    if not (sdks.SDKS / "ready").exists():
        pytest.skip(NOT_THERE)
    words = [str(sdks.node()), str(PROGRAM), token, f"{server}/v1/wschannels", json.dumps(options)]
    process = subprocess.Popen(
        words, env={"NODE_PATH": str(sdks.MODULES)}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    opened = Desk(process)
    reader = threading.Thread(target=opened.listen, daemon=True)
    reader.start()
    try:
        yield opened
    finally:
        process.kill()
        process.wait(10)
        reader.join(10)
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()

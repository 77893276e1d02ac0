"""An application in Node, served and asked over HTTP as a process of its own."""

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from twilio.rest import Client

from emulator.clock.scheduler import TraceEvent
from emulator.http.realtime import RealtimeClock
from emulator.server import in_real_time, serve
from emulator.twilio import Twilio
from emulator.voice.parties import answers, hangs_up, hears, joined, presses, talks
from tests.emulator.applications.call_centre import LINE, WORKER
from tests.emulator.harness import ACCOUNT, TOKEN
from tests.emulator.official import OverHttp

PROGRAM = Path(__file__).parent / "applications" / "conference_by_noun.mjs"
SPEED = 20.0


@contextmanager
def running(node: str, url: str) -> Iterator[str]:
    """The application's own URL."""
    environment = {"TWILIO_API_URL": url, "TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN}
    process = subprocess.Popen([node, str(PROGRAM)], env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


def configure(client: Client, base: str) -> None:
    sid = client.taskrouter.v1.workspaces.create(friendly_name="Shop").sid
    workspace = client.taskrouter.v1.workspaces(sid)
    routing = {"task_routing": {"default_filter": {"queue": workspace.task_queues.create(friendly_name="All").sid}}}
    workflow = workspace.workflows.create(
        friendly_name="Calls", configuration=json.dumps(routing), assignment_callback_url=f"{base}/assignment"
    )
    client.incoming_phone_numbers.list(phone_number=LINE)[0].update(voice_url=f"{base}/incoming/{workflow.sid}")
    (available,) = workspace.activities.list(friendly_name="Available")
    workspace.workers.create(friendly_name="Ada", activity_sid=available.sid)


def people(twilio: Twilio, over: threading.Event) -> None:
    """The worker says yes, talks and hangs up; `over` is set when the task is completed."""

    def listen(event: TraceEvent) -> None:
        if event.kind == "task" and event.detail["status"] == "completed":
            over.set()

    twilio.scheduler.on_event.append(listen)
    twilio.own(LINE)
    twilio.phone(WORKER).will(answers(2, [hears("Press 1"), presses("1"), joined(), talks(5), hangs_up()]))


def test_caller_and_worker_meet_in_a_room_of_an_application_in_node() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node on this machine")
    over = threading.Event()
    with in_real_time(ACCOUNT, TOKEN, clock=RealtimeClock(SPEED)) as (twilio, loop):
        loop.call(lambda: people(twilio, over))
        server = serve(twilio, loop, 0)
        try:
            with running(node, server.url) as url:
                configure(Client(ACCOUNT, TOKEN, http_client=OverHttp(server.url)), url)
                loop.call(lambda: twilio.dial("+12125550171", LINE))
                assert over.wait(30)
        finally:
            server.stop()
        events = [event.detail["event"] for event in twilio.scheduler.trace if event.kind == "conference"]
        assert events[:3] == ["participant-join", "participant-join", "conference-start"]

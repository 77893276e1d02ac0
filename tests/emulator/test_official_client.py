"""The official client works unchanged against the emulator: in process, and over HTTP on the loopback interface."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from emulator.server import in_real_time, serve
from emulator.voice.parties import answers, hangs_up, hears, joined, talks, waits
from tests.emulator.full_harness import FullHarness
from tests.emulator.harness import ACCOUNT, BASE, CALLER, LINE, TOKEN, WORKER, Harness
from tests.emulator.official import OverHttp, client_of


def test_call_is_made_fetched_and_ended() -> None:
    harness = Harness({"/answer": "<Pause length='60'/>"})
    client = client_of(harness)
    harness.twilio.phone(WORKER).will(answers(2))
    call = client.calls.create(to=WORKER, from_=LINE, url=f"{BASE}/answer", timeout=15)
    assert (call.status, call.direction) == ("queued", "outbound-api")
    harness.run(5)
    assert client.calls(call.sid).fetch().status == "in-progress"
    assert client.calls(call.sid).update(status="completed").status == "completed"
    with pytest.raises(TwilioRestException) as caught:
        client.calls(call.sid).update(status="completed")
    assert (caught.value.status, caught.value.code) == (400, 21220)


def test_status_callback_events_arrive_as_a_list() -> None:
    harness = Harness({"/answer": "<Hangup/>", "/status": "<Response/>"})
    harness.twilio.phone(WORKER).will(answers(2))
    client_of(harness).calls.create(
        to=WORKER,
        from_=LINE,
        url=f"{BASE}/answer",
        status_callback=f"{BASE}/status",
        status_callback_event=["ringing", "answered", "completed"],
    )
    harness.run(10)
    assert [form["CallStatus"] for form in harness.forms("/status")] == ["ringing", "in-progress", "completed"]


def test_queues_are_listed_and_enlarged() -> None:
    harness = Harness({"/incoming": '<Enqueue waitUrl="">sales</Enqueue>'})
    client = client_of(harness)
    harness.dial()
    harness.run(1)
    queue = next(queue for queue in client.queues.list() if queue.friendly_name == "sales")
    assert queue.current_size == 1
    assert client.queues(queue.sid).update(max_size=200).max_size == 200


def test_recording_is_fetched_and_deleted_once() -> None:
    harness = Harness({"/incoming": '<Record action="/stored"/>', "/stored": "<Hangup/>"})
    call_sid = harness.dial(waits(1), talks(5), hangs_up())
    harness.run(30)
    recording = client_of(harness).recordings(harness.forms("/stored")[0]["RecordingSid"])
    fetched = recording.fetch()
    assert (fetched.call_sid, fetched.duration, fetched.source) == (call_sid, "6", "RecordVerb")
    assert recording.delete()
    with pytest.raises(TwilioRestException) as caught:
        recording.delete()
    assert (caught.value.status, caught.value.code) == (404, 20404)


def test_unknown_call_is_a_404() -> None:
    with pytest.raises(TwilioRestException) as caught:
        client_of(Harness({})).calls("CA" + "0" * 32).fetch()
    assert (caught.value.status, caught.value.code) == (404, 20404)


class Application(BaseHTTPRequestHandler):
    """The smallest application: it speaks, then waits."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = b"<Response><Say>Hello over HTTP</Say><Pause length='60'/></Response>"
        self.send_response(200)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        pass


@contextmanager
def application() -> Iterator[str]:
    http = HTTPServer(("127.0.0.1", 0), Application)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{http.server_address[1]}"
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


def test_call_over_real_http_on_the_wall_clock() -> None:
    with application() as app_url, in_real_time(ACCOUNT, TOKEN, speech_rate=0.001) as (twilio, loop):
        server = serve(twilio, loop)
        heard = threading.Event()
        twilio.scheduler.on_event.append(lambda event: heard.set() if event.kind == "heard" else None)
        client = Client(ACCOUNT, TOKEN, http_client=OverHttp(server.url))
        loop.call(lambda: twilio.phone(WORKER).will(answers(0.1)))
        call = client.calls.create(to=WORKER, from_=LINE, url=f"{app_url}/answer")
        assert heard.wait(10)
        assert client.calls(call.sid).fetch().status == "in-progress"
        assert client.calls(call.sid).update(status="completed").status == "completed"
        assert client.queues.list() == []
        server.stop()


def test_wall_clock_reports_a_connection_that_fails() -> None:
    with in_real_time(ACCOUNT, TOKEN, speech_rate=0.001) as (twilio, loop):
        ended = threading.Event()
        twilio.scheduler.on_event.append(lambda event: ended.set() if event.kind == "ended" else None)
        loop.call(lambda: twilio.dial(CALLER, LINE, [], voice_url="http://127.0.0.1:9/none#ct=500"))
        started = time.monotonic()
        assert ended.wait(10)
        assert time.monotonic() - started < 10
        statuses = [event.detail["status"] for event in twilio.scheduler.trace if event.kind == "webhook"]
        assert statuses == ["connect", "connect"]


def test_task_is_assigned_wrapped_and_completed_through_voice_and_taskrouter() -> None:
    harness = FullHarness()
    client = client_of(harness)
    workspace = client.taskrouter.v1.workspaces(harness.workspace.sid)
    harness.dial(hears("Please hold"), joined(), talks(10))
    harness.run(3)
    sid = harness.reservation_sid()
    task_sid = harness.workspace.reservations[sid].task.sid
    harness.pages["/answer"] = f'<Dial><Queue reservationSid="{sid}"/></Dial>'
    harness.twilio.phone(WORKER).will(answers(1, [joined(), talks(5)]))
    worker_leg = client.calls.create(to=WORKER, from_=LINE, url=f"{BASE}/answer")
    harness.run(5)
    assert workspace.tasks(task_sid).fetch().assignment_status == "assigned"
    client.calls(worker_leg.sid).update(status="completed")
    harness.run(1)
    assert workspace.tasks(task_sid).fetch().assignment_status == "wrapping"
    done = workspace.tasks(task_sid).update(assignment_status="completed", reason="done")
    assert done.assignment_status == "completed"


def test_rejected_reservation_leaves_the_caller_waiting() -> None:
    harness = FullHarness()
    client = client_of(harness)
    workspace = client.taskrouter.v1.workspaces(harness.workspace.sid)
    caller = harness.dial()
    harness.run(3)
    sid = harness.reservation_sid()
    offline = next(one.sid for one in harness.workspace.activities.values() if not one.available)
    reservations = workspace.tasks(harness.workspace.reservations[sid].task.sid).reservations
    rejected = reservations(sid).update(reservation_status="rejected", worker_activity_sid=offline)
    harness.run(5)
    assert rejected.reservation_status == "rejected"
    assert harness.status(caller) == "in-progress"
    assert caller in harness.twilio.context.queues.members

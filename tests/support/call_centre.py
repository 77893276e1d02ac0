"""A call centre whose workers text and call: the application on moto, the emulator as Twilio, a virtual clock."""

import importlib
import io
import json
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest

from chalicelib import budget, jobs
from chalicelib.config import callcenter
from chalicelib.staff import packaged, rota
from chalicelib.twilio import rest, urls
from emulator.clock.scheduler import Scheduler, VirtualClock
from emulator.http.in_process import InProcessTransport
from emulator.ports import Transport, WebRequest, WebResponse, WebResult
from emulator.taskrouter.model import Worker
from emulator.twilio import Twilio
from ops.callcenter.resources.workspace_settings import EVENTS
from tests.conftest import ENVIRONMENT, Aws
from tests.emulator.official import InProcess
from tests.simulation.gateway import _event, match
from tests.support import policy
from tests.support.api_gateway import BASE, TOKEN, schedule, sqs
from tests.support.caches import forget_everything
from tests.support.queues import consumer_of

STAFF = "+14155550105"
SUPPORT = "+14155550100"
BEA, CARL, DORA, STRANGER = "+14155550111", "+14155550112", "+14155550119", "+12125550171"
PHONES = {"Bea": BEA, "Carl": CARL}
MONDAY = datetime(2026, 11, 30, 10, 0, tzinfo=UTC).timestamp()  # ten o'clock, where the rota has no zone

CALLCENTER = f"""
default_line = "support"
[lines.support]
numbers = ["{SUPPORT}"]
greeting = "Hello."
attributes = {{ department = "support" }}
[queues.Support]
crm = "none"
[queues.Support.answer]
mode = "at-once"
[queues.Support.activities]
after_call = "Wrap up"
after_wrap_up = "Available"
[queues.Support.wrap_up]
seconds = 20
[queues.Support.after_talk]
keys = {{ 1 = "solved" }}
note_seconds = 60
[staff]
numbers = ["{STAFF}"]
admins = ["Carl"]
words = {{ an = "on", aus = "off", bis = "until" }}
"""


class CallCentre:
    """`log` is what the application printed."""

    def __init__(
        self, cloud: Aws, environment: pytest.MonkeyPatch, rules: str = CALLCENTER, at: float = MONDAY
    ) -> None:
        self.cloud, self.environment, self.clock = cloud, environment, VirtualClock(at)
        self.log = io.StringIO()
        self.asked: list[str] = []
        self.queue: list[tuple[float, jobs.Job]] = []  # of jobs, and when each is due
        account = ENVIRONMENT["TWILIO_ACCOUNT_SID"]
        self.twilio = Twilio(self.clock.now, account, TOKEN, self._transport)
        self._build()
        environment.setattr(callcenter, "source", lambda: rules)
        client = InProcess(self.twilio)
        environment.setattr(rest.client, "http_client", lambda _url: client)
        forget_everything()
        self.app = importlib.import_module("app")
        environment.setattr(jobs, "send", self._queued)
        for module in (self.app, budget):
            environment.setattr(module, "time", self)

    def time(self) -> float:
        return self.clock.now()

    def _queued(self, job: jobs.Job, delay_seconds: int = 0) -> None:
        self.queue.append((self.time() + delay_seconds, job))

    # Twilio

    def _build(self) -> None:
        router = self.twilio.router
        router.create_workspace("Clinic", f"{BASE}/taskrouter/events", ",".join(EVENTS))
        router.create_activity("Wrap up", False)
        queue = router.create_task_queue("Support", 'queues HAS "Support"')
        url = f"{BASE}/taskrouter/assignment"
        routing = {"task_routing": {"filters": [], "default_filter": {"queue": queue.sid}}}
        workflow = router.create_workflow("Calls", routing, url, url, 120)
        self.twilio.number(SUPPORT, f"{BASE}/voice/incoming")
        self.twilio.number(STAFF, urls.STAFF_CALL.url(BASE))
        number = self.twilio.numbers[STAFF]
        number.sms_url = number.sms_fallback_url = urls.STAFF_MESSAGE.url(BASE)
        activities = {one.friendly_name: one.sid for one in router.workspace.activities.values()}
        known = {"WORKSPACE_SID": router.workspace.sid, "WORKFLOW_SID": workflow.sid}
        known |= {"ACTIVITIES": json.dumps(activities), "TASK_QUEUES": json.dumps({"Support": queue.sid})}
        for name, value in known.items():
            self.environment.setenv(f"TWILIO_{name}", value)
        for name, phone in PHONES.items():
            self.hire(name, contact_uri=phone, queues=["Support"])
        self.hire("Dora", contact_uri="client:dora", mobile=DORA)

    def hire(self, name: str, **attributes: object) -> Worker:
        workspace = self.twilio.router.workspace
        return self.twilio.router.create_worker(name, attributes, workspace.activity_named("Offline").sid)

    def worker(self, name: str) -> Worker:
        workers = self.twilio.router.workspace.workers.values()
        return next(worker for worker in workers if worker.friendly_name == name)

    def activity(self, name: str) -> str:
        return self.worker(name).activity.friendly_name

    def set(self, name: str, activity: str) -> None:
        """By hand, past the application."""
        router = self.twilio.router
        router.lifecycle.set_activity(self.worker(name), router.workspace.activity_named(activity))

    def _transport(self, scheduler: Scheduler) -> Transport:
        return InProcessTransport(scheduler, self._answer)

    def _answer(self, request: WebRequest) -> WebResult:
        route, path = match(urlsplit(request.url).path.removeprefix("/api"))
        self.asked.append(route)
        answer = self.send(_event(request, route, path))
        headers = {name.lower(): value for name, value in answer["headers"].items()}
        return WebResponse(answer["statusCode"], headers, str(answer["body"] or "").encode())

    # The application

    def send(self, event: dict[str, Any]) -> dict[str, Any]:
        with redirect_stdout(self.log), policy.of("api"):
            answer: dict[str, Any] = self.app.app(event, None)
        return answer

    def work(self) -> list[jobs.Job]:
        """Do the jobs whose time has come; returns them."""
        due = [one for one in self.queue if one[0] <= self.time()]
        self.queue = [one for one in self.queue if one not in due]
        for _, job in due:
            body = jobs.encode(job)
            with redirect_stdout(self.log), policy.of(consumer := consumer_of(body)):
                getattr(self.app, consumer)(sqs(body), None)
        return [job for _, job in due]

    def sweep(self) -> None:
        with redirect_stdout(self.log), policy.of("sweep"):
            self.app.sweep(schedule(), None)

    def run(self, seconds: float) -> None:
        self.clock.run(self.twilio.scheduler, seconds)

    def minutes(self, count: int) -> None:
        """Each with the sweep at its end."""
        for _ in range(count):
            self.run(60)
            self.sweep()

    def until(self, hour: int, minute: int = 0) -> None:
        """Go on to this time of the day in UTC, without a sweep."""
        now = datetime.fromtimestamp(self.time(), UTC)
        self.run(now.replace(hour=hour, minute=minute, second=0, microsecond=0).timestamp() - self.time())

    def pack(self, *shifts: tuple[str, str, str], **more: Any) -> None:
        """The package has these shifts: a worker, and two times in UTC as ISO has them."""
        made = [rota.Shift(who, _at(start), _at(end)) for who, start, end in shifts]
        self.environment.setattr(packaged, "current", lambda: rota.Packaged(shifts=rota.joined(made), **more))

    # People

    def text(self, from_: str, body: str, media: Sequence[str] = ()) -> str:
        """Somebody texts; what they get back within seconds, empty for nothing."""
        before = len(self.texts(from_))
        self.twilio.text(from_, STAFF, body, media)
        self.run(5)
        return " | ".join(self.texts(from_)[before:])

    def texts(self, to: str) -> list[str]:
        """All that this phone got from us."""
        return [one.body for one in self.twilio.messaging.messages.values() if one.to == to]

    def rows(self) -> dict[str, Mapping[str, Any]]:
        return {row["item"]: row for row in self.cloud.rows() if row["call_sid"] == "STAFF"}


def _at(iso: str) -> int:
    return int(datetime.fromisoformat(iso).replace(tzinfo=UTC).timestamp())

"""The application in this process: app.py on the virtual clock, its environment, its requests, its log as events."""

import importlib
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from chalicelib import aws, budget
from chalicelib.config import callcenter, secrets, team
from chalicelib.observability import metrics
from emulator.clock.scheduler import Scheduler, VirtualClock
from tests.simulation import invocation
from tests.simulation.call_centre import CALLCENTER, CallCentre
from tests.simulation.cloud import Cloud
from tests.simulation.transport import CRM_HOST, OutboundTransport
from tests.support.caches import forget_everything

ENVIRONMENT: Mapping[str, str] = {
    "AWS_DEFAULT_REGION": "eu-west-1",
    "LINKS_TABLE": "cordboard-test-links",
    "CONTACTS_TABLE": "cordboard-test-contacts",
    "JOBS_QUEUE": "cordboard-test-jobs",
    "JOBS_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/123456789012/cordboard-test-jobs",
    "TWILIO_SECRET_PARAMETER": "/cordboard/test/secret",
    "CRM_URL": f"https://{CRM_HOST}/attempts",
}
NOT_SET = ("PUBLIC_BASE_URL", "TWILIO_API_URL", "TWILIO_AUTH_TOKEN", "AWS_ENDPOINT_URL")


@contextmanager
def running(call_centre: CallCentre, clock: VirtualClock, cloud: Cloud, transport: OutboundTransport) -> Iterator[Any]:
    """app.py, until the block ends."""
    with (
        patch.dict(os.environ, {**ENVIRONMENT, **call_centre.environment()}),
        patch.object(callcenter, "source", lambda: CALLCENTER),
        patch.object(team, "hooks", lambda: None),
        patch.object(aws, "client", cloud.client),
        patch("urllib3.connectionpool.HTTPConnectionPool._make_request", _through(transport)),
        patch("urllib3.util.retry.time", _Time(clock)),
        # No proxy is asked for: `requests` would look through the environment at each request.
        patch("requests.sessions.get_environ_proxies", lambda *_given, **_named: {}),
        patch.object(metrics, "time", _Time(clock)),
        patch.object(budget, "time", _Time(clock)),
        patch.object(aws, "time", _Time(clock)),
        patch.object(secrets, "time", _Time(clock)),
    ):
        for name in NOT_SET:
            os.environ.pop(name, None)
        forget_everything()
        app = importlib.import_module("app")
        try:
            with (
                patch.object(app, "time", _Time(clock)),
                patch.object(sys, "stdout", _Log(call_centre.twilio.scheduler)),
            ):
                yield app
        finally:
            invocation.forget()
            forget_everything()


def _through(transport: OutboundTransport) -> Any:
    def make_request(pool: Any, _connection: object, method: str, url: str, **options: Any) -> Any:
        return transport.request(pool, method, url, **options)

    return make_request


@dataclass(frozen=True)
class _Log:
    scheduler: Scheduler

    def write(self, text: str) -> int:
        if text.strip():
            self.scheduler.emit("log", line=text.strip())
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""


@dataclass(frozen=True)
class _Time:
    """What the application and urllib3 use of the module `time`."""

    clock: VirtualClock

    def time(self) -> float:
        return self.clock.now()

    monotonic = time

    def sleep(self, seconds: float) -> None:
        invocation.current().pause(seconds)

"""The application in this process: app.py on the virtual clock, its environment, its requests, its log as events."""

import importlib
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar
from unittest.mock import patch
from zlib import crc32

from chalicelib import aws, budget
from chalicelib.config import callcenter, secrets, team
from chalicelib.crm import exchange
from chalicelib.crm import http as crm_http
from chalicelib.hours import switch
from chalicelib.links import messages, table
from chalicelib.observability import metrics
from chalicelib.staff import packaged, pins
from chalicelib.staff.rota import Packaged
from chalicelib.worker import breaker
from emulator.clock.scheduler import Scheduler, VirtualClock
from tests.simulation import invocation
from tests.simulation.call_centre import CallCentre
from tests.simulation.cloud import Cloud
from tests.simulation.transport import CRM_HOST, OutboundTransport
from tests.support.caches import forget_everything
from tests.support.console import STAGE, application

T = TypeVar("T")

ENVIRONMENT: Mapping[str, str] = {
    "AWS_DEFAULT_REGION": "eu-west-1",
    "LINKS_TABLE": "cordboard-test-links",
    "CONTACTS_TABLE": "cordboard-test-contacts",
    "JOBS_QUEUE": "cordboard-test-jobs",
    "JOBS_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/123456789012/cordboard-test-jobs",
    "MAIL_TOPIC_ARN": "arn:aws:sns:eu-west-1:123456789012:cordboard-test-alarms",
    "MESSAGES_BUCKET": "cordboard-test-messages-123456789012-eu-west-1",
    "TWILIO_SECRET_PARAMETER": "/cordboard/test/secret",
    "CRM_URL": f"https://{CRM_HOST}/attempts",
}
JOB_PROCESSES = 5  # that know nothing of each other
PAGE = 2  # rows that a sweep looks at itself: in so small a world the jobs would get none otherwise
NOT_SET = ("PUBLIC_BASE_URL", "TWILIO_API_URL", "TWILIO_AUTH_TOKEN", "AWS_ENDPOINT_URL")
_hashed = cache(pins.hashed)  # slow on purpose, and the PINs of each world are the same


@contextmanager
def running(
    call_centre: CallCentre,
    clock: VirtualClock,
    cloud: Cloud,
    transport: OutboundTransport,
    team_files: tuple[str, Packaged],
    *,
    console: bool = False,
) -> Iterator[Any]:
    """app.py with this callcenter.toml and this rota, until the block ends; with `console` people sign in there."""
    rules, rota = team_files
    with (
        patch.dict(os.environ, {**ENVIRONMENT, **call_centre.environment(), **(STAGE if console else {})}),
        patch.object(callcenter, "source", lambda: rules),
        patch.object(team, "hooks", lambda: None),
        patch.object(packaged, "current", lambda: rota),
        patch.object(aws, "client", cloud.client),
        patch("urllib3.connectionpool.HTTPConnectionPool._make_request", _through(transport)),
        patch("urllib3.util.retry.time", _Time(clock)),
        _on(clock),
        patch.object(crm_http, "_ask", _timed(crm_http._ask, call_centre.twilio.scheduler)),
        patch.object(exchange, "within", _within),
        # No proxy is asked for: `requests` would look through the environment at each request.
        patch("requests.sessions.get_environ_proxies", lambda *_given, **_named: {}),
        _knowledge_of_processes(),
        patch.object(messages, "token_hex", _token(call_centre.twilio.scheduler)),
        patch.object(pins, "hashed", _hashed),
        patch.object(table, "DUE_PAGE", PAGE),
    ):
        for name in NOT_SET:
            os.environ.pop(name, None)
        forget_everything()
        app = application() if console else importlib.import_module("app")
        try:
            with (
                patch.object(app, "time", _Time(clock)),
                patch.object(sys, "stdout", _Log(call_centre.twilio.scheduler)),
            ):
                yield app
        finally:
            invocation.forget()
            forget_everything()


@contextmanager
def _on(clock: VirtualClock) -> Iterator[None]:
    """Every module of the application that reads the time, or waits."""
    with ExitStack() as patches:
        for module in (aws, budget, crm_http, metrics, secrets):
            patches.enter_context(patch.object(module, "time", _Time(clock)))
        yield


def _through(transport: OutboundTransport) -> Any:
    def make_request(pool: Any, _connection: object, method: str, url: str, **options: Any) -> Any:
        return transport.request(pool, method, url, **options)

    return make_request


def _within(seconds: float, work: Callable[[], T]) -> T:
    """In place of a thread: whoever waits for `work` leaves it where it pauses when its virtual seconds are over."""
    with invocation.current().leaving_after(seconds, exchange.TooLate()):
        return work()


_Ask = Callable[[bytes, Mapping[str, str]], exchange.Answer]


def _timed(ask: _Ask, scheduler: Scheduler) -> _Ask:
    """The http adapter's exchange, and an event that says how long it held its job. SSM's time is not in it."""

    def timed(body: bytes, headers: Mapping[str, str]) -> exchange.Answer:
        began = scheduler.now()
        try:
            return ask(body, headers)
        finally:
            about = {"key": headers["Idempotency-Key"], "call_sid": json.loads(body)["call_sid"]}
            scheduler.emit("crm_took", **about, seconds=f"{scheduler.now() - began:.3f}")

    return timed


@contextmanager
def _knowledge_of_processes() -> Iterator[None]:
    """What a process keeps for itself in memory: here they are one."""
    with patch.object(breaker, "known", _known()), patch.object(switch, "_known", _OfEachProcess()):
        yield


def _known() -> Callable[[str], breaker.Known]:
    """What each of a few processes knows of the CRM: a message is always worked on by the same one."""
    kept: dict[tuple[str, int], breaker.Known] = {}

    def known(adapter: str) -> breaker.Known:
        process = crc32(" ".join(invocation.current().about).encode()) % JOB_PROCESSES
        return kept.setdefault((adapter, process), breaker.Known())

    return known


class _OfEachProcess(dict[str, tuple[float, switch.Switch]]):
    """What each of a few processes knows of the switches: who turns one is not who answers a call."""

    def _key(self, line: str) -> str:
        return f"{crc32(' '.join(invocation.current().about).encode()) % JOB_PROCESSES}/{line}"

    def get(self, line: str, default: Any = None) -> Any:
        return super().get(self._key(line), default)

    def pop(self, line: str, default: Any = None) -> Any:
        return super().pop(self._key(line), default)

    def __setitem__(self, line: str, known: tuple[float, switch.Switch]) -> None:
        super().__setitem__(self._key(line), known)


def _token(scheduler: Scheduler) -> Callable[[int], str]:
    """Of this world's chance: one seed is one course."""
    return lambda _bytes: scheduler.sid("XX")[2:]


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

    def monotonic(self) -> float:
        return self.clock.now()

    def sleep(self, seconds: float) -> None:
        invocation.current().pause(seconds)

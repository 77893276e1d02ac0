"""API Gateway on the virtual clock: Twilio's requests become complete events, late, twice or never as faults say."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from chalicelib.config import secrets
from chalicelib.twilio import urls
from emulator.clock.scheduler import Scheduler, Timer
from emulator.ports import Done, WebFailure, WebRequest, WebResponse, WebResult
from tests.simulation.faults import Faults
from tests.simulation.invocation import Lambda
from tests.support import api_gateway

API_TIMEOUT = 15.0  # of the function, as .chalice/config.json has it

ALWAYS = 1000
FOREIGN_WORKFLOW = "WW" + "f0" * 16

# Twilio does not look at the answers to these.
NOBODY_WAITS = (urls.EVENTS.path, urls.WORKER_STATUS.path, urls.WORKER_DETECTED.path, urls.RECORDING.path)


@dataclass
class Delivery:
    """One request that reached the application, and its answer; status 0: none."""

    at: float
    route: str
    about: tuple[str, ...]
    form: Mapping[str, str]
    deadline: float
    number: int = 0
    seconds: float = 0.0
    status: int = 0
    body: str = ""
    troubles: list[str] = field(default_factory=list)


class Gateway:
    """Implements the emulator's port `Transport`."""

    app: Any  # app.py, once it runs

    def __init__(self, scheduler: Scheduler, faults: Faults, functions: Lambda) -> None:
        self.scheduler = scheduler
        self.faults = faults
        self.functions = functions
        self.deliveries: list[Delivery] = []
        self._failing: dict[str, int] = {}

    def send(self, request: WebRequest, connect_timeout: float, total_timeout: float, done: Done) -> None:
        route, path = match(urlsplit(request.url).path.removeprefix("/api"))
        event = _event(request, route, path)
        form = dict(parse_qsl(request.body.decode() or urlsplit(request.url).query, keep_blank_values=True))
        about = _about(path, form)
        answer = _Once(self.scheduler, done, total_timeout)
        if self._connection_fails(request, about):
            self.scheduler.after(min(connect_timeout, 2.0), lambda: answer(WebFailure("connect")))
            return
        if route in NOBODY_WAITS and self.faults.happens("webhook_never", about):
            return
        if route == urls.EVENTS.path and self.faults.happens("foreign_event", about):
            self._send_foreign(form, about, total_timeout)
        for wait in self._arrivals(route, about):
            delivery = Delivery(self.scheduler.now() + wait, route, about, form, total_timeout)
            self.scheduler.after(wait, self._start(event, delivery, answer))

    def _send_foreign(self, form: Mapping[str, str], about: tuple[str, ...], seconds: float) -> None:
        """The same workspace has another application's workflow: an end of its task is no end of ours."""
        kind = "reservation.canceled" if form.get("ReservationSid") else "task.completed"
        foreign = {**form, "WorkflowSid": FOREIGN_WORKFLOW, "EventType": kind}
        delivery = Delivery(self.scheduler.now(), urls.EVENTS.path, about, foreign, seconds)
        nobody = _Once(self.scheduler, lambda _result: None, seconds)
        self.scheduler.after(0.0, self._start(api_gateway.post(urls.EVENTS.path, foreign), delivery, nobody))

    def _connection_fails(self, request: WebRequest, about: tuple[str, ...]) -> bool:
        token = request.headers["I-Twilio-Idempotency-Token"]
        if token not in self._failing:
            once = self.faults.happens("connection_failed", about)
            never = self.faults.happens("no_connection", about)
            self._failing[token] = ALWAYS if never else int(once)
        self._failing[token] -= 1
        return self._failing[token] >= 0

    def _arrivals(self, route: str, about: tuple[str, ...]) -> list[float]:
        """How many seconds from now the request arrives, once or twice."""
        wait = self.faults.seconds("network", 0.01, 0.15)
        if route in NOBODY_WAITS and self.faults.happens("webhook_late", about):
            wait += self.faults.seconds("webhook_late", 0.5, 60)
        arrivals = [wait]
        if self.faults.happens("webhook_twice", about):
            longest = 60 if route in NOBODY_WAITS else 4
            arrivals.append(wait + self.faults.seconds("webhook_twice", 0, longest))
        return arrivals

    def _start(self, event: dict[str, Any], delivery: Delivery, answer: "_Once") -> Callable[[], None]:
        cold = self.faults.happens("cold_start", delivery.about)
        if cold:
            delivery.troubles.append("cold_start")

        def start() -> None:
            if cold:
                secrets._kept = secrets._Kept()
                self.scheduler.emit("cold_process")
            delivery.at = self.scheduler.now()
            delivery.number = len(self.deliveries)
            self.deliveries.append(delivery)
            self.scheduler.emit("request", number=str(delivery.number), route=delivery.route, **_shown(delivery.form))
            running = self.functions.start(
                delivery.route, delivery.about, lambda: self.app.app(event, None), API_TIMEOUT, ended
            )
            delivery.troubles = running.troubles = [*delivery.troubles, *running.troubles]

        def ended(result: object) -> None:
            response = _response(result)
            delivery.status, delivery.body = response.status, response.body.decode()
            delivery.seconds = self.scheduler.now() - delivery.at
            self.scheduler.emit(
                "answer", number=str(delivery.number), route=delivery.route, status=str(response.status)
            )
            back = self.faults.seconds("network", 0.01, 0.1)
            self.scheduler.after(back, lambda: answer(response))

        if cold:
            return lambda: _ignore(self.scheduler.after(self.faults.seconds("cold_start", 1, 8), start))
        return start


def _ignore(_timer: Timer) -> None:
    """Nobody cancels it."""


class _Once:
    """Twilio takes the first answer, or none when its time is over."""

    def __init__(self, scheduler: Scheduler, done: Done, seconds: float) -> None:
        self._done = done
        self._over = False
        scheduler.after(seconds, lambda: self(WebFailure("timeout")))

    def __call__(self, result: WebResult) -> None:
        if not self._over:
            self._over = True
            self._done(result)


def match(path: str) -> tuple[str, dict[str, str]]:
    """The route of a path, and what its braces stand for."""
    for route in (known.path for known in urls.ROUTES):
        names, parts = route.split("/"), path.split("/")
        if len(names) == len(parts) and all(n == p or n.startswith("{") for n, p in zip(names, parts, strict=True)):
            return route, {n.strip("{}"): p for n, p in zip(names, parts, strict=True) if n.startswith("{")}
    raise AssertionError(f"no route matches {path}")


def _event(request: WebRequest, route: str, path: Mapping[str, str]) -> dict[str, Any]:
    event = api_gateway.event_of(request.method, route, path)
    event["headers"] |= dict(request.headers)
    event["body"] = request.body.decode() or None
    query = parse_qsl(urlsplit(request.url).query, keep_blank_values=True)
    if query:
        event["queryStringParameters"] = dict(query)
        event["multiValueQueryStringParameters"] = {name: [value] for name, value in query}
    return event


def _response(result: object) -> WebResponse:
    """API Gateway's answer; a function that died, or raised, is a 502."""
    if not isinstance(result, dict):
        return WebResponse(502, {"content-type": "application/json"}, b'{"message": "Internal server error"}')
    headers = {name.lower(): str(value) for name, value in result.get("headers", {}).items()}
    return WebResponse(result["statusCode"], headers, str(result.get("body") or "").encode())


def _about(path: Mapping[str, str], form: Mapping[str, str]) -> tuple[str, ...]:
    """The sids that a request is about: those of its path, its form, and its task's caller."""
    sids = [value for name, value in path.items() if name.endswith("_sid")]
    sids += [
        form[name] for name in ("CallSid", "ReservationSid", "TaskSid", "WorkerSid", "MessageSid") if form.get(name)
    ]
    if "TaskAttributes" in form:
        sids.append(str(json.loads(form["TaskAttributes"]).get("call_sid", "")))
    return tuple(dict.fromkeys(filter(None, sids)))


def _shown(form: Mapping[str, str]) -> dict[str, str]:
    names = ("EventType", "CallSid", "ReservationSid", "CallStatus", "QueueResult")
    return {name: form[name] for name in names if form.get(name)}

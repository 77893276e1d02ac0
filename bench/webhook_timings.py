"""The two webhooks that somebody waits for, timed in process beside a bare handler and beside Flask."""

import io
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any
from unittest.mock import patch

import boto3

from bench import bare, flask_seed
from bench.environment import TASK_QUEUES
from bench.measure import interleaved
from bench.webhooks import Webhook, api_gateway_event, assignment, forged, incoming, signed, wsgi_environ
from chalicelib.config import callcenter

INCOMING = "/voice/incoming"
ASSIGNMENT = "/taskrouter/assignment"
WITH_HOURS = "+14155550177"  # of a line that is as that for sales, and has hours
HOURS = """
[lines.hours]
numbers = ["{number}"]
greeting = "{greeting}"
attributes = {{ department = "sales" }}
hours = "always"
[hours.always]
zone = "Europe/Berlin"
week = {{ mon-sun = ["00:00-24:00"] }}
"""

Answer = tuple[int, str]
Contender = Callable[[Webhook], Callable[[], Answer]]


class StubbedClient:
    """An AWS client whose every request succeeds at once and costs nothing."""

    class exceptions:  # noqa: N801 - boto3's own name
        class ConditionalCheckFailedException(Exception):
            response: dict[str, Any]

    def __getattr__(self, operation: str) -> Callable[..., dict[str, Any]]:
        return lambda **request: {"Attributes": request.get("Item", {})}


@contextmanager
def aws_stubbed_out() -> Iterator[None]:
    real = boto3.client
    boto3.client = lambda *_, **__: StubbedClient()
    try:
        yield
    finally:
        boto3.client = real


def webhooks() -> dict[str, Webhook]:
    """What is timed: a call to a line without a menu, and a reservation in a queue of either mode."""
    configured = callcenter.current()
    number = next(line.numbers[0] for line in configured.lines.values() if line.numbers and not line.menu)
    timed = {INCOMING: signed(INCOMING, incoming(number))}
    for name, queue in configured.queues.items():
        form = assignment(number, name, TASK_QUEUES[name])
        timed[f"{ASSIGNMENT}, {queue.mode}"] = signed(ASSIGNMENT, form)
    return timed


def seconds(rounds: int = 60, calls: int = 40) -> dict[str, dict[str, float]]:
    """Median seconds per call, by webhook and contender. Raises AssertionError if a contender answers wrongly."""
    with aws_stubbed_out(), Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        contenders: dict[str, Contender] = {
            "bare handler": bare_contender,
            "Flask": flask_contender,
            "app": app_contender(),
        }
        timed: dict[str, dict[str, float]] = {}
        for title, webhook in webhooks().items():
            for name, contender in contenders.items():
                check(f"{name}, {title}", contender, webhook)
            timed[title] = interleaved(
                {name: contender(webhook) for name, contender in contenders.items()}, rounds, calls
            )
    return timed


def seconds_with_hours(rounds: int = 120, calls: int = 40) -> dict[str, float]:
    """Median seconds of `/voice/incoming` on a line that uses nothing, and on the same one with hours, in turns."""
    plain = callcenter.current().lines["sales"].numbers[0]
    with line_with_hours(), aws_stubbed_out(), Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        contender, timed = app_contender(), {}
        for name, number in {"without hours": plain, "with hours": WITH_HOURS}.items():
            webhook = signed(INCOMING, incoming(number))
            check(f"app, {name}", contender, webhook)
            timed[name] = contender(webhook)
        return interleaved(timed, rounds, calls)


@contextmanager
def line_with_hours() -> Iterator[None]:
    """The call centre has one line more, until the block ends."""
    sales = callcenter.current().lines["sales"]
    text = callcenter.source() + HOURS.format(number=WITH_HOURS, greeting=sales.greeting)
    with patch.object(callcenter, "source", lambda where="": text):
        callcenter.current.cache_clear()
        yield
    callcenter.current.cache_clear()


def check(name: str, contender: Contender, webhook: Webhook) -> None:
    """A contender that answers wrongly, or lets a forged webhook in, is not worth timing."""
    assert contender(forged(webhook))()[0] == 403, f"{name}: let a forged webhook in"
    status, body = contender(webhook)()
    assert status == 200, f"{name}: answered {status}: {body}"
    if webhook.path == INCOMING:
        assert "<Enqueue" in body, f"{name}: did not enqueue: {body}"
    if name == f"app, {ASSIGNMENT}, crm-first":
        assert not body, f"{name}: did not leave the reservation pending: {body}"
    elif webhook.path == ASSIGNMENT:
        assert json.loads(body)["instruction"] == "dequeue", f"{name}: did not dequeue: {body}"


def app_contender() -> Contender:
    import app

    return lambda webhook: lambda_call(app.app, webhook)


def bare_contender(webhook: Webhook) -> Callable[[], Answer]:
    return lambda_call(bare.handler, webhook)


def lambda_call(handler: Callable[[dict[str, Any], Any], dict[str, Any]], webhook: Webhook) -> Callable[[], Answer]:
    event = api_gateway_event(webhook)

    def call() -> Answer:
        answer = handler({**event}, None)
        return answer["statusCode"], answer["body"]

    return call


def flask_contender(webhook: Webhook) -> Callable[[], Answer]:
    environ, body = wsgi_environ(webhook), webhook.body.encode()

    status: list[str] = []

    def start_response(line: str, *_: object) -> Callable[[bytes], object]:
        status[:] = [line]
        return lambda _: None

    def call() -> Answer:

        def start_response(line: str, headers: object, error: object = None) -> Callable[[bytes], object]:
            status.append(line)
            return io.BytesIO().write

        answer = flask_seed.app({**environ, "wsgi.input": io.BytesIO(body)}, start_response)
        text = b"".join(answer).decode()
        return int(status[0][:3]), text

    return call

"""How long Twilio waited for each webhook, and how often the functions asked DynamoDB."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import urllib3

from emulator.http.realtime import HttpTransport
from emulator.ports import Done, Transport, WebFailure, WebRequest, WebResult
from emulator.taskrouter import assignment
from laptop.environment import Laptop
from laptop.local_aws import LaptopError, LocalAws
from load.checks import Sent

KEPT = {"CLOUDTRAIL_MAX_EVENTS": "100000"}  # in the environment of the local AWS; 10,000 otherwise
# A function process for each: more would only wait for the two processors of a laptop, and take memory.
LINES = 8
VOICE_DEADLINE = 15.0  # contract 1.3, and of everything but the assignment callback


class TimedTransport:
    """A `Transport` that notes how long each webhook took, from the moment Twilio wanted it sent."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.sent: list[Sent] = []

    def send(self, request: WebRequest, connect_timeout: float, total_timeout: float, done: Done) -> None:
        began = time.monotonic()

        def came(result: WebResult) -> None:
            status = result.kind if isinstance(result, WebFailure) else str(result.status)
            route, call_sid = route_and_caller(request)
            deadline = assignment.DEADLINE if route == "assignment" else VOICE_DEADLINE
            self.sent.append(Sent(route, call_sid, time.monotonic() - began, deadline, status))
            done(result)

        self._transport.send(request, connect_timeout, total_timeout, came)


def route_and_caller(request: WebRequest) -> tuple[str, str]:
    """The route of a webhook, in short, and the caller's CallSid."""
    parts = urlsplit(request.url).path.split("/")
    if "worker" in parts:
        return f"worker {parts[-1]}", parts[-3]
    form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
    if "taskrouter" in parts:
        return parts[-1], str(json.loads(form.get("TaskAttributes", "{}")).get("call_sid", ""))
    return parts[parts.index("voice") + 1], form.get("CallSid", "")


@contextmanager
def timing(laptop: Laptop) -> Iterator[TimedTransport]:
    """Until the block ends, every webhook is timed, and LINES of them are under way at once; the others wait."""
    webhooks, transport = laptop.twilio.webhooks, HttpTransport(laptop.loop, LINES)
    watch = TimedTransport(transport)

    def put(transport: Transport) -> None:
        webhooks._transport = transport

    laptop.do(lambda: put(watch))
    try:
        yield watch
    finally:
        laptop.do(lambda: put(laptop.twilio.transport))
        transport.close()


@contextmanager
def recording(aws: LocalAws) -> Iterator[None]:
    """Until the block ends, the local AWS keeps the newest of what it is asked, as CloudTrail does."""
    _record(aws, "true")
    try:
        yield
    finally:
        _record(aws, "false")


def _record(aws: LocalAws, on: str) -> None:
    body = json.dumps({"cloudtrail._recording_enabled": on})
    if urllib3.request("POST", f"{aws.url}/_ministack/config", body=body).status != 200:
        raise LaptopError("the local AWS does not record what it is asked")


def database_requests(aws: LocalAws, since: float) -> "Counter[str]":
    """What the functions have asked of DynamoDB since then (epoch seconds), by operation."""
    trail, until, found = aws.client("cloudtrail"), time.time(), dict[str, str]()
    trail.meta.events.register("before-call.cloudtrail.LookupEvents", lambda params, **_: _look_until(params, until))
    source = {"AttributeKey": "EventSource", "AttributeValue": "dynamodb.amazonaws.com"}
    while True:
        # There are fifty in an answer, the newest first, and no next page: the next request ends where this one began.
        events = trail.lookup_events(LookupAttributes=[source])["Events"]
        new = [event for event in events if event["EventId"] not in found and event["EventTime"].timestamp() >= since]
        if not new:
            return Counter(name for name in found.values() if name)
        found |= {event["EventId"]: "" if event["Username"] == aws.access_key else event["EventName"] for event in new}
        until = min(event["EventTime"].timestamp() for event in new) + 1e-6


def _look_until(params: dict[str, Any], until: float) -> None:
    """boto3 itself sends whole seconds, and there are more than fifty events in one."""
    params["body"] = json.dumps({**json.loads(params["body"]), "EndTime": until}).encode()

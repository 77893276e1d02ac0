"""A burst of callers on the laptop, and what became of each of them."""

import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from boto3.dynamodb.types import TypeDeserializer

from emulator.clock.scheduler import TraceEvent
from emulator.http.webhooks import sign
from emulator.taskrouter.model import Worker
from emulator.voice.parties import Step, answers, hangs_up, hears, joined, presses, talks
from emulator.voice.queues import WORKFLOW_QUEUE_SIZE
from laptop import environment, outcome, package
from laptop.call_centre import AUTH_TOKEN, CALLERS, SALES, SUPPORT
from laptop.environment import Laptop
from laptop.local_aws import LaptopError
from laptop.outcome import Row
from load import redelivery
from load.checks import Observed, WorkerLeg
from load.redelivery import Deliveries
from load.timings import LINES, timing

POLL_SECONDS = 0.25
SETTLE_SECONDS = 90.0  # a message that failed comes again after 25 s, and once more after that
CRM_ANSWER = {"name": "Load Caller", "line": "A caller."}


@dataclass(frozen=True)
class Plan:
    """Two of three callers dial the line with a menu, wrap-up and survey; every third one dials the plain line."""

    calls: int
    workers: int = 20
    callers_per_second: float = 20.0
    dials_per_second: float = 10.0  # of the account; Twilio's default is one
    queue_size: int = 1000  # raised as an operator does; Twilio's default is 100
    talk_seconds: float = 2.0

    @property
    def limit_seconds(self) -> float:
        return 60.0 + 60.0 * self.calls / self.workers


@dataclass(frozen=True)
class LoadRun:
    """`began` is epoch seconds, `seconds` how long it took until every caller was gone and every worker free again.

    `requests` are those to Twilio, `messages` the application's own to SQS, `copies` what SQS delivered on top.
    """

    plan: Plan
    observed: Observed
    began: float
    seconds: float
    requests: int
    messages: int
    copies: int


def warm(laptop: Laptop) -> None:
    """Start as many processes as will be busy at once: a cold start takes longer than an assignment may.

    Real assignments, of reservations that do not exist: they open the clients that a webhook and a job use.
    """
    with ThreadPoolExecutor(LINES) as pool:
        answers = list(pool.map(lambda number: _assign_nobody(laptop, number), range(2 * LINES)))
    if set(answers) != {200}:
        raise LaptopError(f"an assignment was answered {set(answers)}; see {laptop.log}")
    jobs = package.queue_urls(laptop.aws)
    _until(lambda: redelivery.waiting(laptop.aws, jobs) == 0, SETTLE_SECONDS)


def _assign_nobody(laptop: Laptop, number: int) -> int:
    path, end = "/taskrouter/assignment", f"{number:032x}"
    form = {
        "WorkflowSid": laptop.call_centre.workflow_sid,
        "TaskQueueSid": laptop.call_centre.task_queues["Support"],
        "TaskAttributes": json.dumps({"call_sid": f"CA{end}", "from": CALLERS["Gus"], "to": SUPPORT}),
        "WorkerAttributes": json.dumps({"contact_uri": CALLERS["Ivy"]}),
        **{
            f"{name}Sid": f"{prefix}{end}" for name, prefix in (("Reservation", "WR"), ("Task", "WT"), ("Worker", "WK"))
        },
    }
    return environment.post_form(laptop, path, form, sign(AUTH_TOKEN, f"{laptop.base_url}{path}", form.items()))


def play(laptop: Laptop, plan: Plan, deliveries: Deliveries) -> LoadRun:
    """Let the plan's callers dial and wait until all is over. What is not over in time breaks a check."""
    twilio = laptop.twilio
    before, requests = laptop.do(lambda: (len(twilio.scheduler.trace), len(twilio.requests)))
    messages, copies = deliveries.sent, deliveries.copies
    with timing(laptop) as watch, at_work(laptop, plan) as workers, _callers(laptop, plan) as callers:
        began, clock = time.time(), time.monotonic()
        _until(lambda: len(callers) == plan.calls and _is_quiet(laptop, workers), plan.limit_seconds)
        seconds = time.monotonic() - clock
        _until(lambda: _is_settled(laptop, callers, deliveries), SETTLE_SECONDS)
        trace, legs, states = laptop.do(
            lambda: (
                twilio.scheduler.trace[before:],
                _worker_legs(laptop),
                {w.friendly_name: _state(w) for w in workers},
            )
        )
        sent = list(watch.sent)
    rows = _links(laptop, callers)
    observed = Observed(callers, trace, legs, _attempts(laptop), rows, sent, states, _dead_letters(laptop))
    made = laptop.do(lambda: len(twilio.requests)) - requests
    return LoadRun(plan, observed, began, seconds, made, deliveries.sent - messages, deliveries.copies - copies)


def _until(is_so: Callable[[], bool], seconds: float) -> None:
    """Wait until it is so, or the time is over: then the checks say what is missing."""
    deadline = time.monotonic() + seconds
    while not is_so() and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)  # it happens in other processes: look again


# --- The people


@contextmanager
def at_work(laptop: Laptop, plan: Plan) -> Iterator[list[Worker]]:
    """The plan's workers available, everybody else offline; the account's limits as the plan wants them."""
    voice, router = laptop.twilio.voice, laptop.twilio.router
    queue = laptop.do(lambda: laptop.twilio.context.queues.open(laptop.call_centre.workflow_sid, WORKFLOW_QUEUE_SIZE))
    before = voice.legs.calls_per_second, queue.max_size

    def begin() -> list[Worker]:
        voice.legs.calls_per_second, queue.max_size = plan.dials_per_second, plan.queue_size
        laptop.crm.replies = {"": (200, CRM_ANSWER)}
        laptop.call_centre.on_duty()
        return [_hire(laptop, plan, number) for number in range(plan.workers)]

    def end() -> None:
        voice.legs.calls_per_second, queue.max_size = before
        for worker in workers:
            router.lifecycle.set_activity(worker, laptop.call_centre.activities["Offline"])

    workers = laptop.do(begin)
    try:
        yield workers
    finally:
        laptop.do(end)


def _hire(laptop: Laptop, plan: Plan, number: int) -> Worker:
    router, name, phone = laptop.twilio.router, f"Load {number:03}", f"+14155560{number:03}"
    queue = "Sales" if number % 3 == 2 else "Support"
    worker = router.workspace.worker_named(name)
    if worker is None:
        worker = router.create_worker(name, {"contact_uri": phone, "queues": [queue], "answer": "at-once"})
    laptop.twilio.phone(phone).will(answers(1, [joined(), talks(plan.talk_seconds), hangs_up()]))
    router.lifecycle.set_activity(worker, laptop.call_centre.activities["Available"])
    return worker


@contextmanager
def _callers(laptop: Laptop, plan: Plan) -> Iterator[list[str]]:
    """They dial one after the other; yields their CallSids, of which there are more from moment to moment."""
    scheduler, callers, message = laptop.twilio.scheduler, list[str](), LeavesMessage(laptop)

    def dial_later(number: int) -> None:
        scheduler.after(number / plan.callers_per_second, lambda: callers.append(_dial(laptop, number)))

    def begin() -> None:
        scheduler.on_event.append(message)
        for number in range(plan.calls):
            dial_later(number)

    laptop.do(begin)
    try:
        yield callers
    finally:
        laptop.do(lambda: scheduler.on_event.remove(message))


def _dial(laptop: Laptop, number: int) -> str:
    caller = f"+12125560{number:03}"
    if number % 3 == 2:
        return laptop.twilio.dial(caller, SALES)
    menu: Sequence[Step] = [hears("For English press 1"), presses("1")]
    return laptop.twilio.dial(caller, SUPPORT, [*menu, joined(), hears("How was this call"), presses("5")])


class LeavesMessage:
    """Whoever is asked for a message speaks for two seconds and presses the hash key. Called with each event."""

    def __init__(self, laptop: Laptop) -> None:
        self._twilio = laptop.twilio

    def __call__(self, event: TraceEvent) -> None:
        if event.kind == "heard" and "leave a message" in event.detail["text"]:
            sid, asked = event.detail["sid"], self._twilio.context.speech_seconds(event.detail["text"])
            self._twilio.scheduler.after(asked + 2.0, lambda: self._twilio.press(sid, "#"))


# --- What became of it


def _is_quiet(laptop: Laptop, workers: Sequence[Worker]) -> bool:
    """No leg is live, no task is open, and everybody is back at work."""

    def look() -> bool:
        over = all(call.is_over for call in laptop.twilio.context.calls.values())
        tasks = laptop.twilio.router.workspace.tasks.values()
        done = all(task.status in ("completed", "canceled") for task in tasks)
        return over and done and all(_state(worker) == "Available" for worker in workers)

    return laptop.do(look)


def _state(worker: Worker) -> str:
    busy = [reservation.status for reservation in worker.reservations.values() if reservation.is_open]
    return worker.activity.friendly_name + "".join(f" with a {status} reservation" for status in busy)


def _is_settled(laptop: Laptop, callers: Sequence[str], deliveries: Deliveries) -> bool:
    """The queues are empty, every link is closed."""
    if redelivery.waiting(laptop.aws, deliveries.queue_urls):
        return False
    return all(row["state"] == "closed" for row in _links(laptop, callers))


def _worker_legs(laptop: Laptop) -> dict[str, WorkerLeg]:
    """The legs that were placed over REST: their callback says which reservation they are for."""
    legs = {}
    for call in laptop.twilio.context.calls.values():
        found = re.search(r"/worker/CA\w+/(WR\w+)/", call.callback.url)
        if found:
            legs[call.sid] = WorkerLeg(call.sid, call.to, found[1])
    return legs


def _links(laptop: Laptop, callers: Sequence[str]) -> list[Row]:
    known = set(callers)
    return [row for row in outcome.links(_scan(laptop, "links")) if row["call_sid"] in known]


def _attempts(laptop: Laptop) -> dict[str, float]:
    """When the CRM was asked about a reservation: the rows of the contacts table, and what the endpoint was asked."""
    rows = [row for row in _scan(laptop, "contacts") if row["item"].startswith("ATTEMPT#")]
    embedded = {row["item"].partition("#")[2]: float(row["at"]) for row in rows}
    return embedded | {asked["idempotency_key"]: float(asked["at"]) for asked in laptop.crm.asked}


def _scan(laptop: Laptop, table: str) -> list[Row]:
    pages, read = laptop.aws.client("dynamodb").get_paginator("scan"), TypeDeserializer()
    return [
        {name: read.deserialize(value) for name, value in item.items()}
        for page in pages.paginate(TableName=f"cordboard-{package.STAGE}-{table}", ConsistentRead=True)
        for item in page["Items"]
    ]


def _dead_letters(laptop: Laptop) -> int:
    name = f"cordboard-{package.STAGE}-jobs-dead"
    return redelivery.waiting(laptop.aws, [laptop.aws.client("sqs").get_queue_url(QueueName=name)["QueueUrl"]])

"""A burst of callers on the stage, and what has really come of each of them."""

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
from laptop import environment, package
from laptop.call_centre import AUTH_TOKEN, CALLERS, SALES, SUPPORT
from laptop.environment import Stage
from laptop.local_aws import LaptopError
from laptop.outcome import Row
from load import redelivery
from load.checks import Seen, WorkerLeg
from load.redelivery import Deliveries
from load.timings import LINES, timed

LOOK_AGAIN_SECONDS = 0.25
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
class Burst:
    """`began` is epoch seconds, `seconds` how long it took until every caller was gone and every worker free again.

    `requests` are those to Twilio, `messages` the application's own to SQS, `copies` what SQS delivered on top.
    """

    plan: Plan
    seen: Seen
    began: float
    seconds: float
    requests: int
    messages: int
    copies: int


def warm(running: Stage) -> None:
    """Start as many processes as will be busy at once: a cold start takes longer than an assignment may.

    Real assignments, of reservations that do not exist: they open what a door and a job open when they are used.
    """
    with ThreadPoolExecutor(LINES) as pool:
        answers = list(pool.map(lambda number: _assign_nobody(running, number), range(2 * LINES)))
    if set(answers) != {200}:
        raise LaptopError(f"an assignment was answered {set(answers)}; see {package.BUILD / 'ministack.log'}")
    jobs = [package.queue_url(running.aws)]
    _until(lambda: redelivery.waiting(running.aws, jobs) == 0, SETTLE_SECONDS)


def _assign_nobody(running: Stage, number: int) -> int:
    path, end = "/taskrouter/assignment", f"{number:032x}"
    form = {
        "WorkflowSid": running.town.workflow_sid,
        "TaskQueueSid": running.town.task_queues["Support"],
        "TaskAttributes": json.dumps({"call_sid": f"CA{end}", "from": CALLERS["Gus"], "to": SUPPORT}),
        "WorkerAttributes": json.dumps({"contact_uri": CALLERS["Ivy"]}),
        **{
            f"{name}Sid": f"{prefix}{end}" for name, prefix in (("Reservation", "WR"), ("Task", "WT"), ("Worker", "WK"))
        },
    }
    return environment.post_form(running, path, form, sign(AUTH_TOKEN, f"{running.base_url}{path}", form.items()))


def play(running: Stage, plan: Plan, deliveries: Deliveries) -> Burst:
    """Let the plan's callers dial, and wait until all is over; what is not over in time is there to be seen."""
    twilio = running.twilio
    trace, requests = running.do(lambda: (len(twilio.scheduler.trace), len(twilio.requests)))
    messages, copies = deliveries.sent, deliveries.copies
    with timed(running) as watch, at_work(running, plan) as workers, _callers(running, plan) as callers:
        began, clock = time.time(), time.monotonic()
        _until(lambda: len(callers) == plan.calls and _is_quiet(running, workers), plan.limit_seconds)
        seconds = time.monotonic() - clock
        _until(lambda: _is_settled(running, callers, deliveries), SETTLE_SECONDS)
        truth, legs, states = running.do(
            lambda: (
                twilio.scheduler.trace[trace:],
                _worker_legs(running),
                {w.friendly_name: _state(w) for w in workers},
            )
        )
        sent = list(watch.sent)
    rows = _links(running, callers)
    seen = Seen(callers, truth, legs, _attempts(running), rows, sent, states, _dead_letters(running))
    made = running.do(lambda: len(twilio.requests)) - requests
    return Burst(plan, seen, began, seconds, made, deliveries.sent - messages, deliveries.copies - copies)


def _until(is_so: Callable[[], bool], seconds: float) -> None:
    """Look until it is so, or the time is over: then the checks will say what is missing."""
    deadline = time.monotonic() + seconds
    while not is_so() and time.monotonic() < deadline:
        time.sleep(LOOK_AGAIN_SECONDS)  # it happens in other processes: look again


# --- The people


@contextmanager
def at_work(running: Stage, plan: Plan) -> Iterator[list[Worker]]:
    """The plan's workers available, everybody else offline; the account's limits as the plan wants them."""
    voice, router = running.twilio.voice, running.twilio.router
    queue = running.do(lambda: running.twilio.context.queues.open(running.town.workflow_sid, WORKFLOW_QUEUE_SIZE))
    before = voice.calls_per_second, queue.max_size

    def begin() -> list[Worker]:
        voice.calls_per_second, queue.max_size = plan.dials_per_second, plan.queue_size
        running.crm.replies = {"": (200, CRM_ANSWER)}
        running.town.on_duty()
        return [_hire(running, plan, number) for number in range(plan.workers)]

    def end() -> None:
        voice.calls_per_second, queue.max_size = before
        for worker in workers:
            router.lifecycle.set_activity(worker, running.town.activities["Offline"])

    workers = running.do(begin)
    try:
        yield workers
    finally:
        running.do(end)


def _hire(running: Stage, plan: Plan, number: int) -> Worker:
    router, name, phone = running.twilio.router, f"Load {number:03}", f"+14155560{number:03}"
    queue = "Sales" if number % 3 == 2 else "Support"
    worker = router.workspace.worker_named(name)
    if worker is None:
        worker = router.create_worker(name, {"contact_uri": phone, "queues": [queue]})
    running.twilio.phone(phone).will(answers(1, [joined(), talks(plan.talk_seconds), hangs_up()]))
    router.lifecycle.set_activity(worker, running.town.activities["Available"])
    return worker


@contextmanager
def _callers(running: Stage, plan: Plan) -> Iterator[list[str]]:
    """They dial one after the other; yields their CallSids, of which there are more from moment to moment."""
    scheduler, callers, message = running.twilio.scheduler, list[str](), LeavesMessage(running)

    def dial_later(number: int) -> None:
        scheduler.after(number / plan.callers_per_second, lambda: callers.append(_dial(running, number)))

    def begin() -> None:
        scheduler.on_event.append(message)
        for number in range(plan.calls):
            dial_later(number)

    running.do(begin)
    try:
        yield callers
    finally:
        running.do(lambda: scheduler.on_event.remove(message))


def _dial(running: Stage, number: int) -> str:
    caller = f"+12125560{number:03}"
    if number % 3 == 2:
        return running.twilio.dial(caller, SALES)
    menu: Sequence[Step] = [hears("For English press 1"), presses("1")]
    return running.twilio.dial(caller, SUPPORT, [*menu, joined(), hears("How was this call"), presses("5")])


class LeavesMessage:
    """Whoever is asked for a message speaks for two seconds and presses the hash key. Listens to the facts."""

    def __init__(self, running: Stage) -> None:
        self._twilio = running.twilio

    def __call__(self, fact: TraceEvent) -> None:
        if fact.kind == "heard" and "leave a message" in fact.detail["text"]:
            sid, asked = fact.detail["sid"], self._twilio.context.speech_seconds(fact.detail["text"])
            self._twilio.scheduler.after(asked + 2.0, lambda: self._twilio.press(sid, "#"))


# --- What has come of it


def _is_quiet(running: Stage, workers: Sequence[Worker]) -> bool:
    """No leg is live, no task is open, and everybody is back at work."""

    def look() -> bool:
        over = all(call.is_over for call in running.twilio.context.calls.values())
        tasks = running.twilio.router.workspace.tasks.values()
        done = all(task.status in ("completed", "canceled") for task in tasks)
        return over and done and all(_state(worker) == "Available" for worker in workers)

    return running.do(look)


def _state(worker: Worker) -> str:
    busy = [reservation.status for reservation in worker.reservations.values() if reservation.is_open]
    return worker.activity.friendly_name + "".join(f" with a {status} reservation" for status in busy)


def _is_settled(running: Stage, callers: Sequence[str], deliveries: Deliveries) -> bool:
    """The queues are empty, every link is closed."""
    if redelivery.waiting(running.aws, deliveries.queue_urls):
        return False
    return all(row["state"] == "closed" for row in _links(running, callers))


def _worker_legs(running: Stage) -> dict[str, WorkerLeg]:
    """The legs that were placed over REST: their callback says which reservation they are for."""
    legs = {}
    for call in running.twilio.context.calls.values():
        found = re.search(r"/worker/CA\w+/(WR\w+)/", call.callback.url)
        if found:
            legs[call.sid] = WorkerLeg(call.sid, call.to, found[1])
    return legs


def _links(running: Stage, callers: Sequence[str]) -> list[Row]:
    known = set(callers)
    return [row for row in _scan(running, "links") if row["item"] != "CALL" and row["call_sid"] in known]


def _attempts(running: Stage) -> dict[str, float]:
    """When the CRM was asked about a reservation: the rows of the contacts table, and what the endpoint was asked."""
    rows = [row for row in _scan(running, "contacts") if row["item"].startswith("ATTEMPT#")]
    embedded = {row["item"].partition("#")[2]: float(row["at"]) for row in rows}
    return embedded | {asked["idempotency_key"]: float(asked["at"]) for asked in running.crm.asked}


def _scan(running: Stage, table: str) -> list[Row]:
    pages, read = running.aws.client("dynamodb").get_paginator("scan"), TypeDeserializer()
    return [
        {name: read.deserialize(value) for name, value in item.items()}
        for page in pages.paginate(TableName=f"cordboard-{package.STAGE}-{table}", ConsistentRead=True)
        for item in page["Items"]
    ]


def _dead_letters(running: Stage) -> int:
    name = f"cordboard-{package.STAGE}-jobs-dead"
    return redelivery.waiting(running.aws, [running.aws.client("sqs").get_queue_url(QueueName=name)["QueueUrl"]])

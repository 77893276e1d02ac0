"""One world: a call centre, some callers and the whole application, on one virtual clock and from one seed.

The handlers are those of app.py, reached by complete events; Twilio is the emulator; AWS is the store and the queue.
"""

import json
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

from chalicelib.config.answering import ModeName
from emulator.clock.scheduler import Scheduler, TraceEvent, VirtualClock
from emulator.twilio import Twilio
from emulator.voice.parties import hangs_up, hears, presses, waits
from emulator.worlds import EndedCall, Worlds, drawn
from tests.doubles.dynamodb.store import Dynamodb
from tests.simulation.application import running
from tests.simulation.call_centre import (
    ACCOUNT_SID,
    LISTENER,
    NO_LISTENER,
    OTHER_MODES,
    PIN,
    STAFF,
    SUPPORT,
    TEXTERS,
    WORKERS,
    Answers,
    CallCentre,
    OnCrmOutage,
    Staff,
    answers_of,
    build,
    recorded_of,
    rules,
)
from tests.simulation.callers import ASKS, Crowd
from tests.simulation.chats import Chats
from tests.simulation.cloud import S3, Cloud, Done, Queue, Record, Sns, Sqs, Ssm, Tables
from tests.simulation.crm import CrmStub
from tests.simulation.customers import Customers
from tests.simulation.desks import Desks, with_desks
from tests.simulation.faults import Faults
from tests.simulation.gateway import Gateway
from tests.simulation.invocation import Lambda, Step
from tests.simulation.knowing import ANONYMOUS, SAME_WORKER_WAIT, Knowing, who_asks
from tests.simulation.orders import Orders
from tests.simulation.secret import rotated
from tests.simulation.stars import Stars
from tests.simulation.switching import Switching, with_hours
from tests.simulation.texters import Texters
from tests.simulation.transport import OutboundTransport
from tests.support import api_gateway, resources
from tests.support.queues import consumer_of

JOB_TIMEOUT, SWEEP_TIMEOUT = 20.0, 60.0  # of the functions, as .chalice/config.json has them
SWEEP_EVERY = 60.0
START = 1_800_000_000.0
ON_CRM_OUTAGE: tuple[OnCrmOutage, ...] = ("voicemail", "ring")
SPAN = 300.0  # seconds in which the callers dial
# Then nothing goes wrong, and nothing sweeps, until the last sweep. Twilio forgets a task five minutes after its end.
CALM_BEFORE_REDRIVE, CALM = 180.0, 75.0
HOURS = 6 * 3600.0
DAY = 24 * 3600.0
OF_MESSAGES = ("recording", "message")  # what a sweep of messages looks for
LONGEST = 3600.0  # by then every caller is gone, or something loops


@dataclass(frozen=True)
class Plan:
    """What decides a world. `dies` says at which steps a function dies, instead of chance."""

    seed: int
    rates: Mapping[str, float]
    calls: int = 25
    dies: Callable[[Step], bool] | None = None
    orders: int = 4  # of work that is no call
    chats: int = 5  # more of it, for the desk, where there is one
    answer: ModeName | None = None  # of every queue that rings, instead of chance
    asks: float = ASKS  # how likely it is that a caller asks to be called back, when that is offered
    away: bool = False  # nobody takes calls; callbacks are served
    hours: bool = False  # lines open and close among the calls, and an admin switches one
    known: bool = False  # lines ask who calls: some callers are blocked, some want one worker, some call again
    desk: bool = False  # some workers take their callers at the agent desk
    texts: bool = True  # some workers text that they are on and off, and have shifts; otherwise these are off
    records: tuple[str, ...] | None = None  # the queues whose talks are recorded, instead of chance

    @property
    def recorded(self) -> tuple[str, ...]:
        return recorded_of(self.seed) if self.records is None else self.records

    @property
    def on_crm_outage(self) -> OnCrmOutage:
        """What the team of this world chose for the queue with the CRM endpoint."""
        return random.Random(f"{self.seed}:on_crm_outage").choice(ON_CRM_OUTAGE)

    @property
    def answers(self) -> Answers:
        """How the phones of this world are answered."""
        if self.answer is None:
            return answers_of(self.seed)
        return Answers({"Support": self.answer, "Sales": self.answer, **OTHER_MODES}, {})


@dataclass
class World:
    """A world, and when it is over, all that is needed to judge it."""

    plan: Plan
    clock: VirtualClock
    twilio: Twilio
    gateway: Gateway
    call_centre: CallCentre
    store: Dynamodb
    crm: CrmStub
    crowd: Crowd
    queue: Queue
    orders: Orders
    texters: Texters
    switching: Switching
    seconds_of: dict[str, int] = field(default_factory=dict)  # of each recording that was made
    work_of: dict[str, Mapping[str, Any]] = field(default_factory=dict)  # the attributes of each task without a call
    routed: dict[str, Mapping[str, Any]] = field(default_factory=dict)  # and of each task of a call
    queue_of: dict[str, str] = field(default_factory=dict)  # of each reservation and each task: the task queue's name
    places: dict[str, float] = field(default_factory=dict)  # by task: since when it counts as waiting
    objects: dict[str, bytes] = field(default_factory=dict)  # in the bucket
    kept: dict[str, bytes] = field(default_factory=dict)  # and before the time of the recorded talks was over
    left_at_twilio: set[str] = field(default_factory=set)  # the recordings, in the same moment
    quiet_at: float = float("inf")  # when the calls were over, and only messages were seen to
    settled: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)  # the rows of the calls then
    knowing: Knowing | None = None
    desks: Desks | None = None
    chats: Chats | None = None
    app: Any = None
    unfinished: bool = False  # somebody was still on the line after an hour

    @property
    def trace(self) -> list[TraceEvent]:
        return self.twilio.scheduler.trace

    @property
    def faults(self) -> Faults:
        return self.gateway.faults

    @property
    def functions(self) -> Lambda:
        return self.gateway.functions

    def rows(self) -> list[dict[str, Any]]:
        """Every row of the links table that is about a call."""
        from chalicelib.links.attributes import decode

        rows = [decode(item) for item in self.store.scan(TableName="cordboard-test-links")["Items"]]
        of_calls = [row for row in rows if row["call_sid"].startswith("CA")]
        return [self.settled.get((row["call_sid"], row["item"]), row) for row in of_calls]

    def settle(self) -> None:
        """The calls are over: what the hours do to them, in which Twilio's own timers end tasks, counts no more."""
        self.quiet_at = self.clock.now()
        of_calls = ("CALL", "WR")
        self.settled = {(row["call_sid"], row["item"]): row for row in self.rows() if row["item"].startswith(of_calls)}

    def callbacks(self) -> dict[str, dict[str, Any]]:
        """The callbacks, by the calls that asked for them."""
        return {row["call_sid"]: row for row in self.rows() if row["item"] == "CALLBACK"}

    def rows_of_work(self) -> dict[str, dict[str, Any]]:
        """The links of work that is no call, by their reservations."""
        from chalicelib.links.attributes import decode

        rows = [decode(item) for item in self.store.scan(TableName="cordboard-test-links")["Items"]]
        links = [row for row in rows if row["item"].startswith("WR")]
        return {row["item"]: row for row in links if row["call_sid"].startswith("WT") or row.get("consult_of")}


def play(plan: Plan) -> World:
    """Play the world of this plan to its end."""
    random.seed(plan.seed)  # urllib3's jitter
    clock = VirtualClock(START)
    twilio = _twilio(plan, clock)
    world = _make(plan, clock, twilio)
    transport = OutboundTransport(twilio, world.crm.answer, world.faults)
    own = rules(plan.on_crm_outage, plan.answers, plan.recorded)
    own = with_hours(own) if plan.hours else own
    rota = with_desks(world.texters.rota) if plan.desk else world.texters.rota
    team_files = (who_asks(own) if plan.known else own, rota)
    with running(world.call_centre, clock, _cloud(world), transport, team_files, console=plan.desk) as app:
        world.app = world.gateway.app = app
        if world.desks is not None:
            world.desks.open_all()
        _run(world)
    return world


def _cloud(world: World) -> Cloud:
    tables, secret = Tables(world.store, world.faults, world.crm.stored), rotated(world.twilio, world.faults)
    sns = Sns(world.twilio.scheduler, world.faults)
    ssm = Ssm(secret.text, world.twilio.scheduler, world.faults)
    s3 = S3(world.objects, world.faults)
    return Cloud(tables, Sqs(world.queue, world.faults), sns, ssm, s3)


def _twilio(plan: Plan, clock: VirtualClock) -> Twilio:
    """What is not certain about Twilio is drawn from the seed (contract 12)."""

    def ended_call(call_sid: str) -> EndedCall:
        faults = cast(Gateway, twilio.transport).faults
        return "leaves_task" if faults.happens("task_outlives_call", (call_sid,)) else "ends_task"

    twilio = Twilio(
        clock.now,
        ACCOUNT_SID,
        api_gateway.TOKEN,
        lambda scheduler: _gateway(plan, scheduler),
        plan.seed,
        **drawn(plan.seed, Worlds(ended_call=ended_call)),
    )
    return twilio


def _gateway(plan: Plan, scheduler: Scheduler) -> Gateway:
    faults = Faults(plan.seed, plan.rates, scheduler, SPAN)

    def dies(step: Step) -> bool:
        if plan.dies is None:
            return faults.happens("lambda_dies", step.about)
        if plan.dies(step):
            faults.record_fault("lambda_dies", step.about)
            return True
        return False

    return Gateway(scheduler, faults, Lambda(scheduler, dies))


def _make(plan: Plan, clock: VirtualClock, twilio: Twilio) -> World:
    gateway = cast(Gateway, twilio.transport)
    faults, store = gateway.faults, _tables()
    call_centre = build(twilio, plan.answers, SAME_WORKER_WAIT if plan.known else 0, chats=plan.desk)
    line = SUPPORT if plan.away else ""
    withheld = ANONYMOUS if plan.known else ""
    crowd = Crowd(call_centre, faults, plan.calls, SPAN, line=line, asks=plan.asks, withheld=withheld, known=plan.known)
    knowing = Knowing(store, faults, crowd.numbers, START + DAY) if plan.known else None
    Customers(twilio, faults, crowd.numbers)
    if plan.away:
        _send_away(call_centre)
    crm = CrmStub(faults, store, twilio.scheduler, crowd.numbers)
    Staff(call_centre, faults, START + SPAN)
    queue = Queue(twilio.scheduler, faults, lambda record, done: _job(world, record, done))
    orders = Orders(call_centre, gateway, plan.orders, SPAN, plan.chats if plan.desk else 0)
    desks = Desks(call_centre, gateway, crowd) if plan.desk else None
    chats = Chats(desks) if desks else None
    Stars(call_centre, faults, crowd)
    texters = Texters(call_centre, faults, START, SPAN, plan.texts)
    switching = Switching(call_centre, faults, SPAN if plan.hours else 0.0)
    parts = (store, crm, crowd, queue, orders, texters, switching)
    world = World(plan, clock, twilio, gateway, call_centre, *parts, knowing=knowing, desks=desks, chats=chats)

    twilio.scheduler.on_event.append(partial(_note, world))
    return world


def _send_away(call_centre: CallCentre) -> None:
    for name in WORKERS:
        call_centre.twilio.scheduler.emit("by_hand", sid=call_centre.workers[name].sid, activity="Offline")
        call_centre.twilio.router.lifecycle.set_activity(call_centre.workers[name], call_centre.activities["Offline"])


def _note(world: World, event: TraceEvent) -> None:
    """What Twilio knows now, and may have forgotten when the world is judged."""
    twilio, workspace, detail = world.twilio, world.twilio.router.workspace, event.detail
    if event.kind == "recording":
        sid = detail["url"].rpartition("/")[2]
        world.seconds_of[sid] = twilio.context.recordings.all[sid].seconds
    elif event.kind == "reservation":
        world.queue_of[detail["sid"]] = workspace.reservations[detail["sid"]].task.queue.friendly_name
    elif event.kind == "enqueued" and detail["task_sid"]:
        world.queue_of[detail["task_sid"]] = workspace.tasks[detail["task_sid"]].queue.friendly_name
    elif event.kind == "task" and detail["status"] == "pending" and detail["call_sid"]:
        world.routed.setdefault(detail["sid"], workspace.tasks[detail["sid"]].attributes)
    elif event.kind == "task" and detail["status"] == "pending":
        task = workspace.tasks[detail["sid"]]
        world.work_of[task.sid], world.places[task.sid] = task.attributes, task.virtual_start


def _tables() -> Dynamodb:
    return Dynamodb(resources.tables())


# --- What AWS starts by itself


def _job(world: World, record: Record, done: Done) -> None:
    """The event source mapping hands one record to the function; it went well unless the function raised or died."""
    event = api_gateway.sqs(record.body, str(record.receives))
    about = tuple(str(value) for name, value in json.loads(record.body).items() if name.endswith("_sid"))

    began, scheduler = world.clock.now(), world.twilio.scheduler

    def ended(result: object) -> None:
        failed = isinstance(result, BaseException)
        scheduler.emit("job", ended=repr(result)[:200] if failed else "done", began=str(began))
        done(not failed)

    consumer = consumer_of(record.body)
    world.functions.start(consumer, about, lambda: getattr(world.app, consumer)(event, None), JOB_TIMEOUT, ended)


def _sweep(world: World) -> None:
    scheduler = world.twilio.scheduler

    def ended(result: object) -> None:
        scheduler.emit("sweep", ended=repr(result)[:200] if isinstance(result, BaseException) else "done")

    scheduler.emit("sweep_begins")
    world.functions.start("sweep", (), lambda: world.app.sweep(api_gateway.schedule(), None), SWEEP_TIMEOUT, ended)


def _sweep_each_minute(world: World) -> None:
    def minute() -> None:
        if world.faults.on:
            _sweep(world)
            _sweep_each_minute(world)

    world.twilio.scheduler.after(SWEEP_EVERY, minute)


# --- The course of a world


def _run(world: World) -> None:
    """Callers and faults, until the last caller is gone; then calm, one sweep, and the end."""
    clock, scheduler = world.clock, world.twilio.scheduler
    _sweep_each_minute(world)
    while not world.unfinished and _somebody_calls(world):
        clock.run(scheduler, 10)
        world.unfinished = clock.now() > START + LONGEST
    world.faults.end()
    clock.run(scheduler, CALM_BEFORE_REDRIVE)
    world.queue.redrive()  # somebody has seen the alarm
    clock.run(scheduler, CALM)
    _sweep(world)
    clock.run(scheduler, 120)
    world.settle()
    _keep_messages(world)
    if world.plan.recorded:
        _hear_and_forget(world)


def _keep_messages(world: World) -> None:
    """Hours go by for the messages alone: what else is open by now would be mended by whole sweeps."""
    from chalicelib.lifecycle import reconcile

    clock, scheduler = world.clock, world.twilio.scheduler
    until = clock.now() + HOURS
    clock.run(scheduler, reconcile.UNTOLD_SECONDS - clock.now() % reconcile.UNTOLD_SECONDS)
    world.functions.start("sweep", (), lambda: _sweep_messages(world), SWEEP_TIMEOUT, lambda _result: None)
    clock.run(scheduler, 60)
    while (waiting := _waiting(world)) and clock.now() < until:
        clock.run(scheduler, max(0.0, min(waiting) - clock.now()) + 1)
        world.functions.start("sweep", (), lambda: _sweep_messages(world), SWEEP_TIMEOUT, lambda _result: None)
        clock.run(scheduler, 60)


def _waiting(world: World) -> list[float]:
    """When the sweep looks at what is yet to be kept, or seen to."""
    rows = (row for row in world.rows() if row.get("open") in OF_MESSAGES)
    return [row["check_at"] for row in rows if not (row["item"].startswith("TALK#") and row.get("deleted_at"))]


def _hear_and_forget(world: World) -> None:
    """Recordings are looked for once more; who may listen calls, and who may not; then the day of the talks is over."""
    from chalicelib.lifecycle import reconcile

    clock, scheduler = world.clock, world.twilio.scheduler
    clock.run(scheduler, reconcile.UNTOLD_SECONDS - clock.now() % reconcile.UNTOLD_SECONDS)
    for _ in range(3):
        world.functions.start("sweep", (), lambda: _sweep_messages(world), SWEEP_TIMEOUT, lambda _result: None)
        clock.run(scheduler, 180)
    for name in (LISTENER, NO_LISTENER):
        there = (hears("PIN"), presses(f"{PIN}#"), hears("Press"), presses("8"), hears("number of a recording"))
        world.twilio.dial(TEXTERS[name], STAFF, [*there, presses("0#"), waits(20), hangs_up()])
        clock.run(scheduler, 120)
    world.kept, at_twilio = dict(world.objects), world.twilio.context.recordings.all
    world.left_at_twilio = {sid for sid, one in at_twilio.items() if one.status != "absent"}  # of which there is sound
    clock.run(scheduler, DAY)
    for _ in range(2):
        world.functions.start("sweep", (), lambda: _sweep_messages(world), SWEEP_TIMEOUT, lambda _result: None)
        clock.run(scheduler, 60)


def _sweep_messages(world: World) -> None:
    from chalicelib.lifecycle import reconcile

    for sweep in (reconcile._recordings, reconcile._offers, reconcile._untold):
        reconcile._pass(sweep, world.clock.now, world.clock.now() + SWEEP_TIMEOUT, Counter())


def _somebody_calls(world: World) -> bool:
    calls = world.twilio.context.calls
    return (
        world.crowd.to_come > 0
        or world.orders.to_come > 0
        or any(not calls[sid].is_over for sid in world.crowd.callers)
        or any("open" in row for row in world.callbacks().values())
        or (world.chats is not None and world.chats.are_open)
    )

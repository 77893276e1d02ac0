"""What really happened in a world: the emulator's events by caller, leg, reservation, task and worker."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from emulator.clock.scheduler import TraceEvent
from emulator.voice.calls import Call
from tests.simulation.call_centre import STAFF
from tests.simulation.callers import Caller
from tests.simulation.gateway import Delivery
from tests.simulation.world import World

FOREVER = float("inf")
KEYS_OF_MESSAGES = "What becomes of it?"


@dataclass
class Conversation:
    caller_sid: str
    worker_call_sid: str
    reservation_sid: str
    start: float
    end: float = FOREVER


@dataclass
class Leg:
    """A worker leg. `own`: the application placed it; else TaskRouter did. Times are FOREVER until they come."""

    sid: str
    call_sid: str
    reservation_sid: str
    own: bool
    by_desk: bool = False  # TaskRouter placed it for a worker at the desk, who took the caller there
    asked: float = FOREVER  # when it was ordered; Twilio may make it wait
    dialed: float = FOREVER
    ringing: float = FOREVER
    answered: float = FOREVER
    ended: float = FOREVER
    status: str = ""
    conversations: list[Conversation] = field(default_factory=list)
    is_machine: bool = False  # that answered, if anybody did
    sounds_like_machine: bool = False  # a machine, or a person whom the detection takes for one
    ended_by: str = ""
    asks: list[float] = field(default_factory=list)  # when the worker was asked for a key
    keys_told: list[float] = field(default_factory=list)  # when the worker had heard a message, and was told the keys
    replies: list[tuple[float, str]] = field(default_factory=list)  # what was pressed or said before the talk
    keys: list[tuple[float, str]] = field(default_factory=list)  # what was pressed in the talk, or after it

    @property
    def stars(self) -> list[float]:
        """When the star key was pressed in the talk, or after it."""
        return [at for at, key in self.keys if key == "*"]


@dataclass
class Reserved:
    """A reservation and its statuses in order."""

    sid: str
    call_sid: str
    task_sid: str
    worker_sid: str
    worker: str
    statuses: list[tuple[float, str]] = field(default_factory=list)

    @property
    def status(self) -> str:
        return self.statuses[-1][1]

    @property
    def ended_in_vain(self) -> float:
        """When it ended without a conversation."""
        vain = ("rejected", "timeout", "canceled", "rescinded")
        return next((at for at, status in self.statuses if status in vain), FOREVER)


@dataclass
class Called:
    """One caller's call."""

    caller: Caller
    dialed: float
    answered: float = FOREVER
    enqueued: float = FOREVER
    left_queue: float = FOREVER
    ended: float = FOREVER
    ended_by: str = ""
    sounds: list[tuple[float, str]] = field(default_factory=list)
    conversations: list[Conversation] = field(default_factory=list)
    waits: list[tuple[float, str]] = field(default_factory=list)  # when the caller joined a queue, and which

    @property
    def hung_up(self) -> bool:
        return self.caller.hung_up_at > 0


@dataclass(frozen=True)
class Move:
    """A worker who got to another activity, and whether a person did that."""

    at: float
    activity: str
    by_hand: bool


@dataclass(frozen=True)
class Mail:
    at: float
    subject: str
    text: str


@dataclass(frozen=True)
class Fault:
    at: float
    kind: str
    about: frozenset[str]


@dataclass
class Work:
    """Of work that is no call: worker legs and reservations by sid, tasks by sid, and who rang a customer and when."""

    legs: dict[str, Leg] = field(default_factory=dict)
    reservations: dict[str, Reserved] = field(default_factory=dict)
    tasks: dict[str, list[tuple[float, str]]] = field(default_factory=dict)
    customers: list[tuple[float, str, str]] = field(default_factory=list)  # when, whose leg dialled, what number
    talks: list[tuple[str, str]] = field(
        default_factory=list
    )  # the worker's leg, and who answered the customer's phone


@dataclass
class Secret:
    """When the process came to know the secret, and when it knew none; sweeps and jobs for which there was none."""

    changes: list[tuple[float, bool]] = field(default_factory=lambda: [(0.0, False)])
    missed: list[tuple[float, float, str]] = field(default_factory=list)  # from when to when, and what

    def was_known(self, since: float, until: float) -> bool:
        """Whether the process had read it, all this time. Each that starts cold has yet to."""
        before = [known for at, known in self.changes if at <= since]
        return before[-1] and all(known for at, known in self.changes if since <= at <= until)


def _of_leg(leg: Call) -> tuple[str, str]:
    """The caller's call, or the task, and the reservation that this leg of a worker's is for."""
    if leg.dequeues and not leg.callback.url:
        return leg.dequeues.caller_call_sid, leg.dequeues.reservation_sid
    subject, reservation_sid, _ = leg.callback.url.partition("/worker/")[2].split("/")
    return subject, reservation_sid


class Observed:
    def __init__(self, world: World) -> None:
        self.world = world
        self.calls: dict[str, Called] = {}
        self.legs: dict[str, Leg] = {}
        self.reservations: dict[str, Reserved] = {}
        self.tasks: dict[str, list[tuple[float, str, str]]] = {}  # times, statuses and callers
        self.activities: dict[str, list[tuple[float, str]]] = {}  # of each worker
        self.moves: dict[str, list[Move]] = {}  # the same
        self._hands: dict[str, str] = {}  # what a person is just about to set, by worker
        self.work = Work()
        self.faults: list[Fault] = []
        self.mails: list[Mail] = []
        self.sweeps: list[tuple[float, float]] = []  # of those that ended well: from when to when
        self._began = 0.0
        self._customers: dict[str, str] = {}  # who takes each customer's phone at its latest ring
        self._dialing: dict[str, str] = {}  # the latest leg, by the number that it is for
        self.crm_seconds: list[tuple[str, float]] = []  # how long the CRM held a job, with the caller's CallSid
        self.crm_overreads = 0
        self.secret = Secret()
        self.sent_again: list[str] = []  # writes whose first try was not answered in time
        self.warnings: list[tuple[float, str, str]] = []
        self.rooms: list[tuple[float, str]] = []  # when which leg entered a room
        self._replay(world.trace)

    def _replay(self, trace: Sequence[TraceEvent]) -> None:
        for event in trace:
            take = getattr(self, f"_{event.kind}", None)
            if take is not None:
                take(event, event.detail)

    @cached_property
    def deliveries(self) -> Mapping[str, list[Delivery]]:
        """What was delivered to each route."""
        found: defaultdict[str, list[Delivery]] = defaultdict(list)
        for delivery in self.world.gateway.deliveries:
            found[delivery.route].append(delivery)
        return found

    @cached_property
    def secret_failed_at(self) -> list[float]:
        """When SSM did not give the secret."""
        return [fault.at for fault in self.faults if fault.kind.startswith("ssm")]

    def faults_about(self, about: Iterable[str], kinds: Iterable[str] = (), since: float = 0.0) -> list[Fault]:
        """The faults about any of these sids; of these kinds, if any are named (by their beginnings)."""
        sids, beginnings = {sid for sid in about if sid}, tuple(kinds)
        return [
            fault
            for fault in self.faults
            if fault.about & sids and fault.at >= since and (not beginnings or fault.kind.startswith(beginnings))
        ]

    def reserved(self, sid: str) -> Reserved:
        """The reservation of a talk, which may be of a colleague who was asked first."""
        return self.reservations.get(sid) or self.work.reservations[sid]

    def activity_at(self, worker_sid: str, at: float) -> str:
        """The worker's activity just after this moment."""
        return next((name for since, name in reversed(self.activities.get(worker_sid, [])) if since <= at), "Available")

    # One method for each kind of event

    def _dialed(self, event: TraceEvent, detail: Mapping[str, str]) -> None:
        sid = detail["sid"]
        caller = self.world.crowd.callers.get(sid)
        if caller is not None:
            self.calls[sid] = Called(caller, event.at)
            return
        leg = self.world.twilio.context.calls[sid]
        if leg.to == STAFF:
            return
        if leg.parent_sid:
            self.work.customers.append((event.at, leg.parent_sid, detail["to"]))
            return
        subject, reservation_sid = _of_leg(leg)
        self._dialing[detail["to"]] = sid
        is_work = subject.startswith("WT") or reservation_sid in self.work.reservations
        if event.at > self.world.quiet_at and not is_work:
            return
        legs = self.work.legs if is_work else self.legs
        by_desk = not leg.callback.url
        own = leg.callback.method == "POST" and not by_desk
        legs[sid] = Leg(sid, subject, reservation_sid, own, by_desk, leg.created, event.at)

    def _leg(self, sid: str) -> Leg | None:
        """Of a worker; None for a caller's, or a customer's."""
        return self.legs.get(sid) or self.work.legs.get(sid)

    def _picks_up(self, event: TraceEvent, detail: Mapping[str, str]) -> None:
        leg = self._leg(self._dialing[detail["to"]])
        assert leg is not None or event.at > self.world.quiet_at
        if leg is None:
            return
        leg.is_machine, leg.sounds_like_machine = detail["who"] == "a machine", detail["who"] != "a person"

    def _pressed(self, event: TraceEvent, detail: Mapping[str, str]) -> None:
        if leg := self._leg(detail["sid"]):
            (leg.keys if leg.conversations else leg.replies).append((event.at, detail["digits"]))

    def _said(self, event: TraceEvent, detail: Mapping[str, str]) -> None:
        if leg := self._leg(detail["sid"]):
            leg.replies.append((event.at, detail["text"]))

    def _customer(self, event: TraceEvent, detail: Mapping[str, str]) -> None:
        self._customers[detail["to"]] = detail["who"]

    def _ringing(self, event: TraceEvent, detail: Mapping[str, str]) -> None:
        if leg := self._leg(detail["sid"]):
            leg.ringing = event.at

    def _answered(self, event: TraceEvent, detail: Mapping[str, str]) -> None:
        sid = detail["sid"]
        if one := self.calls.get(sid) or self._leg(sid):
            one.answered = event.at

    def _ended(self, event: TraceEvent, detail: Mapping[str, str]) -> None:
        sid = detail["sid"]
        if sid in self.calls:
            self.calls[sid].ended, self.calls[sid].ended_by = event.at, detail["by"]
        elif leg := self._leg(sid):
            leg.ended, leg.status, leg.ended_by = event.at, detail["status"], detail["by"]

    def _heard(self, event: TraceEvent, detail: Mapping[str, str]) -> None:
        if detail["sid"] in self.calls:
            self.calls[detail["sid"]].sounds.append((event.at, detail["text"]))
        elif leg := self._leg(detail["sid"]):
            if "Press 1" in detail["text"]:
                leg.asks.append(event.at)
            elif detail["text"] == KEYS_OF_MESSAGES:
                leg.keys_told.append(event.at)

    def _played(self, event: TraceEvent, detail: Mapping[str, str]) -> None:
        if detail["sid"] in self.calls:
            self.calls[detail["sid"]].sounds.append((event.at, detail["url"]))

    def _joined(self, event: TraceEvent, detail: Mapping[str, str]) -> None:
        if detail["caller_sid"] not in self.calls:  # of work that is no call
            number = self.world.twilio.context.calls[detail["worker_sid"]].to
            self.work.talks.append((detail["caller_sid"], self._customers.get(number, "")))
            return
        if event.at > self.world.quiet_at:
            return
        talk = Conversation(detail["caller_sid"], detail["worker_sid"], detail["reservation_sid"], event.at)
        self.calls[talk.caller_sid].conversations.append(talk)
        if leg := self._leg(talk.worker_call_sid):  # a colleague's, who was asked first, is of work that is no call
            leg.conversations.append(talk)

    def _parted(self, event: TraceEvent, detail: Mapping[str, str]) -> None:
        if detail["caller_sid"] in self.calls and event.at <= self.world.quiet_at:
            self.calls[detail["caller_sid"]].conversations[-1].end = event.at

    def _reservation(self, event: TraceEvent, detail: Mapping[str, str]) -> None:
        if detail["call_sid"] and event.at > self.world.quiet_at:
            return
        sid, reservations = detail["sid"], self.reservations if detail["call_sid"] else self.work.reservations
        if sid not in reservations:
            who = (detail["call_sid"], detail["task_sid"], detail["worker_sid"], detail["worker"])
            reservations[sid] = Reserved(sid, *who)
        reservations[sid].statuses.append((event.at, detail["status"]))

    def _task(self, event: TraceEvent, detail: Mapping[str, str]) -> None:
        if detail["call_sid"] and event.at > self.world.quiet_at:
            return
        if detail["call_sid"]:
            self.tasks.setdefault(detail["sid"], []).append((event.at, detail["status"], detail["call_sid"]))
        else:
            self.work.tasks.setdefault(detail["sid"], []).append((event.at, detail["status"]))

    def _worker(self, event: TraceEvent, detail: Mapping[str, str]) -> None:
        sid, name = detail["sid"], detail["activity"]
        self.activities.setdefault(sid, []).append((event.at, name))
        desks = self.world.desks
        by_end_of_page = name == "Offline" and desks is not None and desks.is_set_offline(sid, event.at)
        by_hand = self._hands.pop(sid, "") == name or by_end_of_page
        self.moves.setdefault(sid, []).append(Move(event.at, name, by_hand))

    def _by_hand(self, event: TraceEvent, detail: Mapping[str, str]) -> None:
        before = self.moves.get(detail["sid"], [])
        if (before[-1].activity if before else "Available") != detail["activity"]:
            self._hands[detail["sid"]] = detail["activity"]
        elif before:  # it was so already: from now on it is so by hand
            before[-1] = Move(before[-1].at, before[-1].activity, by_hand=True)

    def _mail(self, event: TraceEvent, detail: Mapping[str, str]) -> None:
        self.mails.append(Mail(event.at, detail["subject"], detail["text"]))

    def _sweep_begins(self, event: TraceEvent, detail: Mapping[str, str]) -> None:
        self._began = event.at

    def _sweep(self, event: TraceEvent, detail: Mapping[str, str]) -> None:
        if detail["ended"] == "done":
            self.sweeps.append((self._began, event.at))
        self._look_for_denied("a sweep", self._began, event)

    def _job(self, event: TraceEvent, detail: Mapping[str, str]) -> None:
        self._look_for_denied("a job", float(detail["began"]), event)

    def _look_for_denied(self, what: str, began: float, event: TraceEvent) -> None:
        if event.detail["ended"].startswith("TwilioDenied('no credentials"):
            self.secret.missed.append((began, event.at, what))

    def _cold_process(self, event: TraceEvent, detail: Mapping[str, str]) -> None:
        self.secret.changes.append((event.at, False))

    def _secret_read(self, event: TraceEvent, detail: Mapping[str, str]) -> None:
        self.secret.changes.append((event.at, True))

    def _enqueued(self, event: TraceEvent, detail: Mapping[str, str]) -> None:
        if detail["sid"] in self.calls:
            call = self.calls[detail["sid"]]
            call.enqueued = event.at
            call.left_queue = FOREVER
            call.waits.append((event.at, self.world.queue_of.get(detail["task_sid"], "")))

    def _conference(self, event: TraceEvent, detail: Mapping[str, str]) -> None:
        if detail["event"] == "participant-join":
            self.rooms.append((event.at, detail["call_sid"]))

    def _left_queue(self, event: TraceEvent, detail: Mapping[str, str]) -> None:
        if detail["sid"] in self.calls:
            self.calls[detail["sid"]].left_queue = event.at

    def _fault(self, event: TraceEvent, detail: Mapping[str, str]) -> None:
        self.faults.append(Fault(event.at, detail["fault"], frozenset(detail["about"].split())))

    def _crm_took(self, event: TraceEvent, detail: Mapping[str, str]) -> None:
        self.crm_seconds.append((detail["call_sid"], float(detail["seconds"])))

    def _crm_overread(self, event: TraceEvent, detail: Mapping[str, str]) -> None:
        self.crm_overreads += 1

    def _sent_again(self, event: TraceEvent, detail: Mapping[str, str]) -> None:
        self.sent_again.append(detail["request"])

    def _warning(self, event: TraceEvent, detail: Mapping[str, str]) -> None:
        self.warnings.append((event.at, detail["code"], detail["sid"]))

"""Workers at the agent desk: their pages do what the desk's scripts do, and what goes wrong around a browser happens.

A page hears of reservations over the event bridge, asks the application about each card, takes who may be taken by the
conference instruction, and wraps up. Where the worker's phone is the browser, the page is the phone as well.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from chalicelib.console import access
from chalicelib.staff.rota import Packaged
from chalicelib.twilio import urls
from emulator.ports import Peer
from emulator.rest.framework import RestAnswer
from emulator.taskrouter.model import Worker
from tests.simulation.asking_first import ORDER, Asking, Rooms
from tests.simulation.call_centre import ACCOUNT_SID, CHATTERS, WORKERS, CallCentre
from tests.simulation.callers import Crowd
from tests.simulation.faults import Faults
from tests.simulation.gateway import API_TIMEOUT, Gateway
from tests.support.api_gateway import event_of
from tests.support.console import CLAIMS

BROWSER = "client:Carl"  # whose phone is the browser
AT_DESK: Mapping[str, str] = {"Bea": WORKERS["Bea"][0], "Carl": BROWSER, "Dora": WORKERS["Dora"][0]}
KEY, SECRET = "SK" + "d0" * 16, "an API key's secret of 32 letters"
OFFLINE_WITHIN = 11.0  # of the end of a worker's last page, which sets them offline at Twilio
ASKS_AGAIN = 1.0
RENEWED_AFTER = 3000.0  # of the hour for which a token holds
NO_ANSWER = {"statusCode": 0, "body": "{}"}
OPEN = ("pending", "accepted", "wrapping")


@dataclass
class Shown:
    """A card on a page. `state` is our application's word, `status` TaskRouter's."""

    reservation_sid: str
    call_sid: str
    status: str
    state: str = "asking"
    is_decided: bool = False
    ways: Sequence[str] = ()  # where the caller may be given
    is_given: bool = False


@dataclass
class Written:
    """What a worker wrote at the desk, and was told that it is kept."""

    reservation_sid: str
    note: str


@dataclass
class Desks:
    """`yes` is when a page first showed that a caller may be taken, by reservation; `closed` when pages ended.

    `gave` are the callers whom a worker wanted to give away, by reservation; `sent` is what was written of talks, and
    `written` what of it was answered.
    """

    call_centre: CallCentre
    gateway: Gateway
    crowd: Crowd
    pages: list["Page"] = field(default_factory=list)
    yes: dict[str, float] = field(default_factory=dict)
    gave: dict[str, str] = field(default_factory=dict)
    written: list[Written] = field(default_factory=list)
    sent: list[Written] = field(default_factory=list)
    closed: dict[str, list[float]] = field(default_factory=dict)
    others: "dict[str, Callable[[Desks, str], Page]]" = field(
        default_factory=dict
    )  # the pages of those who take no callers

    def __post_init__(self) -> None:
        twilio = self.call_centre.twilio
        twilio.account.api_keys[KEY] = SECRET
        Rooms(self.call_centre)
        for name, contact_uri in AT_DESK.items():
            worker = self.call_centre.workers[name]
            attributes = {**worker.attributes, "desk": True, "contact_uri": contact_uri}
            twilio.router.engine.lifecycle.set_worker_attributes(worker, attributes)

    def open_all(self) -> None:
        """Everybody comes to their desk, and some twice."""
        for name in (*AT_DESK, *self.others):
            self.open(name)
            if self.faults.happens("desk_second_tab"):
                self.open(name)

    @property
    def faults(self) -> Faults:
        return self.gateway.faults

    def open(self, name: str) -> None:
        page = self.others.get(name, Page)(self, name)
        self.pages.append(page)
        page.open()

    def is_set_offline(self, worker_sid: str, at: float) -> bool:
        """Whether the end of this worker's last page does so."""
        return any(closed <= at <= closed + OFFLINE_WITHIN for closed in self.closed.get(worker_sid, []))


def with_desks(rota: Packaged) -> Packaged:
    """The rota of a stage in which these workers have a desk."""
    return Packaged(
        shifts=rota.shifts,
        until=rota.until,
        extensions=rota.extensions,
        pins=rota.pins,
        desks={_mail(name): name for name in (*AT_DESK, *CHATTERS)},
    )


def _mail(name: str) -> str:
    return f"{name.lower()}@example.com"


@dataclass(eq=False)
class Page:
    """One tab. `cards` by reservation; what happens once it is dead changes nothing."""

    desks: Desks
    name: str
    cards: dict[str, Shown] = field(default_factory=dict)
    is_dead: bool = False
    _token: str = ""
    _socket: "_EventSocket | None" = None
    _bridge: Peer | None = None
    _phone: Peer | None = None

    @property
    def worker(self) -> Worker:
        return self.desks.call_centre.workers[self.name]

    @property
    def _twilio(self) -> Any:
        return self.desks.call_centre.twilio

    @property
    def _faults(self) -> Faults:
        return self.desks.faults

    def _happens(self, kind: str, card: Shown | None = None) -> bool:
        about = (card.reservation_sid, card.call_sid) if card else ()
        return self._faults.happens(kind, (*about, self.worker.sid))

    # Connections

    def open(self) -> None:
        """The phone first: whoever is available without one is sent callers who reach nobody."""
        if AT_DESK.get(self.name) == BROWSER:
            self._phone = self._twilio.connect("/signal", {}, _PhoneSocket(self))
        self._connect()
        if self._phone is not None:
            self._phone.received(_frame("register", {"media": {"audio": True}}))

    def _connect(self) -> None:
        """With a new token, which the phone is told; the old connection ends when there is a new one."""
        workspace = self._twilio.router.workspace.sid
        bearer = access.Bearer(ACCOUNT_SID, workspace, self.worker.sid, access.identity_of(self.name))
        self._token = access.token(bearer, KEY, SECRET, self._twilio.scheduler.now())
        if self._phone is not None:
            self._phone.received(_frame("listen", {"token": self._token}))
        before, self._socket = self._bridge, _EventSocket(self)
        self._bridge = self._twilio.connect("/v1/wschannels", {"token": self._token}, self._socket)
        if before is not None:
            before.closed()
        self._later(RENEWED_AFTER, self._connect)

    def die(self) -> None:
        """The tab is gone, in the middle of whatever it did; another one is opened in a while."""
        if self.is_dead:
            return
        self.is_dead = True
        scheduler = self._twilio.scheduler
        self.desks.closed.setdefault(self.worker.sid, []).append(scheduler.now())
        for peer in (self._bridge, self._phone):
            if peer is not None:
                peer.closed()
        scheduler.after(self._faults.seconds("desk_tab_dies", 1, 40), partial(self.desks.open, self.name))

    def _may_die(self, card: Shown) -> bool:
        if self._faults.on and self._happens("desk_tab_dies", card):
            self.die()
        return self.is_dead

    def _later(self, seconds: float, act: Callable[[], object]) -> None:
        self._twilio.scheduler.after(seconds, lambda: None if self.is_dead else act())

    # What TaskRouter tells

    def heard(self, socket: "_EventSocket", kind: str, payload: Mapping[str, Any]) -> None:
        """A frame of the event bridge, which may be late, come twice, or be lost."""
        if self.is_dead or socket is not self._socket:
            return
        if kind == "init":
            self._later(0.1, self._look)
            return
        about = (payload["sid"], self.worker.sid)
        if not kind.startswith("reservation.") or self._faults.happens("desk_event_never", about):
            return
        late = self._faults.seconds("desk_event_late", 1, 20) if self._faults.happens("desk_event_late", about) else 0
        self._later(0.05 + late, lambda: self._show(payload))
        if self._faults.happens("desk_event_twice", about):
            self._later(0.05 + self._faults.seconds("desk_event_twice", 0, 20), lambda: self._show(payload))

    def _look(self) -> None:
        """After each connection: what happened meanwhile was announced to nobody."""
        answer = self._ask("GET", f"Workers/{self.worker.sid}/Reservations", {"Active": "true"})
        body: Any = answer.body if answer and answer.status == 200 else {"payload": {"contents": []}}
        for payload in body["payload"]["contents"]:
            self._show(payload)

    def _show(self, payload: Mapping[str, Any]) -> None:
        card = self._card(payload, json.loads(payload["task"]["attributes"]).get("call_sid", ""))
        if card is None:
            return
        if card.status == "wrapping" and not card.is_decided:
            self._wraps_up(card)
        elif card.status == "accepted":
            self._later(self._faults.seconds("desk in the talk", 0.5, 20), lambda: self._may_die(card))
            self._may_give(card)

    def _card(self, payload: Mapping[str, Any], subject: str) -> Shown | None:
        """The card of this reservation as it stands; none when it is over, or, without a subject, another page's."""
        sid, status = payload["sid"], payload["reservation_status"]
        if not subject or status not in OPEN:
            self.cards.pop(sid, None)
            return None
        card = self.cards.get(sid)
        if card is None:
            card = self.cards[sid] = Shown(sid, subject, status)
            self._follow(card)
        if OPEN.index(status) > OPEN.index(card.status):
            card.status, card.is_decided = status, False
        return card

    # Our application

    def _follow(self, card: Shown) -> None:
        """It says when the CRM has said yes; until then it is asked again and again."""

        def came(status: int, body: Mapping[str, Any]) -> None:
            if status == 200:
                self._learn(card, body)
            if card.state == "asking":
                self._later(ASKS_AGAIN, lambda: self._follow(card) if card.reservation_sid in self.cards else None)
            elif card.state == "yes" and card.status == "pending":
                self.desks.yes.setdefault(card.reservation_sid, self._twilio.scheduler.now())
                self._decides(card)

        self.fetch(urls.DESK_CARD, "GET", card, {}, came)

    def _learn(self, card: Shown, body: Mapping[str, Any]) -> None:
        card.state, card.ways = body["state"], body["ways"]

    def fetch(
        self,
        route: urls.Route,
        method: str,
        card: Shown,
        order: Mapping[str, str],
        came: Callable[[int, Mapping[str, Any]], None],
    ) -> None:
        """`came` gets status and body; status 0: no answer."""
        lost = self._happens("desk_request_lost", card)
        before = lost and self._faults.stream("desk_request_lost when").random() < 0.5
        path = {"subject": card.call_sid, "reservation_sid": card.reservation_sid}

        def ended(result: object) -> None:
            answer: dict[str, Any] = result if isinstance(result, dict) and not lost else NO_ANSWER
            self._later(0.05, lambda: came(answer["statusCode"], json.loads(answer["body"])))

        if before:
            self._later(API_TIMEOUT, lambda: came(0, {}))
            return
        event = event_of(method, route.path, path)
        claims = {**CLAIMS, "cognito:groups": "agents", "email": _mail(self.name)}
        event["requestContext"]["authorizer"] = {"claims": claims}
        event["body"] = json.dumps(order) if order else None
        about = (card.reservation_sid, card.call_sid, self.worker.sid)
        gateway = self.desks.gateway
        run = lambda: gateway.app.app(event, None)  # noqa: E731 - as the other invocations are given
        self._later(0.05, lambda: gateway.functions.start(route.path, about, run, API_TIMEOUT, ended))

    # What the worker does

    def _decides(self, card: Shown) -> None:
        if card.is_decided or self._may_die(card):
            return
        card.is_decided = True
        if self._happens("desk_ignores", card):
            return
        thinks = self._faults.seconds("desk thinks", 0.3, 6)
        self._later(thinks, lambda: self._take(card))
        if self._happens("desk_presses_twice", card):
            self._later(thinks + self._faults.seconds("desk_presses_twice", 0, 1.5), lambda: self._take(card))

    def _take(self, card: Shown) -> None:
        if card.status != "pending" or card.reservation_sid not in self.cards:
            return
        ends = {"EndConferenceOnExit": True, "EndConferenceOnCustomerExit": True}
        params = {"Instruction": "conference", "From": "+14155550100", **ends}
        path = f"Workers/{self.worker.sid}/Reservations/{card.reservation_sid}"
        answer = self._ask("POST", path, params, (card.reservation_sid, card.call_sid))
        if answer is None:  # the worker presses once more
            self._later(self._faults.seconds("desk presses again", 1, 4), lambda: self._take(card))
        self._may_die(card)

    def _may_give(self, card: Shown) -> None:
        """To a queue or a person; who presses twice may press another choice."""
        if card.is_given or not card.ways:
            return
        if self._happens("desk_asks_first", card):
            self._ask_first(card)
            return
        if not self._happens("desk_gives_away", card):
            return
        card.is_given = True
        self.desks.gave[card.reservation_sid] = card.call_sid
        stream, after = self._faults.stream("desk gives"), self._faults.seconds("desk_gives_away", 0.5, 12)
        for _ in range(1 + self._happens("desk_presses_twice", card)):
            to = stream.choice(card.ways)
            self._later(after + stream.uniform(0, 2), partial(self._give, card, to))

    def _ask_first(self, card: Shown) -> None:
        card.is_given = True
        self.desks.gave[card.reservation_sid] = card.call_sid
        to = self._faults.stream("desk asks").choice(card.ways)
        Asking(self, card, self._later).begin(to, self._faults.seconds("desk_asks_first", 0.5, 8))

    def _give(self, card: Shown, to: str) -> None:
        def came(status: int, _body: Mapping[str, Any]) -> None:
            if status in (0, 503) and self._faults.on and card.status == "accepted":
                self._later(self._faults.seconds("desk gives again", 1, 25), lambda: self._give(card, to))

        if card.status == "accepted":
            self.fetch(urls.DESK_GIVE, "POST", card, {"sid": ORDER, "to": to}, came)

    def _wraps_up(self, card: Shown) -> None:
        card.is_decided = True
        if self._may_die(card) or self._happens("desk_leaves_wrap_up", card):
            return
        stream = self._faults.stream("desk note")
        note = f"note {stream.randrange(10**6)}"
        self._later(self._faults.seconds("desk writes", 0.5, 15), lambda: self._done(card, note))

    def _done(self, card: Shown, note: str) -> None:
        self.desks.sent.append(Written(card.reservation_sid, note))

        def came(status: int, _body: Mapping[str, Any]) -> None:
            if status == 200:
                self.desks.written.append(Written(card.reservation_sid, note))
            elif status in (0, 503) and self._faults.on:
                self._later(ASKS_AGAIN, lambda: self._done(card, note))

        order = {"sid": "0" * 8 + "-0000-4000-8000-" + card.reservation_sid[-12:], "note": note}
        self.fetch(urls.DESK_WRAP_UP, "POST", card, order, came)

    def _ask(
        self, method: str, path: str, params: Mapping[str, object], about: tuple[str, ...] = ()
    ) -> RestAnswer | None:
        """A POST to the event bridge; None: no answer came, and it may have been done all the same."""
        lost = self._faults.happens("desk_answer_lost", (*about, self.worker.sid))
        if lost and self._faults.stream("desk_answer_lost when").random() < 0.5:
            return None
        url = f"Workspaces/{self._twilio.router.workspace.sid}/{path}"
        body = {"url": url, "method": method, "params": params, "token": self._token}
        try:
            answer: RestAnswer = self._twilio.bridged(json.dumps(body).encode(), {})
        finally:
            self._twilio.bridge.answered()
        return None if lost else answer

    # The phone in the browser

    def rung(self, call_sid: str) -> None:
        """By itself, as the worker has taken the caller."""
        self._later(self._faults.seconds("desk answers", 0.05, 0.5), lambda: self._phone_says("answer", call_sid))

    def _phone_says(self, kind: str, call_sid: str) -> None:
        if self._phone is not None:
            self._phone.received(_frame(kind, {"callsid": call_sid, "sdp": "v=0"}))


def _frame(kind: str, payload: Mapping[str, object]) -> str:
    return json.dumps({"type": kind, "payload": payload})


@dataclass(frozen=True, eq=False)
class _EventSocket:
    """Implements the emulator's port `Socket`."""

    page: Page

    def send(self, text: str) -> None:
        frame = json.loads(text)
        self.page.heard(self, frame["event_type"], frame["payload"])

    def close(self, _code: int, _reason: str) -> None:
        """Nobody closes it but the page."""


@dataclass(frozen=True)
class _PhoneSocket:
    """Implements the same."""

    page: Page

    def send(self, text: str) -> None:
        frame = json.loads(text)
        if frame["type"] == "invite" and not self.page.is_dead:
            self.page.rung(frame["payload"]["callsid"])

    def close(self, _code: int, _reason: str) -> None:
        """The same."""

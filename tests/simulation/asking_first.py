"""Workers at the desk who talk to a colleague first, and who is with whom in the rooms of the desk meanwhile."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.twilio import urls
from emulator.clock.scheduler import TraceEvent
from emulator.ports import TwilioError
from emulator.voice.calls import Call
from tests.simulation.call_centre import CallCentre

if TYPE_CHECKING:
    from tests.simulation.desks import Page, Shown

LOOKS_EACH = 2.0
TALKS_ON = 0.8
HANGS_UP, SAYS_NOTHING = "hangs up", "says nothing"
# What a worker does once the colleague is there, or while nobody is, or when nobody comes any more.
WAYS: Mapping[str, tuple[str, ...]] = {
    "asking": ("back", "back", HANGS_UP, "give", SAYS_NOTHING),
    "talking": ("hand over", "hand over", "hand over", "both", "back", HANGS_UP, "give", SAYS_NOTHING),
    "over": ("back", "back", HANGS_UP, "give"),
    "both": ("hand over", "back", HANGS_UP),
}


class Pair(NamedTuple):
    """Who talks to this caller: a worker's leg, for this reservation."""

    caller_sid: str
    leg_sid: str
    reservation_sid: str


class Rooms:
    """Who is in a room of TaskRouter's with a caller talks to them, as by a queue: the worker, and then the colleague.

    A caller on hold is still the worker's, as long as that one is there.
    """

    def __init__(self, call_centre: CallCentre) -> None:
        self._twilio = call_centre.twilio
        self._talks: dict[str, Pair] = {}
        self._twilio.scheduler.on_event.append(self._hear)

    def _hear(self, event: TraceEvent) -> None:
        if event.kind != "conference" or not event.detail["name"].startswith("WT"):
            return
        room_sid = event.detail["sid"]
        before, now = self._talks.get(room_sid), self._pair(room_sid)
        if before == now:
            return
        if before is not None:
            del self._talks[room_sid]
            self._twilio.scheduler.emit("parted", caller_sid=before.caller_sid, worker_sid=before.leg_sid)
        if now is not None:
            self._talks[room_sid] = now
            sids = {"caller_sid": now.caller_sid, "worker_sid": now.leg_sid}
            self._twilio.scheduler.emit("joined", **sids, reservation_sid=now.reservation_sid)

    def _pair(self, room_sid: str) -> Pair | None:
        here = list(self._twilio.context.conferences.all[room_sid].participants.values())
        caller = next((one for one in here if one.call.direction == "inbound"), None)
        if caller is None:
            return None
        worker = next((one.call for one in here if one.call.dequeues), None)
        if worker is not None and worker.dequeues is not None:
            return Pair(caller.call.sid, worker.sid, worker.dequeues.reservation_sid)
        colleague = None if caller.hold else next((one.call for one in here if _asked(one.call)), None)
        return Pair(caller.call.sid, colleague.sid, _asked(colleague)) if colleague else None


def _asked(leg: Call) -> str:
    """The reservation of the colleague whose leg this is; empty for others."""
    _, found, rest = leg.callback.url.partition("/worker/")
    return rest.split("/")[1] if found else ""


class Asking:
    """One worker's page asks somebody first, looks at the card until that is over, and does something then."""

    def __init__(self, page: "Page", card: "Shown", later: Callable[[float, Callable[[], object]], None]) -> None:
        self._page = page
        self._card = card
        self._later = later
        self._state = ""
        self._faults = page.desks.faults

    def begin(self, to: str, after: float) -> None:
        """What was to end the talk is over with it; in the end somebody hangs up all the same."""
        self._later(after, lambda: self._does("ask", to))
        if self._faults.stream("desk talks on").random() < TALKS_ON:
            self._later(after, lambda: self._page.desks.crowd.talks_on(self._card.call_sid))
        ends = (self._hang_up, lambda: self._page.desks.crowd.hangs_up(self._card.call_sid))
        how = self._faults.stream("desk ends").choice(ends)
        seconds = self._faults.seconds("desk ends", 40, 90)
        self._page.desks.call_centre.twilio.scheduler.after(
            after + seconds, lambda: how() if self._card.status == "accepted" else None
        )
        if self._faults.happens("desk_presses_twice", (self._card.reservation_sid,)):
            again = self._faults.seconds("desk asks again", 0, 3)
            self._later(after + again, lambda: self._does("ask", to))
        self._later(after + LOOKS_EACH, self._looks)

    def _does(self, step: str, to: str = "") -> None:
        if step == "give":
            order = {"to": self._faults.stream("desk gives cold").choice(self._card.ways)}
            self._order(urls.DESK_GIVE, order)
        elif step == HANGS_UP:
            self._hang_up()
        elif step != SAYS_NOTHING:
            self._order(urls.DESK_ASK, {"do": step, **({"to": to} if to else {})})

    def _order(self, route: urls.Route, order: Mapping[str, str]) -> None:
        def came(status: int, _body: Mapping[str, Any]) -> None:
            if status in (0, 503) and self._faults.on and self._card.status == "accepted":
                again = self._faults.seconds("desk asks once more", 1, 15)
                self._later(again, lambda: self._order(route, order))

        if self._card.status == "accepted":
            self._page.fetch(route, "POST", self._card, {"sid": ORDER, **order}, came)

    def _hang_up(self) -> None:
        for leg in list(self._page.desks.call_centre.twilio.context.calls.values()):
            if leg.dequeues and leg.dequeues.reservation_sid == self._card.reservation_sid and not leg.is_over:
                try:
                    self._page.desks.call_centre.twilio.hang_up(leg.sid)
                except TwilioError as error:
                    if error.code != 21220:
                        raise

    def _looks(self) -> None:
        if self._card.status == "accepted":
            self._page.fetch(urls.DESK_CARD, "GET", self._card, {}, self._saw)

    def _saw(self, status: int, body: Mapping[str, Any]) -> None:
        consult = body.get("consult") if status == 200 else None
        state = consult["state"] if consult else ""
        if state and state != self._state:
            self._state = state
            way = self._faults.stream("desk asks way").choice(WAYS[state])
            patience = 40 if state == "asking" else 12
            after = self._faults.seconds("desk asks thinks", 1, patience)
            self._later(after, lambda: self._does(way) if self._state == state else None)
        self._later(LOOKS_EACH, partial(self._looks))


ORDER = "00000000-0000-4000-8000-000000000000"

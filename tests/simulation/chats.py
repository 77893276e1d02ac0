"""Workers at the desk who chat: their pages take several chats at once, say that they are done, or give them back.

What goes wrong around a page is as for one that takes callers; and some workers take a chat and say nothing any more.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from chalicelib.twilio import urls
from tests.simulation.call_centre import CHATTERS
from tests.simulation.desks import Desks, Page, Shown, Written

KIND = "chat"
ASKS_AGAIN = 1.0


@dataclass
class Chats:
    """`sent` is what workers wrote, `done` what they were told is kept, `given_back` what they were told goes on."""

    desks: Desks
    sent: list[Written] = field(default_factory=list)
    done: list[Written] = field(default_factory=list)
    given_back: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        for name in CHATTERS:
            self.desks.others[name] = partial(ChatPage, chats=self)

    @property
    def are_open(self) -> bool:
        """Whether any chat has not ended."""
        tasks = self.desks.call_centre.twilio.router.workspace.tasks.values()
        return any(
            task.attributes.get("kind") == KIND and task.status not in ("completed", "canceled") for task in tasks
        )


@dataclass(eq=False)
class ChatPage(Page):
    """One tab of a worker who chats."""

    chats: Chats = field(kw_only=True)

    def _show(self, payload: Mapping[str, Any]) -> None:
        task = payload["task"]
        card = self._card(payload, task["sid"] if json.loads(task["attributes"]).get("kind") == KIND else "")
        if card and card.status == "accepted" and not card.is_decided:
            self._works(card)

    def _learn(self, card: Shown, body: Mapping[str, Any]) -> None:
        card.state = body["state"]

    def _take(self, card: Shown) -> None:
        if card.status != "pending" or card.reservation_sid not in self.cards:
            return
        path = f"Workers/{self.worker.sid}/Reservations/{card.reservation_sid}"
        answer = self._ask("POST", path, {"ReservationStatus": "accepted"}, (card.reservation_sid, card.call_sid))
        if answer is None:  # the worker presses once more
            self._later(self._faults.seconds("desk presses again", 1, 4), lambda: self._take(card))
        self._may_die(card)

    def _works(self, card: Shown) -> None:
        """They write for a while, and say that it is done, or give it back; who presses twice may say both."""
        card.is_decided = True
        if self._may_die(card) or self._happens("desk_leaves_order", card):
            return
        gives, after = self._happens("desk_gives_back", card), self._faults.seconds("desk chats", 1, 40)
        first, second = (self._gives_back, self._is_done) if gives else (self._is_done, self._gives_back)
        self._later(after, lambda: first(card))
        if self._happens("desk_presses_twice", card):
            again = self._faults.stream("desk says both").choice((first, second))
            self._later(after + self._faults.seconds("desk says both", 0, 3), lambda: again(card))

    def _is_done(self, card: Shown) -> None:
        self._say_done(card, f"note {self._faults.stream('desk note').randrange(10**6)}")

    def _say_done(self, card: Shown, note: str) -> None:
        def came(status: int, _body: Mapping[str, Any]) -> None:
            if status == 200:
                self.chats.done.append(Written(card.reservation_sid, note))
            elif status in (0, 503) and self._faults.on:
                self._later(ASKS_AGAIN, lambda: self._say_done(card, note))

        self.chats.sent.append(Written(card.reservation_sid, note))
        self.fetch(urls.DESK_WRAP_UP, "POST", card, {"sid": "", "note": note}, came)

    def _gives_back(self, card: Shown) -> None:
        def came(status: int, _body: Mapping[str, Any]) -> None:
            if status == 200:
                self.chats.given_back.add(card.reservation_sid)
            elif status in (0, 503) and self._faults.on:
                self._later(ASKS_AGAIN, lambda: self._gives_back(card))

        self.fetch(urls.DESK_GIVE_BACK, "POST", card, {"sid": ""}, came)

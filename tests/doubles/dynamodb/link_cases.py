"""What the application asks: the functions of its table, on a link in each state."""

from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass
from functools import partial
from typing import Any
from unittest.mock import patch

from chalicelib import aws
from chalicelib.links import caller_leg, reading, steps, table
from chalicelib.links.model import CallRecord, Key, Link
from tests.doubles.dynamodb.case import TABLE, Item, Seen, fill, item, rows_of, table_properties
from tests.doubles.dynamodb.store import Dynamodb

NOW = 1795230000.25
LINK = Key("CA1", "WR1")
LEG, OTHER_LEG = "CA8", "CA9"


def _link(state: str, **attributes: object) -> tuple[Item, ...]:
    return (item(call_sid="CA1", item="WR1", state=state, reserved_at=NOW, **attributes),)


LINKS: dict[str, tuple[Item, ...]] = {
    "nothing": (),
    "reserved": _link("reserved", open="link", check_at=1795230100),
    "preparing": _link("preparing", leased_until=NOW + 5),
    "abandoned": _link("preparing", leased_until=NOW - 5),
    "dialing": _link("dialing"),
    "ringing": _link("ringing", worker_call_sid=LEG),
    "asked": _link("asked", worker_call_sid=LEG),
    "refused": _link("asked", worker_call_sid=LEG, reason="passed"),
    "answered": _link("answered", worker_call_sid=LEG),
    "bridged": _link("bridged", worker_call_sid=LEG, worker_name="Dora", open="link", check_at=1795230100),
    "closed": _link("closed", worker_call_sid=OTHER_LEG, outcome="completed"),
}
EARLY = {"reserved", "preparing", "abandoned"}
BEFORE = {*EARLY, "dialing", "ringing"}


@dataclass(frozen=True)
class LinkCase:
    """A function of links.py. `answer` sums it up; all the rest must be as it is in memory."""

    name: str
    act: Callable[[], Any]
    answer: str
    given: tuple[Item, ...]

    @property
    def expected(self) -> Seen:
        properties = table_properties()
        seen = self.seen(Dynamodb({TABLE: properties}))
        return Seen((self.answer, seen.answer[1]), seen.rows)

    def seen(self, client: Any) -> Seen:
        fill(client, self.given)
        with patch.object(aws, "client", lambda service: client):
            try:
                answer = self.act()
            except table.ConditionFailed as lost:
                return Seen((f"lost to {_word(lost.current)}", lost.current), rows_of(client))
        return Seen((_word(answer), answer), rows_of(client))


def _word(answer: Any) -> str:
    if isinstance(answer, CallRecord):
        return f"{'a call' if answer.call else 'no call'}, {len(answer.links)} links"
    return answer.state if isinstance(answer, Link) else str(answer)


# A function, the state that it moves a link to, and the states that it moves it from.
MOVES: list[tuple[str, Callable[[], Any], str, Set[str]]] = [
    ("claim", lambda: steps.claim(LINK, NOW, 20), "preparing", {"reserved", "abandoned"}),
    (
        "advance",
        lambda: steps.begin_dial(LINK, NOW, {"crm_name": "Ann", "crm_data": {"a": [1]}}),
        "dialing",
        EARLY,
    ),
    ("follow_leg", lambda: steps.follow_leg(LINK, "answered", LEG, NOW), "answered", {*BEFORE, "asked", "refused"}),
    ("ask", lambda: steps.follow_asked(LINK, "asked", LEG, NOW, {"machine_ms": 5}), "asked", BEFORE),
    ("accept", lambda: steps.follow_asked(LINK, "answered", LEG, NOW, {"reply": "1"}), "answered", {*BEFORE, "asked"}),
    ("follow another leg", lambda: steps.follow_leg(LINK, "closed", OTHER_LEG, NOW), "closed", {*EARLY, "dialing"}),
    (
        "observe",
        lambda: steps.upsert_state(LINK, "answered", NOW, {"worker_sid": "WK1", "worker_name": "", "task_sid": "WT1"}),
        "answered",
        {"nothing", *BEFORE, "asked", "refused"},
    ),
    (
        "close",
        lambda: steps.close(LINK, "completed", "", NOW, {"worker_name": "Dana"}),
        "closed",
        LINKS.keys() - {"closed"},
    ),
]


def _standing(state: str) -> str:
    return {"nothing": "None", "abandoned": "preparing", "refused": "asked"}.get(state, state)


def _moves() -> Iterator[LinkCase]:
    for name, act, to, moved in MOVES:
        for state, rows in LINKS.items():
            answer = to if state in moved else f"lost to {_standing(state)}"
            yield LinkCase(f"{name}: {state}", act, answer, rows)


def _notes() -> Iterator[LinkCase]:
    new = Link(subject="CA1", reservation_sid="WR1", crm_data={"a": 1.5}, deadline=NOW + 99)
    note = partial(steps.note_time, LINK, "ringing_at", NOW)
    explain = partial(steps.set_reason_once, LINK, "busy")
    refuse = partial(steps.refuse, LINK, LEG, "no key", NOW, {"keys": "7"})
    for state, rows in LINKS.items():
        stands, exists = _standing(state), state != "nothing"
        yield LinkCase(f"reserve: {state}", partial(steps.reserve, new, NOW), stands if exists else "reserved", rows)
        answer = stands if exists and state != "closed" else f"lost to {stands}"
        yield LinkCase(f"record_leg: {state}", partial(steps.record_leg, LINK, LEG), answer, rows)
        yield LinkCase(f"explain: {state}", explain, str(exists and state != "refused"), rows)
        undecided = state in {*BEFORE, "asked"}
        yield LinkCase(f"refuse: {state}", refuse, stands if undecided else f"lost to {stands}", rows)
        yield LinkCase(f"note_time: {state}", note, "None" if exists else "lost to None", rows)
    yield LinkCase("explain: explained", explain, "False", _link("closed", reason="gone"))
    yield LinkCase("note_time: noted", note, "None", _link("closed", ringing_at=NOW - 1))


def _sweeps() -> Iterator[LinkCase]:
    """Links that are looked at again: one is due at 1795230100."""
    closed = {**LINKS["closed"][0], **item(item="WR2")}
    later = {**LINKS["bridged"][0], **item(item="WR3", check_at=1795230100.5)}
    rows: tuple[Item, ...] = (*LINKS["bridged"], closed, later)
    for now, found in ((1795230099.75, []), (1795230100, ["WR1"]), (1795230101, ["WR1", "WR3"])):
        yield LinkCase(f"due at {now}", partial(_due, now), str(found), rows)
    for state, rows in LINKS.items():
        looked_at = state in ("reserved", "bridged")
        answer = _standing(state) if looked_at else f"lost to {_standing(state)}"
        yield LinkCase(
            f"look_again: {state}", partial(steps.reschedule_check, LINK, 1795230100, NOW + 500), answer, rows
        )
    act = partial(steps.reschedule_check, LINK, 1795230099, NOW + 500)
    yield LinkCase("look_again: looked at by another", act, "lost to bridged", LINKS["bridged"])


def _due(now: float) -> list[str]:
    return [due.key.reservation_sid for page in table.due("link", now) for due in page]


def _calls() -> Iterator[LinkCase]:
    told = partial(caller_leg.record, "CA1", {"survey": "5", "reason": ""}, NOW, defaults={"caller": "+1", "line": "a"})
    once = partial(caller_leg.record, "CA1", {"completed_at": NOW}, NOW, once="completed_at")
    rows = {"nothing": (), "a call": (item(call_sid="CA1", item="CALL", line="b", at=NOW - 1),)}
    for name, given in rows.items():
        yield LinkCase(f"record_call: {name}", told, "True", given)
        yield LinkCase(f"record_call once: {name}", once, "True", given)
    done = (item(call_sid="CA1", item="CALL", completed_at=NOW - 1),)
    yield LinkCase("record_call twice", once, "False", done)
    story = partial(reading.of_call, "CA1")
    yield LinkCase("story", story, "a call, 1 links", (*done, *LINKS["bridged"]))
    yield LinkCase("story of nothing", story, "no call, 0 links", ())
    for state, found in {"bridged": "bridged", "closed": "None", "nothing": "None"}.items():
        yield LinkCase(f"by_worker_leg: {state}", partial(reading.by_worker_leg, LEG), found, LINKS[state])


LINK_CASES = [*_moves(), *_notes(), *_sweeps(), *_calls()]

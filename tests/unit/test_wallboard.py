"""What the wallboard shows of the rows: who waits since when, who talks, who works, and how the day has been."""

import time

import pytest
from msgspec import structs

from chalicelib.config import callcenter
from chalicelib.config.schema import CallCenter
from chalicelib.config.star import BACK
from chalicelib.console import wallboard
from chalicelib.console.answers import Asked
from chalicelib.console.session import Person
from chalicelib.console.wallboard import Shown, Talking, Waiting
from chalicelib.links import board
from chalicelib.links.board import Board, InQueue, Queued, Today, Worker
from chalicelib.links.model import Call, Link, State

CALL = Call(call_sid="CA1", line="support", queue="Support", caller="+12125550171", at=100)
TALK = Link(subject="CA1", reservation_sid="WR1", state="bridged", queue="Sales", worker_name="Bea", bridged_at=150)
WAITS, TALKS = Waiting(100, "support", "Support", "…71"), Talking(150, "support", "Sales", "Bea")
NOTHING = Board((), None, Queued(), (), ())


def center() -> CallCenter:
    return callcenter.parse(
        'default_line = "support"\n[lines.support]\nnumbers = ["+14155550100"]\ngreeting = "Hello."\n'
        "[console]\ncallers_waiting = 3"
    )


def shown(known: Board, at: float = 1000) -> Shown:
    return wallboard.shown(known, center(), at)


def test_nothing_is_shown_of_nothing_but_the_limits() -> None:
    assert shown(NOTHING) == Shown((), (), (), {}, center().console) and center().console.callers_waiting == 3


def test_a_caller_waits_until_somebody_talks_to_them() -> None:
    waits = shown(NOTHING._replace(calls=(CALL,)))
    talks = shown(NOTHING._replace(calls=(CALL,), links=(TALK,)))
    assert (waits.waiting, waits.talking) == ((WAITS,), ()) and (talks.waiting, talks.talking) == ((), (TALKS,))


@pytest.mark.parametrize("state", ["reserved", "preparing", "dialing", "ringing", "asked", "answered", "closed"])
def test_a_caller_whose_worker_is_not_joined_waits(state: State) -> None:
    link = structs.replace(TALK, state=state)
    assert shown(NOTHING._replace(calls=(CALL,), links=(link,))).waiting == (WAITS,)


@pytest.mark.parametrize(
    ("link", "talks"),
    [
        (structs.replace(TALK, transferred_to="queue:Sales"), False),
        (structs.replace(TALK, transferred_to=BACK), True),
        (structs.replace(TALK, mode="work"), False),
        (structs.replace(TALK, mode="work", took_over_at=160), True),
        (structs.replace(TALK, subject="CA2"), False),
    ],
    ids=["given away", "back", "asked by a colleague", "handed over", "another caller's"],
)
def test_the_worker_who_has_the_caller_is_shown(link: Link, talks: bool) -> None:
    found = shown(NOTHING._replace(calls=(CALL,), links=(link,)))
    assert (len(found.talking), len(found.waiting)) == ((1, 0) if talks else (0, 1))


@pytest.mark.parametrize(
    "call",
    [
        structs.replace(CALL, left_queue_at=1),
        structs.replace(CALL, canceled_at=1),
        structs.replace(CALL, completed_at=1),
        structs.replace(CALL, call_sid="WT1"),
        structs.replace(CALL, call_sid="AC1"),
        structs.replace(CALL, call_sid="CB1"),
    ],
)
def test_who_has_left_and_what_is_no_call_waits_no_more(call: Call) -> None:
    found = shown(NOTHING._replace(calls=(call,), links=(structs.replace(TALK, subject=call.call_sid),)))
    assert (found.waiting, found.talking) == ((), ())


def test_who_waits_longest_comes_first_and_so_does_who_talks_longest() -> None:
    calls = tuple(structs.replace(CALL, call_sid=f"CA{at}", at=at) for at in (300, 100, 200, 500, 400))
    links = tuple(structs.replace(TALK, subject=f"CA{at}", bridged_at=900 - at) for at in (400, 500))
    queued = Queued(counted_at=1000, waiting=(InQueue("Front desk", 150),))
    found = shown(NOTHING._replace(calls=calls, links=links, queued=queued))
    assert [one.since for one in found.waiting] == [100, 150, 200, 300]
    assert [one.since for one in found.talking] == [400, 500]
    assert found.waiting[1] == Waiting(150, "Front desk", "", "")


@pytest.mark.parametrize(("at", "count"), [(1000, 1), (1180, 1), (1180.5, 0), (1181, 0)])
def test_who_waits_in_a_simple_queue_is_shown_for_three_minutes(at: float, count: int) -> None:
    queued = Queued(counted_at=1000, waiting=(InQueue("Front desk", 990),))
    assert len(shown(NOTHING._replace(queued=queued), at).waiting) == count


def test_who_takes_calls_comes_first_then_by_name() -> None:
    workers = tuple(
        Worker(sid=name, name=name, activity="", available=available, since=1)
        for name, available in (("dora", True), ("Carl", False), ("Bea", True), ("ann", False))
    )
    assert [one.name for one in shown(NOTHING._replace(workers=workers)).workers] == ["Bea", "dora", "ann", "Carl"]


def test_the_day_is_shown_in_round_figures() -> None:
    figures = {"offered": 31, "answered": 20, "answered_in_time": 20, "abandoned": 4, "short": 1}
    today = Today(
        day="2026-11-30",
        counted_at=1,
        since=1,
        figures={**figures, "longest_wait_seconds": 90.6},
        messages=("CA1", "CA2"),
        callbacks=3,
    )
    assert shown(NOTHING._replace(today=today)).today == {
        "day": "2026-11-30",
        "offered": 31,
        "answered": 20,
        "abandoned": 4,
        "service_level": 66.7,
        "longest_wait": 91,
        "messages": 2,
        "callbacks": 3,
    }


def test_a_day_without_calls_has_no_service_level() -> None:
    today = Today(day="2026-11-30", counted_at=1, since=1, figures={"answered": 1})
    found = shown(NOTHING._replace(today=today)).today
    assert (found["service_level"], found["answered"]) == (None, 1)


def test_several_screens_of_one_second_are_answered_from_one_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, clock, read = Asked(Person("", frozenset()), {}, {}, 1000), [1.0], list[float]()

    def reading() -> Board:
        read.append(clock[0])
        return NOTHING._replace(calls=(structs.replace(CALL, at=clock[0]),))

    monkeypatch.setattr(board, "read", reading)
    monkeypatch.setattr(callcenter, "current", center)
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(wallboard, "_kept", wallboard._Kept())
    seen = []
    for later in (0, 0.5, 0.5, 0.25, 1.25):
        clock[0] += later
        seen.append(wallboard.show(asked).waiting[0].since)
    assert read == [1, 2, 3.5] and seen == [1, 1, 2, 2, 3.5]

"""What the sweep puts right on the wallboard: whom it knows already, what is settled, which messages are open."""

from typing import Any

import msgspec
import pytest

from chalicelib.lifecycle import board as refreshing
from chalicelib.lifecycle import reconcile
from chalicelib.links import board, reading
from chalicelib.links.attributes import encode
from chalicelib.links.model import Call, CallRecord, Link, Message
from tests.support.caches import forget_everything
from tests.support.console import POOL
from tests.support.driver import CALL, RESERVATION, WORKER, Driver

NOW = 1795248000.0  # 8 o'clock on the 21st of November 2026, UTC
MIDNIGHT = NOW - NOW % 86400
BEA = board.Worker(sid=WORKER, name="Bea", activity="Available", available=True, since=500)


@pytest.mark.parametrize(
    ("changes", "known"),
    [
        ({}, True),
        ({"since": 498}, True),  # the event's clock is behind the list's
        ({"since": 497}, False),
        ({"since": 600}, True),  # and that of the list is older
        ({"activity": "Offline"}, False),
        ({"available": False}, False),
        ({"name": "Beatrix"}, False),
    ],
)
def test_a_worker_is_known_whose_row_says_the_same(changes: dict[str, Any], known: bool) -> None:
    assert refreshing._is_as_known(BEA, msgspec.structs.replace(BEA, **changes)) is known


def record(at: float, *, talks: bool = False, **fields: Any) -> CallRecord:
    link = Link(subject=CALL, reservation_sid=RESERVATION, bridged_at=at)
    return CallRecord(Call(call_sid=CALL, at=at, **fields), (link,) if talks else ())


@pytest.mark.parametrize(
    ("records", "until"),
    [
        ([], NOW - 900),
        ([record(NOW - 3000, left_queue_at=NOW - 2000)], NOW - 900),
        ([record(NOW - 3000)], NOW - 3000),
        ([record(NOW - 3000, talks=True)], NOW - 3000),
        ([record(NOW - 2000), record(NOW - 3000, talks=True), record(NOW - 100)], NOW - 3000),
        ([record(NOW - 100)], NOW - 900),
        ([CallRecord(None, ())], NOW - 900),
    ],
    ids=["no call", "one that is over", "who waits", "who talks", "the first of them", "a late one", "no call's row"],
)
def test_nothing_changes_any_more_before_the_first_call_that_is_under_way(
    records: list[CallRecord], until: float
) -> None:
    assert refreshing._settled_until(records, NOW, MIDNIGHT) == until
    assert refreshing._settled_until(records, NOW, NOW - 500) == NOW - 500


def messages(*states: dict[str, Any]) -> CallRecord:
    found = (Message(subject=CALL, item=f"RECORDING#{number}", **state) for number, state in enumerate(states))
    return CallRecord(None, (), messages=tuple(found))


@pytest.mark.parametrize(
    ("states", "is_open"),
    [
        ([], False),
        ([{}], True),
        ([{"done_at": NOW}], False),
        ([{"taken_at": NOW}], False),
        ([{"dropped_at": NOW}], False),
        ([{"done_at": NOW}, {}], True),
        ([{"done_at": NOW}, {"dropped_at": NOW}], False),
    ],
)
def test_a_message_waits_that_nobody_has_in_hand(
    monkeypatch: pytest.MonkeyPatch, states: list[dict[str, float]], is_open: bool
) -> None:
    monkeypatch.setattr(reading, "of_call", lambda _call_sid: messages(*states))
    assert refreshing._has_open_message(CALL) is is_open


def test_the_latest_fifty_calls_with_messages_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refreshing, "_has_open_message", lambda call_sid: call_sid != "CA7")
    known = [f"CA{number}" for number in range(50)]
    new = [
        CallRecord(Call(call_sid=sid, voicemail_url=url), ()) for sid, url in (("CA49", "x"), ("new", "x"), ("", ""))
    ]
    found = refreshing._open_messages(known, new)
    assert found == tuple(sid for sid in [*known[1:], "new"] if sid != "CA7")


def test_a_call_at_the_moment_up_to_which_all_is_settled_counts_once(driver: Driver) -> None:
    row = {"item": "CALL", "call_sid": CALL, "line": "support", "at": NOW - 900, "day": "2026-11-21"}
    left = {"queue_result": "leave", "queue_seconds": 10, "left_queue_at": NOW - 890}
    driver.cloud.client("dynamodb").put_item(TableName="cordboard-test-links", Item=encode({**row, **left}))
    for after, settled in ((0.0, 0), (60.0, 1), (120.0, 1)):
        assert list(refreshing.refresh_today(NOW + after)) == []
        today = board.today()
        assert today is not None and (today.since, today.counted_at) == (NOW - 900 + after, NOW + after)
        assert (today.settled["offered"], today.figures["offered"]) == (settled, 1)


@pytest.mark.parametrize(
    ("pool", "left", "counted"), [("", 60.0, False), (POOL, 0.0, False), (POOL, -1.0, False), (POOL, 0.25, True)]
)
def test_the_sweep_puts_the_board_right_in_a_stage_with_a_console_and_in_time(
    driver: Driver, environment: pytest.MonkeyPatch, pool: str, left: float, counted: bool
) -> None:
    environment.setenv("USER_POOL_ARN", pool)
    forget_everything()
    assert list(reconcile._board(lambda: NOW, NOW + left)) == (["a worker is elsewhere"] if counted else [])
    assert (board.today() is not None) is counted


def test_a_message_of_the_day_before_stays_on_the_board(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refreshing, "_has_open_message", lambda _call_sid: True)
    before = board.Today(day="2026-11-20", counted_at=MIDNIGHT - 60, since=MIDNIGHT - 900, messages=(CALL,))
    board.note_today(msgspec.structs.replace(before, settled={"offered": 7}, figures={"offered": 8}), NOW)
    assert list(refreshing.refresh_today(NOW)) == []
    today = board.today()
    assert today is not None and (today.day, today.messages, today.callbacks) == ("2026-11-21", (CALL,), 0)
    assert (today.settled["offered"], today.figures["offered"]) == (0, 0)

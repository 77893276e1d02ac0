"""Which calls a report reads, and what of each."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.links import table
from chalicelib.reports import history
from chalicelib.reports.outcome import LONGEST_CALL_SECONDS

FIRST, SECOND, THIRD, WORK = ("CA" + "1" * 32, "CA" + "2" * 32, "CA" + "3" * 32, "WT" + "4" * 32)
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()
DAY = 86400


class Index:
    """The rows by the day on which they are found, and what was asked for."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.asked: list[tuple[str, float, float, str]] = []

    def has(self, subject: str, item: str, at: float, **known: object) -> None:
        self.rows.append({"call_sid": subject, "item": item, "at": at, **known})

    def between(self, day: str, since: float, until: float, name: str) -> Iterator[dict[str, Any]]:
        self.asked.append((day, since, until, name))
        of_day = [row for row in self.rows if datetime.fromtimestamp(row["at"], UTC).date().isoformat() == day]
        yield from (row for row in of_day if since <= row["at"] <= until)


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Index:
    made = Index()
    monkeypatch.setattr(table, "rows_between", made.between)
    return made


def test_calls_are_those_that_began_in_the_time_earliest_first(index: Index) -> None:
    index.has(THIRD, "CALL", NOON + 60)
    index.has(FIRST, "CALL", NOON)
    index.has(SECOND, "CALL", NOON + 90, left_queue_at=NOON + 90, queue_seconds=60)  # its beginning came late
    index.has(WORK, "CALL", NOON + 10)

    def found(since: float, until: float) -> list[str]:
        return [record.call.call_sid for record in history.calls(since, until, NOON + DAY) if record.call]

    assert found(NOON, NOON + 60) == [FIRST, SECOND, THIRD]
    assert found(NOON + 0.5, NOON + 59.5) == [SECOND]
    assert found(NOON - 9, NOON - 1) == []


def test_a_call_has_its_reservations_in_their_order_and_nothing_else(index: Index) -> None:
    index.has(FIRST, "CALL", NOON)
    index.has(FIRST, "WR2", NOON + 70, reserved_at=NOON + 9)
    index.has(FIRST, "WR1", NOON + 80, reserved_at=NOON + 5)
    index.has(SECOND, "WR3", NOON + 80, reserved_at=NOON + 5)  # of a call that is not known
    index.has(FIRST, "CALLBACK", NOON + 80)
    index.has(FIRST, "RECORDING#RE1", NOON + 80)
    [record] = history.calls(NOON, NOON + 60, NOON + DAY)
    assert [link.reservation_sid for link in record.links] == ["WR1", "WR2"]
    [same] = history.known_since(NOON, NOON + DAY)
    assert same == record


@pytest.mark.parametrize(
    ("now", "until"),
    [
        (NOON + DAY, NOON + 60 + LONGEST_CALL_SECONDS),
        (NOON + 600, NOON + 600),  # what ends later is yet to come
        (NOON, NOON + 60),
    ],
)
def test_reservations_may_end_as_much_later_as_a_call_lasts(index: Index, now: float, until: float) -> None:
    history.calls(NOON, NOON + 60, now, "cordboard-prod-links")
    assert index.asked == [("2026-11-21", NOON, until, "cordboard-prod-links")]


def test_each_utc_day_is_asked_for_once(index: Index) -> None:
    history.known_since(NOON - DAY, NOON + DAY - 1)
    assert [day for day, *_ in index.asked] == ["2026-11-20", "2026-11-21", "2026-11-22"]
    assert {name for *_, name in index.asked} == {""}

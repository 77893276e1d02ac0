"""`report` over what was recorded: a month whose figures are known, and what it asks of DynamoDB."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.links import caller_leg
from chalicelib.links.attributes import encode
from chalicelib.reports import history
from ops.commands.table_options import Table
from tests.support.driver import CALL, RESERVATION, Driver
from tests.support.meter import counting
from tests.webhooks.test_ops_lists import NOON, TABLE, Person, person

__all__ = ["person"]

FIRST = datetime(2026, 11, 1, tzinfo=UTC)
DAYS, EACH_DAY = 20, 12  # by noon of the 21st
# What becomes of the calls of a day, one after the other, again and again: 12 are 6 answered, 3 abandoned, 3 led out.
WAYS = (("bridged", 15), ("hangup", 40), ("leave", 90), ("bridged", 25))


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Table, "now", lambda _table: NOON)


@pytest.fixture
def month(driver: Driver) -> Driver:
    fill(driver, FIRST, DAYS)
    return driver


def fill(driver: Driver, first: datetime, days: int) -> None:
    """The calls of these days, as the table has them when they are over."""
    dynamodb = driver.cloud.client("dynamodb")
    for number in range(days * EACH_DAY):
        at = (first + timedelta(days=number // EACH_DAY, hours=number % EACH_DAY + 1)).timestamp()
        for row in _rows(number, at):
            dynamodb.put_item(TableName=TABLE, Item=encode(row))


def _rows(number: int, at: float) -> list[dict[str, object]]:
    """A call and, where it was answered, its link: Bea talks for a minute; Carl has missed it before."""
    result, waited = WAYS[number % len(WAYS)]
    subject, day = f"CA{number:032}", datetime.fromtimestamp(at, UTC).date().isoformat()
    left = {"queue_result": result, "queue_seconds": waited, "left_queue_at": at + waited}
    rows: list[dict[str, object]] = [{"item": "CALL", "line": "support", "at": at, **left}]
    if result == "bridged":
        rows[0]["left_queue_at"] = at + waited + 60
        ended = {"state": "closed", "at": at + 200, "queue": "Support"}
        missed = {"worker_name": "Carl", "outcome": "rejected", "reason": "no-answer", "reserved_at": at}
        talk = {"worker_name": "Bea", "outcome": "completed", "bridged_at": at + waited, "reserved_at": at + 1}
        rows += [{"item": f"WR{number:031}1", **ended, **missed}, {"item": f"WR{number:031}2", **ended, **talk}]
    return [{"call_sid": subject, "day": day, **row} for row in rows]


def test_a_month_has_the_figures_that_it_was_made_with(month: Driver, person: Person) -> None:
    assert person.types("report", "--from", "2026-11-01", "--to", "2026-11-20", "--by", "worker", "--json") == 0
    found = json.loads(person.out)
    rows = {row["group"]: row for row in found["rows"]}
    assert rows["total"]["offered"] == DAYS * EACH_DAY
    assert (rows["Bea"]["answered"], rows["Bea"]["talk_time"]) == (DAYS * 6, 60.0)
    assert (rows["Carl"]["missed"], rows["Carl"]["why_not"]) == (DAYS * 6, {"no answer": DAYS * 6})
    assert (rows["-"]["abandoned"], rows["-"]["led_out"]) == (DAYS * 3, DAYS * 3)
    assert rows["total"]["service_level"] == 25.0 and rows["total"]["time_to_answer"] == 20.0
    assert len(found["definitions"]) == 6


def test_days_and_hours_are_those_of_the_zone(month: Driver, person: Person) -> None:
    where = ("--from", "2026-11-02", "--to", "2026-11-02", "--zone", "Pacific/Auckland", "--csv")
    assert person.types("report", *where, "--by", "day") == 0
    day, total = csv.DictReader(io.StringIO(person.out))
    assert (day["group"], day["offered"], total["offered"]) == ("2026-11-02", "12", "12")  # from 11:00 to 11:00 UTC
    assert person.types("report", *where, "--by", "hour") == 0
    assert [row["group"] for row in csv.DictReader(io.StringIO(person.out))][:2] == ["00", "01"]


def test_a_table_is_printed_with_what_its_words_mean(month: Driver, person: Person) -> None:
    assert person.types("report", "--from", "yesterday", "--to", "yesterday") == 0
    headings, support, total = (line.split() for line in person.out.splitlines())
    assert headings[:3] == ["line", "offered", "answered"] and support[:3] == ["support", "12", "6"]
    assert total[0] == "total" and "answered within 20 s" in person.err


def test_a_day_is_one_query(month: Driver) -> None:
    since, until = FIRST.timestamp(), (FIRST + timedelta(days=DAYS)).timestamp() - 1
    with counting() as made:
        found = history.calls(since, until, until)
    assert len(found) == DAYS * EACH_DAY
    assert made.pop("read_units") < DAYS * 4
    assert dict(made) == {"Query": DAYS}


def test_a_month_of_a_thousand_calls_a_day_costs_a_tenth_of_a_cent(driver: Driver) -> None:
    """A call is read with its link as the application writes them: a thousand of them are so many units."""
    driver.event("task.created")
    driver.ring()
    driver.answer()
    driver.event("reservation.accepted")
    driver.voice("after", QueueResult="bridged")
    driver.event("reservation.completed")
    call, link = (driver.cloud.row(item) for item in ("CALL", RESERVATION))
    size = sum(len(str(name)) + len(str(value)) for row in (call, link) for name, value in row.items())
    read_units = 30 * 1000 * size / 4096 / 2
    assert read_units * 0.125 / 1e6 < 0.002


def test_a_link_is_found_by_the_day_on_which_it_ended_and_only_then(driver: Driver) -> None:
    driver.event("task.created")
    driver.ring()
    driver.answer()
    assert "day" not in driver.link
    driver.event("reservation.accepted")
    driver.event("reservation.completed", TimestampMs="1795230142517")
    assert (driver.link["day"], driver.link["at"]) == ("2026-11-21", 1795230142.517)
    [found] = history.calls(1795230000, 1795230200, NOON)
    assert (found.call and found.call.call_sid, [link.outcome for link in found.links]) == (CALL, ["completed"])


def test_a_call_that_begins_with_the_last_moment_is_in(driver: Driver) -> None:
    caller_leg.record(CALL, {"line": "support"}, NOON)
    at = driver.call["at"]
    assert [
        len(history.calls(since, until, NOON)) for since, until in ((at, at), (at + 1, at + 2), (at - 2, at - 1))
    ] == [1, 0, 0]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--from", "yesterday", "--to", "2026-11-01"], "--from 2026-11-20 is after --to 2026-11-01"),
        (["--zone", "Mars/Olympus"], "no time zone"),
        (["--from", "2020-01-01"], "calls are kept for 90 days"),
        (["--to", "2027-01-01"], "2027-01-01 is yet to come"),
        (["--csv", "--json"], "give --csv or --json, not both"),
        (["--by", "mood"], "mood"),
    ],
)
def test_what_cannot_be_counted_is_said(driver: Driver, person: Person, words: list[str], said: str) -> None:
    assert person.types("report", *words) == 2
    assert said in person.err and person.out == ""


def test_a_time_without_calls_is_a_row_of_zeros(driver: Driver, person: Person) -> None:
    assert person.types("report", "--json") == 0
    [only] = json.loads(person.out)["rows"]
    assert (only["group"], only["offered"], only["service_level"]) == ("total", 0, None)

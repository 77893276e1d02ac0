"""Whether a line is open, and until when: by its switch, and beneath that by the hours of the file."""

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.config import callcenter
from chalicelib.config.schema import CallCenter, Line
from chalicelib.hours import state, switch
from chalicelib.hours.calendar import OPEN, Closed, State
from chalicelib.hours.switch import Change, Position, Switch
from chalicelib.links import table

WEEK = {"mon-fri": ("08:00-12:00", "13:00-17:00")}
EVE = {"on": "2026-12-01", "name": "Founders' day"}
CENTER = callcenter.of_tables(
    {
        "default_line": "office",
        "time_zone": "America/New_York",
        "lines": {
            "office": {"greeting": "Hello.", "hours": "office", "switch": True},
            "berlin": {"greeting": "Hello.", "hours": "berlin"},
            "always": {"greeting": "Hello.", "switch": True},
            "never": {"greeting": "Hello.", "hours": "never"},
        },
        "hours": {
            "office": {"week": WEEK, "dates": [EVE]},
            "berlin": {"week": WEEK, "zone": "Europe/Berlin"},
            "never": {"week": {}},
        },
    }
)
OFFICE, BERLIN, ALWAYS, NEVER = (CENTER.lines[name] for name in ("office", "berlin", "always", "never"))


def at(clock: str, day: int = 30) -> float:
    """A time of New York's on the last Monday of November."""
    return datetime.fromisoformat(f"2026-11-{day}T{clock}-05:00").timestamp()


MIDNIGHT = at("23:59") + 60


def turned(to: Position, until: float = at("15:00"), said: str = "") -> Switch:
    return Switch(changes=(Change(to=to, at=at("07:00"), by="Carl", sid="SM1", until=until, said=said),))


@pytest.fixture(autouse=True)
def center(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callcenter, "current", lambda: CENTER)


@pytest.mark.parametrize(
    ("standing", "line", "clock", "stands"),
    [
        (Switch(), OFFICE, "08:00", OPEN),
        (Switch(), OFFICE, "07:59", Closed()),
        (Switch(), BERLIN, "02:00", OPEN),
        (Switch(), BERLIN, "08:00", OPEN),  # 14:00 there
        (Switch(), BERLIN, "11:00", Closed()),
        (Switch(), ALWAYS, "03:00", OPEN),
        (Switch(), NEVER, "10:00", Closed()),
        (turned("closed"), OFFICE, "10:00", Closed()),
        (turned("closed", said="Snow."), OFFICE, "14:59", Closed(say="Snow.")),
        (turned("closed", said="Snow."), OFFICE, "15:00", OPEN),
        (turned("open"), NEVER, "14:59", OPEN),
        (turned("open"), NEVER, "15:00", Closed()),
        (turned("file"), OFFICE, "10:00", OPEN),
        (turned("file"), NEVER, "10:00", Closed()),
        (turned("closed"), ALWAYS, "10:00", Closed()),
    ],
)
def test_a_switch_goes_before_the_hours_until_its_time_is_over(
    standing: Switch, line: Line, clock: str, stands: State
) -> None:
    assert state.under(standing, line, at(clock)) == stands


def test_the_latest_change_of_a_switch_is_the_one_that_stands() -> None:
    [shut] = turned("closed", said="Snow.").changes
    [back] = turned("file").changes
    assert Switch(changes=(back, shut)).standing(at("10:00")) is None
    assert Switch(changes=(shut, back)).standing(at("10:00")) == shut


@pytest.mark.parametrize(
    ("standing", "line", "clock", "changes"),
    [
        (Switch(), OFFICE, "10:00", at("12:00")),
        (Switch(), OFFICE, "12:00", at("13:00")),
        (Switch(), ALWAYS, "10:00", None),
        (Switch(), NEVER, "10:00", None),
        (turned("closed"), OFFICE, "10:00", at("15:00")),
        (turned("closed", until=at("12:30")), OFFICE, "10:00", at("13:00")),  # in the break of noon
        (turned("closed"), ALWAYS, "10:00", at("15:00")),
        (turned("closed"), NEVER, "10:00", None),
        (turned("open", until=at("12:30")), OFFICE, "11:00", at("12:30")),
        (turned("open", until=at("14:00")), OFFICE, "11:00", at("17:00")),
        (turned("open"), ALWAYS, "10:00", None),
        (turned("file"), OFFICE, "10:00", at("12:00")),
    ],
)
def test_when_a_line_opens_or_closes_the_next_time(
    standing: Switch, line: Line, clock: str, changes: float | None
) -> None:
    assert state.changes_at(standing, line, at(clock)) == changes


@pytest.mark.parametrize(
    ("to", "until", "line", "clock", "ordered"),
    [
        ("closed", 0, OFFICE, "10:00", ("closed", MIDNIGHT)),
        ("closed", at("11:00"), OFFICE, "10:00", ("closed", at("11:00"))),
        ("open", 0, OFFICE, "10:00", ("file", 0)),
        ("open", 0, OFFICE, "12:30", ("open", MIDNIGHT)),
        ("open", at("13:00"), OFFICE, "10:00", ("open", at("13:00"))),
        ("closed", 0, ALWAYS, "10:00", ("closed", MIDNIGHT)),
        ("closed", 0, BERLIN, "10:00", ("closed", at("18:00"))),  # midnight there
        ("file", 0, OFFICE, "10:00", ("file", MIDNIGHT)),
    ],
)
def test_who_gives_no_time_means_the_end_of_the_day_and_opens_a_line_as_the_file_has_it(
    to: Position, until: float, line: Line, clock: str, ordered: tuple[Position, float]
) -> None:
    given = Change(to=to, at=at(clock), by="Carl", sid="SM1", until=until, said="Snow.")
    found = state.order(line, given, at(clock))
    assert (found.to, found.until) == ordered
    assert found.said == ("" if to == "open" and not found.until else "Snow.")
    assert Change(to="file", at=at(clock), by="Carl", sid="SM1").until == 0


@pytest.mark.parametrize(
    ("name", "clock", "opens"),
    [
        ("office", "10:00", at("10:00")),
        ("office", "12:30", at("13:00")),
        ("always", "03:00", at("03:00")),
        ("never", "10:00", at("10:00") + 86400),  # to be looked at again
    ],
)
def test_a_callback_waits_until_its_line_opens(
    name: str, clock: str, opens: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(switch, "seen", lambda _line, _now: Switch())
    assert state.opens_at(name, CENTER.lines[name], at(clock)) == opens


def test_a_line_with_a_switch_alone_asks_how_it_was_turned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(switch, "seen", lambda line, _now: turned("closed") if line == "office" else 1 / 0)
    assert state.of("office", OFFICE, at("10:00")) == Closed()
    assert state.of("berlin", BERLIN, at("10:00")) == OPEN
    assert state.opens_at("office", OFFICE, at("10:00")) == at("15:00")
    assert state.opens_at("berlin", BERLIN, at("12:00")) == at("02:00") + 86400


def test_a_date_has_its_name_where_the_switch_has_no_words() -> None:
    noon = at("12:00") + 86400
    assert state.under(Switch(), OFFICE, noon) == Closed(name="Founders' day")
    assert state.under(turned("closed", until=noon + 60, said="Fire."), OFFICE, noon) == Closed(say="Fire.")


def zones(**given: Any) -> CallCenter:
    lines = {"a": {"greeting": "Hello.", **({"hours": "office"} if "hours" in given else {})}}
    return callcenter.of_tables({"default_line": "a", "lines": lines, **given})


@pytest.mark.parametrize(
    ("given", "keys"),
    [
        ({"time_zone": "Mars/Olympus"}, []),  # that nothing goes by
        ({"time_zone": "Mars/Olympus", "reports": {"digest": "08:00"}}, ["time_zone"]),
        ({"time_zone": "Mars/Olympus", "hours": {"office": {"week": {}}}}, ["hours.office.zone"]),
        ({"time_zone": "Mars/Olympus", "hours": {"office": {"week": {}, "zone": "Europe/Berlin"}}}, []),
        (
            {"hours": {"office": {"week": {}, "zone": "Mars"}, "other": {"week": {}, "zone": "Moon"}}},
            ["hours.office.zone"],
        ),
        ({"time_zone": "../etc", "reports": {"digest": "08:00"}}, ["time_zone"]),
        ({"time_zone": "Europe", "reports": {"digest": "08:00"}}, ["time_zone"]),  # a folder
        ({"time_zone": "UTC", "reports": {"digest": "08:00"}, "hours": {"office": {"week": {}}}}, []),
    ],
)
def test_a_zone_that_nobody_knows_is_told_where_something_goes_by_it(given: dict[str, Any], keys: list[str]) -> None:
    assert [mistake.key for mistake in state.unknown_zones(zones(**given))] == keys


# --- What a process remembers of a switch


class Row:
    """The row of a switch, as it is read by a caller's webhook: how often, and what comes of it."""

    def __init__(self) -> None:
        self.reads = 0
        self.changes: list[dict[str, Any]] = []
        self.fails = False

    def read(self, _key: object) -> dict[str, Any]:
        self.reads += 1
        if self.fails:
            raise TimeoutError
        return {"changes": self.changes}


@pytest.fixture
def row(monkeypatch: pytest.MonkeyPatch) -> Row:
    made = Row()
    monkeypatch.setattr(table, "find_row_quickly", made.read)
    monkeypatch.setattr(switch, "_known", {})
    return made


def test_a_switch_is_read_again_after_twenty_seconds(row: Row) -> None:
    now = time.time()
    assert [switch.seen("office", now + after).changes for after in (0, 19.9)] == [(), ()] and row.reads == 1
    row.changes = [{"to": "closed", "at": now, "by": "Carl", "sid": "SM1", "until": now + 60}]
    assert switch.seen("office", now + 20).changes[0].to == "closed" and row.reads == 2
    assert switch.seen("always", now + 20).changes[0].to == "closed" and row.reads == 3  # a row of its own


def test_a_switch_that_cannot_be_read_is_asked_for_again_after_five_seconds(row: Row) -> None:
    now, row.fails = time.time(), True
    assert [switch.seen("office", now + after) for after in (0, 4.9)] == [Switch(), Switch()] and row.reads == 1
    row.fails = False
    assert switch.seen("office", now + 5).line == "office" and row.reads == 2


def test_utc_is_where_no_zone_is_given() -> None:
    [line] = zones(hours={"office": {"week": WEEK}}).lines.values()
    eight = datetime(2026, 11, 30, 8, tzinfo=UTC).timestamp()
    assert state.calendar(zones(hours={"office": {"week": WEEK}}), line).is_open(eight)

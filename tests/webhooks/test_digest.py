"""Each morning the team is told yesterday's figures, once."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from chalicelib.config import callcenter
from chalicelib.config.reports import Reports
from chalicelib.config.toml_errors import CallCenterError
from chalicelib.hours import state
from chalicelib.links import caller_leg
from chalicelib.tell import digest
from tests.support.driver import Driver
from tests.webhooks.test_report import fill
from tests.webhooks.test_sweep import Later, later
from tests.webhooks.test_tell import Inbox, inbox

__all__ = ["inbox", "later"]

# Some days from now: what AWS is asked has to be in time by this machine's clock.
MORNING = datetime.now(UTC).replace(hour=8, minute=0, second=0, microsecond=0) + timedelta(days=3)
EIGHT = MORNING.timestamp()
YESTERDAY, TODAY = ((MORNING - timedelta(days=days)).date().isoformat() for days in (1, 0))


@pytest.fixture
def yesterday(driver: Driver) -> Driver:
    """The twelve calls of the day before."""
    fill(driver, MORNING.replace(hour=0) - timedelta(days=1), 1)
    return driver


def team(monkeypatch: pytest.MonkeyPatch, at: str, zone: str = "UTC") -> None:
    """The team wants its digest at this time of its day."""
    center = msgspec.structs.replace(callcenter.current(), reports=Reports(digest=at), time_zone=zone)
    monkeypatch.setattr(callcenter, "current", lambda: center)


def clock_at(later: Later, moment: float) -> None:
    later(moment - later.now)


def test_yesterdays_figures_come_once_in_the_morning(
    yesterday: Driver, inbox: Inbox, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    team(monkeypatch, "08:00")
    clock_at(later, EIGHT - 60)
    yesterday.sweep()
    assert inbox.mails() == []
    for _ in range(3):
        later(60)
        yesterday.sweep()
    (mail,) = inbox.mails()
    assert mail["Subject"] == f"Calls of {YESTERDAY}"
    assert mail["Message"].splitlines()[:2] == [
        "support: 12 offered, 6 answered, 25 % in time, 3 abandoned, 0 short, 3 overflow, 6 missed by workers",
        "total: 12 offered, 6 answered, 25 % in time, 3 abandoned, 0 short, 3 overflow, 6 missed by workers",
    ]
    assert "answered within 20 s" in mail["Message"]


def test_a_call_at_midnight_is_the_next_days(driver: Driver) -> None:
    midnight = datetime.fromisoformat(f"{TODAY}T00:00:00+00:00").timestamp()
    for number, at in enumerate((midnight - 1, midnight)):
        left = {"line": "support", "queue_result": "hangup", "left_queue_at": at + 60}
        caller_leg.record(f"CA{number:032}", left, at)
    assert "total: 1 offered" in digest.words(midnight + 8 * 3600, midnight + 8 * 3600)[0].text


def test_a_phone_is_told_the_figures_of_all_lines_together(driver: Driver) -> None:
    began = EIGHT - 20 * 3600
    for number, line in enumerate(("sales", "support", "urgent")):
        left = {"line": line, "queue_result": "hangup", "queue_seconds": 60, "left_queue_at": began + 60}
        caller_leg.record(f"CA{number:032}", left, began)
    written, short = digest.words(EIGHT, EIGHT)
    none = "0 short, 0 overflow, 0 missed by workers"
    assert written.text.splitlines()[:5] == [
        f"sales: 1 offered, 0 answered, 0 % in time, 1 abandoned, {none}",
        f"support: 1 offered, 0 answered, 0 % in time, 1 abandoned, {none}",
        f"urgent: 1 offered, 0 answered, 0 % in time, 1 abandoned, {none}",
        f"total: 3 offered, 0 answered, 0 % in time, 3 abandoned, {none}",
        "",
    ]
    assert short == f"Calls of {YESTERDAY}. total: 3 offered, 0 answered, 0 % in time, 3 abandoned, {none}"


def test_of_a_day_without_calls_no_share_is_told(driver: Driver) -> None:
    none = "0 answered, 0 abandoned, 0 short, 0 overflow, 0 missed by workers"
    assert digest.words(EIGHT, EIGHT)[1] == f"Calls of {YESTERDAY}. total: 0 offered, {none}"


def test_the_next_morning_there_is_another(
    yesterday: Driver, inbox: Inbox, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    team(monkeypatch, "08:00")
    for day in (0, 1):
        clock_at(later, EIGHT + 86400 * day)
        yesterday.sweep()
    assert inbox.subjects() == [f"Calls of {YESTERDAY}", f"Calls of {TODAY}"]


def test_a_team_that_wants_none_gets_none(yesterday: Driver, inbox: Inbox, later: Later) -> None:
    clock_at(later, EIGHT)
    yesterday.sweep()
    assert inbox.mails() == [] and digest.due_at(EIGHT) == 0


@pytest.mark.parametrize(
    ("zone", "moment", "due"),
    [
        ("UTC", EIGHT, True),
        ("UTC", EIGHT + 599, True),
        ("UTC", EIGHT + 600, False),
        ("UTC", EIGHT - 1, False),
        ("Europe/Berlin", EIGHT - 3600, True),
        ("Europe/Berlin", EIGHT, False),
    ],
)
def test_it_is_due_for_some_minutes_of_the_teams_own_day(
    environment: pytest.MonkeyPatch, zone: str, moment: float, due: bool
) -> None:
    team(environment, "08:00", zone)
    assert digest.due_at(moment) == (moment // 3600 * 3600 if due else 0)


@pytest.mark.parametrize("at", ["8:00", "24:00", "08:60", "morning"])
def test_what_is_no_time_of_day_is_refused(at: str) -> None:
    text = f'default_line = "m"\n[lines.m]\ngreeting = "Hi."\n[reports]\ndigest = "{at}"\n'
    with pytest.raises(CallCenterError, match=r"reports\.digest"):
        callcenter.parse(text)


def test_the_teams_time_zone_has_to_be_known_where_there_is_a_digest() -> None:
    text = 'default_line = "m"\ntime_zone = "Mars/Olympus"\n[lines.m]\ngreeting = "Hi."\n'
    assert state.unknown_zones(callcenter.parse(text)) == []
    (mistake,) = state.unknown_zones(callcenter.parse(f'{text}[reports]\ndigest = "08:00"\n'))
    assert "time_zone" in mistake and "Mars/Olympus" in mistake

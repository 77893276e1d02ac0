"""Neither the action nor the callback of a recording ever came: the sweep finds it at Twilio."""

from datetime import UTC, date, datetime
from email.utils import format_datetime
from typing import Any

import pytest

from chalicelib.config import callcenter
from chalicelib.lifecycle import reconcile, untold
from chalicelib.links import steps
from chalicelib.links.model import Link
from chalicelib.twilio import rest
from tests.support.caches import forget_everything
from tests.support.driver import CALL, LEG, OTHER_LEG, RESERVATION, Driver
from tests.webhooks.test_messages import is_kept, row, sounds, work
from tests.webhooks.test_recordings import ANOTHER, DAY, RECORDING
from tests.webhooks.test_sweep import Later, later, swept
from tests.webhooks.test_tell import Inbox, inbox

__all__ = ["inbox", "later", "sounds"]

HOUR = reconcile.UNTOLD_SECONDS
NOON = 1795262400.0  # of the 21st of November 2026, UTC


def recorded(
    driver: Driver, at: float, recording: str = RECORDING, call: str = CALL, source: str = "RecordVerb"
) -> None:
    made = {"sid": recording, "call_sid": call, "source": source, "duration": "9"}
    made["date_created"] = format_datetime(datetime.fromtimestamp(at, UTC))
    driver.twilio.recordings.append(made)


def on_the_hour(later: Later, hours: int = 1) -> None:
    later(HOUR * hours - later.now % HOUR + 1)


def test_a_message_that_nobody_told_of_is_found_kept_and_mailed(inbox: Inbox, driver: Driver, later: Later) -> None:
    driver.event("task.created")
    recorded(driver, later.now)
    on_the_hour(later, 2)
    driver.sweep()
    assert swept(driver)["message found"] == 1
    later(121)
    driver.sweep()
    work(driver)
    driver.sweep()
    assert is_kept(driver) and row(driver)["line"] == "support"
    assert inbox.subjects() == ["Voicemail on line support"]


def test_it_is_looked_for_once_an_hour(driver: Driver, later: Later) -> None:
    on_the_hour(later)
    for _ in range(60):
        driver.sweep()
        later(60)
    assert len(driver.twilio.made("/Recordings.json")) == 2  # by two sweeps, as one may fail


@pytest.mark.parametrize(
    ("ago", "call", "source"),
    [
        (untold.TOLD_SECONDS - 60, CALL, "RecordVerb"),
        (DAY + 60, CALL, "RecordVerb"),
        (3000, CALL, "DialVerb"),
        (3000, OTHER_LEG, "RecordVerb"),
        (3000, "", "RecordVerb"),
    ],
    ids=["it may yet be told", "long ago", "not a message", "of another application", "of no call"],
)
def test_what_is_not_ours_to_keep_is_left_alone(
    driver: Driver, later: Later, ago: float, call: str, source: str
) -> None:
    driver.event("task.created")
    on_the_hour(later)
    recorded(driver, later.now - ago, RECORDING, call, source)
    driver.sweep()
    assert row(driver) == {} and "message found" not in swept(driver)


@pytest.mark.parametrize(
    ("ago", "taken"),
    [(untold.TOLD_SECONDS - 1, 0), (untold.TOLD_SECONDS, 1), (DAY, 1), (DAY + 1, 0)],
)
def test_what_would_have_been_told_by_now_is_taken_in_for_a_day(driver: Driver, ago: int, taken: int) -> None:
    recorded(driver, NOON - ago)
    assert len(list(untold.recordings(NOON))) == taken


@pytest.mark.parametrize(("now", "since"), [(NOON, "2026-11-20"), (NOON - NOON % DAY, "2026-11-20")])
def test_twilio_is_asked_for_what_was_made_since_the_day_before(
    driver: Driver, environment: pytest.MonkeyPatch, now: float, since: str
) -> None:
    days: list[date] = []

    def nothing(day: date, _limit: int) -> list[rest.recordings.Recorded]:
        days.append(day)
        return []

    environment.setattr(rest.recordings, "since", nothing)
    assert list(untold.recordings(now)) == [] and [day.isoformat() for day in days] == [since]


def test_a_message_that_is_known_stays_as_it_is(driver: Driver, later: Later) -> None:
    driver.event("task.created")
    driver.voice("voicemail", RecordingSid=RECORDING, RecordingUrl="https://x/" + RECORDING, RecordingDuration="9")
    before = row(driver)
    on_the_hour(later)
    recorded(driver, later.now - 1000)
    driver.sweep()
    assert swept(driver)["left known"] == 1 and row(driver)["at"] == before["at"]


def test_a_workers_note_whose_row_could_not_be_written_is_found_too(driver: Driver, later: Later) -> None:
    driver.ring()
    driver.answer()
    on_the_hour(later)
    recorded(driver, later.now - 1000, ANOTHER, LEG)
    driver.sweep()
    note = driver.cloud.row(f"NOTE#{ANOTHER}")
    assert (note["call_sid"], note["open"], note["check_at"]) == (CALL, "recording", int(later.now) + 90 * DAY)


def test_where_messages_stay_at_twilio_nobody_looks(
    driver: Driver, later: Later, environment: pytest.MonkeyPatch
) -> None:
    environment.delenv("MESSAGES_BUCKET")
    on_the_hour(later)
    driver.sweep()
    assert driver.twilio.made("/Recordings.json") == []


# --- Recorded talks


TALK = "TALK#"


@pytest.fixture
def recording(environment: pytest.MonkeyPatch) -> None:
    """The talks of Support are recorded; the notice is given elsewhere."""
    table = '[queues.Support.recording]\nrecord = "both"\nnotice = "elsewhere"\n[queues.Sales]'
    text = callcenter.source().replace("offered = true", "offered = false").replace("[queues.Sales]", table, 1)
    changed = callcenter.parse(text)
    environment.setattr(callcenter, "current", lambda: changed)


@pytest.mark.parametrize("source", ["StartCallRecordingTwiML", "StartCallRecordingAPI", "StartSomethingElse", "Any"])
@pytest.mark.parametrize("leg", [LEG, CALL], ids=["of the worker", "of the caller"])
def test_a_talk_that_nobody_told_of_is_found_and_kept(
    recording: None, driver: Driver, later: Later, source: str, leg: str
) -> None:
    driver.ring()
    driver.answer()
    driver.event("reservation.accepted")
    on_the_hour(later)
    recorded(driver, later.now - 1000, ANOTHER, leg, source)
    driver.sweep()
    assert swept(driver)["talk found"] == 1
    later(121)
    driver.sweep()
    work(driver)
    found = driver.cloud.row(f"{TALK}{ANOTHER}")
    assert found["reservation_sid"] == RESERVATION and found["deleted_at"] and found["seconds"] == 9
    on_the_hour(later)
    driver.sweep()
    assert "talk found" not in swept(driver)


@pytest.mark.parametrize(
    ("fields", "did"),
    [
        ({"recorded": True, "bridged_at": NOON}, "talk found"),
        ({"recorded": True}, "left to whoever recorded it"),
        ({"bridged_at": NOON}, "left to whoever recorded it"),
    ],
)
def test_a_recording_of_the_callers_leg_is_of_a_talk_that_was_to_be_recorded(
    driver: Driver, fields: dict[str, Any], did: str
) -> None:
    steps.reserve(Link(subject=CALL, reservation_sid=RESERVATION, **fields), NOON)
    one = rest.recordings.Recorded(ANOTHER, CALL, "StartCallRecordingAPI", 9, NOON)
    assert untold.take_in(one, NOON + 1000) == did


@pytest.mark.parametrize("source", ["DialVerb", "OutboundAPI", "Conference", "Trunking", "RecordVerb"])
def test_what_others_recorded_is_no_talk_of_ours(recording: None, driver: Driver, later: Later, source: str) -> None:
    driver.ring()
    driver.answer()
    on_the_hour(later)
    recorded(driver, later.now - 1000, ANOTHER, LEG, source)
    driver.sweep()
    assert driver.cloud.row(f"{TALK}{ANOTHER}") == {}


def test_a_leg_whose_talk_was_not_to_be_recorded_is_left_alone(driver: Driver, later: Later) -> None:
    driver.ring()
    driver.answer()
    on_the_hour(later)
    recorded(driver, later.now - 1000, ANOTHER, LEG, "StartCallRecordingTwiML")
    driver.sweep()
    assert driver.cloud.row(f"{TALK}{ANOTHER}") == {} and "left to whoever recorded it" not in swept(driver)


def test_where_messages_stay_at_twilio_a_lost_talk_is_found_too(
    recording: None, driver: Driver, later: Later, environment: pytest.MonkeyPatch
) -> None:
    environment.delenv("MESSAGES_BUCKET")
    forget_everything()
    driver.ring()
    driver.answer()
    on_the_hour(later)
    recorded(driver, later.now - 1000, ANOTHER, LEG, "StartCallRecordingTwiML")
    driver.sweep()
    found = driver.cloud.row(f"{TALK}{ANOTHER}")
    assert found["check_at"] == found["ends_at"]

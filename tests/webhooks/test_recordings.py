"""A voicemail stays at Twilio for `keep_days`, and is deleted there when the call's records are."""

import json
from itertools import count
from typing import Any

import pytest
import requests

from chalicelib.lifecycle import reconcile
from chalicelib.links import messages, reading
from tests.support.driver import CALL, RESERVATION, Driver
from tests.webhooks.test_sweep import Later, later, swept

__all__ = ["later"]

DAY = 86400
KEPT = 90 * DAY + 60
RECORDING, ANOTHER = "RE" + "a" * 32, "RE" + "b" * 32
URL = f"https://api.twilio.com/2010-04-01/Accounts/AC{'0' * 32}/Recordings/"


def leave_message(driver: Driver, recording: str = RECORDING, **form: str) -> None:
    driver.voice("voicemail", **({"RecordingUrl": URL + recording, "RecordingDuration": "9"} | form))


def kept(driver: Driver) -> list[dict[str, Any]]:
    return [row for row in driver.cloud.rows() if row["item"].startswith("RECORDING#")]


def deleted(driver: Driver) -> list[str]:
    """The recordings that Twilio was asked to delete, each time that it was."""
    asked = [path for method, path, _ in driver.twilio.requests if method == "DELETE"]
    return [path.rpartition("/")[2].removesuffix(".json") for path in asked]


@pytest.mark.parametrize(
    "form",
    [
        {"RecordingSid": RECORDING, "RecordingUrl": "https://files.example.com/1.wav"},
        {"RecordingUrl": URL + RECORDING},
        {"RecordingUrl": URL + RECORDING + ".mp3"},
        {"RecordingSid": "", "RecordingUrl": URL + RECORDING},
    ],
    ids=", ".join,
)
def test_a_recording_is_kept_in_mind_by_its_sid_whether_twilio_tells_it_or_only_the_url(
    driver: Driver, later: Later, form: dict[str, str]
) -> None:
    driver.voice("voicemail", **form)
    (row,) = kept(driver)
    assert (row["call_sid"], row["item"], row["open"]) == (CALL, f"RECORDING#{RECORDING}", "recording")
    assert row["check_at"] == int(later.now) + 90 * DAY == driver.call["expires_at"]
    assert row["expires_at"] == row["check_at"] + 30 * DAY


@pytest.mark.parametrize("form", [{}, {"RecordingUrl": "https://files.example.com/1.wav"}, {"RecordingSid": CALL}])
def test_what_is_no_recording_at_twilio_is_not(driver: Driver, form: dict[str, str]) -> None:
    driver.voice("voicemail", **form)
    assert kept(driver) == []


def test_a_webhook_that_comes_twice_is_one_recording_and_two_messages_are_two(driver: Driver) -> None:
    leave_message(driver)
    leave_message(driver)
    leave_message(driver, ANOTHER)
    assert [row["item"] for row in kept(driver)] == [f"RECORDING#{RECORDING}", f"RECORDING#{ANOTHER}"]


def test_a_recording_is_no_link_of_its_call(driver: Driver) -> None:
    driver.assign()
    leave_message(driver)
    story = reading.of_call(CALL)
    assert [link.reservation_sid for link in story.links] == [RESERVATION]
    assert story.call is not None and story.call.voicemail_url == URL + RECORDING


def test_a_recording_is_deleted_when_its_time_is_over_and_not_before(driver: Driver, later: Later) -> None:
    leave_message(driver)
    later(KEPT - 120)
    driver.sweep()
    assert deleted(driver) == [] and kept(driver) != []
    later(120)
    driver.sweep()
    assert deleted(driver) == [RECORDING] and kept(driver) == []
    assert swept(driver)["recording deleted"] == 1
    driver.sweep()
    assert deleted(driver) == [RECORDING]


def test_its_line_in_the_log_says_which_and_counts_for_nothing(driver: Driver, later: Later) -> None:
    leave_message(driver)
    later(KEPT)
    driver.sweep()
    (line,) = [json.loads(line) for line in driver.log.getvalue().splitlines() if '"swept"' in line]
    assert (line["call_sid"], line["recording_sid"], line["did"]) == (CALL, RECORDING, "recording deleted")
    assert "_aws" not in line and "reservation_sid" not in line


def test_a_recording_that_somebody_else_deleted_is_done(driver: Driver, later: Later) -> None:
    leave_message(driver)
    later(KEPT)
    driver.twilio.forgotten = True
    driver.sweep()
    assert deleted(driver) == [RECORDING] and kept(driver) == []


@pytest.mark.parametrize("outage", [429, 500, 502, 503, requests.exceptions.ReadTimeout()], ids=str)
def test_an_outage_of_twilios_leaves_it_for_the_next_minute(driver: Driver, later: Later, outage: object) -> None:
    leave_message(driver)
    later(KEPT)
    driver.twilio.failures = {"DELETE": [outage]}
    driver.sweep()
    assert kept(driver) != [] and swept(driver)["broken off"] == 1
    driver.sweep()
    assert deleted(driver) == [RECORDING, RECORDING] and kept(driver) == []


def test_one_that_twilio_refuses_to_delete_waits_a_day_and_holds_up_no_other(driver: Driver, later: Later) -> None:
    leave_message(driver)
    later(1)
    leave_message(driver, ANOTHER)
    later(KEPT)
    driver.twilio.failures = {f"DELETE {URL[22:]}{RECORDING}": [(403, 20009)]}
    driver.sweep()
    assert deleted(driver) == [RECORDING, ANOTHER]
    assert [row["check_at"] for row in kept(driver)] == [int(later.now) + DAY]
    assert "recording cannot be deleted" in driver.log.getvalue()
    later(60)
    driver.sweep()
    assert deleted(driver) == [RECORDING, ANOTHER]
    later(DAY)
    driver.sweep()
    assert deleted(driver) == [RECORDING, ANOTHER, RECORDING] and kept(driver) == []


def test_a_sweep_that_dies_after_the_deletion_is_made_good_by_the_next(
    driver: Driver, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_message(driver)
    later(KEPT)
    with monkeypatch.context() as broken:
        broken.setattr(messages, "forget", lambda _key: 1 / 0)
        driver.sweep()
    assert kept(driver) != []
    driver.twilio.forgotten = True
    driver.sweep()
    assert deleted(driver) == [RECORDING, RECORDING] and kept(driver) == []


def test_deleting_ends_when_the_sweeps_time_is_over(driver: Driver, later: Later) -> None:
    leave_message(driver)
    later(KEPT)
    slow = count(later.now, 41)  # seconds between any two looks at the clock
    assert reconcile.run(lambda: next(slow)) == {"out of time": 1}
    assert deleted(driver) == [] and kept(driver) != []


def test_a_caller_hears_the_thanks_when_the_recording_cannot_be_kept_in_mind(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "record", lambda *_: 1 / 0)
    leave_message(driver)
    assert "recording will not be deleted" in driver.log.getvalue() and RECORDING in driver.log.getvalue()

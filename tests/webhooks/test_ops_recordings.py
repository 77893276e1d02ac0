"""`recordings list`, `hear`, `hold` and `release`, over what was recorded."""

import json
from pathlib import Path
from typing import Any

import pytest

from chalicelib.links import reading, talks
from chalicelib.links.model import Link, Talk
from tests.conftest import BUCKET
from tests.support.caches import forget_everything
from tests.support.driver import RESERVATION, Driver
from tests.webhooks.test_ops_lists import NOON, THIRD, TODAY, Person, noon, person, put
from tests.webhooks.test_recordings import RECORDING

__all__ = ["noon", "person"]

OBJECT = f"recordings/{TODAY}/{RECORDING}.mp3"
OTHER = "RE" + "7" * 32


@pytest.fixture(autouse=True)
def _bucket(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("MESSAGES_BUCKET", BUCKET)
    forget_everything()


def recorded(recording: str = RECORDING, queue: str = "Support") -> Talk:
    """A talk of 95 seconds of Bea's, at noon."""
    link = Link(subject=THIRD, reservation_sid=RESERVATION, queue=queue, worker_name="Bea", caller="+12125550171")
    return talks.record(link, recording, {"seconds": 95}, NOON)


def kept(driver: Driver) -> Talk:
    """The same, in the bucket."""
    talk = recorded()
    driver.cloud.client("s3").put_object(Bucket=BUCKET, Key=OBJECT, Body=b"sound", Tagging="expires=yes")
    talks.mark_kept(talk, OBJECT, 5, NOON)
    talks.close(talk, NOON)
    return talk


def tag(driver: Driver) -> str:
    found = driver.cloud.client("s3").get_object_tagging(Bucket=BUCKET, Key=OBJECT)["TagSet"]
    return ", ".join(f"{one['Key']}={one['Value']}" for one in found)


def row(driver: Driver) -> dict[str, Any]:
    return driver.cloud.row(f"TALK#{RECORDING}")


def test_recorded_talks_are_listed_with_their_numbers(driver: Driver, person: Person) -> None:
    talk = kept(driver)
    (line,) = person.lines("recordings", "list")
    assert line[:6] == [f"{TODAY} 12:00:00", "Support", "Bea", "…71", "95", talk.number]
    assert line[6] == "kept" and line[-1] == THIRD
    assert person.types("recordings", "list", "--queue", "Sales") == 0
    assert person.err == "no talk was recorded in 7 days\n"
    assert person.types("recordings", "list", "--json", "--numbers") == 0
    (found,) = json.loads(person.out)
    assert (found["caller"], found["kept_as"], found["recording_sid"]) == ("+12125550171", OBJECT, RECORDING)
    recorded(OTHER)
    assert person.types("recordings", "list", "--limit", "1") == 0 and "there are more" in person.err


def test_recorded_talks_are_no_calls(driver: Driver, person: Person) -> None:
    kept(driver)
    assert person.types("calls", "list") == 0 and THIRD not in person.out
    put(driver, call_sid=THIRD, line="support", at=NOON)
    assert person.types("calls", "show", THIRD) == 0
    assert f"the talk with Bea was recorded, 95 s, in the bucket: {OBJECT}" in person.out


def test_who_hears_one_is_noted(driver: Driver, person: Person, tmp_path: Path) -> None:
    recorded()
    assert person.types("recordings", "hear", THIRD) == 1 and "at Twilio" in person.err
    kept(driver)
    assert person.types("recordings", "hear", THIRD, "--by", "Bea") == 0
    assert person.out.startswith(f"https://{BUCKET}.s3.eu-west-1.amazonaws.com/{OBJECT}?")
    file = tmp_path / "talk.mp3"
    assert person.types("recordings", "hear", THIRD, "--to", str(file), "--recording", RECORDING) == 0
    assert file.read_bytes() == b"sound"
    heard = [found for found in driver.cloud.rows() if found["item"].startswith(f"HEARD#{RECORDING}#")]
    assert heard and all(found["expires_at"] > found["at"] for found in heard)


def test_one_that_is_held_stays_until_it_is_released(driver: Driver, person: Person) -> None:
    kept(driver)
    assert person.types("recordings", "hold", THIRD, "--by", "Bea") == 0
    assert person.out == f"{RECORDING} is held\n" and tag(driver) == "expires=no"
    assert "expires_at" not in row(driver) and row(driver)["held_by"] == "Bea"
    assert person.types("recordings", "hold", THIRD, "--by", "Carl") == 0 and row(driver)["held_by"] == "Bea"
    (line,) = person.lines("recordings", "list")
    assert line[6] == "held"
    assert person.types("recordings", "release", THIRD) == 0 and person.out == f"{RECORDING} is released\n"
    assert tag(driver) == "expires=yes" and row(driver)["expires_at"] and "held_at" not in row(driver)
    assert (row(driver)["open"], row(driver)["check_at"]) == ("recording", int(row(driver)["ends_at"]))
    assert person.types("recordings", "release", THIRD) == 0 and person.out == f"{RECORDING} was not held\n"


def test_what_is_being_deleted_cannot_be_held(driver: Driver, person: Person) -> None:
    talks.begin_end(kept(driver).key, NOON)
    assert person.types("recordings", "hold", THIRD) == 1 and "it cannot be held any more" in person.err
    assert tag(driver) == "expires=yes"


def test_of_a_call_with_several_all_are_held_or_the_one_that_is_named(driver: Driver, person: Person) -> None:
    kept(driver)
    recorded(OTHER)
    assert person.types("recordings", "hold", THIRD, "--recording", OTHER) == 0
    assert "held_at" not in row(driver)
    assert person.types("recordings", "hold", THIRD) == 0
    assert all(talk.held_at for talk in reading.of_call(THIRD).talks)


def test_a_call_without_one_is_said_so(driver: Driver, person: Person) -> None:
    assert person.types("recordings", "hold", THIRD) == 1 and "no recorded talk" in person.err
    recorded()
    assert person.types("recordings", "hear", THIRD, "--recording", OTHER) == 2 and RECORDING in person.err


def test_without_the_name_of_the_bucket_nothing_is_heard(
    driver: Driver, person: Person, environment: pytest.MonkeyPatch
) -> None:
    kept(driver)
    environment.delenv("MESSAGES_BUCKET")
    assert person.types("recordings", "hear", THIRD) == 1 and "MESSAGES_BUCKET" in person.err

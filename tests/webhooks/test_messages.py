"""A message goes from Twilio into the team's bucket, is deleted at Twilio, and is lost nowhere on the way."""

import json
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec
import pytest
import requests

from chalicelib import aws, jobs
from chalicelib.caller.recording import seconds_of
from chalicelib.config import callcenter
from chalicelib.config import messages as settings
from chalicelib.config.schema import Messages
from chalicelib.lifecycle import voicemail
from chalicelib.links import messages, reading, table
from chalicelib.links.model import deleted_at_twilio, message_key
from chalicelib.storage import bucket, keep
from chalicelib.twilio import rest, transport
from chalicelib.twilio.request import Webhook
from tests.conftest import BUCKET
from tests.support.api_gateway import BASE, post
from tests.support.caches import forget_everything
from tests.support.driver import CALL, CALLER, Driver, caller_form
from tests.support.meter import counting
from tests.webhooks.test_recordings import ANOTHER, DAY, KEPT, RECORDING, URL, deleted, leave_message
from tests.webhooks.test_sweep import Later, later, swept
from tests.webhooks.test_tell import Inbox, inbox, notices

__all__ = ["inbox", "later"]

SOUND = b"mp3 " * 1000
CALLBACK = f"{BASE}/voice/recording#rc=2&rp=all"
DOWN = OSError("S3 is down")


@dataclass
class Sounds:
    """What Twilio has. `asked` are the URLs and credentials, `failures` come first."""

    asked: list[tuple[str, tuple[str, str]]] = field(default_factory=list)
    failures: list[Any] = field(default_factory=list)

    def fetch(self, url: str, auth: tuple[str, str], _seconds: float, _most: int) -> tuple[int, bytes]:
        self.asked.append((url, auth))
        failure = self.failures.pop(0) if self.failures else 200
        if isinstance(failure, Exception):
            raise failure
        return failure, SOUND if failure == 200 else b"{}"


@pytest.fixture(autouse=True)
def sounds(driver: Driver, environment: pytest.MonkeyPatch, later: Later) -> Sounds:
    """Messages are kept in the bucket."""
    environment.setenv("MESSAGES_BUCKET", BUCKET)
    forget_everything()
    changed = callcenter.parse(callcenter.source().replace("offered = true", "offered = false"))
    environment.setattr(callcenter, "current", lambda: changed)
    found = Sounds()
    environment.setattr(transport, "fetch", found.fetch)
    return found


def tell(driver: Driver, status: str = "completed", recording: str = RECORDING, **form: str) -> int:
    """Twilio's status callback of the recording."""
    told = {"RecordingSid": recording, "RecordingStatus": status, "RecordingDuration": "9", "RecordingUrl": "x", **form}
    sent = {name: value for name, value in caller_form(**told).items() if name not in ("From", "To")}
    return int(driver.send(post("/voice/recording", sent))["statusCode"])


def work(driver: Driver) -> int:
    """The queue delivers what lies on it; returns how many jobs those were."""
    waiting = driver.queued()
    for job in waiting:
        driver.work(job)
    return len(waiting)


def row(driver: Driver, recording: str = RECORDING) -> dict[str, Any]:
    return driver.cloud.row(f"RECORDING#{recording}")


def objects(driver: Driver) -> dict[str, bytes]:
    s3 = driver.cloud.client("s3")
    found = s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
    return {it["Key"]: s3.get_object(Bucket=BUCKET, Key=it["Key"])["Body"].read() for it in found}


def is_kept(driver: Driver) -> bool:
    """In the bucket, and only there; the table says so, and the sweep has nothing to do with it."""
    known = row(driver)
    there = objects(driver).get(known.get("stored_as", "")) == SOUND and known["size"] == len(SOUND)
    return there and deleted(driver) != [] and bool(known.get("deleted_at")) and "open" not in known


def test_the_tone_comes_with_a_callback_only_where_messages_are_kept(
    driver: Driver, environment: pytest.MonkeyPatch
) -> None:
    record = driver.voice("after", QueueResult="leave").find("Record")
    assert record is not None and record.get("recordingStatusCallback") == CALLBACK
    assert record.get("recordingStatusCallbackEvent") == "completed absent"
    environment.delenv("MESSAGES_BUCKET")
    forget_everything()
    plain = driver.voice("after", QueueResult="leave").find("Record")
    assert plain is not None and "recordingStatusCallback" not in plain.attrib


def test_a_message_is_kept_in_the_bucket_and_deleted_at_twilio(driver: Driver, sounds: Sounds, later: Later) -> None:
    leave_message(driver)
    assert row(driver)["check_at"] == int(later.now) + 120
    assert tell(driver) == 204 and work(driver) == 1
    assert is_kept(driver) and deleted(driver) == [RECORDING]
    day = row(driver)["stored_as"].split("/")[1]
    assert objects(driver) == {f"voicemail/{day}/{RECORDING}.mp3": SOUND}
    assert row(driver)["expires_at"] == driver.call["expires_at"]
    ((url, auth),) = sounds.asked
    assert (url, auth[0]) == (f"{URL}{RECORDING}.mp3", "AC" + "0" * 32)


def test_the_url_that_was_sent_is_never_asked_for(driver: Driver, sounds: Sounds) -> None:
    leave_message(driver, RecordingUrl="http://169.254.169.254/latest/meta-data/", RecordingSid=RECORDING)
    tell(driver, RecordingUrl="http://169.254.169.254/latest/meta-data/")
    work(driver)
    assert [url for url, _ in sounds.asked] == [f"{URL}{RECORDING}.mp3"]


@pytest.mark.parametrize("first", ["action", "callback"])
def test_action_and_callback_come_in_any_order(driver: Driver, first: str) -> None:
    if first == "action":
        leave_message(driver)
    tell(driver)
    work(driver)
    leave_message(driver)
    assert is_kept(driver) and row(driver)["line"] == "support"
    driver.sweep()
    assert is_kept(driver) and work(driver) == 0


def test_a_callback_and_a_job_that_come_twice_are_one_message(driver: Driver, sounds: Sounds) -> None:
    leave_message(driver)
    tell(driver)
    tell(driver)
    (job, again) = driver.queued()
    for one in (job, again, job):
        driver.work(one)
    assert is_kept(driver) and len(sounds.asked) == 1 and deleted(driver) == [RECORDING]


def test_a_lost_callback_is_made_good_by_the_sweep(driver: Driver, later: Later) -> None:
    leave_message(driver)
    driver.sweep()
    assert work(driver) == 0
    later(121)
    driver.sweep()
    assert swept(driver)["message sent again"] == 1
    assert work(driver) == 1 and is_kept(driver)


def test_a_message_whose_action_was_lost_is_kept_and_told(inbox: Inbox, driver: Driver) -> None:
    driver.event("task.created")
    tell(driver)
    work(driver)
    assert is_kept(driver)
    (notice,) = notices(driver)
    assert (notice["what"], notice["line"], notice["seconds"]) == ("voicemail", "support", 9)
    assert CALLER not in notice["caller"]
    driver.sweep()
    assert inbox.subjects() == ["Voicemail on line support"]


def test_a_message_is_told_once_where_action_and_callback_came(inbox: Inbox, driver: Driver) -> None:
    leave_message(driver)
    tell(driver)
    work(driver)
    driver.sweep()
    assert inbox.subjects() == ["Voicemail on line support"]


def broken(*_given: object, **_named: object) -> None:
    raise DOWN


def test_while_sqs_is_down_the_row_alone_keeps_the_message_in_mind(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, later: Later
) -> None:
    with monkeypatch.context() as down:
        down.setattr(jobs, "send", broken)
        assert tell(driver) == 204
    later(121)
    driver.sweep()
    assert work(driver) == 1 and is_kept(driver)


def test_while_sqs_and_dynamodb_are_down_twilio_is_to_ask_again(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "send", broken)
    monkeypatch.setattr(messages, "record", broken)
    assert tell(driver) == 503


@pytest.mark.parametrize("seconds", ["0", "1"])
@pytest.mark.parametrize("first", ["action", "callback"])
@pytest.mark.usefixtures("inbox")
def test_what_is_too_short_to_be_a_message_is_dropped_and_counted(driver: Driver, seconds: str, first: str) -> None:
    if first == "action":
        leave_message(driver, RecordingDuration=seconds)
    tell(driver, RecordingDuration=seconds)
    work(driver)
    leave_message(driver, RecordingDuration=seconds)
    tell(driver, RecordingDuration=seconds)
    work(driver)
    assert objects(driver) == {} and deleted(driver) == [RECORDING]
    assert row(driver)["dropped_at"] and "open" not in row(driver)
    assert driver.log.getvalue().count('"message is nothing"') == 1
    assert notices(driver) == []


@pytest.mark.usefixtures("inbox")
def test_what_is_told_of_a_message_leads_to_its_sound_and_what_is_told_of_others_to_none(driver: Driver) -> None:
    leave_message(driver)
    driver.voice("after", QueueResult="leave")
    assert {row["what"]: row.get("base_url") for row in notices(driver)} == {"voicemail": BASE, "led-out": None}


def test_a_recording_of_nothing_is_dropped_once(driver: Driver) -> None:
    assert tell(driver, "absent") == tell(driver, "absent") == 204
    assert driver.log.getvalue().count('"message is nothing"') == 1
    assert work(driver) == 0 and row(driver)["dropped_at"]
    leave_message(driver)
    assert "open" not in row(driver)


@pytest.mark.parametrize(("seconds", "is_dropped"), [("0", True), ("1", True), ("2", False)])
def test_how_long_it_is_the_callback_alone_may_tell(driver: Driver, seconds: str, is_dropped: bool) -> None:
    leave_message(driver, RecordingDuration="")
    tell(driver, RecordingDuration=seconds)
    work(driver)
    assert ("dropped_at" in row(driver), row(driver)["seconds"]) == (is_dropped, int(seconds))
    assert bool(objects(driver)) is not is_dropped


def test_how_long_it_is_may_stay_unknown(driver: Driver) -> None:
    leave_message(driver, RecordingDuration="")
    tell(driver, RecordingDuration="")
    work(driver)
    assert is_kept(driver)


@pytest.mark.parametrize(
    ("told", "seconds"), [("0", 0), ("7", 7), ("", -1), ("soon", -1), ("-3", -1), ("1.5", -1), ("²", -1)]
)
def test_a_length_is_whole_seconds_or_not_known(told: str, seconds: int) -> None:
    found = seconds_of(Webhook(BASE, {"RecordingDuration": told}, {}, 0.0))
    assert (found, type(found)) == (seconds, int) and seconds_of(Webhook(BASE, {}, {}, 0.0)) == -1


@pytest.mark.parametrize(
    "form", [{"recording": "x"}, {"recording": CALL}, {"CallSid": "x"}, {"status": "in-progress"}, {"status": ""}]
)
def test_what_is_no_end_of_a_recording_changes_nothing(driver: Driver, form: dict[str, str]) -> None:
    assert tell(driver, **form) == 204
    assert driver.cloud.rows() == [] and work(driver) == 0


@pytest.mark.parametrize("kept_in", ["s3", "twilio"])
def test_where_messages_are_kept_the_file_says_whatever_buckets_there_are(
    driver: Driver, environment: pytest.MonkeyPatch, kept_in: Literal["s3", "twilio"]
) -> None:
    center = msgspec.structs.replace(callcenter.current(), messages=Messages(kept_in=kept_in))
    environment.setattr(callcenter, "current", lambda: center)
    assert settings.bucket() == (BUCKET if kept_in == "s3" else "")
    assert tell(driver) == 204
    assert work(driver) == (1 if kept_in == "s3" else 0)


def test_switched_off_nothing_is_kept(driver: Driver, environment: pytest.MonkeyPatch, sounds: Sounds) -> None:
    leave_message(driver)
    tell(driver)
    (job,) = driver.queued()
    environment.delenv("MESSAGES_BUCKET")
    forget_everything()
    assert tell(driver) == 204
    driver.work(job)
    assert work(driver) == 0 and objects(driver) == {} and sounds.asked == [] and deleted(driver) == []


def test_a_message_of_before_it_was_switched_off_stays_at_twilio_until_its_time_is_over(
    driver: Driver, environment: pytest.MonkeyPatch, later: Later
) -> None:
    leave_message(driver)
    left_at = int(later.now)
    environment.delenv("MESSAGES_BUCKET")
    forget_everything()
    later(121)
    driver.sweep()
    assert swept(driver)["left at Twilio"] == 1 and row(driver)["check_at"] == left_at + 90 * DAY
    later(90 * DAY)
    driver.sweep()
    assert deleted(driver) == [RECORDING] and row(driver) == {}


# --- What fails comes again

OUTAGES = [404, 429, 500, 502, requests.exceptions.ReadTimeout(), requests.exceptions.ChunkedEncodingError()]


@pytest.mark.parametrize("outage", OUTAGES, ids=str)
def test_a_sound_that_cannot_be_fetched_now_is_fetched_later(driver: Driver, sounds: Sounds, outage: Any) -> None:
    leave_message(driver)
    tell(driver)
    (job,) = driver.queued()
    sounds.failures = [outage]
    with pytest.raises((rest.NotDone, rest.TwilioRejected)):
        driver.work(job)
    assert objects(driver) == {} and deleted(driver) == [] and row(driver)["open"] == "recording"
    driver.work(job)
    assert is_kept(driver)


@pytest.mark.parametrize("step", ["put", "size", "mark_kept", "close"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_job_that_dies_at_any_step_is_made_good(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, step: str, after: bool
) -> None:
    leave_message(driver)
    tell(driver)
    (job,) = driver.queued()
    where: Any = bucket if step in ("put", "size") else messages
    real = getattr(where, step)

    def dies(*given: Any) -> Any:
        if after:
            real(*given)
        raise DOWN

    with monkeypatch.context() as broken_there:
        broken_there.setattr(where, step, dies)
        with pytest.raises(OSError, match="down"):
            driver.work(job)
    if step != "close":
        assert deleted(driver) == []
    driver.twilio.forgotten = deleted(driver) != []
    driver.work(job)
    driver.work(job)
    assert is_kept(driver)


@pytest.mark.parametrize("off_by", [-1, 1])
def test_an_object_that_is_not_whole_is_put_again_and_nothing_is_deleted(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, off_by: int
) -> None:
    leave_message(driver)
    tell(driver)
    (job,) = driver.queued()
    with monkeypatch.context() as cut:
        cut.setattr(bucket, "size", lambda _name: len(SOUND) + off_by)
        with pytest.raises(keep.NotWhole):
            driver.work(job)
    assert deleted(driver) == [] and "kept_at" not in row(driver)
    driver.work(job)
    assert is_kept(driver)


def test_a_recording_that_twilio_no_longer_has_is_done_once_it_is_kept(driver: Driver) -> None:
    leave_message(driver)
    tell(driver)
    driver.twilio.forgotten = True
    work(driver)
    assert is_kept(driver)


def test_one_that_cannot_be_deleted_at_twilio_is_not_put_again(driver: Driver, sounds: Sounds) -> None:
    leave_message(driver)
    tell(driver)
    (job,) = driver.queued()
    driver.twilio.failures = {"DELETE": [(403, 20009)]}
    with pytest.raises(rest.TwilioRejected):
        driver.work(job)
    assert row(driver)["kept_at"] and row(driver)["open"] == "recording"
    driver.work(job)
    assert is_kept(driver) and len(sounds.asked) == 1


def test_what_is_not_kept_is_tried_less_and_less_often_and_after_a_day_rings(driver: Driver, later: Later) -> None:
    leave_message(driver)
    left_at, tried = later.now, []
    for _ in range(40):
        due = row(driver)["check_at"]
        later(due - later.now + 1)
        driver.sweep()
        tried.append(int(later.now - left_at))
        rings = driver.log.getvalue().count('"MessagesNotKept":1')
        assert (rings > 0) == (tried[-1] >= DAY)
    assert tried[:4] == pytest.approx([121, 242, 484, 968], abs=4)
    assert tried[-1] - tried[-2] == pytest.approx(3601, abs=1)
    assert tried[-1] > DAY and len(driver.queued()) == 40
    assert deleted(driver) == []  # it stays at Twilio


@pytest.mark.parametrize(("age", "rings"), [(DAY - 1, 0), (DAY, 1)])
def test_it_rings_after_a_day_to_the_moment(driver: Driver, later: Later, age: int, rings: int) -> None:
    later.now = float(int(later.now))
    later(0)
    leave_message(driver)
    later(age)
    driver.sweep()
    assert driver.log.getvalue().count('"MessagesNotKept":1') == rings


LEFT = 1795248000.0


def left(**known: object) -> None:
    """A message was left at LEFT, and is at Twilio."""
    messages.record(message_key(CALL, RECORDING), {"line": "support", "seconds": 9, **known}, LEFT)


def looked_at(driver: Driver, now: float) -> str:
    due = row(driver)
    return voicemail.look(table.Due(message_key(CALL, RECORDING), due["check_at"], due["expires_at"]), now)


@pytest.mark.parametrize(
    ("age", "after"), [(10, 45), (45, 45), (46, 46), (1000, 1000), (3599, 3599), (3600, 3600), (90_000, 3600)]
)
def test_it_is_tried_again_after_twice_the_time_and_each_hour_in_the_end(driver: Driver, age: int, after: int) -> None:
    left()
    assert looked_at(driver, LEFT + age) == "message sent again"
    assert row(driver)["check_at"] == int(LEFT) + age + after
    assert driver.queued() == [jobs.KeepMessage(CALL, RECORDING, 9)]


@pytest.mark.parametrize(
    ("known", "age", "did"),
    [
        ({"transcription_job": "cordboard-1"}, 299, "left for its text"),
        ({"transcription_job": "cordboard-1"}, 300, "message sent again"),
        ({}, 299, "message sent again"),
    ],
)
def test_while_a_text_is_made_a_job_asks_each_minute_how_far_it_is(
    driver: Driver, known: dict[str, object], age: int, did: str
) -> None:
    left(**known)
    assert looked_at(driver, LEFT + age) == did
    if did == "left for its text":
        assert row(driver)["check_at"] == int(LEFT) + age + 45
    assert driver.queued() == [jobs.KeepMessage(CALL, RECORDING, 9)]


@pytest.mark.parametrize(("early", "did"), [(0.25, "message sent again"), (0.0, "recording deleted")])
def test_its_time_at_twilio_is_over_to_the_moment(driver: Driver, early: float, did: str) -> None:
    left()
    assert looked_at(driver, deleted_at_twilio(row(driver)["expires_at"]) - early) == did


def test_a_message_that_could_never_be_kept_is_deleted_at_twilio_when_its_time_is_over(
    driver: Driver, later: Later
) -> None:
    leave_message(driver)
    later(KEPT)
    driver.sweep()
    assert deleted(driver) == [RECORDING] and row(driver) == {} and work(driver) == 0


def test_the_sweep_leaves_a_message_to_the_job_that_closes_it(driver: Driver, later: Later) -> None:
    leave_message(driver)
    tell(driver)
    later(121)
    (due,) = [one for page in table.due("recording", later.now) for one in page]
    work(driver)
    assert voicemail.look(due, later.now) == "taken" and is_kept(driver)


def test_two_messages_of_one_call_are_two(driver: Driver) -> None:
    for recording in (RECORDING, ANOTHER):
        leave_message(driver, recording)
        tell(driver, recording=recording)
    work(driver)
    assert len(objects(driver)) == 2 and sorted(deleted(driver)) == [RECORDING, ANOTHER]
    record = reading.of_call(CALL)
    assert [message.recording_sid for message in record.messages] == [RECORDING, ANOTHER]


def test_no_line_of_the_log_has_a_url_or_a_number(driver: Driver) -> None:
    leave_message(driver)
    tell(driver)
    work(driver)
    assert CALLER not in driver.log.getvalue() and "https://" not in driver.log.getvalue()
    (kept,) = [json.loads(line) for line in driver.log.getvalue().splitlines() if '"message is kept"' in line]
    assert (kept["call_sid"], kept["recording_sid"], kept["job"]) == (CALL, RECORDING, "KeepMessage")


def test_what_a_message_in_the_bucket_costs_is_what_the_page_says(driver: Driver) -> None:
    leave_message(driver)
    with counting() as made:
        tell(driver)
        (job,) = driver.queued()
        driver.work(job)
    counted = ("SendMessage", "Query", "UpdateItem", "write_units", "PutObject", "HeadObject")
    assert {name: made[name] for name in counted} == {
        "SendMessage": 1,
        "Query": 1,
        "UpdateItem": 2,
        "write_units": 4,
        "PutObject": 1,
        "HeadObject": 1,
    }


def test_s3_has_longer_to_answer_than_the_others() -> None:
    assert aws.client("s3").meta.config.read_timeout > aws.client("sqs").meta.config.read_timeout

"""A message as text: it comes with the mail, and is deleted at Twilio together with the recording."""

import json
from typing import Any

import msgspec
import pytest

from chalicelib import aws, jobs
from chalicelib.config import callcenter
from chalicelib.config.toml_errors import CallCenterError
from tests.conftest import BUCKET
from tests.support.api_gateway import BASE, post
from tests.support.caches import forget_everything
from tests.support.driver import SALES, Driver, caller_form
from tests.webhooks.test_messages import Sounds, is_kept, objects, row, sounds, tell, work
from tests.webhooks.test_recordings import RECORDING, deleted, leave_message
from tests.webhooks.test_sweep import Later, later, swept
from tests.webhooks.test_tell import Inbox, inbox

__all__ = ["inbox", "later", "sounds"]

TEXT = "Please call me back."
TRANSCRIPTION = "TR" + "a" * 32


@pytest.fixture(autouse=True)
def transcribed(sounds: Sounds, environment: pytest.MonkeyPatch) -> None:
    """Messages of the line support become texts."""
    del sounds
    center = callcenter.current()
    voicemail = msgspec.structs.replace(center.lines["support"].voicemail, transcribe="twilio")
    support = msgspec.structs.replace(center.lines["support"], voicemail=voicemail)
    changed = msgspec.structs.replace(center, lines={**center.lines, "support": support})
    environment.setattr(callcenter, "current", lambda: changed)


def text_comes(driver: Driver, said: str = TEXT, status: str = "completed") -> int:
    form = {"TranscriptionSid": TRANSCRIPTION, "TranscriptionText": said, "TranscriptionStatus": status}
    return int(driver.send(post("/voice/transcription", caller_form(RecordingSid=RECORDING, **form)))["statusCode"])


def test_only_a_line_that_says_so_asks_for_a_text(driver: Driver) -> None:
    record = driver.voice("after", QueueResult="leave").find("Record")
    assert record is not None and record.get("transcribe") == "true"
    assert record.get("transcribeCallback") == f"{BASE}/voice/transcription#rc=2&rp=all"
    center = callcenter.current()
    assert center.transcribes("support") and not center.transcribes("sales") and not center.transcribes("no line")
    assert driver.voice("after", QueueResult="leave", To=SALES).find("Record") is None


def test_the_recording_stays_at_twilio_until_its_text_has_come(driver: Driver) -> None:
    leave_message(driver)
    tell(driver)
    work(driver)
    assert len(objects(driver)) == 1 and deleted(driver) == []
    assert text_comes(driver) == 204
    work(driver)
    assert is_kept(driver) and row(driver)["text"] == TEXT
    assert deleted(driver) == [RECORDING, TRANSCRIPTION]


def test_a_text_that_never_comes_holds_nothing_up_for_long(driver: Driver, later: Later) -> None:
    leave_message(driver)
    tell(driver)
    work(driver)
    for _ in range(4):
        later(121)
        driver.sweep()
        work(driver)
    assert is_kept(driver) and "text" not in row(driver)
    text_comes(driver, "late")
    work(driver)
    assert is_kept(driver) and deleted(driver) == [RECORDING, TRANSCRIPTION]


def test_what_cannot_be_transcribed_is_kept_without(driver: Driver) -> None:
    leave_message(driver)
    tell(driver)
    text_comes(driver, "", "failed")
    work(driver)
    assert is_kept(driver) and "text" not in row(driver)


def test_the_text_may_come_first_and_twice(driver: Driver) -> None:
    text_comes(driver)
    text_comes(driver, "another")
    leave_message(driver)
    tell(driver)
    work(driver)
    assert is_kept(driver) and row(driver)["text"] == TEXT


def test_the_mail_waits_for_the_text_and_has_it(driver: Driver, inbox: Inbox, later: Later) -> None:
    leave_message(driver)
    driver.sweep()
    assert inbox.mails() == [] and swept(driver)["left for its text"] == 1
    text_comes(driver, f"{TEXT}\r\nBcc: x")
    later(60)
    driver.sweep()
    (mail,) = inbox.mails()
    lines = mail["Message"].splitlines()
    assert lines[lines.index("A machine understood:") + 1] == f"{TEXT}Bcc: x"
    assert TEXT not in driver.log.getvalue()


def test_the_mail_goes_out_without_a_text_after_five_minutes(driver: Driver, inbox: Inbox, later: Later) -> None:
    leave_message(driver)
    for _ in range(5):
        later(55)
        driver.sweep()
    assert inbox.mails() == []
    later(55)
    driver.sweep()
    (mail,) = inbox.mails()
    assert "understood" not in mail["Message"]


def test_a_text_needs_the_bucket(driver: Driver) -> None:
    del driver
    text = callcenter.source().replace('kept_in = "s3"', 'kept_in = "twilio"')
    with pytest.raises(CallCenterError, match=r"transcribe is 'twilio': needs messages\.kept_in"):
        callcenter.parse(text.replace("max_seconds = 120", 'max_seconds = 120\ntranscribe = "twilio"'))


# --- By Amazon


@pytest.fixture
def by_amazon(environment: pytest.MonkeyPatch) -> None:
    """The messages of the line support are read by Amazon Transcribe, as Spanish. Moto hands out nothing delayed."""
    environment.setenv("STAGE", "test")
    forget_everything()
    send = jobs.send
    environment.setattr(jobs, "send", lambda job, delay_seconds=0: send(job))
    center = callcenter.current()
    voicemail = msgspec.structs.replace(center.lines["support"].voicemail, transcribe="amazon")
    support = msgspec.structs.replace(center.lines["support"], voicemail=voicemail, language="es-US")
    changed = msgspec.structs.replace(center, lines={**center.lines, "support": support})
    environment.setattr(callcenter, "current", lambda: changed)


def leave_and_keep(driver: Driver) -> None:
    leave_message(driver)
    tell(driver)
    work(driver)


def begun(driver: Driver) -> list[str]:
    found = driver.cloud.client("transcribe").list_transcription_jobs()["TranscriptionJobSummaries"]
    return [one["TranscriptionJobName"] for one in found]


def is_understood(driver: Driver, said: str = TEXT) -> dict[str, Any]:
    """Amazon is done: its answer lies where it was asked to lay it. Returns the job."""
    client = driver.cloud.client("transcribe")
    while True:
        job: dict[str, Any] = client.get_transcription_job(TranscriptionJobName=begun(driver)[0])["TranscriptionJob"]
        if job["TranscriptionJobStatus"] == "COMPLETED":
            break
    name = job["Transcript"]["TranscriptFileUri"].partition(f"{BUCKET}/")[2]
    answer = {"results": {"transcripts": [{"transcript": said}]}}
    driver.cloud.client("s3").put_object(Bucket=BUCKET, Key=name, Body=json.dumps(answer).encode())
    return job


@pytest.mark.usefixtures("by_amazon")
def test_amazon_reads_the_bucket_in_the_language_of_the_line_and_its_text_is_kept(driver: Driver) -> None:
    record = driver.voice("after", QueueResult="leave").find("Record")
    assert record is not None and record.get("transcribe") is None
    leave_and_keep(driver)
    assert len(objects(driver)) == 1 and deleted(driver) == []
    job = is_understood(driver)
    sound = row(driver)["stored_as"]
    assert job["TranscriptionJobName"] == f"cordboard-test-{RECORDING}" and job["LanguageCode"] == "es-US"
    assert job["Media"]["MediaFileUri"] == f"s3://{BUCKET}/{sound}"
    work(driver)
    assert row(driver)["text"] == TEXT and row(driver)["deleted_at"] and deleted(driver) == [RECORDING]
    assert list(objects(driver)) == [sound, f"{sound}.json"]


@pytest.mark.usefixtures("by_amazon")
def test_a_message_that_comes_twice_is_one_job_of_amazons(driver: Driver) -> None:
    leave_and_keep(driver)
    tell(driver)
    work(driver)
    work(driver)
    assert len(begun(driver)) == 1


@pytest.mark.usefixtures("by_amazon")
def test_amazon_is_asked_again_until_it_has_it_and_no_longer_than_five_minutes(driver: Driver, later: Later) -> None:
    """Its answer never comes to lie where it should."""
    leave_and_keep(driver)
    for _ in range(14):
        later(20)  # a job may be late
        assert work(driver) == 1
    assert deleted(driver) == [] and "text" not in row(driver)
    later(21)
    work(driver)
    assert row(driver)["deleted_at"] and "text" not in row(driver) and deleted(driver) == [RECORDING]
    assert work(driver) == 0


@pytest.mark.usefixtures("by_amazon")
def test_where_amazon_cannot_be_asked_the_message_is_kept_without(
    driver: Driver, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = aws.request

    def request(service: str, operation: str, **arguments: Any) -> Any:
        if service == "transcribe":
            raise OSError("Transcribe is down")
        return asked(service, operation, **arguments)

    monkeypatch.setattr(aws, "request", request)
    leave_and_keep(driver)
    later(301)
    work(driver)
    assert row(driver)["deleted_at"] and "text" not in row(driver)


@pytest.mark.usefixtures("by_amazon")
def test_what_amazon_cannot_read_is_kept_without(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = aws.request

    def request(service: str, operation: str, **arguments: Any) -> Any:
        if operation == "get_transcription_job":
            return {"TranscriptionJob": {"TranscriptionJobStatus": "FAILED", "FailureReason": "no speech"}}
        return asked(service, operation, **arguments)

    leave_message(driver)
    tell(driver)
    monkeypatch.setattr(aws, "request", request)
    work(driver)
    assert row(driver)["deleted_at"] and "text" not in row(driver) and '"why":"no speech"' in driver.log.getvalue()

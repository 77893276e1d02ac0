"""A message as text by Amazon Transcribe: it comes with the mail, and what fails costs the text alone."""

import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from botocore.exceptions import ClientError
from moto.moto_api import state_manager

from chalicelib import aws
from chalicelib.config import callcenter
from chalicelib.config.toml_errors import CallCenterError
from tests.conftest import BUCKET
from tests.support.caches import forget_everything
from tests.support.driver import Driver
from tests.support.meter import counting
from tests.webhooks.test_messages import SOUND, Sounds, row, sounds, tell, work
from tests.webhooks.test_recordings import RECORDING, deleted, leave_message
from tests.webhooks.test_sweep import Later, later, swept
from tests.webhooks.test_tell import Inbox, inbox

__all__ = ["inbox", "later", "sounds"]

TEXT = "Please call me back."
MODEL = "transcribe::transcriptionjob"
JOB = f"cordboard-test-messages-{RECORDING}"
Request = Callable[..., Any]


@pytest.fixture(autouse=True)
def transcribed(sounds: Sounds, environment: pytest.MonkeyPatch) -> Iterator[None]:
    """Messages of the line support become texts."""
    del sounds
    environment.setenv("STAGE", "test")
    forget_everything()
    by(environment, "amazon")
    yield
    state_manager.unset_transition(MODEL)


def by(environment: pytest.MonkeyPatch, whom: str, language: str = "en-US") -> None:
    center = callcenter.current()
    voicemail = msgspec.structs.replace(center.lines["support"].voicemail, transcribe=whom)
    support = msgspec.structs.replace(center.lines["support"], voicemail=voicemail, language=language)
    changed = msgspec.structs.replace(center, lines={**center.lines, "support": support})
    environment.setattr(callcenter, "current", lambda: changed)


def is_transcribed(driver: Driver, said: str = TEXT) -> None:
    """Transcribe writes what it heard beside the sound; moto's writes nothing."""
    state_manager.set_transition(MODEL, {"progression": "immediate"})
    document = {"jobName": JOB, "results": {"transcripts": [{"transcript": said}], "items": []}, "status": "COMPLETED"}
    name = row(driver)["stored_as"].replace(".mp3", ".json")
    driver.cloud.client("s3").put_object(Bucket=BUCKET, Key=name, Body=json.dumps(document))


def running(driver: Driver) -> list[str]:
    """The jobs that Transcribe has."""
    found = driver.cloud.client("transcribe").list_transcription_jobs()["TranscriptionJobSummaries"]
    return [job["TranscriptionJobName"] for job in found]


def sweep(driver: Driver, later: Later, seconds: int = 60) -> None:
    """The minute goes by; what the sweep sent is done."""
    later(seconds)
    driver.sweep()
    work(driver)


def is_kept(driver: Driver) -> bool:
    """In the bucket, whole, and only there; nothing is left to do."""
    known = row(driver)
    stored = driver.cloud.client("s3").get_object(Bucket=BUCKET, Key=known["stored_as"])["Body"].read()
    return stored == SOUND and deleted(driver) != [] and bool(known.get("deleted_at")) and "open" not in known


def answering(monkeypatch: pytest.MonkeyPatch, operation: str, *codes: str) -> list[dict[str, Any]]:
    """Transcribe answers these requests with these errors, the last of them for ever; they are returned."""
    true, asked, left = aws.request, [], list(codes)

    def request(service: str, wanted: str, **given: Any) -> Any:
        if wanted != operation:
            return true(service, wanted, **given)
        asked.append(given)
        code = left[0] if len(left) == 1 else left.pop(0)
        if code:
            raise ClientError({"Error": {"Code": code, "Message": ""}}, operation)
        return true(service, wanted, **given)

    monkeypatch.setattr(aws, "request", request)
    return asked


def test_the_text_comes_of_the_sound_in_the_bucket(driver: Driver, later: Later) -> None:
    record = driver.voice("after", QueueResult="leave").find("Record")
    assert record is not None and "transcribe" not in record.attrib
    leave_message(driver)
    tell(driver)
    work(driver)
    job = driver.cloud.client("transcribe").get_transcription_job(TranscriptionJobName=JOB)["TranscriptionJob"]
    assert (job["Media"]["MediaFileUri"], job["LanguageCode"]) == (
        f"s3://{BUCKET}/{row(driver)['stored_as']}",
        "en-US",
    )
    is_transcribed(driver)
    sweep(driver, later)
    assert swept(driver)["left for its text"] == 1
    assert is_kept(driver) and row(driver)["text"] == TEXT
    assert running(driver) == [] and TEXT not in driver.log.getvalue()


def test_the_mail_waits_for_the_text_and_has_it(driver: Driver, inbox: Inbox, later: Later) -> None:
    leave_message(driver)
    tell(driver)
    work(driver)
    driver.sweep()
    assert inbox.mails() == []
    is_transcribed(driver)
    sweep(driver, later)
    sweep(driver, later)
    (mail,) = inbox.mails()
    lines = mail["Message"].splitlines()
    assert lines[lines.index("As text:") + 1] == TEXT


def test_a_job_that_comes_twice_asks_for_one_text(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, later: Later
) -> None:
    leave_message(driver)
    tell(driver)
    (job,) = driver.queued()
    with monkeypatch.context() as dying:  # before it could note that it had asked
        dying.setattr("chalicelib.links.messages.note_transcribing", lambda *_: 1 / 0)
        driver.work(job)
    assert "transcription_job" not in row(driver)
    driver.work(job)
    assert row(driver)["transcription_job"] == JOB and running(driver) == [JOB]
    assert row(driver)["check_at"] == int(later.now) + 30
    is_transcribed(driver)
    driver.work(job)
    driver.work(job)
    assert is_kept(driver) and row(driver)["text"] == TEXT and running(driver) == []


def test_a_text_that_takes_too_long_holds_nothing_up(
    driver: Driver, inbox: Inbox, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_message(driver)
    tell(driver)
    work(driver)
    state_manager.set_transition(MODEL, {"progression": "manual", "times": 100})
    for _ in range(6):
        sweep(driver, later)
    assert is_kept(driver) and "text" not in row(driver)
    (mail,) = inbox.mails()
    assert "As text" not in mail["Message"]
    sweep(driver, later)
    assert inbox.mails() == []


@pytest.mark.parametrize("code", ["AccessDeniedException", "LimitExceededException", "InternalFailureException"])
def test_transcribe_may_be_down_or_forbidden_all_the_time(
    driver: Driver, later: Later, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    asked = answering(monkeypatch, "start_transcription_job", code)
    leave_message(driver)
    tell(driver)
    work(driver)
    assert deleted(driver) == [] and len(asked) == 1 and "transcription_job" not in row(driver)
    for _ in range(9):
        sweep(driver, later)
    assert is_kept(driver) and "text" not in row(driver)


def test_what_fails_once_is_asked_for_again(driver: Driver, later: Later, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, "start_transcription_job", "LimitExceededException", "")
    leave_message(driver)
    tell(driver)
    work(driver)
    sweep(driver, later, 121)
    is_transcribed(driver)
    sweep(driver, later)
    assert is_kept(driver) and row(driver)["text"] == TEXT


def test_a_language_that_transcribe_has_under_no_such_name_is_identified(
    driver: Driver, environment: pytest.MonkeyPatch
) -> None:
    by(environment, "amazon", "nb-NO")
    asked = answering(environment, "start_transcription_job", "BadRequestException", "")
    leave_message(driver)
    tell(driver)
    work(driver)
    assert [(one.get("LanguageCode"), one.get("IdentifyLanguage")) for one in asked] == [("nb-NO", None), (None, True)]
    assert running(driver) == [JOB]


def test_a_sound_that_transcribe_refuses_is_kept_without_a_text_at_once(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = answering(monkeypatch, "start_transcription_job", "BadRequestException")
    leave_message(driver)
    tell(driver)
    work(driver)
    assert is_kept(driver) and "text" not in row(driver) and len(asked) == 2


def test_a_job_that_failed_is_a_message_without_a_text(
    driver: Driver, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_message(driver)
    tell(driver)
    work(driver)
    true = aws.request
    failed = {"TranscriptionJob": {"TranscriptionJobStatus": "FAILED", "FailureReason": "no speech"}}
    monkeypatch.setattr(
        aws, "request", lambda *asked, **given: failed if "get_transcription_job" in asked else true(*asked, **given)
    )
    sweep(driver, later)
    assert is_kept(driver) and "text" not in row(driver) and running(driver) == []


def test_a_job_that_cannot_be_deleted_any_more_keeps_no_recording_at_twilio(
    driver: Driver, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, "delete_transcription_job", "BadRequestException")
    leave_message(driver)
    tell(driver)
    work(driver)
    is_transcribed(driver)
    sweep(driver, later)
    assert is_kept(driver) and row(driver)["text"] == TEXT


def test_a_message_of_an_hour_is_a_text_that_a_mail_can_hold(driver: Driver, inbox: Inbox, later: Later) -> None:
    leave_message(driver)
    tell(driver)
    work(driver)
    is_transcribed(driver, "word " * 100_000)
    sweep(driver, later)
    sweep(driver, later)
    (mail,) = inbox.mails()
    assert len(mail["Message"]) < 30_000


def test_who_has_no_text_made_pays_nothing_for_it(driver: Driver, environment: pytest.MonkeyPatch) -> None:
    by(environment, "none")
    sys.modules.pop("chalicelib.storage.transcribing", None)
    leave_message(driver)
    tell(driver)
    with counting() as made:
        work(driver)
    assert is_kept(driver) and "chalicelib.storage.transcribing" not in sys.modules
    assert not any("Transcription" in name for name in made)


def test_what_a_text_costs_is_what_the_page_says(driver: Driver, later: Later) -> None:
    leave_message(driver)
    tell(driver)
    with counting() as made:
        work(driver)
    assert {name: made[name] for name in ("StartTranscriptionJob", "PutObject", "HeadObject")} == {
        "StartTranscriptionJob": 1,
        "PutObject": 1,
        "HeadObject": 1,
    }
    is_transcribed(driver)
    with counting() as made:
        sweep(driver, later)
    asked = ("GetTranscriptionJob", "GetObject", "DeleteTranscriptionJob", "SendMessage")
    assert [made[name] for name in asked] == [1, 1, 1, 1]


def test_a_text_needs_the_bucket_and_no_short_message(driver: Driver) -> None:
    del driver
    text = callcenter.source()
    wanted = text.replace("max_seconds = 120", 'max_seconds = 3600\ntranscribe = "amazon"')
    assert callcenter.parse(wanted).transcribes_by_amazon("support")
    with pytest.raises(CallCenterError, match=r"transcribe is 'amazon': needs messages\.kept_in"):
        callcenter.parse(wanted.replace('kept_in = "s3"', 'kept_in = "twilio"'))

"""A message as text: it comes with the mail, and is deleted at Twilio together with the recording."""

import msgspec
import pytest

from chalicelib.config import callcenter
from chalicelib.config.toml_errors import CallCenterError
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
    assert lines[lines.index("As text:") + 1] == f"{TEXT}Bcc: x"
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
    assert "As text" not in mail["Message"]


def test_a_text_needs_the_bucket(driver: Driver) -> None:
    del driver
    text = callcenter.source().replace('kept_in = "s3"', 'kept_in = "twilio"')
    with pytest.raises(CallCenterError, match=r"transcribe is 'twilio': needs messages\.kept_in"):
        callcenter.parse(text.replace("max_seconds = 120", 'max_seconds = 120\ntranscribe = "twilio"'))


# --- The bucket was switched off while the caller spoke


@pytest.fixture
def no_bucket(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("MESSAGES_BUCKET")
    forget_everything()


@pytest.mark.usefixtures("no_bucket")
def test_a_message_whose_callback_comes_before_its_action_has_its_line(driver: Driver) -> None:
    assert tell(driver) == 204 and row(driver) == {}
    leave_message(driver)
    assert (row(driver)["line"], row(driver)["seconds"]) == ("support", 9)
    assert work(driver) == 0 and deleted(driver) == []


@pytest.mark.usefixtures("no_bucket")
@pytest.mark.parametrize("first", ["text", "action"])
def test_its_text_is_kept_and_mailed_and_deleted_at_twilio(driver: Driver, inbox: Inbox, first: str) -> None:
    if first == "action":
        leave_message(driver)
    assert text_comes(driver) == 204
    leave_message(driver)
    work(driver)
    assert (row(driver)["text"], row(driver)["line"]) == (TEXT, "support")
    assert deleted(driver) == [TRANSCRIPTION]
    driver.sweep()
    (mail,) = inbox.mails()
    assert TEXT in mail["Message"]


@pytest.mark.usefixtures("no_bucket")
def test_a_mail_waits_for_no_text_without_a_bucket(driver: Driver, inbox: Inbox) -> None:
    leave_message(driver)
    driver.sweep()
    assert len(inbox.mails()) == 1

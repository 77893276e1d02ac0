"""A queue whose talks are recorded: the notice before the queue, the recording of the talk, its keeping and its end."""

import json
from contextlib import redirect_stdout
from typing import Any
from xml.etree import ElementTree

import pytest

from chalicelib import jobs
from chalicelib.config import callcenter
from chalicelib.lifecycle import recorded
from chalicelib.links import reading, steps, table, talks
from chalicelib.links.model import Key, Link, talk_key
from chalicelib.storage import bucket
from chalicelib.twilio import rest, transport, urls
from tests.conftest import BUCKET, QUEUES
from tests.support.api_gateway import BASE, post
from tests.support.caches import forget_everything
from tests.support.driver import CALL, LEG_PATH, PHONE, RESERVATION, SALES, Driver, leg_form
from tests.support.driver import task_attributes as attributes_of
from tests.support.meter import counting
from tests.webhooks.test_asking import known
from tests.webhooks.test_messages import DOWN, SOUND, Sounds, objects, work
from tests.webhooks.test_recordings import DAY, RECORDING, deleted
from tests.webhooks.test_sweep import Later, later

__all__ = ["later"]

NOTICE = "This call is recorded."
RECORDED = f"""[queues.Support.recording]
record = "both"
notice = "{NOTICE}"
keep_days = 30

[queues.Sales]"""
CALLBACK = f"{BASE}/worker/{CALL}/{RESERVATION}/recording#rc=2&rp=all"


def records(environment: pytest.MonkeyPatch, *changes: tuple[str, str]) -> None:
    """The demo's file, with the talks of Support recorded, and these changes."""
    text = callcenter.source().replace("offered = true", "offered = false").replace("[queues.Sales]", RECORDED, 1)
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    changed = callcenter.parse(text)
    environment.setattr(callcenter, "current", lambda: changed)


@pytest.fixture(autouse=True)
def sounds(driver: Driver, environment: pytest.MonkeyPatch, later: Later) -> Sounds:
    """Talks of Support are recorded, and kept in the bucket."""
    environment.setenv("MESSAGES_BUCKET", BUCKET)
    forget_everything()
    records(environment)
    found = Sounds()
    environment.setattr(transport, "fetch", found.fetch)
    return found


def said(document: ElementTree.Element) -> list[str]:
    return [str(say.text) for say in document.iter("Say")]


def task_of(document: ElementTree.Element) -> dict[str, Any]:
    (task,) = document.iter("Task")
    found: dict[str, Any] = json.loads(str(task.text))
    return found


def assigned(driver: Driver, heard: object = ("Support",), **changes: str) -> None:
    """A worker is reserved for a caller who heard the notices of these queues, rung, and at work on it."""
    told = {} if heard is None else {"recording_notice": heard}
    given = json.dumps(json.loads(attributes_of()) | told)
    driver.assign(TaskAttributes=given, **changes)
    work(driver)


def tags(document: str) -> list[str]:
    return [verb.tag for verb in ElementTree.fromstring(document)]


def tell(driver: Driver, status: str = "completed", recording: str = RECORDING, **form: str) -> int:
    """Twilio's status callback of the recording."""
    told = {
        "RecordingSid": recording,
        "RecordingStatus": status,
        "RecordingDuration": "95",
        "RecordingUrl": "x",
        **form,
    }
    return int(driver.send(post(urls.WORKER_RECORDING.path, leg_form("completed") | told, LEG_PATH))["statusCode"])


def row(driver: Driver, recording: str = RECORDING) -> dict[str, Any]:
    return driver.cloud.row(f"TALK#{recording}")


def is_gone(driver: Driver, recording: str = RECORDING) -> bool:
    return all(found["item"] != f"TALK#{recording}" for found in driver.cloud.rows())


def kept(driver: Driver) -> dict[str, Any]:
    """A talk was recorded, and is in the bucket."""
    assigned(driver)
    driver.answer()
    tell(driver)
    work(driver)
    return row(driver)


def pass_by(driver: Driver, later: Later, seconds: float) -> None:
    """So much time goes by, and then a minute is over."""
    later(seconds)
    driver.sweep()


# --- The notice


def test_the_caller_hears_the_notice_before_they_wait_and_their_task_says_so(driver: Driver) -> None:
    document = driver.voice("menu/1", Digits="1")
    assert [verb.tag for verb in document] == ["Say", "Enqueue"] and said(document) == [NOTICE]
    assert task_of(document)["recording_notice"] == ["Support"]


def test_callers_of_another_line_hear_and_say_nothing(driver: Driver) -> None:
    document = driver.voice("incoming", To=SALES)
    assert NOTICE not in said(document) and "recording_notice" not in task_of(document)


def test_a_notice_that_is_given_elsewhere_is_not_said(driver: Driver, environment: pytest.MonkeyPatch) -> None:
    records(environment, (f'notice = "{NOTICE}"', 'notice = "elsewhere"'))
    document = driver.voice("menu/1", Digits="1")
    assert said(document) == [] and "recording_notice" not in task_of(document)
    assigned(driver, heard=None)
    assert "Start" in tags(driver.answer())


@pytest.mark.parametrize("heard", [None, [], ["Sales"], "Support", {"Support": True}])
def test_nobody_is_recorded_who_has_not_heard_the_notice(driver: Driver, heard: object) -> None:
    assigned(driver, heard=heard)
    assert tags(driver.answer()) == ["Dial", "Say", "Hangup"]


# --- The worker's document


def test_the_talk_is_recorded_and_neither_the_whisper_nor_what_follows_it(driver: Driver) -> None:
    known(driver, "Ann Lee", "Gold member.")
    assigned(driver)
    document = driver.answer()
    assert tags(document) == ["Say", "Start", "Dial", "Stop", "Say", "Hangup"]
    (begun, ended) = ElementTree.fromstring(document).iter("Recording")
    assert begun.attrib == {
        "name": "talk",
        "recordingStatusCallback": CALLBACK,
        "recordingStatusCallbackEvent": "completed absent",
        "trim": "do-not-trim",
    }
    assert ended.attrib == {"name": "talk"}


@pytest.mark.parametrize("answer", ["key", "detect", "key+detect"])
def test_who_is_asked_is_recorded_from_the_join_on(driver: Driver, answer: str) -> None:
    assigned(driver, WorkerAttributes=json.dumps({"contact_uri": PHONE, "answer": answer}))
    path, form = {**LEG_PATH, "attempt": "1"}, leg_form("in-progress")
    asked: dict[str, str] = {}
    if "key" in answer:
        asked = driver.send(post(urls.WORKER_ASK.path, form, path))
        taken = driver.send(post(urls.WORKER_ACCEPT.path, form | {"Digits": "1"}, path))
        assert "<Start>" not in asked["body"]
    else:
        taken = driver.send(post(urls.WORKER_VERDICT.path, form | {"AnsweredBy": "human"}, LEG_PATH))
    verbs = tags(taken["body"])
    assert verbs[verbs.index("Start") + 1] == "Dial"


def test_the_keys_after_the_talk_are_not_recorded(driver: Driver, environment: pytest.MonkeyPatch) -> None:
    records(
        environment,
        (
            "[queues.Support.recording]",
            '[queues.Support.after_talk]\nkeys = { 1 = "solved" }\n[queues.Support.recording]',
        ),
    )
    assigned(driver)
    driver.answer()
    form = leg_form("in-progress") | {"DialBridged": "true", "DialCallStatus": "completed"}
    document = driver.send(post(urls.WORKER_AFTER.path, form, LEG_PATH))["body"]
    assert tags(document)[0] == "Stop" and "Gather" in tags(document)


def test_while_the_table_is_down_the_two_talk_unrecorded(driver: Driver, environment: pytest.MonkeyPatch) -> None:
    assigned(driver)

    def fails(*_given: object) -> None:
        raise DOWN

    environment.setattr(steps, "follow_leg", fails)
    assert tags(driver.answer()) == ["Dial", "Say", "Hangup"]


def test_the_same_leg_hears_the_same_again(driver: Driver) -> None:
    assigned(driver)
    assert driver.answer() == driver.answer()


# --- From Twilio into the bucket


def test_a_talk_is_kept_in_the_bucket_and_deleted_at_twilio(driver: Driver) -> None:
    found = kept(driver)
    day = found["stored_as"].split("/")[1]
    assert objects(driver) == {f"recordings/{day}/{RECORDING}.mp3": SOUND} and deleted(driver) == [RECORDING]
    assert (found["seconds"], found["size"], found["worker"], found["queue"]) == (95, len(SOUND), "Bea", "Support")
    assert found["reservation_sid"] == RESERVATION and found["ends_at"] - int(found["at"]) == 30 * DAY
    tagged = driver.cloud.client("s3").get_object_tagging(Bucket=BUCKET, Key=found["stored_as"])["TagSet"]
    assert tagged == [{"Key": "expires", "Value": "yes"}]


def test_callback_and_job_twice_are_one_recording(driver: Driver, sounds: Sounds) -> None:
    kept(driver)
    tell(driver)
    assert work(driver) == 1 and len(sounds.asked) == 1 and deleted(driver) == [RECORDING]


def test_a_recording_of_which_nobody_says_how_long_it_is_is_kept(driver: Driver) -> None:
    assigned(driver)
    driver.answer()
    tell(driver, RecordingDuration="")
    work(driver)
    assert row(driver)["stored_as"]


@pytest.mark.parametrize(("seconds", "is_dropped"), [(0, True), (1, True), (2, False)])
def test_how_long_a_talk_is_a_later_job_may_tell(driver: Driver, later: Later, seconds: int, is_dropped: bool) -> None:
    talks.record(Link(subject=CALL, reservation_sid=RESERVATION), RECORDING, {}, later.now)
    driver.work(jobs.KeepTalk(CALL, RESERVATION, RECORDING, seconds))
    assert ("dropped_at" in row(driver), row(driver)["seconds"]) == (is_dropped, seconds)
    assert bool(objects(driver)) is not is_dropped


@pytest.mark.parametrize("known", [0, 3])
def test_how_long_a_talk_is_counts_as_it_was_told_first(driver: Driver, later: Later, known: int) -> None:
    talks.record(Link(subject=CALL, reservation_sid=RESERVATION), RECORDING, {"seconds": known}, later.now)
    driver.work(jobs.KeepTalk(CALL, RESERVATION, RECORDING, 9))
    assert row(driver)["seconds"] == known


def test_what_is_known_of_a_recording_is_not_written_again(driver: Driver) -> None:
    link = Link(subject=CALL, reservation_sid=RESERVATION)
    first = talks.record(link, RECORDING, {"seconds": 95}, 5.0)
    with counting() as made:
        assert talks.record(link, RECORDING, {"seconds": 95}, 6.0) == first
    assert made["UpdateItem"] == 1  # and that one is refused


@pytest.mark.parametrize(("status", "seconds"), [("absent", ""), ("completed", "0"), ("completed", "1")])
def test_a_recording_of_nothing_is_dropped(driver: Driver, status: str, seconds: str) -> None:
    assigned(driver)
    tell(driver, status, RecordingDuration=seconds)
    work(driver)
    assert row(driver)["dropped_at"] and "open" not in row(driver) and objects(driver) == {}
    tell(driver, "completed", RecordingDuration="9")
    work(driver)
    assert objects(driver) == {}


@pytest.mark.parametrize(
    "form", [{"RecordingSid": ""}, {"RecordingSid": "CA" + "a" * 32}, {"RecordingStatus": "failed"}]
)
def test_a_callback_of_no_recording_is_nothing(driver: Driver, form: dict[str, str]) -> None:
    assigned(driver)
    assert tell(driver, **form) == 204 and work(driver) == 0


def test_an_unsigned_callback_is_refused(driver: Driver) -> None:
    event = post(urls.WORKER_RECORDING.path, leg_form("completed"), LEG_PATH)
    event["headers"]["X-Twilio-Signature"] = "forged"
    event.get("multiValueHeaders", {})["X-Twilio-Signature"] = ["forged"]
    assert driver.send(event)["statusCode"] == 403


def test_the_url_that_was_sent_is_never_asked_for(driver: Driver, sounds: Sounds) -> None:
    assigned(driver)
    tell(driver, RecordingUrl="http://169.254.169.254/latest/meta-data/")
    work(driver)
    assert [url for url, _ in sounds.asked] == [f"{rest.recordings.url_of(RECORDING)}.mp3"]


def test_without_the_queue_the_sweep_has_it_kept(driver: Driver, later: Later, environment: pytest.MonkeyPatch) -> None:
    assigned(driver)

    def fails(_job: object, _delay_seconds: int = 0) -> None:
        raise DOWN

    with environment.context() as broken:
        broken.setattr(jobs, "send", fails)
        assert tell(driver) == 204
    pass_by(driver, later, 130)
    work(driver)
    assert row(driver)["deleted_at"] and deleted(driver) == [RECORDING]


@pytest.mark.parametrize("failing", [500, 404, DOWN])
def test_a_talk_that_cannot_be_fetched_stays_at_twilio_and_is_tried_again(
    driver: Driver, later: Later, sounds: Sounds, failing: Any
) -> None:
    assigned(driver)
    sounds.failures = [failing]
    tell(driver)
    with pytest.raises(Exception):  # noqa: B017 - whatever it is, the job comes again
        work(driver)
    assert deleted(driver) == [] and objects(driver) == {}
    pass_by(driver, later, 130)
    work(driver)
    assert row(driver)["kept_at"] and deleted(driver) == [RECORDING]


@pytest.mark.parametrize("size", [7, len(SOUND) - 1, len(SOUND) + 1])
def test_an_object_of_another_size_is_no_talk_kept(driver: Driver, environment: pytest.MonkeyPatch, size: int) -> None:
    assigned(driver)
    environment.setattr(bucket, "size", lambda _name: size)
    tell(driver)
    with pytest.raises(Exception, match="recordings/"):
        work(driver)
    assert deleted(driver) == [] and "kept_at" not in row(driver)


def test_one_that_is_not_kept_after_a_day_rings(driver: Driver, later: Later, sounds: Sounds) -> None:
    assigned(driver)
    sounds.failures = [500] * 50
    tell(driver)
    with pytest.raises(rest.NotDone):
        work(driver)
    pass_by(driver, later, DAY + 60)
    assert "MessagesNotKept" in driver.log.getvalue()


@pytest.mark.parametrize(
    ("age", "after"), [(10, 45), (45, 45), (46, 46), (1000, 1000), (3599, 3599), (3600, 3600), (90_000, 3600)]
)
def test_one_that_is_not_kept_is_tried_less_and_less_often(driver: Driver, age: int, after: int) -> None:
    key = not_kept()
    assert sweep_looks(key, BEGAN + age) == "recording sent again"
    assert row(driver)["check_at"] == int(BEGAN) + age + after
    (job,) = driver.queued()
    assert job == jobs.KeepTalk(CALL, RESERVATION, RECORDING, 95)


@pytest.mark.parametrize(("age", "rings"), [(DAY - 1, False), (DAY, True)])
def test_and_rings_after_a_day_to_the_moment(driver: Driver, age: int, rings: bool) -> None:
    key = not_kept()
    with redirect_stdout(driver.log):
        sweep_looks(key, BEGAN + age)
    assert ("MessagesNotKept" in driver.log.getvalue()) is rings


BEGAN = 1795248000.0


def not_kept(**known: Any) -> Key:
    """A talk was recorded at BEGAN, and is at Twilio."""
    link = Link(subject=CALL, reservation_sid=RESERVATION, queue="Support")
    return talks.record(link, RECORDING, {"seconds": 95, **known}, BEGAN).key


def sweep_looks(key: Key, now: float) -> str:
    (talk,) = reading.of_call(CALL).talks
    return recorded.look(table.Due(key, talk.check_at), now)


# --- Its end


@pytest.mark.parametrize(("early", "did"), [(0.25, "left kept"), (0.0, "recording deleted")])
def test_its_time_is_over_to_the_moment(driver: Driver, early: float, did: str) -> None:
    key = not_kept(deleted_at=BEGAN, stored_as="recordings/2026-11-21/x.mp3")
    (talk,) = reading.of_call(CALL).talks
    assert sweep_looks(key, talk.ends_at - early) == did
    assert is_gone(driver) is (did == "recording deleted") and deleted(driver) == []
    if did == "left kept":
        assert row(driver)["check_at"] == talk.ends_at


@pytest.mark.parametrize(("known", "did"), [({}, "recording sent again"), ({"deleted_at": BEGAN}, "left held")])
def test_one_that_is_held_is_kept_first_and_then_looked_at_no_more(
    driver: Driver, known: dict[str, float], did: str
) -> None:
    key = not_kept(held_at=BEGAN, **known)
    (talk,) = reading.of_call(CALL).talks
    assert sweep_looks(key, talk.ends_at + 60) == did
    assert ("open" in row(driver)) is (did != "left held")


def test_when_its_time_is_over_it_is_gone_everywhere(driver: Driver, later: Later) -> None:
    kept(driver)
    pass_by(driver, later, 29 * DAY)
    assert objects(driver) and not is_gone(driver)
    pass_by(driver, later, 2 * DAY)
    assert objects(driver) == {} and is_gone(driver)
    assert [found for found in driver.cloud.rows() if "NUMBER#" in found["call_sid"]] == []


def test_one_that_is_held_is_not_deleted(driver: Driver, later: Later) -> None:
    from ops.records import Records

    kept(driver)
    (talk,) = reading.of_call(CALL).talks
    records_of = Records("cordboard-test-links")
    assert records_of.hold(talk, "Bea", later.now)
    assert "expires_at" not in row(driver)
    pass_by(driver, later, 31 * DAY)
    assert objects(driver) and "open" not in row(driver)
    assert records_of.release(talk, later.now) and row(driver)["expires_at"] > later.now
    pass_by(driver, later, 60)
    assert objects(driver) == {} and is_gone(driver)


def test_one_that_is_being_deleted_cannot_be_held(driver: Driver, later: Later) -> None:
    from ops.records import Records

    kept(driver)
    (talk,) = reading.of_call(CALL).talks
    talks.begin_end(talk.key, later.now)
    assert not Records("cordboard-test-links").hold(talk, "Bea", later.now)


def test_one_that_is_held_in_that_moment_stays(driver: Driver, later: Later, environment: pytest.MonkeyPatch) -> None:
    from ops.records import Records

    kept(driver)
    (talk,) = reading.of_call(CALL).talks
    begin = talks.begin_end

    def held_first(key: Key, now: float) -> None:
        Records("cordboard-test-links").hold(talk, "Bea", now)
        begin(key, now)

    environment.setattr(talks, "begin_end", held_first)
    pass_by(driver, later, 31 * DAY)
    assert objects(driver) and not is_gone(driver)


def test_without_the_bucket_it_stays_at_twilio_for_its_days(
    driver: Driver, later: Later, environment: pytest.MonkeyPatch
) -> None:
    environment.delenv("MESSAGES_BUCKET")
    forget_everything()
    records(environment, ('kept_in = "s3"', 'kept_in = "twilio"'))
    assigned(driver)
    tell(driver)
    work(driver)
    assert deleted(driver) == [] and row(driver)["check_at"] == row(driver)["ends_at"]
    pass_by(driver, later, 31 * DAY)
    assert deleted(driver) == [RECORDING] and is_gone(driver)


def test_one_that_twilio_does_not_delete_is_tried_again_each_day(
    driver: Driver, later: Later, environment: pytest.MonkeyPatch
) -> None:
    environment.delenv("MESSAGES_BUCKET")
    forget_everything()
    records(environment, ('kept_in = "s3"', 'kept_in = "twilio"'))
    assigned(driver)
    tell(driver)
    work(driver)

    def refuses(_sid: str) -> None:
        raise rest.TwilioRejected(20003, "no")

    with environment.context() as refused:
        refused.setattr(rest.recordings, "delete", refuses)
        pass_by(driver, later, 31 * DAY)
    assert row(driver)["check_at"] == int(later.now) + DAY
    pass_by(driver, later, DAY + 60)
    assert is_gone(driver)


# --- What it costs


def test_a_recorded_talk_adds_exactly_these_requests(driver: Driver) -> None:
    assigned(driver)
    with counting() as made:
        driver.answer()
    assert made == {"UpdateItem": 1, "write_units": 2}  # as of any call
    with counting() as made:
        tell(driver)
        work(driver)
    of_the_test = ("ReceiveMessage", "DeleteMessage")
    assert {name: count for name, count in made.items() if name not in of_the_test} == {
        "SendMessage": 1,
        "Query": 1,
        "UpdateItem": 4,
        "PutObject": 1,
        "HeadObject": 1,
        "read_units": 1,
        "write_units": 11,
    }


def test_a_queue_that_is_not_recorded_asks_and_says_nothing_more(
    driver: Driver, environment: pytest.MonkeyPatch
) -> None:
    recorded = driver.voice("incoming", To=SALES)
    driver.assign("Sales", TaskQueueSid=QUEUES["Sales"])
    work(driver)
    document, link = driver.answer(), driver.link
    assert "Start" not in document and "recorded" not in link
    plain = callcenter.parse(callcenter.source())
    environment.setattr(callcenter, "current", lambda: plain)
    assert ElementTree.tostring(driver.voice("incoming", To=SALES)) == ElementTree.tostring(recorded)


def test_it_has_a_key_and_a_number() -> None:
    assert talk_key(CALL, RECORDING) == Key(CALL, f"TALK#{RECORDING}")

"""The team is told by mail: of each voicemail once, and now and then that nobody takes a line's calls."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from chalicelib import aws, jobs
from chalicelib.config import callcenter, schema
from chalicelib.lifecycle import unserved
from chalicelib.links import reading
from chalicelib.links.model import Notice
from chalicelib.staff import told
from chalicelib.tell import mail, outbox
from chalicelib.twilio import rest
from ops.__main__ import main
from tests.conftest import QUEUES, WORKFLOW, Aws
from tests.support.caches import forget_everything
from tests.support.driver import CALL, CALLER, LEG, SALES, TASK, Driver, task_attributes
from tests.support.meter import counting
from tests.webhooks.test_recordings import ANOTHER, RECORDING, leave_message
from tests.webhooks.test_sweep import Later, later, swept

__all__ = ["later"]

OTHER_CALL = "CA" + "e" * 32


@dataclass
class Inbox:
    """Who is subscribed to the topic."""

    driver: Driver
    url: str

    def mails(self) -> list[dict[str, str]]:
        """What came since the last look."""
        sqs, found = self.driver.cloud.client("sqs"), []
        while messages := sqs.receive_message(QueueUrl=self.url).get("Messages", []):
            for message in messages:
                found.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return found

    def subjects(self) -> list[str]:
        return [mail["Subject"] for mail in self.mails()]


@pytest.fixture
def inbox(driver: Driver, later: Later, environment: pytest.MonkeyPatch) -> Inbox:
    sns, sqs = driver.cloud.client("sns"), driver.cloud.client("sqs")
    topic = sns.create_topic(Name="cordboard-test-alarms")["TopicArn"]
    url = sqs.create_queue(QueueName="inbox")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    environment.setenv("MAIL_TOPIC_ARN", topic)
    environment.setenv("STAGE", "dev")
    forget_everything()
    return Inbox(driver, url)


def notices(driver: Driver) -> list[dict[str, Any]]:
    return [row for row in driver.cloud.rows() if row.get("what")]


def waits(driver: Driver, later: Later, task: str = TASK, to: str = "+14155550100", call: str = CALL) -> None:
    """A caller waits at Twilio from now on."""
    driver.twilio.tasks[task] = {
        "sid": task,
        "assignment_status": "pending",
        "attributes": task_attributes(call_sid=call, to=to),
        "task_queue_sid": QUEUES["Support"],
        "workflow_sid": WORKFLOW,
        "date_created": iso(later.now),
        "date_updated": iso(later.now),
    }


def iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def nobody_is_there(driver: Driver) -> None:
    driver.twilio.unserved = {QUEUES["Support"]}


def set_rules(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    changed = msgspec.structs.replace(callcenter.current(), tell=schema.Tell(**changes))
    monkeypatch.setattr(callcenter, "current", lambda: changed)


# --- A voicemail


def test_a_voicemail_is_told_with_the_next_sweep_and_the_mail_says_what_to_do(inbox: Inbox, driver: Driver) -> None:
    leave_message(driver)
    assert inbox.mails() == []
    driver.sweep()
    (mail,) = inbox.mails()
    assert mail["Subject"] == "Voicemail on line support"
    told, _, *commands = mail["Message"].splitlines()
    assert told.startswith("…71 left a message of 9 s on line support at 20") and told.endswith(" UTC.")
    assert commands == [f"./cordboard calls show {CALL} --stage dev", "./cordboard voicemail list --stage dev"]
    assert swept(driver)["told"] == 1


@pytest.mark.usefixtures("inbox")
def test_where_messages_stay_at_twilio_the_shortest_is_told_and_no_link_leads_to_it(driver: Driver) -> None:
    leave_message(driver, RecordingDuration="1")
    (row,) = notices(driver)
    assert row["what"] == "voicemail" and "base_url" not in row


@pytest.mark.usefixtures("inbox")
def test_a_caller_who_recorded_nothing_has_left_no_message(driver: Driver) -> None:
    leave_message(driver, RecordingUrl="")
    assert notices(driver) == []


def test_a_webhook_that_comes_twice_is_one_mail_before_and_after_it_is_told(inbox: Inbox, driver: Driver) -> None:
    leave_message(driver)
    leave_message(driver)
    driver.sweep()
    leave_message(driver)
    driver.sweep()
    assert inbox.subjects() == ["Voicemail on line support"]


def test_two_voicemails_of_one_call_are_two_mails(inbox: Inbox, driver: Driver) -> None:
    leave_message(driver)
    leave_message(driver, ANOTHER)
    driver.sweep()
    assert len(inbox.mails()) == 2


def test_nothing_recorded_is_nothing_to_tell(inbox: Inbox, driver: Driver) -> None:
    driver.voice("voicemail")
    driver.sweep()
    assert inbox.mails() == [] and notices(driver) == []


def test_what_has_been_told_is_out_of_the_index_and_expires_with_the_call(inbox: Inbox, driver: Driver) -> None:
    leave_message(driver)
    driver.sweep()
    (row,) = notices(driver)
    assert (row["call_sid"], row["item"]) == (CALL, f"TELL#{RECORDING}")
    assert row["told_at"] and "open" not in row and "check_at" not in row
    assert row["expires_at"] == driver.call["expires_at"]
    assert reading.of_call(CALL).links == ()


def test_numbers_stand_in_a_mail_in_full_only_where_the_team_says_so(
    inbox: Inbox, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_message(driver)
    assert CALLER not in json.dumps(notices(driver))
    set_rules(monkeypatch, numbers=True)
    leave_message(driver, ANOTHER)
    driver.sweep()
    told = {mail["Message"].split(" left")[0] for mail in inbox.mails()}
    assert told == {"…71", CALLER}


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("", "A caller without a number"),
        ("anonymous", "anonymous"),
        ("sip:ann@example.com", "sip:…@example.com"),
        ("Ann\r\nSubject: pay\n" + "x" * 500, "AnnSubject: pay" + "x" * 49),
    ],
)
def test_whatever_a_caller_sends_as_a_number_stays_on_one_line(
    inbox: Inbox, driver: Driver, sent: str, shown: str
) -> None:
    leave_message(driver, From=sent)
    driver.sweep()
    (mail,) = inbox.mails()
    assert mail["Message"].startswith(f"{shown} left a message of 9 s on line support")


# --- Nobody takes the calls


def test_a_caller_who_was_led_out_is_told_of(inbox: Inbox, driver: Driver) -> None:
    driver.voice("after", QueueResult="leave", QueueTime="1800")
    driver.sweep()
    (mail,) = inbox.mails()
    assert mail["Subject"] == "Nobody took a call on line support"
    assert "…71 was led out of the queue of line support at" in mail["Message"]
    assert mail["Message"].splitlines()[2:] == [
        f"./cordboard calls show {CALL} --stage dev",
        "./cordboard worker list --stage dev",
        "./cordboard worker on NAME --stage dev",
    ]


def test_so_is_one_whom_we_led_out_ourselves(inbox: Inbox, driver: Driver) -> None:
    driver.voice("after", QueueResult="redirected")
    driver.voice("moved")
    driver.sweep()
    assert inbox.subjects() == ["Nobody took a call on line support"]


@pytest.mark.parametrize("result", ["bridged", "hangup", "redirected", "error", "queue-full"])
def test_who_hung_up_or_was_served_is_not(inbox: Inbox, driver: Driver, result: str) -> None:
    driver.voice("after", QueueResult=result)
    driver.sweep()
    assert inbox.mails() == []


def test_a_caller_whom_the_crm_declines_is_nobodys_absence(inbox: Inbox, driver: Driver) -> None:
    driver.voice("declined")
    driver.sweep()
    assert inbox.mails() == []


def test_a_line_makes_one_mail_in_ten_minutes_and_another_line_its_own(
    inbox: Inbox, driver: Driver, later: Later
) -> None:
    for call, number in ((CALL, "+14155550100"), (OTHER_CALL, "+14155550100"), (LEG, SALES)):
        driver.voice("after", CallSid=call, To=number, QueueResult="leave")
    driver.sweep()
    assert sorted(inbox.subjects()) == ["Nobody took a call on line sales", "Nobody took a call on line support"]
    later(599)
    driver.voice("after", QueueResult="leave")
    driver.sweep()
    assert inbox.mails() == []
    later(1)
    driver.voice("after", CallSid=OTHER_CALL, QueueResult="leave", From="")
    driver.sweep()
    (mail,) = inbox.mails()
    assert mail["Message"].startswith("A caller without a number was led out") and OTHER_CALL in mail["Message"]


def test_a_simple_queue_is_named_like_a_line(inbox: Inbox, driver: Driver) -> None:
    driver.voice("after", To="+14155550103", QueueResult="leave")
    driver.sweep()
    assert inbox.subjects() == ["Nobody took a call on line front-desk"]


def test_a_caller_who_waits_a_minute_while_no_worker_of_the_queue_takes_calls(
    inbox: Inbox, driver: Driver, later: Later
) -> None:
    waits(driver, later)
    nobody_is_there(driver)
    later(unserved.PATIENCE_SECONDS - 2)
    driver.sweep()
    assert inbox.mails() == []
    later(3)
    driver.sweep()
    driver.sweep()
    (mail,) = inbox.mails()
    assert mail["Subject"] == "Nobody is available on line support"
    assert "…71 has waited on line support for 61 s at" in mail["Message"]


def test_nobody_is_told_while_somebody_of_the_queue_takes_calls_however_busy(
    inbox: Inbox, driver: Driver, later: Later
) -> None:
    waits(driver, later)
    later(1000)
    driver.sweep()
    assert inbox.mails() == []


def test_each_line_of_a_queue_without_workers_is_told(inbox: Inbox, driver: Driver, later: Later) -> None:
    for number, to in enumerate(("+14155550100", SALES, SALES)):
        waits(driver, later, "WT" + str(number) * 32, to, "CA" + str(number) * 32)
    nobody_is_there(driver)
    later(61)
    driver.sweep()
    assert sorted(inbox.subjects()) == ["Nobody is available on line sales", "Nobody is available on line support"]


@pytest.mark.parametrize(("waited", "long"), [(59.75, False), (60.0, True)])
def test_a_minute_is_long_to_wait_for_nobody(
    inbox: Inbox, driver: Driver, later: Later, waited: float, long: bool
) -> None:
    later(int(later.now) - later.now)
    waits(driver, later)
    assert bool(unserved.long_waiting(later.now + waited)) is long


def test_what_is_no_callers_is_remembered_for_so_many_tasks_and_then_anew(environment: pytest.MonkeyPatch) -> None:
    environment.setattr(unserved, "_of_work", set())
    environment.setattr(unserved, "_MOST_REMEMBERED", 3)
    known = []
    for number in range(5):
        unserved._remember(f"WT{number}")
        known.append(len(unserved._of_work))
    assert known == [1, 2, 3, 1, 2]


def test_a_task_without_a_call_waits_for_nobody(inbox: Inbox, driver: Driver, later: Later) -> None:
    waits(driver, later, call="")
    nobody_is_there(driver)
    for _ in range(2):
        later(61)
        driver.sweep()
    assert inbox.mails() == [] and notices(driver) == []


def test_work_that_waits_for_days_hides_no_caller(inbox: Inbox, driver: Driver, later: Later) -> None:
    for number in range(25):
        waits(driver, later, f"WT{number:032x}", call="")
    later(86400)
    waits(driver, later)
    nobody_is_there(driver)
    for _ in range(3):
        later(61)
        driver.sweep()
    assert inbox.subjects() == ["Nobody is available on line support"]
    asked = [path for method, path, _ in driver.twilio.requests if method == "GET" and "/Tasks/" in path]
    assert len(asked) == len(set(asked)) == 26


def test_a_queue_that_is_deleted_meanwhile_does_not_end_the_sweep(inbox: Inbox, driver: Driver, later: Later) -> None:
    leave_message(driver)
    waits(driver, later)
    later(61)
    driver.twilio.failures = {"GET /v1/Workspaces/WS00000000000000000000000000000000/Workers": [404]}
    driver.sweep()
    assert inbox.subjects() == ["Voicemail on line support"] and swept(driver)["failed"] == 1


def test_what_twilio_denies_keeps_no_mail_back(inbox: Inbox, driver: Driver) -> None:
    leave_message(driver)
    driver.twilio.failures = {"/Tasks": [401, 401]}
    with pytest.raises(Exception, match="refuses our credentials"):
        driver.sweep()
    assert len(inbox.mails()) == 1


# --- Off


def test_with_nobody_subscribed_nothing_is_asked_and_nothing_is_kept(driver: Driver, later: Later) -> None:
    leave_message(driver)
    driver.voice("after", QueueResult="leave")
    waits(driver, later)
    later(61)
    driver.sweep()
    assert notices(driver) == []
    assert (
        not driver.twilio.made("/Workers") and len(driver.twilio.made("GET /v1/Workspaces")) == 2
    )  # the wrapping ones


@pytest.mark.parametrize(("off", "left"), [("voicemail", ["Nobody took"]), ("nobody_available", ["Voicemail on"])])
def test_what_the_team_turned_off_is_not_told(
    inbox: Inbox, driver: Driver, monkeypatch: pytest.MonkeyPatch, off: str, left: list[str]
) -> None:
    set_rules(monkeypatch, **{off: False})
    leave_message(driver)
    driver.voice("after", QueueResult="leave")
    driver.sweep()
    assert [subject[: len(begin)] for subject, begin in zip(inbox.subjects(), left, strict=True)] == left


# --- What fails


def test_a_mail_that_sns_does_not_take_is_sent_by_a_later_sweep_and_holds_up_no_link(
    inbox: Inbox, driver: Driver, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_message(driver)
    leave_message(driver, ANOTHER)
    with monkeypatch.context() as broken:
        broken.setattr(aws, "request", failing("sns", aws.request))
        driver.sweep()
    assert inbox.mails() == [] and swept(driver)["not told"] == 1  # the second is not tried: it would hang as well
    later(60)
    driver.sweep()
    assert len(inbox.mails()) == 2


def test_a_sweep_that_dies_after_the_mail_tells_once_more(
    inbox: Inbox, driver: Driver, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_message(driver)
    with monkeypatch.context() as broken:
        broken.setattr("chalicelib.links.notices.close", lambda *_: 1 / 0)
        driver.sweep()
    driver.sweep()
    assert len(inbox.mails()) == 1  # it is taken, for another moment
    later(outbox.LEASE_SECONDS + 1)
    driver.sweep()
    driver.sweep()
    assert len(inbox.mails()) == 1


def test_two_sweeps_at_once_tell_once(inbox: Inbox, driver: Driver, later: Later) -> None:
    leave_message(driver)
    (due,) = outbox.due(later.now)
    assert outbox.tell(due, later.now, told.words) == outbox.TOLD
    assert outbox.tell(due, later.now, told.words) == "taken"
    assert len(inbox.mails()) == 1


def test_a_notice_that_is_renewed_while_the_old_one_is_told_is_told_too(
    inbox: Inbox, driver: Driver, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver.voice("after", QueueResult="leave")
    publish = outbox._publish

    def renewed(mail: Any) -> None:
        publish(mail)
        later(outbox.AGAIN_AFTER_SECONDS)
        driver.voice("after", CallSid=OTHER_CALL, QueueResult="leave")

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(outbox, "_publish", renewed)
        driver.sweep()
    driver.sweep()
    assert [CALL in mail["Message"] for mail in inbox.mails()] == [True, False]


@pytest.mark.parametrize(
    ("failure", "did", "texts"),
    [
        (None, outbox.TOLD, 1),
        (rest.TwilioRejected(21610, "stopped"), outbox.TOLD, 1),  # who wants none
        (rest.OutcomeUnknown("no answer"), outbox.TOLD, 1),  # rather none than two
        (rest.TwilioUnavailable("down"), outbox.LATER, 2),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_phone_is_told_by_our_first_number_and_again_only_where_twilio_did_not_take_it(
    cloud: Aws, monkeypatch: pytest.MonkeyPatch, failure: Exception | None, did: str, texts: int
) -> None:
    sent: list[tuple[str, str]] = []

    def send(from_number: str, to: str, _body: str) -> None:
        sent.append((from_number, to))
        if failure:
            raise failure

    monkeypatch.setattr(rest.texts, "send", send)
    center = callcenter.parse(
        'default_line = "a"\n[lines.a]\ngreeting = "Hello."\n[tell]\ndeliver = ["sms:+14155550199"]\n'
        '[staff]\nnumbers = ["+14155550105", "+14155550106"]\n'
    )
    monkeypatch.setattr(callcenter, "current", lambda: center)
    outbox.order(NOTICE)
    (due,) = outbox.due(NOTICE.at)
    assert outbox.tell(due, NOTICE.at, told.words) == did
    for again in outbox.due(NOTICE.at + outbox.LEASE_SECONDS):
        outbox.tell(again, NOTICE.at + outbox.LEASE_SECONDS, told.words)
    assert sent == [("+14155550105", "+14155550199")] * texts


def test_a_table_that_is_down_leaves_the_notice_to_a_job_and_the_caller_hears_the_thanks(
    inbox: Inbox, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(aws, "request", failing("dynamodb", aws.request))
        leave_message(driver)
    (job,) = driver.queued()
    assert isinstance(job, jobs.Tell)
    driver.work(job)
    driver.work(job)
    driver.sweep()
    assert inbox.subjects() == ["Voicemail on line support"]


def test_with_the_queue_down_as_well_the_loss_is_logged(
    inbox: Inbox, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aws, "request", failing("", aws.request))
    leave_message(driver)
    assert "nobody will be told" in driver.log.getvalue()


def failing(service: str, true: Any) -> Any:
    """Requests to this service fail; with an empty one all do."""

    def request(asked: str, *given: Any, **named: Any) -> Any:
        if service in ("", asked):
            raise ConnectionError("down")
        return true(asked, *given, **named)

    return request


@pytest.mark.parametrize(
    ("line", "subject"),
    [
        ("Zürich ☎", "Nobody took a call on line Z?rich ?"),
        ("a\nb", "Nobody took a call on line ab"),
        ("x" * 500, f"Nobody took a call on line {'x' * 64}"),
    ],
)
def test_a_subject_is_what_sns_takes_whatever_the_line_is_called(line: str, subject: str) -> None:
    told = mail.of(msgspec.structs.replace(NOTICE, line=line), "dev")
    assert told.subject == subject and len(told.subject) < 100
    assert told.text.count("\n") == 5


def test_what_a_mail_costs_is_what_the_page_says(inbox: Inbox, driver: Driver) -> None:
    leave_message(driver)
    with counting() as made:
        driver.sweep()
    assert {name: made[name] for name in ("Query", "UpdateItem", "Publish", "write_units")} == {
        "Query": 6,  # five of the index `open`, that for callbacks among them, and how much was told in this hour
        "UpdateItem": 3,
        "Publish": 1,
        "write_units": 6,
    }
    with counting() as made:
        outbox.order(NOTICE)
    assert dict(made) == {"UpdateItem": 1, "write_units": 2}


NOTICE = Notice(what="led-out", about=CALL, line="support", at=1_795_230_000.0)


def test_the_story_of_a_call_has_the_message_and_its_mail(
    inbox: Inbox, driver: Driver, capsys: pytest.CaptureFixture[str]
) -> None:
    leave_message(driver)
    assert main(["calls", "show", CALL]) == 0
    told = capsys.readouterr().out
    assert "the caller left a message" in told and "a mail told" not in told
    driver.sweep()
    capsys.readouterr()
    assert main(["calls", "show", CALL, "--json"]) == 0
    (notice,) = json.loads(capsys.readouterr().out)["notices"]
    assert notice["recording_sid"] == RECORDING and notice["told_at"] >= notice["at"]
    assert main(["calls", "show", CALL]) == 0
    assert "a mail told of the message" in capsys.readouterr().out

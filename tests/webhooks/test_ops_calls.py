"""`python -m ops calls show`: the whole story by either leg."""

import json

import pytest

from chalicelib.links.model import Call, CallRecord, Link
from chalicelib.reports.story import timeline
from ops.__main__ import main
from tests.doubles.http_server import serving
from tests.support.driver import CALL, LEG, RESERVATION, Driver, task_attributes

SHOW = ["calls", "show"]


@pytest.fixture
def story(driver: Driver) -> Driver:
    """A call from its task to its survey."""
    driver.event("task.created")
    driver.ring()
    driver.status("ringing")
    driver.answer()
    driver.event("reservation.accepted")
    driver.voice("after", QueueResult="bridged", QueueTime="12")
    driver.voice("survey", Digits="5")
    driver.event("task.completed")
    return driver


@pytest.mark.parametrize("sid", [CALL, LEG])
def test_either_leg_tells_the_whole_story(story: Driver, capsys: pytest.CaptureFixture[str], sid: str) -> None:
    assert main([*SHOW, sid]) == 0
    told = capsys.readouterr().out
    assert told.startswith(f"Call {CALL} from …71 to …00, line support\n  left the queue after 12 s: bridged\n")
    for fact in ("survey: 5", "Worker Bea, queue Support, crm-first: completed", f"leg {LEG}", "Bea: bridged"):
        assert fact in told
    assert "2026-11-21T03:00:42.500Z" in told and "+1" not in told


def test_it_leads_to_twilios_and_awss_own_pages(story: Driver, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SHOW, CALL]) == 0
    places = capsys.readouterr().out.split("\n\n")[-1].splitlines()
    assert places[0] == f"The caller's leg at Twilio: https://www.twilio.com/console/voice/calls/logs/{CALL}"
    assert places[-1].startswith("The log lines: https://eu-west-1.console.aws.amazon.com/cloudwatch/")


def test_a_direct_call_is_found_by_its_workers_leg_though_most_of_it_was_lost(
    driver: Driver, capsys: pytest.CaptureFixture[str]
) -> None:
    driver.assign("Urgent")
    driver.twilio.reservation = "completed"
    driver.event("task.completed", TaskAttributes=task_attributes(worker_call_sid=LEG))
    assert main([*SHOW, LEG]) == 0
    told = capsys.readouterr().out
    assert f"leg {LEG}" in told and "direct: completed" in told


def test_numbers_are_shown_to_who_asks_for_them(story: Driver, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SHOW, CALL, "--numbers"]) == 0
    assert "+12125550171" in capsys.readouterr().out


def test_json_is_for_machines(story: Driver, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SHOW, LEG, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["call"]["survey"] == "5" and told["links"][0]["worker_call_sid"] == LEG
    assert told["call"]["caller"] == "…71"
    assert told["links"][0]["bridged_at"] == 1795230042.5  # ten digits that are a time, not a number


def test_json_has_numbers_in_full_for_who_asks_for_them(story: Driver, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SHOW, LEG, "--json", "--numbers"]) == 0
    assert json.loads(capsys.readouterr().out)["call"]["caller"] == "+12125550171"


def test_steps_of_the_same_moment_are_told_in_the_order_they_are_taken() -> None:
    link = Link(
        subject=CALL, reservation_sid=RESERVATION, worker_name="Bea", reserved_at=5, dialing_at=7.25, bridged_at=7.25
    )
    told = timeline(CallRecord(None, (link,))).splitlines()[-3:]
    assert told == [
        "1970-01-01T00:00:05.000Z     0.000 s  Bea: reserved",
        "1970-01-01T00:00:07.250Z     2.250 s  Bea: dialing",
        "1970-01-01T00:00:07.250Z     2.250 s  Bea: bridged",
    ]


def test_a_canceled_call_says_why() -> None:
    call = Call(call_sid=CALL, line="support", reason="hangup", voicemail_url="https://example.com/RE1", at=5)
    told = timeline(CallRecord(call, ()))
    assert "the task was canceled: hangup" in told and "voicemail, 0 s: https://example.com/RE1" in told


def test_a_leg_is_asked_for_where_the_endpoint_says(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.setenv("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:9")  # nobody is there
    with serving((200, b'{"Items": [], "Count": 0, "ScannedCount": 0}')) as dynamodb:
        assert main([*SHOW, CALL, "--endpoint-url", dynamodb.url]) == 1
    asked = [json.loads(body) for _, _, body in dynamodb.requests]
    assert [request.get("IndexName") for request in asked] == [None, "keys_by_worker_leg"]
    assert {request["TableName"] for request in asked} == {"cordboard-test-links"}


def test_a_local_aws_is_found_by_its_variable(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving((200, b'{"Items": [], "Count": 0, "ScannedCount": 0}')) as dynamodb:
        environment.setenv("AWS_ENDPOINT_URL", dynamodb.url)
        assert main([*SHOW, CALL]) == 1
    assert len(dynamodb.requests) == 2


def test_a_table_that_is_not_there_is_one_sentence(driver: Driver, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SHOW, CALL, "--table", "cordboard-moon-links"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("cannot read the table cordboard-moon-links: ") and said.count("\n") == 1


def test_without_the_variable_the_stages_table_is_read(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("LINKS_TABLE")
    assert main([*SHOW, CALL, "--stage", "prod"]) == 1
    assert "cannot read the table cordboard-prod-links" in capsys.readouterr().err


def test_a_link_without_its_callers_story_is_shown_too(driver: Driver, capsys: pytest.CaptureFixture[str]) -> None:
    driver.assign()
    assert main([*SHOW, CALL, "--table", "cordboard-test-links"]) == 0
    assert "Nothing is known of the caller's own leg" in capsys.readouterr().out


def test_a_call_that_nobody_knows(driver: Driver, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SHOW, "CA" + "9" * 32]) == 1
    assert "no call, no worker leg and no work" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"), [(["WR1"], "is no CallSid"), ([CALL, "--stage", "moon"], "no stage 'moon'")]
)
def test_what_makes_no_sense_is_said(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    monkeypatch.delenv("LINKS_TABLE")
    assert main([*SHOW, *words]) == 2
    assert said in capsys.readouterr().err

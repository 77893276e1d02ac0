"""The scenarios, end to end: the deployed package, real HTTP, a local AWS, the emulator as Twilio."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import urllib3

from chalicelib import jobs
from laptop import call_centre, local_aws, outcome, package
from laptop.environment import Laptop
from laptop.scenarios import MORE_SCENARIOS, SCENARIOS, Result, Scenario, run
from tests.support import openapi
from tests.support.waiting import eventually

ALL = [*SCENARIOS, *MORE_SCENARIOS]

# Twilio's documents describe its resources; that the sound of a recording lies beside one, its page of recordings says.
SOUND = re.compile(r"/Recordings/RE[0-9a-f]{32}\.(mp3|wav)$")


@pytest.fixture(scope="module")
def results(laptop: Laptop) -> dict[str, Result]:
    """Every scenario, played once."""
    return {scenario.letter: run(laptop, scenario) for scenario in ALL}


@pytest.mark.parametrize("scenario", ALL, ids=lambda scenario: f"{scenario.letter}: {scenario.title}")
def test_scenario_ends_as_expected(scenario: Scenario, results: dict[str, Result]) -> None:
    assert list(results[scenario.letter].observed) == list(scenario.expected)


def test_no_webhook_was_answered_with_an_error(laptop: Laptop, results: dict[str, Result]) -> None:
    webhooks = laptop.do(lambda: [event.detail for event in laptop.twilio.scheduler.trace if event.kind == "webhook"])
    assert len(webhooks) > 50
    assert [event for event in webhooks if event.get("status") not in ("200", "204")] == []


def test_twilio_had_nothing_to_warn_of(laptop: Laptop, results: dict[str, Result]) -> None:
    warnings = laptop.do(lambda: [event.detail for event in laptop.twilio.scheduler.trace if event.kind == "warning"])
    assert warnings == []


def test_a_job_that_is_delivered_again_does_nothing(laptop: Laptop, results: dict[str, Result]) -> None:
    call_sid = results["a"].call_sid
    before = outcome.call_rows(laptop.aws, call_sid)
    legs = laptop.do(lambda: len(laptop.twilio.context.calls))
    again = jobs.RingWorker(call_sid, outcome.links(before)[0]["item"])
    _send(laptop, jobs.encode(again))
    assert outcome.call_rows(laptop.aws, call_sid) == before
    assert laptop.do(lambda: len(laptop.twilio.context.calls)) == legs


def _send(laptop: Laptop, body: str) -> None:
    """Put the message on the queue and wait until it is worked off."""
    queue, url = laptop.aws.client("sqs"), package.queue_url(laptop.aws)
    queue.send_message(QueueUrl=url, MessageBody=body)
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]

    def is_empty() -> bool:
        counts = queue.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return all(counts[name] == "0" for name in names)

    eventually(is_empty)


def test_an_operator_sees_the_whole_call_by_either_leg(laptop: Laptop, results: dict[str, Result]) -> None:
    link = outcome.links(outcome.call_rows(laptop.aws, results["a"].call_sid))[0]
    by_caller = _show(laptop, results["a"].call_sid)
    assert _show(laptop, link["worker_call_sid"]) == by_caller
    assert "Bea" in by_caller and "completed" in by_caller and "Ann Lee" in by_caller


def _show(laptop: Laptop, call_sid: str) -> str:
    environment = {**local_aws.environment(), "AWS_ENDPOINT_URL": laptop.aws.url}
    command = [sys.executable, "-m", "ops", "calls", "show", call_sid, "--stage", "local"]
    done = subprocess.run(command, cwd=package.ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_nothing_is_left_open(laptop: Laptop, results: dict[str, Result]) -> None:
    answer = laptop.aws.client("dynamodb").query(
        TableName="cordboard-local-links",
        IndexName="open",
        KeyConditionExpression="#open = :link",
        ExpressionAttributeNames={"#open": "open"},
        ExpressionAttributeValues={":link": {"S": "link"}},
    )
    assert answer["Items"] == []


def test_logs_hold_neither_numbers_nor_secrets(laptop: Laptop, results: dict[str, Result]) -> None:
    text = "\n".join(_log_lines(laptop))
    assert '"event":"event"' in text
    assert call_centre.AUTH_TOKEN not in text and laptop.crm.key not in text
    assert re.findall(r"\+1[0-9]{10}|%2B1[0-9]{10}", text) == []


def _log_lines(laptop: Laptop) -> Iterator[str]:
    logs = laptop.aws.client("logs")
    for group in logs.describe_log_groups()["logGroups"]:
        for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"]):
            yield from (event["message"] for event in page["events"])


@pytest.mark.skipif(openapi.folder() is None, reason="TWILIO_OPENAPI names no folder with Twilio's OpenAPI documents")
def test_every_request_to_twilio_is_one_that_twilio_describes(laptop: Laptop, results: dict[str, Result]) -> None:
    folder = openapi.folder()
    assert folder is not None
    described = openapi.Description(folder)
    requests = laptop.do(lambda: list(laptop.twilio.requests))
    assert {urlsplit(request.url).path.split("/")[1] for request in requests} == {"v1", "2010-04-01"}
    sounds = [request for request in requests if SOUND.search(urlsplit(request.url).path)]
    assert {(request.method, not request.form) for request in sounds} == {("GET", True)}
    for request in requests:
        if request not in sounds:
            assert described.check_request(request.method, request.url, request.form) == []


def test_the_local_aws_leaves_nothing_running(tmp_path: Path) -> None:
    with local_aws.running(tmp_path / "aws.log") as local:
        assert urllib3.request("GET", f"{local.url}/_ministack/health").status == 200
    with pytest.raises(urllib3.exceptions.HTTPError):
        urllib3.request("GET", f"{local.url}/_ministack/health", retries=False)

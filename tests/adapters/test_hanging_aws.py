"""AWS that takes the connection and never answers: every webhook keeps to Twilio's time all the same."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib import aws, budget
from chalicelib.config import callcenter, secrets
from tests.doubles.http_server import Endpoint, serving
from tests.support.api_gateway import post
from tests.support.caches import forget_everything
from tests.support.driver import LEG_PATH, assignment_form, caller_form, event_form, leg_form

MARGIN = 1.0  # for a busy machine


@pytest.fixture
def hanging(environment: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    with serving("hang") as endpoint:
        environment.setenv("AWS_ENDPOINT_URL", endpoint.url)
        aws.client("dynamodb"), aws.client("sqs"), aws.client("ssm")  # their making is no part of what is measured
        yield endpoint


def timed(event: dict[str, Any]) -> tuple[dict[str, Any], float]:
    import app

    began = time.monotonic()
    answer: dict[str, Any] = app.app(event, None)
    return answer, time.monotonic() - began


@pytest.mark.parametrize("queue", ["Support", "Urgent"])
def test_an_assignment_is_answered_in_time_and_nothing_is_written_again(hanging: Endpoint, queue: str) -> None:
    answer, seconds = timed(post("/taskrouter/assignment", assignment_form(queue)))
    assert json.loads(answer["body"])["instruction"] == "dequeue"
    assert len(hanging.requests) == 1 and seconds < aws.LONGEST_SECONDS + MARGIN


def test_a_caller_hears_their_document_in_time(hanging: Endpoint) -> None:
    answer, seconds = timed(post("/voice/after", caller_form(QueueResult="leave")))
    assert answer["statusCode"] == 200 and seconds < 2 * aws.LONGEST_SECONDS + MARGIN


def test_a_line_with_a_switch_goes_by_the_file_within_300_ms(
    hanging: Endpoint, environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = callcenter.source().replace("[lines.support]", "[lines.support]\nswitch = true", 1)
    environment.setattr(callcenter, "source", lambda: text)
    forget_everything()
    aws.client("dynamodb", quick=True), timed(post("/voice/incoming", caller_form(To="+14155550101")))
    answer, seconds = timed(post("/voice/incoming", caller_form()))
    assert "Thank you for calling" in answer["body"] and 0.15 < seconds < 0.3 + MARGIN
    assert len(hanging.requests) == 1 and '"switch of a line is not read"' in capsys.readouterr().out
    assert aws.QUICK_CONNECT_SECONDS + aws.QUICK_READ_SECONDS <= 0.3001
    answer, seconds = timed(post("/voice/incoming", caller_form()))
    assert "Thank you for calling" in answer["body"] and len(hanging.requests) == 1  # it is not asked again at once


def test_mails_that_cannot_be_kept_keep_no_caller_waiting(
    hanging: Endpoint, environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.setenv("MAIL_TOPIC_ARN", "arn:aws:sns:eu-west-1:123456789012:cordboard-test-alarms")
    forget_everything()
    aws.client("dynamodb"), aws.client("sqs")
    answer, seconds = timed(post("/voice/voicemail", caller_form(RecordingUrl="https://files.example.com/1.wav")))
    assert "Thank you" in answer["body"] and seconds < 3 * aws.LONGEST_SECONDS + MARGIN
    assert "nobody will be told" in capsys.readouterr().out


def test_a_worker_who_answers_is_joined_in_time(hanging: Endpoint) -> None:
    route = "/worker/{subject}/{reservation_sid}/answer"
    answer, seconds = timed(post(route, leg_form("in-progress"), LEG_PATH))
    assert "<Queue" in answer["body"] and seconds < aws.LONGEST_SECONDS + MARGIN


def test_an_event_that_cannot_be_kept_is_asked_for_again_in_time(hanging: Endpoint) -> None:
    answer, seconds = timed(post("/taskrouter/events", event_form("task.completed")))
    assert answer["statusCode"] == 503 and seconds < aws.LONGEST_SECONDS + MARGIN


def test_a_process_that_never_had_the_secret_says_so_in_time(
    hanging: Endpoint, environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.delenv("TWILIO_AUTH_TOKEN")
    environment.setenv("TWILIO_SECRET_PARAMETER", "/cordboard/test/twilio")
    forget_everything()
    answer, seconds = timed(post("/taskrouter/assignment", assignment_form()))
    assert answer["statusCode"] == 503 and seconds < aws.LONGEST_SECONDS + MARGIN
    assert "traceback" not in capsys.readouterr().out


def test_no_request_is_begun_that_would_outlast_the_answer(hanging: Endpoint) -> None:
    with budget.Until(time.time() + aws.LONGEST_SECONDS / 2), pytest.raises(budget.OutOfTime):
        aws.request("sqs", "list_queues")
    assert hanging.requests == []


def test_the_last_good_secret_counts_while_ssm_is_out_of_reach(
    environment: pytest.MonkeyPatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, asked = [1000.0], list[float]()
    text = json.dumps({"auth_tokens": ["a"]})

    def parameter(_name: str) -> str:
        asked.append(clock[0])
        if len(asked) in (2, 3):
            raise OSError("no route")
        return text

    environment.delenv("TWILIO_AUTH_TOKEN")
    environment.setenv("TWILIO_SECRET_PARAMETER", "/cordboard/test/twilio")
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    monkeypatch.setattr(secrets, "_parameter", parameter)
    forget_everything()
    for later in (0, secrets.REFRESH_SECONDS, 1, secrets.AGAIN_SECONDS, secrets.AGAIN_SECONDS, 1):
        clock[0] += later
        assert secrets.current().auth_tokens == ("a",)
    assert [at - 1000 for at in asked] == [0, 300, 306, 311]  # again soon, and not at each request

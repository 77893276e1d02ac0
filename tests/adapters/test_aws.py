"""One request to AWS: what AWS did not take is asked once more, what it answered is the answer."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError, ReadTimeoutError

from chalicelib import aws, budget


class Service:
    """A client of which each request ends as the next outcome says."""

    def __init__(self, *outcomes: Exception | str) -> None:
        self._outcomes: Iterator[Exception | str] = iter(outcomes)
        self.asked = 0

    def describe(self, **_given: Any) -> str:
        self.asked += 1
        outcome = next(self._outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


def refused(status: int | None, code: str = "ValidationException") -> ClientError:
    metadata = {} if status is None else {"HTTPStatusCode": status}
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": metadata}, "Describe")


def ask(monkeypatch: pytest.MonkeyPatch, service: Service) -> Any:
    monkeypatch.setattr(aws, "client", lambda _name: service)
    monkeypatch.setattr(aws, "PAUSE_SECONDS", 0.0)
    return aws.request("dynamodb", "describe")


@pytest.mark.parametrize(
    "error",
    [
        refused(500),
        refused(503),
        refused(400, "ThrottlingException"),
        EndpointConnectionError(endpoint_url="https://example.com"),
        ConnectionClosedError(endpoint_url="https://example.com"),
    ],
)
def test_what_aws_did_not_take_is_asked_once_more(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    service = Service(error, "done")
    assert ask(monkeypatch, service) == "done" and service.asked == 2


@pytest.mark.parametrize("error", [refused(500), EndpointConnectionError(endpoint_url="https://example.com")])
def test_and_only_once(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    service = Service(error, error, "never")
    with pytest.raises(type(error)):
        ask(monkeypatch, service)
    assert service.asked == 2


@pytest.mark.parametrize(
    "error", [refused(400), refused(404), refused(499), refused(None), ReadTimeoutError(endpoint_url="https://x")]
)
def test_an_answer_is_an_answer_and_what_may_have_been_done_is_not_asked_again(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    service = Service(error, "never")
    with pytest.raises(type(error)):
        ask(monkeypatch, service)
    assert service.asked == 1


# --- Clients


@pytest.mark.parametrize(
    ("service", "quick", "connect", "read"),
    [
        ("dynamodb", False, 0.5, 1.0),
        ("dynamodb", True, 0.1, 0.2),
        ("sqs", False, 0.5, 1.0),
        ("s3", False, 0.5, 5.0),
        ("transcribe", False, 0.5, 5.0),
    ],
)
def test_a_client_waits_for_so_long_and_asks_once(
    environment: pytest.MonkeyPatch, service: str, quick: bool, connect: float, read: float
) -> None:
    config = aws.client(service, quick).meta.config
    assert (config.connect_timeout, config.read_timeout, config.retries["total_max_attempts"]) == (connect, read, 1)


def test_a_client_is_made_once_for_each_service(environment: pytest.MonkeyPatch) -> None:
    assert aws.client("sqs") is aws.client("sqs") is not aws.client("sqs", quick=True)


def test_a_url_of_a_sound_is_of_its_bucket_and_holds_for_so_long(environment: pytest.MonkeyPatch) -> None:
    url = aws.presigned_url("sounds-of-the-team", "voicemail/x.mp3", 300)
    assert url.startswith("https://sounds-of-the-team.s3.") and "/voicemail/x.mp3?" in url
    assert "X-Amz-Expires=300" in url and "X-Amz-Algorithm=AWS4-HMAC-SHA256" in url


@pytest.mark.parametrize(("left", "is_asked"), [(1.5, True), (1.49, False)])
def test_a_request_is_begun_while_there_is_time_for_all_of_it(
    monkeypatch: pytest.MonkeyPatch, left: float, is_asked: bool
) -> None:
    service = Service("done")
    monkeypatch.setattr(budget, "seconds_left", lambda: left)
    if is_asked:
        assert ask(monkeypatch, service) == "done"
    else:
        with pytest.raises(budget.OutOfTime):
            ask(monkeypatch, service)
    assert service.asked == is_asked


def test_between_two_requests_there_is_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    paused, service = list[float](), Service(refused(500), "done")
    monkeypatch.setattr("time.sleep", paused.append)
    monkeypatch.setattr(aws, "client", lambda _name: service)
    assert (aws.request("dynamodb", "describe"), paused) == ("done", [aws.PAUSE_SECONDS])


def ask_quickly(monkeypatch: pytest.MonkeyPatch, service: Service) -> Any:
    monkeypatch.setattr(aws, "client", lambda _name, quick=False: service if quick else None)
    return aws.quick_request("dynamodb", "describe")


def test_a_quick_request_is_made_once_more_where_the_connection_was_broken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service(ConnectionClosedError(endpoint_url="https://example.com"), "done")
    assert ask_quickly(monkeypatch, service) == "done" and service.asked == 2


@pytest.mark.parametrize(
    "error", [refused(500), refused(400, "ThrottlingException"), ReadTimeoutError(endpoint_url="https://x")]
)
def test_and_never_for_another_reason(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    service = Service(error, "never")
    with pytest.raises(type(error)):
        ask_quickly(monkeypatch, service)
    assert service.asked == 1

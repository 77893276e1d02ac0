"""One request to AWS: what AWS did not take is asked once more, what it answered is the answer."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError, ReadTimeoutError

from chalicelib import aws


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

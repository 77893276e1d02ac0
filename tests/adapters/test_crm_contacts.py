"""The embedded CRM: what a contact says, and a table that cannot be asked is a CRM out of order."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from chalicelib import aws, crm
from chalicelib.crm import contacts
from tests.conftest import Aws

ATTEMPT = crm.Attempt(
    idempotency_key="WR" + "a" * 32,
    call_sid="CA" + "a" * 32,
    caller="+12125550171",
    called="+14155550100",
    queue="Support",
    worker_sid="WK" + "a" * 32,
    worker_name="Bea",
    at=1_800_000_000.0,
)


@pytest.mark.parametrize(
    "error",
    [
        EndpointConnectionError(endpoint_url="https://dynamodb.example.com"),
        ClientError({"Error": {"Code": "ProvisionedThroughputExceededException"}}, "GetItem"),
    ],
)
@pytest.mark.parametrize("fails", ["get_item", "put_item"])
def test_a_table_that_cannot_be_asked_is_out_of_order(
    cloud: Aws, monkeypatch: pytest.MonkeyPatch, error: Exception, fails: str
) -> None:
    true = aws.request

    def request(service: str, name: str, **given: Any) -> Any:
        if name == fails:
            raise error
        return true(service, name, **given)

    monkeypatch.setattr(aws, "request", request)
    with pytest.raises(crm.Unavailable, match=f"the contacts table: {type(error).__name__}"):
        contacts.prepare(ATTEMPT)


def test_a_caller_nobody_has_written_down_is_put_through_and_the_attempt_noted(cloud: Aws) -> None:
    assert contacts.prepare(ATTEMPT) == crm.Approval("", "", {})
    (row,) = cloud.client("dynamodb").scan(TableName="cordboard-test-contacts")["Items"]
    assert (row["item"]["S"], row["worker_name"]["S"]) == (f"ATTEMPT#{ATTEMPT.idempotency_key}", "Bea")


def test_the_attempt_says_what_became_of_it(cloud: Aws) -> None:
    contacts.prepare(ATTEMPT)
    ended = crm.Ended(
        idempotency_key=ATTEMPT.idempotency_key,
        call_sid=ATTEMPT.call_sid,
        caller=ATTEMPT.caller,
        called=ATTEMPT.called,
        queue=ATTEMPT.queue,
        worker_sid=ATTEMPT.worker_sid,
        worker_name="Bea",
        bridged_at=ATTEMPT.at + 5,
        ended_at=ATTEMPT.at + 65.4,
        disposition="solved",
    )
    for _ in range(2):
        crm.after("contacts", ended)
    (row,) = cloud.client("dynamodb").scan(TableName="cordboard-test-contacts")["Items"]
    assert (row["talked_seconds"]["N"], row["disposition"]["S"], "note_sid" in row) == ("60", "solved", False)
    crm.after("none", ended)


def test_a_caller_without_a_number_has_no_attempt(cloud: Aws) -> None:
    nobody = crm.Ended(
        idempotency_key=ATTEMPT.idempotency_key,
        call_sid=ATTEMPT.call_sid,
        caller="",
        called=ATTEMPT.called,
        queue=ATTEMPT.queue,
        worker_sid=ATTEMPT.worker_sid,
        worker_name="Bea",
        bridged_at=0.0,
        ended_at=0.0,
    )
    crm.after("contacts", nobody)
    assert cloud.client("dynamodb").scan(TableName="cordboard-test-contacts")["Items"] == []

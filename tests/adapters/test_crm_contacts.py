"""The embedded CRM: what a contact says, and a table that cannot be asked is a CRM out of order."""

from typing import Any

import msgspec
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


ENDED = crm.Ended(
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


def contact(cloud: Aws, **known: str) -> None:
    """This caller is written down."""
    texts = {"phone": ATTEMPT.caller, "item": "CONTACT", **known}
    item = {**{name: {"S": text} for name, text in texts.items()}, "calls": {"N": "7"}}
    cloud.client("dynamodb").put_item(TableName="cordboard-test-contacts", Item=item)


def test_of_a_contact_the_worker_gets_the_texts(cloud: Aws) -> None:
    contact(cloud, name="Ann", whisper="Gold.", city="Bonn")
    assert contacts.prepare(ATTEMPT) == crm.Approval(
        "Ann", "Gold.", {"name": "Ann", "whisper": "Gold.", "city": "Bonn"}
    )


@pytest.mark.parametrize("say", ["", "Please write to us."])
def test_a_contact_may_be_put_through_to_nobody(cloud: Aws, say: str) -> None:
    contact(cloud, declined="owes us money", **({"declined_say": say} if say else {}))
    with pytest.raises(crm.DeclinedCaller, match="owes us money") as no:
        contacts.prepare(ATTEMPT)
    assert (no.value.say, no.value.then) == (say, "hangup")


@pytest.mark.parametrize("seconds", [-9, 0])
def test_nobody_talks_for_less_than_no_time(cloud: Aws, seconds: float) -> None:
    crm.after("contacts", msgspec.structs.replace(ENDED, ended_at=ENDED.bridged_at + seconds))
    (row,) = cloud.client("dynamodb").scan(TableName="cordboard-test-contacts")["Items"]
    assert row["talked_seconds"]["N"] == "0"


def test_while_the_table_is_down_it_is_told_again_what_became_of_a_call(
    cloud: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_given: object, **_named: object) -> None:
        raise EndpointConnectionError(endpoint_url="https://dynamodb.example.com")

    monkeypatch.setattr(aws, "request", down)
    with pytest.raises(crm.Unavailable, match="the contacts table: EndpointConnectionError"):
        crm.after("contacts", ENDED)


def test_the_attempt_says_what_became_of_it(cloud: Aws) -> None:
    contacts.prepare(ATTEMPT)
    for _ in range(2):
        crm.after("contacts", ENDED)
    (row,) = cloud.client("dynamodb").scan(TableName="cordboard-test-contacts")["Items"]
    assert (row["talked_seconds"]["N"], row["disposition"]["S"], "note_sid" in row) == ("60", "solved", False)
    crm.after("none", ENDED)


def test_a_caller_without_a_number_has_no_attempt(cloud: Aws) -> None:
    nobody = msgspec.structs.replace(ENDED, caller="")
    crm.after("contacts", nobody)
    assert cloud.client("dynamodb").scan(TableName="cordboard-test-contacts")["Items"] == []

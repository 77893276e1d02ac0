"""The DynamoDB in memory and moto's, held to the same cases: who tests against one tests against the other."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import boto3
import pytest
from botocore.exceptions import ParamValidationError
from moto import mock_aws

from tests.doubles.dynamodb.case import TABLE, Case, item, table_properties
from tests.doubles.dynamodb.cases import CASES
from tests.doubles.dynamodb.differences import MINISTACK, MOTO, check
from tests.doubles.dynamodb.link_cases import LINK_CASES, LinkCase
from tests.doubles.dynamodb.store import Dynamodb

every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
every_link_case = pytest.mark.parametrize("case", LINK_CASES, ids=lambda case: case.name)


@pytest.fixture
def memory() -> Dynamodb:
    return Dynamodb({TABLE: table_properties()})


@pytest.fixture(scope="module")
def moto() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as environment, mock_aws():
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            environment.setenv(name, "testing")
        client = boto3.client("dynamodb", region_name="eu-west-1")
        client.create_table(TableName=TABLE, **table_properties())
        yield client


@every_case
def test_the_memory_answers_as_dynamodb(case: Case, memory: Dynamodb) -> None:
    check(case, memory, {})


@every_case
def test_moto_answers_as_dynamodb_or_is_known_not_to(case: Case, moto: Any) -> None:
    check(case, moto, MOTO)


@every_link_case
@pytest.mark.usefixtures("environment")
def test_links_do_in_memory_what_they_say(case: LinkCase, memory: Dynamodb) -> None:
    check(case, memory, {})


@every_link_case
@pytest.mark.usefixtures("environment")
def test_links_do_the_same_with_moto(case: LinkCase, moto: Any) -> None:
    check(case, moto, MOTO)


def test_every_case_that_is_known_to_differ_is_a_case() -> None:
    names = {case.name for case in CASES}
    assert len(names) == len(CASES)
    assert {name for known in (MOTO, MINISTACK) for listed in known.values() for name in listed} <= names


def test_what_is_answered_can_be_changed_without_the_table(memory: Dynamodb) -> None:
    given = item(call_sid="CA1", item="WR1", deep={"a": [1, {"b": "c"}]}, words={"x"})
    memory.put_item(TableName=TABLE, Item=given)
    key = {name: given[name] for name in ("call_sid", "item")}
    before = {"Item": deepcopy(given)}
    assert memory.get_item(TableName=TABLE, Key=key) == before
    spoiled = (given, memory.get_item(TableName=TABLE, Key=key)["Item"], memory.scan(TableName=TABLE)["Items"][0])
    for row in spoiled:
        row["deep"]["M"]["a"]["L"][1]["M"]["b"]["S"] = "spoiled"
        row["words"]["SS"].append("spoiled")
    assert memory.get_item(TableName=TABLE, Key=key) == before


@pytest.mark.parametrize(
    ("written", "kept"),
    [("1795230000.0", "1795230000"), ("-0.50", "-0.5"), ("007", "7"), ("1e+16", "10000000000000000"), ("-0", "0")],
)
def test_a_number_comes_back_without_the_zeroes_that_say_nothing(memory: Dynamodb, written: str, kept: str) -> None:
    row = {**item(call_sid="CA1", item="WR1"), "at": {"N": written}}
    memory.put_item(TableName=TABLE, Item=row)
    assert memory.scan(TableName=TABLE)["Items"] == [{**row, "at": {"N": kept}}]


def test_a_row_that_moves_behind_the_page_is_met_again(memory: Dynamodb) -> None:
    """What an index tells is told page by page from where it was: a row may change in between."""
    for number in range(3):
        row = item(call_sid="CA1", item=f"WR{number}", worker_sid="WK1", reserved_at=number)
        memory.put_item(TableName=TABLE, Item=row)
    request = {
        "IndexName": "keys_by_worker",
        "KeyConditionExpression": "worker_sid = :sid",
        "ExpressionAttributeValues": {":sid": {"S": "WK1"}},
        "PaginationConfig": {"PageSize": 2},
    }
    met = []
    for page in memory.get_paginator("query").paginate(TableName=TABLE, **request):
        for row in page["Items"]:
            met.append((row["item"]["S"], row["reserved_at"]["N"]))
            if row["reserved_at"]["N"] == "1":
                memory.put_item(TableName=TABLE, Item={**row, "reserved_at": {"N": "7"}})
    assert met == [("WR0", "0"), ("WR1", "1"), ("WR2", "2"), ("WR1", "7")]


def test_pages_follow_one_another_to_the_end(memory: Dynamodb, moto: Any) -> None:
    rows = [item(call_sid="CA1", item=f"WR{number}") for number in range(5)]
    for client in (memory, moto):
        for page in client.get_paginator("scan").paginate(TableName=TABLE):
            for row in page["Items"]:
                client.delete_item(TableName=TABLE, Key={name: row[name] for name in ("call_sid", "item")})
        for row in rows:
            client.put_item(TableName=TABLE, Item=row)
        request = {
            "KeyConditionExpression": "call_sid = :sid",
            "ExpressionAttributeValues": {":sid": {"S": "CA1"}},
            "PaginationConfig": {"PageSize": 2},
        }
        pages = client.get_paginator("query").paginate(TableName=TABLE, **request)
        assert [page["Items"] for page in pages] == [rows[:2], rows[2:4], rows[4:]]


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("scan", {"ProjectionExpression": "call_sid"}),
        ("scan", {"Segment": 0}),
        ("scan", {"PaginationConfig": {"PageSize": 1}}),
        ("put_item", {"Item": {}, "Expected": {}}),
        ("scan", {"FilterExpression": "attribute_exists(deep.a)"}),
        ("scan", {"FilterExpression": "attribute_type(deep, :s)"}),
    ],
)
def test_what_is_not_modelled_is_refused(memory: Dynamodb, operation: str, request_: dict[str, Any]) -> None:
    if ":s" in str(request_):
        request_ = {**request_, "ExpressionAttributeValues": {":s": {"S": "S"}}}
    memory.put_item(TableName=TABLE, Item=item(call_sid="CA1", item="WR1"))
    with pytest.raises(NotImplementedError):
        getattr(memory, operation)(TableName=TABLE, **request_)


@pytest.mark.parametrize("config", [{"MaxItems": 1}, {"StartingToken": "a", "PageSize": 1}])
def test_a_paginator_that_is_not_modelled_is_refused(memory: Dynamodb, config: dict[str, Any]) -> None:
    with pytest.raises(NotImplementedError):
        next(memory.get_paginator("scan").paginate(TableName=TABLE, PaginationConfig=config))
    with pytest.raises(NotImplementedError):
        memory.get_paginator("list_tables")


@pytest.mark.parametrize("wrong", [{"N": 1}, {"S": 1}, {"BOOL": "true"}, {"X": "1"}, {}, {"S": "a", "N": "1"}])
def test_what_boto3_does_not_send_is_refused_as_boto3_does(memory: Dynamodb, wrong: dict[str, Any]) -> None:
    row = {**item(call_sid="CA1", item="WR1"), "a": wrong}
    with pytest.raises(ParamValidationError):
        memory.put_item(TableName=TABLE, Item=row)
    assert memory.scan(TableName=TABLE)["Items"] == []

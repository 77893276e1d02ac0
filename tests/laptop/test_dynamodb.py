"""The DynamoDB of the laptop, held to the same cases as the one in memory."""

from collections.abc import Iterator
from typing import Any

import pytest

from laptop import local_aws
from tests.doubles.dynamodb.case import TABLE, Case, table_properties
from tests.doubles.dynamodb.cases import CASES
from tests.doubles.dynamodb.differences import MINISTACK, check
from tests.doubles.dynamodb.link_cases import LINK_CASES, LinkCase


@pytest.fixture(scope="module")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with local_aws.running(tmp_path_factory.mktemp("aws") / "aws.log") as local:
        client = local.client("dynamodb")
        client.create_table(TableName=TABLE, **table_properties())
        yield client


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_ministack_answers_as_dynamodb_or_is_known_not_to(case: Case, ministack: Any) -> None:
    check(case, ministack, MINISTACK)


@pytest.mark.parametrize("case", LINK_CASES, ids=lambda case: case.name)
@pytest.mark.usefixtures("environment")
def test_links_do_the_same_with_ministack(case: LinkCase, ministack: Any) -> None:
    check(case, ministack, MINISTACK)

"""DynamoDB in memory under boto3's own clients: what moto takes milliseconds for is done in a tenth of one."""

import re
from collections.abc import Mapping
from typing import Any

import botocore.client
import pytest
from botocore.exceptions import ClientError

from tests.doubles.dynamodb.store import Dynamodb
from tests.support import resources


def dynamodb(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on the tables of infra/resources.yaml are the double's, empty at first.

    The double does as moto and the local AWS do (tests/adapters/test_dynamodb.py). Whatever else is asked of AWS goes
    where it went, and so does what is asked of another address.
    """
    double = Dynamodb(resources.tables())
    before = botocore.client.BaseClient._make_api_call

    def request(client: Any, operation: str, given: Mapping[str, Any]) -> Any:
        if client.meta.service_model.service_name != "dynamodb" or "amazonaws.com" not in client.meta.endpoint_url:
            return before(client, operation, given)
        try:
            return getattr(double, _snake_case(operation))(**given)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            raise client.exceptions.from_code(code)(error.response, operation) from None

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", request)


def _snake_case(operation: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"_\1", operation).lower()

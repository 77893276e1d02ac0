"""What each function may ask of AWS, held against its policy file at every request: as IAM would, moto does not."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import botocore.client

BUCKETS = re.compile(r"-messages-\d{12}-[a-z0-9-]+$")  # account and region stand open in a policy
POLICIES = Path(__file__).parents[2] / ".chalice" / "policies"


NAMED_OTHERWISE = {"s3:HeadObject": "s3:GetObject"}  # what IAM calls the permission


class NotAllowed(Exception):
    """The function asked for what its policy does not have. Not caught by the application: tests see it."""


@contextmanager
def of(function: str) -> Iterator[None]:
    """In this block every request to AWS must stand in the policy of this function, as its file is called."""
    refused: list[str] = []
    real: Callable[..., Any] = botocore.client.BaseClient._make_api_call

    def request(client: Any, operation: str, given: Mapping[str, Any]) -> Any:
        action = f"{client.meta.service_model.service_name}:{operation}"
        asked = (NAMED_OTHERWISE.get(action, action), resource(given))
        if asked not in allowed(function):
            refused.append(" on ".join(asked))
        return real(client, operation, given)

    with patch.object(botocore.client.BaseClient, "_make_api_call", request):
        yield
    if refused:
        raise NotAllowed(f"{function}: {', '.join(sorted(set(refused)))}")


@cache
def allowed(function: str) -> frozenset[tuple[str, str]]:
    """Action and resource of each permission; the resource is what stands after account and region."""
    policy = json.loads((POLICIES / f"dev-{function}.json").read_text(encoding="utf-8"))
    return frozenset(
        (action, arn.split(":", 5)[5])
        for statement in policy["Statement"]
        for action in statement["Action"]
        for arn in statement["Resource"]
    )


def resource(given: Mapping[str, Any]) -> str:
    """What the request is about, as a policy of the stage dev names it."""
    if "TableName" in given:
        index = f"/index/{given['IndexName']}" if "IndexName" in given else ""
        name = f"table/{given['TableName']}{index}"
    elif "Bucket" in given:
        name = f"{BUCKETS.sub('-messages-*', given['Bucket'])}/{given['Key'].partition('/')[0]}/*"
    elif "TopicArn" in given:
        name = str(given["TopicArn"]).rsplit(":", 1)[1]
    elif "TranscriptionJobName" in given:
        name = f"transcription-job/{re.sub('-RE.*$', '-*', given['TranscriptionJobName'])}"
    elif "QueueUrl" in given:
        name = str(given["QueueUrl"]).rsplit("/", 1)[1]
    else:
        name = f"parameter{given['Name']}"
    return name.replace("-test-", "-dev-").replace("/test/", "/dev/")

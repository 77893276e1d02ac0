"""Requests to AWS, on clients that are made once and late.

Each takes a known time at most, and is not begun when that is more than the invocation has left.
"""

import time
from collections.abc import Mapping
from functools import cache
from typing import Any

from chalicelib import budget

CONNECT_SECONDS, READ_SECONDS = 0.5, 1.0
LONGEST_SECONDS = CONNECT_SECONDS + READ_SECONDS
# Of what somebody decides without, if it is not there in time.
QUICK_CONNECT_SECONDS, QUICK_READ_SECONDS = 0.1, 0.2
SOUND_SECONDS = 5.0  # of S3's answer, which has megabytes to take, and of those who read them there
PAUSE_SECONDS = 0.05
# Without these boto3 would sign URLs in the old way and for a host of no region, which most refuse.
OF_S3: Mapping[str, Any] = {"signature_version": "s3v4", "s3": {"addressing_style": "virtual"}}

_THROTTLED = frozenset({"ThrottlingException", "ProvisionedThroughputExceededException", "RequestThrottled"})


@cache
def client(service: str, quick: bool = False) -> Any:
    """The process's client of `service`. Importing boto3 is left to the first use: most webhooks never need it.

    A `quick` one gives up after QUICK_CONNECT_SECONDS and QUICK_READ_SECONDS.
    """
    import boto3
    from botocore.config import Config

    read = SOUND_SECONDS if service in ("s3", "transcribe") else QUICK_READ_SECONDS if quick else READ_SECONDS
    connect = QUICK_CONNECT_SECONDS if quick else CONNECT_SECONDS
    options = OF_S3 if service == "s3" else {}
    config = Config(connect_timeout=connect, read_timeout=read, retries={"total_max_attempts": 1}, **options)
    return boto3.client(service, config=config)


def request(service: str, operation: str, **arguments: Any) -> Any:
    """One request, as boto3's client makes it. Raises what boto3 raises, and OutOfTime.

    It is made once more when AWS did not take it, or broke the connection off: a process that Lambda has thawed may
    hold a dead one. After a time-out it never is: a service that hangs would use up the time of the answer.
    """
    try:
        return _ask(service, operation, arguments)
    except Exception as error:
        if not _was_not_taken(error):
            raise
    time.sleep(PAUSE_SECONDS)
    return _ask(service, operation, arguments)


def quick_request(service: str, operation: str, **arguments: Any) -> Any:
    """One request that has its answer soon, or fails. Raises as `request`.

    It is made once more only when the connection was broken off, which shows at once.
    """
    from botocore.exceptions import ConnectionClosedError

    try:
        return _ask(service, operation, arguments, quick=True)
    except ConnectionClosedError:
        return _ask(service, operation, arguments, quick=True)


def presigned_url(bucket: str, name: str, seconds: int) -> str:
    """A URL that gives this object to whoever has it, for so long. Asks nobody."""
    url: str = client("s3").generate_presigned_url(
        "get_object", Params={"Bucket": bucket, "Key": name}, ExpiresIn=seconds
    )
    return url


def _ask(service: str, operation: str, arguments: dict[str, Any], *, quick: bool = False) -> Any:
    if budget.seconds_left() < LONGEST_SECONDS:
        raise budget.OutOfTime(f"no time is left for {service}")
    of_service = client(service, quick=True) if quick else client(service)
    return getattr(of_service, operation)(**arguments)


def _was_not_taken(error: Exception) -> bool:
    from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError

    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return status >= 500 or error.response["Error"]["Code"] in _THROTTLED
    return isinstance(error, (EndpointConnectionError, ConnectionClosedError))

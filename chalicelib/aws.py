"""AWS clients, made once and late, with time-outs that fit the five seconds of an assignment."""

from functools import cache
from typing import Any


@cache
def client(service: str) -> Any:
    """The process's client of `service`. Importing boto3 is left to the first use: most webhooks never need it."""
    import boto3
    from botocore.config import Config

    config = Config(connect_timeout=1, read_timeout=1.5, retries={"mode": "standard", "total_max_attempts": 2})
    return boto3.client(service, config=config)

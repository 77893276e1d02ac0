"""AWS for the operator's commands: whose account the environment says, and errors in one plain sentence."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoRegionError
from botocore.loaders import create_loader
from botocore.session import get_session

from ops.aws import reasons
from ops.aws.reasons import code
from ops.errors import AwsError, NoAccess

__all__ = ["client", "code", "plain", "who"]

ATTEMPTS = 4


class Identity(NamedTuple):
    """Who is signed in, and where."""

    account: str
    region: str
    arn: str


def client(service: str) -> Any:
    """A client of `service`, with the credentials that AWS's usual variables and files name. Raises AwsError."""
    config = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard", "total_max_attempts": ATTEMPTS})
    with plain(f"reach {service}"):
        session = get_session()  # whom the environment names now
        if not session.get_config_variable("region"):  # STS alone has a place without one
            raise NoRegionError
        session.register_component("data_loader", _loader())
        return session.create_client(service, config=config)


@cache
def _loader() -> Any:
    """What botocore knows of the services takes most of the time that a client takes: it is read once."""
    return create_loader()


def region() -> str:
    """That of the credentials in use. Raises AwsError."""
    return str(client("sts").meta.region_name)


def who() -> Identity:
    """Raises AwsError."""
    sts = client("sts")
    with plain("ask AWS who you are"):
        found = sts.get_caller_identity()
    return Identity(found["Account"], sts.meta.region_name, found["Arn"])


@contextmanager
def plain(what: str) -> Iterator[None]:
    """What AWS's client raises in the block becomes an AwsError: "cannot <what>: why, and what to do"; a NoAccess,
    which is the same for whatever was tried, when nobody is let in."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        if sentence := reasons.no_access(error):
            raise NoAccess(sentence) from error
        raise AwsError(f"cannot {what}: {reasons.refusal(error)}") from error

"""AWS for the operator's commands: whose account the environment says, and errors in one plain sentence."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError, NoCredentialsError, NoRegionError

from botocore.loaders import create_loader
from botocore.session import get_session

from ops.errors import AwsError

SIGN_IN = "sign in (aws sso login, aws configure) or set AWS_PROFILE"

# Each service has its own code for credentials that it does not know.
UNKNOWN_CREDENTIALS = (
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "IncompleteSignature",
    "InvalidSignatureException",
    "AuthFailure",
)
EXPIRED = ("ExpiredToken", "ExpiredTokenException", "RequestExpired")
DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")


def client(service: str) -> Any:
    """A client of `service`, with the credentials that AWS's usual variables and files name. Raises AwsError."""
    config = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 4})
    with plain(f"reach {service}"):
        session = get_session()  # whom the environment names now
        session.register_component("data_loader", _loader())
        return session.create_client(service, config=config)


@cache
def _loader() -> Any:
    """What botocore knows of the services takes most of the time that a client takes: it is read once."""
    return create_loader()


@contextmanager
def plain(what: str) -> Iterator[None]:
    """What AWS's client raises in the block becomes a AwsError: "cannot <what>: why, and what to do"."""
    try:
        yield
    except ClientError as error:
        raise AwsError(f"cannot {what}: {_reason(error)}") from error
    except NoCredentialsError as error:
        raise AwsError(f"cannot {what}: there are no AWS credentials; {SIGN_IN}") from error
    except NoRegionError as error:
        raise AwsError(
            f"cannot {what}: no AWS region is set; set AWS_DEFAULT_REGION or the profile's region"
        ) from error
    except EndpointConnectionError as error:
        raise AwsError(f"cannot {what}: AWS does not answer ({error}); is there a network?") from error
    except BotoCoreError as error:
        raise AwsError(f"cannot {what}: {error}") from error


def code(error: ClientError) -> str:
    """AWS's name for what went wrong."""
    return str(error.response.get("Error", {}).get("Code", ""))


def _reason(error: ClientError) -> str:
    message = str(error.response.get("Error", {}).get("Message", error))
    if code(error) in UNKNOWN_CREDENTIALS:
        return f"AWS does not know these credentials ({code(error)}); {SIGN_IN}"
    if code(error) in EXPIRED:
        return f"the AWS credentials are no longer valid ({code(error)}); {SIGN_IN}"
    if code(error) in DENIED:
        return f"these AWS credentials may not do that: {message}"
    return f"{message} ({code(error)})"

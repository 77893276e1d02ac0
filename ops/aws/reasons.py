"""Why AWS was not reached, or did not let somebody in: one sentence for each cause, with what mends it. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from botocore import exceptions as aws

SIGN_IN = "sign in (aws sso login, aws configure) or set AWS_PROFILE"
SIGN_IN_AGAIN = "sign in again (aws sso login, aws login), or put new ones into the environment"

# Each service has its own code for credentials that it does not know.
UNKNOWN_CREDENTIALS = (
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "AuthFailure",
)
EXPIRED = ("ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired")
WRONG_CLOCK = ("RequestExpired", "RequestTimeTooSkewed", "RequestInTheFuture")
DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")

Facts = Mapping[str, Any]  # what botocore knows of its error


def code(error: aws.ClientError) -> str:
    """AWS's name for what went wrong."""
    return str(error.response.get("Error", {}).get("Code", ""))


def no_access(error: aws.BotoCoreError | aws.ClientError) -> str:
    """Why nobody is signed in, or AWS is out of reach: the same for every request. Empty when it is something else."""
    if isinstance(error, aws.ClientError):
        return _of_code(code(error), str(error))
    return next((say(error.kwargs) for kinds, say in _WITHOUT_AN_ANSWER if isinstance(error, kinds)), "")


def refusal(error: aws.BotoCoreError | aws.ClientError) -> str:
    """What AWS says to this one request."""
    if not isinstance(error, aws.ClientError):
        return str(error)
    message = str(error.response.get("Error", {}).get("Message", error))
    if code(error) in DENIED:
        return f"these AWS credentials may not do that: {message}"
    return f"{message} ({code(error)})"


def _of_code(name: str, message: str) -> str:
    if name in WRONG_CLOCK or "Signature expired" in message or "Signature not yet current" in message:
        return f"AWS finds this machine's clock wrong ({name}): set it by NTP"
    if name in UNKNOWN_CREDENTIALS:
        return f"AWS does not know these credentials ({name}): {SIGN_IN}"
    if name in EXPIRED:
        return f"the AWS credentials have expired ({name}): {SIGN_IN_AGAIN}"
    return ""


def _unreached(facts: Facts) -> str:
    where = facts.get("endpoint_url") or facts.get("proxy_url") or facts.get("error")
    return f"AWS does not answer at {where}: is there a network, and is AWS_ENDPOINT_URL right if it is set?"


# What botocore raises by itself, and the sentence for it; the first that fits.
_WITHOUT_AN_ANSWER: tuple[tuple[tuple[type[Any], ...], Callable[[Facts], str]], ...] = (
    ((aws.NoCredentialsError, aws.NoAuthTokenError), lambda facts: f"there are no AWS credentials: {SIGN_IN}"),
    (
        (aws.PartialCredentialsError,),
        lambda facts: f"the AWS credentials lack {facts['cred_var']}: set it, or {SIGN_IN}",
    ),
    (
        (aws.ProfileNotFound,),
        lambda facts: (
            f"there is no AWS profile {facts['profile']!r}: set AWS_PROFILE to one of `aws configure list-profiles`"
        ),
    ),
    ((aws.NoRegionError,), lambda facts: "no AWS region is set: set AWS_DEFAULT_REGION or the profile's region"),
    (
        (aws.InvalidRegionError, aws.UnknownRegionError),
        lambda facts: (
            f"there is no AWS region {facts['region_name']!r}: set AWS_DEFAULT_REGION or the profile's region"
        ),
    ),
    (
        (aws.SSOError, aws.TokenRetrievalError, aws.LoginError),
        lambda facts: f"the AWS sign-in has expired: {SIGN_IN_AGAIN}",
    ),
    (
        (aws.CredentialRetrievalError, aws.InvalidConfigError, aws.ConfigParseError, aws.ConfigNotFound),
        lambda facts: f"the AWS credentials cannot be had ({'; '.join(map(str, facts.values()))}): {SIGN_IN}",
    ),
    ((aws.ConnectionError, aws.HTTPClientError), _unreached),
)

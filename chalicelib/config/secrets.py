"""The account's secrets: from the environment on a laptop, else from one SSM SecureString.

Read once a process and again after REFRESH_SECONDS, so that a token rotation needs no deploy: write the parameter
with the new token first and the old one second, wait that long, then promote the new token in Twilio.
"""

import os
import time
from functools import lru_cache

import msgspec

from chalicelib import aws
from chalicelib.config import environment

REFRESH_SECONDS = 300


class Secrets(msgspec.Struct, frozen=True):
    auth_tokens: tuple[str, ...]  # newest first; each may sign a webhook while a rotation is under way
    api_key_sid: str = ""
    api_key_secret: str = ""
    crm_key: str = ""

    def __repr__(self) -> str:
        return "Secrets(…)"  # a secret in a traceback is a secret in a log


class SecretError(Exception):
    """The secret is missing or malformed. The text never holds its value."""


def current() -> Secrets:
    """This process's secrets. Raises SecretError."""
    return _during(int(time.monotonic() // REFRESH_SECONDS))


def forget() -> None:
    """Read the secrets again at the next use."""
    _during.cache_clear()


@lru_cache(maxsize=1)
def _during(period: int) -> Secrets:
    """The secrets of this period of REFRESH_SECONDS: read at its first use."""
    return _read()


def _read() -> Secrets:
    tokens = os.environ.get("TWILIO_AUTH_TOKEN", "")
    if tokens:
        return Secrets(auth_tokens=tuple(tokens.split(",")), crm_key=os.environ.get("CRM_KEY", ""))
    name = environment.current().secret_parameter
    if not name:
        raise SecretError("neither TWILIO_SECRET_PARAMETER nor TWILIO_AUTH_TOKEN is set")
    return parse(_parameter(name))


def parse(text: str) -> Secrets:
    """The parameter's JSON: `auth_tokens`, `api_key_sid`, `api_key_secret`, `crm_key`. Raises SecretError."""
    try:
        secrets = msgspec.json.decode(text, type=Secrets)
    except msgspec.DecodeError:
        raise SecretError("the secret parameter is not the JSON that Cordboard expects") from None
    if not any(secrets.auth_tokens):
        raise SecretError("the secret parameter holds no auth token")
    return msgspec.structs.replace(secrets, auth_tokens=tuple(token.strip() for token in secrets.auth_tokens if token))


def _parameter(name: str) -> str:
    value: str = aws.client("ssm").get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
    return value

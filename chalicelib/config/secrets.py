"""The account's secrets: from the environment on a laptop, else from one SSM SecureString.

Read once a process and again after REFRESH_SECONDS, so that a token rotation needs no deploy: write the parameter
with the new token first and the old one second, wait that long, then promote the new token in Twilio. While SSM cannot
be reached, the last good secrets count.
"""

import os
import time

import msgspec

from chalicelib import aws, budget
from chalicelib.config import environment
from chalicelib.observability import log

REFRESH_SECONDS = 300
AGAIN_SECONDS = 5  # after it could not be read again


class Secrets(msgspec.Struct, frozen=True):
    auth_tokens: tuple[str, ...]  # newest first; each may sign a webhook while a rotation is under way
    api_key_sid: str = ""
    api_key_secret: str = ""
    crm_key: str = ""
    work_key: str = ""

    def __repr__(self) -> str:
        return "Secrets(…)"  # a secret in a traceback is a secret in a log


class SecretError(Exception):
    """The secret is missing or malformed. The text never holds its value."""


class _Kept:
    """What this process knows of the secret. `ask_at` is when it is to be read again, by the monotonic clock."""

    secrets: Secrets | None = None
    ask_at: float = 0.0
    why: str = ""  # it could not be read


_kept = _Kept()


def current() -> Secrets:
    """This process's secrets; the last good ones while they cannot be read. Raises SecretError."""
    now = time.monotonic()
    if now >= _kept.ask_at:
        _refresh(now)
    if _kept.secrets is None:
        raise SecretError(_kept.why)
    return _kept.secrets


def forget() -> None:
    """Read the secrets again at the next use."""
    _kept.ask_at = 0.0


def _refresh(now: float) -> None:
    """Read them, or say why not: SSM may be out of reach, or the parameter half written.

    While the last good ones count, SSM is left alone for a moment; a process that has none asks at each request.
    """
    try:
        _kept.secrets = _read()
        _kept.ask_at = now + REFRESH_SECONDS
    except Exception as error:
        _kept.why = str(error) if isinstance(error, SecretError) else f"SSM: {type(error).__name__}"
        _kept.ask_at = now + AGAIN_SECONDS if _kept.secrets else now
        log.warning("secret not read", why=_kept.why, kept=bool(_kept.secrets))


def _read() -> Secrets:
    tokens = os.environ.get("TWILIO_AUTH_TOKEN", "")
    if tokens:
        return Secrets(
            auth_tokens=tuple(tokens.split(",")),
            crm_key=os.environ.get("CRM_KEY", ""),
            work_key=os.environ.get("WORK_KEY", ""),
        )
    name = environment.current().secret_parameter
    if not name:
        raise SecretError("neither TWILIO_SECRET_PARAMETER nor TWILIO_AUTH_TOKEN is set")
    return parse(_parameter(name))


def parse(text: str) -> Secrets:
    """The parameter's JSON, with the fields of Secrets. Raises SecretError."""
    try:
        secrets = msgspec.json.decode(text, type=Secrets)
    except msgspec.DecodeError:
        raise SecretError("the secret parameter is not the JSON that Cordboard expects") from None
    if not any(secrets.auth_tokens):
        raise SecretError("the secret parameter holds no auth token")
    return msgspec.structs.replace(secrets, auth_tokens=tuple(token.strip() for token in secrets.auth_tokens if token))


def _parameter(name: str) -> str:
    with budget.Until(float("inf")):  # without it there is no answer at all, however late a cold start has made it
        answer = aws.request("ssm", "get_parameter", Name=name, WithDecryption=True)
    value: str = answer["Parameter"]["Value"]
    return value

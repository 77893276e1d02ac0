"""The client of a stage's account at Twilio: by what the environment says, else by the stage's own secret."""

import os
from collections.abc import Mapping
from pathlib import Path

from twilio.rest import Client

from ops import stage, twilio
from ops.aws import secret
from ops.aws.client import CloudError
from ops.twilio import AccountError


def client_of(name: str, root: Path = stage.ROOT) -> Client:
    """The client of the stage's account. Raises NoStage; AccountError, also when the environment means another one."""
    known = stage.read(name, root)
    here, theirs = os.environ.get("TWILIO_ACCOUNT_SID", ""), known.get("TWILIO_ACCOUNT_SID", "")
    if here and theirs and here != theirs:
        raise AccountError(
            f"TWILIO_ACCOUNT_SID is {here}, but stage {name} belongs to {theirs}:"
            f" take it out of {stage.file_of(name)} if the stage is to move"
        )
    given_here = {name: value for name, value in os.environ.items() if value}
    return twilio.client({**known, **_secret(name, root, given_here), **given_here})


def _secret(name: str, root: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """The credentials of the stage's secret, when the environment has none and AWS can be asked."""
    if environment.get("TWILIO_AUTH_TOKEN") or environment.get("TWILIO_API_KEY_SID"):
        return {}
    try:
        kept = secret.read(secret.parameter(name, root))
    except (CloudError, secret.Refused):
        return {}
    if kept is None:
        return {}
    if kept.secrets.api_key_sid:
        return {
            "TWILIO_API_KEY_SID": kept.secrets.api_key_sid,
            "TWILIO_API_KEY_SECRET": kept.secrets.api_key_secret,
        }
    return {"TWILIO_AUTH_TOKEN": kept.secrets.auth_tokens[0]}

"""The stage's secret: one SSM SecureString, encrypted with the account's own key for SSM, that the functions read."""

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from chalicelib.config import secrets
from chalicelib.config.secrets import SecretError, Secrets
from ops import stage
from ops.aws import client
from ops.errors import AwsError, SecretRefused, StageError
from ops.program import command

TOKEN = re.compile("[0-9a-fA-F]{32}")
KEY_SID = re.compile("SK[0-9a-fA-F]{32}")


@dataclass(frozen=True)
class Kept:
    """The secret as it lies in SSM, and since when."""

    secrets: Secrets
    version: int
    changed: datetime


class Given(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an operator hands in; empty: leave that field as it is."""

    auth_token: str = ""
    api_key_sid: str = ""
    api_key_secret: str = ""
    crm_key: str = ""
    work_key: str = ""

    def __repr__(self) -> str:
        return "Given(…)"


def parameter(stage_name: str, root: Path = stage.ROOT) -> str:
    """The name of the stage's parameter. Raises NoStage, and StageError also when the stage names none."""
    name = stage.read(stage_name, root).get("TWILIO_SECRET_PARAMETER", "")
    if not name:
        raise StageError(f"TWILIO_SECRET_PARAMETER of stage {stage_name} is not set in .chalice/config.json")
    return name


def read(name: str) -> Kept | None:
    """The parameter of this name, None when there is none. Raises AwsError."""
    ssm = client.client("ssm")
    with client.plain(f"read the parameter {name}"):
        try:
            found = ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]
        except ssm.exceptions.ParameterNotFound:
            return None
    try:
        return Kept(secrets.parse(found["Value"]), found["Version"], found["LastModifiedDate"])
    except SecretError as error:
        raise AwsError(f"the parameter {name}: {error}; delete it and set it anew") from None


def credentials(stage_name: str, root: Path = stage.ROOT) -> dict[str, str]:
    """The secret's credentials as variables of the environment; empty when the stage names no secret.

    Raises NoStage, StageError, and AwsError also when the secret is not there.
    """
    name = stage.read(stage_name, root).get("TWILIO_SECRET_PARAMETER", "")
    if not name:
        return {}
    kept = read(name)
    if kept is None:
        raise AwsError(f"there is no {name}: {command('secret set --stage', stage_name)}")
    if kept.secrets.api_key_sid:
        return {
            "TWILIO_API_KEY_SID": kept.secrets.api_key_sid,
            "TWILIO_API_KEY_SECRET": kept.secrets.api_key_secret,
        }
    return {"TWILIO_AUTH_TOKEN": kept.secrets.auth_tokens[0]}


def checked(given: Given) -> Given:
    """What was handed in, without the line feeds and blanks that came along. Raises SecretRefused."""
    clean = Given(**{name: value.strip() for name, value in msgspec.structs.asdict(given).items()})
    for what, value, pattern, wanted in (
        ("auth token", clean.auth_token, TOKEN, "32 hexadecimal digits"),
        ("API key's sid", clean.api_key_sid, KEY_SID, "SK and 32 hexadecimal digits"),
    ):
        if value and not pattern.fullmatch(value):
            raise SecretRefused(f"this is no {what}: it is {wanted}, and {len(value)} characters came")
    if bool(clean.api_key_sid) != bool(clean.api_key_secret):
        raise SecretRefused("an API key is its sid and its secret: give both or neither")
    for name, value in msgspec.structs.asdict(clean).items():
        if any(letter.isspace() or not letter.isprintable() for letter in value):
            raise SecretRefused(f"{name} has a blank or a line feed in the middle")
    return clean


def merged(known: Secrets | None, given: Given, replace: bool = False) -> Secrets:
    """The secret after `secret set`. Raises SecretRefused."""
    tokens = known.auth_tokens if known else ()
    if not tokens and not given.auth_token:
        raise SecretRefused("an auth token is needed: it stands in Twilio's console, under Account Info")
    if tokens and given.auth_token and given.auth_token not in tokens and not replace:
        raise SecretRefused(
            "another auth token is set already: --rotate puts the new one first and keeps the old one until --finish,"
            " --replace drops the old one at once"
        )
    if given.auth_token and (replace or not tokens):
        tokens = (given.auth_token,)
    old = known or Secrets(auth_tokens=())
    return Secrets(
        auth_tokens=tokens,
        api_key_sid=given.api_key_sid or old.api_key_sid,
        api_key_secret=given.api_key_secret or old.api_key_secret,
        crm_key=given.crm_key or old.crm_key,
        work_key=given.work_key or old.work_key,
    )


def rotated(known: Secrets | None, given: Given) -> Secrets:
    """The secret with the new token first and the old one second. Raises SecretRefused."""
    if known is None:
        raise SecretRefused(f"there is no token to rotate from: {command('secret set')}")
    if not given.auth_token:
        raise SecretRefused("the new auth token is needed: create a secondary token in Twilio's console")
    newest, *older = known.auth_tokens
    if given.auth_token == newest:
        return known
    if older:
        raise SecretRefused("a rotation is under way: end it with --finish before the next one")
    return msgspec.structs.replace(known, auth_tokens=(given.auth_token, newest))


def finished(known: Secrets | None) -> Secrets:
    """The secret with the newest token alone. Raises SecretRefused."""
    if known is None:
        raise SecretRefused(f"there is no secret: {command('secret set')}")
    return msgspec.structs.replace(known, auth_tokens=known.auth_tokens[:1])


def write(name: str, new: Secrets, known: Kept | None, stage_name: str) -> None:
    """Put the secret there; `known` is what was read before, None when there was none. Raises AwsError."""
    value = msgspec.json.encode(new).decode()
    tags = [{"Key": "application", "Value": "cordboard"}, {"Key": "stage", "Value": stage_name}]
    ssm = client.client("ssm")
    with client.plain(f"write the parameter {name}"):
        if known is None:
            ssm.put_parameter(Name=name, Type="SecureString", Value=value, Tags=tags)  # refused if there is one by now
        else:
            ssm.put_parameter(Name=name, Type="SecureString", Value=value, Overwrite=True)

"""`secret set` and `secret show`: values come from prompts or from stdin, and are never printed."""

import sys
from typing import Any

import click
import msgspec

from chalicelib.config.secrets import REFRESH_SECONDS, Secrets
from ops import program
from ops.aws import secret
from ops.aws.secret import Given, Kept
from ops.commands import ask
from ops.commands.cli import group, json_option, stage_option
from ops.commands.output import note, say, show
from ops.errors import ExitCode, OpsError, SecretRefused, UsageError

MINUTES = REFRESH_SECONDS // 60
PROMPTS = {
    "auth_token": "Auth token of the Twilio account",
    "api_key_sid": "API key's sid (SK…)",
    "api_key_secret": "API key's secret",
    "crm_key": "Key for the CRM's endpoint",
    "work_key": "Key of your own systems that order work",
}
STDIN = (
    "stdin that is no terminal is the auth token, or a JSON object with any of auth_token, api_key_sid,"
    " api_key_secret, crm_key, work_key"
)


@group("secret")
def secret_() -> None:
    """Set or show the stage's tokens and keys."""


@secret_.subcommand("set", "secret set", "secret set --stage prod --rotate", epilog=STDIN)
@stage_option
@click.option("--rotate", is_flag=True, help="Put the new auth token first and keep the old one second.")
@click.option("--finish", is_flag=True, help="Drop the old auth token.")
@click.option("--replace", is_flag=True, help="Put the new auth token in place of the old one at once.")
def set_(stage: str, rotate: bool, finish: bool, replace: bool) -> ExitCode:
    """Set them; values come from prompts, or from stdin."""
    if rotate + finish + replace > 1:
        raise UsageError("--rotate, --finish and --replace do not go together: give one of them")
    name = secret.parameter(stage)
    known = secret.read(name)
    before = known.secrets if known else None
    if finish:
        new = secret.finished(before)
    elif rotate:
        new = secret.rotated(before, secret.checked(_asked(("auth_token",))))
    else:
        new = secret.merged(before, secret.checked(_asked(tuple(PROMPTS))), replace)
    if new == before:
        say(f"{name} is as it was: nothing to change")
        return ExitCode.DONE
    secret.write(name, new, known, stage)
    say(f"{name} is set; every function that runs has read it in {MINUTES} minutes")
    if rotate and len(new.auth_tokens) > 1:
        _say_how_to_finish(stage)
    return ExitCode.DONE


def _say_how_to_finish(stage: str) -> None:
    say(f"next: wait {MINUTES} minutes, promote the secondary token in Twilio's console, then")
    say(f"      {program.command('secret set --finish --stage', stage)}")


@secret_.subcommand("show", "secret show", "secret show --stage prod --json")
@stage_option
@json_option
def show_(stage: str, as_json: bool) -> ExitCode:
    """Show what is set, without any value."""
    name = secret.parameter(stage)
    known = secret.read(name)
    if known is None:
        raise OpsError(f"{name} is not there: {program.command('secret set --stage', stage)}")
    show(_document(name, known), _described(name, known), as_json)
    return ExitCode.DONE


def _document(name: str, known: Kept) -> dict[str, Any]:
    return {
        "parameter": name,
        "version": known.version,
        "changed": known.changed,
        "auth_tokens": len(known.secrets.auth_tokens),
        "api_key": bool(known.secrets.api_key_sid),
        "crm_key": bool(known.secrets.crm_key),
        "work_key": bool(known.secrets.work_key),
    }


def _described(name: str, known: Kept) -> str:
    held: Secrets = known.secrets
    tokens = "2, a rotation is under way" if len(held.auth_tokens) > 1 else "1"
    lines = [
        f"{name}, version {known.version}, of {known.changed:%Y-%m-%d %H:%M %Z}",
        f"  auth tokens  {tokens}",
        f"  API key      {'set' if held.api_key_sid else 'not set: the auth token is used for REST'}",
        f"  CRM key      {'set' if held.crm_key else 'not set'}",
        f"  work key     {'set' if held.work_key else 'not set: no work can be ordered'}",
    ]
    return "\n".join(lines)


def _asked(fields: tuple[str, ...]) -> Given:
    """From the terminal without an echo, or from stdin. Raises SecretRefused."""
    if sys.stdin.isatty():
        note("Enter leaves a value as it is.")
        return Given(**{field: ask.value(PROMPTS[field], hidden=True) for field in fields})
    text = sys.stdin.read().strip()
    if not text.startswith("{"):
        return Given(auth_token=text)
    try:
        return msgspec.json.decode(text, type=Given)
    except msgspec.DecodeError:  # its text may quote what it could not read
        raise SecretRefused(f"stdin is not what is wanted: {STDIN}") from None

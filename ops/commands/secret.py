"""`ops secret set` and `ops secret show`: values come from prompts or from stdin, and are never printed."""

import sys
from argparse import Namespace
from getpass import getpass

import msgspec

from chalicelib.config.secrets import REFRESH_SECONDS, Secrets
from ops.aws import secret
from ops.aws.secret import Given, Kept
from ops.commands.parser import Subcommands, add_stage
from ops.errors import ExitCode, OpsError, SecretRefused

MINUTES = REFRESH_SECONDS // 60
PROMPTS = {
    "auth_token": "Auth token of the Twilio account",
    "api_key_sid": "API key's sid (SK…)",
    "api_key_secret": "API key's secret",
    "crm_key": "Key for the CRM's endpoint",
}


def add_to(subcommands: Subcommands) -> None:
    says = "set or show the stage's tokens and keys"
    verbs = subcommands.add_parser("secret", help=says, description=says).add_subparsers(
        required=True, metavar="set|show"
    )
    write = verbs.add_parser("set", help="set it; values come from prompts, or from stdin", epilog=STDIN)
    how = write.add_mutually_exclusive_group()
    how.add_argument("--rotate", action="store_true", help="put the new auth token first and keep the old one second")
    how.add_argument("--finish", action="store_true", help="drop the old auth token")
    how.add_argument("--replace", action="store_true", help="put the new auth token in place of the old one at once")
    show = verbs.add_parser("show", help="show what is set, without any value")
    for verb, run in ((write, run_set), (show, run_show)):
        add_stage(verb)
        verb.set_defaults(run=run)


STDIN = (
    "stdin that is no terminal is the auth token, or a JSON object with any of auth_token, api_key_sid,"
    " api_key_secret, crm_key"
)


def run_set(given: Namespace) -> ExitCode:
    name = secret.parameter(given.stage)
    known = secret.read(name)
    before = known.secrets if known else None
    if given.finish:
        new = secret.finished(before)
    elif given.rotate:
        new = secret.rotated(before, secret.checked(_asked(("auth_token",))))
    else:
        new = secret.merged(before, secret.checked(_asked(tuple(PROMPTS))), given.replace)
    if new == before:
        print(f"{name} is as it was: nothing to change")
        return ExitCode.DONE
    secret.write(name, new, known, given.stage)
    print(f"{name} is set; every function that runs has read it in {MINUTES} minutes")
    _say_what_next(new, given)
    return ExitCode.DONE


def _say_what_next(new: Secrets, given: Namespace) -> None:
    if given.rotate and len(new.auth_tokens) > 1:
        print(f"next: wait {MINUTES} minutes, promote the secondary token in Twilio's console, then")
        print(f"      python -m ops secret set --finish --stage {given.stage}")


def run_show(given: Namespace) -> ExitCode:
    name = secret.parameter(given.stage)
    known = secret.read(name)
    if known is None:
        raise OpsError(f"{name} is not there: python -m ops secret set --stage {given.stage}")
    print(_described(name, known))
    return ExitCode.DONE


def _described(name: str, known: Kept) -> str:
    held = known.secrets
    tokens = "2, a rotation is under way" if len(held.auth_tokens) > 1 else "1"
    lines = [
        f"{name}, version {known.version}, of {known.changed:%Y-%m-%d %H:%M %Z}",
        f"  auth tokens  {tokens}",
        f"  API key      {'set' if held.api_key_sid else 'not set: the auth token is used for REST'}",
        f"  CRM key      {'set' if held.crm_key else 'not set'}",
    ]
    return "\n".join(lines)


def _asked(fields: tuple[str, ...]) -> Given:
    """From the terminal without an echo, or from stdin. Raises SecretRefused."""
    if sys.stdin.isatty():
        return Given(**{field: getpass(f"{PROMPTS[field]} (Enter: leave as it is): ") for field in fields})
    text = sys.stdin.read().strip()
    if not text.startswith("{"):
        return Given(auth_token=text)
    try:
        return msgspec.json.decode(text, type=Given)
    except msgspec.DecodeError:  # its text may quote what it could not read
        raise SecretRefused(f"stdin is not what is wanted: {STDIN}") from None

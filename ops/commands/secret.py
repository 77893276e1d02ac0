"""`ops secret set` and `ops secret show`: values come from prompts or from stdin, and are never printed."""

import sys
from argparse import Namespace
from collections.abc import Callable
from functools import partial
from getpass import getpass

import msgspec

from chalicelib.config.secrets import REFRESH_SECONDS, Secrets
from ops.aws import secret
from ops.aws.client import CloudError
from ops.aws.secret import Given, Kept, Refused
from ops.commands.parser import Rooms
from ops.stage import NoStage

MINUTES = REFRESH_SECONDS // 60
PROMPTS = {
    "auth_token": "Auth token of the Twilio account",
    "api_key_sid": "API key's sid (SK…)",
    "api_key_secret": "API key's secret",
    "crm_key": "Key for the CRM's endpoint",
}


def add_to(rooms: Rooms) -> None:
    verbs = rooms.add_parser("secret", help="the stage's tokens and keys").add_subparsers(
        required=True, metavar="set|show"
    )
    write = verbs.add_parser("set", help="put it there; values come from prompts, or from stdin", epilog=STDIN)
    how = write.add_mutually_exclusive_group()
    how.add_argument("--rotate", action="store_true", help="the new auth token first, the old one kept as the second")
    how.add_argument("--finish", action="store_true", help="drop the old auth token")
    how.add_argument("--replace", action="store_true", help="the new auth token alone, the old one dropped at once")
    show = verbs.add_parser("show", help="what is set, and nothing of the values")
    for verb, run in ((write, run_set), (show, run_show)):
        verb.add_argument("--stage", default="dev", help="the Chalice stage (dev)")
        verb.set_defaults(run=partial(_guarded, run))


STDIN = (
    "stdin that is no terminal is the auth token, or a JSON object with any of auth_token, api_key_sid,"
    " api_key_secret, crm_key"
)


def _guarded(run: Callable[[str, Namespace], int], given: Namespace) -> int:
    """0: done; 1: it is not there, or AWS refused; 2: what was given makes no sense."""
    try:
        return run(secret.parameter(given.stage), given)
    except (NoStage, Refused) as error:
        print(error, file=sys.stderr)
        return 2
    except CloudError as error:
        print(error, file=sys.stderr)
        return 1


def run_set(name: str, given: Namespace) -> int:
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
        return 0
    secret.write(name, new, known, given.stage)
    print(f"{name} is set; every function that runs has read it in {MINUTES} minutes")
    _say_what_next(new, given)
    return 0


def _say_what_next(new: Secrets, given: Namespace) -> None:
    if given.rotate and len(new.auth_tokens) > 1:
        print(f"next: wait {MINUTES} minutes, promote the secondary token in Twilio's console, then")
        print(f"      python -m ops secret set --finish --stage {given.stage}")


def run_show(name: str, given: Namespace) -> int:
    known = secret.read(name)
    if known is None:
        print(f"{name} is not there: python -m ops secret set --stage {given.stage}", file=sys.stderr)
        return 1
    print(_described(name, known))
    return 0


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
    """From the terminal without an echo, or from stdin. Raises Refused."""
    if sys.stdin.isatty():
        return Given(**{field: getpass(f"{PROMPTS[field]} (Enter: leave as it is): ") for field in fields})
    text = sys.stdin.read().strip()
    if not text.startswith("{"):
        return Given(auth_token=text)
    try:
        return msgspec.json.decode(text, type=Given)
    except msgspec.DecodeError:  # its text may quote what it could not read
        raise Refused(f"stdin is not what is wanted: {STDIN}") from None

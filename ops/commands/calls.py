"""`ops calls show`: what happened on a call."""

import os
import re
from argparse import Namespace

from ops import call_record, stage
from ops.commands.parser import Subcommands, add_stage
from ops.errors import ExitCode, OpsError, UsageError


def add_to(subcommands: Subcommands) -> None:
    says = "show what happened on a call"
    verbs = subcommands.add_parser("calls", help=says, description=says).add_subparsers(required=True, metavar="show")
    show = verbs.add_parser("show", help="everything that is recorded of one call")
    show.add_argument("call_sid", help="the sid of the caller's leg or of a worker's")
    add_stage(show)
    show.add_argument("--table", help="the table itself, in place of the stage's")
    show.add_argument("--endpoint-url", help="where DynamoDB answers, in place of AWS_ENDPOINT_URL and AWS itself")
    show.add_argument("--json", action="store_true", help="print it as JSON")
    show.add_argument("--numbers", action="store_true", help="print phone numbers in full")
    show.set_defaults(run=run)


def run(given: Namespace) -> ExitCode:
    if not re.fullmatch("CA[0-9a-fA-F]{32}", given.call_sid):
        raise UsageError(f"{given.call_sid!r} is no CallSid: CA and 32 hexadecimal digits")
    table = given.table or _table(given.stage)
    if given.endpoint_url:
        os.environ["AWS_ENDPOINT_URL_DYNAMODB"] = given.endpoint_url  # the one variable that beats all others
    record = call_record.find(table, given.call_sid)
    if record is None:
        raise OpsError(f"no call and no worker leg {given.call_sid} in the table {table}")
    formatted = call_record.as_json if given.json else call_record.timeline
    print(formatted(record, show_numbers=given.numbers))
    return ExitCode.DONE


def _table(name: str) -> str:
    """The table that the environment names, else the stage's."""
    variables = stage.read(name)
    table = os.environ.get("LINKS_TABLE") or variables.get("LINKS_TABLE", "")
    if not table:
        raise OpsError(f"LINKS_TABLE of stage {name} is not set in .chalice/config.json: give --table")
    return table

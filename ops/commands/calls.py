"""`calls show`: what happened on a call."""

import json
import os
import re

import click

from ops import call_record, stage
from ops.commands.cli import group, json_option, stage_option
from ops.commands.output import show as show_data
from ops.errors import ExitCode, OpsError, UsageError

EXAMPLE = "CA0123456789abcdef0123456789abcdef"


@group("calls")
def calls() -> None:
    """Show what happened on calls."""


@calls.subcommand("show", f"calls show {EXAMPLE}", f"calls show {EXAMPLE} --stage prod --json")
@click.argument("call_sid")
@stage_option
@click.option("--table", default="", help="The table itself, in place of the stage's.")
@click.option("--endpoint-url", default="", help="Where DynamoDB answers, in place of AWS_ENDPOINT_URL and AWS itself.")
@click.option("--numbers", is_flag=True, help="Print phone numbers in full.")
@json_option
def show(*, call_sid: str, stage: str, table: str, endpoint_url: str, numbers: bool, as_json: bool) -> ExitCode:
    """Show everything that is recorded of one call.

    CALL_SID is the sid of the caller's leg or of a worker's.
    """
    if not re.fullmatch("CA[0-9a-fA-F]{32}", call_sid):
        raise UsageError(f"{call_sid!r} is no CallSid: CA and 32 hexadecimal digits")
    table = table or _table(stage)
    if endpoint_url:
        os.environ["AWS_ENDPOINT_URL_DYNAMODB"] = endpoint_url  # the one variable that beats all others
    record = call_record.find(table, call_sid)
    if record is None:
        raise OpsError(f"no call and no worker leg {call_sid} in the table {table}")
    data = json.loads(call_record.as_json(record, numbers))
    show_data(data, call_record.timeline(record, numbers), as_json)
    return ExitCode.DONE


def _table(name: str) -> str:
    """The table that the environment names, else the stage's."""
    variables = stage.read(name)
    table = os.environ.get("LINKS_TABLE") or variables.get("LINKS_TABLE", "")
    if not table:
        raise OpsError(f"LINKS_TABLE of stage {name} is not set in .chalice/config.json: give --table")
    return table

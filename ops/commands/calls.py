"""`ops calls show`: what happened on a call."""

import os
import re
import sys
from argparse import Namespace

from botocore.exceptions import BotoCoreError, ClientError

from ops import call_record, stage
from ops.commands.parser import Rooms


def add_to(rooms: Rooms) -> None:
    verbs = rooms.add_parser("calls", help="what happened on a call").add_subparsers(required=True, metavar="show")
    show = verbs.add_parser("show", help="the whole story of one call")
    show.add_argument("call_sid", help="the sid of the caller's leg or of a worker's")
    show.add_argument("--stage", default="dev", help="the Chalice stage whose table is read (dev)")
    show.add_argument("--table", help="the table itself, in place of the stage's")
    show.add_argument("--endpoint-url", help="where DynamoDB answers, in place of AWS_ENDPOINT_URL and AWS itself")
    show.add_argument("--json", action="store_true", help="as JSON")
    show.add_argument("--numbers", action="store_true", help="phone numbers in full")
    show.set_defaults(run=run)


def run(given: Namespace) -> int:
    """0: done; 1: there is no such call; 2: the command makes no sense; 3: the table cannot be read."""
    if not re.fullmatch("CA[0-9a-fA-F]{32}", given.call_sid):
        print(f"{given.call_sid!r} is no CallSid: CA and 32 hexadecimal digits", file=sys.stderr)
        return 2
    try:
        table = given.table or os.environ.get("LINKS_TABLE") or stage.read(given.stage)["LINKS_TABLE"]
    except stage.NoStage as error:
        print(error, file=sys.stderr)
        return 2
    if given.endpoint_url:
        os.environ["AWS_ENDPOINT_URL_DYNAMODB"] = given.endpoint_url  # the one variable that beats all others
    try:
        record = call_record.find(table, given.call_sid)
    except (BotoCoreError, ClientError) as error:
        print(f"the table {table} cannot be read: {error}", file=sys.stderr)
        return 3
    if record is None:
        print(f"no call and no worker leg {given.call_sid} in the table {table}", file=sys.stderr)
        return 1
    tell = call_record.as_json if given.json else call_record.timeline
    print(tell(record, show_numbers=given.numbers))
    return 0

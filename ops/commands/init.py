"""`ops init`: the team's own files, to begin with."""

import sys
from argparse import Namespace
from pathlib import Path

from chalicelib.config.callcenter import NAME, CallCenterError
from ops import stage
from ops.callcenter import files
from ops.commands.parser import Rooms

EDIT = {NAME: "put your numbers, greetings and queues into it, and commit it", files.WORKERS: "put your people into it"}


def add_to(rooms: Rooms) -> None:
    command = rooms.add_parser("init", help=f"make {NAME} and {files.WORKERS} of the examples; overwrites nothing")
    command.add_argument("--root", type=Path, default=stage.ROOT, help="the checkout that gets the files (this one)")
    command.set_defaults(run=run)


def run(given: Namespace) -> int:
    """0: made; 1: there is a callcenter.toml already, or one at the place of an older version."""
    try:
        made = files.begin(given.root)
    except CallCenterError as error:
        print(error, file=sys.stderr)
        return 1
    for file in made:
        print(f"made {file}: {EDIT[file.name]}")
    print("next: python -m ops check")
    return 0

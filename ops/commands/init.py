"""`ops init`: the team's own files, to begin with."""

from argparse import Namespace
from pathlib import Path

from chalicelib.config.toml_errors import NAME, CallCenterError
from ops import stage
from ops.callcenter import files
from ops.commands.parser import Subcommands
from ops.errors import ExitCode, FilesError

EDIT = {NAME: "put your numbers, greetings and queues into it, and commit it", files.WORKERS: "put your people into it"}


def add_to(subcommands: Subcommands) -> None:
    says = f"make {NAME} and {files.WORKERS} of the examples; nothing is overwritten"
    command = subcommands.add_parser("init", help=says, description=says)
    command.add_argument("--root", type=Path, default=stage.ROOT, help="the checkout that gets the files (this one)")
    command.set_defaults(run=run)


def run(given: Namespace) -> ExitCode:
    try:
        made = files.begin(given.root)
    except CallCenterError as error:
        raise FilesError(str(error)) from error
    for file in made:
        print(f"made {file}: {EDIT[file.name]}")
    print("next: python -m ops check")
    return ExitCode.DONE

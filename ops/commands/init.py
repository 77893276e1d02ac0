"""`init`: the team's own files, to begin with."""

from pathlib import Path

from chalicelib.config.toml_errors import NAME, CallCenterError
from ops import program
from ops.callcenter import files
from ops.commands.cli import command, root_option
from ops.commands.output import say
from ops.errors import ExitCode, FilesError

EDIT = {NAME: "put your numbers, greetings and queues into it, and commit it", files.WORKERS: "put your people into it"}


@command("init", "init")
@root_option
def init(root: Path) -> ExitCode:
    """Make the team's own files of the examples; nothing is overwritten."""
    try:
        made = files.begin(root)
    except CallCenterError as error:
        raise FilesError(str(error)) from error
    for file in made:
        say(f"made {file}: {EDIT[file.name]}")
    say(f"next: {program.command('check')}")
    return ExitCode.DONE

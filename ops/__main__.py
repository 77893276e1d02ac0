"""The operator's commands: the call centre as code, its deployment, its secrets and its calls."""

import os
import shutil
import sys
from collections.abc import Mapping, Sequence

import click

from ops import program
from ops.commands.cli import Commands
from ops.errors import ExitCode, OpsError

COMPLETE = "_CORDBOARD_COMPLETE"  # what the shell sets when it asks for completions

# Every command: where it stands, and what it does. The module is imported when somebody calls the command.
COMMANDS: Mapping[str, tuple[str, str]] = {
    "init": ("ops.commands.init:init", "Make the team's own files, with its name, numbers and time zone"),
    "check": ("ops.commands.callcenter:check", "Check the files; nothing is sent"),
    "plan": ("ops.commands.callcenter:plan", "Show what differs between the files and Twilio"),
    "apply": ("ops.commands.callcenter:apply", "Make Twilio what the files say"),
    "import": ("ops.commands.callcenter:import_", "Write the files from a workspace that exists"),
    "destroy": ("ops.commands.callcenter:destroy", "Delete the workspace and give the numbers back"),
    "deploy": ("ops.commands.deploy:deploy", "Deploy everything that a stage needs, in order"),
    "secret": ("ops.commands.secret:secret_", "Set or show the stage's tokens and keys"),
    "doctor": (
        "ops.commands.doctor:doctor_",
        "Check whether callers get through, and say how to fix what keeps them out",
    ),
    "number": ("ops.commands.number:number", "Show where numbers lead and led, and give them back"),
    "calls": ("ops.commands.calls:calls", "Show what happened on calls"),
    "report": ("ops.commands.report:report", "Count the calls of some days by line, queue, worker, day or hour"),
    "people": (
        "ops.commands.people:people",
        "Let those of workers.toml who have a mail address sign in to the console",
    ),
    "work": ("ops.commands.work:work", "Order work that is no call: leads, cases and the like"),
    "voicemail": (
        "ops.commands.voicemail:voicemail",
        "List the messages that callers left, hear them, and mark them as done",
    ),
    "block": ("ops.commands.block:block", "Block callers, let them in again, and list who is blocked"),
    "caller": ("ops.commands.caller:caller", "Show and set what is known of a caller"),
    "line": ("ops.commands.line:line", "Close or open a line at once, and show how the lines stand"),
    "hear": ("ops.commands.hear:hear", "Print what a caller would hear, and when lines are open"),
    "holidays": (
        "ops.commands.holidays:holidays",
        "Write a year's public holidays into callcenter.toml, as dates on which it is closed",
    ),
    "recordings": (
        "ops.commands.recordings:recordings",
        "List the talks that were recorded, hear them, and hold them",
    ),
    "rota": ("ops.commands.rota:rota", "Show who works when, and take a calendar's shifts"),
    "worker": ("ops.commands.worker:worker", "Show the workers, and put them on and off the phones"),
}


def main(arguments: Sequence[str] | None = None, typed: str = "python -m ops") -> int:
    """Run the command; returns its exit code. `typed` is what the person has typed to get here."""
    name = program.NAME if COMPLETE in os.environ else typed  # a shell completes it under this name alone
    try:
        code = _commands().main(arguments, name, COMPLETE, standalone_mode=False, terminal_width=_help_width())
        return int(code or ExitCode.DONE)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except OpsError as error:
        click.echo(error, err=True)
        return error.exit_code
    except click.Abort:  # Ctrl-C
        click.echo("stopped: what was done stays done", err=True)
        return ExitCode.FAILED


def _help_width() -> int:
    """Of help, which click would make 48 columns wide on a terminal that has less."""
    return min(shutil.get_terminal_size().columns, 80) - 2


def _commands() -> Commands:
    return Commands(COMMANDS, help=__doc__)


if __name__ == "__main__":
    sys.exit(main())

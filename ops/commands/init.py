"""`init`: the team's own files, to begin with."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import click

from chalicelib.config.toml_errors import NAME
from ops import program
from ops.callcenter import beginning, zones
from ops.callcenter.beginning import Answers
from ops.callcenter.files import TEAM, WORKERS
from ops.commands import ask
from ops.commands.cli import command, root_option, yes_option
from ops.commands.output import note, say
from ops.errors import ExitCode, NobodyToAsk, UsageError

T = TypeVar("T")

EDIT = {NAME: "greetings, queues and the workflow stand there; commit it", WORKERS: "put your people into it"}
WITHOUT_TERMINAL = "nobody is there to be asked: give --name and --number. Nothing was changed"


@command("init", "init", 'init --name "Harbour Clinic" --number "+1 415 555 0100" --time-zone America/Los_Angeles')
@click.option("--name", help="What callers hear that they have called, and the name of the workspace in Twilio.")
@click.option("--number", "numbers", multiple=True, help="A number that callers dial, as +14155550100 (repeatable).")
@click.option("--time-zone", metavar="ZONE", help="An IANA name, such as Europe/Berlin; without it this machine's.")
@root_option
@yes_option
def init(name: str | None, numbers: Sequence[str], time_zone: str | None, root: Path, yes: bool) -> ExitCode:
    """Make the team's own files, with its name, numbers and time zone.

    What is not given as an option is asked for. Files that are there are not overwritten without asking.
    """
    if beginning.is_begun(root):
        ask.confirm(f"{TEAM / NAME} is there already. Write it anew, without what stands in it?", yes)
    answers = Answers(
        _answer("The team's name", name, beginning.name_of),
        _answer("The numbers that callers dial", ",".join(numbers) or None, beginning.numbers_of),
        _answer("Time zone", time_zone, beginning.time_zone_of, zones.of_this_machine()),
    )
    for file in beginning.write(root, answers):
        say(f"made {file}: {EDIT[file.name]}")
    say(f"next: {program.command('check')}, then make dev: your numbers answer on this machine")
    return ExitCode.DONE


def _answer(question: str, given: str | None, read: Callable[[str], T], default: str = "") -> T:
    """What was given, else what the person types, as `read` takes it; a wrong answer is asked for again.

    Raises UsageError for a wrong option, Declined, and NobodyToAsk without a terminal and a default.
    """
    if given is not None:
        return read(given)
    while True:
        try:
            typed = ask.value(question, default)
        except NobodyToAsk:
            if default:
                return read(default)
            raise NobodyToAsk(WITHOUT_TERMINAL) from None
        try:
            return read(typed)
        except UsageError as wrong:
            note(f"{wrong}")

"""`number list` and `number restore`: where the numbers lead, and where they led before a stage took them over."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from ops.callcenter.giving_back import Lead
from ops.callcenter.plan import as_text_of, document, overview
from ops.commands import ask
from ops.commands.cli import group, json_option, root_option, stage_option, yes_option
from ops.commands.output import note, say, show, table
from ops.errors import ExitCode, OpsError, UsageError
from ops.program import command
from ops.project import Project


@group("number")
def number() -> None:
    """Show where numbers lead and led, and give them back."""


@number.subcommand("list", "number list", "number list --stage prod --json")
@stage_option
@root_option
@json_option
def list_(*, stage: str, root: Path, as_json: bool) -> ExitCode:
    """Show where each number leads, and where it led before this stage took it over."""
    leads = Project(stage, root).leads()
    rows = [_row(lead) for lead in leads]
    show({"numbers": [asdict(lead) for lead in leads]}, table(("number", "leads to", "before", "since"), rows), as_json)
    return ExitCode.DONE


def _row(lead: Lead) -> tuple[str, str, str, str]:
    now = "this stage" if lead.is_ours else lead.now or "nothing"
    if not lead.is_owned:
        now = "not the account's"
    return lead.number, now, lead.before, lead.since[:16].replace("T", " ")


@number.subcommand("restore", "number restore +14155550100", "number restore --all --stage prod --yes")
@click.argument("numbers", nargs=-1, metavar="[NUMBER]...")
@stage_option
@root_option
@click.option("--all", "everything", is_flag=True, help="Every number of which is kept where it led.")
@json_option
@yes_option
def restore(*, numbers: Sequence[str], stage: str, root: Path, everything: bool, as_json: bool, yes: bool) -> ExitCode:
    """Let numbers lead again where they led before this stage took them over.

    Callers are answered there from then on. All else stays: `apply` takes the numbers over again.
    """
    project = Project(stage, root)
    kept = [former.number for former in project.former_numbers.all()]
    wanted = _wanted(numbers, everything, kept, stage)
    steps = project.plan_giving_back(wanted)
    todo = [step for step in steps if step.can_be_done]
    note(overview(steps, project.base_url()))
    if todo:
        ask.confirm("Go on?", yes)
    for step in todo:
        project.give_back(step)
        if not as_json:
            say(as_text_of([step]))
    show(document(steps), f"{len(todo)} given back", as_json)
    return ExitCode.DONE if len(todo) == len(wanted) else ExitCode.FAILED


def _wanted(numbers: Sequence[str], everything: bool, kept: Sequence[str], stage: str) -> Sequence[str]:
    """The numbers that are meant. Raises UsageError, and OpsError for one of which nothing is kept."""
    if bool(numbers) == everything:
        raise UsageError(f"say which numbers, or --all: {command('number list --stage', stage)} shows them")
    unknown = [number for number in numbers if number not in kept]
    if unknown:
        raise OpsError(f"nothing is kept of where {', '.join(unknown)} led before stage {stage}: nothing was changed")
    return numbers or kept

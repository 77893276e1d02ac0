"""`check`, `plan`, `apply`, `import` and `destroy`: the call centre as code."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import click

from ops import stage as stages
from ops.callcenter import check as checks
from ops.callcenter import importing
from ops.callcenter.apply import OnStep, summary
from ops.callcenter.files import Center
from ops.callcenter.model import Step
from ops.callcenter.plan import Loss, as_text_of, document, has_drift, losses, overview
from ops.commands import ask
from ops.commands.cli import command, json_option, root_option, stage_option, yes_option
from ops.commands.output import note, say, show
from ops.commands.progress import working
from ops.errors import ExitCode, FilesError
from ops.project import Project

TO_DEPLOY = "{} has changed: the functions know it after `chalice deploy --stage {}`"

_F = TypeVar("_F", bound=Callable[..., object])


def _of_files_and_twilio(function: _F) -> _F:
    """The options of a command that holds the two against each other."""
    for option in (
        json_option,
        click.option("--prune", is_flag=True, help="Delete what the files do not name, too."),
        click.option("--api-url", default="", help="The application's URL, in place of the stage's."),
        root_option,
        stage_option,
    ):
        function = option(function)
    return function


@command("check", "check", "check --stage prod --json")
@stage_option
@root_option
@json_option
def check(stage: str, root: Path, as_json: bool) -> ExitCode:
    """Check the files; nothing is sent."""
    try:
        project = Project(stage, root)
        center = project.checked_files()
        project.check_functions()
    except FilesError as error:
        if not as_json:
            raise
        show({"mistakes": str(error).splitlines(), "warnings": []}, "", as_json)
        return error.exit_code
    warnings = [*checks.warnings(center)]
    for warning in [] if as_json else warnings:
        note(f"warning: {warning}")
    needed = checks.executions(center.application)
    said = f"{checks.summary(center)}\n{needed}"
    show({"mistakes": [], "warnings": warnings, "executions": needed}, said, as_json)
    return ExitCode.DONE


@command("plan", "plan --stage prod", "plan --json")
@_of_files_and_twilio
def plan(*, stage: str, root: Path, api_url: str, prune: bool, as_json: bool) -> ExitCode:
    """Show what differs between the files and Twilio."""
    project = Project(stage, root, api_url)
    steps = project.plan(_checked_files(project), prune)
    show(document(steps), as_text_of(steps), as_json)
    return ExitCode.DIFFERS if has_drift(steps) else ExitCode.DONE


@command("apply", "apply --stage prod", "apply --prune", "apply --yes --json")
@_of_files_and_twilio
@yes_option
def apply(*, stage: str, root: Path, api_url: str, prune: bool, as_json: bool, yes: bool) -> ExitCode:
    """Make Twilio what the files say.

    It shows what it is to do, and asks. A number that leads elsewhere today is named; where it led is kept, and
    `number restore` gives it back.
    """
    project = Project(stage, root, api_url)
    center = _checked_files(project)
    agreed = None if yes else _agreed(project, center, prune)
    before = stages.read(stage, root)
    with _reported("applying", None, as_json) as on_step:
        outcome = project.apply(center, prune, agreed, on_step)
    show(document((*outcome.done, *outcome.left)), summary(outcome), as_json)
    if stages.read(stage, root) != before:
        note(TO_DEPLOY.format(stages.file_of(stage), stage))
    return ExitCode.DIFFERS if has_drift(outcome.left) else ExitCode.DONE


@command("import", 'import "Harbour Clinic"', 'import "Harbour Clinic" --workflow Calls --to found')
@click.argument("workspace")
@stage_option
@root_option
@click.option("--workflow", default="", help="The workflow that calls take, where there are several.")
@click.option(
    "--to",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("imported"),
    show_default=True,
    metavar="FOLDER",
    help="Where the files are written.",
)
@json_option
def import_(*, workspace: str, stage: str, root: Path, workflow: str, to: Path, as_json: bool) -> ExitCode:
    """Write the files from a workspace that exists.

    WORKSPACE is its name. In files that are there already only what Twilio has otherwise is changed: comments stay.
    """
    imported = importing.read(Project(stage, root).client(), workspace, workflow)
    written, to_be_settled = imported.write(to)
    told = [*written, *(f"to be settled: {problem}" for problem in to_be_settled)]
    show({"written": written, "to_be_settled": to_be_settled}, "\n".join(told), as_json)
    return ExitCode.DONE


@command("destroy", "destroy --stage dev")
@_of_files_and_twilio
@yes_option
def destroy(*, stage: str, root: Path, api_url: str, prune: bool, as_json: bool, yes: bool) -> ExitCode:
    """Delete the workspace and give the numbers back.

    Each number leads again where it led before the stage took it over. It shows what it is to do, and asks for the
    workspace's name.
    """
    project = Project(stage, root, api_url)
    center = project.files()
    steps = project.plan_destroy(center, prune)
    is_anything = any(step.can_be_done for step in steps)
    if steps:
        note(overview(steps, project.base_url()))
    if is_anything:
        question = "The workspace is deleted with its workers, queues and tasks."
        ask.confirm_by_name(question, center.workspace.name, yes)
    with _reported("destroying", len(steps), as_json) as on_step:
        project.destroy(center, steps, on_step)
    show(document(steps), "destroyed" if is_anything else "there is nothing to destroy", as_json)
    return ExitCode.DONE


def _agreed(project: Project, center: Center, prune: bool) -> list[Loss]:
    """What the person agrees to lose, when there is anything to do at all. Raises Declined, NobodyToAsk."""
    steps, url = project.plan(center, prune), project.deployed_url()
    if any(step.can_be_done for step in steps):
        note(overview(steps, url))
        ask.confirm("Go on?", yes=False)
    return losses(steps, url)


def _checked_files(project: Project) -> Center:
    center = project.checked_files()
    if center.workers is None:
        note(checks.NO_WORKERS)
    return center


@contextmanager
def _reported(doing: str, total: int | None, as_json: bool) -> Iterator[OnStep]:
    """What each step is reported to: it is printed, unless it is for a program, and counted while somebody looks."""
    with working(total) as progress:
        report = (lambda _text: None) if as_json else progress.aside(say)

        def on_step(step: Step) -> None:
            report(as_text_of([step]))
            progress.begin(doing)

        progress.begin(doing)
        yield on_step

"""`ops check`, `plan`, `apply`, `import` and `destroy`: the call centre as code."""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from pathlib import Path

from chalicelib.config.toml_errors import NAME
from ops import stage
from ops.callcenter import check, importing
from ops.callcenter.apply import OnStep, ignore, summary
from ops.callcenter.files import WORKERS, Center
from ops.callcenter.model import Step
from ops.callcenter.plan import as_json, as_text_of, has_drift
from ops.commands.parser import Subcommands, add_stage
from ops.errors import ExitCode
from ops.project import Project

TO_DEPLOY = "{} has changed: the functions know it after `chalice deploy --stage {}`"


def add_to(subcommands: Subcommands) -> None:
    _command(subcommands, "check", run_check, f"check {NAME} (and {WORKERS}); nothing is sent")
    plan = _command(subcommands, "plan", run_plan, "show what differs between the files and Twilio")
    apply = _command(subcommands, "apply", run_apply, "make Twilio what the files say")
    importer = _command(subcommands, "import", run_import, "write the files from a workspace that exists")
    destroy = _command(subcommands, "destroy", run_destroy, "delete the workspace and clear the numbers' URLs")
    for command in (plan, apply, destroy):
        command.add_argument("--api-url", default="", help="the application's URL, in place of the stage's")
        command.add_argument("--prune", action="store_true", help="delete what the files do not name, too")
        command.add_argument("--json", action="store_true", help="print the steps as JSON")
    importer.add_argument("workspace", help="its name")
    importer.add_argument("--workflow", default="", help="the workflow that calls take, where there are several")
    importer.add_argument("--to", type=Path, default=Path("imported"), help="the folder for the files (imported)")
    destroy.add_argument("--yes", action="store_true", help="do not ask")


def _command(subcommands: Subcommands, name: str, run: Callable[[Namespace], ExitCode], says: str) -> ArgumentParser:
    command = subcommands.add_parser(name, help=says, description=says)
    add_stage(command)
    command.add_argument("--root", type=Path, default=stage.ROOT, help="the checkout that holds the files (this one)")
    command.set_defaults(run=run)
    return command


def run_check(given: Namespace) -> ExitCode:
    center = Project(given.stage, given.root).checked_files()
    for warning in check.warnings(center):
        print(f"warning: {warning}", file=sys.stderr)
    print(check.summary(center))
    return ExitCode.DONE


def run_plan(given: Namespace) -> ExitCode:
    project = _project(given)
    steps = project.plan(_checked_files(project), given.prune)
    print(as_json(steps) if given.json else as_text_of(steps))
    return ExitCode.DIFFERS if has_drift(steps) else ExitCode.DONE


def run_apply(given: Namespace) -> ExitCode:
    project = _project(given)
    before = stage.read(project.stage, project.root)
    outcome = project.apply(_checked_files(project), given.prune, _progress(given))
    print(as_json((*outcome.done, *outcome.left)) if given.json else summary(outcome))
    if stage.read(project.stage, project.root) != before:
        print(TO_DEPLOY.format(stage.file_of(project.stage), project.stage), file=sys.stderr)
    return ExitCode.DIFFERS if has_drift(outcome.left) else ExitCode.DONE


def run_import(given: Namespace) -> ExitCode:
    project = Project(given.stage, given.root)
    importing.refuse_to_overwrite(given.to)
    imported = importing.read(project.client(), given.workspace, given.workflow)
    for file in imported.write(given.to):
        print(f"wrote {file}")
    for problem in imported.problems():
        print(f"to be settled: {problem}")
    return ExitCode.DONE


def run_destroy(given: Namespace) -> ExitCode:
    project = _project(given)
    center = project.files()
    steps = project.plan_destroy(center, given.prune)
    if steps and not given.yes and not _is_confirmed(steps, center.workspace.name):
        print("nothing was changed")
        return ExitCode.FAILED
    project.destroy(center, steps, _progress(given))
    print(as_json(steps) if given.json else "destroyed" if steps else "there is nothing to destroy")
    return ExitCode.DONE


def _is_confirmed(steps: Sequence[Step], name: str) -> bool:
    print(as_text_of(steps))
    print(
        "The workspace is deleted with its workers, queues and tasks."
        f" Type its name to go on ({name}): ", end="", flush=True
    )  # fmt: skip
    return sys.stdin.readline().strip() == name


def _project(given: Namespace) -> Project:
    return Project(given.stage, given.root, given.api_url)


def _checked_files(project: Project) -> Center:
    center = project.checked_files()
    if center.workers is None:
        print(check.NO_WORKERS, file=sys.stderr)
    return center


def _progress(given: Namespace) -> OnStep:
    return ignore if given.json else lambda step: print(as_text_of([step]), flush=True)

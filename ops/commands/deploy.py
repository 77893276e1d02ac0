"""`deploy`: from an empty account to a stage that takes calls."""

import shlex
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import click

from ops import deployment, program
from ops.commands import ask
from ops.commands.cli import command, root_option, stage_option, yes_option
from ops.commands.output import note, say
from ops.commands.progress import Progress, working
from ops.deployment import STEPS, Deployment
from ops.errors import ExitCode, Stopped
from ops.project import Project
from ops.stage import ROOT


def _parameters(ctx: click.Context, param: click.Parameter, words: Sequence[str]) -> dict[str, str]:
    pairs = [word.partition("=") for word in words]
    for word, (name, equals, _) in zip(words, pairs, strict=True):
        if not name or not equals:
            raise click.BadParameter(f"{word!r} is not NAME=VALUE", ctx, param)
    return {name: value for name, _, value in pairs}


@command("deploy", "deploy --stage dev --set AlarmEmail=team@example.com", "deploy --stage dev --only functions --yes")
@stage_option
@root_option
@click.option(
    "--only",
    multiple=True,
    type=click.Choice(list(STEPS)),
    metavar="STEP",
    help=f"This step alone, after account (repeatable): {', '.join(STEPS)}.",
)
@click.option(
    "--set",
    "parameters",
    multiple=True,
    callback=_parameters,
    metavar="NAME=VALUE",
    help="A parameter of infra/resources.yaml, such as AlarmEmail=…; it stays until it is set again (repeatable).",
)
@click.option("--adopt", is_flag=True, help="Take tables that exist already into a new stack.")
@yes_option
def deploy(
    *, stage: str, root: Path, only: Sequence[str], parameters: Mapping[str, str], adopt: bool, yes: bool
) -> ExitCode:
    """Deploy everything that a stage needs, in order.

    Before the first change it shows what it is to do, and asks. After a failure, run it again to go on: what was done
    is found done.
    """
    with working(len(deployment.chosen(only))) as progress:
        ask_first = None if yes else partial(_agree, progress)
        asked = Deployment(Project(stage, root), parameters, adopt, progress.aside(say), ask_first)
        return _run(asked, only, progress)


def _run(asked: Deployment, only: Sequence[str], progress: Progress) -> ExitCode:
    try:
        changed = deployment.run(asked, only, progress.begin)
    except Stopped as stopped:
        progress.pause()
        note(f"stopped at {stopped.step}: {stopped}")
        note(f"what was done stays done; once that is fixed: {_again(asked, only)}")
        return stopped.exit_code
    progress.pause()
    say(f"changed: {', '.join(changed)}" if changed else "nothing was changed: everything is as the files say")
    if url := asked.project.base_url():
        say(f"stage {asked.stage} answers at {url}")
    return ExitCode.DONE


def _agree(progress: Progress, to_be_done: str) -> None:
    progress.pause()
    note(to_be_done)
    ask.confirm("Go on?", yes=False)


def _again(asked: Deployment, only: Sequence[str]) -> str:
    words = ["deploy", "--stage", asked.stage, *([] if asked.root == ROOT else ["--root", str(asked.root)])]
    words += [word for step in only for word in ("--only", step)]
    words += [word for name, value in asked.parameters.items() for word in ("--set", f"{name}={value}")]
    words += ["--adopt"] * asked.adopt + ["--yes"] * (asked.agree is None)
    return program.command(shlex.join(words))

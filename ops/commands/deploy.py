"""`deploy`: from an empty account to a stage that takes calls."""

import shlex
from collections.abc import Mapping, Sequence

import click

from ops import deployment, program
from ops import stage as stages
from ops.commands import ask
from ops.commands.cli import command, stage_option, yes_option
from ops.commands.output import note, say
from ops.deployment import STEPS, Deployment
from ops.errors import ExitCode, Stopped
from ops.project import Project


def _parameters(ctx: click.Context, param: click.Parameter, words: Sequence[str]) -> dict[str, str]:
    pairs = [word.partition("=") for word in words]
    for word, (name, equals, _) in zip(words, pairs, strict=True):
        if not name or not equals:
            raise click.BadParameter(f"{word!r} is not NAME=VALUE", ctx, param)
    return {name: value for name, _, value in pairs}


@command("deploy", "deploy --stage dev --set AlarmEmail=team@example.com", "deploy --stage dev --only functions --yes")
@stage_option
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
def deploy(*, stage: str, only: Sequence[str], parameters: Mapping[str, str], adopt: bool, yes: bool) -> ExitCode:
    """Deploy everything that a stage needs, in order.

    Before the first change it shows what it is to do, and asks. After a failure, run it again to go on: what was done
    is found done.
    """
    asked = Deployment(Project(stage), parameters, adopt, say, None if yes else _agree)
    try:
        changed = deployment.run(asked, only)
    except Stopped as stopped:
        note(f"stopped at {stopped.step}: {stopped}")
        note(f"what was done stays done; once that is fixed: {_again(asked, only)}")
        return stopped.exit_code
    say(f"changed: {', '.join(changed)}" if changed else "nothing was changed: everything is as the files say")
    if url := stages.base_url(stage):
        say(f"stage {stage} answers at {url}")
    return ExitCode.DONE


def _agree(to_be_done: str) -> None:
    note(to_be_done)
    ask.confirm("Go on?", yes=False)


def _again(asked: Deployment, only: Sequence[str]) -> str:
    words = ["deploy", "--stage", asked.stage]
    words += [word for step in only for word in ("--only", step)]
    words += [word for name, value in asked.parameters.items() for word in ("--set", f"{name}={value}")]
    words += ["--adopt"] * asked.adopt + ["--yes"] * (asked.agree is None)
    return program.command(shlex.join(words))

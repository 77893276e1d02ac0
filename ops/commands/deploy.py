"""`ops deploy`: from an empty account to a stage that takes calls."""

import shlex
import sys
from argparse import ArgumentTypeError, Namespace

from ops import deployment, stage
from ops.commands.parser import Subcommands, add_stage
from ops.deployment import STEPS, Deployment
from ops.errors import ExitCode, Stopped
from ops.project import Project


def add_to(subcommands: Subcommands) -> None:
    says = "deploy everything that a stage needs, in order; after a failure, run it again to go on"
    command = subcommands.add_parser("deploy", help=says, description=says)
    add_stage(command)
    command.add_argument(
        "--only",
        action="append",
        choices=list(STEPS),
        default=[],
        help="this step alone, after account (repeatable)",
    )
    command.add_argument(
        "--set",
        dest="parameters",
        action="append",
        type=_parameter,
        default=[],
        metavar="NAME=VALUE",
        help="a parameter of infra/resources.yaml, such as AlarmEmail=…; it stays until it is set again (repeatable)",
    )
    command.add_argument("--adopt", action="store_true", help="take tables that exist already into a new stack")
    command.set_defaults(run=run)


def _parameter(word: str) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    if not name or not equals:
        raise ArgumentTypeError(f"{word!r} is not NAME=VALUE")
    return name, value


def run(given: Namespace) -> ExitCode:
    asked = Deployment(Project(given.stage), dict(given.parameters), given.adopt)
    try:
        changed = deployment.run(asked, given.only)
    except Stopped as stopped:
        print(f"stopped at {stopped.step}: {stopped}", file=sys.stderr)
        print(f"what was done stays done; once that is fixed: {_again(given)}", file=sys.stderr)
        return stopped.exit_code
    print(f"changed: {', '.join(changed)}" if changed else "nothing was changed: everything is as the files say")
    if url := stage.base_url(given.stage):
        print(f"stage {given.stage} answers at {url}")
    return ExitCode.DONE


def _again(given: Namespace) -> str:
    words = ["python", "-m", "ops", "deploy", "--stage", given.stage]
    words += [word for step in given.only for word in ("--only", step)]
    words += [word for name, value in given.parameters for word in ("--set", f"{name}={value}")]
    return shlex.join([*words, *(["--adopt"] if given.adopt else [])])

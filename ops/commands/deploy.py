"""`ops deploy`: from an empty account to a stage that takes calls."""

import shlex
import sys
from argparse import ArgumentTypeError, Namespace

from ops import deployment, stage
from ops.commands.parser import Rooms
from ops.deployment import STEPS, Deployment, Stopped


def add_to(rooms: Rooms) -> None:
    command = rooms.add_parser("deploy", help="everything a stage needs, in order; a repetition does what is left")
    command.add_argument("--stage", default="dev", help="the Chalice stage (dev)")
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
        help="a parameter of infra/resources.yaml, such as AlarmEmail=…; kept until it is given anew (repeatable)",
    )
    command.add_argument("--adopt", action="store_true", help="take tables that exist already into the first stack")
    command.set_defaults(run=run)


def _parameter(word: str) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    if not name or not equals:
        raise ArgumentTypeError(f"{word!r} is not NAME=VALUE")
    return name, value


def run(given: Namespace) -> int:
    """0: all is done; 1: a step could not be done, and those after it were not tried."""
    asked = Deployment(given.stage, parameters=dict(given.parameters), adopt=given.adopt)
    try:
        changed = deployment.run(asked, given.only)
    except Stopped as stopped:
        print(f"stopped at {stopped.step}: {stopped}", file=sys.stderr)
        print(f"what is done stays done; when that is mended: {_again(given)}", file=sys.stderr)
        return 1
    print(f"changed: {', '.join(changed)}" if changed else "nothing was changed: everything is as the files say")
    if url := stage.base_url(given.stage):
        print(f"stage {given.stage} answers at {url}")
    return 0


def _again(given: Namespace) -> str:
    words = ["python", "-m", "ops", "deploy", "--stage", given.stage]
    words += [word for step in given.only for word in ("--only", step)]
    words += [word for name, value in given.parameters for word in ("--set", f"{name}={value}")]
    return shlex.join([*words, *(["--adopt"] if given.adopt else [])])

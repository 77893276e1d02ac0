"""`python -m ops …`: the operator's commands."""

import argparse
import sys
from collections.abc import Sequence

from ops.commands import callcenter, calls, deploy, doctor, init, secret
from ops.errors import ExitCode, OpsError

# Each has `add_to(subcommands)`, which sets `run`: a function that returns an ExitCode or raises OpsError.
COMMANDS = (calls, init, callcenter, deploy, secret, doctor)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code. argparse itself exits with 2, which is ExitCode.USAGE."""
    given = _parser().parse_args(arguments)
    try:
        code: ExitCode = given.run(given)
    except OpsError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return code


def _parser() -> argparse.ArgumentParser:
    codes = "\n".join(f"  {code.value}  {code.meaning}" for code in ExitCode)
    parser = argparse.ArgumentParser(
        prog="ops",
        description=__doc__,
        epilog=f"exit codes of every command:\n{codes}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    subcommands = parser.add_subparsers(required=True, metavar="command")
    for command in COMMANDS:
        command.add_to(subcommands)
    return parser


if __name__ == "__main__":
    sys.exit(main())

"""`python -m ops …`: the operator's commands."""

import argparse
import sys
from collections.abc import Sequence

from ops.commands import callcenter, calls, deploy, init, secret
from ops.commands import doctor as doctor_command

# Each has `add_to(rooms)`: it adds its command, and set_defaults(run=...) says what runs it and returns the exit code.
COMMANDS = (calls, init, callcenter, deploy, secret, doctor_command)


def main(words: Sequence[str] | None = None) -> int:
    """The exit code of the command; 2 when the command makes no sense."""
    parser = argparse.ArgumentParser(prog="ops", description=__doc__)
    rooms = parser.add_subparsers(required=True, metavar="command")
    for command in COMMANDS:
        command.add_to(rooms)
    given = parser.parse_args(words)
    code: int = given.run(given)
    return code


if __name__ == "__main__":
    sys.exit(main())

"""What every command has in common."""

import argparse
from typing import TypeAlias

Subcommands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # what a command adds itself to


def add_stage(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--stage", default="dev", help="the Chalice stage (dev)")

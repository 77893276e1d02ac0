"""What every command of the operator has in common."""

import argparse
from typing import TypeAlias

Rooms: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # what a command adds itself to

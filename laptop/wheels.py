"""The package's libraries as wheels for Lambda, fetched when .venv is made: after that packaging needs no network."""

import sys
from collections.abc import Mapping
from pathlib import Path

from ops import stage
from ops.aws import libraries
from ops.stage import ROOT

WHEELS = Path(sys.prefix) / "wheels"  # a folder for each processor


def fetching() -> Mapping[str, Mapping[str, str]]:
    """For each processor of a stage: what `pip download` is told by its environment. Raises StageError."""
    return {stage.architecture(name): libraries.environment(name, ROOT) for name in stage.names()}


def arguments(machine: str) -> tuple[str, ...]:
    """What `pip download` is told to fetch, and where to."""
    return "--dest", str(WHEELS / machine), "--requirement", str(ROOT / "requirements.txt")


def environment(name: str, root: Path) -> Mapping[str, str]:
    """What pip is told by its environment while Chalice packages this stage on the laptop. Raises NoStage.

    Where there are no wheels, as for a processor that no stage had when .venv was made, pip asks its index.
    """
    told, wheels = libraries.environment(name, root), WHEELS / stage.architecture(name, root)
    # Blanks part a list of pip's, and a folder's name may have some; a URL has none.
    return {**told, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": wheels.as_uri()} if wheels.is_dir() else told

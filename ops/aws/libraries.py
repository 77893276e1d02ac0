"""The libraries in the package are those of requirements.txt: each file that is fetched is held to its hash there.

Chalice fetches twice. First everything that requirements.txt lists, where pip holds each file to its hash; then, by
name and version alone, what came for another processor than Lambda's. So pip is told by its environment to fetch for
Lambda at once, and to take nothing that has no hash: nothing is left for the second time, and it would fail.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from ops import stage

MACHINES = {"x86_64": "x86_64", "arm64": "aarch64"}
# What every Lambda runtime of Python 3.11 and newer runs: glibc 2.26.
GLIBC_MINORS = range(17, 27)


def environment(name: str, root: Path) -> Mapping[str, str]:
    """What pip is told by its environment while Chalice packages this stage. Raises NoStage."""
    machine = MACHINES[stage.architecture(name, root)]
    platforms = [f"manylinux2014_{machine}", *(f"manylinux_2_{minor}_{machine}" for minor in GLIBC_MINORS)]
    return {"PIP_REQUIRE_HASHES": "1", "PIP_ONLY_BINARY": ":all:", "PIP_PLATFORM": " ".join(platforms)}


def forget_unchecked(root: Path) -> None:
    """Chalice uses the libraries of an earlier package again: not those that somebody else had it fetch."""
    for package in _packages(root):
        if not _mark(package).exists():
            package.unlink()


def mark_checked(root: Path) -> None:
    """Every package that is here was made by us, or was found checked."""
    for package in _packages(root):
        _mark(package).touch()


def _packages(root: Path) -> Iterator[Path]:
    yield from (root / ".chalice" / "deployments").glob("*.zip")


def _mark(package: Path) -> Path:
    return package.with_suffix(".checked")

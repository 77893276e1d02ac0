"""Fetches other majors of Twilio's official clients for the tests, once: Python's by uv, Node's by npm if there is one.

Each file is held to its hash. They and what .venv does not have of their dependencies are put into folders of their own
under .build/clients. The tests with one that cannot be fetched are left out, and say so.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

from tools import packages

CLIENTS = packages.ROOT / ".build" / "clients"
PINS = packages.ROOT / "tests" / "emulator" / "clients"
NODE = CLIENTS / "node"
MANIFEST = ("package.json", "package-lock.json")
ONE_RETRY = ("--fetch-retries=1", "--fetch-retry-mintimeout=1000")  # npm's own wait for more than a minute


def main() -> None:
    """Fetch them all anew; what could not be fetched is tried again by the next call."""
    shutil.rmtree(CLIENTS, ignore_errors=True)
    NODE.mkdir(parents=True)
    fetched = [_run(step) for step in steps()]
    if all(fetched):
        (CLIENTS / "ready").touch()


def _run(step: packages.Step) -> bool:
    try:
        packages.run(*step)
    except packages.SetUpError as error:
        print(f"\ncordboard: {error}\ncordboard: the tests with it are left out", file=sys.stderr)
        return False
    return True


def steps() -> Iterator[packages.Step]:
    """What is said of each step, its command and its settings."""
    uv, settings = str(packages.VENV / "bin" / "uv"), of_pip()
    for pins in sorted(PINS.glob("*.txt")):
        into = ("--target", str(CLIENTS / pins.stem), "--require-hashes", "--no-deps", "--no-progress")
        install = (uv, "pip", "install", "--python", sys.executable, *into, "--requirements", str(pins))
        yield f"fetching Twilio's client {pins.stem}", install, settings
    npm = shutil.which("npm")
    if npm is None:
        print("cordboard: there is no npm: the tests with Twilio's clients for Node are left out")
        return
    for name in MANIFEST:
        shutil.copy(PINS / name, NODE)
    clean_install = (npm, "ci", "--prefix", str(NODE), "--ignore-scripts", "--no-audit", "--no-fund", *ONE_RETRY)
    yield "fetching Twilio's clients for Node", clean_install, {}


def of_pip() -> dict[str, str]:
    """Whatever index, proxy and certificates pip has been told of."""
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "config", "list")
    return packages.like_pip(subprocess.run(pip, capture_output=True, text=True, check=False).stdout, os.environ)


if __name__ == "__main__":
    main()

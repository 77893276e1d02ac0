"""Fetches other majors of Twilio's official clients for the tests, once: Python's by uv, Node's by npm if there is one.

Each file is held to its hash. Those that .venv has not are put into folders of their own under .build/clients.
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


def main() -> int:
    """Fetch them all anew; the exit code."""
    shutil.rmtree(CLIENTS, ignore_errors=True)
    NODE.mkdir(parents=True)
    try:
        for step in steps():
            packages.run(*step)
    except packages.SetUpError as error:
        print(f"\ncordboard: {error}", file=sys.stderr)
        return 1
    (CLIENTS / "ready").touch()
    return 0


def steps() -> Iterator[packages.Step]:
    """What is said of each step, its command and its settings."""
    uv, settings = str(packages.VENV / "bin" / "uv"), _of_pip()
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
    clean_install = (npm, "ci", "--prefix", str(NODE), "--ignore-scripts", "--no-audit", "--no-fund")
    yield "fetching Twilio's clients for Node", clean_install, {}


def _of_pip() -> dict[str, str]:
    """Whatever index, proxy and certificates pip has been told of."""
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "config", "list")
    return packages.like_pip(subprocess.run(pip, capture_output=True, text=True, check=False).stdout, os.environ)


if __name__ == "__main__":
    sys.exit(main())

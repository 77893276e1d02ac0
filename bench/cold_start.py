"""What a cold start spends on importing `app`, in a fresh process on the unzipped archive, whose files are read only.

Beside it the libraries that it cannot do without, precompiled alike, and the same archive as sources alone.
"""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.environment import ENVIRONMENT
from laptop import package

SOURCES = "app, sources alone"
PROGRAMS = {
    "bare interpreter": "pass",
    "libraries": "import chalice, twilio.twiml.voice_response, twilio.request_validator",
    "app": "import app",
    SOURCES: "import app",
}
VALGRIND = ("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")
REFERENCES = re.compile(r"I +refs: +([\d,]+)")


@dataclass(frozen=True)
class Spent:
    """Seconds of a processor, the median; and instructions, if this machine has Valgrind to count them."""

    seconds: float
    instructions: int | None


def spent(rounds: int = 15) -> Mapping[str, Spent]:
    """For each of PROGRAMS, in turns."""
    folder = package.BUILD / "cold_start"
    programs = {name: _command(program, folder / name) for name, program in PROGRAMS.items()}
    for name in programs:
        _unzip(package.BUILD / "package" / "deployment.zip", folder / name, name == SOURCES)
    seconds: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(rounds):
        for name, command in programs.items():
            seconds[name].append(_seconds(command))
    return {name: Spent(median(seconds[name]), _instructions(command)) for name, command in programs.items()}


def _unzip(archive: Path, to: Path, only_sources: bool) -> None:
    shutil.rmtree(to, ignore_errors=True)
    with zipfile.ZipFile(archive) as whole:
        whole.extractall(to, [name for name in whole.namelist() if not (only_sources and name.endswith(".pyc"))])


def _command(program: str, task: Path) -> list[str]:
    path = f"import sys; sys.dont_write_bytecode = True; sys.path.insert(0, {str(task)!r})"
    return [sys.executable, "-I", "-S", "-c", f"{path}\n{program}"]


def _environment() -> dict[str, str]:
    return {**os.environ, **ENVIRONMENT, "AWS_LAMBDA_FUNCTION_NAME": "cordboard-local"}


def _seconds(command: list[str]) -> float:
    process = subprocess.Popen(command, env=_environment())
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return used.ru_utime + used.ru_stime


def _instructions(command: list[str]) -> int | None:
    if not shutil.which(VALGRIND[0]):
        return None
    counted = subprocess.run([*VALGRIND, *command], env=_environment(), capture_output=True, text=True, check=True)
    found = REFERENCES.search(counted.stderr)
    return int(found[1].replace(",", "")) if found else None


def lines(spent: Mapping[str, Spent]) -> Iterator[str]:
    """A table for people, and the two ratios."""
    for name, one in spent.items():
        count = "" if one.instructions is None else f"{one.instructions / 1e6:8.0f} million instructions"
        yield f"  {name:24} {one.seconds * 1e3:8.1f} ms {count}".rstrip()
    for other in (SOURCES, "libraries"):
        yield f"  app / {other:18} {_ratio(spent['app'], spent[other]):8.2f}"


def _ratio(one: Spent, other: Spent) -> float:
    if one.instructions is None or other.instructions is None:
        return one.seconds / other.seconds
    return one.instructions / other.instructions

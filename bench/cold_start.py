"""What a fresh process spends on the unzipped archive: on `import app`, and until its first assignment, or first ring,
is done.

No file can be written to, so no byte code is kept. boto3 has its own, as Lambda's runtime has it; AWS and Twilio answer
at once, on loopback and without TLS. Beside `app` stand the libraries alone, and the archive as it was before it had
byte code.
"""

import compileall
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench import services, webhook_timings, webhooks
from bench.environment import ENVIRONMENT
from laptop import package

RUNTIME = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six")
VALGRIND = ("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")
REFERENCES = re.compile(r"I +refs: +([\d,]+)")

# Under Valgrind everything takes fifty times as long: no time passes, so that nobody's time is over.
FROZEN = "import time; time.time = lambda at=time.time(): at"
LIBRARIES = "import chalice, twilio.twiml.voice_response, twilio.request_validator"
APP, ASSIGNMENT, RING = "import app", "first assignment", "first ring"
HANDLERS = {ASSIGNMENT: "app.app", RING: "app.jobs_consumer"}

# Millions of instructions before the package had byte code (commit 2db08be), counted in the same way on Python 3.11.7.
BEFORE: Mapping[str, float] = {APP: 891, ASSIGNMENT: 2342, RING: 6481}
GOALS: Mapping[str, float] = {APP: 0.30, ASSIGNMENT: 0.75, RING: 0.40}


@dataclass(frozen=True)
class Spent:
    """Seconds of a processor, the median; and millions of instructions, if this machine has Valgrind to count them."""

    seconds: float
    instructions: float | None


def spent(rounds: int = 9) -> Mapping[str, Spent]:
    """For each program, in turns. Raises CalledProcessError when one fails."""
    with programs() as first:
        measured = {"bare interpreter": "pass", "libraries": LIBRARIES, APP: APP, ASSIGNMENT: first.assignment()}
        first.seconds(ASSIGNMENT, measured[ASSIGNMENT])  # leaves the job of the ring
        measured[RING] = first.ring()
        seconds: dict[str, list[float]] = {name: [] for name in measured}
        for _ in range(rounds):
            for name, program in measured.items():
                seconds[name].append(first.seconds(name, program))
        return {
            name: Spent(median(seconds[name]), first.instructions(name, program)) for name, program in measured.items()
        }


@contextmanager
def programs() -> "Iterator[Programs]":
    """The archive, unzipped, and what its functions ask, while the block lasts."""
    task, runtime = package.BUILD / "cold_start" / "task", package.BUILD / "cold_start" / "runtime"
    _unzip(package.BUILD / "package" / "deployment.zip", task)
    _copy_runtime(runtime)
    with services.serving() as twilio_and_aws:
        yield Programs([str(task), str(runtime)], twilio_and_aws)


def _unzip(archive: Path, to: Path) -> None:
    shutil.rmtree(to, ignore_errors=True)
    with zipfile.ZipFile(archive) as whole:
        whole.extractall(to)


def _copy_runtime(to: Path) -> None:
    """boto3 and what it needs, compiled, as this virtual environment's may be or not."""
    shutil.rmtree(to, ignore_errors=True)
    to.mkdir(parents=True)
    for name in RUNTIME:
        spec = importlib.util.find_spec(name)
        assert spec and spec.origin
        found = Path(spec.origin)
        if found.name == "__init__.py":
            shutil.copytree(found.parent, to / name)
        else:
            shutil.copy2(found, to)
    compileall.compile_dir(to, quiet=2)


@dataclass(frozen=True)
class Programs:
    """What is run, and how: `path` is where modules are found, the archive first."""

    path: list[str]
    services: services.Services

    def assignment(self) -> str:
        """Import, read the secret, and answer; raises there when the answer is another one."""
        name = next(name for name in webhook_timings.webhooks() if name.endswith("crm-first"))
        event = webhooks.api_gateway_event(webhook_timings.webhooks()[name])
        return f"{_reading(event)}\nanswer = app.app(event, None)\nassert answer['statusCode'] == 200, answer"

    def ring(self) -> str:
        """Import, and do the job that the assignment has left: a call is placed."""
        record = {"body": self.services.message, "receiptHandle": "1", "messageId": "1"}
        return f"{_reading({'Records': [record]})}\napp.jobs_consumer(event, None)"

    def seconds(self, name: str, program: str) -> float:
        """Of a processor. Raises CalledProcessError when the program fails, and when no call was placed."""
        calls = self.services.calls
        process = subprocess.Popen(self.command(program), env=self.environment(name), stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode or (name == RING and self.services.calls == calls):
            raise subprocess.CalledProcessError(process.returncode, name)
        return used.ru_utime + used.ru_stime

    def instructions(self, name: str, program: str) -> float | None:
        """In millions."""
        if not shutil.which(VALGRIND[0]):
            return None
        command = [*VALGRIND, *self.command(program)]
        counted = subprocess.run(command, env=self.environment(name), capture_output=True, text=True, check=True)
        found = REFERENCES.search(counted.stderr)
        return int(found[1].replace(",", "")) / 1e6 if found else None

    def command(self, program: str) -> list[str]:
        """The program as its process gets it."""
        path = f"import sys; sys.dont_write_bytecode = True; sys.path[:0] = {self.path!r}"
        return [sys.executable, "-I", "-S", "-c", f"{path}\n{program}"]

    def environment(self, name: str) -> dict[str, str]:
        """As Lambda has it, and where AWS and Twilio are."""
        inherited = {name: value for name, value in os.environ.items() if name not in ENVIRONMENT}
        ours = {name: value for name, value in ENVIRONMENT.items() if name != "TWILIO_AUTH_TOKEN"}
        return {
            **inherited,
            **ours,
            "AWS_LAMBDA_FUNCTION_NAME": "cordboard-local",
            "_HANDLER": HANDLERS.get(name, ""),
            "AWS_ENDPOINT_URL": self.services.url,
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "CONTACTS_TABLE": "contacts",
            "TWILIO_SECRET_PARAMETER": "/cordboard/bench/twilio",
            "TWILIO_API_URL": self.services.url,
        }


def _reading(event: Mapping[str, object]) -> str:
    return f"{FROZEN}\nimport app, json\nevent = json.loads({json.dumps(event)!r})"


def lines(spent: Mapping[str, Spent]) -> Iterator[str]:
    """A table for people, and what is held against the goals."""
    for name, one in spent.items():
        count = "" if one.instructions is None else f"{one.instructions:8.0f} million instructions"
        yield f"  {name:24} {one.seconds * 1e3:8.1f} ms {count}".rstrip()
    yield f"  app / libraries          {_ratio(spent[APP], spent['libraries']):8.2f}"
    for name, goal in GOALS.items():
        counted = spent[name].instructions
        if counted is not None:
            ratio = counted / BEFORE[name]
            reached = "reached" if ratio <= goal else "MISSED"
            yield f"  {name + ' / before':24} {ratio:8.2f}   goal at most {goal}: {reached}"


def _ratio(one: Spent, other: Spent) -> float:
    if one.instructions is None or other.instructions is None:
        return one.seconds / other.seconds
    return one.instructions / other.instructions

"""What a warm assignment takes, and what a process has in use: on the unzipped archive, in fresh processes."""

import subprocess

from bench import cold_start
from bench.cold_start import ASSIGNMENT, RING
from bench.memory import Measured

WARM = """
import time as clock
answers = 50
began = clock.process_time()
for _ in range(answers):
    app.app(event, None)
print((clock.process_time() - began) / answers)
"""
IN_USE = """
lines = dict(line.split(':', 1) for line in open('/proc/self/status'))
print(int(lines['VmHWM'].split()[0]) / 1024)
"""


def measured() -> Measured:
    """On the archive that cold_start has unzipped, on Linux. Raises CalledProcessError."""
    with cold_start.programs() as first:
        warm, api = _printed(first, ASSIGNMENT, first.assignment() + WARM + IN_USE)
        (job,) = _printed(first, RING, first.ring() + IN_USE)
    return Measured(warm, api, job)


def _printed(first: cold_start.Programs, name: str, program: str) -> list[float]:
    """The numbers that the program prints, without its log lines."""
    command, known = first.command(program), first.environment(name)
    said = subprocess.run(command, env=known, capture_output=True, text=True, check=True).stdout
    return [float(line) for line in said.splitlines() if not line.startswith("{")]

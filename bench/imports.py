"""How long a cold start spends on importing `app`, beside the libraries that it cannot do without."""

import os
import subprocess
import sys
from statistics import median
from time import perf_counter

from bench.environment import ENVIRONMENT, ROOT, TEAM

PROGRAMS = {
    "bare interpreter": "pass",
    "libraries": "import chalice, twilio.twiml.voice_response, twilio.request_validator",
    "app": f"from chalicelib.config import team; team.folder = lambda: {TEAM!r}; import app",
}


def seconds(rounds: int = 15) -> dict[str, float]:
    """Median seconds of a fresh process for each of PROGRAMS, in turns."""
    for program in PROGRAMS.values():
        _run(program)  # writes the byte code
    taken: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    for _ in range(rounds):
        for name, program in PROGRAMS.items():
            taken[name].append(_run(program))
    return {name: median(values) for name, values in taken.items()}


def _run(program: str) -> float:
    # Byte code is written whatever the shell says: what is compared is importing, not compiling.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | ENVIRONMENT
    start = perf_counter()
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=environment, check=True)
    return perf_counter() - start

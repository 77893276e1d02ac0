"""Other majors of Twilio's official clients, each as a process of its own over HTTP (contract 7.8).

`make test` fetches them once (tools/clients.py).
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.server import in_real_time, serve
from tests.emulator.harness import ACCOUNT, TOKEN
from tools.clients import CLIENTS, NODE

PROGRAMS = Path(__file__).parent / "clients"
NOT_THERE = "make test fetches Twilio's other clients"


@pytest.fixture
def url() -> Iterator[str]:
    with in_real_time(ACCOUNT, TOKEN) as (twilio, loop):
        server = serve(twilio, loop)
        yield server.url
        server.stop()


def said(*words: str, **environment: str) -> dict[str, object]:
    """What a program says in one line of JSON."""
    known = {"PATH": os.environ["PATH"], "ACCOUNT": ACCOUNT, "TOKEN": TOKEN, **environment}
    done = subprocess.run(words, env=known, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    told: dict[str, object] = json.loads(done.stdout)
    return told


def python_client(major: str) -> str:
    """The PYTHONPATH that has this major of the client; 9 is the application's own."""
    folder = CLIENTS / f"python-{major}"
    if major != "9" and not (folder / "twilio").is_dir():
        pytest.skip(NOT_THERE)
    return str(folder)


def node_client(major: str) -> tuple[str, Path]:
    """Node, and the package with this major of the client."""
    node, package = shutil.which("node"), NODE / "node_modules" / f"twilio-{major}"
    if node is None or not package.is_dir():
        pytest.skip(NOT_THERE if node else "there is no node on this machine")
    return node, package


@pytest.mark.parametrize("major", ["7", "8", "9"])
def test_python_builds_a_call_centre(url: str, major: str) -> None:
    told = said(sys.executable, str(PROGRAMS / "call_centre.py"), url, PYTHONPATH=python_client(major))
    assert str(told.pop("version")).startswith(f"{major}.")
    assert told == {
        "workers": ["Ada", "Bea", "Cy"],
        "task": "canceled",
        "attributes": {"name": "Ann"},
        "call": "canceled",
        "refused": 20404,
    }


@pytest.mark.parametrize("connections", ["kept", "closed"])
@pytest.mark.parametrize("version", ["3.84.1", "4.23.0", "5.13.1"])
def test_node_makes_four_requests_in_a_row(url: str, version: str, connections: str) -> None:
    node, package = node_client(version[0])
    words = (node, str(PROGRAMS / "four_requests.cjs"), package.name, url, connections)
    assert said(*words, NODE_PATH=str(package.parent)) == {"version": version, "found": [0] * 4, "made": "Help line"}

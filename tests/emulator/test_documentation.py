"""What strangers read first: the programs of these pages run as they stand there."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.emulator.test_clients import node_client, python_client

PAGE, README = Path("docs/emulator.md"), Path("README.md")


def block(language: str, page: Path = PAGE, having: str = "") -> str:
    """The page's first block of code in this language that has these words in it."""
    blocks: list[str] = re.findall(
        rf"^```{language}\n(.*?)^```$", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    return next(text for text in blocks if having in text)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


@contextmanager
def emulator(*words: str) -> Iterator[subprocess.Popen[str]]:
    """The command, once it is ready."""
    command = (sys.executable, "-m", "emulator", *words)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            while not process.stdout.readline().startswith("ready"):
                assert process.poll() is None
            yield process
        finally:
            process.terminate()


def node_with(major: str, folder: Path) -> str:
    """Node, for programs in this folder that require this major of `twilio`."""
    node, package = node_client(major)
    (folder / "node_modules").mkdir()
    (folder / "node_modules" / "twilio").symlink_to(package)
    return node


# docs/emulator.md


def takes_the_call(tmp_path: Path, language: str, file: str, *run: str) -> None:
    """The page's application in this language, with the page's people."""
    ours, theirs = free_port(), free_port()
    application, people = tmp_path / file, tmp_path / "people.toml"
    application.write_text(block(language).replace("8282", str(ours)).replace("5000", str(theirs)))
    people.write_text(block("toml"))
    number = f"+14155550100=http://127.0.0.1:{theirs}/incoming"
    words = ["--port", str(ours), "--number", number, "--script", str(people), "--ends-within", "60", "--speed", "2"]
    with emulator(*words) as process, (tmp_path / "log").open("w") as log:
        assert process.stdout is not None
        with subprocess.Popen([*run, str(application)], stdout=log, stderr=log) as app:
            told = process.stdout.read()
            app.kill()
    assert process.returncode == 0, told
    assert "Ann and Ada: joined" in told


def test_the_test_with_the_fixture_passes_in_a_project_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
    (tmp_path / "test_sales.py").write_text(block("python", having="twilio_emulator"))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "."]
    path = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    done = subprocess.run(command, cwd=tmp_path, env=path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def test_the_application_of_five_minutes_takes_the_call(tmp_path: Path) -> None:
    takes_the_call(tmp_path, "python", "app.py", sys.executable)


def test_the_application_of_five_minutes_in_node_takes_the_call(tmp_path: Path) -> None:
    takes_the_call(tmp_path, "js", "app.js", node_with("5", tmp_path))


# README.md


def calls_ada(folder: Path, language: str, file: str, run: Sequence[str], **environment: str) -> None:
    """The lines of README.md: its people, its command, and the program in this language."""
    port = str(free_port())
    people, command = block("sh", README).splitlines()
    subprocess.run(people, cwd=folder, shell=True, check=True)  # noqa: S602 - these are our own words
    (folder / file).write_text(block(language, README).replace("8282", port))
    words = command.replace("people.toml", str(folder / "people.toml")).split()[3:]
    with emulator("--port", port, "--speed", "10", *words) as process:
        assert process.stdout is not None
        said = subprocess.run([*run, file], cwd=folder, env=environment, capture_output=True, text=True, check=True)
        told = ""
        while "Ada: the call ends" not in told:
            assert process.poll() is None, told
            told += process.stdout.readline()
    assert said.stdout.startswith("CA")
    assert "Ada hears: Hello" in told
    assert "the call ends: completed" in told


@pytest.mark.parametrize("major", ["7", "8", "9"])
def test_the_ten_lines_of_python_make_a_whole_call(tmp_path: Path, major: str) -> None:
    calls_ada(tmp_path, "python", "call.py", [sys.executable], PYTHONPATH=python_client(major))


@pytest.mark.parametrize("major", ["4", "5"])
def test_the_ten_lines_of_node_make_a_whole_call(tmp_path: Path, major: str) -> None:
    calls_ada(tmp_path, "js", "call.js", [node_with(major, tmp_path)])

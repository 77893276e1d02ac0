"""The first page that strangers read: its Python application takes the call of its script, as it stands there, and its
test passes.
"""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

PAGE = Path("docs/emulator.md")


def block(language: str, having: str = "") -> str:
    """The page's first block of code in this language that has these words in it."""
    blocks: list[str] = re.findall(
        rf"^```{language}\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    return next(text for text in blocks if having in text)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


def test_the_application_of_five_minutes_takes_the_call(tmp_path: Path) -> None:
    ours, theirs = free_port(), free_port()
    application, people = tmp_path / "app.py", tmp_path / "people.toml"
    application.write_text(block("python").replace("8282", str(ours)).replace("5000", str(theirs)))
    people.write_text(block("toml"))
    number = f"+14155550100=http://127.0.0.1:{theirs}/incoming"
    words = ["--port", str(ours), "--number", number, "--script", str(people), "--ends-within", "60", "--speed", "2"]
    with (
        subprocess.Popen([sys.executable, "-m", "emulator", *words], stdout=subprocess.PIPE, text=True) as emulator,
        (tmp_path / "log").open("w") as log,
    ):
        assert emulator.stdout is not None
        while not emulator.stdout.readline().startswith("ready"):
            assert emulator.poll() is None
        with subprocess.Popen([sys.executable, str(application)], stdout=log, stderr=log) as app:
            told = emulator.stdout.read()
            app.kill()
    assert emulator.returncode == 0, told
    assert "Ann and Ada: joined" in told


def test_the_test_with_the_fixture_passes_in_a_project_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
    (tmp_path / "test_sales.py").write_text(block("python", "twilio_emulator"))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "."]
    path = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    done = subprocess.run(command, cwd=tmp_path, env=path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout

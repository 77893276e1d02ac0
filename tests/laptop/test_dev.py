"""`make dev` as somebody runs it: in a process of its own, in a checkout whose folder has a blank in its name."""

import fcntl
import os
import pty
import re
import shlex
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

import pytest
import urllib3

from laptop.package import ROOT
from tests.support.checkout import change
from tests.support.with_team import copy

COMMAND = (sys.executable, "-m", "laptop.dev")
START_SECONDS, SAY_SECONDS, STOP_SECONDS = 120.0, 60.0, 60.0


class Dev:
    """A running `make dev`. `said` is all that it has printed."""

    def __init__(self, process: "subprocess.Popen[bytes]", typing: IO[bytes], printing: IO[bytes]) -> None:
        self.process, self.typing = process, typing
        self._bytes = bytearray()
        threading.Thread(target=self._read, args=(printing,), daemon=True).start()

    def _read(self, printing: IO[bytes]) -> None:
        try:
            while piece := os.read(printing.fileno(), 4096):
                self._bytes += piece
        except OSError:  # the other end of the terminal is closed
            return

    @property
    def said(self) -> str:
        """Without what moves a terminal's cursor and changes its colours."""
        return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", self.drawn)

    @property
    def drawn(self) -> str:
        """All that came, as a terminal gets it."""
        return self._bytes.decode(errors="replace")

    def types(self, line: str, end: str = "\n") -> None:
        self.typing.write(f"{line}{end}".encode())
        self.typing.flush()

    def says(self, text: str, seconds: float = SAY_SECONDS) -> None:
        """Fails with all that it has said instead, once the time is over or it has ended."""
        deadline = time.monotonic() + seconds
        while text not in self.said and self.process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)  # another process brings it about: look again
        assert text in self.said, self.said

    def ends(self) -> int:
        return self.process.wait(STOP_SECONDS)

    def exports(self) -> dict[str, str]:
        """The variables of the lines that it has printed for a shell."""
        lines = [shlex.split(line) for line in self.said.splitlines() if line.startswith("export ")]
        return dict(word.split("=", 1) for _, word in lines)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return copy(tmp_path / "our checkout", None)


@pytest.fixture
def home(tmp_path: Path) -> Mapping[str, str]:
    """The environment of somebody at home."""
    return {**os.environ, "HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "state"), "TERM": "xterm"}


@pytest.fixture
def dev(checkout: Path, home: Mapping[str, str]) -> Iterator[Dev]:
    """Without a terminal: it is told by a pipe what to do."""
    with subprocess.Popen(
        COMMAND, cwd=checkout, env=home, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdin and process.stdout
        started = Dev(process, process.stdin, process.stdout)
        started.says("Names may be shortened", START_SECONDS)
        yield started
        process.kill()


def is_gone(url: str) -> bool:
    try:
        urllib3.request("GET", url, retries=False, timeout=2)
    except urllib3.exceptions.HTTPError:
        return True
    return False


def operator(dev: Dev, *words: str) -> "subprocess.CompletedProcess[str]":
    """The operator's command in this checkout, with what was exported."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TWILIO_"))}
    return subprocess.run(
        [sys.executable, "-m", "ops", *words],
        cwd=ROOT, env={**mine, **dev.exports()}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def takes_the_call(dev: Dev) -> None:
    """Dora comes to work, answers, and presses the key that the sales queue asks for."""
    dev.types("on Dora")
    dev.says("Dora's phone +14155550113 rings")
    dev.types("answer Dora")
    dev.says("Press 1 to take the call")
    dev.types("press Dora 1")
    dev.says("joins Gus and Dora")


def shows_the_console(dev: Dev) -> None:
    """To anybody; and data to nobody without a token."""
    (page,) = re.findall(r"The console, .*: (http\S+/console)\n", dev.said)
    assert urllib3.request("GET", page, timeout=60).status == 200
    assert urllib3.request("GET", f"{page}/board", timeout=60).status == 401
    assert re.search(r"sign in as supervisor@example\.com with the password Aa1-\S{12}\n", dev.said)


def shows_the_phones(dev: Dev) -> None:
    """A page with a button for each thing that can be typed."""
    (page,) = re.findall(r"The phones of .*: (http\S+/)\n", dev.said)
    shown = urllib3.request("GET", page, timeout=60)
    assert shown.status == 200 and "Hang up: Gus" in shown.data.decode()


def test_who_waits_is_joined_whatever_is_changed_meanwhile_and_everything_ends_with_ctrl_c(
    dev: Dev, checkout: Path
) -> None:
    dev.types("on")
    dev.types("dial Gus sales")
    dev.says("Gus waits in the queue")

    center, jobs = checkout / "laptop" / "team" / "callcenter.toml", checkout / "chalicelib" / "jobs.py"
    change(jobs, "import msgspec\n", "import msgspec as\n")
    line = jobs.read_text(encoding="utf-8").splitlines().index("import msgspec as") + 1
    dev.says(f"the running code goes on: chalicelib/jobs.py:{line}: SyntaxError: invalid syntax")
    change(center, 'mode = "direct"', 'mode = "dircet"')
    change(jobs, "import msgspec as\n", "import msgspec\n")
    dev.says("queues.Urgent.mode is 'dircet'")
    assert re.search(r"the running code goes on: callcenter\.toml:\d+: queues\.Urgent", dev.said)
    change(center, 'mode = "dircet"', 'mode = "direct"')
    dev.says("  reloaded")

    takes_the_call(dev)
    shows_the_phones(dev)
    shows_the_console(dev)

    exported = dev.exports()
    dev.process.send_signal(signal.SIGINT)
    assert dev.ends() == 0
    assert is_gone(exported["AWS_ENDPOINT_URL"]) and is_gone(exported["TWILIO_API_URL"])
    assert "Traceback" not in dev.said


def test_the_operators_commands_mean_what_the_exported_lines_say(dev: Dev) -> None:
    dev.types("dial Ann sales")
    dev.says("Ann waits in the queue")
    call_sid = re.findall(r"(?m)^CA[0-9a-f]{32}", dev.said)[0]
    shown = operator(dev, "calls", "show", call_sid, "--stage", "local")
    assert f"Call {call_sid} from …71 to …01, line sales" in shown.stdout, shown.stderr
    examined = operator(dev, "doctor", "--stage", "local")
    assert re.search(r"\n\d\d ok, 1 to look at, 0 to fix\n$", examined.stdout), examined.stdout + examined.stderr
    assert examined.returncode == 0
    people = operator(dev, "people", "--stage", "local")
    assert people.stdout == "1 person can sign in: it is as workers.toml says\n", people.stderr
    dev.types("quit")
    assert dev.ends() == 0


@pytest.fixture
def narrow(checkout: Path, home: Mapping[str, str]) -> Iterator[Dev]:
    """At a terminal 40 columns wide."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 40, 0, 0))
    with (
        subprocess.Popen(COMMAND, cwd=checkout, env=home, stdin=theirs, stdout=theirs, stderr=theirs) as process,
        os.fdopen(ours, "r+b", buffering=0) as terminal,
    ):
        os.close(theirs)
        started = Dev(process, terminal, terminal)
        started.says("Names may be shortened", START_SECONDS)
        yield started
        process.kill()


def test_at_a_narrow_terminal_what_was_typed_is_remembered_and_ctrl_d_ends_it(narrow: Dev, tmp_path: Path) -> None:
    narrow.says("\n>")  # the prompt is there
    narrow.types("dial gus sal", end="\r")
    narrow.says("Gus waits in the queue")
    assert "\x1b[1mGus\x1b[0m waits in the queue" in narrow.drawn  # the name is bold
    narrow.types("sing", end="\r")
    narrow.says("there is no command")
    narrow.types("\x04", end="")  # Ctrl-D
    assert narrow.ends() == 0
    assert (tmp_path / "state" / "cordboard" / "dev-history").read_text().count("\n+dial gus sal\n") == 1
    assert "Traceback" not in narrow.said


@pytest.mark.parametrize("folder", ["half-filled", "nowhere"])
def test_a_folder_that_cannot_be_run_on_is_refused_before_anything_starts(folder: str) -> None:
    command = [*COMMAND, str(Path("tests", "teams", folder))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 1
    assert "callcenter.toml" in done.stderr and "Traceback" not in done.stderr
    assert "packaging" not in done.stdout

"""Somebody sits at the terminal and types."""

import fcntl
import io
import os
import pty
import select
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

CTRL_C, CTRL_D = "\x03", "\x04"
DEADLINE_SECONDS = 60.0
AGAIN_SECONDS = 2.0

# The terminal becomes the one that Ctrl-C comes from, then the program takes this process over.
AT_ITS_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)


class Terminal(io.StringIO):
    """Standard input of this process: what they type, a line an answer; at its end they leave."""

    def isatty(self) -> bool:
        return True


class Session:
    """A program at a terminal of its own."""

    def __init__(self, process: subprocess.Popen[bytes], terminal: int) -> None:
        self._process, self._terminal = process, terminal
        self.shown = ""

    def types(self, text: str) -> None:
        os.write(self._terminal, text.encode())

    def leaves(self, key: str) -> None:
        """Presses Ctrl-C or Ctrl-D. Who asks may be a moment from listening, as no person's finger is quick enough to
        find out: the key is pressed until something happens."""
        for _ in range(round(DEADLINE_SECONDS / AGAIN_SECONDS)):
            self.types(key)
            while select.select([self._terminal], [], [], AGAIN_SECONDS)[0]:
                if not self._is_echo(key):
                    return
        raise AssertionError(f"nobody minds the key after:\n{self.shown}")

    def _is_echo(self, key: str) -> bool:
        """Reads what came; whether it is no more than that the terminal shows the key."""
        before = self.shown
        return self._read() and self.shown.removeprefix(before).replace(f"^{chr(ord(key) + 64)}", "") == ""

    def shows(self, text: str) -> None:
        """Waits until the text is there; fails when the program ends before."""
        while text not in self.shown:
            assert self._read(), f"no {text!r} in:\n{self.shown}"

    def ends(self) -> int:
        """Waits until the program ends; returns its exit code."""
        while self._read():
            pass
        return self._process.wait(DEADLINE_SECONDS)

    def _read(self) -> bool:
        """Whether more came."""
        ready, _, _ = select.select([self._terminal], [], [], DEADLINE_SECONDS)
        assert ready, f"nothing more comes after:\n{self.shown}"
        try:
            more = os.read(self._terminal, 65536)
        except OSError:  # Linux says so when the program has ended
            return False
        self.shown += more.decode(errors="replace").replace("\r\n", "\n")
        return bool(more)


@contextmanager
def at_a_terminal(
    command: Sequence[str], cwd: Path, environment: Mapping[str, str], columns: int = 100
) -> Iterator[Session]:
    """The program of this command at a terminal; it is ended with the block."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    started = [sys.executable, "-c", AT_ITS_TERMINAL, *command]
    own_size = {name: value for name, value in environment.items() if name not in ("COLUMNS", "LINES")}
    process = subprocess.Popen(
        started, cwd=cwd, env=own_size, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    try:
        yield Session(process, ours)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        os.close(ours)

"""`python -m emulator`: Twilio's voice and TaskRouter on this machine, for any application that speaks to Twilio."""

import argparse
import errno
import json
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from emulator.http.realtime import RealtimeClock, RealtimeLoop
from emulator.script import Script, ScriptError, read
from emulator.server import Server, in_real_time, serve
from emulator.timeline import Timeline
from emulator.twilio import Twilio
from emulator.verdict import Verdict
from emulator.words import UsageError, hosts, option, parser, worlds
from emulator.worlds import WORLDS, Worlds

STOPS = {signal.SIGINT, signal.SIGTERM}


def _list_worlds(output: "Output") -> None:
    for world in WORLDS:
        default, *others = world.values
        output.write(f"{option(world)} {default} (the default) or {' or '.join(others)}\n    {world.question}")


def _script(path: Path | None, numbers: Sequence[str]) -> Script:
    if path is None:
        return Script()
    try:
        return read(path.read_text(encoding="utf-8"), path.name, numbers)
    except OSError as error:
        raise UsageError(f"--script {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"--script {path}: it must be text in UTF-8") from error
    except ScriptError as error:
        raise UsageError(str(error)) from error


@dataclass(frozen=True)
class Output:
    """Lines on stdout, each at once. When nobody reads them any more, the command ends."""

    as_json: bool

    def write(self, line: str) -> None:
        try:
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left goes nowhere
            _stop()

    def ready(self, server: Server, account_sid: str, auth_token: str, worlds: Worlds) -> None:
        facts = {"url": server.url, "account_sid": account_sid, "auth_token": auth_token, "inspector": server.inspector}
        if self.as_json:
            self.write(json.dumps({"kind": "ready", **facts, "worlds": worlds}))
            return
        for name, value in facts.items():
            self.write(f"{name:12} {value}")
        self.write("ready: stop it with Ctrl-C")


def _run(words: argparse.Namespace) -> int:
    """Serve until a signal comes, or the script is over; the exit code. UsageError when it cannot begin."""
    numbers = dict(words.numbers)
    script = _script(words.script, list(numbers))
    running = in_real_time(
        words.account_sid, words.auth_token, words.seed, clock=_clock(words), hosts=hosts(words.hosts), **worlds(words)
    )
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)  # and in all threads to come: `sigwait` takes them
    with running as (twilio, loop):
        try:
            server = serve(twilio, loop, words.port)
        except OSError as error:
            raise UsageError(_why_not(words.port, error)) from error
        loop.call(partial(_prepare, twilio, numbers))
        problems = _play(twilio, loop, server, script, words)
        server.stop()
    sys.stderr.writelines(f"{problem}\n" for problem in problems)
    return 1 if problems else 0


def _clock(words: argparse.Namespace) -> RealtimeClock:
    if words.virtual_clock and words.speed != 1.0:
        raise UsageError("--virtual-clock stands still: it has no --speed")
    return RealtimeClock(words.speed, stands_still=words.virtual_clock)


def _play(
    twilio: Twilio, loop: RealtimeLoop, server: Server, script: Script, words: argparse.Namespace
) -> Sequence[str]:
    """Let people call until it ends; what did not go well then, when it is asked for."""
    output, verdict = Output(words.json), Verdict(twilio, len(script.calls), _stop)
    output.ready(server, words.account_sid, words.auth_token, twilio.worlds)
    if words.ends_within:
        loop.call(partial(twilio.scheduler.on_event.append, verdict))
    loop.call(partial(_begin, twilio, script, output))
    with _limit(words.ends_within):
        signal.sigwait(STOPS)
    return loop.call(verdict.problems) if words.ends_within else []


def _stop() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


@contextmanager
def _limit(seconds: float | None) -> Iterator[None]:
    """Stops the command after so many seconds."""
    if seconds is None:
        yield
        return
    timer = threading.Timer(seconds, _stop)
    timer.start()
    yield
    timer.cancel()


def _why_not(port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} of 127.0.0.1 is in use: choose another with --port, or 0 for a free one"
    return f"port {port} of 127.0.0.1 cannot be opened: {error.strerror}"


def _prepare(twilio: Twilio, numbers: dict[str, str]) -> None:
    for number, url in numbers.items():
        twilio.number(number, url)


def _begin(twilio: Twilio, script: Script, output: Output) -> None:
    timeline = Timeline(twilio, output.write, json_lines=output.as_json)
    twilio.scheduler.on_event.append(timeline)
    script.play(twilio)


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0 when a signal or the script's end stopped it, 1 when that went wrong, 2 for bad input.

    Bad input is a wrong word, a bad script or a port in use.
    """
    known = parser()
    words = known.parse_args(arguments)
    if words.worlds:
        _list_worlds(Output(as_json=False))
        return 0
    try:
        return _run(words)
    except UsageError as error:
        known.error(str(error))


if __name__ == "__main__":
    sys.exit(main())

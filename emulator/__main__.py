"""`python -m emulator`: Twilio's voice and TaskRouter on this machine, for any application that speaks to Twilio."""

import argparse
import errno
import json
import os
import re
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NoReturn, cast

from emulator.http.hosts import HostError, host_map
from emulator.http.realtime import RealtimeClock
from emulator.script import E164, E164_MEANS, Script, ScriptError, read
from emulator.server import Server, in_real_time, serve
from emulator.timeline import Timeline
from emulator.twilio import Twilio
from emulator.worlds import WORLDS, World, Worlds, drawn, played

ACCOUNT_SID = "AC" + "0123456789abcdef" * 2
AUTH_TOKEN = "fedcba9876543210" * 2  # of an account that exists on this machine only
PORT = 8282
USAGE_ERROR = 2
STOPS = {signal.SIGINT, signal.SIGTERM}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One sentence, without the usage."""
        self.exit(USAGE_ERROR, f"{self.prog}: {message}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser("python -m emulator", description="Twilio's voice and TaskRouter on this machine.")
    parser.add_argument("--port", type=_port, default=PORT, help=f"of REST, on 127.0.0.1; 0 takes a free one ({PORT})")
    parser.add_argument("--account-sid", type=_account_sid, default=ACCOUNT_SID, metavar="SID")
    parser.add_argument("--auth-token", type=_auth_token, default=AUTH_TOKEN, metavar="TOKEN")
    parser.add_argument(
        "--number",
        type=_number,
        action="append",
        default=[],
        dest="numbers",
        metavar="+1…=URL",
        help="a phone number of the account, and the VoiceUrl that its calls go to; without =URL the application sets "
        "it over REST; may be repeated",
    )
    parser.add_argument("--speed", type=_speed, default=1.0, help="how many seconds of calls pass in a real one (1)")
    parser.add_argument(
        "--virtual-clock", action="store_true", help="time passes only when POST /_emulator/clock moves it"
    )
    parser.add_argument(
        "--host",
        type=_host,
        action="append",
        default=[],
        dest="hosts",
        metavar="https://NAME=PORT",
        help="a public name: webhooks to it are signed for it and go to this port of 127.0.0.1; may be repeated",
    )
    parser.add_argument("--seed", type=_seed, default=0, help="decides the sids (0)")
    parser.add_argument("--worlds", action="store_true", help="list what Twilio's pages leave open, and end")
    parser.add_argument("--draw-worlds", action="store_true", help="let the seed decide what is listed by --worlds")
    for world in WORLDS:
        parser.add_argument(_option(world), choices=world.values, help=f"{world.question} ({world.values[0]})")
    parser.add_argument("--script", type=Path, metavar="FILE", help="people in TOML: see docs/emulator.md")
    parser.add_argument("--json", action="store_true", help="one JSON object a line instead of the timeline")
    return parser


def _option(world: World) -> str:
    return f"--{world.name.replace('_', '-')}"


def _worlds(words: argparse.Namespace) -> Worlds:
    """Every world: as a word of the command says, else by the seed when that is asked for, else its default."""
    given = {world.name: word for world in WORLDS if (word := getattr(words, world.name)) is not None}
    return drawn(words.seed, cast(Worlds, given)) if words.draw_worlds else played(cast(Worlds, given))


def _list_worlds(output: "Output") -> None:
    for world in WORLDS:
        default, *others = world.values
        output.write(f"{_option(world)} {default} (the default) or {' or '.join(others)}\n    {world.question}")


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text} is no port: it must be a number from 0 to 65535")
    return int(text)


def _account_sid(text: str) -> str:
    if not re.fullmatch("AC[0-9a-fA-F]{32}", text):
        raise argparse.ArgumentTypeError(f"{text} is no account sid: it must be AC and 32 hex digits")
    return text


def _auth_token(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("it is empty: it must be the token that opens REST and signs webhooks")
    return text


def _seed(text: str) -> int:
    if not re.fullmatch(r"-?[0-9]+", text):
        raise argparse.ArgumentTypeError(f"{text} is no seed: it must be a whole number, like 7")
    return int(text)


def _speed(text: str) -> float:
    if not re.fullmatch(r"\d+(\.\d+)?", text) or float(text) == 0:
        raise argparse.ArgumentTypeError(f"{text} is no speed: it must be a number above 0, like 10 or 0.5")
    return float(text)


def _number(text: str) -> tuple[str, str]:
    number, _, url = text.partition("=")
    if not E164.fullmatch(number):
        raise argparse.ArgumentTypeError(f"{number} is no phone number: it must be {E164_MEANS}")
    if url and not re.match(r"https?://[^/\s]", url):
        raise argparse.ArgumentTypeError(f"{url} is no URL: it must begin with http:// or https://")
    return number, url


def _host(text: str) -> tuple[str, int]:
    url, _, port = text.partition("=")
    try:
        host_map([(url, 0)])
    except HostError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    if not port.isascii() or not port.isdecimal() or not 0 < int(port) <= 65535:
        raise argparse.ArgumentTypeError(f"{port} is no port: it must be a number from 1 to 65535")
    return url, int(port)


class _UsageError(Exception):
    """What the words of the command cannot mean, in one sentence."""


def _hosts(pairs: Sequence[tuple[str, int]]) -> Mapping[str, int]:
    try:
        return host_map(pairs)
    except HostError as error:
        raise _UsageError(f"argument --host: {error}") from error


def _script(path: Path | None, numbers: Sequence[str]) -> Script:
    if path is None:
        return Script()
    try:
        return read(path.read_text(encoding="utf-8"), path.name, numbers)
    except OSError as error:
        raise _UsageError(f"--script {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise _UsageError(f"--script {path}: it must be text in UTF-8") from error
    except ScriptError as error:
        raise _UsageError(str(error)) from error


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
            os.kill(os.getpid(), signal.SIGTERM)

    def ready(self, server: Server, account_sid: str, auth_token: str, worlds: Worlds) -> None:
        facts = {"url": server.url, "account_sid": account_sid, "auth_token": auth_token}
        if self.as_json:
            self.write(json.dumps({"kind": "ready", **facts, "worlds": worlds}))
            return
        for name, value in facts.items():
            self.write(f"{name:12} {value}")
        self.write("ready: stop it with Ctrl-C")


def _run(words: argparse.Namespace) -> None:
    """Serve until a signal comes. _UsageError when it cannot begin."""
    output = Output(words.json)
    numbers = dict(words.numbers)
    script = _script(words.script, list(numbers))
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)  # and in all threads to come: `sigwait` takes them
    worlds = _worlds(words)
    if words.virtual_clock and words.speed != 1.0:
        raise _UsageError("--virtual-clock stands still: it has no --speed")
    clock = RealtimeClock(words.speed, stands_still=words.virtual_clock)
    running = in_real_time(
        words.account_sid, words.auth_token, words.seed, clock=clock, hosts=_hosts(words.hosts), **worlds
    )
    with running as (twilio, loop):
        try:
            server = serve(twilio, loop, words.port)
        except OSError as error:
            raise _UsageError(_why_not(words.port, error)) from error
        loop.call(partial(_prepare, twilio, numbers))
        output.ready(server, words.account_sid, words.auth_token, worlds)
        loop.call(partial(_begin, twilio, script, output))
        signal.sigwait(STOPS)
        server.stop()


def _why_not(port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} of 127.0.0.1 is in use: choose another with --port, or 0 for a free one"
    return f"port {port} of 127.0.0.1 cannot be opened: {error.strerror}"


def _prepare(twilio: Twilio, numbers: dict[str, str]) -> None:
    for number, url in numbers.items():
        twilio.number(number, url)


def _begin(twilio: Twilio, script: Script, output: Output) -> None:
    timeline = Timeline(twilio, script.names, output.write, json_lines=output.as_json)
    twilio.scheduler.on_event.append(timeline)
    script.play(twilio)


def main(words: Sequence[str] | None = None) -> int:
    """The exit code: 0 when a signal stopped it, 2 for a wrong word, a bad script or a port in use."""
    parser = _parser()
    read_words = parser.parse_args(words)
    if read_words.worlds:
        _list_worlds(Output(as_json=False))
        return 0
    try:
        _run(read_words)
    except _UsageError as error:
        parser.error(str(error))
    return 0


if __name__ == "__main__":
    sys.exit(main())

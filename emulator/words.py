"""The words of `python -m emulator`: which there are, and what each may be."""

import argparse
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn, cast

from emulator.http.hosts import HostError, host_map
from emulator.script import E164, E164_MEANS
from emulator.worlds import WORLDS, World, Worlds, drawn, played

ACCOUNT_SID = "AC" + "0123456789abcdef" * 2
AUTH_TOKEN = "fedcba9876543210" * 2  # of an account that exists on this machine only
PORT = 8282
USAGE_ERROR = 2


class UsageError(Exception):
    """What the words of the command cannot mean, in one sentence."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One sentence, without the usage."""
        self.exit(USAGE_ERROR, f"{self.prog}: {message}\n")


def parser() -> argparse.ArgumentParser:
    words = _Parser("python -m emulator", description="Twilio's voice and TaskRouter on this machine.")
    words.add_argument("--port", type=_port, default=PORT, help=f"of REST, on 127.0.0.1; 0 takes a free one ({PORT})")
    words.add_argument("--account-sid", type=_account_sid, default=ACCOUNT_SID, metavar="SID")
    words.add_argument("--auth-token", type=_auth_token, default=AUTH_TOKEN, metavar="TOKEN")
    words.add_argument(
        "--number",
        type=_number,
        action="append",
        default=[],
        dest="numbers",
        metavar="+1…=URL",
        help="a phone number of the account, and the VoiceUrl that its calls go to; without =URL the application sets "
        "it over REST; may be repeated",
    )
    words.add_argument("--speed", type=_speed, default=1.0, help="how many seconds of calls pass in a real one (1)")
    words.add_argument(
        "--virtual-clock", action="store_true", help="time passes only when POST /_emulator/clock moves it"
    )
    words.add_argument(
        "--host",
        type=_host,
        action="append",
        default=[],
        dest="hosts",
        metavar="https://NAME=PORT",
        help="a public name: webhooks to it are signed for it and go to this port of 127.0.0.1; may be repeated",
    )
    words.add_argument("--seed", type=_seed, default=0, help="decides the sids (0)")
    words.add_argument("--worlds", action="store_true", help="list what Twilio's pages leave open, and end")
    words.add_argument("--draw-worlds", action="store_true", help="let the seed decide what is listed by --worlds")
    for world in WORLDS:
        words.add_argument(option(world), choices=world.values, help=f"{world.question} ({world.values[0]})")
    words.add_argument("--script", type=Path, metavar="FILE", help="people in TOML: see docs/emulator.md")
    words.add_argument(
        "--ends-within",
        type=_seconds,
        metavar="SECONDS",
        help="end by itself when the script's calls are over, after so many real seconds at the latest; the exit code "
        "is 1 when they are not over then, or when Twilio's debugger would show an error",
    )
    words.add_argument("--json", action="store_true", help="one JSON object a line instead of the timeline")
    return words


def option(world: World) -> str:
    return f"--{world.name.replace('_', '-')}"


def worlds(words: argparse.Namespace) -> Worlds:
    """Every world: as a word of the command says, else by the seed when that is asked for, else its default."""
    given = {world.name: word for world in WORLDS if (word := getattr(words, world.name)) is not None}
    return drawn(words.seed, cast(Worlds, given)) if words.draw_worlds else played(cast(Worlds, given))


def hosts(pairs: Sequence[tuple[str, int]]) -> Mapping[str, int]:
    try:
        return host_map(pairs)
    except HostError as error:
        raise UsageError(f"argument --host: {error}") from error


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


def _seconds(text: str) -> float:
    if not re.fullmatch(r"\d+(\.\d+)?", text) or float(text) == 0:
        raise argparse.ArgumentTypeError(f"{text} is no time: it must be a number of seconds above 0, like 30")
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

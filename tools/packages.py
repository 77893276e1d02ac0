"""Fills .venv: uv by pip, everything else by uv, then the libraries of the package. Each file is held to its hash.

Runs in the new .venv, where nothing is installed yet: nothing but the standard library is imported at the top.
"""

import ast
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PINS = ROOT / "requirements-dev.txt"
LOG = VENV / "setup.log"
LAST_LINES = 15

# Settings of pip's, and those of uv's that say the same: uv reads nothing of pip's. A setting that has one of the
# names already is left alone; the first of them is the one that is made.
SAME: Mapping[str, tuple[str, ...]] = {
    "index-url": ("UV_DEFAULT_INDEX", "UV_INDEX_URL"),
    "extra-index-url": ("UV_INDEX", "UV_EXTRA_INDEX_URL"),
    "find-links": ("UV_FIND_LINKS",),
    "no-index": ("UV_NO_INDEX",),
    "trusted-host": ("UV_INSECURE_HOST",),
    "cert": ("SSL_CERT_FILE",),
    "client-cert": ("SSL_CLIENT_CERT",),
    "proxy": ("ALL_PROXY", "HTTPS_PROXY", "all_proxy", "https_proxy"),
    "default-timeout": ("UV_HTTP_TIMEOUT",),
    "timeout": ("UV_HTTP_TIMEOUT",),
}

UNREACHABLE = re.compile(
    r"Retrying|Failed to (fetch|download)|error sending request|onnection refused|dns error|Could not find a version"
    r"|No matching distribution|not found in the (package registry|provided package locations)|network connectivity"
)
UNTRUSTED = re.compile(r"invalid peer certificate|UnknownIssuer|CERTIFICATE_VERIFY_FAILED")
OTHER_FILE = re.compile(r"DO NOT MATCH THE HASHES|Hash mismatch")


class SetUpError(Exception):
    """What cannot be installed, and why, in a sentence."""


def main(began: float) -> int:
    """Fill .venv, and mark it as ready with the seconds that it took since `began`, an epoch time; 0 when done."""
    try:
        for what, words, settings in steps():
            run(what, words, settings)
    except SetUpError as error:
        print(f"\ncordboard: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ncordboard: stopped; the next command makes .venv anew", file=sys.stderr)
        return 130
    seconds = time.time() - began
    (VENV / "ready").write_text(f"{seconds:.0f}\n", encoding="utf-8")
    print(f"cordboard: .venv is ready after {seconds:.0f} s; nothing here needs the network from now on")
    return 0


Step = tuple[str, Sequence[str], Mapping[str, str]]


def steps() -> Iterator[Step]:
    """What is said of each step, its command, and the settings that the command is run with, one after the other."""
    pins = PINS.read_text(encoding="utf-8")
    alone = VENV / "uv.txt"
    alone.write_text(block(pins, "uv"), encoding="utf-8")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input")
    once_more = {"PIP_USER": "0", "PIP_RETRIES": os.environ.get("PIP_RETRIES", "2")}
    yield "fetching uv", (*pip, "install", "--require-hashes", "--no-deps", "-r", str(alone)), once_more
    uv = str(Path(sys.executable).with_name("uv"))
    install = (uv, "pip", "install", "--python", sys.executable, "--require-hashes", "--no-progress")
    # What builds a package that has no wheel is held to the pins as well.
    pinned = ("--build-constraints", str(PINS), "--requirements", str(PINS))
    count = len(re.findall(r"^\S+==", pins, re.MULTILINE))
    yield f"installing {count} pinned packages", (*install, *pinned), {**_of_pip(pip), **_cache(uv)}
    from laptop import wheels

    for machine, settings in wheels.fetching().items():
        said = f"fetching the package's libraries for Lambda on {machine}"
        yield said, (*pip, "download", *wheels.arguments(machine)), {**once_more, **settings}
    yield "compiling the package", (sys.executable, "-m", "ops.aws.byte_code"), {}


def block(pins: str, name: str) -> str:
    """The lines of this package in the text of a requirements file: its version and its hashes."""
    found = re.search(rf"^{name}==[^\n]*\n(?: +--hash=[^\n]*\n)+", pins, re.MULTILINE)
    if not found:
        raise SetUpError(f"{PINS.name} has no {name} with hashes")
    return found[0].rstrip(" \\\n") + "\n"


def _of_pip(pip: Sequence[str]) -> dict[str, str]:
    listed = subprocess.run([*pip, "config", "list"], capture_output=True, text=True, check=False).stdout
    return like_pip(listed, os.environ)


def like_pip(listed: str, known: Mapping[str, str]) -> dict[str, str]:
    """The settings that have uv use the index, the mirror, the proxy and the certificates that pip uses.

    `listed` is what `pip config list` says, `known` the environment: what it tells uv itself is left as it is.
    """
    # A pinned file is the same wherever it comes from, so the index that has it may be any of them, as it is for pip.
    settings = {} if known.get("UV_INDEX_STRATEGY") else {"UV_INDEX_STRATEGY": "unsafe-best-match"}
    for name, value in _merged(listed).items():
        names = SAME.get(name, ())
        if names and not any(known.get(its_name) for its_name in names):
            settings[names[0]] = _as_uv_lists(name, value)
    return settings


def _merged(listed: str) -> dict[str, str]:
    """pip's own order: what is said for `install` goes before `global`, and its environment before both."""
    found: dict[str, dict[str, str]] = {"global": {}, "install": {}, ":env:": {}}
    for line in listed.splitlines():
        key, _, value = line.partition("=")
        section, _, name = key.rpartition(".")
        if section in found:
            found[section][name] = str(ast.literal_eval(value))
    return {**found["global"], **found["install"], **found[":env:"]}


def _as_uv_lists(name: str, value: str) -> str:
    """pip parts a list by blanks; uv parts its places by commas and the rest by blanks."""
    return ("," if name == "find-links" else " ").join(value.split())


def _cache(uv: str) -> dict[str, str]:
    """Without a home that can be written to, uv is to keep nothing."""
    where = subprocess.run([uv, "cache", "dir"], capture_output=True, text=True, check=False).stdout.strip()
    try:
        Path(where).mkdir(parents=True, exist_ok=True)
    except OSError:
        return {"UV_NO_CACHE": "1"}
    return {}


def run(what: str, words: Sequence[str], settings: Mapping[str, str]) -> None:
    """Run this command, and say how it goes on. Raises SetUpError."""
    progress = Progress(what)
    with LOG.open("w", encoding="utf-8") as log:
        known = {**os.environ, **settings}
        with subprocess.Popen(words, cwd=ROOT, env=known, stdout=log, stderr=subprocess.STDOUT) as process:
            while process.poll() is None:
                progress.show()
                with suppress(subprocess.TimeoutExpired):
                    process.wait(0.5)
    if process.returncode:
        progress.show()
        raise SetUpError(reason(what, LOG.read_text(encoding="utf-8")))
    progress.end()


class Progress:
    """A step's line. On a terminal it counts the seconds, in its place; elsewhere it is said when the step begins."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._began = time.monotonic()
        self._on_terminal = sys.stdout.isatty()
        if not self._on_terminal:
            print(f"cordboard: {what}", flush=True)

    def show(self) -> None:
        if self._on_terminal:
            line = f"cordboard: {self._seconds():.0f} s {self._what}"
            print(f"\r{line[: shutil.get_terminal_size().columns - 1]}", end="\033[K", flush=True)

    def end(self) -> None:
        took = f"{self._seconds():.1f} s"
        line = f"\rcordboard: {took} {self._what}\033[K" if self._on_terminal else f"cordboard: done after {took}"
        print(line, flush=True)

    def _seconds(self) -> float:
        return time.monotonic() - self._began


def reason(what: str, said: str) -> str:
    """Why the step failed, of what its command has said."""
    last = re.sub(r"//[^/@\s]+@", "//***@", "\n".join(said.strip().splitlines()[-LAST_LINES:]))
    if OTHER_FILE.search(said):
        return f"{last}\n{what} failed: a file is not the one that was pinned, and not installed."
    if UNTRUSTED.search(said):
        return (
            f"{what} failed: the certificate of the package index is not trusted."
            " Name your company's in pip's setting `cert`, or set UV_SYSTEM_CERTS=1."
        )
    if UNREACHABLE.search(said):
        return (
            f"{what} failed: no package index that has it can be reached. Setting up needs the network, or your"
            f" company's mirror in pip's settings. All that was said is in {LOG.relative_to(ROOT)}."
        )
    return f"{last}\n{what} failed, see above. Run the same command again when that is mended."


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1])))

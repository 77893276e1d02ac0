"""AWS on the laptop: one ministack process on a free loopback port, and clients for it."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import urllib3

REGION = "us-east-1"
READY_SECONDS = 30.0
STOP_SECONDS = 10.0
MEMORY = "/dev/shm"  # noqa: S108 - a folder of its own is made there
ROOM_BYTES = 4 * 2**30  # the package for each process of a function, the old ones after each change of code included

# The root of the local account.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "laptop", "AWS_SECRET_ACCESS_KEY": "laptop", "AWS_DEFAULT_REGION": REGION}

# Its file transfer and device listeners would take fixed ports, one of them on every interface.
# With AUTH each request is held against the policy of whoever sends it: the functions may do what their policies say.
# Lambda's executions at once are those of an account of ordinary size, whatever machine this is.
EXECUTIONS = "1000"
SETTINGS = {
    "BIND_HOST": "127.0.0.1",
    "SFTP_ENABLED": "0",
    "IOT_MTLS_ENABLED": "0",
    "AUTH": "true",
    "LAMBDA_ACCOUNT_CONCURRENCY": EXECUTIONS,
}
# What `./cordboard deploy` finds out of the account and tells the functions.
OF_THE_ACCOUNT = {"CONCURRENT_EXECUTIONS": EXECUTIONS}

# Runs ministack until this process is gone, however it went: then its end of the pipe closes, the temporary files are
# removed and the group is ended.
UNTIL_ALONE = """
import os, runpy, shutil, signal, sys, threading
def end_alone():
    sys.stdin.buffer.read()
    shutil.rmtree(os.environ["TMPDIR"], ignore_errors=True)
    os.killpg(0, signal.SIGKILL)
threading.Thread(target=end_alone, daemon=True).start()
runpy.run_module("ministack", run_name="__main__", alter_sys=True)
"""


class LaptopError(Exception):
    """Something on this machine is not as it has to be; the text says what to do."""


@dataclass(frozen=True)
class LocalAws:
    """`access_key` and `secret_key` are who asks: the root of the account unless said otherwise."""

    url: str
    access_key: str = CREDENTIALS["AWS_ACCESS_KEY_ID"]
    secret_key: str = CREDENTIALS["AWS_SECRET_ACCESS_KEY"]

    def client(self, service: str) -> Any:
        return _client(self, service)


@cache
def _client(aws: LocalAws, service: str) -> Any:
    """Made once: that takes as long as ten answers of the local AWS."""
    # No profile and no file of this machine's user: a client of the local AWS knows of no other.
    nothing = (None, None, os.devnull, None)
    ours = {"profile": (None, None, None, None), "config_file": nothing, "credentials_file": nothing}
    session = boto3.Session(aws.access_key, aws.secret_key, None, REGION, botocore.session.Session(ours))
    return session.client(service, endpoint_url=aws.url)


def environment() -> dict[str, str]:
    """This process's environment for one that talks to the local AWS: nothing in it leads to a real account."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {**ours, **CREDENTIALS}


def reach_loopback_directly() -> None:
    """Whatever proxy this process and those that it starts are to use: they are not to use it for this machine."""
    for name in ("no_proxy", "NO_PROXY"):
        known = [host for host in os.environ.get(name, "").split(",") if host]
        os.environ[name] = ",".join(dict.fromkeys([*known, "127.0.0.1", "localhost"]))


@contextmanager
def running(log_file: Path) -> Iterator[LocalAws]:
    """A local AWS until the block ends; then it and every process that it started end. Raises LaptopError."""
    reach_loopback_directly()
    port = free_port()
    log_file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="cordboard-", dir=_place(), ignore_cleanup_errors=True) as folder:
        process = _start(port, folder, log_file)
        try:
            aws = LocalAws(f"http://127.0.0.1:{port}")
            _wait_until_ready(aws, process, log_file)
            yield aws
        finally:
            _stop(process)


def _place() -> str | None:
    """Where its files are to be: in memory, if that has room and programs may run there; None for the usual place.

    Each process of a function unpacks the package, thousands of files, and removes them when it ends.
    """
    if "TMPDIR" in os.environ or not os.access(MEMORY, os.W_OK):
        return None
    there = os.statvfs(MEMORY)
    has_room = there.f_bavail * there.f_frsize >= ROOM_BYTES
    return MEMORY if has_room and not there.f_flag & os.ST_NOEXEC else None


def _start(port: int, folder: str, log_file: Path) -> "subprocess.Popen[bytes]":
    places = {"GATEWAY_PORT": str(port), "TMPDIR": folder, "STATE_DIR": folder}
    with log_file.open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-c", UNTIL_ALONE],
            env={**environment(), **SETTINGS, **places},
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a process group of its own: its Lambda workers are stopped with it
        )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(aws: LocalAws, process: "subprocess.Popen[bytes]", log_file: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise LaptopError(f"the local AWS ended with {process.returncode}; its log is {log_file}")
        try:
            if urllib3.request("GET", f"{aws.url}/_ministack/health", retries=False, timeout=1).status == 200:
                return
        except urllib3.exceptions.HTTPError:
            time.sleep(0.05)  # it is starting: ask again
    raise LaptopError(f"the local AWS did not answer within {READY_SECONDS:.0f} s; its log is {log_file}")


def _stop(process: "subprocess.Popen[bytes]") -> None:
    for sent in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sent)
            process.wait(STOP_SECONDS)
        except ProcessLookupError:
            break
        except subprocess.TimeoutExpired:
            continue
    process.wait()
    if process.stdin:
        process.stdin.close()

"""Which Chromium the tests drive: one that is installed, else playwright's own, else Debian's package as root.

`BROWSER=none` leaves these tests out, and pytest says how many.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

INSTALLED = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# A microphone that nobody speaks into and nobody is asked for; root has no sandbox of Chromium's.
ARGUMENTS = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", "--no-sandbox")
LEFT_OUT = "BROWSER=none leaves out the tests with a browser"
INSTALL_SECONDS = 600
NONE = (
    "there is no Chromium, and none can be fetched: install one, or leave the tests with a browser out by BROWSER=none"
)


class NoBrowserError(Exception):
    """No Chromium can be had."""


@cache
def chromium() -> str | None:
    """Chromium's program, fetched once when there is none; None stands for playwright's own. NoBrowserError."""
    if path := _installed():
        return path
    if _is_playwrights_own_there():
        return None
    return _of_debian()


def is_left_out(environment: Mapping[str, str]) -> bool:
    return environment.get("BROWSER") == "none"


def need() -> None:
    """Skips the calling test with BROWSER=none; fails it in one sentence when no Chromium can be had."""
    if is_left_out(os.environ):
        pytest.skip(LEFT_OUT)
    try:
        chromium()
    except NoBrowserError as error:
        pytest.fail(str(error), pytrace=False)


@contextmanager
def launched(more: Sequence[str] = ()) -> "Iterator[Browser]":
    """A headless Chromium with a fake microphone, until the block ends; `more` are arguments of its own."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=[*ARGUMENTS, *more])
        try:
            yield browser
        finally:
            browser.close()


def sign_in(page: "Page", mail: str, password: str) -> None:
    """From a page of ours that nobody has signed in to, by the user pool's form."""
    page.get_by_role("button", name="Sign in").click()
    page.locator("input[name=username]").fill(mail)
    page.locator("input[name=password]").fill(password)
    page.locator("button[type=submit], input[type=submit]").first.click()


def _installed() -> str:
    return next(filter(None, map(shutil.which, INSTALLED)), "")


def _is_playwrights_own_there() -> bool:
    """Fetched into the user's cache, and it runs: what it needs of the system may be missing."""
    own = (sys.executable, "-m", "playwright", "install", "--only-shell", "chromium")
    once = "from playwright.sync_api import sync_playwright as p\nwith p() as one: one.chromium.launch().close()"
    return _runs(*own) and _runs(sys.executable, "-c", once)


def _of_debian() -> str:
    """By apt, for root alone. NoBrowserError."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = ("apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300")
        _runs(*quiet, "update")
        _runs(*quiet, "install", "--yes", "--no-install-recommends", "chromium")
    if not _installed():
        raise NoBrowserError(NONE)
    return _installed()


def _runs(*words: str) -> bool:
    """Whether the command does what it should, in its time."""
    try:
        done = subprocess.run(words, capture_output=True, timeout=INSTALL_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0

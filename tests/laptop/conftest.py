from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from laptop.commands import Commands
from laptop.environment import Laptop
from laptop.timeline import Timeline
from tests.support import browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture
def commands(laptop: Laptop) -> Commands:
    return Commands(laptop)


@pytest.fixture
def lines(laptop: Laptop) -> list[str]:
    """The timeline's lines from now on, without the times."""
    said: list[str] = []
    Timeline(laptop, lambda line: said.append(line.split(" s  ", 1)[1]))
    return said


@pytest.fixture(scope="module")
def chromium() -> "Iterator[Browser]":
    browser.need()
    with browser.launched() as started:
        yield started


@pytest.fixture
def page(chromium: "Browser") -> "Iterator[Page]":
    """A tab of its own, in which nothing may fail unseen."""
    context = chromium.new_context()
    tab = context.new_page()
    errors: list[object] = []

    def failed(error: object) -> None:
        errors.append(error)

    tab.on("pageerror", failed)
    yield tab
    context.close()
    assert errors == []

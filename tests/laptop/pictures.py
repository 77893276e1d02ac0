"""Takes docs/wallboard.png, docs/story.png and docs/report.png, of a laptop's console while people call.

python -m tests.laptop.pictures
"""

import sys
from typing import TYPE_CHECKING

from laptop import environment, package, sign_in
from laptop.commands import Commands
from laptop.environment import Laptop
from tests.laptop.test_console import (
    DORA,
    PASSWORD,
    answers,
    as_soon_as_it_rings,
    days_before,
    put_answered,
    put_waiting,
    reads_report,
    shows,
    signed_in,
)
from tests.support import browser
from tests.support.api_gateway import schedule

if TYPE_CHECKING:
    from playwright.sync_api import Page


def main() -> int:
    with environment.running(print, console=True) as laptop, browser.launched() as chromium:
        sign_in.let_in(laptop.aws, DORA, "supervisors", PASSWORD)
        page, commands = (
            chromium.new_page(viewport={"width": 1280, "height": 760}, color_scheme="light"),
            Commands(laptop),
        )
        signed_in(page, laptop, DORA)
        laptop.do(lambda: laptop.call_centre.on_duty("Bea", "Carl"))
        _two_calls(laptop, commands, page)
        for number in range(2):
            put_waiting(laptop, number, queue="Sales", caller="+12125550180")
        shows(page, "waiting", "2")
        page.screenshot(path=package.ROOT / "docs" / "wallboard.png")
        _story(page)
        page.screenshot(path=package.ROOT / "docs" / "story.png")
        _two_weeks(laptop)
        reads_report(page, days_before(14), days_before(1), "day")
        page.locator(".chart rect").first.wait_for()
        page.screenshot(path=package.ROOT / "docs" / "report.png")
    return 0


def _two_weeks(laptop: Laptop) -> None:
    """The same calls each time: most of them answered, fewer on some days."""
    results = ("bridged", "bridged", "bridged", "hangup", "bridged", "leave")
    for day in range(1, 15):
        for number in range(4 + day * 5 % 9):
            sid, result = f"CA{day:016}{number:016}", results[(day + number) % len(results)]
            put_answered(laptop, day, call_sid=sid, queue_result=result)


def _two_calls(laptop: Laptop, commands: Commands, page: "Page") -> None:
    """The first is missed by one worker, taken by the other, and over; the second goes on."""
    commands.do("dial Gus support")
    as_soon_as_it_rings(page, commands, "decline Bea")
    answers(page, commands, "Carl")
    shows(page, "in a talk", "1")
    commands.do("hangup Gus")
    shows(page, "in a talk", "0")
    laptop.do(lambda: laptop.call_centre.put_on("Bea"))
    commands.do("dial Ann support")
    answers(page, commands, "Bea")
    shows(page, "in a talk", "1")
    package.invoke(laptop.aws, "Sweep", schedule())
    shows(page, "answered today", "1")


def _story(page: "Page") -> None:
    page.get_by_role("link", name="Calls").click()
    page.get_by_role("button", name="Search").click()
    page.get_by_role("rowheader").get_by_role("button").first.click()
    page.get_by_role("columnheader", name="Carl").wait_for()


if __name__ == "__main__":
    sys.exit(main())

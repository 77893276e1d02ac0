"""The page of phones in a real browser: what is pressed happens, as if it had been typed."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
import urllib3
from axe_playwright_python.sync_playwright import Axe

from laptop import package, phone_server
from laptop.commands import Commands
from laptop.environment import Laptop
from tests.laptop.test_console import SIZES, until

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page


@pytest.fixture
def url(laptop: Laptop, commands: Commands) -> Iterator[str]:
    """Dora alone takes calls."""
    laptop.do(lambda: laptop.call_centre.on_duty("Dora"))
    with phone_server.running(laptop, commands) as address:
        yield address


def row(page: "Page", person: str) -> "Locator":
    return page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=person))


def sees(page: "Page", person: str, text: str) -> None:
    """The page shows it soon, by itself."""
    until(page, lambda: text in row(page, person).inner_text())


def presses(page: "Page", what: str) -> None:
    page.get_by_role("button", name=what, exact=True).click()


def test_a_call_is_dialled_answered_and_ended_by_buttons(url: str, page: "Page") -> None:
    page.goto(url)
    page.get_by_label("Line that Gus dials").select_option("sales")
    presses(page, "Dial: Gus")
    sees(page, "Dora", "the phone rings")
    presses(page, "Answer: Dora")
    sees(page, "Dora", "Press 1 to take the call")
    presses(page, "Press 1: Dora")
    sees(page, "Dora", "joined with Gus")
    sees(page, "Gus", "joined with Dora")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        page.screenshot(path=package.BUILD / f"phones-{size}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    presses(page, "Hang up: Gus")
    sees(page, "Gus", "not in a call")
    sees(page, "Dora", "not in a call")


def test_a_worker_declines_and_the_caller_waits_on_by_keyboard(url: str, page: "Page") -> None:
    page.goto(url)
    page.get_by_label("Line that Ann dials").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    sees(page, "Dora", "the phone rings")
    page.get_by_role("button", name="Decline: Dora").focus()
    page.keyboard.press("Enter")
    sees(page, "Dora", "not in a call")
    sees(page, "Ann", "waits as number 1")
    presses(page, "Hang up: Ann")
    sees(page, "Ann", "not in a call")


def test_a_worker_begins_and_ends_by_a_button_and_the_others_stay(laptop: Laptop, url: str, page: "Page") -> None:
    page.goto(url)
    presses(page, "Take calls: Bea")
    page.get_by_role("button", name="Take no calls: Bea").wait_for()
    assert available(laptop) == ["Bea", "Dora"]
    presses(page, "Take no calls: Dora")
    page.get_by_role("button", name="Take calls: Dora").wait_for()
    assert available(laptop) == ["Bea"]


def available(laptop: Laptop) -> list[str]:
    workers = laptop.call_centre.workers.items()
    return laptop.do(lambda: sorted(name for name, worker in workers if worker.activity.available))


def test_what_cannot_be_done_is_said_on_the_page(laptop: Laptop, commands: Commands, url: str, page: "Page") -> None:
    page.goto(url)
    page.locator("#refresh").uncheck()
    call_sid = commands.do("dial Ivy sales")
    presses(page, "Dial: Ivy")
    page.get_by_role("alert").get_by_text("Ivy is in a call already").wait_for()
    assert page.title() == "Phones of the laptop"
    laptop.do(lambda: laptop.twilio.hang_up(call_sid))


def posted(url: str, body: str, **headers: str) -> tuple[int, str]:
    own = {
        "Content-Type": "application/x-www-form-urlencoded",
        **{name.replace("_", "-"): it for name, it in headers.items()},
    }
    answer = urllib3.request("POST", url, body=body, headers=own, redirect=False, timeout=30)
    return answer.status, answer.data.decode()


@pytest.mark.parametrize(
    "body",
    [
        "",
        "%%%",
        "verb=dial",
        "verb=dial&person=Nobody",
        "verb=do&person=Ann",
        "verb=auto&person=Bea",
        "verb=dial&person=<b>",
        "verb=dial&person=Ann&what=nowhere",
        "verb=press&person=Ann&what=1",
        "verb=say&person=Ann&what=%27",
    ],
)
def test_a_button_that_is_none_does_nothing_and_is_said(laptop: Laptop, url: str, body: str) -> None:
    before = laptop.do(lambda: len(laptop.twilio.context.calls))
    status, shown = posted(url, body)
    assert status == 400 and 'role="alert"' in shown and "<b>, " not in shown
    assert laptop.do(lambda: len(laptop.twilio.context.calls)) == before


def test_no_other_sites_page_presses_a_button(laptop: Laptop, url: str) -> None:
    dial, before = "verb=dial&person=Ann&what=sales", laptop.do(lambda: len(laptop.twilio.context.calls))
    for headers in ({"Origin": "https://evil.example"}, {"Sec_Fetch_Site": "cross-site"}, {"Host": "evil.example"}):
        assert posted(url, dial, **headers)[0] == 403
    assert urllib3.request("GET", url, headers={"Host": "evil.example"}).status == 403
    assert posted(url, "what=" + "x" * 20_000)[0] == 413
    assert urllib3.request("GET", f"{url}other").status == 404
    assert laptop.do(lambda: len(laptop.twilio.context.calls)) == before

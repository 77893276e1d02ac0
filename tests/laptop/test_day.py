"""A whole day in two browsers: a supervisor at the wallboard and an agent at the desk, each signed in as themselves."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe

from laptop import environment, package, sign_in
from laptop.commands import Commands
from laptop.environment import Laptop
from tests.laptop import test_desk as desk
from tests.laptop.test_console import PASSWORD, answers, downloaded, opens, shows, signed_in, until
from tests.laptop.test_desk import BEA, FAY, on_duty
from tests.support import browser
from tests.support.api_gateway import schedule

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="module")
def laptop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    """The demo's team, with Bea at the desk, whose own phone rings there, and Fay, who is a supervisor."""
    browser.need()
    if not (package.SDKS / "ready").exists():
        pytest.skip(desk.NOT_THERE)
    own = desk.team(tmp_path_factory.mktemp("day") / "team")
    with environment.running(team=own, log=package.BUILD / "ministack-day.log", console=True) as started:
        sign_in.let_in(started.aws, BEA, "agents", PASSWORD)
        sign_in.let_in(started.aws, FAY, "supervisors", PASSWORD)
        yield started


@pytest.fixture
def board(page: "Page", laptop: Laptop) -> "Page":
    """Fay's screen, with the wallboard."""
    signed_in(page, laptop, FAY)
    return page


@pytest.fixture
def at_desk(chromium: "Browser", laptop: Laptop) -> "Iterator[Page]":
    """Bea's browser, another one than Fay's."""
    context = chromium.new_context()
    tab = context.new_page()
    desk.signed_in(tab, laptop, BEA)
    yield tab
    context.close()


def is_accessible(page: "Page") -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def row_of(page: "Page", table: str, heading: str) -> list[str]:
    """The texts of this row of a table, without its heading."""
    row = (
        page.get_by_role("region", name=table)
        .get_by_role("row")
        .filter(has=page.get_by_role("rowheader", name=heading))
    )
    return [text.strip() for text in row.get_by_role("cell").all_inner_texts()]


def test_a_day_from_the_sign_in_to_the_report(
    laptop: Laptop, commands: Commands, board: "Page", at_desk: "Page"
) -> None:
    nobody_works_and_somebody_waits(laptop, commands, board)
    the_agent_begins_and_takes_the_call(laptop, commands, board, at_desk)
    they_part_and_the_agent_wraps_up(laptop, commands, at_desk)
    the_supervisor_finds_it_in_the_report(laptop, board)
    the_supervisor_reads_its_story(board)


def nobody_works_and_somebody_waits(laptop: Laptop, commands: Commands, board: "Page") -> None:
    laptop.do(laptop.call_centre.on_duty)
    shows(board, "workers who take calls", "0 beyond the limit")
    shows(board, "waiting", "0")
    commands.do("dial Ann support")
    shows(board, "waiting", "1")
    (waits,) = board.get_by_role("region", name="Callers who wait").get_by_role("row").all_inner_texts()[1:]
    assert waits.split("\t")[1:] == ["support", "Support", "…71"]


def the_agent_begins_and_takes_the_call(laptop: Laptop, commands: Commands, board: "Page", at_desk: "Page") -> None:
    on_duty(at_desk, laptop, "Bea")
    shows(board, "workers who take calls", "1")
    at_desk.get_by_text("Ann Lee, gold member.").wait_for()
    at_desk.get_by_role("button", name="Take: Ann Lee").click()
    answers(at_desk, commands, "Bea")
    at_desk.get_by_text("You talk.").wait_for()
    shows(board, "in a talk", "1")
    shows(board, "waiting", "0")
    until(board, lambda: row_of(board, "Workers", "Bea")[-1] != "")
    assert row_of(board, "Talks", "0:")[-3:] == ["Bea", "support", "Support"]


def they_part_and_the_agent_wraps_up(laptop: Laptop, commands: Commands, at_desk: "Page") -> None:
    at_desk.get_by_label("Note").fill("Wants a call next week")
    commands.do("hangup Ann")
    at_desk.get_by_text("The talk is over.").wait_for()
    at_desk.get_by_label("What became of it").select_option("solved")
    at_desk.get_by_role("button", name="Done").click()
    at_desk.get_by_text("Nobody is offered to you.").wait_for()
    until(at_desk, lambda: desk.activity(laptop, "Bea") == "Available")


def the_supervisor_finds_it_in_the_report(laptop: Laptop, board: "Page") -> None:
    shows(board, "in a talk", "0")
    package.invoke(laptop.aws, "Sweep", schedule())
    shows(board, "answered today", "1")
    opens(board, "Reports")
    board.get_by_label("By", exact=True).select_option("worker")
    board.get_by_role("button", name="Show").click()
    board.get_by_role("rowheader", name="Bea").wait_for()
    offered, answered, in_time = row_of(board, "Calls by worker", "Bea")[:3]
    assert (offered, answered) == ("1", "1") and in_time.endswith("%")
    is_accessible(board)
    assert any(line.startswith("Bea,1,1,") for line in downloaded(board, "worker"))


def the_supervisor_reads_its_story(board: "Page") -> None:
    opens(board, "Calls")
    board.get_by_role("button", name="Search").click()
    board.get_by_role("rowheader").get_by_role("button").click()
    board.get_by_role("columnheader", name="Bea").wait_for()
    board.get_by_text("after the talk: solved").wait_for()
    is_accessible(board)
